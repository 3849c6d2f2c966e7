#include "device/meter/meter_quantities.hpp"

#include <algorithm>
#include <cmath>

#include "device/curve/utility_curve.hpp"

namespace duheng::device {
namespace {

using Wide = CurveEnergy::Wide;

constexpr std::uint64_t grid_seed = 50;  // frequency is the same for everybody on the grid
constexpr std::int64_t ns_mw_per_centikwh = 10LL * 3'600'000'000'000'000LL;     // 10 Wh; see CurveEnergy
constexpr std::int64_t energy_limit_centikwh = 100'000'000;                     // XXXXXX.XX rolls over
constexpr std::int64_t signed_limit_centikwh = energy_limit_centikwh * 8 / 10;  // a sign takes a bit
constexpr std::int64_t reactive_per_mille = 311;  // of active energy, at the mean power factor of 0.955
constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t present_demand_ms = 15 * minute_ms;
constexpr std::int64_t ns_per_ms = 1'000'000;
constexpr std::uint32_t demand_period_identifier = 0x04000103;

/// Who feeds reactive power rather than draws it: a house at night, whose cables and mains filters outweigh its motors,
/// and an inverter told to do so in the afternoon. Tariffs: 0 sharp, 1 peak, 2 flat, 3 valley.
constexpr bool is_capacitive(bool reverse, std::size_t tariff) { return tariff == (reverse ? 2U : 3U); }

/// sqrt(1 - f^2) / f in per mille, f in per mille.
std::int64_t reactive_share_per_mille(std::int64_t factor_per_mille) {
  const auto f = static_cast<double>(factor_per_mille) / 1'000.0;
  return std::llround(std::sqrt(1.0 - f * f) / f * 1'000.0);
}

std::int64_t centikwh(Wide energy_mw_ns) { return static_cast<std::int64_t>(energy_mw_ns / ns_mw_per_centikwh); }
/// Mean power in 0.1 W.
std::int64_t mean_deciwatt(Wide energy_mw_ns, std::int64_t length_ms) {
  return static_cast<std::int64_t>(energy_mw_ns / (static_cast<Wide>(length_ms) * ns_per_ms * 100));
}

}  // namespace

MeterQuantities::MeterQuantities(const VirtualMeterOptions& options, const MeterState& state)
    : options_(options),
      state_(state),
      curve_(options.seed, installed_day_of(options.seed), options.exports, options.use),
      installed_utc_ms_(curve_.installed_day() * LoadCurve::day_ms - options.zone_offset_minutes * minute_ms) {}

std::int64_t MeterQuantities::local_ms(std::int64_t utc_ms) const noexcept {
  return utc_ms + options_.zone_offset_minutes * minute_ms;
}

std::int64_t MeterQuantities::floor_utc_ms() const noexcept {
  return std::max(installed_utc_ms_, state_.cleared_utc_ms);
}

std::int64_t MeterQuantities::initial_centikwh() const noexcept {
  return state_.was_cleared() ? 0 : static_cast<std::int64_t>(mixed(options_.seed, 12) % 50'000);
}

CurveEnergy MeterQuantities::counted(std::int64_t utc_ms) const {
  const CurveEnergy all = state_.consumption.energy(utc_ms);
  return state_.was_cleared() ? all - state_.cleared_at : all;
}

std::int64_t MeterQuantities::energy_centikwh(std::int64_t utc_ms, bool reverse, int tariff) const {
  const auto energy = counted(utc_ms);
  if (reverse) {
    const auto amount =
        tariff == 0 ? energy.export_mw_ns : energy.export_by_tariff_mw_ns[static_cast<std::size_t>(tariff - 1)];
    return centikwh(amount) % energy_limit_centikwh;
  }
  if (tariff == 0) return (initial_centikwh() + centikwh(energy.import_mw_ns)) % energy_limit_centikwh;
  const auto part = energy.import_by_tariff_mw_ns[static_cast<std::size_t>(tariff - 1)];
  return (initial_centikwh() / tariff_count + centikwh(part)) % energy_limit_centikwh;
}

/// Of a quadrant, 1 to 4: in 2 and 3 active energy is exported, in 3 and 4 reactive energy is capacitive.
Wide MeterQuantities::reactive_mw_ns(const CurveEnergy& energy, std::uint8_t quadrant, int tariff) const {
  const bool reverse = quadrant == 2 || quadrant == 3;
  const auto& active = reverse ? energy.export_by_tariff_mw_ns : energy.import_by_tariff_mw_ns;
  Wide sum = 0;
  for (std::size_t part = 0; part < active.size(); ++part) {
    const bool wanted = tariff == 0 || static_cast<std::size_t>(tariff - 1) == part;
    if (wanted && is_capacitive(reverse, part) == (quadrant >= 3)) sum += active[part];
  }
  return sum * reactive_per_mille / 1'000;
}

std::int64_t MeterQuantities::reactive(std::int64_t utc_ms, std::uint8_t quadrant, int tariff) const {
  return centikwh(reactive_mw_ns(counted(utc_ms), quadrant, tariff)) % energy_limit_centikwh;
}

/// With a constant share of reactive energy, apparent energy is a constant multiple of active energy.
std::int64_t MeterQuantities::apparent(std::int64_t utc_ms, bool reverse, int tariff) const {
  const auto energy = counted(utc_ms);
  const auto& parts = reverse ? energy.export_by_tariff_mw_ns : energy.import_by_tariff_mw_ns;
  const Wide whole = reverse ? energy.export_mw_ns : energy.import_mw_ns;
  const Wide active = tariff == 0 ? whole : parts[static_cast<std::size_t>(tariff - 1)];
  static const auto apparent_per_mille = std::llround(std::hypot(1'000.0, static_cast<double>(reactive_per_mille)));
  return centikwh(active * apparent_per_mille / 1'000) % energy_limit_centikwh;
}

std::optional<std::int64_t> MeterQuantities::energy(std::int64_t utc_ms, std::uint8_t quantity, int tariff) const {
  if (tariff > tariff_count) return std::nullopt;
  switch (quantity) {
    case 0:
      return (energy_centikwh(utc_ms, false, tariff) + energy_centikwh(utc_ms, true, tariff)) % signed_limit_centikwh;
    case 1:
    case 2:
      return energy_centikwh(utc_ms, quantity == 2, tariff);
    case 3:  // quadrants 1 and 2, as the combination word says
      return (reactive(utc_ms, 1, tariff) + reactive(utc_ms, 2, tariff)) % signed_limit_centikwh;
    case 4:  // 3 and 4
      return (reactive(utc_ms, 3, tariff) + reactive(utc_ms, 4, tariff)) % signed_limit_centikwh;
    case 5:
    case 6:
    case 7:
    case 8:
      return reactive(utc_ms, static_cast<std::uint8_t>(quantity - 4), tariff);
    case 9:
    case 10:
      return apparent(utc_ms, quantity == 10, tariff);
    default:
      return std::nullopt;
  }
}

std::int64_t MeterQuantities::share_of_phase_per_mille(std::size_t phase) const noexcept {
  if (!options_.three_phase) return phase == 0 ? 1'000 : 0;
  const auto share_a = static_cast<std::int64_t>(280 + mixed(options_.seed, 13) % 120);
  const auto share_b = static_cast<std::int64_t>(280 + mixed(options_.seed, 14) % 120);
  return phase == 0 ? share_a : phase == 1 ? share_b : 1'000 - share_a - share_b;
}

namespace {

using Shares = std::array<std::int64_t, 3>;

/// Where the load goes when it leaves a phase: over the others, so that the sum stays what the curve says.
void move_load(Shares& shares, std::size_t from, std::int64_t to_per_mille) {
  const std::size_t other = (from + 1) % shares.size();
  shares[other] += shares[from] - to_per_mille;
  shares[from] = to_per_mille;
}
/// What an event does to the shares of three phases.
void apply_to_shares(MeterEvent kind, std::size_t phase, Shares& shares) {
  constexpr std::int64_t most_of_it = 850;
  constexpr std::int64_t backwards = -150;
  switch (kind) {
    case MeterEvent::loss_of_current:
    case MeterEvent::phase_break:
      return move_load(shares, phase, 0);
    case MeterEvent::over_current:
    case MeterEvent::overload:
      shares = {(1'000 - most_of_it) / 2, (1'000 - most_of_it) / 2, (1'000 - most_of_it) / 2};
      shares[phase] = most_of_it;
      return;
    case MeterEvent::reverse_flow:
      return move_load(shares, phase, backwards);
    case MeterEvent::current_unbalance:
      shares = {700, 200, 100};
      return;
    default:
      return;
  }
}
void apply_to_voltages(MeterEvent kind, std::size_t phase, Shares& per_mille) {
  switch (kind) {
    case MeterEvent::loss_of_voltage:
    case MeterEvent::phase_break:
      per_mille[phase] = 300;
      return;
    case MeterEvent::under_voltage:
      per_mille[phase] = 850;
      return;
    case MeterEvent::over_voltage:
      per_mille[phase] = 1'150;
      return;
    case MeterEvent::voltage_unbalance:
      per_mille = {1'060, 1'000, 930};
      return;
    default:
      return;
  }
}

}  // namespace

MeterQuantities::Phases MeterQuantities::phases_at(std::int64_t utc_ms) const {
  Phases out;
  for (std::size_t phase = 0; phase < out.share_per_mille.size(); ++phase)
    out.share_per_mille[phase] = share_of_phase_per_mille(phase);
  for (const auto& record : state_.events.records()) {
    if (!record.lasts(utc_ms)) continue;
    const std::size_t phase = record.phase == 0 ? 0 : record.phase - 1U;
    apply_to_voltages(record.kind, phase, out.voltage_per_mille);
    if (options_.three_phase) apply_to_shares(record.kind, phase, out.share_per_mille);
  }
  return out;
}

void MeterQuantities::measure_phase(std::int64_t utc_ms, std::size_t phase, std::int64_t voltage_per_mille,
                                    Measurement& out) const {
  const std::int64_t power = out.power_active_deciwatt[phase];
  const std::int64_t amount = power < 0 ? -power : power;
  const std::int64_t factor = 955 + wander(mixed(options_.seed, 15, phase), utc_ms, 60'000, 35);
  std::int64_t voltage = 2'205 + wander(mixed(options_.seed, 16, phase), utc_ms, 20'000, 40) - power / 4'000;
  if (voltage_per_mille != 1'000) voltage = voltage * voltage_per_mille / 1'000;
  out.voltage_decivolt[phase - 1] = voltage;
  // I = P / (U x factor): 0.1 W x 10^5 / (0.1 V x per mille) = 10^-3 A.
  const std::int64_t current_ma = amount * 1'000'000 / (voltage * factor);
  out.current_ma[phase - 1] = power < 0 ? -current_ma : current_ma;
  out.power_factor_per_mille[phase] = power == 0 ? 1'000 : power < 0 ? -factor : factor;
  const std::int64_t reactive = amount * reactive_share_per_mille(factor) / 1'000;
  const auto tariff = static_cast<std::size_t>(LoadCurve::tariff_at(local_ms(utc_ms)));
  out.power_reactive_decivar[phase] = is_capacitive(power < 0, tariff) ? -reactive : reactive;
  out.power_reactive_decivar[0] += out.power_reactive_decivar[phase];
}

Measurement MeterQuantities::measure(std::int64_t utc_ms) const {
  Measurement out;
  const std::int64_t total = state_.consumption.power_mw(utc_ms) / 100;
  const auto phases = phases_at(utc_ms);
  out.power_active_deciwatt[0] = total;
  out.power_active_deciwatt[1] = total * phases.share_per_mille[0] / 1'000;
  if (options_.three_phase) {
    out.power_active_deciwatt[2] = total * phases.share_per_mille[1] / 1'000;
    const std::int64_t rest = total - out.power_active_deciwatt[1] - out.power_active_deciwatt[2];
    // What rounding leaves belongs to a phase that has current.
    out.power_active_deciwatt[phases.share_per_mille[2] == 0 ? 1 : 3] += rest;
  }
  const std::size_t count = options_.three_phase ? 3 : 1;
  for (std::size_t phase = 1; phase <= count; ++phase)
    measure_phase(utc_ms, phase, phases.voltage_per_mille[phase - 1], out);
  const double p = static_cast<double>(total);
  const double q = static_cast<double>(out.power_reactive_decivar[0]);
  const double apparent = std::sqrt(p * p + q * q);
  out.power_factor_per_mille[0] = apparent > 0 ? std::llround(1'000.0 * p / apparent) : 1'000;
  out.frequency_centihertz = 5'000 + wander(grid_seed, utc_ms, 4'000, 4);
  return out;
}

std::int64_t MeterQuantities::present_demand_deciwatt(std::int64_t utc_ms) const {
  const std::int64_t from_utc_ms = std::max(utc_ms - present_demand_ms, floor_utc_ms());
  const auto before = counted(from_utc_ms);
  const auto now = counted(utc_ms);
  return mean_deciwatt(now.import_mw_ns - before.import_mw_ns - (now.export_mw_ns - before.export_mw_ns),
                       present_demand_ms);
}

std::int64_t MeterQuantities::present_demand_decivar(std::int64_t utc_ms) const {
  const auto window = counted(utc_ms) - counted(std::max(utc_ms - present_demand_ms, floor_utc_ms()));
  const auto of = [&](std::uint8_t quadrant) { return reactive_mw_ns(window, quadrant, 0); };
  return mean_deciwatt(of(1) + of(2) - of(3) - of(4), present_demand_ms);
}

MeterQuantities::Scan MeterQuantities::begin_scan(std::int64_t from_utc_ms) const {
  Scan out;
  out.from_utc_ms = from_utc_ms;
  const auto* written = state_.find_parameter(demand_period_identifier);
  const int minutes = written == nullptr || written->empty() ? 15 : ((*written)[0] >> 4) * 10 + ((*written)[0] & 0x0F);
  out.period_ms = std::max(minutes, 1) * minute_ms;
  const std::int64_t own_ms = state_.clock.own_ms(from_utc_ms);
  const std::int64_t into_ms = ((own_ms % out.period_ms) + out.period_ms) % out.period_ms;
  out.next_utc_ms = into_ms == 0 ? from_utc_ms : from_utc_ms + out.period_ms - into_ms;
  return out;
}

void MeterQuantities::scan_until(Scan& scan, std::int64_t to_utc_ms) const {
  if (scan.next_utc_ms + scan.period_ms > to_utc_ms) return;
  CurveEnergy begin = state_.consumption.energy(scan.next_utc_ms);
  for (; scan.next_utc_ms + scan.period_ms <= to_utc_ms; scan.next_utc_ms += scan.period_ms) {
    const std::int64_t end_utc_ms = scan.next_utc_ms + scan.period_ms;
    const CurveEnergy end = state_.consumption.energy(end_utc_ms);
    const CurveEnergy block = end - begin;
    begin = end;
    const auto offer = [&](Demand& top, Wide energy) {
      const std::int64_t power = mean_deciwatt(energy, scan.period_ms);
      if (power > top.deciwatt) top = {power, end_utc_ms};
    };
    offer(scan.tops[0][0], block.import_mw_ns);
    offer(scan.tops[1][0], block.export_mw_ns);
    for (std::size_t tariff = 0; tariff < block.import_by_tariff_mw_ns.size(); ++tariff) {
      offer(scan.tops[0][tariff + 1], block.import_by_tariff_mw_ns[tariff]);
      offer(scan.tops[1][tariff + 1], block.export_by_tariff_mw_ns[tariff]);
    }
  }
}

MeterQuantities::Demand MeterQuantities::max_demand(std::int64_t from_utc_ms, std::int64_t to_utc_ms, bool reverse,
                                                    int tariff) const {
  if (!recent_ || recent_->from_utc_ms != from_utc_ms || to_utc_ms < recent_->next_utc_ms)
    recent_ = begin_scan(from_utc_ms);
  scan_until(*recent_, to_utc_ms);
  return recent_->tops[reverse ? 1 : 0][static_cast<std::size_t>(tariff)];
}

std::optional<MeterQuantities::Demand> MeterQuantities::demand(std::int64_t utc_ms, std::size_t settlement,
                                                               bool reverse, int tariff) const {
  if (tariff > tariff_count) return std::nullopt;
  const auto kept = moments(utc_ms);
  std::int64_t to = utc_ms;
  if (settlement > 0) {
    const auto settled = kept.settlement(settlement);
    if (!settled) return std::nullopt;
    to = *settled;
  }
  std::int64_t from = kept.settlement(settlement + 1).value_or(floor_utc_ms());
  if (state_.demand_cleared_utc_ms <= to) from = std::max(from, state_.demand_cleared_utc_ms);
  return max_demand(from, to, reverse, tariff);
}

std::int64_t MeterQuantities::phase_word(std::int64_t utc_ms, std::uint8_t phase) const {
  using enum MeterEvent;
  constexpr std::array<std::pair<MeterEvent, int>, 8> bits{{{loss_of_voltage, 0},
                                                            {under_voltage, 1},
                                                            {over_voltage, 2},
                                                            {loss_of_current, 3},
                                                            {over_current, 4},
                                                            {overload, 5},
                                                            {reverse_flow, 6},
                                                            {phase_break, 7}}};
  std::int64_t word = 0;
  for (const auto& [kind, bit] : bits)
    if (state_.events.lasts(kind, phase, utc_ms)) word |= 1LL << bit;
  return word;
}

std::int64_t MeterQuantities::status_word(std::int64_t utc_ms, std::size_t number, bool memory_failed) const {
  // Bits as in the reference; what is not named stands at 0: mains supply, programming by command, post-paid.
  switch (number) {
    case 1: {
      const bool backwards = measure(utc_ms).power_active_deciwatt[0] < 0;
      return (backwards ? 1 << 4 : 0) | (memory_failed ? 1 << 13 : 0);
    }
    case 2: {
      const auto measured = measure(utc_ms);
      std::int64_t word = 0;
      for (std::size_t phase = 0; phase < phase_count; ++phase)
        if (measured.power_active_deciwatt[phase + 1] < 0) word |= 1LL << phase;
      return word;
    }
    case 3:
      return (state_.relay.open ? 1 << 4 : 0) | (state_.relay.open && !state_.relay.close_permitted ? 1 << 6 : 0) |
             (state_.relay.alarm ? 1 << 7 : 0) | (state_.relay.kept_supplied ? 1 << 12 : 0);
    case 4:
    case 5:
    case 6:
      return phase_word(utc_ms, static_cast<std::uint8_t>(number - 3));
    default:
      return (state_.events.lasts(MeterEvent::voltage_sequence, 0, utc_ms) ? 1 : 0) |
             (state_.events.lasts(MeterEvent::current_sequence, 0, utc_ms) ? 2 : 0) |
             (state_.events.lasts(MeterEvent::power_down, 0, utc_ms) ? 1 << 5 : 0);
  }
}

}  // namespace duheng::device
