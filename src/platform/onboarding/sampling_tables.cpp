#include "platform/onboarding/sampling_tables.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace duheng::platform::sampling_tables {
namespace {

using records::Row;
using records::Transaction;

FieldInterval read_interval(const Row& row) { return {row.text(0), row.text(1), row.integer(2)}; }

IntervalChange read_change(const Row& row) {
  return {row.integer(0), row.text(1), row.text(2),    row.integer(3),
          row.text(4),    row.text(5), row.integer(6), row.integer(7)};
}

constexpr std::string_view change_columns =
    "SELECT c.id, c.group_name, c.register_name, c.interval_ms, c.reason, c.created_by_name, c.created_at_ms, c.devices"
    " FROM interval_changes c WHERE EXISTS (SELECT 1 FROM interval_change_devices x JOIN devices d ON d.id = "
    "x.device_id"
    " WHERE x.change_id = c.id AND ";

}  // namespace

Result<Place> place_of(Transaction& t, const Scope& scope, DeviceId device) {
  DUHENG_TRY(auto found, t.first("SELECT coalesce(c.gateway_id, d.gateway_id), d.uid, coalesce(c.model, ''),"
                                 " coalesce(d.model, '') FROM devices d"
                                 " LEFT JOIN device_connections c ON c.device_id = d.id AND c.to_ms IS NULL"
                                 " WHERE d.id = ?1 AND " +
                                     scope.condition("d.organisation_id", "?2"),
                                 {device, scope.parameter_value()}, [](const Row& row) {
                                   return Place{GatewayId{row.optional_integer(0).value_or(0)}, row.text(1),
                                                row.text(2), row.text(3)};
                                 }));
  if (!found) return fail(ErrorCode::not_found, fmt::format("there is no device {}", device.value));
  return std::move(*found);
}

Result<std::vector<FieldInterval>> present(Transaction& t, DeviceId device) {
  return t.all(
      "SELECT group_name, register_name, interval_ms FROM device_intervals WHERE device_id = ?1"
      " AND to_ms IS NULL AND interval_ms > 0 ORDER BY group_name, register_name",
      {device}, read_interval);
}

Result<void> add_to(Transaction& t, GatewayId gateway, FieldPlan& plan) {
  struct Found {
    std::string uid;
    FieldInterval interval;
  };
  DUHENG_TRY(auto all, t.all("SELECT i.group_name, i.register_name, i.interval_ms, c.uid FROM device_connections c"
                             " JOIN device_intervals i ON i.device_id = c.device_id AND i.to_ms IS NULL"
                             " AND i.interval_ms > 0 WHERE c.gateway_id = ?1 AND c.to_ms IS NULL",
                             {gateway}, [](const Row& row) { return Found{row.text(3), read_interval(row)}; }));
  for (auto& found : all) {
    const auto device = std::ranges::lower_bound(plan.devices, found.uid, {}, &FieldDevice::uid);
    if (device != plan.devices.end() && device->uid == found.uid)
      device->intervals.push_back(std::move(found.interval));
  }
  return {};
}

Result<std::vector<IntervalPeriod>> periods(Transaction& t, DeviceId device, std::int64_t from_utc_ms,
                                            std::int64_t to_utc_ms) {
  return t.all(
      "SELECT group_name, register_name, interval_ms, from_ms, to_ms FROM device_intervals"
      " WHERE device_id = ?1 AND interval_ms > 0 AND from_ms < ?3 AND (to_ms IS NULL OR to_ms > ?2)",
      {device, from_utc_ms, to_utc_ms}, [](const Row& row) {
        return IntervalPeriod{read_interval(row), row.integer(3), row.optional_integer(4).value_or(INT64_MAX)};
      });
}

