#pragma once
#include <array>
#include <cstdint>

namespace duheng::device {

/// Active energy since installation, exact: milliwatt nanoseconds, because power is a step function in milliwatts whose
/// steps end on whole nanoseconds. 1 Wh = 3.6e15 mW ns.
struct CurveEnergy {
  __extension__ using Wide = __int128;
  Wide import_mw_ns = 0;
  Wide export_mw_ns = 0;
  std::array<Wide, 4> import_by_tariff_mw_ns{};  ///< sharp, peak, flat, valley
};

/// What a household, shop or prosumer draws: a pure function of (seed, time). Energy is the integral of power to the
/// last nanosecond, at any moment and without replaying the past: a day has 128 slots whose means follow the profile
/// and the day's factor; below a slot each half takes what the other gives up, nine times over, down to steps of 1.3 s.
/// Import is positive, export negative.
class LoadCurve {
 public:
  /// `installed_day` counts days since 1970-01-01 in local time; before it energy is zero.
  LoadCurve(std::uint64_t seed, std::int64_t installed_day, bool exports);
  [[nodiscard]] std::int64_t power_mw(std::int64_t local_ms) const;
  [[nodiscard]] CurveEnergy energy(std::int64_t local_ms) const;
  [[nodiscard]] std::int64_t installed_day() const noexcept { return installed_day_; }

  static constexpr std::int64_t day_ms = 86'400'000;
  static constexpr int slots = 128;
  static constexpr std::int64_t slot_ns = 675'000'000'000;
  static constexpr int halvings = 9;
  /// 0 sharp, 1 peak, 2 flat, 3 valley, by the local time of day.
  [[nodiscard]] static int tariff_of_slot(int slot) noexcept;

 private:
  struct Walk {
    std::int64_t power_mw = 0;
    CurveEnergy::Wide energy_mw_ns = 0;  // from the slot's beginning
  };
  [[nodiscard]] Walk walk(std::int64_t day, int slot, std::int64_t within_ns) const;
  [[nodiscard]] std::int64_t factor_per_mille(std::int64_t day) const;
  void add_slots(CurveEnergy& energy, std::int64_t factor_sum, int from, int to) const;

  std::uint64_t seed_;
  std::int64_t installed_day_;
  std::array<std::int32_t, slots> base_w_{};
  // Sum of the factors of all whole days before `cached_day_`: asking again on the same day costs nothing.
  mutable std::int64_t cached_day_;
  mutable std::int64_t cached_factor_sum_ = 0;
};

/// SplitMix64's finaliser over three numbers: the source of everything a virtual device makes up.
[[nodiscard]] std::uint64_t mixed(std::uint64_t seed, std::uint64_t a, std::uint64_t b = 0) noexcept;
/// A value that wanders between -amplitude and +amplitude, drawn every `step_ms` and joined by straight lines.
[[nodiscard]] std::int64_t wander(std::uint64_t seed, std::int64_t time_ms, std::int64_t step_ms,
                                  std::int64_t amplitude) noexcept;

}  // namespace duheng::device
