// Sensors: their papers, their calibrations, and which values came after their date.
#include "base/time.hpp"
#include "drivers/models/device_model.hpp"
#include "platform/sensors/sensors.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/sensor_requests.hpp"
#include "platform/web/visibility.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::size_t table_bytes_max = 4U << 20;

Json decimal_or_null(const std::optional<Decimal>& value) { return value ? Json(value->to_string()) : Json(nullptr); }

Json calibration_json(const Calibration& calibration) {
  return {{"on", date_text(calibration.on_utc_ms)},
          {"interval_days", calibration.interval_days},
          {"due", date_text(calibration.due_utc_ms())},
          {"certificate", calibration.certificate}};
}

Json sensor_json(const Sensor& sensor) {
  const auto& details = sensor.details;
  return {{"id", sensor.id.value},
          {"device", {{"id", sensor.device.value}, {"name", sensor.device_name}, {"uid", sensor.device_uid}}},
          {"register", sensor.register_name},
          {"from", format_utc(sensor.from_utc_ms)},
          {"to", sensor.to_utc_ms ? Json(format_utc(*sensor.to_utc_ms)) : Json(nullptr)},
          {"quantity", details.quantity},
          {"accuracy_class", details.accuracy_class},
          {"range_low", decimal_or_null(details.range_low)},
          {"range_high", decimal_or_null(details.range_high)},
          {"range_unit", details.range_unit},
          {"protection", details.protection},
          {"serial_number", details.serial_number},
          {"calibration", sensor.calibration ? calibration_json(*sensor.calibration) : Json(nullptr)},
          {"state", to_string(sensor.state)}};
}

Result<SensorQuery> read_query(RequestContext& context) {
  SensorQuery query;
  query.page = context.query.integer("page", 1, 100'000, 1);
  query.page_size = context.query.integer("page_size", 1, sensor_limits::page_size_max, 50);
  query.search = context.query.text("search", 100);
  if (const auto state = context.query.choice("state", {"unknown", "valid", "due", "overdue"})) {
    DUHENG_TRY(query.state, parse_calibration_state(*state));
  }
  query.quantity = context.query.text("quantity", 32);
  query.device = DeviceId{context.query.optional_id("device_id").value_or(0)};
  DUHENG_CHECK(context.query.finish());
  return query;
}

Result<HttpResponse> list(ApiServices& services, RequestContext& context) {
  DUHENG_TRY(const SensorQuery query, read_query(context));
  DUHENG_TRY(const SensorPage page, services.sensors->list(context.caller->scope(), query));
  Json sensors = Json::array();
  for (const Sensor& sensor : page.sensors) sensors.push_back(sensor_json(sensor));
  return json_answer({{"sensors", std::move(sensors)},
                      {"total", page.total},
                      {"due", page.due},
                      {"overdue", page.overdue},
                      {"page", query.page},
                      {"page_size", query.page_size}});
}

Result<HttpResponse> detail_answer(ApiServices& services, RequestContext& context, SensorId id, int status) {
  const Scope scope = context.caller->scope();
  DUHENG_TRY(const Sensor sensor, services.sensors->get(scope, id));
  DUHENG_TRY(const auto chain, services.sensors->chain(scope, id));
  DUHENG_TRY(const auto calibrations, services.sensors->calibrations(scope, id));
  DUHENG_TRY(const auto events, services.sensors->events(scope, id));
  Json body = sensor_json(sensor);
  body["chain"] = Json::array();
  for (const Sensor& one : chain) body["chain"].push_back(sensor_json(one));
  body["calibrations"] = Json::array();
  for (const Calibration& one : calibrations) body["calibrations"].push_back(calibration_json(one));
  body["events"] = Json::array();
  for (const SensorEvent& event : events)
    body["events"].push_back({{"made_at", format_utc(event.made_utc_ms)},
                              {"author", event.author},
                              {"action", event.action},
                              {"detail", event.detail}});
  HttpResponse response = json_answer(body);
  response.status = status;
  return response;
}

SensorId asked_for(const RequestContext& context) { return SensorId{context.path_integer("sensor_id")}; }

void tell_changed(const ApiServices& services) {
  if (services.sensors_changed) services.sensors_changed();
}

Result<HttpResponse> detail(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  return detail_answer(services, context, asked_for(context), 200);
}

Result<HttpResponse> create(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const NewSensor wanted, parse_new_sensor(context.request.body));
  DUHENG_TRY(const SensorId id, services.sensors->create(author_of(context), wanted));
  tell_changed(services);
  return detail_answer(services, context, id, 201);
}

Result<HttpResponse> edit(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const SensorDetails details, parse_sensor_details(context.request.body));
  DUHENG_CHECK(services.sensors->edit(author_of(context), asked_for(context), details));
  return detail_answer(services, context, asked_for(context), 200);
}

