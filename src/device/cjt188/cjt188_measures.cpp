#include "device/cjt188/cjt188_measures.hpp"

#include <algorithm>

namespace duheng::device {
namespace {

using cjt188::MeterFamily;
using Purpose = ThermalCurve::Purpose;
constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t still_open = INT64_MAX;

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

DayCurve::Wide Cjt188Measures::drawn(std::int64_t local_ms) const {
  DayCurve::Wide out = 0;
  if (water_) out += water_->volume(local_ms);
  if (gas_) out += gas_->volume(local_ms);
  if (heating_) out += heating_->volume(local_ms);
  if (cooling_) out += cooling_->volume(local_ms);
  return out;
}

std::int64_t Cjt188Measures::volume(std::int64_t local_ms) const {
  DayCurve::Wide out = drawn(local_ms);
  for (const auto& closure : closures_)
    if (closure.from_local_ms < local_ms)
      out -= drawn(std::min(local_ms, closure.to_local_ms)) - drawn(closure.from_local_ms);
  return initial_centi_ + static_cast<std::int64_t>(out / volume_units::centi_cubic_metre);
}

std::int64_t Cjt188Measures::flow_microlitre_h(std::int64_t local_ms) const {
  for (const auto& closure : closures_)
    if (closure.from_local_ms <= local_ms && local_ms < closure.to_local_ms) return 0;
  std::int64_t out = 0;
  if (water_) out += water_->flow_microlitre_h(local_ms);
  if (gas_) out += gas_->flow_microlitre_h(local_ms);
  if (heating_) out += heating_->flow_microlitre_h(local_ms);
  if (cooling_) out += cooling_->flow_microlitre_h(local_ms);
  return out;
}

std::int64_t Cjt188Measures::energy(std::int64_t local_ms, Purpose purpose) const {
  const auto& curve = purpose == Purpose::heating ? heating_ : cooling_;
  return curve ? curve->energy_centikwh(local_ms) : 0;
}

/// The seasons do not overlap: at most one runs. Out of season the first one tells what still water has.
const ThermalCurve* Cjt188Measures::circuit(std::int64_t local_ms) const {
  if (cooling_ && (!heating_ || cooling_->flow_microlitre_h(local_ms) > 0)) return &*cooling_;
  return heating_ ? &*heating_ : nullptr;
}

std::int64_t Cjt188Measures::power_mw(std::int64_t local_ms) const {
  const auto* curve = circuit(local_ms);
  return curve != nullptr ? curve->power_mw(local_ms) : 0;
}

ThermalCurve::Temperatures Cjt188Measures::temperatures(std::int64_t local_ms) const {
  const auto* curve = circuit(local_ms);
  return curve != nullptr ? curve->temperatures(local_ms) : ThermalCurve::Temperatures{};
}

std::int64_t Cjt188Measures::working_hours(std::int64_t local_ms) const {
  return ((heating_ ? heating_->active_ms(local_ms) : 0) + (cooling_ ? cooling_->active_ms(local_ms) : 0)) / hour_ms;
}

void Cjt188Measures::valve_closed(std::int64_t local_ms) {
  if (closures_.empty() || closures_.back().to_local_ms != still_open) closures_.push_back({local_ms, still_open});
}

void Cjt188Measures::valve_opened(std::int64_t local_ms) {
  if (closures_.empty() || closures_.back().to_local_ms != still_open) return;
  // A clock set back must not make a closure that ends before it began.
  closures_.back().to_local_ms = std::max(local_ms, closures_.back().from_local_ms);
}

}  // namespace duheng::device
