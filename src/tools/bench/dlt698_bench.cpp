#include "codec/dlt698/crc.hpp"
#include "codec/dlt698/frame.hpp"
#include "codec/dlt698/message.hpp"
#include "tools/bench/allocation_count.hpp"
#include "tools/bench/bench_timing.hpp"
#include "tools/bench/suite.hpp"

namespace duheng::tools {
namespace {

/// Answers as a gateway sees them: 4,096 meters and values, back to back in one buffer.
struct Answers {
  Bytes octets;
  std::vector<std::pair<std::size_t, std::size_t>> places;  // offset, size
};

enum class Shape : std::uint8_t { single_voltage, energy_with_tariffs };

dlt698::Node make_data(Shape shape, std::uint32_t seed) {
  using namespace dlt698;
  if (shape == Shape::single_voltage) return make::number(types::long_unsigned, 2100 + seed % 200);
  std::vector<Node> registers;
  for (std::uint32_t i = 0; i < 5; ++i) {
    registers.push_back(make::number(types::double_long_unsigned, (seed + i * 977) % 99'999'999));
  }
  return make::array(std::move(registers));
}

Result<Answers> make_answers(Shape shape) {
  using namespace dlt698;
  Answers answers;
  for (std::uint32_t i = 0; i < 4096; ++i) {
    const std::uint32_t seed = i * 2'654'435'761U;
    std::array<std::uint8_t, 6> wire{};
    for (std::size_t octet = 0; octet < wire.size(); ++octet) {
      const std::uint32_t digits = seed >> octet;
      wire[octet] = static_cast<std::uint8_t>(digits % 10 | digits / 16 % 10 << 4);
    }
    constexpr std::uint8_t six_octets_single = 0x05;
    const auto oad = Oad::from(shape == Shape::single_voltage ? 0x20000201 : 0x00100200);
    DUHENG_TRY(const Bytes apdu,
               encode_tree(types::apdu, get_response(static_cast<std::uint8_t>(i % 64), oad, make_data(shape, seed))));
    DUHENG_TRY(const Bytes frame,
               encode(FrameFields{.control = control_codes::server_reply,
                                  .server_address = *ServerAddress::from_wire(six_octets_single, wire),
                                  .client_address = 0x10,
                                  .user_data = apdu}));
    answers.places.emplace_back(answers.octets.size(), frame.size());
    answers.octets.insert(answers.octets.end(), frame.begin(), frame.end());
  }
  return answers;
}

struct Measured {
  double frames_per_s = 0;
  double verified_per_s = 0;  ///< link layer alone
  double bytes_per_s = 0;
  double allocations_per_frame = 0;
  double checksum_ratio = 0;  ///< time of decoding over time of a plain check pass over the same octets
  double verify_ratio = 0;    ///< the same of the link layer alone
  std::uint64_t rejected = 0;
};

/// Adds up the numbers of a Data; false when it does not decode.
bool add_values(ByteView data, std::uint64_t& sum) {
  std::size_t at = 0;
  while (at < data.size()) {
    const auto value = dlt698::take_flat_value(data, at);
    if (!value) return false;
    sum += dlt698::read_unsigned(value->content);
  }
  return true;
}

Measured measure(const Answers& answers, double seconds) {
  Measured out;
  std::uint64_t sum = 0;
  const auto for_each_frame = [&](auto&& take) {
    for (const auto& [offset, size] : answers.places) {
      const auto frame = dlt698::decode(ByteView{answers.octets}.subspan(offset, size));
      if (!frame || !take(*frame)) ++out.rejected;
    }
  };
  const auto decode_all = [&] {
    for_each_frame([&](const dlt698::FrameView& frame) {
      bool good = true;
      const auto done = dlt698::for_each_result(frame.wire_user_data(), [&](const dlt698::ObjectResult& result) {
        good = add_values(result.data, sum) && good;
        sum += result.oad.value();
      });
      return done.has_value() && good;
    });
  };
  const auto frames = static_cast<double>(answers.places.size());
  const std::uint64_t allocations_before = allocation_count();
  decode_all();
  out.allocations_per_frame = static_cast<double>(allocation_count() - allocations_before) / frames;
  out.frames_per_s = items_per_second(seconds / 2, answers.places.size(), decode_all);
  out.bytes_per_s = out.frames_per_s * static_cast<double>(answers.octets.size()) / frames;
  out.verified_per_s = items_per_second(seconds / 4, answers.places.size(), [&] {
    for_each_frame([&](const dlt698::FrameView& frame) {
      sum += frame.control();
      return true;
    });
  });
  const double checks_per_s = items_per_second(seconds / 4, answers.places.size(), [&] {
    for (const auto& [offset, size] : answers.places) {
      sum += dlt698::check_of(ByteView{answers.octets}.subspan(offset + 1, size - 2));
    }
  });
  out.checksum_ratio = checks_per_s / out.frames_per_s;
  out.verify_ratio = checks_per_s / out.verified_per_s;
  // Used, so that the compiler keeps the work.
  if (sum == 42) ++out.rejected;
  return out;
}

}  // namespace

Result<BenchReport> run_dlt698_bench(const BenchOptions& options) {
  DUHENG_TRY(const Answers voltages, make_answers(Shape::single_voltage));
  DUHENG_TRY(const Answers energies, make_answers(Shape::energy_with_tariffs));
  const Measured single = measure(voltages, options.seconds / 2);
  const Measured block = measure(energies, options.seconds / 2);
  if (single.rejected + block.rejected != 0)
    return fail(ErrorCode::internal, "the benchmark's own frames were refused");
  return BenchReport{{{"frames_per_s", single.frames_per_s},
                      {"bytes_per_s", single.bytes_per_s},
                      {"allocations_per_frame", single.allocations_per_frame},
                      {"cost_over_checksum_pass", single.checksum_ratio},
                      {"link_layer_frames_per_s", single.verified_per_s},
                      {"link_layer_cost_over_checksum_pass", single.verify_ratio},
                      {"block_frames_per_s", block.frames_per_s},
                      {"block_bytes_per_s", block.bytes_per_s},
                      {"block_allocations_per_frame", block.allocations_per_frame},
                      {"block_cost_over_checksum_pass", block.checksum_ratio},
                      {"block_link_layer_cost_over_checksum_pass", block.verify_ratio}},
                     {"one core; frame found, header and frame check verified, APDU walked to its end, exact values "
                      "taken; answers with one voltage, and with five energies",
                      "the checksum pass is one CRC-16/X.25 over the same octets, sixteen at a time; link layer: frame "
                      "verified, APDU not read"}};
}

}  // namespace duheng::tools
