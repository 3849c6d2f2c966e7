#pragma once
#include <cstdint>
#include <optional>

#include "codec/cjt188/control.hpp"
#include "device/cjt188/interruptions.hpp"
#include "device/curve/utility_curve.hpp"

namespace duheng::device {

/// What a water, gas, heat or cooling meter measures, by its type: a pure function of seed, local time and the times in
/// which it did not measure. Volumes, energies and hours never go down.
class Cjt188Measures {
 public:
  Cjt188Measures(std::uint8_t meter_type, std::uint64_t seed, bool leaks);

  [[nodiscard]] std::int64_t installed_day() const noexcept { return installed_day_; }
  /// In 0.01 m3.
  [[nodiscard]] std::int64_t volume(std::int64_t local_ms, const Interruptions& interruptions) const;
  [[nodiscard]] std::int64_t flow_microlitre_h(std::int64_t local_ms, const Interruptions& interruptions) const;
  /// In 0.01 kWh; 0 for what the meter does not measure.
  [[nodiscard]] std::int64_t energy(std::int64_t local_ms, ThermalCurve::Purpose purpose,
                                    const Interruptions& interruptions) const;
  /// Of whichever circuit runs.
  [[nodiscard]] std::int64_t power_mw(std::int64_t local_ms, const Interruptions& interruptions) const;
  [[nodiscard]] ThermalCurve::Temperatures temperatures(std::int64_t local_ms) const;
  [[nodiscard]] std::int64_t working_hours(std::int64_t local_ms, const Interruptions& interruptions) const;

  /// From now on nothing is measured, or it is again.
  void interrupt(std::int64_t local_ms, bool begins, Interruptions& interruptions) const;

 private:
  /// What Interruptions counts, in this order.
  enum Count : std::size_t { count_volume, count_heating, count_cooling, count_active };
  static_assert(count_active + 1 == Interruptions::counts);
  [[nodiscard]] DayCurve::Wide integral(std::size_t count, std::int64_t local_ms) const;
  [[nodiscard]] DayCurve::Wide measured(Count count, std::int64_t local_ms, const Interruptions& interruptions) const;
  [[nodiscard]] const ThermalCurve* circuit(std::int64_t local_ms) const;

  std::int64_t installed_day_;
  std::int64_t initial_centi_;
  std::optional<WaterCurve> water_;
  std::optional<GasCurve> gas_;
  std::optional<ThermalCurve> heating_;
  std::optional<ThermalCurve> cooling_;
};

}  // namespace duheng::device
