#include "gateway/aggregation/sum_book.hpp"

#include <algorithm>

#include "gateway/aggregation/exact.hpp"

namespace duheng::gateway {
namespace {

constexpr Quality unusable = Quality::no_value | Quality::invalid_content;

/// The multiple of the interval nearest to `time_utc_ms`; halves go to the later one.
std::int64_t nearest_instant(std::int64_t time_utc_ms, std::int64_t interval_ms) {
  const std::int64_t into = (time_utc_ms % interval_ms + interval_ms) % interval_ms;
  return into * 2 < interval_ms ? time_utc_ms - into : time_utc_ms - into + interval_ms;
}

std::int64_t distance(std::int64_t a, std::int64_t b) { return a < b ? b - a : a - b; }

}  // namespace

SumBook::SumBook(std::vector<SumRule> rules) {
  sums_.reserve(rules.size());
  for (auto& rule : rules) {
    const auto number = static_cast<std::uint32_t>(sums_.size());
    Sum& sum = sums_.emplace_back();
    sum.rule = std::move(rule);
    const std::size_t members = std::max<std::size_t>(sum.rule.members.size(), 1);
    sum.instants_max = std::clamp<std::size_t>(sum_limits::values_max / members, 16, sum_limits::instants_max);
    for (std::uint32_t member = 0; member < sum.rule.members.size(); ++member)
      seats_[sum.rule.members[member]].push_back({number, member});
  }
}

void SumBook::observe(std::string_view uid, const Register& what, const Reading& reading, std::int64_t now_utc_ms) {
  if (what.kind != SeriesKind::decimal || has(reading.quality, unusable)) return;
  const auto found = seats_.find(uid);
  if (found == seats_.end()) return;
  for (const Seat& seat : found->second) {
    const SumRule& rule = sums_[seat.sum].rule;
    if (rule.register_name != what.name) continue;
    const auto wide = exact::in_exponent({reading.mantissa, what.exponent}, rule.exponent);
    const auto mantissa = wide ? exact::narrow(*wide) : std::nullopt;
    if (!mantissa || rule.unit != what.unit) {
      ++statistics_.values_refused;
      continue;
    }
    put(seat, *mantissa, reading, now_utc_ms);
  }
}

SumBook::Instant* SumBook::instant_of(std::uint32_t number, std::int64_t instant_utc_ms, std::int64_t now_utc_ms) {
  Sum& sum = sums_[number];
  if (const auto found = sum.instants.find(instant_utc_ms); found != sum.instants.end()) return &found->second;
  if (sum.instants.size() >= sum.instants_max) {
    const auto oldest = sum.instants.begin();
    if (instant_utc_ms < oldest->first) {
      ++statistics_.values_too_old;
      return nullptr;
    }
    agenda_.erase({at_once, number, oldest->first});
    agenda_.erase({oldest->second.due_utc_ms, number, oldest->first});
    sum.instants.erase(oldest);
  }
  Instant& made = sum.instants[instant_utc_ms];
  made.values.resize(sum.rule.members.size());
  made.last_came_utc_ms = now_utc_ms;
  made.due_utc_ms = std::max(instant_utc_ms, now_utc_ms) + sum.rule.wait_ms;
  agenda_.insert({made.due_utc_ms, number, instant_utc_ms});
  return &made;
}

void SumBook::put(const Seat& seat, std::int64_t mantissa, const Reading& reading, std::int64_t now_utc_ms) {
  const SumRule& rule = sums_[seat.sum].rule;
  const std::int64_t at = nearest_instant(reading.time_utc_ms, rule.interval_ms);
  if (distance(at, reading.time_utc_ms) > rule.tolerance_ms) return;
  Instant* instant = instant_of(seat.sum, at, now_utc_ms);
  if (instant == nullptr || instant->done) return;
  Value& value = instant->values[seat.member];
  // Of several values the one nearest to the instant counts, of equally near ones the first.
  if (value.present && distance(value.time_utc_ms, at) <= distance(reading.time_utc_ms, at)) return;
  if (!value.present) {
    instant->last_came_utc_ms = now_utc_ms;
    if (++instant->present == instant->values.size()) agenda_.insert({at_once, seat.sum, at});
  }
  value = {mantissa, reading.time_utc_ms, reading.quality, true};
}

/// Whether a part went down since the newest sum before, and what the next one is compared with.
void SumBook::remember(Sum& sum, std::int64_t instant_utc_ms, const Instant& instant, GroupSum& told) {
  if (instant_utc_ms <= sum.last_instant) return;  // a late one: what came after it is known already
  const bool comparable = sum.last_values.size() == instant.values.size();
  sum.last_values.resize(instant.values.size());
  for (std::size_t member = 0; member < instant.values.size(); ++member) {
    const std::int64_t now = instant.values[member].mantissa;
    if (comparable && now < sum.last_values[member]) {
      told.quality = told.quality | Quality::decreased;
      told.parts[member].quality = told.parts[member].quality | Quality::decreased;
    }
    sum.last_values[member] = now;
  }
  sum.last_instant = instant_utc_ms;
}

GroupSum SumBook::tell(Sum& sum, std::int64_t instant_utc_ms, Instant& instant) {
  GroupSum out;
  out.rule = &sum.rule;
  out.instant_utc_ms = instant_utc_ms;
  out.missing = static_cast<std::uint32_t>(instant.values.size()) - instant.present;
  out.told_before = instant.told_incomplete;
  out.parts.reserve(instant.values.size());
  exact::Wide total = 0;  // at most 20,000 x 2^63
  for (std::size_t member = 0; member < instant.values.size(); ++member) {
    const Value& value = instant.values[member];
    out.parts.push_back({sum.rule.members[member],
                         value.present,
                         {value.mantissa, sum.rule.exponent},
                         value.time_utc_ms,
                         value.quality});
    if (!value.present) continue;
    total += value.mantissa;
    out.quality = out.quality | value.quality;
  }
  out.mantissa = exact::narrow(total);
  if (out.complete()) {
    remember(sum, instant_utc_ms, instant, out);
    instant.done = true;
    instant.values = {};
    ++statistics_.complete;
  } else {
    instant.told_incomplete = true;
    ++statistics_.incomplete;
  }
  return out;
}

std::optional<GroupSum> SumBook::take_due(std::int64_t now_utc_ms) {
  while (!agenda_.empty() && agenda_.begin()->due_utc_ms <= now_utc_ms) {
    const Due due = *agenda_.begin();
    agenda_.erase(agenda_.begin());
    Sum& sum = sums_[due.sum];
    Instant& instant = sum.instants.at(due.instant_utc_ms);
    if (instant.done) continue;
    if (due.due_utc_ms == at_once) return tell(sum, due.instant_utc_ms, instant);
    const std::int64_t patience_utc_ms = instant.last_came_utc_ms + sum.rule.wait_ms;
    if (patience_utc_ms > now_utc_ms) {
      instant.due_utc_ms = patience_utc_ms;
      agenda_.insert({patience_utc_ms, due.sum, due.instant_utc_ms});
    } else if (instant.present < instant.values.size()) {  // else it stands there as complete
      return tell(sum, due.instant_utc_ms, instant);
    }
  }
  return std::nullopt;
}

}  // namespace duheng::gateway
