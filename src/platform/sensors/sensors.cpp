#include "platform/sensors/sensors.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/time.hpp"
#include "platform/organisations/text.hpp"
#include "platform/sensors/sensor_sql.hpp"

namespace duheng::platform {

using records::Row;
using records::Transaction;

namespace {

constexpr std::array migration_steps{
    records::Migration{"sensors",
                       "CREATE TABLE sensors ("
                       " id INTEGER PRIMARY KEY,"
                       " device_id INTEGER NOT NULL REFERENCES devices (id),"
                       " register TEXT NOT NULL,"
                       " from_ms INTEGER NOT NULL,"
                       " to_ms INTEGER,"
                       " quantity TEXT NOT NULL,"
                       " accuracy_class TEXT NOT NULL,"
                       " range_low TEXT,"
                       " range_high TEXT,"
                       " range_unit TEXT NOT NULL,"
                       " protection TEXT NOT NULL,"
                       " serial_number TEXT NOT NULL,"
                       " calibrated_ms INTEGER,"
                       " interval_days INTEGER,"
                       " certificate TEXT NOT NULL DEFAULT '',"
                       " due_ms INTEGER,"
                       " UNIQUE (device_id, register, from_ms));"
                       "CREATE UNIQUE INDEX sensors_in_place ON sensors (device_id, register) WHERE to_ms IS NULL;"
                       "CREATE INDEX sensors_by_due ON sensors (due_ms) WHERE to_ms IS NULL;"
                       "CREATE TABLE sensor_calibrations ("
                       " sensor_id INTEGER NOT NULL REFERENCES sensors (id),"
                       " calibrated_ms INTEGER NOT NULL,"
                       " interval_days INTEGER NOT NULL,"
                       " certificate TEXT NOT NULL,"
                       " made_at_ms INTEGER NOT NULL,"
                       " author TEXT NOT NULL,"
                       " PRIMARY KEY (sensor_id, calibrated_ms)) WITHOUT ROWID;"
                       "CREATE TABLE sensor_events ("
                       " id INTEGER PRIMARY KEY,"
                       " sensor_id INTEGER NOT NULL REFERENCES sensors (id),"
                       " made_at_ms INTEGER NOT NULL,"
                       " user_id INTEGER REFERENCES users (id),"
                       " author TEXT NOT NULL,"
                       " action TEXT NOT NULL,"
                       " detail TEXT NOT NULL);"
                       "CREATE INDEX sensor_events_by_sensor ON sensor_events (sensor_id, id);"}};

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t earliest_utc_ms = 0;  // 1970: older papers are no calibration
constexpr std::size_t search_octets_max = 100;
constexpr std::array<std::string_view, 4> state_words{"unknown", "valid", "due", "overdue"};

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 32 &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

/// "IP", two digits or X, and letters behind them as GB/T 4208 has them.
bool is_protection(std::string_view text) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || c == 'X'; };
  return text.size() >= 4 && text.size() <= 8 && text.starts_with("IP") && is_digit(text[2]) && is_digit(text[3]) &&
         std::ranges::all_of(text.substr(4), [](char c) { return c >= 'A' && c <= 'Z'; });
}

Result<void> check_details(const SensorDetails& details) {
  if (!is_word(details.quantity))
    return fail(ErrorCode::invalid_argument, "the quantity must be 1 to 32 of a-z, 0-9 and _");
  DUHENG_CHECK(check_text("the accuracy class", details.accuracy_class, 0, 32));
  DUHENG_CHECK(check_text("the range's unit", details.range_unit, 0, 16));
  DUHENG_CHECK(check_text("the serial number", details.serial_number, 0, 64));
  if (!details.protection.empty() && !is_protection(details.protection))
    return fail(ErrorCode::invalid_argument, "the protection must be like IP65");
  if (details.range_low && details.range_high && details.range_low->to_double() >= details.range_high->to_double())
    return fail(ErrorCode::invalid_argument, "the range must begin below its end");
  return {};
}

Result<void> check_calibration(const Calibration& calibration, std::int64_t now_utc_ms) {
  // A date is a civil one: it may be tomorrow's in UTC.
  if (calibration.on_utc_ms < earliest_utc_ms || calibration.on_utc_ms > now_utc_ms + day_ms)
    return fail(ErrorCode::invalid_argument, "the calibration's date lies in the future, or before 1970");
  if (calibration.interval_days < 1 || calibration.interval_days > sensor_limits::interval_days_max)
    return fail(ErrorCode::invalid_argument,
                fmt::format("the interval must be 1 to {} days", sensor_limits::interval_days_max));
  return check_text("the certificate's number", calibration.certificate, 0, 100);
}

