#include "codec/recogniser/recogniser.hpp"
#include "tools/bench/bench_timing.hpp"
#include "tools/bench/suite.hpp"

namespace duheng::tools {
namespace {

constexpr std::size_t block_octets = 1 << 16;
constexpr double megabyte = 1e6;

/// Octets of which `starts_per_256` in 256 are 68H, where four of the protocols may begin.
Bytes make_noise(std::uint32_t starts_per_256) {
  Bytes noise(block_octets);
  std::uint32_t seed = 1;
  for (auto& octet : noise) {
    seed = seed * 1'664'525U + 1'013'904'223U;
    octet = (seed >> 24) < starts_per_256 ? std::uint8_t{0x68} : static_cast<std::uint8_t>(seed >> 16);
  }
  return noise;
}

/// One question or answer after another, as a busy line has them.
Bytes make_line(std::string_view frame_hex) {
  const Bytes frame = *from_hex(frame_hex);
  Bytes line;
  while (line.size() < block_octets) line.insert(line.end(), frame.begin(), frame.end());
  return line;
}

double megabytes_per_second(const Bytes& octets, double seconds) {
  codec::Recogniser recogniser;
  return items_per_second(seconds, octets.size(), [&] { recogniser.feed(octets); }) / megabyte;
}

}  // namespace

Result<BenchReport> run_recogniser_bench(const BenchOptions& options) {
  const double seconds = options.seconds / 5;
  const Bytes noise = make_noise(1);
  const Bytes starts = make_noise(32);
  std::uint32_t checks = 0;
  const double checksum = items_per_second(seconds, noise.size(),
                                           [&] {
                                             for (const std::uint8_t octet : noise) checks += octet;
                                           }) /
                          megabyte;
  BenchReport report;
  report.figures = {{"noise_mb_per_s", megabytes_per_second(noise, seconds)},
                    {"noise_of_starts_mb_per_s", megabytes_per_second(starts, seconds)},
                    {"dlt645_line_mb_per_s",
                     megabytes_per_second(make_line("FEFEFEFE686101000000006891083333343359333333 8A16"), seconds)},
                    {"modbus_rtu_line_mb_per_s", megabytes_per_second(make_line("110306AE415652434049AD"), seconds)},
                    {"checksum_pass_mb_per_s", checksum}};
  report.notes.push_back(checks != 0 ? "all six protocols are looked for at once; noise_of_starts has 68H in one octet "
                                       "of eight; the checksum pass sums the octets of the same noise once"
                                     : "nothing was measured");
  return report;
}

}  // namespace duheng::tools
