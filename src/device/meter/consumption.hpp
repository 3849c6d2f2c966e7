#pragma once
#include <cstdint>
#include <limits>
#include <vector>

#include "device/meter/load_curve.hpp"

namespace duheng::device {

/// A time in which nothing was drawn, although the curve says so: the energy counters stood still.
struct Pause {
  enum class Cause : std::uint8_t {
    relay = 0,   ///< the meter's own relay was open; voltage was there and it went on recording
    supply = 1,  ///< no voltage: the meter was off
  };
  static constexpr std::int64_t open_end = std::numeric_limits<std::int64_t>::max();
  std::int64_t begin_utc_ms = 0;
  std::int64_t end_utc_ms = open_end;
  Cause cause = Cause::relay;
  friend bool operator==(const Pause&, const Pause&) = default;
};

/// What goes through a meter: a load curve, less what pauses took away. Exact to the curve's last milliwatt
/// nanosecond, at any moment, past ones too, and without replay.
class Consumption {
 public:
  /// So many pauses are known one by one. Of older ones the sum is kept, so the counters stay exact; history before
  /// their end is then too low by that sum.
  static constexpr std::size_t pauses_max = 200;

  Consumption(const LoadCurve& curve, std::int64_t zone_ms) : curve_(&curve), zone_ms_(zone_ms) {}
  [[nodiscard]] CurveEnergy energy(std::int64_t utc_ms) const;
  [[nodiscard]] std::int64_t power_mw(std::int64_t utc_ms) const;
  [[nodiscard]] bool is_paused(std::int64_t utc_ms) const noexcept;
  [[nodiscard]] bool has_supply(std::int64_t utc_ms) const noexcept;

  [[nodiscard]] const std::vector<Pause>& pauses() const noexcept { return pauses_; }
  [[nodiscard]] const CurveEnergy& folded() const noexcept { return folded_; }
  void restore(std::vector<Pause> pauses, const CurveEnergy& folded);
  void add(const Pause& pause);
  /// Ends the pause of that cause which has no end yet.
  void end(Pause::Cause cause, std::int64_t utc_ms);

 private:
  struct Gap {  // pauses that overlap or touch, as one
    std::int64_t begin_utc_ms = 0;
    std::int64_t end_utc_ms = 0;
    CurveEnergy at_begin;       // of the curve
    CurveEnergy missed_before;  // in all gaps before this one
    CurveEnergy missed_after;   // with this one, when it has an end
  };
  [[nodiscard]] CurveEnergy on_curve(std::int64_t utc_ms) const { return curve_->energy(utc_ms + zone_ms_); }
  void fold_oldest();
  void make_gaps();

  const LoadCurve* curve_;
  std::int64_t zone_ms_;
  std::vector<Pause> pauses_;  // by begin
  CurveEnergy folded_;
  std::vector<Gap> gaps_;
};

[[nodiscard]] CurveEnergy operator+(const CurveEnergy& a, const CurveEnergy& b) noexcept;
[[nodiscard]] CurveEnergy operator-(const CurveEnergy& a, const CurveEnergy& b) noexcept;

}  // namespace duheng::device
