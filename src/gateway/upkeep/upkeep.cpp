#include "gateway/upkeep/upkeep.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "gateway/upkeep/upkeep_task.hpp"

namespace duheng::gateway {
namespace {

constexpr std::uint32_t ticket_limit = 1U << 30;
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t early_ms = 2 * 3'600'000;
constexpr std::int64_t freezes_again_ms = 600'000;
constexpr std::int64_t token_pause_ms = 50;
constexpr std::int64_t intervals_at_once = 16;
constexpr std::size_t save_bytes_per_s = 32'768;

std::uint64_t spread_of(std::string_view uid, std::int32_t history) {
  std::uint64_t hash = 14'695'981'039'346'656'037ULL ^ (static_cast<std::uint64_t>(history) * 0x9E3779B97F4A7C15ULL);
  for (const char c : uid) hash = (hash ^ static_cast<std::uint8_t>(c)) * 1'099'511'628'211ULL;
  return hash ^ (hash >> 29);
}

}  // namespace

Upkeep::Upkeep(const Clock& clock, FieldAccess& field, HistoryProgress known, UpkeepSettings settings)
    : clock_(clock),
      field_(field),
      settings_(settings),
      progress_(std::move(known)),
      save_at_ms_(clock.monotonic_ms() + settings.save_ms) {}

Upkeep::~Upkeep() = default;

void Upkeep::device_added(std::string_view uid) {
  const auto place = field_.find(uid);
  if (!place || devices_.contains(uid)) return;
  Task task;
  task.uid = uid;
  const auto& model = *place->model;
  for (std::size_t i = 0; settings_.histories && i < model.histories.size(); ++i)
    if (model.histories[i].plan && model.histories[i].fetch_interval_ms > 0)
      add_item(task, static_cast<std::int16_t>(i), model.histories[i].fetch_interval_ms);
  if (model.clock && model.clock->check_interval_ms > 0 && !model.clock->questions.empty())
    add_item(task, Task::clock_check, model.clock->check_interval_ms);
  if (task.items.empty()) return;
  task.items.shrink_to_fit();
  std::uint32_t number = 0;
  if (free_tasks_.empty()) {
    number = static_cast<std::uint32_t>(tasks_.size());
    tasks_.emplace_back();
  } else {
    number = free_tasks_.back();
    free_tasks_.pop_back();
  }
  task.life = tasks_[number].life;
  task.round = tasks_[number].round;
  task.in_use = true;
  devices_.emplace(uid, number);
  tasks_[number] = std::move(task);
  schedule(number);
}

void Upkeep::add_item(Task& task, std::int16_t history, std::int64_t interval_ms) {
  const auto within =
      static_cast<std::uint64_t>(std::max<std::int64_t>(1, std::min(settings_.first_within_ms, interval_ms)));
  Task::Item item;
  item.history = history;
  item.due_ms = clock_.monotonic_ms() + static_cast<std::int64_t>(spread_of(task.uid, history) % within);
  task.items.push_back(item);
}

void Upkeep::device_removed(std::string_view uid) {
  const auto found = devices_.find(uid);
  if (found == devices_.end()) return;
  const std::uint32_t number = found->second;
  auto& task = tasks_[number];
  if (task.ticket != 0) {
    asked_.erase(task.ticket);
    if (lines_[task.channel].ticket == task.ticket) lines_[task.channel].ticket = 0;
  }
  leave_line(task, number);
  const std::uint32_t life = task.life + 1;
  const std::uint32_t round = task.round + 1;
  task = Task{};
  task.life = life;
  task.round = round;
  free_tasks_.push_back(number);
  devices_.erase(found);
  if (const auto known = progress_.find(uid); known != progress_.end()) {
    progress_.erase(known);
    unsaved_ = true;
  }
}

void Upkeep::schedule(std::uint32_t number) {
  auto& task = tasks_[number];
  const auto next = std::ranges::min_element(task.items, {}, &Task::Item::due_ms);
  if (next->due_ms != INT64_MAX) due_.push({next->due_ms, number, ++task.round});
}

void Upkeep::leave_line(Task& task, std::uint32_t number) {
  if (std::exchange(task.waiting, false)) std::erase(lines_[task.channel].waiting, number);
}

void Upkeep::stir(std::uint32_t channel) {
  const auto found = lines_.find(channel);
  if (found != lines_.end() && !found->second.waiting.empty()) stirred_.insert(channel);
}

void Upkeep::wait_in_line(std::uint32_t number, std::uint32_t channel) {
  auto& task = tasks_[number];
  task.channel = channel;
  task.waiting = true;
  lines_[channel].waiting.push_back(number);
  stirred_.insert(channel);
}

std::int64_t Upkeep::next_wake_ms() const {
  if (!stirred_.empty()) return INT64_MIN;
  return due_.empty() ? look_again_ms_ : std::min(look_again_ms_, due_.top().at_ms);
}

void Upkeep::work() {
  const std::int64_t now_ms = clock_.monotonic_ms();
  while (!due_.empty() && due_.top().at_ms <= now_ms) {
    const Due due = due_.top();
    due_.pop();
    auto& task = tasks_[due.task];
    if (!task.in_use || task.round != due.round || task.waiting) continue;
    if (const auto place = field_.find(task.uid)) wait_in_line(due.task, place->channel);
  }
  if (look_again_ms_ <= now_ms) {
    look_again_ms_ = INT64_MAX;
    for (const auto& [channel, line] : lines_)
      if (!line.waiting.empty()) stirred_.insert(channel);
  }
  const auto stirred = std::exchange(stirred_, {});
  for (const std::uint32_t channel : stirred) pump(channel, now_ms);
}

void Upkeep::pump(std::uint32_t channel, std::int64_t now_ms) {
  auto& line = lines_[channel];
  room_wanted_ = false;
  for (std::size_t turns = line.waiting.size(); turns > 0 && line.ticket == 0; --turns) {
    if (advance(line.waiting.front(), channel)) continue;
    // Not now; perhaps another device of the line.
    line.waiting.push_back(line.waiting.front());
    line.waiting.pop_front();
  }
  if (!line.waiting.empty() && line.ticket == 0 && room_wanted_)
    look_again_ms_ = std::min(look_again_ms_, now_ms + settings_.room_ms);
}

/// True: the head of the line has asked, or has left the line.
bool Upkeep::advance(std::uint32_t number, std::uint32_t channel) {
  auto& task = tasks_[number];
  const auto place = field_.find(task.uid);
  if (!place || place->channel != channel) {
    leave_line(task, number);
    if (place) wait_in_line(number, place->channel);
    return true;
  }
  if (field_.readiness(place->device) != FieldAccess::Readiness::ready) return false;  // stir() when it answers
  if (!task.work && !begin_work(task, *place)) {
    leave_line(task, number);
    schedule(number);
    return true;
  }
  room_wanted_ = true;
  if (!field_.has_room(place->device)) return false;
  return task.current().history == Task::clock_check ? advance_clock(task, number, *place)
                                                     : advance_history(task, number, *place);
}

/// What a device froze at the end of a day or month is fetched before its load profile gives the same value of the same
/// moment: of two readings that say the same the first is the evidence, and a month is settled by the freeze. Once a
/// day, and in the first hours of the day again for devices whose clock is behind.
void Upkeep::put_freezes_first(Task& task, const FieldAccess::Place& place) {
  using drivers::HistoryKind;
  const auto& histories = place.model->histories;
  const auto kind_of = [&](const Task::Item& item) {
    const auto index = static_cast<std::size_t>(item.history);
    return item.history < 0 || index >= histories.size() ? HistoryKind::events : histories[index].kind;
  };
  const auto next = std::ranges::min_element(task.items, {}, &Task::Item::due_ms);
  if (kind_of(*next) != HistoryKind::profile) return;
  const std::int64_t zone_ms = place.model->zone_offset_minutes * 60'000LL;
  const std::int64_t now = clock_.utc_ms();
  const bool is_new_day = (now + zone_ms) / day_ms != (task.freezes_utc_ms + zone_ms) / day_ms;
  const bool is_early = (now + zone_ms) % day_ms < early_ms && now - task.freezes_utc_ms > freezes_again_ms;
  if (!is_new_day && !is_early) return;
  task.freezes_utc_ms = now;
  const std::int64_t before_ms = next->due_ms - 1;
  for (auto& item : task.items) {
    const HistoryKind kind = kind_of(item);
    const bool is_freeze = kind == HistoryKind::daily_freeze || kind == HistoryKind::monthly_freeze;
    // One that fails is tried again by its own rule.
    if (is_freeze && item.retry_ms == 0 && item.due_ms != INT64_MAX) item.due_ms = std::min(item.due_ms, before_ms);
  }
}

bool Upkeep::begin_work(Task& task, const FieldAccess::Place& place) {
  if (std::ranges::min_element(task.items, {}, &Task::Item::due_ms)->due_ms > clock_.monotonic_ms()) return false;
  put_freezes_first(task, place);
  const auto next = std::ranges::min_element(task.items, {}, &Task::Item::due_ms);
  task.work = std::make_unique<Task::Work>();
  task.work->item = static_cast<std::size_t>(next - task.items.begin());
  return true;
}

bool Upkeep::put(Task& task, std::uint32_t number, const FieldAccess::Place& place, const drivers::Query& query) {
  std::uint32_t ticket = next_ticket_;
  while (asked_.contains(ticket)) ticket = ticket % (ticket_limit - 1) + 1;
  next_ticket_ = ticket % (ticket_limit - 1) + 1;
  if (!field_.ask(place.device, query, ticket)) return false;
  asked_.emplace(ticket, number);
  lines_[place.channel].ticket = ticket;
  task.ticket = ticket;
  return true;
}

void Upkeep::begin_piece(Task& task, const FieldAccess::Place& place, const drivers::ModelHistory& history) {
  auto& work = *task.work;
  auto& item = task.current();
  const std::int64_t now = clock_.utc_ms();
  // Of events a device keeps a few, whatever their age: they cost the same.
  const bool regular = history.interval_ms > 0;
  const std::int64_t days_back = regular ? std::min(history.depth_days, settings_.days_back_max) : history.depth_days;
  const auto device = progress_.find(task.uid);
  if (item.through_utc_ms == INT64_MIN && device != progress_.end())
    if (const auto known = device->second.find(history.name); known != device->second.end())
      item.through_utc_ms = known->second;
  // What lies in the future was noted when a clock was wrong.
  if (item.through_utc_ms > now + day_ms) item.through_utc_ms = INT64_MIN;
  const std::int64_t from = std::max(item.through_utc_ms, now - days_back * day_ms);
  work.piece_end_utc_ms =
      regular ? std::min(now, from + std::max(settings_.piece_ms, intervals_at_once * history.interval_ms)) : now;
  item.behind = work.piece_end_utc_ms < now;
  work.run = history.plan->begin({from, work.piece_end_utc_ms, now, place.model->zone_offset_minutes});
}

bool Upkeep::advance_history(Task& task, std::uint32_t number, const FieldAccess::Place& place) {
  const auto& histories = place.model->histories;
  const auto index = static_cast<std::size_t>(task.current().history);
  if (index >= histories.size()) {  // the model is another one now
    item_done(task, number, INT64_MAX);
    return true;
  }
  auto& work = *task.work;
  if (!work.run) begin_piece(task, place, histories[index]);
  if (!work.query) work.query = work.run->next();
  if (!work.query || ++work.questions > Task::questions_max) {
    // The end of the piece is known only when the run says so.
    reach(task, number, work.run->complete_through_utc_ms());
    piece_done(task, number, histories[index], work.query.has_value());
    return true;
  }
  if (!take_token()) {
    --work.questions;
    return false;
  }
  if (!put(task, number, place, *work.query)) return false;
  ++counts_.history_questions;
  return true;
}

bool Upkeep::take_token() {
  if (settings_.history_questions_per_s == 0) return true;
  const std::int64_t now_ms = clock_.monotonic_ms();
  const std::int64_t most_milli = settings_.history_questions_per_s * 1'000;
  const std::int64_t passed_ms = std::min<std::int64_t>(now_ms - tokens_at_ms_, 1'000);
  tokens_milli_ = std::min(most_milli, tokens_milli_ + passed_ms * settings_.history_questions_per_s);
  tokens_at_ms_ = now_ms;
  if (tokens_milli_ < 1'000) {
    look_again_ms_ = std::min(look_again_ms_, now_ms + token_pause_ms);
    return false;
  }
  tokens_milli_ -= 1'000;
  return true;
}

void Upkeep::reach(Task& task, std::uint32_t number, std::int64_t through_utc_ms) {
  auto& item = task.current();
  if (through_utc_ms <= item.through_utc_ms) return;
  item.through_utc_ms = through_utc_ms;
  reached_.push_back({number, task.life, item.history, through_utc_ms});
}

void Upkeep::piece_done(Task& task, std::uint32_t number, const drivers::ModelHistory& history, bool failed) {
  auto& item = task.current();
  if (failed) {
    ++counts_.history_failures;
    const std::int64_t pause_ms = std::max<std::int64_t>(settings_.retry_ms, 2LL * item.retry_ms);
    item.retry_ms = static_cast<std::int32_t>(std::min(history.fetch_interval_ms, pause_ms));
    return item_done(task, number, item.retry_ms);
  }
  item.retry_ms = 0;
  // A device that claims nothing beyond a piece which lies wholly in the past has nothing there.
  if (item.behind) reach(task, number, task.work->piece_end_utc_ms);
  item_done(task, number, item.behind ? 0 : history.fetch_interval_ms);
}

void Upkeep::item_done(Task& task, std::uint32_t number, std::int64_t next_ms) {
  auto& item = task.current();
  item.due_ms = next_ms == INT64_MAX ? INT64_MAX : clock_.monotonic_ms() + next_ms;
  task.work.reset();
  leave_line(task, number);
  schedule(number);
}

bool Upkeep::exchange(std::uint32_t ticket, const drivers::Exchange& exchange) {
  const auto asked = asked_.find(ticket);
  if (asked == asked_.end()) return false;
  if (exchange.late) return true;
  const std::uint32_t number = asked->second;
  asked_.erase(asked);
  auto& task = tasks_[number];
  auto& line = lines_[task.channel];
  if (line.ticket == ticket) line.ticket = 0;
  stirred_.insert(task.channel);
  task.ticket = 0;
  if (!task.work) return true;
  // Others have their turn between two questions.
  if (!line.waiting.empty() && line.waiting.front() == number && line.waiting.size() > 1) {
    line.waiting.pop_front();
    line.waiting.push_back(number);
  }
  if (task.current().history == Task::clock_check)
    after_clock(task, number, exchange);
  else
    after_history(task, number, exchange);
  return true;
}

void Upkeep::after_history(Task& task, std::uint32_t number, const drivers::Exchange& exchange) {
  auto& work = *task.work;
  work.query.reset();
  const auto place = field_.find(task.uid);
  const auto index = static_cast<std::size_t>(task.current().history);
  if (!place || index >= place->model->histories.size() || !work.run) return item_done(task, number, INT64_MAX);
  const auto& history = place->model->histories[index];
  if (exchange.outcome == drivers::Outcome::timed_out) return piece_done(task, number, history, true);
  if (exchange.outcome == drivers::Outcome::refused) {
    if (!work.run->refused(exchange.error)) return piece_done(task, number, history, true);
  } else {
    std::vector<drivers::HistoryValue> values;
    if (!work.run->answered(exchange.payload, values)) ++counts_.history_failures;
    field_.note_history(history.items, values, nullptr);
    counts_.history_values += values.size();
  }
  reach(task, number, work.run->complete_through_utc_ms());
}

void Upkeep::lost(std::uint32_t ticket) {
  const auto asked = asked_.find(ticket);
  if (asked == asked_.end()) return;
  auto& task = tasks_[asked->second];
  asked_.erase(asked);
  if (lines_[task.channel].ticket == ticket) lines_[task.channel].ticket = 0;
  task.ticket = 0;  // the same question again when the channel stands
  if (task.work && task.current().history == Task::clock_check) task.work->clock_step = 0;
}

void Upkeep::batch_closed() {
  closing_.insert(closing_.end(), reached_.begin(), reached_.end());
  reached_.clear();
}

void Upkeep::batch_stored() {
  for (const auto& reached : closing_) {
    const auto& task = tasks_[reached.task];
    if (task.life != reached.life) continue;
    const auto place = field_.find(task.uid);
    const auto index = static_cast<std::size_t>(reached.history);
    if (!place || index >= place->model->histories.size()) continue;
    progress_[task.uid][place->model->histories[index].name] = reached.through_utc_ms;
    unsaved_ = true;
  }
  closing_.clear();
}

std::optional<Bytes> Upkeep::take_save(bool at_once) {
  const std::int64_t now_ms = clock_.monotonic_ms();
  if (!unsaved_ || (!at_once && now_ms < save_at_ms_)) return std::nullopt;
  unsaved_ = false;
  auto file = encode_progress(progress_);
  save_at_ms_ = now_ms + settings_.save_ms + static_cast<std::int64_t>(file.size() / save_bytes_per_s) * 1'000;
  return file;
}

UpkeepStatistics Upkeep::statistics() const {
  UpkeepStatistics out = counts_;
  for (const auto& task : tasks_)
    for (const auto& item : task.items) out.behind += item.behind ? 1 : 0;
  return out;
}

}  // namespace duheng::gateway
