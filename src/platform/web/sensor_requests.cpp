#include "platform/web/sensor_requests.hpp"

#include "platform/web/body_reader.hpp"

namespace duheng::platform::web {
namespace {

// What is too long for the records is refused there, with its name.
constexpr std::size_t text_octets_max = 1'000;

SensorDetails read_details(BodyReader& reader) {
  SensorDetails out;
  out.quantity = reader.text("quantity", text_octets_max);
  out.accuracy_class = reader.text("accuracy_class", text_octets_max);
  out.range_low = reader.decimal("range_low");
  out.range_high = reader.decimal("range_high");
  out.range_unit = reader.text("range_unit", text_octets_max);
  out.protection = reader.text("protection", text_octets_max);
  out.serial_number = reader.text("serial_number", text_octets_max);
  return out;
}

Result<Calibration> read_calibration(const Json& json) {
  BodyReader reader{json, {"on", "interval_days", "certificate"}};
  Calibration out;
  const auto on = parse_date(reader.text("on", text_octets_max));
  if (!on) reader.reject("on", "must be a date such as 2026-01-17");
  out.on_utc_ms = on.value_or(0);
  out.interval_days = reader.integer("interval_days", 1, sensor_limits::interval_days_max, 0);
  if (out.interval_days == 0) reader.reject("interval_days", "is needed");
  out.certificate = reader.text("certificate", text_octets_max);
  DUHENG_CHECK(reader.finish());
  return out;
}

Result<std::optional<Calibration>> optional_calibration(const BodyReader& reader) {
  const Json* found = reader.find("calibration");
  if (found == nullptr) return std::optional<Calibration>{};
  DUHENG_TRY(Calibration calibration, read_calibration(*found));
  return std::optional{std::move(calibration)};
}

}  // namespace

Result<NewSensor> parse_new_sensor(std::string_view body) {
  DUHENG_TRY(const Json json, parse_body(body));
  BodyReader reader{json,
                    {"device_id", "register", "from", "quantity", "accuracy_class", "range_low", "range_high",
                     "range_unit", "protection", "serial_number", "calibration"}};
  NewSensor out;
  out.device = DeviceId{reader.integer("device_id", 1, INT64_MAX, 0)};
  if (!out.device) reader.reject("device_id", "is needed");
  out.register_name = reader.text("register", 64);
  out.from_utc_ms = reader.time("from");
  out.details = read_details(reader);
  DUHENG_CHECK(reader.finish());
  DUHENG_TRY(out.calibration, optional_calibration(reader));
  return out;
}

Result<SensorDetails> parse_sensor_details(std::string_view body) {
  DUHENG_TRY(const Json json, parse_body(body));
  BodyReader reader{
      json, {"quantity", "accuracy_class", "range_low", "range_high", "range_unit", "protection", "serial_number"}};
  SensorDetails out = read_details(reader);
  DUHENG_CHECK(reader.finish());
  return out;
}

Result<Calibration> parse_calibration(std::string_view body) {
  DUHENG_TRY(const Json json, parse_body(body));
  return read_calibration(json);
}

Result<Sensors::Exchange> parse_sensor_exchange(std::string_view body) {
  DUHENG_TRY(const Json json, parse_body(body));
  BodyReader reader{json,
                    {"at", "reason", "quantity", "accuracy_class", "range_low", "range_high", "range_unit",
                     "protection", "serial_number", "calibration"}};
  Sensors::Exchange out;
  out.at_utc_ms = reader.time("at");
  out.reason = reader.text("reason", text_octets_max);
  out.details = read_details(reader);
  DUHENG_CHECK(reader.finish());
  DUHENG_TRY(out.calibration, optional_calibration(reader));
  return out;
}

}  // namespace duheng::platform::web
