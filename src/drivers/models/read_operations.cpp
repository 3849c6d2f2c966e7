// Commands, parameters, history and clock of a model file.
#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <string>

#include "drivers/models/maintenance.hpp"
#include "drivers/models/model_reader.hpp"

namespace duheng::drivers {
namespace {

template <class Part>
void read_title(const ConfigNode& node, Part& part) {
  const auto title = node.section("title");
  part.title_english = title.text("en");
  part.title_chinese = title.text("zh-CN");
}

Danger read_danger(const ConfigNode& node) {
  return static_cast<Danger>(node.choice("danger", {"none", "supply", "irreversible"}, 0));
}

/// Checks what is given against what the model says, and hands choices on as their numbers.
class CheckedOperation final : public Operation {
 public:
  CheckedOperation(std::shared_ptr<const Operation> operation, std::vector<ModelArgument> arguments)
      : operation_(std::move(operation)), arguments_(std::move(arguments)) {}
  [[nodiscard]] Result<std::vector<Query>> build(const OperationInputs& inputs) const override {
    DUHENG_CHECK(check_arguments(arguments_, inputs));
    return operation_->build(with_numbers(inputs));
  }
  [[nodiscard]] std::optional<NewPlace> moves_to(const OperationInputs& inputs) const override {
    return operation_->moves_to(with_numbers(inputs));
  }
  [[nodiscard]] Result<std::vector<Query>> tell_format(const LineFormat& format,
                                                       const OperationInputs& inputs) const override {
    return operation_->tell_format(format, with_numbers(inputs));
  }
  [[nodiscard]] bool needs_password() const override { return operation_->needs_password(); }
  [[nodiscard]] bool is_broadcast() const override { return operation_->is_broadcast(); }

