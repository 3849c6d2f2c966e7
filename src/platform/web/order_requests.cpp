#include "platform/web/order_requests.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <initializer_list>

#include "base/time.hpp"
#include "model/field_plan.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/processing_requests.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::size_t devices_max = 100'000;
constexpr std::size_t registers_max = 256;
constexpr std::size_t arguments_max = 64;
constexpr std::int64_t lifetime_s_max = 604'800;

std::unexpected<Error> wrong(std::string_view field, std::string_view what) {
  return fail(ErrorCode::invalid_argument, fmt::format("{}: {}", field, what));
}

/// Reads one object; the first thing that is wrong sticks.
class ObjectReader {
 public:
  ObjectReader(const Json& json, std::initializer_list<std::string_view> known) : json_(json) {
    for (const auto& [key, value] : json.items()) {
      if (std::ranges::find(known, key) == known.end()) reject(key, "is not known here");
    }
  }
  [[nodiscard]] const Json* find(const char* key) const {
    const auto at = json_.find(key);
    return at == json_.end() || at->is_null() ? nullptr : &*at;
  }
  std::string text(const char* key, std::size_t octets_max) {
    const Json* found = find(key);
    if (found == nullptr) return {};
    if (!found->is_string() || found->get_ref<const std::string&>().size() > octets_max) {
      reject(key, fmt::format("a text of at most {} octets", octets_max));
      return {};
    }
    return found->get<std::string>();
  }
  std::int64_t integer(const char* key, std::int64_t minimum, std::int64_t maximum) {
    const Json* found = find(key);
    if (found == nullptr) return 0;
    const bool fits = found->is_number_integer() &&
                      (!found->is_number_unsigned() || found->get<std::uint64_t>() <= INT64_MAX) &&
                      found->get<std::int64_t>() >= minimum && found->get<std::int64_t>() <= maximum;
    if (!fits) reject(key, fmt::format("an integer from {} to {}", minimum, maximum));
    return fits ? found->get<std::int64_t>() : 0;
  }
  std::int64_t time(const char* key) {
    const std::string given = text(key, 64);
    if (given.empty()) return 0;
    const auto parsed = parse_iso8601(given);
    if (!parsed) reject(key, "a time such as 2026-11-21T09:12:55Z");
    return parsed ? *parsed : 0;
  }
  void reject(std::string_view key, std::string_view why) {
    if (!error_) error_ = wrong(key, why).error();
  }
  [[nodiscard]] Result<void> finish() const {
    if (error_) return std::unexpected(*error_);
    return {};
  }

 private:
  const Json& json_;
  std::optional<Error> error_;
};

Result<std::vector<DeviceId>> read_devices(const Json& list) {
  if (!list.is_array() || list.empty()) return wrong("device_ids", "a list of at least one id");
  if (list.size() > devices_max) {
    return fail(ErrorCode::limit_exceeded, fmt::format("device_ids: at most {} at once", devices_max));
  }
  std::vector<DeviceId> out;
  out.reserve(list.size());
  for (const Json& id : list) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() == 0 || id.get<std::uint64_t>() > INT64_MAX)
      return wrong("device_ids", "positive integers");
    out.push_back(DeviceId{id.get<std::int64_t>()});
  }
  std::ranges::sort(out);
  const auto again = std::ranges::unique(out);
  out.erase(again.begin(), again.end());
  return out;
}

Result<DeviceFilter> read_filter(const Json& json) {
  if (!json.is_object()) return wrong("filter", "an object");
  ObjectReader reader(json, {"search", "state", "model", "site_id", "organisation_id", "gateway_id"});
  DeviceFilter out;
  out.search = reader.text("search", 400);
  out.model = reader.text("model", 64);
  out.site = SiteId{reader.integer("site_id", 1, INT64_MAX)};
  out.organisation = OrganisationId{reader.integer("organisation_id", 1, INT64_MAX)};
  out.gateway = GatewayId{reader.integer("gateway_id", 1, INT64_MAX)};
  if (const std::string state = reader.text("state", 16); !state.empty()) {
    out.state = device_state_of(state);
    if (!out.state) reader.reject("filter.state", "online, late, offline or never");
  }
  DUHENG_CHECK(reader.finish());
  return out;
}

Result<DeviceAccess> read_access(const Json& json) {
  if (!json.is_object()) return wrong("access", "an object with a password");
  ObjectReader reader(json, {"password", "operator_code"});
  DeviceAccess out;
  out.password = reader.text("password", 64);
  out.operator_code = reader.text("operator_code", 16);
  if (out.password.empty()) reader.reject("password", "1 to 64 octets");
  DUHENG_CHECK(reader.finish());
  return out;
}

