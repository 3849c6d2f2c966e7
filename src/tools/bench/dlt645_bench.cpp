#include "codec/dlt645/answer.hpp"
#include "codec/dlt645/frame.hpp"
#include "codec/dlt645/message.hpp"
#include "tools/bench/allocation_count.hpp"
#include "tools/bench/bench_timing.hpp"
#include "tools/bench/suite.hpp"

namespace duheng::tools {
namespace {

/// Answers as a gateway sees them: one energy total each, 4,096 meters and values, back to back in one buffer.
struct Answers {
  Bytes octets;
  std::vector<std::pair<std::size_t, std::size_t>> places;  // offset, size
};

Answers make_answers(dlt645::DataIdentifier identifier, std::size_t payload_octets) {
  Answers answers;
  for (std::uint32_t i = 0; i < 4096; ++i) {
    std::array<std::uint8_t, 6> wire{};
    std::uint32_t digits = i * 2'654'435'761U;
    for (auto& octet : wire) {
      octet = static_cast<std::uint8_t>((digits % 10) | (digits / 10 % 10) << 4);
      digits /= 7;
    }
    Bytes payload(payload_octets);
    for (auto& octet : payload) {
      octet = static_cast<std::uint8_t>((digits % 10) | (digits / 10 % 8) << 4);
      digits = digits * 1'664'525U + 1'013'904'223U;
    }
    const auto frame = dlt645::read_reply(dlt645::Address::from_wire(wire), identifier, payload);
    answers.places.emplace_back(answers.octets.size(), frame->view().size());
    answers.octets.insert(answers.octets.end(), frame->view().begin(), frame->view().end());
  }
  return answers;
}

struct Measured {
  double frames_per_s = 0;
  double allocations_per_frame = 0;
  double bytes_per_s = 0;
  double plain_checksum_ratio = 0;  ///< time of decoding over that of a plain sum of the same octets, frame by frame
  double own_checksum_ratio = 0;    ///< the same over this library's own sum, sixteen octets at a time
  std::uint64_t rejected = 0;
};

/// The floor: what the compiler makes of adding octets up.
std::uint8_t plain_sum(const std::uint8_t* octets, std::size_t count) {
  std::uint8_t sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum = static_cast<std::uint8_t>(sum + octets[i]);
  return sum;
}

Measured measure(const Answers& answers, double seconds) {
  Measured out;
  dlt645::Answer answer;
  std::int64_t sum = 0;
  std::uint64_t rejected = 0;
  const auto decode_all = [&] {
    for (const auto& [offset, size] : answers.places) {
      const auto frame = dlt645::decode(ByteView{answers.octets}.subspan(offset, size));
      if (!frame || !dlt645::decode_answer(*frame, answer)) {
        ++rejected;
        continue;
      }
      for (const auto& value : answer.values) sum += value.mantissa;
    }
  };
  const std::uint64_t allocations_before = allocation_count();
  decode_all();
  out.allocations_per_frame =
      static_cast<double>(allocation_count() - allocations_before) / static_cast<double>(answers.places.size());
  out.frames_per_s = items_per_second(seconds, answers.places.size(), decode_all);
  out.bytes_per_s =
      out.frames_per_s * static_cast<double>(answers.octets.size()) / static_cast<double>(answers.places.size());
  std::uint32_t checks = 0;
  const double plain_per_s = items_per_second(seconds / 2, answers.places.size(), [&] {
    for (const auto& [offset, size] : answers.places) checks += plain_sum(answers.octets.data() + offset, size - 2);
  });
  const double own_per_s = items_per_second(seconds / 2, answers.places.size(), [&] {
    for (const auto& [offset, size] : answers.places)
      checks += dlt645::checksum_of(ByteView{answers.octets}.subspan(offset, size - 2));
  });
  out.plain_checksum_ratio = plain_per_s / out.frames_per_s;
  out.own_checksum_ratio = own_per_s / out.frames_per_s;
  out.rejected = rejected;
  // Used, so that the compiler keeps the work.
  if (sum == 42 && checks == 42) ++out.rejected;
  return out;
}

}  // namespace

Result<BenchReport> run_dlt645_bench(const BenchOptions& options) {
  const Measured single = measure(make_answers(dlt645::DataIdentifier{0x00010000}, 4), options.seconds / 2);
  const Measured block = measure(make_answers(dlt645::DataIdentifier{0x0201FF00}, 6), options.seconds / 2);
  if (single.rejected + block.rejected != 0)
    return fail(ErrorCode::internal, "the benchmark's own frames were refused");
  return BenchReport{{{"frames_per_s", single.frames_per_s},
                      {"bytes_per_s", single.bytes_per_s},
                      {"allocations_per_frame", single.allocations_per_frame},
                      {"cost_over_checksum_pass", single.plain_checksum_ratio},
                      {"cost_over_own_checksum_pass", single.own_checksum_ratio},
                      {"block_frames_per_s", block.frames_per_s},
                      {"block_allocations_per_frame", block.allocations_per_frame},
                      {"block_cost_over_checksum_pass", block.plain_checksum_ratio},
                      {"block_cost_over_own_checksum_pass", block.own_checksum_ratio}},
                     {"one core; found, verified, identifier looked up, exact value taken; 20-octet energy total, "
                      "22-octet block of three voltages",
                      "goal: 5,000,000 frames/s, no allocation, cost at most 4 x a checksum pass"}};
}

}  // namespace duheng::tools