std::optional<std::string> text_of(const std::optional<Decimal>& value) {
  return value ? std::optional{value->to_string()} : std::nullopt;
}

std::string change_text(const SensorDetails& before, const SensorDetails& after) {
  std::string out;
  const auto note = [&](std::string_view name, const std::string& was, const std::string& is) {
    if (was != is) out += fmt::format("{}{}: \"{}\" -> \"{}\"", out.empty() ? "" : "; ", name, was, is);
  };
  note("quantity", before.quantity, after.quantity);
  note("class", before.accuracy_class, after.accuracy_class);
  note("range_low", text_of(before.range_low).value_or(""), text_of(after.range_low).value_or(""));
  note("range_high", text_of(before.range_high).value_or(""), text_of(after.range_high).value_or(""));
  note("unit", before.range_unit, after.range_unit);
  note("protection", before.protection, after.protection);
  note("serial", before.serial_number, after.serial_number);
  return out;
}

std::string calibration_text(const Calibration& calibration) {
  return fmt::format("{}, {} days, certificate \"{}\"", date_text(calibration.on_utc_ms), calibration.interval_days,
                     calibration.certificate);
}

}  // namespace

std::string_view to_string(CalibrationState state) noexcept { return state_words[static_cast<std::size_t>(state)]; }

Result<CalibrationState> parse_calibration_state(std::string_view word) {
  const auto* const found = std::ranges::find(state_words, word);
  if (found == state_words.end())
    return fail(ErrorCode::invalid_argument, "the state must be unknown, valid, due or overdue");
  return static_cast<CalibrationState>(found - state_words.begin());
}

Result<std::int64_t> parse_date(std::string_view text) {
  if (text.size() != 10) return fail(ErrorCode::malformed, "a date is like 2026-01-17");
  DUHENG_TRY(const CivilDay day, civil_day(text, "UTC"));
  return day.begin_utc_ms;
}

std::string date_text(std::int64_t utc_ms) { return format_utc(utc_ms).substr(0, 10); }

records::Capability Sensors::migrations() { return {"sensors", migration_steps}; }

Result<Sensor> Sensors::find(Transaction& t, const Scope& scope, SensorId id) const {
  DUHENG_TRY(
      auto found,
      t.first(sensor_sql::select() + " WHERE s.id = ?1 AND " + scope.condition("d.organisation_id", "?2"),
              {id, scope.parameter_value()}, [&](const Row& row) { return sensor_sql::read(row, clock_.utc_ms()); }));
  if (!found) return fail(ErrorCode::not_found, "there is no such sensor");
  return std::move(*found);
}

Result<Sensor> Sensors::get(const Scope& scope, SensorId id) {
  return database_.read([&](Transaction& t) { return find(t, scope, id); });
}

Result<SensorPage> Sensors::list(const Scope& scope, const SensorQuery& query) {
  if (query.page < 1 || query.page_size < 1 || query.page_size > sensor_limits::page_size_max)
    return fail(ErrorCode::invalid_argument, "page or page size is out of range");
  if (query.search.size() > search_octets_max) return fail(ErrorCode::invalid_argument, "the search is too long");
  const std::int64_t now = clock_.utc_ms();
  const std::int64_t soon = now + sensor_limits::notice_days * day_ms;
  const std::string mine = " WHERE s.to_ms IS NULL AND " + scope.condition("d.organisation_id", "?1");
  const std::string where = mine + sensor_sql::search_condition("?2") +
                            sensor_sql::state_condition(query.state, "?3", "?4") +
                            " AND (?5 = '' OR s.quantity = ?5) AND (?6 IS NULL OR s.device_id = ?6)";
  const std::int64_t offset = (query.page - 1) * query.page_size;
  return database_.read([&](Transaction& t) -> Result<SensorPage> {
    SensorPage out;
    const auto count = [&](const std::string& condition) -> Result<std::int64_t> {
      DUHENG_TRY(const auto number,
                 t.integer("SELECT count(*)" + sensor_sql::tables() + condition +
                               " AND ?2 IS ?2 AND ?3 IS ?3 AND ?4 IS "
                               "?4 AND ?5 IS ?5 AND ?6 IS ?6",
                           {scope.parameter_value(), query.search, now, soon, query.quantity, query.device}));
      return number.value_or(0);
    };
    DUHENG_TRY(out.total, count(where));
    DUHENG_TRY(out.due, count(mine + sensor_sql::state_condition(CalibrationState::due, "?3", "?4")));
    DUHENG_TRY(out.overdue, count(mine + sensor_sql::state_condition(CalibrationState::overdue, "?3", "?4")));
    DUHENG_TRY(out.sensors, t.all(sensor_sql::select() + where +
                                      " AND ?3 IS ?3 AND ?4 IS ?4 ORDER BY s.due_ms IS NULL, s.due_ms, "
                                      "d.name, s.register LIMIT ?7 OFFSET ?8",
                                  {scope.parameter_value(), query.search, now, soon, query.quantity, query.device,
                                   query.page_size, offset},
                                  [&](const Row& row) { return sensor_sql::read(row, now); }));
    return out;
  });
}