Result<std::vector<std::string>> read_registers(const Json& list) {
  if (!list.is_array() || list.size() > registers_max) return wrong("registers", "a list of at most 256 names");
  std::vector<std::string> out;
  for (const Json& name : list) {
    if (!name.is_string() || name.get_ref<const std::string&>().size() > 100)
      return wrong("registers", "names of at most 100 octets");
    out.push_back(name.get<std::string>());
  }
  return out;
}

Result<std::vector<OrderArgument>> read_arguments(const Json& json) {
  if (!json.is_object() || json.size() > arguments_max) return wrong("arguments", "an object of at most 64 texts");
  std::vector<OrderArgument> out;
  for (const auto& [name, value] : json.items()) {
    if (!value.is_string() || value.get_ref<const std::string&>().size() > 256 || name.size() > 100)
      return wrong("arguments", "texts of at most 256 octets");
    out.push_back({name, value.get<std::string>()});
  }
  return out;
}

Result<OrderKind> kind_of(const std::string& word) {
  for (const OrderKind kind : {OrderKind::read, OrderKind::command, OrderKind::parameter, OrderKind::history}) {
    if (to_string(kind) == word) return kind;
  }
  return wrong("kind", "read, command, parameter or history");
}

Result<Json> object_of(std::string_view body) {
  Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return fail(ErrorCode::malformed, "the body must be an object");
  return json;
}

}  // namespace

