// The list of sensors as a file, and back.
#include "platform/sensors/sensor_table.hpp"

#include <array>
#include <charconv>
#include <fmt/format.h>

#include "platform/sensors/sensor_sql.hpp"
#include "platform/sensors/sensors.hpp"
#include "store/table_files/csv_reader.hpp"

namespace duheng::platform {

using records::Row;
using records::Transaction;

namespace {

enum Column : std::size_t {
  device_uid,
  register_name,
  quantity,
  accuracy_class,
  range_low,
  range_high,
  range_unit,
  protection,
  serial_number,
  calibrated_on,
  interval_days,
  certificate,
  column_count
};
constexpr std::array<std::string_view, column_count> column_names{
    "device_uid", "register",   "quantity",      "accuracy_class", "range_low",     "range_high",
    "range_unit", "protection", "serial_number", "calibrated_on",  "interval_days", "certificate"};

std::string text_of(const std::optional<Decimal>& value) { return value ? value->to_string() : std::string(); }

bool is_number(std::size_t column) { return column == range_low || column == range_high || column == interval_days; }

/// What csv_field() put before a text so that no spreadsheet takes it for a formula.
std::string without_guard(const std::string& text) {
  const bool guarded = text.size() > 1 && text[0] == '\'' && std::string_view("=+-@\t\r").contains(text[1]);
  return guarded ? text.substr(1) : text;
}

std::string row_of(const Sensor& sensor) {
  const auto& details = sensor.details;
  const std::array<std::string, column_count> cells{
      sensor.device_uid,
      sensor.register_name,
      details.quantity,
      details.accuracy_class,
      text_of(details.range_low),
      text_of(details.range_high),
      details.range_unit,
      details.protection,
      details.serial_number,
      sensor.calibration ? date_text(sensor.calibration->on_utc_ms) : std::string(),
      sensor.calibration ? std::to_string(sensor.calibration->interval_days) : std::string(),
      sensor.calibration ? sensor.calibration->certificate : std::string()};
  std::string out;
  for (std::size_t column = 0; column < cells.size(); ++column) {
    if (column > 0) out += ',';
    // Numbers stand as they are; csv_field() would take a minus for the begin of a formula.
    out += is_number(column) ? cells[column] : store::csv_field(cells[column]);
  }
  return out + "\r\n";
}

Result<std::optional<Decimal>> decimal_of(const std::string& text) {
  if (text.empty()) return std::optional<Decimal>{};
  DUHENG_TRY(const Decimal value, Decimal::parse(text));
  return std::optional{value};
}

Result<std::optional<Calibration>> calibration_of(const std::vector<std::string>& cells) {
  if (cells[calibrated_on].empty()) return std::optional<Calibration>{};
  Calibration out;
  DUHENG_TRY(out.on_utc_ms, parse_date(cells[calibrated_on]));
  const std::string& days = cells[interval_days];
  const auto [end, error] = std::from_chars(days.data(), days.data() + days.size(), out.interval_days);
  if (error != std::errc{} || end != days.data() + days.size())
    return fail(ErrorCode::malformed, "interval_days must be a whole number");
  out.certificate = cells[certificate];
  return std::optional{out};
}

}  // namespace

Result<SensorLine> read_sensor_line(const std::vector<std::string>& given) {
  if (given.size() != column_count)
    return fail(ErrorCode::malformed,
                fmt::format("the line has {} columns instead of {}", given.size(), +column_count));
  std::vector<std::string> cells;
  for (const std::string& cell : given) cells.push_back(without_guard(cell));
  SensorLine out;
  out.device_uid = cells[device_uid];
  out.register_name = cells[register_name];
  out.details.quantity = cells[quantity];
  out.details.accuracy_class = cells[accuracy_class];
  DUHENG_TRY(out.details.range_low, decimal_of(cells[range_low]));
  DUHENG_TRY(out.details.range_high, decimal_of(cells[range_high]));
  out.details.range_unit = cells[range_unit];
  out.details.protection = cells[protection];
  out.details.serial_number = cells[serial_number];
  DUHENG_TRY(out.calibration, calibration_of(cells));
  return out;
}

Result<void> check_sensor_table_head(const std::vector<std::string>& cells) {
  if (std::ranges::equal(cells, column_names)) return {};
  return fail(ErrorCode::malformed, fmt::format("the first line must be {}", fmt::join(column_names, ",")));
}

Result<std::string> Sensors::table(const Scope& scope, SensorQuery query) {
  query.page_size = sensor_limits::page_size_max;
  std::string out = fmt::format("{}\r\n", fmt::join(column_names, ","));
  for (query.page = 1;; ++query.page) {
    DUHENG_TRY(const SensorPage page, list(scope, query));
    for (const Sensor& sensor : page.sensors) out += row_of(sensor);
    if (query.page * query.page_size >= page.total) return out;
  }
}

/// Whether the line made a sensor; else one was changed.
Result<bool> Sensors::take_line(Transaction& t, const Author& author, const SensorLine& line) {
  DUHENG_TRY(const auto device,
             t.integer("SELECT id FROM devices WHERE uid = ?1 AND " + author.scope.condition("organisation_id", "?2"),
                       {line.device_uid, author.scope.parameter_value()}));
  if (!device) return fail(ErrorCode::not_found, fmt::format("there is no device \"{}\"", line.device_uid));
  const std::int64_t now = clock_.utc_ms();
  DUHENG_TRY(const auto before,
             t.first(sensor_sql::select() + " WHERE s.device_id = ?1 AND s.register = ?2 AND s.to_ms IS NULL",
                     {*device, line.register_name}, [&](const Row& row) { return sensor_sql::read(row, now); }));
  if (!before) {
    DUHENG_TRY(const SensorId id, make(t, author, {DeviceId{*device}, line.register_name, now, line.details, {}}));
    DUHENG_CHECK(write_down(t, author, id, DeviceId{*device}, "create", "from a file"));
    DUHENG_TRY(const Sensor made, find(t, author.scope, id));
    if (line.calibration) DUHENG_CHECK(add_calibration(t, author, made, *line.calibration));
    return true;
  }
  const bool other = !before->details.serial_number.empty() && !line.details.serial_number.empty() &&
                     before->details.serial_number != line.details.serial_number;
  if (other) {
    DUHENG_CHECK(replace(t, author, *before, {now, line.details, line.calibration, "from a file"}));
    return false;
  }
  DUHENG_CHECK(change(t, author, *before, line.details));
  const bool newer =
      line.calibration && (!before->calibration || before->calibration->on_utc_ms != line.calibration->on_utc_ms);
  if (newer) DUHENG_CHECK(add_calibration(t, author, *before, *line.calibration));
  return false;
}

Result<SensorTableOutcome> Sensors::import_table(const Author& author, std::string_view text) {
  DUHENG_TRY(const std::string decoded, store::decode_text_file(as_bytes(text)));
  store::CsvReader reader(decoded);
  std::vector<std::string> cells;
  DUHENG_TRY(const bool any, reader.next(cells));
  if (!any) return fail(ErrorCode::malformed, "the file is empty");
  DUHENG_CHECK(check_sensor_table_head(cells));
  DUHENG_TRY(const auto transaction, database_.begin_write());
  SensorTableOutcome out;
  for (std::size_t lines = 0; out.errors.size() < sensor_limits::errors_max; ++lines) {
    const auto more = reader.next(cells);
    if (more && !*more) break;
    if (lines == sensor_limits::table_lines_max)
      return fail(ErrorCode::limit_exceeded, fmt::format("at most {} lines", sensor_limits::table_lines_max));
    const auto line = more ? read_sensor_line(cells) : Result<SensorLine>(std::unexpected(more.error()));
    const auto taken = line ? take_line(*transaction, author, *line) : Result<bool>(std::unexpected(line.error()));
    if (!taken)
      out.errors.push_back({reader.line(), taken.error().message});
    else
      ++(*taken ? out.made : out.changed);
  }
  if (out.errors.empty()) {
    DUHENG_CHECK(transaction->commit());
  } else {
    out.made = 0;
    out.changed = 0;
  }
  return out;
}

}  // namespace duheng::platform
