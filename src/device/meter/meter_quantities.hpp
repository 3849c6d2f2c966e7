#pragma once
#include <array>
#include <cstdint>
#include <optional>

#include "codec/dlt645/address.hpp"
#include "device/meter/load_curve.hpp"
#include "device/meter/meter_moments.hpp"
#include "device/meter/meter_state.hpp"

namespace duheng::device {

struct VirtualMeterOptions {
  dlt645::Address address;
  std::uint64_t seed = 1;
  bool three_phase = false;
  bool exports = false;  ///< has solar panels
  LoadCurve::Use use = LoadCurve::Use::any;
  std::int32_t zone_offset_minutes = 480;  ///< civil time of its clock, fixed
  std::int32_t clock_offset_ms = 0;        ///< how wrong its clock was set at installation
  std::int32_t clock_drift_ppm = 0;        ///< and how much faster it runs than true time
  /// Of all levels, as it travels, until changed: 123456.
  PasswordGuard::Password password{0x56, 0x34, 0x12};
  bool programming_key = false;  ///< pressed: it takes a new address (15H)
};

/// What a meter measures at one moment; import is positive, export negative. Absent phases are 0.
struct Measurement {
  std::array<std::int64_t, 4> power_active_deciwatt{};   ///< total, A, B, C in 0.1 W
  std::array<std::int64_t, 4> power_reactive_decivar{};  ///< total, A, B, C in 0.1 var
  std::array<std::int64_t, 4> power_factor_per_mille{};  ///< total, A, B, C
  std::array<std::int64_t, 3> voltage_decivolt{};
  std::array<std::int64_t, 3> current_ma{};
  std::int64_t frequency_centihertz = 0;
};

/// What a meter measures and counts, at any moment of the past too: the curve, and what its state says about it.
class MeterQuantities {
 public:
  static constexpr int tariff_count = 4;
  static constexpr int phase_count = 3;

  MeterQuantities(const VirtualMeterOptions& options, const MeterState& state);

  /// Nothing is counted before.
  [[nodiscard]] std::int64_t installed_utc_ms() const noexcept { return installed_utc_ms_; }
  [[nodiscard]] std::int64_t floor_utc_ms() const noexcept;
  [[nodiscard]] MeterMoments moments(std::int64_t utc_ms) const { return {state_, utc_ms, floor_utc_ms()}; }

  [[nodiscard]] Measurement measure(std::int64_t utc_ms) const;
  /// Forward or reverse energy in 0.01 kWh; tariff 0 is the total, 1 to 4 sharp, peak, flat, valley.
  [[nodiscard]] std::int64_t energy_centikwh(std::int64_t utc_ms, bool reverse, int tariff) const;
  /// By DI2 of group 00: 0 combined, 1 forward, 2 reverse, 3 and 4 combined reactive, 5 to 8 the quadrants, 9 and 10
  /// apparent; nothing for others. Reactive energy is counted with the mean power factor, so it is as exact as the
  /// active one; its quadrant follows from the direction and the tariff (`is_capacitive`).
  [[nodiscard]] std::optional<std::int64_t> energy(std::int64_t utc_ms, std::uint8_t quantity, int tariff) const;

  /// Mean power of the last 15 minutes, import positive, in 0.1 W; and the reactive one in 0.1 var.
  [[nodiscard]] std::int64_t present_demand_deciwatt(std::int64_t utc_ms) const;
  [[nodiscard]] std::int64_t present_demand_decivar(std::int64_t utc_ms) const;
  struct Demand {
    std::int64_t deciwatt = 0;
    std::optional<std::int64_t> end_utc_ms;  ///< of the period in which it was; nothing when all was still
  };
  /// The highest mean power of a demand period between two moments, by block intervals of the meter's own clock.
  [[nodiscard]] Demand max_demand(std::int64_t from_utc_ms, std::int64_t to_utc_ms, bool reverse, int tariff) const;
  /// `settlement` 0: since the last settlement or clear, which asked again costs little; n: up to the last n.
  [[nodiscard]] std::optional<Demand> demand(std::int64_t utc_ms, std::size_t settlement, bool reverse,
                                             int tariff) const;
  /// The state was changed.
  void forget() noexcept { recent_.reset(); }

  /// 1 to 7.
  [[nodiscard]] std::int64_t status_word(std::int64_t utc_ms, std::size_t number, bool memory_failed) const;
  [[nodiscard]] std::int64_t share_of_phase_per_mille(std::size_t phase) const noexcept;
  [[nodiscard]] const LoadCurve& curve() const noexcept { return curve_; }

 private:
  using Tops = std::array<std::array<Demand, 1 + tariff_count>, 2>;  // forward, reverse
  struct Scan {
    std::int64_t from_utc_ms = 0;
    std::int64_t next_utc_ms = 0;
    std::int64_t period_ms = 0;
    Tops tops;
  };
  struct Phases {
    std::array<std::int64_t, 3> share_per_mille{};
    std::array<std::int64_t, 3> voltage_per_mille{1'000, 1'000, 1'000};
  };
  [[nodiscard]] std::int64_t local_ms(std::int64_t utc_ms) const noexcept;
  [[nodiscard]] CurveEnergy counted(std::int64_t utc_ms) const;
  [[nodiscard]] std::int64_t initial_centikwh() const noexcept;
  [[nodiscard]] CurveEnergy::Wide reactive_mw_ns(const CurveEnergy& energy, std::uint8_t quadrant, int tariff) const;
  [[nodiscard]] std::int64_t reactive(std::int64_t utc_ms, std::uint8_t quadrant, int tariff) const;
  [[nodiscard]] std::int64_t apparent(std::int64_t utc_ms, bool reverse, int tariff) const;
  [[nodiscard]] Phases phases_at(std::int64_t utc_ms) const;
  void measure_phase(std::int64_t utc_ms, std::size_t phase, std::int64_t voltage_per_mille, Measurement& out) const;
  [[nodiscard]] std::int64_t phase_word(std::int64_t utc_ms, std::uint8_t phase) const;
  [[nodiscard]] Scan begin_scan(std::int64_t from_utc_ms) const;
  void scan_until(Scan& scan, std::int64_t to_utc_ms) const;

  const VirtualMeterOptions& options_;
  const MeterState& state_;
  LoadCurve curve_;
  std::int64_t installed_utc_ms_;
  mutable std::optional<Scan> recent_;
};

}  // namespace duheng::device
