#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/decimal.hpp"
#include "platform/orders/operation_log.hpp"
#include "store/records/migration.hpp"

namespace duheng::platform {

/// A sensor or meter as its plate and papers describe it.
struct SensorDetails {
  std::string quantity{};        ///< what it measures: temperature, pressure, flow, heat, volume, energy …, a-z 0-9 _
  std::string accuracy_class{};  ///< as on the plate, e.g. "0.5", "B", "2"; at most 32 octets
  std::optional<Decimal> range_low{};
  std::optional<Decimal> range_high{};
  std::string range_unit{};     ///< of both
  std::string protection{};     ///< GB/T 4208, e.g. "IP65"; empty: not known
  std::string serial_number{};  ///< at most 64 octets
  friend bool operator==(const SensorDetails&, const SensorDetails&) = default;
};

/// One calibration. It holds from its date for so many days.
struct Calibration {
  std::int64_t on_utc_ms = 0;  ///< its date's midnight in UTC
  std::int64_t interval_days = 0;
  std::string certificate{};  ///< number; at most 100 octets
  [[nodiscard]] std::int64_t due_utc_ms() const noexcept { return on_utc_ms + interval_days * 86'400'000; }
  friend bool operator==(const Calibration&, const Calibration&) = default;
};

enum class CalibrationState : std::uint8_t {
  unknown,  ///< no calibration is on record
  valid,
  due,      ///< within the next `sensor_limits::notice_days`
  overdue,  ///< past its date
};
[[nodiscard]] std::string_view to_string(CalibrationState state) noexcept;
/// Errors: invalid_argument - no such word.
[[nodiscard]] Result<CalibrationState> parse_calibration_state(std::string_view word);

using SensorId = StrongId<struct SensorTag>;

/// What sat at a place (a device, or one register of it) for a time.
struct Sensor {
  SensorId id{};
  DeviceId device{};
  std::string device_name{};
  std::string device_uid{};
  std::string register_name{};  ///< empty: the device as a whole
  std::int64_t from_utc_ms = 0;
  std::optional<std::int64_t> to_utc_ms{};  ///< exchanged then
  SensorDetails details{};
  std::optional<Calibration> calibration{};  ///< the latest
  CalibrationState state = CalibrationState::unknown;
};

struct NewSensor {
  DeviceId device{};
  std::string register_name{};
  std::int64_t from_utc_ms = 0;
  SensorDetails details{};
  std::optional<Calibration> calibration{};
};

/// One thing that was done to a sensor's record.
struct SensorEvent {
  std::int64_t made_utc_ms = 0;
  std::string author{};
  std::string action{};  ///< create, edit, calibrate, exchange
  std::string detail{};
};

/// A time in which the values of a register were measured by a sensor past its calibration date.
struct OverduePeriod {
  std::string register_name{};  ///< empty: every register of the device
  std::int64_t from_utc_ms = 0;
  std::optional<std::int64_t> to_utc_ms{};  ///< empty: until further notice
  friend bool operator==(const OverduePeriod&, const OverduePeriod&) = default;
};

namespace sensor_limits {
inline constexpr std::int64_t notice_days = 30;
inline constexpr std::int64_t page_size_max = 200;
inline constexpr std::int64_t interval_days_max = 36'600;
inline constexpr std::size_t table_lines_max = 20'000;
inline constexpr std::size_t errors_max = 200;
}  // namespace sensor_limits

struct SensorQuery {
  std::int64_t page = 1;
  std::int64_t page_size = 50;
  std::string search{};  ///< part of device name, uid, register, serial or certificate number
  std::optional<CalibrationState> state{};
  std::string quantity{};
  DeviceId device{};
};
struct SensorPage {
  std::vector<Sensor> sensors{};  ///< what must be calibrated first stands first, what has no date last
  std::int64_t total = 0;
  std::int64_t due = 0;      ///< of all in the scope, whatever was searched for
  std::int64_t overdue = 0;  ///< likewise
};

struct SensorTableError {
  std::size_t line = 0;
  std::string message{};
};
struct SensorTableOutcome {
  std::int64_t made = 0;
  std::int64_t changed = 0;
  std::vector<SensorTableError> errors{};  ///< with any of them nothing was done
};

struct SensorLine;

/// Sensors and meters with what their papers say, and the history of it: a calibration, and an exchanged sensor, begin
/// anew; what was before stays. Thread-safe. Needs the tables of Devices, People and OrderService.
class Sensors {
 public:
  [[nodiscard]] static records::Capability migrations();
  Sensors(records::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  /// Those in place now. Errors: invalid_argument - page or search.
  [[nodiscard]] Result<SensorPage> list(const Scope& scope, const SensorQuery& query);
  /// Errors: not_found.
  [[nodiscard]] Result<Sensor> get(const Scope& scope, SensorId id);
  /// Everything that ever sat at this sensor's place, newest first. Errors: not_found.
  [[nodiscard]] Result<std::vector<Sensor>> chain(const Scope& scope, SensorId id);
  /// Newest first. Errors: not_found.
  [[nodiscard]] Result<std::vector<Calibration>> calibrations(const Scope& scope, SensorId id);
  /// Oldest first. Errors: not_found.
  [[nodiscard]] Result<std::vector<SensorEvent>> events(const Scope& scope, SensorId id);
  /// When which values of a device came from a sensor past its date, by begin. The caller has checked that the device
  /// may be seen.
  [[nodiscard]] Result<std::vector<OverduePeriod>> overdue_periods(DeviceId device);
  /// All sensors in place whose date is past or comes within the notice, and ids of devices that have none such.
  struct Standing {
    std::vector<Sensor> due{};
    std::vector<DeviceId> sound{};
  };
  [[nodiscard]] Result<Standing> standing();

  /// Errors: not_found - device; already_exists - something sits at that place; invalid_argument.
  [[nodiscard]] Result<SensorId> create(const Author& author, const NewSensor& sensor);
  /// Corrects what was written down wrongly. Errors: not_found, invalid_argument.
  [[nodiscard]] Result<void> edit(const Author& author, SensorId id, const SensorDetails& details);
  /// Errors: not_found; already_exists - one of that date is there; conflict - it was exchanged; invalid_argument - a
  /// date in the future.
  [[nodiscard]] Result<void> calibrate(const Author& author, SensorId id, const Calibration& calibration);
  /// Another sensor takes its place. Errors: not_found; conflict - it was exchanged already; invalid_argument - the
  /// time lies in the future, or not after the present one came.
  struct Exchange {
    std::int64_t at_utc_ms = 0;
    SensorDetails details{};
    std::optional<Calibration> calibration{};
    std::string reason{};
  };
  [[nodiscard]] Result<SensorId> exchange(const Author& author, SensorId id, const Exchange& exchange);

  /// The list as CSV (RFC 4180), as import_table() takes it. Errors: as list().
  [[nodiscard]] Result<std::string> table(const Scope& scope, SensorQuery query);
  /// Lines for places where nothing sits make sensors; where the serial number differs from the one there, an exchange
  /// as of now; else the details are taken over and a new calibration date is a calibration. All or nothing.
  /// Errors: malformed - no table, or its columns are not known; limit_exceeded - too many lines.
  [[nodiscard]] Result<SensorTableOutcome> import_table(const Author& author, std::string_view text);
  /// What device models say about the sensors of devices of theirs: makes those that are missing, without calibration.
  struct Default {
    std::string model{};
    std::string register_name{};
    SensorDetails details{};
  };
  [[nodiscard]] Result<std::int64_t> adopt_defaults(const Author& author, const std::vector<Default>& defaults);

 private:
  [[nodiscard]] Result<SensorId> make(records::Transaction& transaction, const Author& author, const NewSensor& sensor);
  [[nodiscard]] Result<void> change(records::Transaction& transaction, const Author& author, const Sensor& before,
                                    const SensorDetails& details);
  [[nodiscard]] Result<void> add_calibration(records::Transaction& transaction, const Author& author,
                                             const Sensor& sensor, const Calibration& calibration);
  [[nodiscard]] Result<SensorId> replace(records::Transaction& transaction, const Author& author, const Sensor& before,
                                         const Exchange& exchange);
  [[nodiscard]] Result<bool> take_line(records::Transaction& transaction, const Author& author, const SensorLine& line);
  [[nodiscard]] Result<Sensor> find(records::Transaction& transaction, const Scope& scope, SensorId id) const;
  [[nodiscard]] Result<void> write_down(records::Transaction& transaction, const Author& author, SensorId id,
                                        DeviceId device, std::string_view action, const std::string& detail);
  records::Database& database_;
  const Clock& clock_;
};

/// "2026-01-17" as its midnight in UTC, and back. Errors: malformed.
[[nodiscard]] Result<std::int64_t> parse_date(std::string_view text);
[[nodiscard]] std::string date_text(std::int64_t utc_ms);

}  // namespace duheng::platform
