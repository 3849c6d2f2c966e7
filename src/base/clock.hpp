#pragma once
#include <cstdint>

namespace duheng {

/// Time comes in through the constructor of whatever needs it, so that one seed replays weeks in seconds.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Integer UTC milliseconds since 1970, leap seconds ignored. May jump when the machine's clock is set.
  [[nodiscard]] virtual std::int64_t utc_ms() const = 0;
  /// Never goes back; for intervals and deadlines only, its zero means nothing.
  [[nodiscard]] virtual std::int64_t monotonic_ns() const = 0;
  [[nodiscard]] std::int64_t monotonic_ms() const { return monotonic_ns() / 1'000'000; }
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t utc_ms() const override;
  [[nodiscard]] std::int64_t monotonic_ns() const override;
};

/// A clock that stands still until it is told to move: for tests and simulations.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::int64_t utc_ms_start = 1'750'000'000'000) : utc_ms_(utc_ms_start) {}
  [[nodiscard]] std::int64_t utc_ms() const override { return utc_ms_; }
  [[nodiscard]] std::int64_t monotonic_ns() const override { return monotonic_ns_; }
  void advance_ms(std::int64_t ms) {
    utc_ms_ += ms;
    monotonic_ns_ += ms * 1'000'000;
  }
  /// Sets the wall clock alone, as an operator or a time server does.
  void set_utc_ms(std::int64_t utc_ms) { utc_ms_ = utc_ms; }

 private:
  std::int64_t utc_ms_;
  std::int64_t monotonic_ns_ = 0;
};

}  // namespace duheng
