#pragma once
#include <optional>

#include "device/dlt698/state.hpp"
#include "device/meter/meter_quantities.hpp"

namespace duheng::device::meter698 {

/// What a meter of a seed measures and counts, at any moment of its life: by the same formulas as the DL/T 645 meter of
/// that seed, but for what its own state says: pauses, in which nothing is drawn and the energies stand still, and
/// clearings. Exact, pure.
class Metering {
 public:
  explicit Metering(const VirtualMeterOptions& options);
  Metering(const Metering&) = delete;
  Metering& operator=(const Metering&) = delete;

  /// From now on by this state.
  void follow(const State& state);
  /// Makes room in a state that has more pauses than it may keep.
  void fold(State& state) const;
  /// Energies, demands and freezes begin anew.
  void clear(State& draft, std::int64_t utc_ms) const;

  [[nodiscard]] Measurement measure(std::int64_t utc_ms) const { return quantities_.measure(utc_ms); }
  /// In 0.01 kWh or kvarh, by second digit of the OI: 0 combined, 1 forward, 2 reverse, 3 and 4 combined reactive, 5 to
  /// 8 quadrants; tariff 0 is the total, 1 to 4 sharp, peak, flat, valley.
  [[nodiscard]] std::int64_t energy_centi(std::int64_t utc_ms, std::uint8_t quantity, int tariff) const;
  /// In 0.1 Wh, forward or reverse.
  [[nodiscard]] std::int64_t energy_deciwatthour(std::int64_t utc_ms, bool reverse, int tariff) const;
  /// The highest demand since `from_utc_ms`, by the state's demand period.
  [[nodiscard]] MeterQuantities::Demand demand(std::int64_t from_utc_ms, std::int64_t utc_ms, bool reverse,
                                               int tariff) const;
  [[nodiscard]] std::int64_t present_demand_deciwatt(std::int64_t utc_ms) const {
    return quantities_.present_demand_deciwatt(utc_ms);
  }
  [[nodiscard]] std::int64_t present_demand_decivar(std::int64_t utc_ms) const {
    return quantities_.present_demand_decivar(utc_ms);
  }
  /// 1 to 7, bit 0 low.
  [[nodiscard]] std::uint16_t status_word(std::int64_t utc_ms, std::size_t number) const {
    return static_cast<std::uint16_t>(quantities_.status_word(utc_ms, number, false));
  }

  [[nodiscard]] std::int64_t installed_utc_ms() const noexcept { return quantities_.installed_utc_ms(); }
  /// Before it nothing can be told of single moments: not installed, cleared since, or pauses not known one by one.
  [[nodiscard]] std::int64_t known_from_utc_ms() const noexcept;
  [[nodiscard]] bool is_three_phase() const noexcept { return options_.three_phase; }

  static constexpr int tariffs = MeterQuantities::tariff_count;
  /// Registers of six digits before the point and two behind it roll over.
  static constexpr std::int64_t energy_limit_centikwh = 100'000'000;

 private:
  [[nodiscard]] CurveEnergy curve_energy(std::int64_t utc_ms) const;

  VirtualMeterOptions options_;
  MeterQuantities quantities_;  // looks at options_ and mirror_
  MeterState mirror_;           // our state in the terms of the other meter
  std::int64_t folded_until_utc_ms_ = always_ms;
};

}  // namespace duheng::device::meter698