Result<std::vector<Sensor>> Sensors::chain(const Scope& scope, SensorId id) {
  return database_.read([&](Transaction& t) -> Result<std::vector<Sensor>> {
    DUHENG_TRY(const Sensor sensor, find(t, scope, id));
    return t.all(sensor_sql::select() + " WHERE s.device_id = ?1 AND s.register = ?2 ORDER BY s.from_ms DESC",
                 {sensor.device, sensor.register_name},
                 [&](const Row& row) { return sensor_sql::read(row, clock_.utc_ms()); });
  });
}

Result<std::vector<Calibration>> Sensors::calibrations(const Scope& scope, SensorId id) {
  return database_.read([&](Transaction& t) -> Result<std::vector<Calibration>> {
    DUHENG_CHECK(find(t, scope, id));
    return t.all(
        "SELECT calibrated_ms, interval_days, certificate FROM sensor_calibrations WHERE sensor_id = ?1 "
        "ORDER BY calibrated_ms DESC",
        {id}, [](const Row& row) { return Calibration{row.integer(0), row.integer(1), row.text(2)}; });
  });
}

Result<std::vector<SensorEvent>> Sensors::events(const Scope& scope, SensorId id) {
  return database_.read([&](Transaction& t) -> Result<std::vector<SensorEvent>> {
    DUHENG_CHECK(find(t, scope, id));
    return t.all("SELECT made_at_ms, author, action, detail FROM sensor_events WHERE sensor_id = ?1 ORDER BY id", {id},
                 [](const Row& row) { return SensorEvent{row.integer(0), row.text(1), row.text(2), row.text(3)}; });
  });
}

Result<std::vector<OverduePeriod>> Sensors::overdue_periods(DeviceId device) {
  struct Entry {
    std::int64_t sensor;
    std::string register_name;
    std::int64_t from;
    std::optional<std::int64_t> to;
    std::int64_t on;
    std::int64_t due;
  };
  DUHENG_TRY(const auto entries, database_.read([&](Transaction& t) {
    return t.all(
        "SELECT s.id, s.register, s.from_ms, s.to_ms, c.calibrated_ms, c.calibrated_ms + c.interval_days * "
        "86400000 FROM sensors s JOIN sensor_calibrations c ON c.sensor_id = s.id WHERE s.device_id = ?1 "
        "ORDER BY s.register, s.from_ms, c.calibrated_ms",
        {device}, [](const Row& row) {
          return Entry{row.integer(0),          row.text(1),    row.integer(2),
                       row.optional_integer(3), row.integer(4), row.integer(5)};
        });
  }));
  std::vector<OverduePeriod> out;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Entry& entry = entries[i];
    std::optional<std::int64_t> to = entry.to;
    // The next calibration ends what this one left behind.
    if (i + 1 < entries.size() && entries[i + 1].sensor == entry.sensor)
      to = std::min(to.value_or(INT64_MAX), entries[i + 1].on);
    const std::int64_t from = std::max(entry.from, entry.due);
    if ((to && from >= *to) || from > clock_.utc_ms()) continue;
    out.push_back({entry.register_name, from, to});
  }
  std::ranges::sort(out, [](const OverduePeriod& a, const OverduePeriod& b) {
    return a.from_utc_ms != b.from_utc_ms ? a.from_utc_ms < b.from_utc_ms : a.register_name < b.register_name;
  });
  return out;
}

