#include "platform/orders/job_check.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "platform/organisations/text.hpp"

namespace duheng::platform {

namespace {

using drivers::DeviceModel;

constexpr std::size_t registers_max = 256;
constexpr std::size_t arguments_max = 64;
constexpr std::size_t item_octets_max = 4'000;
constexpr std::size_t text_octets_max = 256;
constexpr std::int64_t lifetime_ms_min = 5'000;
constexpr std::int64_t lifetime_ms_max = 7 * 86'400'000LL;

ModelJudgement refused(std::string word, std::string detail) { return {std::move(word), std::move(detail), false}; }

void rise(Danger& danger, Danger to) { danger = std::max(danger, to); }

void entitle(JobJudgement& out, const std::string& chinese, const std::string& english) {
  if (out.title_zh.empty()) out.title_zh = chinese;
  if (out.title_en.empty()) out.title_en = english;
}

void note_secrets(JobJudgement& out, std::span<const drivers::ModelArgument> arguments) {
  for (const drivers::ModelArgument& argument : arguments) {
    if (argument.secret && std::ranges::find(out.secret_arguments, argument.name) == out.secret_arguments.end())
      out.secret_arguments.push_back(argument.name);
  }
}

drivers::OperationInputs inputs_of(const NewJob& job) {
  drivers::OperationInputs inputs;
  for (const OrderArgument& argument : job.content.arguments) inputs.arguments.emplace(argument.name, argument.value);
  return inputs;
}

ModelJudgement judge_command(JobJudgement& out, const DeviceModel& model, const NewJob& job) {
  const drivers::ModelCommand* command = drivers::find_command(model, job.content.name);
  if (command == nullptr) {
    return refused("unsupported", fmt::format("the model {} has no command {}", model.id, job.content.name));
  }
  note_secrets(out, command->arguments);
  if (const auto checked = drivers::check_arguments(command->arguments, inputs_of(job)); !checked)
    return refused("invalid_argument", checked.error().message);
  entitle(out, command->title_chinese, command->title_english);
  rise(out.danger, command->danger);
  return {{}, {}, command->operation != nullptr && command->operation->needs_password()};
}

ModelJudgement judge_parameter(JobJudgement& out, const DeviceModel& model, const NewJob& job) {
  const drivers::ModelParameter* parameter = drivers::find_parameter(model, job.content.name);
  if (parameter == nullptr) {
    return refused("unsupported", fmt::format("the model {} has no parameter {}", model.id, job.content.name));
  }
  if (parameter->write == nullptr) {
    return refused("unsupported", fmt::format("{} of the model {} can only be read", job.content.name, model.id));
  }
  note_secrets(out, {&parameter->value, 1});
  const auto& arguments = job.content.arguments;
  if (arguments.size() != 1 || arguments.front().name != "value")
    return refused("invalid_argument", "a parameter is given one argument, `value`");
  if (const auto checked = drivers::check_argument(parameter->value, arguments.front().value); !checked)
    return refused("invalid_argument", checked.error().message);
  entitle(out, parameter->title_chinese, parameter->title_english);
  rise(out.danger, parameter->danger);
  return {{}, {}, parameter->write->needs_password()};
}

ModelJudgement judge_read(const DeviceModel& model, const NewJob& job) {
  if (!job.content.item.empty()) {
    const auto question = drivers::parse_item(model, job.content.item);
    return question ? ModelJudgement{} : refused("invalid_argument", question.error().message);
  }
  for (const std::string& name : job.content.registers) {
    if (!drivers::find_register(model, name))
      return refused("unsupported", fmt::format("the model {} has no register {}", model.id, name));
  }
  return {};
}

ModelJudgement judge_history(JobJudgement& out, const DeviceModel& model, const NewJob& job) {
  const drivers::ModelHistory* history = drivers::find_history(model, job.content.name);
  if (history == nullptr) {
    return refused("unsupported", fmt::format("the model {} remembers no {}", model.id, job.content.name));
  }
  entitle(out, history->title_chinese, history->title_english);
  return {};
}

ModelJudgement judge_model(JobJudgement& out, const drivers::ModelLibrary& models, std::string_view id,
                           const NewJob& job) {
  const auto model = models.find(id);
  if (model == nullptr) return refused("unknown_model", fmt::format("the platform has no model {}", id));
  switch (job.content.kind) {
    case OrderKind::read:
      return judge_read(*model, job);
    case OrderKind::command:
      return judge_command(out, *model, job);
    case OrderKind::parameter:
      return judge_parameter(out, *model, job);
    case OrderKind::history:
      return judge_history(out, *model, job);
  }
  return refused("unsupported", "an order of no known kind");
}

Result<void> check_form(const NewJob& job, std::int64_t now_utc_ms) {
  const JobContent& content = job.content;
  if (job.targets.empty()) return fail(ErrorCode::invalid_argument, "there is no device to do this at");
  if (content.registers.size() > registers_max || content.arguments.size() > arguments_max ||
      content.item.size() > item_octets_max) {
    return fail(ErrorCode::limit_exceeded, "at most 256 registers, 64 arguments, an item of 4,000 octets");
  }
  DUHENG_CHECK(check_text("name", content.name, 0, text_octets_max));
  for (const std::string& name : content.registers) DUHENG_CHECK(check_text("registers", name, 1, text_octets_max));
  for (const OrderArgument& argument : content.arguments) {
    DUHENG_CHECK(check_text("arguments", argument.name, 1, text_octets_max));
    DUHENG_CHECK(check_text("arguments", argument.value, 0, text_octets_max));
  }
  DUHENG_CHECK(check_text("reason", job.reason, 0, 2'000));
  if (job.lifetime_ms != 0 && (job.lifetime_ms < lifetime_ms_min || job.lifetime_ms > lifetime_ms_max))
    return fail(ErrorCode::invalid_argument, "lifetime_s: 5 to 604800");
  if (content.kind == OrderKind::read) {
    if (content.registers.empty() == content.item.empty())
      return fail(ErrorCode::invalid_argument, "either registers or an item are to be read");
    return {};
  }
  if (content.name.empty()) return fail(ErrorCode::invalid_argument, "name: which one");
  if (content.kind == OrderKind::history &&
      (content.from_utc_ms >= content.to_utc_ms || content.from_utc_ms > now_utc_ms || content.from_utc_ms < 0)) {
    return fail(ErrorCode::invalid_argument, "from and to: a time in the past, the earlier first");
  }
  return {};
}

}  // namespace

bool gives_supply(std::string_view command) noexcept {
  constexpr std::array<std::string_view, 4> names{"relay_permit_close", "relay_close", "valve_permit_open",
                                                  "supply_keep"};
  return std::ranges::find(names, command) != names.end();
}

bool is_for_whole_lines(const drivers::ModelLibrary& models, const NewJob& job) {
  if (job.content.kind != OrderKind::command) return false;
  return std::ranges::any_of(job.targets, [&](const JobTarget& target) {
    const auto model = models.find(target.model);
    const auto* command = model == nullptr ? nullptr : drivers::find_command(*model, job.content.name);
    if (command == nullptr || command->operation == nullptr) return false;
    const auto place = command->operation->moves_to(inputs_of(job));
    return place && place->whole_line;
  });
}

Result<void> check_lines(const JobJudgement& judgement, const NewJob& job) {
  for (const JobTarget& target : job.targets) {
    const ModelJudgement& model = judgement.by_model.find(target.model)->second;
    if (model.refusal.empty()) continue;
    return fail(ErrorCode::conflict, fmt::format("the whole line must change at once, and {} on it, a {}, cannot: {}",
                                                 target.device_uid, target.model, model.detail));
  }
  return {};
}

Result<JobJudgement> judge_job(const drivers::ModelLibrary& models, const NewJob& job, std::int64_t now_utc_ms) {
  DUHENG_CHECK(check_form(job, now_utc_ms));
  JobJudgement out;
  bool somebody_can = false;
  std::string first_problem;
  for (const JobTarget& target : job.targets) {
    if (out.by_model.contains(target.model)) continue;
    ModelJudgement judgement = judge_model(out, models, target.model, job);
    somebody_can = somebody_can || judgement.refusal.empty();
    if (first_problem.empty()) first_problem = judgement.detail;
    out.by_model.emplace(target.model, std::move(judgement));
  }
  if (!somebody_can) return fail(ErrorCode::invalid_argument, first_problem);
  return out;
}

}  // namespace duheng::platform
