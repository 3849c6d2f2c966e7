#include <benchmark/benchmark.h>

#include "codec/recogniser/recogniser.hpp"

namespace {

using namespace duheng;

/// Octets that are no frame, one in eight of them 68H.
void recognise_noise(benchmark::State& state) {
  Bytes noise(1 << 16);
  std::uint32_t seed = 1;
  for (auto& octet : noise) {
    seed = seed * 1'664'525U + 1'013'904'223U;
    octet = (seed >> 29) == 0 ? 0x68 : static_cast<std::uint8_t>(seed >> 16);
  }
  codec::Recogniser recogniser;
  for (auto _ : state) {
    recogniser.feed(noise);
    benchmark::DoNotOptimize(recogniser.recognition());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(noise.size()));
}
BENCHMARK(recognise_noise);

/// A busy DL/T 645 line with preambles.
void recognise_frames(benchmark::State& state) {
  Bytes line;
  const Bytes frame = *from_hex(
      "FEFEFEFE68610100000000689108333334335933333"
      "38A16");
  for (int i = 0; i < 1000; ++i) line.insert(line.end(), frame.begin(), frame.end());
  codec::Recogniser recogniser;
  for (auto _ : state) {
    recogniser.feed(line);
    benchmark::DoNotOptimize(recogniser.recognition());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(line.size()));
}
BENCHMARK(recognise_frames);

}  // namespace
