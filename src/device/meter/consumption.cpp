#include "device/meter/consumption.hpp"

#include <algorithm>

namespace duheng::device {

CurveEnergy operator+(const CurveEnergy& a, const CurveEnergy& b) noexcept {
  CurveEnergy out{a.import_mw_ns + b.import_mw_ns, a.export_mw_ns + b.export_mw_ns, a.import_by_tariff_mw_ns,
                  a.export_by_tariff_mw_ns};
  for (std::size_t i = 0; i < out.import_by_tariff_mw_ns.size(); ++i) {
    out.import_by_tariff_mw_ns[i] += b.import_by_tariff_mw_ns[i];
    out.export_by_tariff_mw_ns[i] += b.export_by_tariff_mw_ns[i];
  }
  return out;
}

CurveEnergy operator-(const CurveEnergy& a, const CurveEnergy& b) noexcept {
  CurveEnergy out{a.import_mw_ns - b.import_mw_ns, a.export_mw_ns - b.export_mw_ns, a.import_by_tariff_mw_ns,
                  a.export_by_tariff_mw_ns};
  for (std::size_t i = 0; i < out.import_by_tariff_mw_ns.size(); ++i) {
    out.import_by_tariff_mw_ns[i] -= b.import_by_tariff_mw_ns[i];
    out.export_by_tariff_mw_ns[i] -= b.export_by_tariff_mw_ns[i];
  }
  return out;
}

namespace {

/// Energies of before the folded pauses may come out below zero: a counter never does.
CurveEnergy not_negative(CurveEnergy energy) noexcept {
  const auto lift = [](CurveEnergy::Wide& amount) { amount = amount < 0 ? 0 : amount; };
  lift(energy.import_mw_ns);
  lift(energy.export_mw_ns);
  for (auto& part : energy.import_by_tariff_mw_ns) lift(part);
  for (auto& part : energy.export_by_tariff_mw_ns) lift(part);
  return energy;
}

}  // namespace

CurveEnergy Consumption::energy(std::int64_t utc_ms) const {
  if (gaps_.empty()) {
    return folded_.import_mw_ns == 0 && folded_.export_mw_ns == 0 ? on_curve(utc_ms)
                                                                  : not_negative(on_curve(utc_ms) - folded_);
  }
  const auto after = std::ranges::upper_bound(gaps_, utc_ms, {}, &Gap::begin_utc_ms);
  if (after == gaps_.begin()) return not_negative(on_curve(utc_ms) - folded_);
  const Gap& gap = *(after - 1);
  if (utc_ms < gap.end_utc_ms) return not_negative(gap.at_begin - gap.missed_before - folded_);
  return not_negative(on_curve(utc_ms) - gap.missed_after - folded_);
}

std::int64_t Consumption::power_mw(std::int64_t utc_ms) const {
  return is_paused(utc_ms) ? 0 : curve_->power_mw(utc_ms + zone_ms_);
}

bool Consumption::is_paused(std::int64_t utc_ms) const noexcept {
  if (gaps_.empty()) return false;
  const auto after = std::ranges::upper_bound(gaps_, utc_ms, {}, &Gap::begin_utc_ms);
  return after != gaps_.begin() && utc_ms < (after - 1)->end_utc_ms;
}

bool Consumption::has_supply(std::int64_t utc_ms) const noexcept {
  return std::ranges::none_of(pauses_, [utc_ms](const Pause& pause) {
    return pause.cause == Pause::Cause::supply && pause.begin_utc_ms <= utc_ms && utc_ms < pause.end_utc_ms;
  });
}

void Consumption::restore(std::vector<Pause> pauses, const CurveEnergy& folded) {
  pauses_ = std::move(pauses);
  folded_ = folded;
  make_gaps();
}

void Consumption::add(const Pause& pause) {
  const auto place = std::ranges::upper_bound(pauses_, pause.begin_utc_ms, {}, &Pause::begin_utc_ms);
  pauses_.insert(place, pause);
  while (pauses_.size() > pauses_max) fold_oldest();
  make_gaps();
}

void Consumption::end(Pause::Cause cause, std::int64_t utc_ms) {
  const auto open = std::ranges::find_if(
      pauses_, [&](const Pause& pause) { return pause.cause == cause && pause.end_utc_ms == Pause::open_end; });
  if (open == pauses_.end()) return;
  // True time may have been set back since: then it was no pause at all.
  open->end_utc_ms = std::max(utc_ms, open->begin_utc_ms);
  make_gaps();
}

void Consumption::fold_oldest() {
  // Whole gaps only, so that nothing is counted twice where pauses overlap.
  make_gaps();
  const Gap& first = gaps_.front();
  if (first.end_utc_ms == Pause::open_end) {
    pauses_.erase(pauses_.begin() + 1);  // one pause without end covers all the others
    return;
  }
  folded_ = folded_ + (on_curve(first.end_utc_ms) - first.at_begin);
  const std::int64_t end = first.end_utc_ms;
  std::erase_if(pauses_, [end](const Pause& pause) { return pause.end_utc_ms <= end; });
}

void Consumption::make_gaps() {
  gaps_.clear();
  for (const Pause& pause : pauses_) {
    if (!gaps_.empty() && pause.begin_utc_ms <= gaps_.back().end_utc_ms)
      gaps_.back().end_utc_ms = std::max(gaps_.back().end_utc_ms, pause.end_utc_ms);
    else
      gaps_.push_back({pause.begin_utc_ms, pause.end_utc_ms, {}, {}, {}});
  }
  CurveEnergy missed;
  for (Gap& gap : gaps_) {
    gap.at_begin = on_curve(gap.begin_utc_ms);
    gap.missed_before = missed;
    if (gap.end_utc_ms == Pause::open_end) break;  // the last one
    missed = missed + (on_curve(gap.end_utc_ms) - gap.at_begin);
    gap.missed_after = missed;
  }
}

}  // namespace duheng::device
