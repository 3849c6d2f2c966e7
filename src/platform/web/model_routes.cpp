#include <algorithm>
#include <set>

#include "drivers/models/device_model.hpp"
#include "drivers/models/maintenance.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/visibility.hpp"

namespace duheng::platform::web {
namespace {

using drivers::DeviceModel;

std::string plain(std::int64_t mantissa, std::int8_t exponent) { return Decimal{mantissa, exponent}.to_string(); }

Json item_json(const drivers::ModelItem& item) {
  Json out{{"register", item.register_name},
           {"unit", item.unit},
           {"exponent", item.exponent},
           {"kind", to_string(item.kind)}};
  if (item.rule.minimum) out["minimum"] = plain(*item.rule.minimum, item.exponent);
  if (item.rule.maximum) out["maximum"] = plain(*item.rule.maximum, item.exponent);
  if (item.rule.rate_max_per_s) out["rate_max_per_s"] = item.rule.rate_max_per_s->to_string();
  out["counts_up"] = item.rule.counts_up;
  return out;
}

template <class Titled>
Json titled(const Titled& from) {
  return {{"name", from.name}, {"title_zh", from.title_chinese}, {"title_en", from.title_english}};
}

Json argument_json(const drivers::ModelArgument& argument) {
  Json out = titled(argument);
  out["type"] = to_string(argument.type);
  out["required"] = argument.required;
  if (argument.secret) out["is_secret"] = true;
  if (!argument.unit.empty()) out["unit"] = argument.unit;
  if (argument.minimum) out["minimum"] = argument.minimum->to_string();
  if (argument.maximum) out["maximum"] = argument.maximum->to_string();
  if (argument.choices.empty()) return out;
  Json choices = Json::array();
  for (const auto& choice : argument.choices)
    choices.push_back(
        {{"value", choice.value}, {"title_zh", choice.title_chinese}, {"title_en", choice.title_english}});
  out["choices"] = std::move(choices);
  return out;
}

Json command_json(const drivers::ModelCommand& command) {
  Json out = titled(command);
  out["danger"] = to_string(command.danger);
  out["needs_password"] = command.operation != nullptr && command.operation->needs_password();
  out["has_read_back"] = command.read_back.has_value();
  out["broadcast"] = command.operation != nullptr && command.operation->is_broadcast();
  out["maintenance"] = command.maintenance != drivers::Maintenance::none;
  Json arguments = Json::array();
  for (const auto& argument : command.arguments) arguments.push_back(argument_json(argument));
  out["arguments"] = std::move(arguments);
  return out;
}

Json parameter_json(const drivers::ModelParameter& parameter) {
  Json out = titled(parameter);
  out["writable"] = parameter.write != nullptr;
  out["needs_password"] = parameter.write != nullptr && parameter.write->needs_password();
  out["danger"] = to_string(parameter.danger);
  out["value"] = argument_json(parameter.value);
  return out;
}

Json history_json(const drivers::ModelHistory& history) {
  Json out = titled(history);
  out["kind"] = to_string(history.kind);
  out["interval_ms"] = history.interval_ms;
  out["depth_days"] = history.depth_days;
  Json items = Json::array();
  for (const auto& item : history.items) items.push_back(item_json(item));
  out["items"] = std::move(items);
  return out;
}

Json group_json(const drivers::ModelGroup& group) {
  Json items = Json::array();
  for (const auto& question : group.questions)
    for (const auto& item : question.items) items.push_back(item_json(item));
  return {{"name", group.name},
          {"interval_ms", group.interval_ms},
          {"interval_ms_min", group.interval_ms_min},
          {"interval_ms_max", group.interval_ms_max},
          {"questions", group.questions.size()},
          {"items", std::move(items)}};
}

/// Different registers that its groups read.
std::size_t registers_of(const DeviceModel& model) {
  std::set<std::string_view> names;
  for (const auto& group : model.groups)
    for (const auto& question : group.questions)
      for (const auto& item : question.items) names.insert(item.register_name);
  return names.size();
}

Json summary_json(const DeviceModel& model, std::size_t devices) {
  return {{"id", model.id},
          {"title_zh", model.title_chinese},
          {"title_en", model.title_english},
          {"manufacturer", model.manufacturer},
          {"protocol", model.driver->name()},
          {"proven", model.proven},
          {"address_digits", model.address_digits},
          {"registers", registers_of(model)},
          {"commands", model.commands.size()},
          {"parameters", model.parameters.size()},
          {"histories", model.histories.size()},
          {"devices", devices}};
}

/// How many devices of each model the caller sees.
Result<std::map<std::string, std::size_t>> devices_by_model(const ApiServices& services, const Caller& caller) {
  DUHENG_TRY(const VisibleOrganisations visible, visible_organisations(services, caller));
  DUHENG_TRY(const DeviceSnapshotPtr snapshot, services.directory.snapshot());
  std::map<std::string, std::size_t> out;
  for (const auto& device : snapshot->devices)
    if (sees(visible, device.device.details.organisation)) ++out[device.device.details.model];
  return out;
}

Result<HttpResponse> list(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  if (!services.models) return fail(ErrorCode::unavailable, "no device models are loaded here");
  DUHENG_TRY(const auto devices, devices_by_model(services, *context.caller));
  Json models = Json::array();
  for (const auto& id : services.models->ids()) {
    const auto count = devices.find(id);
    models.push_back(summary_json(*services.models->find(id), count == devices.end() ? 0 : count->second));
  }
  Json refused = Json::array();
  for (const auto& error : services.models->errors()) {
    // "file:line: reason"; the folder is the server's own business.
    const std::string::size_type colon = error.message.find(':');
    const std::string file = error.message.substr(0, colon);
    refused.push_back({{"file", file.substr(file.find_last_of('/') + 1)},
                       {"reason", colon == std::string::npos ? error.message : error.message.substr(colon + 1)}});
  }
  return json_answer({{"models", std::move(models)}, {"refused", std::move(refused)}});
}

Result<HttpResponse> detail(ApiServices& services, RequestContext& context) {
  const std::string id = context.query.text("id", 64);
  DUHENG_CHECK(context.query.finish());
  const auto model = services.models ? services.models->find(id) : nullptr;
  if (!model) return fail(ErrorCode::not_found, "there is no such model");
  DUHENG_TRY(const auto devices, devices_by_model(services, *context.caller));
  const auto count = devices.find(id);
  Json out = summary_json(*model, count == devices.end() ? 0 : count->second);
  const auto listed = [&](const char* name, const auto& from, auto to_json) {
    Json list = Json::array();
    for (const auto& each : from) list.push_back(to_json(each));
    out[name] = std::move(list);
  };
  listed("groups", model->groups, group_json);
  listed("command_list", model->commands, command_json);
  for (const auto& command : drivers::maintenance_commands()) out["command_list"].push_back(command_json(command));
  out["commands"] = out["command_list"].size();
  listed("parameter_list", model->parameters, parameter_json);
  listed("history_list", model->histories, history_json);
  out["clock"] = nullptr;
  if (model->clock)
    out["clock"] = {{"tolerance_ms", model->clock->tolerance_ms},
                    {"check_interval_ms", model->clock->check_interval_ms}};
  out["file"] = model->text ? *model->text : std::string{};
  return json_answer(out);
}

}  // namespace

void add_model_routes(Router& router, ApiServices& services) {
  router.add(Method::get, "/api/v1/models", "listModels", Permission::any_session(),
             [&services](RequestContext& context) { return list(services, context); });
  router.add(Method::get, "/api/v1/model", "getModel", Permission::any_session(),
             [&services](RequestContext& context) { return detail(services, context); });
}

}  // namespace duheng::platform::web
