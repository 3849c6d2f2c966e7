#include <algorithm>

#include "base/log.hpp"
#include "gateway/upkeep/upkeep.hpp"
#include "gateway/upkeep/upkeep_task.hpp"

namespace duheng::gateway {
namespace {

constexpr std::int64_t day_ms = 86'400'000;
/// Devices show whole seconds: on average half of one has gone by.
constexpr std::int64_t half_second_ms = 500;

std::int64_t civil_day(std::int64_t utc_ms, std::int32_t zone_offset_minutes) {
  const std::int64_t local_ms = utc_ms + zone_offset_minutes * 60'000LL;
  return local_ms >= 0 ? local_ms / day_ms : (local_ms - day_ms + 1) / day_ms;
}

/// Whether the question shows seconds: the other one of two shows the date alone.
bool shows_time(const drivers::ModelQuestion& question) {
  return std::ranges::any_of(question.items, [](const drivers::ModelItem& item) {
    return item.register_name == "clock" || item.register_name == "clock_time";
  });
}

}  // namespace

bool Upkeep::advance_clock(Task& task, std::uint32_t number, const FieldAccess::Place& place) {
  if (!place.model->clock) {
    item_done(task, number, INT64_MAX);
    return true;
  }
  const auto& clock = *place.model->clock;
  if (task.work->clock_step < clock.questions.size()) {
    if (task.work->clock_step == 0) task.work->parts.clear();
    return put(task, number, place, clock.questions[task.work->clock_step].query);
  }
  const auto* command = drivers::find_command(*place.model, clock.broadcast_command);
  drivers::OperationInputs inputs;
  inputs.utc_ms = clock_.utc_ms();
  inputs.zone_offset_minutes = place.model->zone_offset_minutes;
  const auto steps = command != nullptr && command->operation
                         ? command->operation->build(inputs)
                         : Result<std::vector<drivers::Query>>(fail(ErrorCode::unsupported, "no broadcast"));
  if (!steps || steps->size() != 1) {
    item_done(task, number, clock.check_interval_ms);
    return true;
  }
  if (!put(task, number, place, steps->front())) return false;
  lines_[place.channel].corrected_day = civil_day(clock_.utc_ms(), place.model->zone_offset_minutes);
  return true;
}

void Upkeep::after_clock(Task& task, std::uint32_t number, const drivers::Exchange& exchange) {
  const auto place = field_.find(task.uid);
  if (!place || !place->model->clock) return item_done(task, number, INT64_MAX);
  const auto& clock = *place->model->clock;
  if (task.work->clock_step >= clock.questions.size()) {  // the broadcast is out, or an answer to it came
    ++counts_.clock_corrections;
    log::info("upkeep", "a clock was corrected by broadcast", {{"device", task.uid}});
    return item_done(task, number, settings_.recheck_ms);
  }
  if (exchange.outcome != drivers::Outcome::answered) return item_done(task, number, clock.check_interval_ms);
  const auto& question = clock.questions[task.work->clock_step];
  std::vector<OrderValue> noted;
  std::vector<drivers::ItemValue> values;
  if (!field_.note(question, exchange, noted) || !question.reader->read(exchange.payload, values))
    return item_done(task, number, clock.check_interval_ms);
  for (const auto& value : values)
    if (value.state == drivers::ItemState::good)
      task.work->parts.push_back({task.work->clock_step, value.item, value.mantissa});
  if (shows_time(question))
    task.work->clock_middle_utc_ms = exchange.sent_utc_ms + (exchange.received.utc_ms - exchange.sent_utc_ms) / 2;
  if (++task.work->clock_step == clock.questions.size()) judge(task, number, *place);
}

void Upkeep::judge(Task& task, std::uint32_t number, const FieldAccess::Place& place) {
  const auto& clock = *place.model->clock;
  const auto shown = drivers::device_utc_ms(clock, task.work->parts, place.model->zone_offset_minutes);
  if (!shown) return item_done(task, number, std::min(clock.check_interval_ms, 5 * settings_.recheck_ms));
  ++counts_.clock_checks;
  const std::int64_t offset_ms = *shown + half_second_ms - task.work->clock_middle_utc_ms;
  field_.note_finding({"clock_offset", "s", -3, SeriesKind::decimal}, offset_ms, task.work->clock_middle_utc_ms);
  const std::int64_t now = clock_.utc_ms();
  const auto verdict = judge_clock(
      {offset_ms, clock.tolerance_ms, clock.broadcast_command.empty() ? 0 : clock.broadcast_step_max_ms, now,
       place.model->zone_offset_minutes,
       lines_[place.channel].corrected_day == civil_day(now, place.model->zone_offset_minutes), field_.clock_suspect()},
      settings_.clock);
  if (verdict == ClockVerdict::correct) return;  // the next step, when the line has room
  if (verdict == ClockVerdict::left_alone) {
    ++counts_.clocks_left_alone;
    if (!task.current().told)
      log::warning("upkeep", "a clock is out of step and is not corrected by itself",
                   {{"device", task.uid}, {"offset_ms", offset_ms}});
  }
  task.current().told = verdict == ClockVerdict::left_alone;
  const bool soon = verdict == ClockVerdict::later;
  item_done(task, number, soon ? std::min<std::int64_t>(clock.check_interval_ms, 1'800'000) : clock.check_interval_ms);
}

}  // namespace duheng::gateway
