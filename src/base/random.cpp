#include "base/random.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/random.h>

namespace duheng {

std::uint64_t Random::next_u64() {
  std::uint8_t octets[8];
  fill(octets);
  std::uint64_t value = 0;
  std::memcpy(&value, octets, sizeof value);
  return value;
}

std::uint64_t Random::below(std::uint64_t bound) {
  if (bound == 0) return 0;
  // Lemire's method: the high half of a 128-bit product, rejecting the few low values that would bias it.
  const std::uint64_t threshold = (~bound + 1) % bound;
  for (;;) {
    const auto product = static_cast<unsigned __int128>(next_u64()) * bound;
    if (static_cast<std::uint64_t>(product) >= threshold) return static_cast<std::uint64_t>(product >> 64);
  }
}

double Random::unit() { return static_cast<double>(next_u64() >> 11) * 0x1.0p-53; }

void SystemRandom::fill(std::span<std::uint8_t> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = getrandom(out.data() + done, out.size() - done, 0);
    if (got > 0) {
      done += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      std::fputs("the kernel's random generator failed\n", stderr);
      std::abort();
    }
  }
}

void SeededRandom::fill(std::span<std::uint8_t> out) {
  // SplitMix64: full period, every seed is a good one.
  std::size_t done = 0;
  while (done < out.size()) {
    state_ += 0x9E3779B97F4A7C15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    z ^= z >> 31;
    const std::size_t part = std::min<std::size_t>(8, out.size() - done);
    std::memcpy(out.data() + done, &z, part);
    done += part;
  }
}

}  // namespace duheng
