#include "device/scenario/scenario_line.hpp"

#include <algorithm>

#include "device/curve/day_curve.hpp"

namespace duheng::device {
namespace {

using Place = ScenarioRule::Place;

constexpr std::uint64_t certain_ppm = 1'000'000;
constexpr std::uint8_t end_octet = 0x16;

void append(Bytes& to, ByteView octets) { to.insert(to.end(), octets.begin(), octets.end()); }

}  // namespace

ScenarioLine::ScenarioLine(Scenario& scenario, const LineProtocol& protocol)
    : scenario_(scenario),
      has_checksum_(protocol.has_checksum()),
      random_(mixed(scenario.plan().seed, scenario.next_line())) {}

void ScenarioLine::question(std::int64_t now_ms, ByteView octets) {
  if (babble_ && now_ms >= babble_->until_ms) babble_.reset();
  dirty_before_ = dirty_;
  dirty_ = babble_ || !waiting_.empty();
  repeated_ = std::ranges::equal(octets, question_);
  question_.assign(octets.begin(), octets.end());
  if (repeated_) {
    asked_clean_ = false;
    return;
  }
  asked_before_ = std::move(asked_);
  asked_before_clean_ = asked_clean_;
  asked_.clear();
  asked_clean_ = true;
}

bool ScenarioLine::applies(const ScenarioRule& rule, std::int64_t now_ms) {
  if (rule.is_of_device() || !rule.holds_at(now_ms - scenario_.start().monotonic_ms)) return false;
  return rule.probability_ppm >= certain_ppm || below(certain_ppm) < rule.probability_ppm;
}

bool ScenarioLine::unnoticed(const ScenarioRule& rule) const noexcept {
  if (has_checksum_) return false;
  switch (rule.kind) {
    case Kind::wrong_checksum:
    case Kind::half_frame:
    case Kind::garbage:
      return true;
    case Kind::noise:
      return rule.place == Place::within;
    default:
      return false;
  }
}

/// Noise never holds 16H, with which most protocols' frames end: so no broken frame is made whole again by chance, and
/// what the ledger calls spoiled is spoiled.
Bytes ScenarioLine::noise(const ScenarioRule& rule, std::size_t at_least) {
  Bytes out(std::max<std::size_t>(at_least, rule.octets_min + below(rule.octets_max - rule.octets_min + 1)));
  random_.fill(out);
  std::ranges::replace(out, end_octet, static_cast<std::uint8_t>(~end_octet));
  return out;
}

/// False when another rule has replaced or broken the answer already: the first wins, the others add up.
bool ScenarioLine::take(const ScenarioRule& rule, Effect& effect) {
  switch (rule.kind) {
    case Kind::noise:
      if (rule.place == Place::within) break;
      append(rule.place == Place::before ? effect.before : effect.after, noise(rule));
      return true;
    case Kind::delay:
      effect.delay_ms +=
          rule.delay_ms + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(rule.jitter_ms) + 1));
      return true;
    case Kind::slow_octets:
      effect.gap_ms = std::max(effect.gap_ms, rule.gap_ms);
      return true;
    case Kind::duplicate_answer:
      effect.doubled = true;
      return true;
    case Kind::echo:
      effect.before.insert(effect.before.begin(), question_.begin(), question_.end());
      return true;
    default:
      break;
  }
  if (effect.content != nullptr) return false;
  effect.content = &rule;
  return true;
}

ScenarioLine::Effect ScenarioLine::effect_on(std::int64_t now_ms, const BusAnswer& said) {
  Effect out;
  if (said.collision) return out;
  for (const std::uint32_t place : scenario_.rules_of(said.address.text)) {
    const ScenarioRule& rule = scenario_.plan().rules[place];
    if (!applies(rule, now_ms) || !take(rule, out)) continue;
    out.touched = true;
    scenario_.count(rule.kind);
  }
  // What another device said comes at once or not at all: later it could pass for an answer to that device's question.
  if (out.content != nullptr && out.content->kind == Kind::wrong_address) out.delay_ms = out.gap_ms = 0;
  return out;
}

Bytes ScenarioLine::broken(const ScenarioRule& rule, ByteView octets) {
  Bytes out(octets.begin(), octets.end());
  if (unnoticed(rule) || out.size() < 3) return {};
  switch (rule.kind) {
    case Kind::wrong_checksum:
      // There all our protocols have an octet of the checksum, but for Modbus ASCII, whose end breaks instead.
      out[out.size() - 2] ^= static_cast<std::uint8_t>(1 + below(255));
      return out;
    case Kind::half_frame:
      out.resize(1 + below(out.size() - 2));
      return out;
    case Kind::garbage:
      return noise(rule);
    case Kind::noise: {
      // Long enough to stand where the frame's end is expected, and neither joining on to its beginning nor to its
      // rest: a burst that by chance repeats an octet beside it would leave the frame whole.
      const std::size_t at = 1 + below(out.size() - 1);
      Bytes burst = noise(rule, out.size() - at);
      const auto other_than = [](std::uint8_t a, std::uint8_t b) -> std::uint8_t {
        std::uint8_t octet = 0;
        while (octet == a || octet == b) ++octet;
        return octet;
      };
      if (burst.front() == out[at]) burst.front() = other_than(out[at], out[at - 1]);
      if (burst.back() == out[at - 1]) burst.back() = other_than(out[at], out[at - 1]);
      out.insert(out.begin() + static_cast<std::ptrdiff_t>(at), burst.begin(), burst.end());
      return out;
    }
    default:
      return {};
  }
}

