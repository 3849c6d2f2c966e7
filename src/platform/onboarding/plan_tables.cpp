#include "platform/onboarding/plan_tables.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "drivers/protocol/operations.hpp"
#include "platform/onboarding/derivation_tables.hpp"
#include "platform/onboarding/sampling_tables.hpp"
#include "platform/orders/job.hpp"

namespace duheng::platform::plan_tables {
namespace {

using records::Row;
using records::Transaction;

constexpr records::Migration steps[] = {
    {"plans",
     "CREATE TABLE gateway_plans ("
     " gateway_id INTEGER PRIMARY KEY REFERENCES gateways (id),"
     " version INTEGER NOT NULL,"
     " changed_at_ms INTEGER NOT NULL,"
     " report BLOB,"  // see plan_report_codec
     " reported_at_ms INTEGER);"
     "CREATE TABLE gateway_channels ("
     " gateway_id INTEGER NOT NULL REFERENCES gateways (id),"
     " name TEXT NOT NULL,"
     " kind TEXT NOT NULL CHECK (kind IN ('tcp', 'udp', 'serial')),"
     " place TEXT NOT NULL,"  // host, or serial port
     " port INTEGER NOT NULL,"
     " baud INTEGER NOT NULL,"
     " data_bits INTEGER NOT NULL,"
     " parity INTEGER NOT NULL,"
     " stop_bits INTEGER NOT NULL,"
     " created_at_ms INTEGER NOT NULL,"
     " PRIMARY KEY (gateway_id, name)) WITHOUT ROWID;"
     "CREATE TABLE device_connections ("
     " id INTEGER PRIMARY KEY,"
     " device_id INTEGER NOT NULL REFERENCES devices (id),"
     " gateway_id INTEGER NOT NULL REFERENCES gateways (id),"
     " channel TEXT NOT NULL,"
     " uid TEXT NOT NULL,"
     " model TEXT NOT NULL,"
     " address TEXT NOT NULL,"
     " from_ms INTEGER NOT NULL,"
     " to_ms INTEGER);"
     "CREATE UNIQUE INDEX device_connections_now ON device_connections (device_id) WHERE to_ms IS NULL;"
     "CREATE UNIQUE INDEX device_connections_place ON device_connections (gateway_id, channel, address)"
     " WHERE to_ms IS NULL;"
     "CREATE INDEX device_connections_by_device ON device_connections (device_id, from_ms);"
     "CREATE TABLE unknown_devices ("
     " id INTEGER PRIMARY KEY,"
     " gateway_id INTEGER NOT NULL REFERENCES gateways (id),"
     " listener TEXT NOT NULL,"
     " protocol TEXT NOT NULL,"
     " address TEXT NOT NULL,"
     " peer TEXT NOT NULL,"
     " first_ms INTEGER NOT NULL,"
     " last_ms INTEGER NOT NULL,"
     " calls INTEGER NOT NULL,"
     " dismissed_at_ms INTEGER,"
     " UNIQUE (gateway_id, listener, protocol, address));"
     "CREATE INDEX unknown_devices_last ON unknown_devices (gateway_id, last_ms);"},
    {"intervals", sampling_tables::migration_sql},
    {"derivation", derivation_tables::migration_sql},
    {"carrier",
     "ALTER TABLE gateway_channels ADD COLUMN carrier INTEGER;"  // its kind; null: no module
     "ALTER TABLE gateway_channels ADD COLUMN main_node TEXT NOT NULL DEFAULT '';"}};

FieldChannel read_channel(const Row& row) {
  FieldChannel out;
  out.name = row.text(0);
  const auto kind = row.text_view(1);
  const auto port = static_cast<std::uint16_t>(row.integer(3));
  if (kind == "tcp")
    out.way = FieldTcp{row.text(2), port};
  else if (kind == "udp")
    out.way = FieldUdp{row.text(2), port};
  else
    out.way =
        FieldSerial{row.text(2), static_cast<std::uint32_t>(row.integer(4)), static_cast<std::uint8_t>(row.integer(5)),
                    static_cast<FieldParity>(row.integer(6)), static_cast<std::uint8_t>(row.integer(7))};
  if (const auto carrier = row.optional_integer(8))
    out.carrier = FieldCarrier{static_cast<FieldCarrierKind>(*carrier), row.text(9)};
  return out;
}

DeviceConnection read_connection(const Row& row) {
  return {.device = row.id<DeviceId>(0),
          .gateway = row.id<GatewayId>(1),
          .channel = row.text(2),
          .uid = row.text(3),
          .model = row.text(4),
          .address = row.text(5),
          .from_utc_ms = row.integer(6),
          .to_utc_ms = row.optional_integer(7)};
}

/// A conflict of this table's keys in words a person can act on.
template <class T>
Result<void> told(const Result<T>& outcome, std::string message) {
  if (outcome) return {};
  if (outcome.error().code != ErrorCode::conflict) return std::unexpected(outcome.error());
  return fail(ErrorCode::already_exists, std::move(message));
}

}  // namespace

records::Capability migrations() { return {"onboarding", steps}; }

Result<void> changed(Transaction& t, GatewayId gateway, std::int64_t now_ms) {
  DUHENG_CHECK(
      t.execute("INSERT INTO gateway_plans (gateway_id, version, changed_at_ms) VALUES (?1, 1, ?2)"
                " ON CONFLICT (gateway_id) DO UPDATE SET version = version + 1, changed_at_ms = ?2",
                {gateway, now_ms}));
  return {};
}

Result<std::uint64_t> version(Transaction& t, GatewayId gateway) {
  DUHENG_TRY(const auto found, t.integer("SELECT version FROM gateway_plans WHERE gateway_id = ?1", {gateway}));
  return static_cast<std::uint64_t>(found.value_or(0));
}

Result<void> raise_version(Transaction& t, GatewayId gateway, std::uint64_t version) {
  DUHENG_CHECK(t.execute("UPDATE gateway_plans SET version = max(version, ?2 + 1) WHERE gateway_id = ?1",
                         {gateway, static_cast<std::int64_t>(version)}));
  return {};
}

Result<FieldPlan> plan(Transaction& t, GatewayId gateway) {
  FieldPlan out;
  DUHENG_TRY(out.version, version(t, gateway));
  DUHENG_TRY(out.channels, channels(t, gateway));
  DUHENG_TRY(
      out.devices,
      t.all("SELECT uid, model, address, channel FROM device_connections WHERE gateway_id = ?1 AND to_ms IS NULL",
            {gateway}, [](const Row& row) { return FieldDevice{row.text(0), row.text(1), row.text(2), row.text(3)}; }));
  out.sort();
  DUHENG_CHECK(sampling_tables::add_to(t, gateway, out));
  DUHENG_CHECK(derivation_tables::add_to(t, gateway, out));
  out.sort();
  return out;
}

Result<void> insert_channel(Transaction& t, GatewayId gateway, const FieldChannel& channel, std::int64_t now_ms) {
  std::string_view kind = "tcp";
  std::string_view place;
  std::int64_t port = 0;
  FieldSerial serial;
  std::optional<std::int64_t> carrier;
  std::string_view main_node;
  if (channel.carrier) {
    carrier = static_cast<std::int64_t>(channel.carrier->kind);
    main_node = channel.carrier->main_node;
  }
  if (const auto* tcp = std::get_if<FieldTcp>(&channel.way)) {
    place = tcp->host;
    port = tcp->port;
  } else if (const auto* udp = std::get_if<FieldUdp>(&channel.way)) {
    kind = "udp";
    place = udp->host;
    port = udp->port;
  } else {
    kind = "serial";
    serial = std::get<FieldSerial>(channel.way);
    place = serial.device;
  }
  return told(t.execute("INSERT INTO gateway_channels (gateway_id, name, kind, place, port, baud, data_bits, parity,"
                        " stop_bits, created_at_ms, carrier, main_node)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                        {gateway, channel.name, kind, place, port, serial.baud, serial.data_bits,
                         static_cast<std::int64_t>(serial.parity), serial.stop_bits, now_ms, carrier, main_node}),
              fmt::format("the gateway has a channel '{}' already", channel.name));
}

