#include "platform/web/edit_requests.hpp"

#include "platform/web/body_reader.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::size_t registers_max = 64;
constexpr std::int64_t day_s = 86'400;

std::optional<EditKind> edit_kind_of(std::string_view name) {
  for (const EditKind kind : {EditKind::correction, EditKind::estimate, EditKind::withdrawal}) {
    if (to_string(kind) == name) return kind;
  }
  return std::nullopt;
}

std::optional<std::int64_t> mantissa(BodyReader& reader, const char* key, std::int8_t exponent) {
  const auto given = reader.decimal(key);
  if (!given) return std::nullopt;
  const auto rescaled = given->rescaled(exponent);
  if (!rescaled) {
    reader.reject(key, fmt::format("must fit the register's {} decimal places", std::max(0, -exponent)));
    return std::nullopt;
  }
  return rescaled->mantissa;
}

PointRegister read_register(BodyReader& reader) {
  PointRegister out;
  out.name = reader.text("name", 100);
  out.ratio_numerator = reader.integer("ratio_numerator", 1, 1'000'000'000, 1);
  out.ratio_denominator = reader.integer("ratio_denominator", 1, 1'000'000'000, 1);
  if (reader.find("digits") != nullptr) out.digits = reader.integer("digits", 1, 18, 1);
  out.start = reader.decimal("start");
  return out;
}

Result<PointInstallation> read_installation(const Json& json, std::int64_t at_utc_ms) {
  BodyReader reader{json, {"device_id", "registers"}};
  PointInstallation out;
  out.at_utc_ms = at_utc_ms;
  out.device = DeviceId{reader.integer("device_id", 1, INT64_MAX, 0)};
  if (!out.device) reader.reject("device_id", "is needed");
  for (const Json& item : reader.list("registers", registers_max)) {
    BodyReader one{item, {"name", "ratio_numerator", "ratio_denominator", "digits", "start"}};
    out.registers.push_back(read_register(one));
    DUHENG_CHECK(one.finish());
  }
  DUHENG_CHECK(reader.finish());
  return out;
}

}  // namespace

Result<EditCommand> parse_edit_request(std::string_view body, std::int8_t exponent) {
  DUHENG_TRY(const Json json, parse_body(body));
  BodyReader reader{json, {"kind", "reason", "values"}};
  EditCommand out;
  const auto kind = edit_kind_of(reader.text("kind", 32));
  if (!kind) reader.reject("kind", "must be correction, estimate or withdrawal");
  out.kind = kind.value_or(EditKind::correction);
  out.reason = reader.text("reason", edit_limits::reason_bytes_max);
  for (const Json& item : reader.list("values", edit_service_limits::values_max)) {
    BodyReader one{item, {"time", "value", "expected"}};
    WantedEdit wanted;
    wanted.time_utc_ms = one.time("time");
    wanted.mantissa = mantissa(one, "value", exponent);
    wanted.expected = mantissa(one, "expected", exponent);
    DUHENG_CHECK(one.finish());
    out.values.push_back(wanted);
  }
  DUHENG_CHECK(reader.finish());
  return out;
}

Result<EstimateRequest> parse_estimate_request(std::string_view body) {
  DUHENG_TRY(const Json json, parse_body(body));
  BodyReader reader{json, {"from", "to", "method", "interval_s", "preview", "reason", "fingerprint"}};
  EstimateRequest out;
  out.command.range = {reader.time("from"), reader.time("to")};
  const auto method = estimate_method_of(reader.text("method", 32));
  if (!method) reader.reject("method", "must be linear, last_value or same_weekdays");
  out.command.method = method.value_or(EstimateMethod::linear);
  out.command.interval_ms = reader.integer("interval_s", 1, day_s, 0) * 1'000;
  out.is_preview = reader.flag("preview", true);
  out.reason = reader.text("reason", edit_limits::reason_bytes_max);
  out.fingerprint = reader.text("fingerprint", 64);
  DUHENG_CHECK(reader.finish());
  return out;
}

Result<FindingDecision> parse_finding_decision(std::string_view body) {
  using Action = FindingDecision::Action;
  DUHENG_TRY(const Json json, parse_body(body));
  BodyReader reader{json, {"action", "reason", "value", "method", "preview"}};
  FindingDecision out;
  const std::string action = reader.text("action", 32);
  if (action == "correct") {
    out.action = Action::correct;
  } else if (action == "estimate") {
    out.action = Action::estimate;
  } else if (action != "confirm") {
    reader.reject("action", "must be confirm, correct or estimate");
  }
  out.reason = reader.text("reason", 1'000);
  out.value = reader.decimal("value");
  out.is_preview = reader.flag("preview", false);
  const std::string name = reader.text("method", 32);
  const auto method = estimate_method_of(name);
  if (out.action == Action::estimate && !method) reader.reject("method", "must be linear, last_value or same_weekdays");
  if (out.action != Action::estimate && !name.empty()) reader.reject("method", "is for an estimate");
  if (out.action != Action::estimate && out.is_preview) reader.reject("preview", "is for an estimate");
  if ((out.action == Action::correct) != out.value.has_value()) reader.reject("value", "is for a correction");
  out.method = method.value_or(EstimateMethod::linear);
  DUHENG_CHECK(reader.finish());
  return out;
}

Result<PointRequest> parse_point_request(std::string_view body) {
  DUHENG_TRY(const Json json, parse_body(body));
  BodyReader reader{json, {"name", "organisation_id", "site_id", "at", "installation"}};
  PointRequest out;
  out.details.name = reader.text("name", 200);
  out.details.organisation = OrganisationId{reader.integer("organisation_id", 1, INT64_MAX, 0)};
  out.details.site = SiteId{reader.integer("site_id", 1, INT64_MAX, 0)};
  if (!out.details.organisation) reader.reject("organisation_id", "is needed");
  if (const Json* installation = reader.find("installation")) {
    DUHENG_TRY(out.first, read_installation(*installation, reader.time("at")));
  }
  DUHENG_CHECK(reader.finish());
  return out;
}

Result<ExchangeRequest> parse_exchange_request(std::string_view body) {
  DUHENG_TRY(const Json json, parse_body(body));
  BodyReader reader{json, {"at", "reason", "ends", "installation"}};
  ExchangeRequest out;
  out.at_utc_ms = reader.time("at");
  out.reason = reader.text("reason", metering_point_limits::reason_octets_max);
  for (const Json& item : reader.list("ends", registers_max)) {
    BodyReader one{item, {"name", "value"}};
    EndReading end;
    end.name = one.text("name", 100);
    const auto value = one.decimal("value");
    if (!value) one.reject("value", "is needed");
    end.value = value.value_or(Decimal{});
    DUHENG_CHECK(one.finish());
    out.ends.push_back(std::move(end));
  }
  if (const Json* installation = reader.find("installation")) {
    DUHENG_TRY(out.installation, read_installation(*installation, out.at_utc_ms));
  }
  DUHENG_CHECK(reader.finish());
  return out;
}

}  // namespace duheng::platform::web
