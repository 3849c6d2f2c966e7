#pragma once
#include <array>
#include <cstdint>

#include "device/curve/day_curve.hpp"

namespace duheng::device {

/// Active energy since installation, exact: milliwatt nanoseconds, because power is a step function in milliwatts whose
/// steps end on whole nanoseconds. 1 Wh = 3.6e15 mW ns.
struct CurveEnergy {
  __extension__ using Wide = __int128;
  Wide import_mw_ns = 0;
  Wide export_mw_ns = 0;
  std::array<Wide, 4> import_by_tariff_mw_ns{};  ///< sharp, peak, flat, valley
  std::array<Wide, 4> export_by_tariff_mw_ns{};
};

/// What a household, shop or prosumer draws: a DayCurve of power, so that energy is the integral of power to the last
/// nanosecond, at any moment and without replaying the past. Import is positive, export negative.
class LoadCurve {
 public:
  /// `installed_day` counts days since 1970-01-01 in local time; before it energy is zero.
  enum class Use : std::uint8_t {
    any,      ///< a household or a shop, as the seed decides
    factory,  ///< day and late shift on working days, little at night and at weekends; some ten kilowatts
  };
  LoadCurve(std::uint64_t seed, std::int64_t installed_day, bool exports, Use use = Use::any);
  [[nodiscard]] std::int64_t power_mw(std::int64_t local_ms) const { return curve_.rate(local_ms); }
  [[nodiscard]] CurveEnergy energy(std::int64_t local_ms) const;
  [[nodiscard]] std::int64_t installed_day() const noexcept { return curve_.installed_day(); }

  static constexpr std::int64_t day_ms = DayCurve::day_ms;
  static constexpr int slots = DayCurve::slots;
  static constexpr std::int64_t slot_ns = DayCurve::slot_ns;
  static constexpr int halvings = DayCurve::halvings;
  /// 0 sharp, 1 peak, 2 flat, 3 valley, by the local time of day.
  [[nodiscard]] static int tariff_of_slot(int slot) noexcept;
  [[nodiscard]] static int tariff_at(std::int64_t local_ms) noexcept;

 private:
  DayCurve curve_;
};

}  // namespace duheng::device