Result<void> delete_channel(Transaction& t, GatewayId gateway, std::string_view name) {
  DUHENG_TRY(const auto gone,
             t.execute("DELETE FROM gateway_channels WHERE gateway_id = ?1 AND name = ?2", {gateway, name}));
  if (gone == 0) return fail(ErrorCode::not_found, "the gateway's plan has no such channel");
  return {};
}

Result<std::vector<FieldChannel>> channels(Transaction& t, GatewayId gateway) {
  return t.all(
      "SELECT name, kind, place, port, baud, data_bits, parity, stop_bits, carrier, main_node FROM gateway_channels"
      " WHERE gateway_id = ?1 ORDER BY name",
      {gateway}, read_channel);
}

Result<bool> has_channel(Transaction& t, GatewayId gateway, std::string_view name) {
  DUHENG_TRY(const auto found,
             t.integer("SELECT 1 FROM gateway_channels WHERE gateway_id = ?1 AND name = ?2", {gateway, name}));
  return found.has_value();
}

Result<std::int64_t> devices_on(Transaction& t, GatewayId gateway, std::string_view channel) {
  DUHENG_TRY(const auto found,
             t.integer("SELECT count(*) FROM device_connections WHERE gateway_id = ?1 AND channel = ?2"
                       " AND to_ms IS NULL",
                       {gateway, channel}));
  return found.value_or(0);
}

