#include "platform/alarms/alarm_machine.hpp"

#include <algorithm>
#include <charconv>

namespace duheng::platform::alarms {
namespace {

constexpr std::int64_t flood_window_ms = 60'000;

std::string reference(std::int64_t number) { return "#" + std::to_string(number); }

/// Something that is asked only every so often cannot be heard again at once: twice its interval, when that is longer.
std::int64_t release_ms(const AlarmKind& kind, const Alarm& alarm) {
  constexpr std::int64_t interval_s_max = 366LL * 86'400;
  const auto it = alarm.facts.find("interval_s");
  std::int64_t interval_s = 0;
  if (it != alarm.facts.end()) std::from_chars(it->second.data(), it->second.data() + it->second.size(), interval_s);
  return std::max(kind.release_ms, 2'000 * std::clamp<std::int64_t>(interval_s, 0, interval_s_max));
}

bool is_standing(const Alarm& alarm) { return alarm.stage == Stage::active || alarm.stage == Stage::pending; }

/// Nobody needs to have seen it before it goes.
bool closes_by_itself(const Alarm& alarm) {
  return alarm.severity < Severity::major || alarm.acknowledged_utc_ms != 0 || alarm.shelved_until_utc_ms != 0;
}

}  // namespace

// --- what stands -----------------------------------------------------------------------------------------------------

void AlarmMachine::restore(std::vector<Alarm> alarms, std::int64_t last_number) {
  next_number_ = last_number + 1;
  for (Alarm& alarm : alarms) {
    const std::int64_t number = alarm.number;
    next_number_ = std::max(next_number_, number + 1);
    Entry& entry = entries_[number];
    entry.kind = alarm_kind(alarm.kind);
    entry.alarm = std::move(alarm);
    entry.alarm.affected = 0;
    by_key_[{entry.alarm.kind, entry.alarm.subject}] = number;
    if (is_standing(entry.alarm)) stands(entry);
    if (entry.alarm.kind == flood_kind && is_standing(entry.alarm))
      floods_[{entry.alarm.facts["kind"], entry.alarm.organisation}].group = number;
  }
  for (auto& [number, entry] : entries_) {
    if (entry.alarm.held_by == 0) continue;
    dependants_[entry.alarm.held_by].insert(number);
    Entry* const cause = entry_of(entry.alarm.held_by);
    if (cause != nullptr) ++cause->alarm.affected;
    // A cause that was never stored, or ended as the program did: it is looked at again after the delay.
    const bool has_cause = cause != nullptr && is_standing(cause->alarm);
    if (!has_cause && entry.alarm.release_utc_ms == 0) {
      entry.alarm.release_utc_ms = entry.alarm.raised_utc_ms + release_ms(entry.kind, entry.alarm);
      touch(entry);
    }
  }
  for (auto& [number, entry] : entries_) reschedule(entry);
}

void AlarmMachine::raise(const Condition& condition, std::int64_t now) {
  advance(now);
  raise_now(condition, now);
}

void AlarmMachine::raise_now(const Condition& condition, std::int64_t now) {
  const auto it = by_key_.find({condition.kind, condition.subject});
  if (it == by_key_.end()) {
    Entry& entry = make(condition, now);
    if (entry.kind.delay_ms <= 0) activate(entry, now);
    reschedule(entry);
    return;
  }
  Entry& entry = entries_.at(it->second);
  if (is_standing(entry.alarm)) {
    update_standing(entry, condition, now);
  } else {
    stand_again(entry, condition, now);
  }
  reschedule(entry);
}

AlarmMachine::Entry& AlarmMachine::make(const Condition& condition, std::int64_t now) {
  const std::int64_t number = next_number_++;
  Entry& entry = entries_[number];
  entry.kind = alarm_kind(condition.kind);
  entry.alarm.number = number;
  entry.alarm.kind = condition.kind;
  entry.alarm.subject = condition.subject;
  entry.alarm.severity = condition.severity;
  entry.alarm.facts = condition.facts;
  entry.alarm.raised_utc_ms = now;
  entry.alarm.organisation = topology_.organisation(condition.subject);
  by_key_[{condition.kind, condition.subject}] = number;
  stands(entry);
  return entry;
}

void AlarmMachine::update_standing(Entry& entry, const Condition& condition, std::int64_t now) {
  Alarm& alarm = entry.alarm;
  if (alarm.severity == condition.severity && alarm.facts == condition.facts) return;
  const Severity before = std::exchange(alarm.severity, condition.severity);
  alarm.facts = condition.facts;
  if (alarm.stage == Stage::pending) return;
  if (alarm.severity < before) note(entry, Step::severity_fell, now);
  if (alarm.severity > before) {
    alarm.acknowledged_utc_ms = 0;
    alarm.escalated = false;
    if (alarm.held_by == 0) {
      alarm.rang_utc_ms = now;
      changes_.rang = true;
    }
    note(entry, Step::severity_rose, now);
  }
  touch(entry);
}

void AlarmMachine::activate(Entry& entry, std::int64_t now) {
  entry.alarm.stage = Stage::active;
  show(entry, Step::raised, now);
}

/// Brings it before people, unless it has a cause or is one of too many.
void AlarmMachine::show(Entry& entry, Step step, std::int64_t now) {
  std::int64_t holder = cause_of(entry);
  if (holder == 0) holder = flood_group(entry, now);
  if (holder != 0) {
    hold(entry, holder, now, true);
    return;
  }
  entry.alarm.rang_utc_ms = now;
  changes_.rang = true;
  note(entry, step, now);
}

/// It was over and holds again.
void AlarmMachine::stand_again(Entry& entry, const Condition& condition, std::int64_t now) {
  Alarm& alarm = entry.alarm;
  const bool rests = now - alarm.over_utc_ms < entry.kind.rest_ms && condition.severity <= alarm.severity;
  alarm.stage = Stage::active;
  alarm.over_utc_ms = 0;
  alarm.severity = condition.severity;
  alarm.facts = condition.facts;
  ++alarm.raised_times;
  stands(entry);
  if (rests && cause_of(entry) == 0) {
    note(entry, Step::repeated, now);
    return;
  }
  alarm.acknowledged_utc_ms = 0;
  alarm.escalated = false;
  show(entry, Step::repeated, now);
}

void AlarmMachine::clear(std::string_view kind, const Subject& subject, std::int64_t now) {
  advance(now);
  const auto it = by_key_.find({std::string{kind}, subject});
  if (it == by_key_.end()) return;
  Entry& entry = entries_.at(it->second);
  if (is_standing(entry.alarm)) end(entry, now);
}

void AlarmMachine::end(Entry& entry, std::int64_t now) {
  const std::int64_t number = entry.alarm.number;
  const bool was_pending = entry.alarm.stage == Stage::pending;
  const bool was_held = entry.alarm.held_by != 0;
  stands_no_more(entry);
  entry.alarm.stage = Stage::over;
  entry.alarm.over_utc_ms = now;
  if (!was_pending) note(entry, Step::over, now);
  release_dependants(number, now);
  if (was_pending || was_held) {
    if (was_held) let_go(entry, now);
    close(number, now, !was_pending);
    return;
  }
  reschedule(entry);
}

void AlarmMachine::close(std::int64_t number, std::int64_t now, bool tell) {
  Entry& entry = entries_.at(number);
  if (entry.due) due_.erase({*entry.due, number});
  entry.alarm.stage = Stage::closed;
  entry.alarm.closed_utc_ms = now;
  entry.alarm.shelved_until_utc_ms = 0;
  if (tell) note(entry, Step::closed, now);
  by_key_.erase({entry.alarm.kind, entry.alarm.subject});
  entries_.erase(number);
}

// --- time ------------------------------------------------------------------------------------------------------------

std::optional<std::int64_t> AlarmMachine::next_due_utc_ms() const {
  if (due_.empty()) return std::nullopt;
  return due_.begin()->first;
}

void AlarmMachine::advance(std::int64_t now) {
  while (!due_.empty() && due_.begin()->first <= now) {
    const std::int64_t number = due_.begin()->second;
    Entry& entry = entries_.at(number);
    due_.erase(due_.begin());
    entry.due.reset();
    handle_due(entry, now);
    if (Entry* const still = entry_of(number)) reschedule(*still);
  }
}

/// One thing at a time; what else is due comes in the next round.
void AlarmMachine::handle_due(Entry& entry, std::int64_t now) {
  Alarm& alarm = entry.alarm;
  if (alarm.stage == Stage::pending) {
    activate(entry, now);
  } else if (alarm.stage == Stage::over) {
    close(alarm.number, now, true);
  } else if (alarm.shelved_until_utc_ms != 0 && alarm.shelved_until_utc_ms <= now) {
    alarm.shelved_until_utc_ms = 0;
    if (alarm.held_by == 0) {
      alarm.rang_utc_ms = now;
      changes_.rang = true;
    }
    note(entry, Step::unshelved, now);
  } else if (alarm.held_by != 0 && alarm.release_utc_ms != 0 && alarm.release_utc_ms <= now) {
    surface(entry, now);
  } else {
    alarm.escalated = true;
    changes_.rang = true;
    note(entry, Step::escalated, now);
  }
}

void AlarmMachine::surface(Entry& entry, std::int64_t now) {
  let_go(entry, now);
  show(entry, Step::surfaced, now);
}

std::optional<std::int64_t> AlarmMachine::due_of(const Entry& entry) const {
  const Alarm& alarm = entry.alarm;
  if (alarm.stage == Stage::pending) return alarm.raised_utc_ms + entry.kind.delay_ms;
  if (alarm.stage == Stage::over)
    return closes_by_itself(alarm) ? std::optional{alarm.over_utc_ms + entry.kind.rest_ms} : std::nullopt;
  std::optional<std::int64_t> due;
  const auto earlier = [&](std::int64_t at) { due = due ? std::min(*due, at) : at; };
  if (alarm.shelved_until_utc_ms != 0) earlier(alarm.shelved_until_utc_ms);
  if (alarm.held_by != 0 && alarm.release_utc_ms != 0) earlier(alarm.release_utc_ms);
  const bool may_escalate = alarm.severity == Severity::critical && alarm.acknowledged_utc_ms == 0 &&
                            alarm.shelved_until_utc_ms == 0 && alarm.held_by == 0 && !alarm.escalated;
  if (may_escalate) earlier(alarm.rang_utc_ms + rules_.escalation_ms);
  return due;
}

void AlarmMachine::reschedule(Entry& entry) {
  const auto due = due_of(entry);
  if (due == entry.due) return;
  if (entry.due) due_.erase({*entry.due, entry.alarm.number});
  entry.due = due;
  if (due) due_.insert({*due, entry.alarm.number});
}

// --- cause and effect ------------------------------------------------------------------------------------------------

void AlarmMachine::stands(const Entry& entry) {
  if (!entry.kind.is_silence) return;
  silences_[entry.alarm.subject].insert(entry.alarm.number);
  if (entry.alarm.subject.kind != SubjectKind::device) causes_came_ = true;
}

void AlarmMachine::stands_no_more(const Entry& entry) {
  if (!entry.kind.is_silence) return;
  const auto it = silences_.find(entry.alarm.subject);
  if (it == silences_.end()) return;
  it->second.erase(entry.alarm.number);
  if (it->second.empty()) silences_.erase(it);
}

/// The topmost one above it that cannot be heard either; 0: none, also when the topology runs in a circle.
std::int64_t AlarmMachine::cause_of(const Entry& entry) const {
  if (!entry.kind.is_silence) return 0;
  std::int64_t cause = 0;
  auto above = topology_.parent(entry.alarm.subject);
  for (int step = 0; above && step < ancestors_max; ++step) {
    if (*above == entry.alarm.subject) return 0;
    if (const auto it = silences_.find(*above); it != silences_.end()) cause = *it->second.begin();
    above = topology_.parent(*above);
  }
  return cause;
}

void AlarmMachine::hold(Entry& entry, std::int64_t cause, std::int64_t now, bool tell) {
  Alarm& alarm = entry.alarm;
  alarm.release_utc_ms = 0;
  if (alarm.held_by != cause) {
    if (alarm.held_by != 0) let_go(entry, now);
    alarm.held_by = cause;
    dependants_[cause].insert(alarm.number);
    if (Entry* const holder = entry_of(cause)) {
      ++holder->alarm.affected;
      if (holder->alarm.stage != Stage::pending) touch(*holder);
    }
  }
  if (tell) note(entry, Step::held_back, now, {}, reference(cause));
}

/// Takes it from under its cause; a flood that gathers nothing any more is over.
void AlarmMachine::let_go(Entry& entry, std::int64_t now) {
  const std::int64_t cause = std::exchange(entry.alarm.held_by, 0);
  entry.alarm.release_utc_ms = 0;
  if (const auto it = dependants_.find(cause); it != dependants_.end()) {
    it->second.erase(entry.alarm.number);
    if (it->second.empty()) dependants_.erase(it);
  }
  Entry* const holder = entry_of(cause);
  if (holder == nullptr) return;
  --holder->alarm.affected;
  if (holder->alarm.stage != Stage::pending) touch(*holder);
  if (holder->alarm.kind == flood_kind && holder->alarm.affected == 0 && is_standing(holder->alarm)) end(*holder, now);
}

/// Looks through all that cannot be heard for what lies below a new cause: once for many.
void AlarmMachine::take_in_dependants(std::int64_t now) {
  causes_came_ = false;
  for (const auto& [subject, numbers] : silences_) {
    for (const std::int64_t number : numbers) {
      Entry& entry = entries_.at(number);
      if (entry.alarm.stage != Stage::active) continue;
      const std::int64_t found = cause_of(entry);
      if (found == 0 || (found == entry.alarm.held_by && entry.alarm.release_utc_ms == 0)) continue;
      hold(entry, found, now, true);
      reschedule(entry);
    }
  }
}

/// The cause is over: those below get another cause, or the time to be heard again.
void AlarmMachine::release_dependants(std::int64_t cause, std::int64_t now) {
  const auto it = dependants_.find(cause);
  if (it == dependants_.end()) return;
  const std::set<std::int64_t> numbers = it->second;
  for (const std::int64_t number : numbers) {
    Entry& entry = entries_.at(number);
    if (const std::int64_t other = cause_of(entry); other != 0 && other != cause) {
      hold(entry, other, now, true);
    } else {
      entry.alarm.release_utc_ms = now + release_ms(entry.kind, entry.alarm);
      touch(entry);
    }
    reschedule(entry);
  }
}

/// The alarm that gathers this one; 0 while there are not too many.
std::int64_t AlarmMachine::flood_group(const Entry& entry, std::int64_t now) {
  if (entry.alarm.kind == flood_kind) return 0;
  const std::int64_t organisation = topology_.organisation(entry.alarm.subject);
  Flood& flood = floods_[{entry.alarm.kind, organisation}];
  while (!flood.rings.empty() && flood.rings.front() + flood_window_ms <= now) flood.rings.pop_front();
  flood.rings.push_back(now);
  if (flood.rings.size() <= rules_.flood_rings) return 0;
  flood.rings.pop_front();
  Entry* const group = entry_of(flood.group);
  if (group == nullptr || !is_standing(group->alarm)) flood.group = make_flood(entry, organisation, now);
  return flood.group;
}

std::int64_t AlarmMachine::make_flood(const Entry& entry, std::int64_t organisation, std::int64_t now) {
  const Subject subject{SubjectKind::platform, entry.alarm.kind + "@" + std::to_string(organisation)};
  const Condition condition{.kind = std::string{flood_kind},
                            .subject = subject,
                            .severity = std::max(entry.alarm.severity, Severity::major),
                            .facts = {{"kind", entry.alarm.kind}}};
  raise_now(condition, now);
  Entry& group = entries_.at(by_key_.at({condition.kind, subject}));
  group.alarm.organisation = organisation;
  touch(group);
  return group.alarm.number;
}

// --- people ----------------------------------------------------------------------------------------------------------

Result<void> AlarmMachine::acknowledge(std::int64_t number, std::string_view author, std::string_view text,
                                       std::int64_t now) {
  Entry* const entry = entry_of(number);
  if (entry == nullptr || entry->alarm.stage == Stage::pending)
    return fail(ErrorCode::not_found, "there is no open alarm " + std::to_string(number));
  if (entry->alarm.acknowledged_utc_ms != 0) return fail(ErrorCode::conflict, "somebody has acknowledged it already");
  entry->alarm.acknowledged_utc_ms = now;
  entry->alarm.acknowledged_by = author;
  entry->alarm.note = text;
  note(*entry, Step::acknowledged, now, author, std::string{text});
  reschedule(*entry);
  return {};
}

Result<void> AlarmMachine::shelve(std::int64_t number, std::string_view author, std::string_view reason,
                                  std::int64_t until, std::int64_t now) {
  if (until <= now || until - now > rules_.shelve_ms_max)
    return fail(ErrorCode::invalid_argument, "an alarm is shelved until a time within the next 30 days");
  if (reason.empty()) return fail(ErrorCode::invalid_argument, "shelving needs a reason");
  Entry* const entry = entry_of(number);
  if (entry == nullptr || entry->alarm.stage == Stage::pending)
    return fail(ErrorCode::not_found, "there is no open alarm " + std::to_string(number));
  entry->alarm.shelved_until_utc_ms = until;
  entry->alarm.shelved_by = author;
  entry->alarm.shelve_reason = reason;
  note(*entry, Step::shelved, now, author, std::string{reason});
  reschedule(*entry);
  return {};
}

Result<void> AlarmMachine::unshelve(std::int64_t number, std::string_view author, std::int64_t now) {
  Entry* const entry = entry_of(number);
  if (entry == nullptr) return fail(ErrorCode::not_found, "there is no open alarm " + std::to_string(number));
  if (entry->alarm.shelved_until_utc_ms == 0) return fail(ErrorCode::conflict, "it is not shelved");
  entry->alarm.shelved_until_utc_ms = 0;
  note(*entry, Step::unshelved, now, author);
  reschedule(*entry);
  return {};
}

void AlarmMachine::put_back(const Alarm& before) {
  if (Entry* const entry = entry_of(before.number)) {
    entry->alarm = before;
    reschedule(*entry);
  }
  changes_.alarms.erase(before.number);
  std::erase_if(changes_.transitions, [&](const Transition& one) { return one.number == before.number; });
}

// --- telling ---------------------------------------------------------------------------------------------------------

void AlarmMachine::note(Entry& entry, Step step, std::int64_t now, std::string_view author, std::string text) {
  changes_.transitions.push_back({.number = entry.alarm.number,
                                  .at_utc_ms = now,
                                  .step = step,
                                  .severity = entry.alarm.severity,
                                  .author = std::string{author},
                                  .text = std::move(text)});
  touch(entry);
}

Changes AlarmMachine::take_changes(std::int64_t now) {
  if (causes_came_) take_in_dependants(now);
  return std::exchange(changes_, {});
}

AlarmMachine::Entry* AlarmMachine::entry_of(std::int64_t number) {
  const auto it = entries_.find(number);
  return it == entries_.end() ? nullptr : &it->second;
}

const Alarm* AlarmMachine::find(std::int64_t number) const {
  const auto it = entries_.find(number);
  return it == entries_.end() ? nullptr : &it->second.alarm;
}

const Alarm* AlarmMachine::find(std::string_view kind, const Subject& subject) const {
  const auto it = by_key_.find({std::string{kind}, subject});
  return it == by_key_.end() ? nullptr : find(it->second);
}

}  // namespace duheng::platform::alarms
