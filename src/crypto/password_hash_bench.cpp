#include <benchmark/benchmark.h>

#include "crypto/password_hash.hpp"

namespace duheng::crypto {
namespace {

void verify_password_default_cost(benchmark::State& state) {
  SystemRandom random;
  const PasswordHasher hasher{random};
  const std::string encoded = hasher.hash("a password of usual length").value();
  for (auto _ : state) {
    const auto right = hasher.verify(encoded, "a password of usual length");
    if (!right || !*right) state.SkipWithError("not verified");
  }
}
BENCHMARK(verify_password_default_cost)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace duheng::crypto