Result<void> insert_connection(Transaction& t, const DeviceConnection& connection) {
  return told(t.execute("INSERT INTO device_connections (device_id, gateway_id, channel, uid, model, address, from_ms)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                        {connection.device, connection.gateway, connection.channel, connection.uid, connection.model,
                         connection.address, connection.from_utc_ms}),
              fmt::format("another device has the address {} on channel '{}'", connection.address, connection.channel));
}

Result<std::optional<DeviceConnection>> connection(Transaction& t, DeviceId device) {
  return t.first(
      "SELECT device_id, gateway_id, channel, uid, model, address, from_ms, to_ms FROM device_connections"
      " WHERE device_id = ?1 AND to_ms IS NULL",
      {device}, read_connection);
}

Result<std::vector<DeviceConnection>> connections_on(Transaction& t, GatewayId gateway, std::string_view channel) {
  return t.all(
      "SELECT device_id, gateway_id, channel, uid, model, address, from_ms, to_ms FROM device_connections"
      " WHERE gateway_id = ?1 AND channel = ?2 AND to_ms IS NULL ORDER BY device_id",
      {gateway, channel}, read_connection);
}

Result<bool> is_line_moving(Transaction& t, GatewayId gateway, std::string_view channel) {
  // The model decides what the argument's words mean; all of ours say "no" for a device alone.
  DUHENG_TRY(const auto found,
             t.integer("SELECT 1 FROM order_jobs j JOIN order_job_arguments a ON a.job_id = j.id"
                       " JOIN orders o ON o.job_id = j.id"
                       " JOIN device_connections c ON c.device_id = o.device_id AND c.to_ms IS NULL"
                       " WHERE j.state = ?3 AND a.name = ?4 AND a.value NOT IN ('', 'no', '0')"
                       " AND o.stage IN (1, 2, 20, 21) AND c.gateway_id = ?1 AND c.channel = ?2 LIMIT 1",
                       {gateway, channel, static_cast<std::int64_t>(JobState::running), drivers::whole_line_argument}));
  return found.has_value();
}

Result<std::int64_t> connections_ever(Transaction& t, DeviceId device) {
  DUHENG_TRY(const auto found, t.integer("SELECT count(*) FROM device_connections WHERE device_id = ?1", {device}));
  return found.value_or(0);
}

Result<void> end_connection(Transaction& t, DeviceId device, std::int64_t now_ms) {
  // A clock that was set back must not turn a period around.
  DUHENG_CHECK(
      t.execute("UPDATE device_connections SET to_ms = max(?2, from_ms + 1) WHERE device_id = ?1"
                " AND to_ms IS NULL",
                {device, now_ms}));
  return {};
}

}  // namespace duheng::platform::plan_tables