/// A line on which several devices talk in turn knows what each said last. The device asked just before is left out
/// while an answer of its own may still be due: the master would rightly take the replay for that.
Bytes ScenarioLine::replayed(const std::string& uid) {
  std::vector<const Bytes*> choice;
  if (asked_before_.empty()) return {};  // nobody answered: whoever was asked may still be waited for
  for (const auto& [other, octets] : newest_)
    if (other != uid && (asked_before_clean_ || other != asked_before_)) choice.push_back(&octets);
  if (choice.empty()) return {};
  return *choice[below(choice.size())];
}

void ScenarioLine::begin_babble(const ScenarioRule& rule, std::int64_t now_ms) {
  if (rule.every_ms == 0 || !has_checksum_) return;
  const std::int64_t until_ms =
      rule.until_ms == ScenarioRule::no_end ? ScenarioRule::no_end : scenario_.start().monotonic_ms + rule.until_ms;
  babble_ = Babble{&rule, now_ms + rule.every_ms, until_ms};
}

void ScenarioLine::remember(const BusAnswer& said, bool clean) {
  if (said.collision) return;
  asked_ = said.address.to_string();
  asked_clean_ = asked_clean_ && clean;
  if (clean && newest_.size() < 1'024) newest_[asked_].assign(said.octets.begin(), said.octets.end());
}

void ScenarioLine::plan(std::int64_t now_ms, const Effect& effect, const Bytes& content) {
  std::int64_t due_ms = now_ms + effect.delay_ms;
  Bytes all = effect.before;
  append(all, content);
  if (effect.doubled) append(all, content);
  append(all, effect.after);
  if (effect.gap_ms == 0) {
    if (!all.empty()) planned_.push_back({due_ms, std::move(all)});
    return;
  }
  for (const std::uint8_t octet : all) {
    planned_.push_back({due_ms, {octet}});
    due_ms += effect.gap_ms;
  }
}

const std::vector<LineEntry>& ScenarioLine::answer(std::int64_t now_ms, const BusAnswer& said) {
  entries_.clear();
  planned_.clear();
  const Effect effect = effect_on(now_ms, said);
  const bool is_clean = !effect.touched && !dirty_ && !dirty_before_;
  using Fate = LineEntry::Fate;
  LineEntry entry{said.address, said.identifier, said.octets, is_clean ? Fate::provable : Fate::open};
  if (said.collision || effect.content != nullptr) entry.fate = Fate::spoiled;
  entries_.push_back(entry);
  Bytes content(said.octets.begin(), said.octets.end());
  if (effect.content != nullptr) {
    content = effect.content->kind == Kind::wrong_address ? replayed(said.address.to_string())
                                                          : broken(*effect.content, said.octets);
    if (effect.content->kind == Kind::garbage) begin_babble(*effect.content, now_ms);
  } else if (effect.doubled && (repeated_ || effect.delay_ms > 0 || effect.gap_ms > 0)) {
    // Asked twice, or perhaps asked again before it arrives, and said twice: the master cannot know that both belong to
    // one of its questions.
    entry.fate = Fate::open;
    entries_.push_back(entry);
  }
  plan(now_ms, effect, content);
  std::size_t size = waiting_octets_;
  for (const Piece& piece : planned_) size += piece.octets.size();
  if (size > waiting_octets_max) {
    planned_.clear();
    for (auto& each : entries_) each.fate = Fate::spoiled;
  }
  dirty_ = dirty_ || effect.touched || said.collision;
  remember(said, is_clean);
  return entries_;
}

void ScenarioLine::commit() {
  for (Piece& piece : planned_) {
    waiting_octets_ += piece.octets.size();
    waiting_.emplace(piece.due_ms, std::move(piece.octets));
  }
  planned_.clear();
}

std::optional<Bytes> ScenarioLine::take_due(std::int64_t now_ms) {
  if (!waiting_.empty() && waiting_.begin()->first <= now_ms) {
    Bytes out = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    waiting_octets_ -= out.size();
    return out;
  }
  if (!babble_ || babble_->next_ms > now_ms) return std::nullopt;
  if (now_ms >= babble_->until_ms) {
    babble_.reset();
    return std::nullopt;
  }
  babble_->next_ms = now_ms + babble_->rule->every_ms;
  dirty_ = true;
  return noise(*babble_->rule);
}

std::int64_t ScenarioLine::due_ms() const noexcept {
  const std::int64_t piece_ms = waiting_.empty() ? INT64_MAX : waiting_.begin()->first;
  return std::min(piece_ms, babble_ ? babble_->next_ms : INT64_MAX);
}

void ScenarioLine::cut() noexcept {
  waiting_.clear();
  waiting_octets_ = 0;
  planned_.clear();
  babble_.reset();
  question_.clear();
  asked_.clear();
  asked_before_.clear();
  asked_clean_ = asked_before_clean_ = true;
  repeated_ = dirty_ = dirty_before_ = false;
}

}  // namespace duheng::device
