#pragma once
#include <array>
#include <cstdint>
#include <functional>

namespace duheng::device {

/// SplitMix64's finaliser over three numbers: the source of everything a virtual device makes up.
[[nodiscard]] std::uint64_t mixed(std::uint64_t seed, std::uint64_t a, std::uint64_t b = 0) noexcept;
/// A value that wanders between -amplitude and +amplitude, drawn every `step_ms` and joined by straight lines.
[[nodiscard]] std::int64_t wander(std::uint64_t seed, std::int64_t time_ms, std::int64_t step_ms,
                                  std::int64_t amplitude) noexcept;
/// Days since 1970-01-01 of a moment in local time, rounded down.
[[nodiscard]] std::int64_t day_of(std::int64_t local_ms) noexcept;

/// A rate over the day whose integral is exact at any moment and needs no replay: a pure function of (seed, time). A
/// day has 128 slots; a slot's mean is its base times the day's factor; below a slot each half takes what the other
/// gives up, nine times over, down to steps of 1.3 s. What the rate counts is the user's business.
class DayCurve {
 public:
  __extension__ using Wide = __int128;
  static constexpr std::int64_t day_ms = 86'400'000;
  static constexpr int slots = 128;
  static constexpr std::int64_t slot_ns = 675'000'000'000;
  static constexpr int halvings = 9;
  using Bases = std::array<std::int32_t, slots>;
  /// By day since 1970-01-01; not negative, the same whenever asked.
  using Factor = std::function<std::int64_t(std::int64_t day)>;

  /// Before `installed_day` everything is 0.
  DayCurve(std::uint64_t seed, std::int64_t installed_day, const Bases& bases, Factor factor);
  [[nodiscard]] std::int64_t installed_day() const noexcept { return installed_day_; }
  /// Base times factor, at this moment.
  [[nodiscard]] std::int64_t rate(std::int64_t local_ms) const;
  /// Calls `on_part(slot, amount)` with pieces that add up to the integral since installation, in rate x nanoseconds.
  /// Each piece lies within that slot of one or many days; its sign is that of the slot's base.
  template <class OnPart>
  void integrate(std::int64_t local_ms, OnPart&& on_part) const {
    const std::int64_t day = day_of(local_ms);
    if (day < installed_day_) return;
    const auto whole = static_cast<Wide>(sum_until(day).factors) * slot_ns;
    for (int slot = 0; slot < slots; ++slot) on_part(slot, base_at(slot) * whole);
    const std::int64_t in_day_ns = (local_ms - day * day_ms) * 1'000'000;
    const int present = static_cast<int>(in_day_ns / slot_ns);
    const auto today = static_cast<Wide>(factor_(day)) * slot_ns;
    for (int slot = 0; slot < present; ++slot) on_part(slot, base_at(slot) * today);
    on_part(present, walk(day, present, in_day_ns % slot_ns).amount);
  }
  /// The sum of those pieces.
  [[nodiscard]] Wide integral(std::int64_t local_ms) const;
  /// For how long there was anything: days whose factor is not 0, this day's part included.
  [[nodiscard]] std::int64_t active_ms(std::int64_t local_ms) const;
  /// 0 to 127.
  [[nodiscard]] static int slot_of(std::int64_t local_ms) noexcept;

 private:
  struct Walk {
    std::int64_t rate = 0;
    Wide amount = 0;  // from the slot's beginning
  };
  struct Sum {
    std::int64_t day = 0;  // all whole days before it
    std::int64_t factors = 0;
    std::int64_t active_days = 0;
  };
  [[nodiscard]] Wide base_at(int slot) const noexcept { return bases_[static_cast<std::size_t>(slot)]; }
  [[nodiscard]] Walk walk(std::int64_t day, int slot, std::int64_t within_ns) const;
  [[nodiscard]] const Sum& sum_until(std::int64_t day) const;

  std::uint64_t seed_;
  std::int64_t installed_day_;
  Bases bases_;
  Factor factor_;
  mutable Sum recent_;  // asking again on the same day costs nothing
};

/// The thirteen values of a day, every two hours from midnight to midnight, joined by straight lines, at that slot.
[[nodiscard]] std::int64_t shape_at(const std::array<int, 13>& shape, int slot) noexcept;

}  // namespace duheng::device