Result<Sensors::Standing> Sensors::standing() {
  const std::int64_t now = clock_.utc_ms();
  const std::int64_t soon = now + sensor_limits::notice_days * day_ms;
  return database_.read([&](Transaction& t) -> Result<Standing> {
    Standing out;
    DUHENG_TRY(out.due, t.all(sensor_sql::select() + " WHERE s.to_ms IS NULL AND s.due_ms < ?1 ORDER BY s.device_id, "
                                                     "s.due_ms",
                              {soon}, [&](const Row& row) { return sensor_sql::read(row, now); }));
    DUHENG_TRY(out.sound,
               t.all("SELECT DISTINCT device_id FROM sensors WHERE device_id NOT IN (SELECT device_id FROM sensors "
                     "WHERE to_ms IS NULL AND due_ms < ?1)",
                     {soon}, [](const Row& row) { return row.id<DeviceId>(0); }));
    return out;
  });
}

Result<void> Sensors::write_down(Transaction& t, const Author& author, SensorId id, DeviceId device,
                                 std::string_view action, const std::string& detail) {
  const std::int64_t now = clock_.utc_ms();
  DUHENG_CHECK(
      t.execute("INSERT INTO sensor_events (sensor_id, made_at_ms, user_id, author, action, detail) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                {id, now, author.user, author.name, action, detail}));
  OperationEntry entry = operation_of(author, fmt::format("sensor_{}", action), now);
  entry.device = device;
  entry.detail = fmt::format("sensor {}: {}", id.value, detail);
  return write_operation(t, entry);
}

Result<SensorId> Sensors::make(Transaction& t, const Author& author, const NewSensor& sensor) {
  DUHENG_CHECK(check_details(sensor.details));
  if (!sensor.register_name.empty() && sensor.register_name.size() > 64)
    return fail(ErrorCode::invalid_argument, "a register's name has at most 64 octets");
  if (sensor.from_utc_ms < earliest_utc_ms || sensor.from_utc_ms > clock_.utc_ms())
    return fail(ErrorCode::invalid_argument, "the time must not lie in the future");
  DUHENG_TRY(const auto device,
             t.integer("SELECT id FROM devices WHERE id = ?1 AND " + author.scope.condition("organisation_id", "?2"),
                       {sensor.device, author.scope.parameter_value()}));
  if (!device) return fail(ErrorCode::not_found, "there is no such device");
  const auto& details = sensor.details;
  const auto low = text_of(details.range_low);
  const auto high = text_of(details.range_high);
  const auto made = t.insert(
      "INSERT INTO sensors (device_id, register, from_ms, quantity, accuracy_class, range_low, range_high, range_unit, "
      "protection, serial_number) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) RETURNING id",
      {sensor.device, sensor.register_name, sensor.from_utc_ms, details.quantity, details.accuracy_class, low, high,
       details.range_unit, details.protection, details.serial_number});
  if (!made && made.error().code == ErrorCode::conflict)
    return fail(ErrorCode::already_exists, "a sensor is on record for that place");
  if (!made) return std::unexpected(made.error());
  return SensorId{*made};
}

Result<SensorId> Sensors::create(const Author& author, const NewSensor& sensor) {
  return database_.write([&](Transaction& t) -> Result<SensorId> {
    DUHENG_TRY(const SensorId id, make(t, author, sensor));
    DUHENG_CHECK(write_down(t, author, id, sensor.device, "create", sensor.details.serial_number));
    if (sensor.calibration) {
      DUHENG_TRY(const Sensor made, find(t, author.scope, id));
      DUHENG_CHECK(add_calibration(t, author, made, *sensor.calibration));
    }
    return id;
  });
}

Result<void> Sensors::change(Transaction& t, const Author& author, const Sensor& before, const SensorDetails& details) {
  DUHENG_CHECK(check_details(details));
  if (details == before.details) return {};
  const auto low = text_of(details.range_low);
  const auto high = text_of(details.range_high);
  DUHENG_CHECK(
      t.execute("UPDATE sensors SET quantity = ?2, accuracy_class = ?3, range_low = ?4, range_high = ?5, "
                "range_unit = ?6, protection = ?7, serial_number = ?8 WHERE id = ?1",
                {before.id, details.quantity, details.accuracy_class, low, high, details.range_unit, details.protection,
                 details.serial_number}));
  return write_down(t, author, before.id, before.device, "edit", change_text(before.details, details));
}

Result<void> Sensors::edit(const Author& author, SensorId id, const SensorDetails& details) {
  return database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_TRY(const Sensor before, find(t, author.scope, id));
    return change(t, author, before, details);
  });
}

