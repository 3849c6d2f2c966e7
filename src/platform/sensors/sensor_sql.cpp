#include "platform/sensors/sensor_sql.hpp"

#include <fmt/format.h>

namespace duheng::platform::sensor_sql {
namespace {

std::optional<Decimal> read_decimal(const records::Row& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  const auto parsed = Decimal::parse(row.text_view(column));
  return parsed ? std::optional{*parsed} : std::nullopt;
}

CalibrationState state_of(const std::optional<Calibration>& calibration, std::int64_t now_utc_ms) {
  if (!calibration) return CalibrationState::unknown;
  if (calibration->due_utc_ms() <= now_utc_ms) return CalibrationState::overdue;
  const bool soon = calibration->due_utc_ms() < now_utc_ms + sensor_limits::notice_days * 86'400'000;
  return soon ? CalibrationState::due : CalibrationState::valid;
}

}  // namespace

std::string tables() { return " FROM sensors s JOIN devices d ON d.id = s.device_id"; }

std::string select() {
  return "SELECT s.id, s.device_id, d.name, d.uid, s.register, s.from_ms, s.to_ms, s.quantity, s.accuracy_class, "
         "s.range_low, s.range_high, s.range_unit, s.protection, s.serial_number, s.calibrated_ms, s.interval_days, "
         "s.certificate" +
         tables();
}

Sensor read(const records::Row& row, std::int64_t now_utc_ms) {
  Sensor out;
  out.id = row.id<SensorId>(0);
  out.device = row.id<DeviceId>(1);
  out.device_name = row.text(2);
  out.device_uid = row.text(3);
  out.register_name = row.text(4);
  out.from_utc_ms = row.integer(5);
  out.to_utc_ms = row.optional_integer(6);
  out.details = {.quantity = row.text(7),
                 .accuracy_class = row.text(8),
                 .range_low = read_decimal(row, 9),
                 .range_high = read_decimal(row, 10),
                 .range_unit = row.text(11),
                 .protection = row.text(12),
                 .serial_number = row.text(13)};
  if (!row.is_null(14)) out.calibration = Calibration{row.integer(14), row.integer(15), row.text(16)};
  out.state = state_of(out.calibration, now_utc_ms);
  return out;
}

std::string search_condition(std::string_view search) {
  return fmt::format(
      " AND ({0} = '' OR instr(lower(d.name), lower({0})) > 0 OR instr(lower(d.uid), lower({0})) > 0 OR "
      "instr(s.register, lower({0})) > 0 OR instr(lower(s.serial_number), lower({0})) > 0 OR "
      "instr(lower(s.certificate), lower({0})) > 0)",
      search);
}

std::string state_condition(const std::optional<CalibrationState>& state, std::string_view now, std::string_view soon) {
  if (!state) return {};
  switch (*state) {
    case CalibrationState::unknown:
      return " AND s.due_ms IS NULL";
    case CalibrationState::valid:
      return fmt::format(" AND s.due_ms >= {}", soon);
    case CalibrationState::due:
      return fmt::format(" AND s.due_ms > {} AND s.due_ms < {}", now, soon);
    default:
      return fmt::format(" AND s.due_ms <= {}", now);
  }
}

}  // namespace duheng::platform::sensor_sql