Result<JobRequest> parse_job_request(std::string_view body) {
  DUHENG_TRY(const Json json, object_of(body));
  ObjectReader reader(json, {"kind", "device_ids", "filter", "name", "registers", "item", "arguments", "from", "to",
                             "reason", "lifetime_s", "access"});
  JobRequest out;
  JobContent& content = out.job.content;
  DUHENG_TRY(content.kind, kind_of(reader.text("kind", 16)));
  content.name = reader.text("name", 64);
  content.item = reader.text("item", 4'000);
  content.from_utc_ms = reader.time("from");
  content.to_utc_ms = reader.time("to");
  out.job.reason = reader.text("reason", 2'000);
  out.job.lifetime_ms = reader.integer("lifetime_s", 5, lifetime_s_max) * 1'000;
  DUHENG_CHECK(reader.finish());
  const Json* devices = reader.find("device_ids");
  const Json* filter = reader.find("filter");
  if ((devices == nullptr) == (filter == nullptr)) return wrong("device_ids", "either device_ids or filter");
  if (devices != nullptr) {
    DUHENG_TRY(out.devices, read_devices(*devices));
  } else {
    DUHENG_TRY(out.filter, read_filter(*filter));
  }
  if (const Json* registers = reader.find("registers")) {
    DUHENG_TRY(content.registers, read_registers(*registers));
  }
  if (const Json* arguments = reader.find("arguments")) {
    DUHENG_TRY(content.arguments, read_arguments(*arguments));
  }
  if (const Json* access = reader.find("access")) {
    DUHENG_TRY(out.job.access, read_access(*access));
  }
  return out;
}

Result<SamplingRequest> parse_sampling_request(std::string_view body) {
  DUHENG_TRY(const Json json, object_of(body));
  ObjectReader reader(json, {"device_ids", "filter", "group", "register", "interval_ms", "reason"});
  SamplingRequest out;
  out.group = reader.text("group", 64);
  out.register_name = reader.text("register", 64);
  out.interval_ms = reader.integer("interval_ms", 0, field_plan_limits::interval_ms_max);
  out.reason = reader.text("reason", 2'000);
  if (reader.find("interval_ms") == nullptr) reader.reject("interval_ms", "0 for the model's own, or milliseconds");
  DUHENG_CHECK(reader.finish());
  const Json* devices = reader.find("device_ids");
  const Json* filter = reader.find("filter");
  if ((devices == nullptr) == (filter == nullptr)) return wrong("device_ids", "either device_ids or filter");
  if (devices != nullptr) {
    DUHENG_TRY(out.devices, read_devices(*devices));
  } else {
    DUHENG_TRY(out.filter, read_filter(*filter));
  }
  return out;
}

Result<RestartRequest> parse_restart_request(std::string_view body) {
  DUHENG_TRY(const Json json, object_of(body));
  ObjectReader reader(json, {"channel", "reason"});
  RestartRequest out;
  out.channel = reader.text("channel", 64);
  out.reason = reader.text("reason", 2'000);
  if (out.reason.empty()) reader.reject("reason", "say why");
  DUHENG_CHECK(reader.finish());
  return out;
}

namespace {

/// Which devices, as a list or as a filter; `is_optional`: or none.
Result<void> read_choice(const ObjectReader& reader, bool is_optional, std::vector<DeviceId>& devices,
                         std::optional<DeviceFilter>& chosen) {
  const Json* list = reader.find("device_ids");
  const Json* filter = reader.find("filter");
  if (list == nullptr && filter == nullptr && is_optional) return {};
  if ((list == nullptr) == (filter == nullptr)) return wrong("device_ids", "either device_ids or filter");
  if (list != nullptr && list->is_array() && list->empty() && is_optional) return {};
  if (list != nullptr) {
    DUHENG_TRY(devices, read_devices(*list));
  } else {
    DUHENG_TRY(chosen, read_filter(*filter));
  }
  return {};
}

/// A rule stays JSON: its own reader says what is wrong with it.
std::string rule_of(ObjectReader& reader) {
  const Json* rule = reader.find("rule");
  if (rule == nullptr) return {};
  if (!rule->is_object()) reader.reject("rule", "an object");
  return rule->dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Result<RuleRequest> parse_rule_request(std::string_view body) {
  DUHENG_TRY(const Json json, object_of(body));
  ObjectReader reader(json, {"device_ids", "filter", "into", "rule", "reason"});
  RuleRequest out;
  out.into = reader.text("into", 64);
  out.reason = reader.text("reason", 2'000);
  out.rule = rule_of(reader);
  if (out.into.empty()) reader.reject("into", "the result's name");
  if (out.reason.empty()) reader.reject("reason", "say why");
  DUHENG_CHECK(reader.finish());
  DUHENG_CHECK(read_choice(reader, false, out.devices, out.filter));
  return out;
}

Result<PreviewRequest> parse_preview_request(std::string_view body) {
  DUHENG_TRY(const Json json, object_of(body));
  ObjectReader reader(json, {"rule", "hours"});
  PreviewRequest out;
  out.rule = rule_of(reader);
  if (out.rule.empty()) reader.reject("rule", "an object");
  if (reader.find("hours") != nullptr) out.hours = reader.integer("hours", 1, 24);
  DUHENG_CHECK(reader.finish());
  return out;
}

Result<SumRequest> parse_sum_request(std::string_view body) {
  DUHENG_TRY(const Json json, object_of(body));
  ObjectReader reader(json, {"uid", "register", "unit", "exponent", "interval_s", "tolerance_s", "wait_s", "channel",
                             "device_ids", "filter", "reason"});
  SumRequest out;
  out.sum.uid = reader.text("uid", 64);
  if (reader.find("register") != nullptr) out.sum.register_name = reader.text("register", 64);
  if (reader.find("unit") != nullptr) out.sum.unit = reader.text("unit", 64);
  if (reader.find("exponent") != nullptr)
    out.sum.exponent = static_cast<std::int8_t>(reader.integer("exponent", -9, 0));
  if (reader.find("interval_s") != nullptr) out.sum.interval_ms = reader.integer("interval_s", 60, 86'400) * 1'000;
  if (reader.find("tolerance_s") != nullptr) out.sum.tolerance_ms = reader.integer("tolerance_s", 0, 43'200) * 1'000;
  if (reader.find("wait_s") != nullptr) out.sum.wait_ms = reader.integer("wait_s", 1, 604'800) * 1'000;
  out.sum.channel = reader.text("channel", 64);
  out.reason = reader.text("reason", 2'000);
  DUHENG_CHECK(reader.finish());
  DUHENG_CHECK(read_choice(reader, true, out.devices, out.filter));
  return out;
}

Result<SumRequest> parse_sum_removal(std::string_view body) {
  DUHENG_TRY(const Json json, object_of(body));
  ObjectReader reader(json, {"uid", "reason"});
  SumRequest out;
  out.sum.uid = reader.text("uid", 64);
  out.reason = reader.text("reason", 2'000);
  DUHENG_CHECK(reader.finish());
  return out;
}

Result<DeviceAccess> parse_device_access(std::string_view body) {
  DUHENG_TRY(const Json json, object_of(body));
  return read_access(json);
}

}  // namespace duheng::platform::web
