#pragma once
#include <optional>

#include "device/curve/day_curve.hpp"

namespace duheng::device {

/// Flows are in µl/h, so that a dripping tap is no rounding error; volumes are flow x time in µl/h x ns.
namespace volume_units {
using Wide = DayCurve::Wide;
/// What 0.01 m3 is in an integral.
inline constexpr Wide centi_cubic_metre = static_cast<Wide>(36'000'000) * 1'000'000'000'000;
/// What 0.001 m3 is.
inline constexpr Wide litre = centi_cubic_metre / 10;
}  // namespace volume_units

/// What a household draws from a water pipe: two peaks, quiet nights, more at weekends and in summer; a leak adds a
/// constant trickle, which is how leaks are found: the flow never ends.
class WaterCurve {
 public:
  WaterCurve(std::uint64_t seed, std::int64_t installed_day, bool leaks);
  [[nodiscard]] std::int64_t flow_microlitre_h(std::int64_t local_ms) const;
  [[nodiscard]] DayCurve::Wide volume(std::int64_t local_ms) const;

 private:
  DayCurve curve_;
  std::int64_t leak_microlitre_h_;
};

/// Gas: cooking three times a day, and a boiler in the heating season.
class GasCurve {
 public:
  GasCurve(std::uint64_t seed, std::int64_t installed_day);
  [[nodiscard]] std::int64_t flow_microlitre_h(std::int64_t local_ms) const;
  [[nodiscard]] DayCurve::Wide volume(std::int64_t local_ms) const;

 private:
  DayCurve cooking_;
  DayCurve boiler_;
};

/// A heating or cooling circuit. Power = flow x temperature difference x 1.163 kWh/(m3 K), at every moment and so in
/// every sum: the difference depends on the time of day alone, the flow on season and weather. Still outside its
/// season.
class ThermalCurve {
 public:
  enum class Purpose : std::uint8_t { heating, cooling };
  /// `flow_full_litre_h` is the flow of a day that needs all the system can give.
  ThermalCurve(std::uint64_t seed, std::int64_t installed_day, Purpose purpose, std::int32_t flow_full_litre_h);
  [[nodiscard]] std::int64_t flow_microlitre_h(std::int64_t local_ms) const { return curve_.rate(local_ms); }
  /// Between supply and return, in 0.01 K; not negative. 0 while the circuit stands still.
  [[nodiscard]] std::int64_t difference_centikelvin(std::int64_t local_ms) const;
  [[nodiscard]] std::int64_t power_mw(std::int64_t local_ms) const;
  [[nodiscard]] DayCurve::Wide volume(std::int64_t local_ms) const { return curve_.integral(local_ms); }
  /// In 0.01 kWh since installation, rounded down.
  [[nodiscard]] std::int64_t energy_centikwh(std::int64_t local_ms) const;
  [[nodiscard]] std::int64_t active_ms(std::int64_t local_ms) const { return curve_.active_ms(local_ms); }
  /// What flows in and out, in 0.01 °C; `supply` minus `back` is the difference, the other way about when cooling.
  struct Temperatures {
    std::int64_t supply_centidegree = 0;
    std::int64_t back_centidegree = 0;
  };
  [[nodiscard]] Temperatures temperatures(std::int64_t local_ms) const;
  [[nodiscard]] Purpose purpose() const noexcept { return purpose_; }

 private:
  std::uint64_t seed_;
  Purpose purpose_;
  DayCurve curve_;
  std::array<std::int16_t, DayCurve::slots> difference_centikelvin_{};
};

/// Years between which virtual meters were installed: the day number for this seed, 2022 to 2024.
[[nodiscard]] std::int64_t installed_day_of(std::uint64_t seed) noexcept;

}  // namespace duheng::device
