#pragma once
// Periods set from afar, in the records. Internal to this folder.
#include <cstdint>
#include <string>
#include <vector>

#include "platform/onboarding/plan_tables.hpp"
#include "platform/onboarding/sampling.hpp"

namespace duheng::platform::sampling_tables {

/// One step of plan_tables::migrations(), which owns the devices' connections.
inline constexpr const char* migration_sql =
    "CREATE TABLE interval_changes ("
    " id INTEGER PRIMARY KEY,"
    " group_name TEXT NOT NULL,"
    " register_name TEXT NOT NULL,"
    " interval_ms INTEGER NOT NULL,"
    " reason TEXT NOT NULL,"
    " created_by_name TEXT NOT NULL,"
    " created_at_ms INTEGER NOT NULL,"
    " devices INTEGER NOT NULL);"
    "CREATE TABLE interval_change_devices ("
    " change_id INTEGER NOT NULL REFERENCES interval_changes (id),"
    " device_id INTEGER NOT NULL REFERENCES devices (id),"
    " gateway_id INTEGER REFERENCES gateways (id),"
    " uid TEXT NOT NULL,"
    " plan_version INTEGER NOT NULL,"
    " refusal TEXT NOT NULL,"
    " detail TEXT NOT NULL,"
    " PRIMARY KEY (change_id, device_id)) WITHOUT ROWID;"
    "CREATE INDEX interval_change_devices_by_device ON interval_change_devices (device_id, change_id);"
    // An interval of 0 keeps that the model's own was set again, by which change.
    "CREATE TABLE device_intervals ("
    " id INTEGER PRIMARY KEY,"
    " device_id INTEGER NOT NULL REFERENCES devices (id),"
    " group_name TEXT NOT NULL,"
    " register_name TEXT NOT NULL,"
    " interval_ms INTEGER NOT NULL,"
    " from_ms INTEGER NOT NULL,"
    " to_ms INTEGER,"
    " change_id INTEGER NOT NULL REFERENCES interval_changes (id));"
    "CREATE UNIQUE INDEX device_intervals_now ON device_intervals (device_id, group_name, register_name)"
    " WHERE to_ms IS NULL;"
    "CREATE INDEX device_intervals_by_device ON device_intervals (device_id, from_ms);";

/// Who reads a device.
struct Place {
  GatewayId gateway{};
  std::string uid;
  std::string model;       ///< of its connection; empty: it has none
  std::string file_model;  ///< as the device itself says
};
/// Errors: not_found - no such device in the scope.
[[nodiscard]] Result<Place> place_of(records::Transaction& t, const Scope& scope, DeviceId device);
/// What is set now.
[[nodiscard]] Result<std::vector<FieldInterval>> present(records::Transaction& t, DeviceId device);
/// What is set now at the devices of a gateway's plan, by uid.
[[nodiscard]] Result<void> add_to(records::Transaction& t, GatewayId gateway, FieldPlan& plan);

struct IntervalPeriod {
  FieldInterval interval;
  std::int64_t from_utc_ms = 0;
  std::int64_t to_utc_ms = INT64_MAX;
};
[[nodiscard]] Result<std::vector<IntervalPeriod>> periods(records::Transaction& t, DeviceId device,
                                                          std::int64_t from_utc_ms, std::int64_t to_utc_ms);

[[nodiscard]] Result<IntervalChangeNumber> insert_change(records::Transaction& t, const NewIntervalChange& change,
                                                         const std::string& name, std::int64_t now_ms);
/// Ends what was set for the same group and register, and sets what the change says.
[[nodiscard]] Result<void> replace(records::Transaction& t, DeviceId device, const NewIntervalChange& change,
                                   IntervalChangeNumber number, std::int64_t now_ms);
struct DeviceOfChange {
  IntervalChangeNumber change = 0;
  DeviceId device{};
  GatewayId gateway{};
  std::string uid;
  std::uint64_t plan_version = 0;
  std::string refusal;
  std::string detail;
};
[[nodiscard]] Result<void> insert_device(records::Transaction& t, const DeviceOfChange& row);
/// The plan that first holds it.
[[nodiscard]] Result<void> set_version(records::Transaction& t, IntervalChangeNumber change, GatewayId gateway,
                                       std::uint64_t version);

struct ResultRow {
  DeviceId device{};
  std::string device_name;
  std::string device_uid;
  GatewayId gateway{};
  std::uint64_t plan_version = 0;
  std::string refusal;
  std::string detail;
  bool is_present = false;  ///< no later change stands in its place
};
[[nodiscard]] Result<std::vector<ResultRow>> results(records::Transaction& t, const Scope& scope,
                                                     IntervalChangeNumber number);
/// Errors: not_found - or none of its devices is in the scope.
[[nodiscard]] Result<IntervalChange> change(records::Transaction& t, const Scope& scope, IntervalChangeNumber number);
[[nodiscard]] Result<IntervalChangePage> changes(records::Transaction& t, const Scope& scope, std::int64_t page,
                                                 std::int64_t page_size);

}  // namespace duheng::platform::sampling_tables
