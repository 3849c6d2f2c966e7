#include <benchmark/benchmark.h>

#include "crypto/aead.hpp"
#include "crypto/hash.hpp"

namespace duheng::crypto {
namespace {

void hash_with_sha256(benchmark::State& state) {
  const Bytes message(static_cast<std::size_t>(state.range(0)), 0x5A);
  for (auto _ : state) benchmark::DoNotOptimize(sha256(message));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(hash_with_sha256)->Arg(64)->Arg(4096)->Arg(1 << 20);

void hash_with_sm3(benchmark::State& state) {
  const Bytes message(static_cast<std::size_t>(state.range(0)), 0x5A);
  for (auto _ : state) benchmark::DoNotOptimize(sm3({message}));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(hash_with_sm3)->Arg(64)->Arg(4096)->Arg(1 << 20);

void seal_with(benchmark::State& state, Cipher cipher) {
  const std::array<std::uint8_t, SecretKey::size_bytes> octets{};
  Aead aead{SecretKey{octets, cipher}};
  const Bytes plain(static_cast<std::size_t>(state.range(0)), 0x5A);
  Aead::Nonce nonce{};
  Bytes out;
  std::uint64_t counter = 0;
  for (auto _ : state) {
    ++counter;
    for (int i = 0; i < 8; ++i) nonce[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(counter >> (8 * i));
    out.clear();
    if (!aead.seal(nonce, {}, plain, out)) state.SkipWithError("seal failed");
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK_CAPTURE(seal_with, aes_256_gcm, Cipher::aes_256_gcm)->Arg(64)->Arg(4096)->Arg(1 << 20);
BENCHMARK_CAPTURE(seal_with, sm4_gcm, Cipher::sm4_gcm)->Arg(64)->Arg(4096)->Arg(1 << 20);

}  // namespace
}  // namespace duheng::crypto
