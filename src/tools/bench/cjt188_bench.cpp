#include "codec/cjt188/message.hpp"
#include "codec/cjt188/value.hpp"
#include "tools/bench/allocation_count.hpp"
#include "tools/bench/bench_timing.hpp"
#include "tools/bench/suite.hpp"

namespace duheng::tools {
namespace {

/// Metering data as a gateway sees them: 4,096 meters and values, back to back in one buffer.
struct Answers {
  Bytes octets;
  std::vector<std::pair<std::size_t, std::size_t>> places;  // offset, size
};

struct Sample {
  std::uint8_t meter_type;
  Bytes units;  ///< of the numbers that stand first, each after four octets of digits
  Bytes rest;   ///< after the numbers: temperatures, hours; then clock and status are added
};

/// Eight digits that differ from call to call.
void append_digits(Bytes& out, std::uint32_t& seed, std::size_t octets) {
  for (std::size_t i = 0; i < octets; ++i) {
    seed = seed * 1'664'525U + 1'013'904'223U;
    out.push_back(static_cast<std::uint8_t>((seed >> 24) % 10 << 4 | (seed >> 16) % 10));
  }
}

Answers make_answers(const Sample& sample) {
  Answers answers;
  std::uint32_t seed = 1;
  for (std::uint32_t i = 0; i < 4096; ++i) {
    Bytes payload;
    for (const std::uint8_t unit : sample.units) {
      append_digits(payload, seed, 4);
      payload.push_back(unit);
    }
    payload.insert(payload.end(), sample.rest.begin(), sample.rest.end());
    const auto time = cjt188::encode_time(
        {2026, static_cast<std::uint8_t>(1 + i % 12), static_cast<std::uint8_t>(1 + i % 28),
         static_cast<std::uint8_t>(i % 24), static_cast<std::uint8_t>(i % 60), static_cast<std::uint8_t>(i / 60 % 60)},
        cjt188::TimeOrder::second_first);
    payload.insert(payload.end(), time.begin(), time.end());
    payload.insert(payload.end(), {0x00, 0x00});
    Bytes address;
    append_digits(address, seed, cjt188::Address::size_octets);
    const cjt188::Peer meter{.meter_type = sample.meter_type,
                             .address = cjt188::Address::from_wire(address),
                             .sequence = static_cast<std::uint8_t>(i),
                             .preamble_octets = 0};
    const auto frame = cjt188::read_reply(meter, cjt188::identifiers::metering, payload);
    answers.places.emplace_back(answers.octets.size(), frame->view().size());
    answers.octets.insert(answers.octets.end(), frame->view().begin(), frame->view().end());
  }
  return answers;
}

struct Measured {
  double frames_per_s = 0;
  double bytes_per_s = 0;
  double allocations_per_frame = 0;
  double checksum_ratio = 0;         ///< time of decoding over time of a plain checksum pass over the same octets
  double verify_checksum_ratio = 0;  ///< the same for finding and verifying the frame alone
  std::uint64_t rejected = 0;
};

Measured measure(const Answers& answers, double seconds) {
  Measured out;
  cjt188::ValueList values;
  std::int64_t sum = 0;
  std::uint64_t rejected = 0;
  const auto decode_all = [&] {
    for (const auto& [offset, size] : answers.places) {
      const auto frame = cjt188::decode(ByteView{answers.octets}.subspan(offset, size));
      if (!frame) {
        ++rejected;
        continue;
      }
      const auto message = cjt188::parse_message(*frame);
      const auto layout = message ? cjt188::find_layout(*message) : std::unexpected(message.error());
      if (!layout || !cjt188::decode_values(**layout, message->payload, cjt188::default_profile(), values)) {
        ++rejected;
        continue;
      }
      for (const auto& value : values) sum += value.mantissa;
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
  const double checksums_per_s = items_per_second(seconds / 2, answers.places.size(), [&] {
    for (const auto& [offset, size] : answers.places)
      checks += cjt188::checksum_of(ByteView{answers.octets}.subspan(offset, size - 2));
  });
  std::uint32_t headers = 0;
  const double verified_per_s = items_per_second(seconds / 2, answers.places.size(), [&] {
    for (const auto& [offset, size] : answers.places) {
      const auto frame = cjt188::decode(ByteView{answers.octets}.subspan(offset, size));
      if (frame) headers += frame->control() + frame->length();
    }
  });
  out.checksum_ratio = checksums_per_s / out.frames_per_s;
  out.verify_checksum_ratio = checksums_per_s / verified_per_s;
  out.rejected = rejected;
  // Used, so that the compiler keeps the work.
  if (sum == 42 && checks == 42 && headers == 42) ++out.rejected;
  return out;
}

}  // namespace

Result<BenchReport> run_cjt188_bench(const BenchOptions& options) {
  const Sample water_meter{cjt188::meter_types::cold_water, {0x2C, 0x2C}, {}};
  const Sample heat_meter{cjt188::meter_types::heat,
                          {0x05, 0x05, 0x17, 0x35, 0x2C},
                          {0x79, 0x26, 0x00, 0x64, 0x26, 0x00, 0x66, 0x47, 0x07}};
  const Measured water = measure(make_answers(water_meter), options.seconds / 2);
  const Measured heat = measure(make_answers(heat_meter), options.seconds / 2);
  if (water.rejected + heat.rejected != 0) return fail(ErrorCode::internal, "the benchmark's own frames were refused");
  return BenchReport{{{"frames_per_s", water.frames_per_s},
                      {"bytes_per_s", water.bytes_per_s},
                      {"allocations_per_frame", water.allocations_per_frame},
                      {"cost_over_checksum_pass", water.checksum_ratio},
                      {"verify_cost_over_checksum_pass", water.verify_checksum_ratio},
                      {"heat_frames_per_s", heat.frames_per_s},
                      {"heat_bytes_per_s", heat.bytes_per_s},
                      {"heat_allocations_per_frame", heat.allocations_per_frame},
                      {"heat_cost_over_checksum_pass", heat.checksum_ratio},
                      {"heat_verify_cost_over_checksum_pass", heat.verify_checksum_ratio}},
                     {"one core; found, verified, identifier and layout looked up, every value exact; 35-octet water "
                      "answer of two volumes, clock and status, 59-octet heat answer of ten values",
                      "goal: no allocation, cost at most 4 x a checksum pass"}};
}

}  // namespace duheng::tools