Result<IntervalChangeNumber> insert_change(Transaction& t, const NewIntervalChange& change, const std::string& name,
                                           std::int64_t now_ms) {
  return t.insert(
      "INSERT INTO interval_changes (group_name, register_name, interval_ms, reason, created_by_name,"
      " created_at_ms, devices) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING id",
      {change.group, change.register_name, change.interval_ms, change.reason, name, now_ms,
       static_cast<std::int64_t>(change.devices.size())});
}

Result<void> replace(Transaction& t, DeviceId device, const NewIntervalChange& change, IntervalChangeNumber number,
                     std::int64_t now_ms) {
  DUHENG_CHECK(
      t.execute("UPDATE device_intervals SET to_ms = ?4 WHERE device_id = ?1 AND group_name = ?2"
                " AND register_name = ?3 AND to_ms IS NULL",
                {device, change.group, change.register_name, now_ms}));
  DUHENG_CHECK(
      t.execute("INSERT INTO device_intervals (device_id, group_name, register_name, interval_ms, from_ms,"
                " change_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                {device, change.group, change.register_name, change.interval_ms, now_ms, number}));
  return {};
}

Result<void> insert_device(Transaction& t, const DeviceOfChange& row) {
  DUHENG_CHECK(
      t.execute("INSERT INTO interval_change_devices (change_id, device_id, gateway_id, uid, plan_version,"
                " refusal, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                {row.change, row.device, row.gateway, row.uid, static_cast<std::int64_t>(row.plan_version), row.refusal,
                 row.detail}));
  return {};
}

Result<void> set_version(Transaction& t, IntervalChangeNumber change, GatewayId gateway, std::uint64_t version) {
  DUHENG_CHECK(
      t.execute("UPDATE interval_change_devices SET plan_version = ?3 WHERE change_id = ?1 AND gateway_id = ?2",
                {change, gateway, static_cast<std::int64_t>(version)}));
  return {};
}

Result<std::vector<ResultRow>> results(Transaction& t, const Scope& scope, IntervalChangeNumber number) {
  return t.all(
      "SELECT x.device_id, d.name, x.uid, x.gateway_id, x.plan_version, x.refusal, x.detail,"
      " EXISTS (SELECT 1 FROM device_intervals i WHERE i.device_id = x.device_id AND i.change_id = x.change_id"
      " AND i.to_ms IS NULL) FROM interval_change_devices x JOIN devices d ON d.id = x.device_id"
      " WHERE x.change_id = ?1 AND " +
          scope.condition("d.organisation_id", "?2") + " ORDER BY x.device_id",
      {number, scope.parameter_value()}, [](const Row& row) {
        return ResultRow{row.id<DeviceId>(0),
                         row.text(1),
                         row.text(2),
                         GatewayId{row.optional_integer(3).value_or(0)},
                         static_cast<std::uint64_t>(row.integer(4)),
                         row.text(5),
                         row.text(6),
                         row.integer(7) != 0};
      });
}

Result<IntervalChange> change(Transaction& t, const Scope& scope, IntervalChangeNumber number) {
  DUHENG_TRY(auto found,
             t.first(std::string(change_columns) + scope.condition("d.organisation_id", "?2") + ") AND c.id = ?1",
                     {number, scope.parameter_value()}, read_change));
  if (!found) return fail(ErrorCode::not_found, "there is no such change");
  return std::move(*found);
}

Result<IntervalChangePage> changes(Transaction& t, const Scope& scope, std::int64_t page, std::int64_t page_size) {
  IntervalChangePage out;
  const std::string mine = std::string(change_columns) + scope.condition("d.organisation_id", "?1") + ")";
  DUHENG_TRY(const auto total, t.integer("SELECT count(*) FROM (" + mine + ")", {scope.parameter_value()}));
  out.total = total.value_or(0);
  DUHENG_TRY(out.changes, t.all(mine + " ORDER BY c.id DESC LIMIT ?2 OFFSET ?3",
                                {scope.parameter_value(), page_size, (page - 1) * page_size}, read_change));
  return out;
}

}  // namespace duheng::platform::sampling_tables
