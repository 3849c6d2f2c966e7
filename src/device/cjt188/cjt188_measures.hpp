#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "codec/cjt188/control.hpp"
#include "device/curve/utility_curve.hpp"

namespace duheng::device {

/// What a water, gas, heat or cooling meter measures, by its type: a pure function of seed and local time, except for
/// what a closed valve kept back. Volumes, energies and hours never go down.
class Cjt188Measures {
 public:
  Cjt188Measures(std::uint8_t meter_type, std::uint64_t seed, bool leaks);

  [[nodiscard]] std::int64_t installed_day() const noexcept { return installed_day_; }
  /// In 0.01 m3.
  [[nodiscard]] std::int64_t volume(std::int64_t local_ms) const;
  [[nodiscard]] std::int64_t flow_microlitre_h(std::int64_t local_ms) const;
  /// In 0.01 kWh; 0 for what the meter does not measure.
  [[nodiscard]] std::int64_t energy(std::int64_t local_ms, ThermalCurve::Purpose purpose) const;
  /// Of whichever circuit runs.
  [[nodiscard]] std::int64_t power_mw(std::int64_t local_ms) const;
  [[nodiscard]] ThermalCurve::Temperatures temperatures(std::int64_t local_ms) const;
  [[nodiscard]] std::int64_t working_hours(std::int64_t local_ms) const;
  /// From now on nothing flows, or it flows again.
  void valve_closed(std::int64_t local_ms);
  void valve_opened(std::int64_t local_ms);

 private:
  struct Closure {
    std::int64_t from_local_ms;
    std::int64_t to_local_ms;
  };
  [[nodiscard]] DayCurve::Wide drawn(std::int64_t local_ms) const;
  [[nodiscard]] const ThermalCurve* circuit(std::int64_t local_ms) const;

  std::int64_t installed_day_;
  std::int64_t initial_centi_;
  std::optional<WaterCurve> water_;
  std::optional<GasCurve> gas_;
  std::optional<ThermalCurve> heating_;
  std::optional<ThermalCurve> cooling_;
  std::vector<Closure> closures_;
};

}  // namespace duheng::device
