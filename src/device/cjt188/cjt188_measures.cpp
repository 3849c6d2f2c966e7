#include "device/cjt188/cjt188_measures.hpp"

#include <algorithm>

namespace duheng::device {
namespace {

using cjt188::MeterFamily;
using Purpose = ThermalCurve::Purpose;
constexpr std::int64_t hour_ms = 3'600'000;

}  // namespace

Cjt188Measures::Cjt188Measures(std::uint8_t meter_type, std::uint64_t seed, bool leaks)
    : installed_day_(installed_day_of(seed)), initial_centi_(static_cast<std::int64_t>(mixed(seed, 12) % 5'000)) {
  const auto flow_litre_h = static_cast<std::int32_t>(300 + mixed(seed, 13) % 600);
  switch (cjt188::family_of(meter_type)) {
    case MeterFamily::gas:
      gas_.emplace(seed, installed_day_);
      break;
    case MeterFamily::heat:
      if (meter_type != cjt188::meter_types::cooling)
        heating_.emplace(seed, installed_day_, Purpose::heating, flow_litre_h);
      if (meter_type != cjt188::meter_types::heat)
        cooling_.emplace(mixed(seed, 14), installed_day_, Purpose::cooling, 2 * flow_litre_h);
      break;
    default:
      water_.emplace(seed, installed_day_, leaks);
  }
}

DayCurve::Wide Cjt188Measures::integral(std::size_t count, std::int64_t local_ms) const {
  DayCurve::Wide out = 0;
  switch (static_cast<Count>(count)) {
    case count_volume:
      if (water_) out += water_->volume(local_ms);
      if (gas_) out += gas_->volume(local_ms);
      if (heating_) out += heating_->volume(local_ms);
      if (cooling_) out += cooling_->volume(local_ms);
      return out;
    case count_heating:
      return heating_ ? heating_->energy_centikwh(local_ms) : 0;
    case count_cooling:
      return cooling_ ? cooling_->energy_centikwh(local_ms) : 0;
    case count_active:
      if (heating_) out += heating_->active_ms(local_ms);
      if (cooling_) out += cooling_->active_ms(local_ms);
      return out;
  }
  return out;
}

DayCurve::Wide Cjt188Measures::measured(Count count, std::int64_t local_ms, const Interruptions& interruptions) const {
  // What was summed up of old interruptions came later than the oldest history: there it may be too much.
  return std::max<DayCurve::Wide>(
      0, integral(count, local_ms) -
             interruptions.withheld(count, local_ms, [&](std::int64_t at) { return integral(count, at); }));
}

std::int64_t Cjt188Measures::volume(std::int64_t local_ms, const Interruptions& interruptions) const {
  return initial_centi_ +
         static_cast<std::int64_t>(measured(count_volume, local_ms, interruptions) / volume_units::centi_cubic_metre);
}

std::int64_t Cjt188Measures::flow_microlitre_h(std::int64_t local_ms, const Interruptions& interruptions) const {
  if (interruptions.covers(local_ms)) return 0;
  std::int64_t out = 0;
  if (water_) out += water_->flow_microlitre_h(local_ms);
  if (gas_) out += gas_->flow_microlitre_h(local_ms);
  if (heating_) out += heating_->flow_microlitre_h(local_ms);
  if (cooling_) out += cooling_->flow_microlitre_h(local_ms);
  return out;
}

std::int64_t Cjt188Measures::energy(std::int64_t local_ms, Purpose purpose, const Interruptions& interruptions) const {
  return static_cast<std::int64_t>(
      measured(purpose == Purpose::heating ? count_heating : count_cooling, local_ms, interruptions));
}

/// The seasons do not overlap: at most one runs. Out of season the first one tells what still water has.
const ThermalCurve* Cjt188Measures::circuit(std::int64_t local_ms) const {
  if (cooling_ && (!heating_ || cooling_->flow_microlitre_h(local_ms) > 0)) return &*cooling_;
  return heating_ ? &*heating_ : nullptr;
}

std::int64_t Cjt188Measures::power_mw(std::int64_t local_ms, const Interruptions& interruptions) const {
  const auto* curve = circuit(local_ms);
  return curve != nullptr && !interruptions.covers(local_ms) ? curve->power_mw(local_ms) : 0;
}

ThermalCurve::Temperatures Cjt188Measures::temperatures(std::int64_t local_ms) const {
  const auto* curve = circuit(local_ms);
  return curve != nullptr ? curve->temperatures(local_ms) : ThermalCurve::Temperatures{};
}

std::int64_t Cjt188Measures::working_hours(std::int64_t local_ms, const Interruptions& interruptions) const {
  return static_cast<std::int64_t>(measured(count_active, local_ms, interruptions) / hour_ms);
}

void Cjt188Measures::interrupt(std::int64_t local_ms, bool begins, Interruptions& interruptions) const {
  if (begins)
    interruptions.begin(local_ms, [this](std::size_t count, std::int64_t at) { return integral(count, at); });
  else
    interruptions.end(local_ms);
}

}  // namespace duheng::device
