#include "drivers/models/poll_plan.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace duheng::drivers {
namespace {

bool holds(const ModelQuestion& question, std::string_view register_name) {
  return std::ranges::find(question.items, register_name, &ModelItem::register_name) != question.items.end();
}

Result<void> check_interval(const DeviceModel& model, const FieldInterval& interval) {
  const auto group = std::ranges::find(model.groups, interval.group, &ModelGroup::name);
  if (group == model.groups.end())
    return fail(ErrorCode::not_found, fmt::format("the model {} has no group '{}'", model.id, interval.group));
  const bool known =
      interval.register_name.empty() || std::ranges::any_of(group->questions, [&](const ModelQuestion& question) {
        return holds(question, interval.register_name);
      });
  if (!known)
    return fail(ErrorCode::not_found, fmt::format("the group '{}' of the model {} has no register '{}'", interval.group,
                                                  model.id, interval.register_name));
  if (interval.interval_ms < group->interval_ms_min || interval.interval_ms > group->interval_ms_max)
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} ms is not {} to {} ms, the bounds of the group '{}'", interval.interval_ms,
                            group->interval_ms_min, group->interval_ms_max, interval.group));
  return {};
}

std::int64_t interval_for(const ModelGroup& group, const ModelQuestion& question,
                          std::span<const FieldInterval> intervals) {
  std::int64_t of_group = group.interval_ms;
  std::optional<std::int64_t> of_registers;
  for (const auto& interval : intervals) {
    if (interval.group != group.name) continue;
    if (interval.register_name.empty())
      of_group = interval.interval_ms;
    else if (holds(question, interval.register_name))
      of_registers = std::min(of_registers.value_or(INT64_MAX), interval.interval_ms);
  }
  return of_registers.value_or(of_group);
}

}  // namespace

Result<PollPlan> make_poll_plan(const DeviceModel& model, std::span<const FieldInterval> intervals) {
  for (const auto& interval : intervals) DUHENG_CHECK(check_interval(model, interval));
  PollPlan out;
  for (std::uint16_t number = 0; number < model.groups.size(); ++number) {
    const auto& group = model.groups[number];
    const std::size_t first = out.rounds.size();
    auto& round_of = out.round_of.emplace_back();
    for (std::uint16_t question = 0; question < group.questions.size(); ++question) {
      const std::int64_t interval_ms = interval_for(group, group.questions[question], intervals);
      std::size_t round = first;
      while (round < out.rounds.size() && out.rounds[round].interval_ms != interval_ms) ++round;
      if (round == out.rounds.size()) out.rounds.push_back({number, interval_ms, {}});
      out.rounds[round].questions.push_back(question);
      round_of.push_back(static_cast<std::uint16_t>(round));
    }
  }
  return out;
}

std::optional<std::int64_t> interval_of(const PollPlan& plan, const DeviceModel& model,
                                        std::string_view register_name) {
  std::optional<std::int64_t> out;
  for (const auto& round : plan.rounds)
    for (const std::uint16_t question : round.questions)
      if (holds(model.groups[round.group].questions[question], register_name))
        out = std::min(out.value_or(INT64_MAX), round.interval_ms);
  return out;
}

}  // namespace duheng::drivers