Result<HttpResponse> calibrate(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const Calibration calibration, parse_calibration(context.request.body));
  DUHENG_CHECK(services.sensors->calibrate(author_of(context), asked_for(context), calibration));
  tell_changed(services);
  return detail_answer(services, context, asked_for(context), 201);
}

Result<HttpResponse> exchange(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const Sensors::Exchange wanted, parse_sensor_exchange(context.request.body));
  DUHENG_TRY(const SensorId id, services.sensors->exchange(author_of(context), asked_for(context), wanted));
  tell_changed(services);
  return detail_answer(services, context, id, 201);
}

Result<HttpResponse> table(ApiServices& services, RequestContext& context) {
  DUHENG_TRY(const SensorQuery query, read_query(context));
  HttpResponse response;
  response.content_type = "text/csv; charset=utf-8";
  DUHENG_TRY(response.body, services.sensors->table(context.caller->scope(), query));
  response.headers.push_back({"Content-Disposition", "attachment; filename=\"sensors.csv\""});
  return response;
}

Result<HttpResponse> import_table(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  DUHENG_TRY(const auto outcome, services.sensors->import_table(author_of(context), context.request.body));
  if (outcome.errors.empty()) tell_changed(services);
  Json errors = Json::array();
  for (const auto& error : outcome.errors) errors.push_back({{"line", error.line}, {"message", error.message}});
  return json_answer({{"made", outcome.made}, {"changed", outcome.changed}, {"errors", std::move(errors)}});
}

Result<HttpResponse> adopt(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  std::vector<Sensors::Default> defaults;
  if (services.models)
    for (const auto& id : services.models->ids())
      for (const auto& sensor : services.models->find(id)->sensors)
        defaults.push_back({id,
                            sensor.register_name,
                            {.quantity = sensor.quantity,
                             .accuracy_class = sensor.accuracy_class,
                             .range_low = sensor.range_low,
                             .range_high = sensor.range_high,
                             .range_unit = sensor.range_unit,
                             .protection = sensor.protection}});
  DUHENG_TRY(const std::int64_t made, services.sensors->adopt_defaults(author_of(context), defaults));
  return json_answer({{"made", made}});
}

Result<HttpResponse> of_device(ApiServices& services, RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  const DeviceId id{context.path_integer("device_id")};
  DUHENG_CHECK(visible_device(services, *context.caller, id));
  DUHENG_TRY(const auto periods, services.sensors->overdue_periods(id));
  Json out = Json::array();
  for (const OverduePeriod& period : periods)
    out.push_back({{"register", period.register_name},
                   {"from", format_utc(period.from_utc_ms)},
                   {"to", period.to_utc_ms ? Json(format_utc(*period.to_utc_ms)) : Json(nullptr)}});
  return json_answer({{"overdue", std::move(out)}});
}

}  // namespace

void add_sensor_routes(Router& router, ApiServices& services) {
  using Act = Result<HttpResponse> (*)(ApiServices&, RequestContext&);
  const auto add = [&](Method method, std::string pattern, std::string operation, Permission permission, Act act,
                       std::size_t body_bytes_max = Router::usual_body_bytes_max) -> Router::Route& {
    return router.add(
        method, std::move(pattern), std::move(operation), permission,
        [&services, act](RequestContext& context) -> Result<HttpResponse> {
          if (services.sensors == nullptr) return fail(ErrorCode::unavailable, "no sensors are kept here");
          return act(services, context);
        },
        body_bytes_max);
  };
  const Permission look = Permission::any_session();
  const Permission change = Permission::at_least(Role::operator_);
  add(Method::get, "/api/v1/sensors", "listSensors", look, list);
  add(Method::post, "/api/v1/sensors", "createSensor", change, create);
  add(Method::get, "/api/v1/sensors/table", "getSensorTable", look, table);
  add(Method::post, "/api/v1/sensors/table", "importSensorTable", change, import_table, table_bytes_max).body_type =
      "text/csv";
  add(Method::post, "/api/v1/sensors/defaults", "adoptSensorDefaults", change, adopt);
  add(Method::get, "/api/v1/sensors/{sensor_id}", "getSensor", look, detail);
  add(Method::put, "/api/v1/sensors/{sensor_id}", "editSensor", change, edit);
  add(Method::post, "/api/v1/sensors/{sensor_id}/calibrations", "calibrateSensor", change, calibrate);
  add(Method::post, "/api/v1/sensors/{sensor_id}/exchange", "exchangeSensor", change, exchange);
  add(Method::get, "/api/v1/devices/{device_id}/calibration", "getDeviceCalibration", look, of_device);
}

}  // namespace duheng::platform::web