 private:
  [[nodiscard]] OperationInputs with_numbers(const OperationInputs& inputs) const {
    OperationInputs out = inputs;
    for (const auto& argument : arguments_) {
      const auto given = out.arguments.find(argument.name);
      if (given == out.arguments.end()) continue;
      const auto choice = std::ranges::find(argument.choices, given->second, &ModelChoice::value);
      if (choice != argument.choices.end()) given->second = std::to_string(choice->mantissa);
    }
    return out;
  }
  std::shared_ptr<const Operation> operation_;
  std::vector<ModelArgument> arguments_;
};

std::vector<ModelChoice> read_choices(const ConfigNode& node) {
  std::vector<ModelChoice> out;
  for (const auto& item : node.items("choices")) {
    ModelChoice choice;
    choice.value = read_name(item, "value");
    choice.mantissa = item.integer("number");
    read_title(item, choice);
    if (std::ranges::find(out, choice.value, &ModelChoice::value) != out.end())
      item.reject("value", "stands above already");
    out.push_back(std::move(choice));
  }
  return out;
}

void read_value(const ConfigNode& node, ModelArgument& out, ArgumentType fallback) {
  out.type = static_cast<ArgumentType>(
      node.choice("type", {"integer", "decimal", "text", "time", "choice"}, static_cast<std::size_t>(fallback)));
  out.unit = node.text("unit", out.unit);
  if (node.has("min")) out.minimum = read_decimal(node, "min");
  if (node.has("max")) out.maximum = read_decimal(node, "max");
  out.choices = read_choices(node);
  if ((out.type == ArgumentType::choice) == out.choices.empty())
    node.reject("choices", "must be given for the type choice, and for no other");
  const bool has_limits = out.minimum || out.maximum;
  if (has_limits && (out.type == ArgumentType::time || out.type == ArgumentType::choice))
    node.reject("min and max are for numbers and the length of texts");
}

std::vector<ModelArgument> read_arguments(const ConfigNode& node) {
  std::vector<ModelArgument> out;
  for (const auto& item : node.items("arguments")) {
    ModelArgument argument;
    argument.name = read_name(item, "name");
    read_title(item, argument);
    read_value(item, argument, ArgumentType::text);
    argument.required = item.flag("required", true);
    argument.secret = item.flag("secret", false);
    if (std::ranges::find(out, argument.name, &ModelArgument::name) != out.end())
      item.reject("name", "stands above already");
    out.push_back(std::move(argument));
  }
  return out;
}

std::optional<std::uint64_t> read_hexadecimal(const ConfigNode& node, std::string_view key) {
  const std::string text = node.text(key);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error == std::errc{} && end == text.data() + text.size()) return value;
  node.reject(key, "must be hexadecimal digits");
  return std::nullopt;
}

ReadBack::Expectation read_expectation(const ConfigNode& node, const ModelItem& item,
                                       const std::vector<ModelArgument>& arguments) {
  ReadBack::Expectation out;
  if (node.has("argument")) {
    out.argument = node.text("argument");
    if (std::ranges::find(arguments, out.argument, &ModelArgument::name) == arguments.end())
      node.reject("argument", "is none of the command's arguments");
    return out;
  }
  if (item.kind == SeriesKind::ieee_bits) node.reject("value", "cannot be compared with a floating-point number");
  out.value = read_hexadecimal(node, "value").value_or(0);
  if (node.has("mask")) out.mask = read_hexadecimal(node, "mask").value_or(UINT64_MAX);
  if ((out.value & ~out.mask) != 0) node.reject("value", "has bits that the mask leaves out");
  return out;
}

/// The one question that `nodes` make; rejects when it takes more than one.
ModelQuestion read_one_question(ModelReader& reader, const ConfigNode& node, const std::vector<ConfigNode>& nodes,
                                std::vector<ItemPlace>& places) {
  auto planned = read_items(reader, nodes);
  places = std::move(planned.places);
  if (planned.questions.size() == 1) return std::move(planned.questions.front());
  node.reject("must be what one question reads");
  places.clear();
  return {};
}

std::optional<ReadBack> read_read_back(ModelReader& reader, const ConfigNode& command,
                                       const std::vector<ModelArgument>& arguments) {
  if (!command.has("read_back")) return std::nullopt;
  const auto node = command.section("read_back");
  ReadBack out;
  constexpr std::int64_t longest_ms = 24LL * 3'600'000;
  out.within_ms = node.integer("within_ms", {1'000, longest_ms}, out.within_ms);
  out.first_after_ms = node.integer("first_after_ms", {0, out.within_ms}, std::min(out.first_after_ms, out.within_ms));
  const auto items = node.items("items");
  std::vector<ItemPlace> places;
  out.question = read_one_question(reader, node, items, places);
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (items[i].flag("only_shown", false)) continue;  // stands beside the rest in the order's result
    auto expectation = read_expectation(items[i], out.question.items.at(places[i].item), arguments);
    expectation.item = places[i].item;
    out.expectations.push_back(std::move(expectation));
  }
  if (out.expectations.empty()) node.reject("items", "compares nothing: whatever is read back would be right");
  return out;
}

template <class Part>
void check_unique(const ConfigNode& node, const std::vector<Part>& before, const std::string& name) {
  const bool stands = std::ranges::any_of(before, [&](const Part& other) { return other.name == name; });
  if (stands) node.reject("name", "stands above already");
}

std::vector<ConfigNode> list_of(const ConfigNode& root, std::string_view key) {
  auto nodes = root.items(key);
  if (nodes.size() <= model_limits::operations_max) return nodes;
  root.reject(key, fmt::format("must hold at most {} entries", model_limits::operations_max));
  return {};
}

void read_commands(ModelReader& reader) {
  auto& out = reader.model.commands;
  for (const auto& node : list_of(reader.root, "commands")) {
    ModelCommand command;
    command.name = read_name(node, "name");
    check_unique(node, out, command.name);
    if (std::ranges::find(maintenance_commands(), command.name, &ModelCommand::name) != maintenance_commands().end())
      node.reject("name", "is what every gateway does by itself");
    read_title(node, command);
    command.danger = read_danger(node);
    command.arguments = read_arguments(node);
    if (auto operation = reader.model.driver->command(reader.root, node.section("operation")))
      command.operation = std::make_shared<CheckedOperation>(std::move(operation), command.arguments);
    command.read_back = read_read_back(reader, node, command.arguments);
    out.push_back(std::move(command));
  }
}

ModelParameter read_parameter(ModelReader& reader, const ConfigNode& node) {
  ModelParameter out;
  out.name = read_name(node, "name");
  read_title(node, out);
  out.danger = read_danger(node);
  const auto item = node.section("item");
  std::vector<ItemPlace> places;
  out.question = read_one_question(reader, node, {item}, places);
  if (places.empty()) return out;
  out.item = places.front().item;
  const ModelItem& shape = out.question.items.at(out.item);
  out.value.name = "value";
  out.value.title_english = out.title_english;
  out.value.title_chinese = out.title_chinese;
  out.value.unit = shape.unit;
  const auto fallback = shape.exponent < 0 ? ArgumentType::decimal : ArgumentType::integer;
  read_value(node.section("value"), out.value, fallback);
  if (out.value.type == ArgumentType::text) node.reject("value", "is text, which no register holds");
  if (!node.has("write")) return out;
  if (auto operation = reader.model.driver->writer(reader.root, item, node.section("write")))
    out.write = std::make_shared<CheckedOperation>(std::move(operation), std::vector{out.value});
  return out;
}

void read_parameters(ModelReader& reader) {
  auto& out = reader.model.parameters;
  for (const auto& node : list_of(reader.root, "parameters")) {
    auto parameter = read_parameter(reader, node);
    check_unique(node, out, parameter.name);
    out.push_back(std::move(parameter));
  }
}

ModelHistory read_history(ModelReader& reader, const ConfigNode& node) {
  ModelHistory out;
  out.name = read_name(node, "name");
  read_title(node, out);
  out.kind = static_cast<HistoryKind>(node.choice("kind", {"profile", "daily_freeze", "monthly_freeze", "events"}));
  constexpr std::int64_t month_ms = 31LL * 24 * 3'600'000;
  out.interval_ms = node.integer("interval_ms", {0, month_ms}, 0);
  if ((out.kind == HistoryKind::profile) != (out.interval_ms > 0))
    node.reject("interval_ms", "must be given for the kind profile, and for no other");
  out.depth_days = node.integer("depth_days", {1, 3'660});
  out.fetch_interval_ms = node.integer("fetch_interval_ms", {0, month_ms}, 0);
  const auto items = node.items("items");
  if (items.empty()) node.reject("items", "must name at least one register");
  std::vector<ItemShape> shapes;
  for (const auto& item : items) shapes.push_back({read_name(item, "register"), {}, 0, SeriesKind::decimal});
  out.plan = reader.model.driver->history(reader.root, node, items, shapes);
  for (auto& shape : shapes) out.items.push_back(make_item(std::move(shape), &reader.slots));
  return out;
}

void read_histories(ModelReader& reader) {
  auto& out = reader.model.histories;
  for (const auto& node : list_of(reader.root, "history")) {
    auto history = read_history(reader, node);
    check_unique(node, out, history.name);
    out.push_back(std::move(history));
  }
}

bool names_a_clock(const std::vector<ModelQuestion>& questions) {
  bool date = false;
  bool time = false;
  for (const auto& question : questions) {
    for (const auto& item : question.items) {
      if (item.register_name == "clock") return true;
      date = date || item.register_name == "clock_date";
      time = time || item.register_name == "clock_time";
    }
  }
  return date && time;
}

std::string read_command_name(const ModelReader& reader, const ConfigNode& node, std::string_view key) {
  std::string name = node.text(key, "");
  if (!name.empty() && find_command(reader.model, name) == nullptr) node.reject(key, "is none of the model's commands");
  return name;
}

void read_clock(ModelReader& reader) {
  if (!reader.root.has("clock")) return;
  const auto node = reader.root.section("clock");
  ModelClock out;
  out.questions = read_items(reader, node.items("items")).questions;
  if (!names_a_clock(out.questions)) node.reject("items", "must be clock, or clock_date and clock_time");
  constexpr std::int64_t hour_ms = 3'600'000;
  constexpr std::int64_t day_ms = 24 * hour_ms;
  out.tolerance_ms = node.integer("tolerance_ms", {500, hour_ms}, 60'000);
  out.broadcast_step_max_ms = node.integer("broadcast_step_max_ms", {0, hour_ms}, 0);
  out.set_command = read_command_name(reader, node, "set_command");
  out.broadcast_command = read_command_name(reader, node, "broadcast_command");
  if ((out.broadcast_step_max_ms > 0) != !out.broadcast_command.empty())
    node.reject("broadcast_command", "and broadcast_step_max_ms belong together");
  out.check_interval_ms = node.integer("check_interval_ms", {60'000, 31 * day_ms}, day_ms);
  reader.model.clock = std::move(out);
}

}  // namespace

void read_operations(ModelReader& reader) {
  read_commands(reader);
  read_parameters(reader);
  read_histories(reader);
  read_clock(reader);
}

}  // namespace duheng::drivers
