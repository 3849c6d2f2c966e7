#pragma once
#include <cstdint>
#include <span>

namespace duheng {

/// Randomness comes in through the constructor, like time.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
  [[nodiscard]] std::uint64_t next_u64();
  /// Uniform in [0, bound); 0 when bound is 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);
  /// Uniform in [0, 1).
  [[nodiscard]] double unit();
};

/// The kernel's generator (getrandom): fit for keys. Ends the process if the kernel cannot give any, because nothing
/// that needs a key may go on without.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

/// Repeats itself for the same seed: for simulations, virtual devices and jitter, never for keys.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) noexcept : state_(seed) {}
  void fill(std::span<std::uint8_t> out) override;

 private:
  std::uint64_t state_;
};

}  // namespace duheng
