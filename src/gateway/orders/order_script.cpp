#include "gateway/orders/order_script.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/decimal.hpp"
#include "drivers/models/maintenance.hpp"
#include "drivers/protocol/inputs.hpp"

namespace duheng::gateway {
namespace {

using drivers::DeviceModel;
using ModelPointer = std::shared_ptr<const DeviceModel>;
using Script = std::expected<OrderScript, OrderFault>;

std::unexpected<OrderFault> fault(std::string reason, std::string detail) {
  return std::unexpected(OrderFault{std::move(reason), std::move(detail)});
}
std::unexpected<OrderFault> not_in_model(const DeviceModel& model, std::string_view what, std::string_view name) {
  return fault("not_in_model", fmt::format("the model {} has no {} '{}'", model.id, what, name));
}

drivers::OperationInputs inputs_of(const FieldOrder& order, std::span<const OrderArgument> arguments,
                                   const DeviceModel& model, std::int64_t utc_ms) {
  drivers::OperationInputs out;
  for (const auto& argument : arguments) out.arguments.emplace(argument.name, argument.value);
  out.password = order.password;
  out.operator_code = order.operator_code;
  out.utc_ms = utc_ms;
  out.zone_offset_minutes = model.zone_offset_minutes;
  return out;
}

void keep_for_check(const FieldOrder& order, std::span<const drivers::ModelArgument> known, OrderScript& script) {
  for (const auto& argument : order.arguments) {
    const auto found = std::ranges::find(known, argument.name, &drivers::ModelArgument::name);
    if (found != known.end() && !found->secret) script.check_arguments.push_back(argument);
  }
}

OrderFault fault_of_building(const Error& error) {
  return {error.code == ErrorCode::forbidden ? "password_needed" : "argument_invalid", error.message};
}

Script operate(const FieldOrder& order, const ModelPointer& model, const drivers::Operation& operation,
               std::span<const drivers::ModelArgument> arguments, std::int64_t utc_ms) {
  const auto inputs = inputs_of(order, order.arguments, *model, utc_ms);
  if (const auto fits = drivers::check_arguments(arguments, inputs); !fits)
    return fault("argument_invalid", fits.error().message);
  auto steps = operation.build(inputs);
  if (!steps) return std::unexpected(fault_of_building(steps.error()));
  OrderScript script;
  script.steps = std::move(*steps);
  keep_for_check(order, arguments, script);
  script.check = OrderCheck::make(model, order.kind, order.name, script.check_arguments);
  script.model = model;
  return script;
}

/// As often as the argument "count" says.
Result<std::size_t> ping_count(const drivers::OperationInputs& inputs) {
  constexpr std::int64_t usual_count = 5;
  if (!inputs.arguments.contains("count")) return static_cast<std::size_t>(usual_count);
  DUHENG_TRY(const auto count, drivers::argument_mantissa(inputs, "count", 0));
  return static_cast<std::size_t>(count);
}

Script maintain(const FieldOrder& order, const ModelPointer& model, const drivers::ModelCommand& command) {
  const auto inputs = inputs_of(order, order.arguments, *model, 0);
  if (const auto fits = drivers::check_arguments(command.arguments, inputs); !fits)
    return fault("argument_invalid", fits.error().message);
  OrderScript script;
  script.model = model;
  script.maintenance = command.maintenance;
  if (command.maintenance != drivers::Maintenance::ping) return script;
  const auto* question = drivers::shortest_question(*model);
  const auto count = ping_count(inputs);
  if (question == nullptr) return not_in_model(*model, "question", order.name);
  if (!count) return fault("argument_invalid", count.error().message);
  script.questions.assign(*count, *question);
  // Sent once each, so that a loss is seen as one.
  for (auto& each : script.questions) each.query.at_most_once = true;
  return script;
}

Script command(const FieldOrder& order, const ModelPointer& model, std::int64_t utc_ms) {
  const auto* found = drivers::find_command(*model, order.name);
  if (found != nullptr && found->maintenance != drivers::Maintenance::none) return maintain(order, model, *found);
  if (found == nullptr || !found->operation) return not_in_model(*model, "command", order.name);
  auto script = operate(order, model, *found->operation, found->arguments, utc_ms);
  if (script) script->moves = place_after(*model, order.kind, order.name, order.arguments);
  return script;
}

Script parameter(const FieldOrder& order, const ModelPointer& model, std::int64_t utc_ms) {
  const auto* found = drivers::find_parameter(*model, order.name);
  if (found == nullptr) return not_in_model(*model, "parameter", order.name);
  if (!found->write) return fault("not_in_model", fmt::format("the parameter '{}' can only be read", order.name));
  return operate(order, model, *found->write, {&found->value, 1}, utc_ms);
}

Script read(const FieldOrder& order, const ModelPointer& model) {
  OrderScript script;
  script.model = model;
  if (!order.item.empty()) {
    auto question = drivers::parse_item(*model, order.item);
    if (!question) return fault("argument_invalid", question.error().message);
    script.questions.push_back(std::move(*question));
    return script;
  }
  std::vector<const drivers::ModelQuestion*> asked;
  for (const auto& name : order.registers) {
    const auto place = drivers::find_register(*model, name);
    if (!place) return not_in_model(*model, "register", name);
    if (std::ranges::find(asked, place->question) == asked.end()) asked.push_back(place->question);
  }
  if (asked.empty()) return fault("argument_invalid", "nothing is named that should be read");
  for (const auto* question : asked) script.questions.push_back(*question);
  return script;
}

Script history(const FieldOrder& order, const ModelPointer& model, std::int64_t utc_ms) {
  const auto* found = drivers::find_history(*model, order.name);
  if (found == nullptr || !found->plan) return not_in_model(*model, "history", order.name);
  if (order.from_utc_ms >= order.to_utc_ms) return fault("argument_invalid", "the time range is empty");
  OrderScript script;
  script.model = model;
  script.history = found;
  script.run = found->plan->begin({order.from_utc_ms, order.to_utc_ms, utc_ms, model->zone_offset_minutes});
  return script;
}

}  // namespace

std::optional<OrderCheck> OrderCheck::make(const ModelPointer& model, OrderKind kind, std::string_view name,
                                           std::span<const OrderArgument> arguments) {
  OrderCheck out;
  out.model_ = model;
  for (const auto& argument : arguments) out.inputs_.arguments.emplace(argument.name, argument.value);
  out.inputs_.zone_offset_minutes = model->zone_offset_minutes;
  if (kind == OrderKind::command) {
    out.command_ = drivers::find_command(*model, name);
    if (out.command_ == nullptr || !out.command_->read_back) return std::nullopt;
    const auto& read_back = *out.command_->read_back;
    for (const auto& expectation : read_back.expectations)
      if (!expectation.argument.empty() && !out.inputs_.arguments.contains(expectation.argument)) return std::nullopt;
    out.question_ = &read_back.question;
    out.first_after_ms_ = read_back.first_after_ms;
    out.within_ms_ = read_back.within_ms;
    return out;
  }
  if (kind != OrderKind::parameter) return std::nullopt;
  out.parameter_ = drivers::find_parameter(*model, name);
  const auto value = out.inputs_.arguments.find("value");
  if (out.parameter_ == nullptr || value == out.inputs_.arguments.end()) return std::nullopt;
  const auto& parameter = *out.parameter_;
  if (!parameter.question.reader || parameter.item >= parameter.question.items.size()) return std::nullopt;
  const auto expected =
      drivers::expected_mantissa(parameter.value, parameter.question.items[parameter.item], value->second);
  if (!expected) return std::nullopt;
  out.expected_mantissa_ = *expected;
  out.question_ = &parameter.question;
  return out;
}

bool OrderCheck::holds(std::span<const drivers::ItemValue> values) const {
  if (command_ != nullptr) {
    const auto found = drivers::holds(*command_->read_back, command_->arguments, inputs_, values);
    return found && *found;
  }
  const auto exponent = question_->items[parameter_->item].exponent;
  for (const auto& value : values) {
    if (value.item != parameter_->item || value.state != drivers::ItemState::good) continue;
    const auto shown = Decimal{value.mantissa, value.exponent}.rescaled(exponent);
    return shown && shown->mantissa == expected_mantissa_;
  }
  return false;
}

std::expected<std::vector<drivers::Query>, OrderFault> make_format_queries(const FieldOrder& order,
                                                                           std::span<const OrderArgument> arguments,
                                                                           const DeviceModel& model,
                                                                           const drivers::LineFormat& format,
                                                                           std::int64_t utc_ms) {
  const auto* command = drivers::find_command(model, order.name);
  if (command == nullptr || !command->operation) return not_in_model(model, "command", order.name);
  auto steps = command->operation->tell_format(format, inputs_of(order, arguments, model, utc_ms));
  if (!steps) return std::unexpected(fault_of_building(steps.error()));
  if (steps->empty()) return fault("not_supported", "there is nothing that would tell the device");
  return std::move(*steps);
}

bool needs_password(const DeviceModel& model, const FieldOrder& order) {
  const auto* command = drivers::find_command(model, order.name);
  return command != nullptr && command->operation && command->operation->needs_password();
}

std::optional<drivers::NewPlace> place_after(const DeviceModel& model, OrderKind kind, std::string_view name,
                                             std::span<const OrderArgument> arguments) {
  if (kind != OrderKind::command) return std::nullopt;
  const auto* command = drivers::find_command(model, name);
  if (command == nullptr || !command->operation) return std::nullopt;
  drivers::OperationInputs inputs;
  for (const auto& argument : arguments) inputs.arguments.emplace(argument.name, argument.value);
  return command->operation->moves_to(inputs);
}

std::expected<OrderScript, OrderFault> make_order_script(const FieldOrder& order, const ModelPointer& model,
                                                         std::int64_t utc_ms) {
  switch (order.kind) {
    case OrderKind::read:
      return read(order, model);
    case OrderKind::command:
      return command(order, model, utc_ms);
    case OrderKind::parameter:
      return parameter(order, model, utc_ms);
    case OrderKind::history:
      return history(order, model, utc_ms);
  }
  return fault("argument_invalid", "an order of no known kind");
}

}  // namespace duheng::gateway
