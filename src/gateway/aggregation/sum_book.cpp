#include "gateway/aggregation/sum_book.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "drivers/processing/exact.hpp"

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
  for (auto& rule : rules) {
    std::string uid = rule.uid;
    by_uid_.insert_or_assign(std::move(uid), place(std::move(rule), INT64_MIN));
  }
}

std::uint32_t SumBook::place(SumRule rule, std::int64_t after_utc_ms) {
  std::uint32_t number = static_cast<std::uint32_t>(sums_.size());
  if (free_.empty()) {
    sums_.emplace_back();
  } else {
    number = free_.back();
    free_.pop_back();
    sums_[number] = {};
  }
  Sum& sum = sums_[number];
  sum.rule = std::move(rule);
  sum.after_utc_ms = after_utc_ms;
  const std::size_t members = std::max<std::size_t>(sum.rule.members.size(), 1);
  sum.instants_max = std::clamp<std::size_t>(sum_limits::values_max / members, 16, sum_limits::instants_max);
  for (std::uint32_t member = 0; member < sum.rule.members.size(); ++member)
    seats_[sum.rule.members[member]].push_back({number, member});
  seat_count_ += sum.rule.members.size();
  return number;
}

Result<std::int64_t> SumBook::set(SumRule rule, std::int64_t from_utc_ms) {
  const auto known = by_uid_.find(rule.uid);
  if (known != by_uid_.end() && sums_[known->second].rule == rule) return sums_[known->second].after_utc_ms;
  if (seat_count_ + rule.members.size() > sum_limits::seats_max)
    return fail(ErrorCode::limit_exceeded,
                fmt::format("the sums of a gateway have at most {} members together", sum_limits::seats_max));
  if (known == by_uid_.end() && by_uid_.size() >= sum_limits::sums_max)
    return fail(ErrorCode::limit_exceeded, fmt::format("a gateway has at most {} sums", sum_limits::sums_max));
  if (known != by_uid_.end()) from_utc_ms = end(known->second, from_utc_ms);
  std::string uid = rule.uid;
  by_uid_.insert_or_assign(std::move(uid), place(std::move(rule), from_utc_ms));
  return from_utc_ms;
}

void SumBook::remove(std::string_view uid, std::int64_t now_utc_ms) {
  const auto known = by_uid_.find(uid);
  if (known == by_uid_.end()) return;
  static_cast<void>(end(known->second, now_utc_ms));
  by_uid_.erase(known);
}

void SumBook::forget(std::uint32_t number, std::map<std::int64_t, Instant>::iterator instant) {
  agenda_.erase({at_once, number, instant->first});
  agenda_.erase({instant->second.due_utc_ms, number, instant->first});
  sums_[number].instants.erase(instant);
}

std::int64_t SumBook::end(std::uint32_t number, std::int64_t at_utc_ms) {
  Sum& sum = sums_[number];
  // With a tolerance an instant may be complete before its time: it is not told again by others.
  sum.last_utc_ms = std::max({at_utc_ms, sum.last_instant, sum.after_utc_ms});
  while (!sum.instants.empty() && std::prev(sum.instants.end())->first > sum.last_utc_ms)
    forget(number, std::prev(sum.instants.end()));
  // Meters' own profiles come up to two intervals late.
  ending_.emplace(std::max(sum.last_utc_ms, at_utc_ms) + 2 * sum.rule.interval_ms + sum.rule.wait_ms, number);
  return sum.last_utc_ms;
}

void SumBook::release(std::uint32_t number) {
  Sum& sum = sums_[number];
  while (!sum.instants.empty()) forget(number, sum.instants.begin());
  for (const auto& member : sum.rule.members) {
    const auto seats = seats_.find(member);
    std::erase_if(seats->second, [&](const Seat& seat) { return seat.sum == number; });
    if (seats->second.empty()) seats_.erase(seats);
  }
  seat_count_ -= sum.rule.members.size();
  sum = {};
  free_.push_back(number);
}

/// Those that end are kept as long as one of their instants may still be told.
void SumBook::release_ended(std::int64_t now_utc_ms) {
  while (!ending_.empty() && ending_.begin()->first <= now_utc_ms) {
    const std::uint32_t number = ending_.begin()->second;
    ending_.erase(ending_.begin());
    const Sum& sum = sums_[number];
    std::int64_t open_until_utc_ms = INT64_MIN;
    for (const auto& [at, instant] : sum.instants)
      if (!instant.done && !instant.told_incomplete)
        open_until_utc_ms = std::max(open_until_utc_ms, std::max(now_utc_ms, instant.due_utc_ms) + 1);
    if (open_until_utc_ms == INT64_MIN)
      release(number);
    else
      ending_.emplace(open_until_utc_ms, number);
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
    forget(number, oldest);
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
  if (at <= sums_[seat.sum].after_utc_ms || at > sums_[seat.sum].last_utc_ms) return;  // others' instant
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
  release_ended(now_utc_ms);
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