Result<void> Sensors::add_calibration(Transaction& t, const Author& author, const Sensor& sensor,
                                      const Calibration& calibration) {
  DUHENG_CHECK(check_calibration(calibration, clock_.utc_ms()));
  if (sensor.to_utc_ms) return fail(ErrorCode::conflict, "the sensor was exchanged");
  const auto added = t.execute(
      "INSERT INTO sensor_calibrations (sensor_id, calibrated_ms, interval_days, certificate, made_at_ms, author) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
      {sensor.id, calibration.on_utc_ms, calibration.interval_days, calibration.certificate, clock_.utc_ms(),
       author.name});
  if (!added && added.error().code == ErrorCode::conflict)
    return fail(ErrorCode::already_exists, "a calibration of that date is on record");
  DUHENG_CHECK(added);
  DUHENG_CHECK(
      t.execute("UPDATE sensors SET calibrated_ms = ?2, interval_days = ?3, certificate = ?4, due_ms = ?5 "
                "WHERE id = ?1 AND coalesce(calibrated_ms, -1) < ?2",
                {sensor.id, calibration.on_utc_ms, calibration.interval_days, calibration.certificate,
                 calibration.due_utc_ms()}));
  return write_down(t, author, sensor.id, sensor.device, "calibrate", calibration_text(calibration));
}

Result<void> Sensors::calibrate(const Author& author, SensorId id, const Calibration& calibration) {
  return database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_TRY(const Sensor sensor, find(t, author.scope, id));
    return add_calibration(t, author, sensor, calibration);
  });
}

Result<SensorId> Sensors::replace(Transaction& t, const Author& author, const Sensor& before,
                                  const Exchange& exchange) {
  if (before.to_utc_ms) return fail(ErrorCode::conflict, "the sensor was exchanged already");
  if (exchange.at_utc_ms <= before.from_utc_ms || exchange.at_utc_ms > clock_.utc_ms())
    return fail(ErrorCode::invalid_argument, "the time lies in the future, or before the present sensor came");
  DUHENG_CHECK(check_text("a reason", exchange.reason, 1, 1'000));
  DUHENG_CHECK(t.execute("UPDATE sensors SET to_ms = ?2 WHERE id = ?1", {before.id, exchange.at_utc_ms}));
  DUHENG_TRY(const SensorId id,
             make(t, author, {before.device, before.register_name, exchange.at_utc_ms, exchange.details, {}}));
  DUHENG_CHECK(write_down(t, author, id, before.device, "exchange",
                          fmt::format("\"{}\" -> \"{}\": {}", before.details.serial_number,
                                      exchange.details.serial_number, exchange.reason)));
  if (exchange.calibration) {
    DUHENG_TRY(const Sensor made, find(t, author.scope, id));
    DUHENG_CHECK(add_calibration(t, author, made, *exchange.calibration));
  }
  return id;
}

Result<SensorId> Sensors::exchange(const Author& author, SensorId id, const Exchange& exchange) {
  return database_.write([&](Transaction& t) -> Result<SensorId> {
    DUHENG_TRY(const Sensor before, find(t, author.scope, id));
    return replace(t, author, before, exchange);
  });
}

Result<std::int64_t> Sensors::adopt_defaults(const Author& author, const std::vector<Default>& defaults) {
  return database_.write([&](Transaction& t) -> Result<std::int64_t> {
    std::int64_t made = 0;
    for (const Default& one : defaults) {
      DUHENG_TRY(const auto devices,
                 t.all("SELECT d.id, d.created_at_ms FROM devices d WHERE d.model = ?1 AND " +
                           author.scope.condition("d.organisation_id", "?2") +
                           " AND NOT EXISTS (SELECT 1 FROM sensors s WHERE s.device_id = d.id AND s.register = ?3)",
                       {one.model, author.scope.parameter_value(), one.register_name},
                       [](const Row& row) { return std::pair{row.id<DeviceId>(0), row.integer(1)}; }));
      for (const auto& [device, since] : devices) {
        DUHENG_TRY(const SensorId id,
                   make(t, author, {device, one.register_name, std::min(since, clock_.utc_ms()), one.details, {}}));
        DUHENG_CHECK(write_down(t, author, id, device, "create", "from model " + one.model));
        ++made;
      }
    }
    return made;
  });
}

}  // namespace duheng::platform
