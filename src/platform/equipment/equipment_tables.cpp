#include "platform/equipment/equipment_tables.hpp"

#include <fmt/format.h>

namespace duheng::platform::equipment_tables {
namespace {

using records::Row;
using records::Transaction;

constexpr records::Migration steps[] = {
    {"equipment",
     "CREATE TABLE equipment ("
     " id INTEGER PRIMARY KEY,"
     " organisation_id INTEGER NOT NULL REFERENCES organisations (id),"
     " site_id INTEGER REFERENCES sites (id),"
     " kind INTEGER NOT NULL,"
     " name TEXT NOT NULL,"
     " maker TEXT NOT NULL,"
     " model TEXT NOT NULL,"
     " serial TEXT NOT NULL,"
     " address TEXT NOT NULL,"
     " gateway_id INTEGER REFERENCES gateways (id),"
     " created_at_ms INTEGER NOT NULL,"
     " retired_at_ms INTEGER);"
     "CREATE UNIQUE INDEX equipment_name ON equipment (organisation_id, name) WHERE retired_at_ms IS NULL;"
     "CREATE TABLE equipment_uplinks ("
     " id INTEGER PRIMARY KEY,"
     " equipment_id INTEGER NOT NULL REFERENCES equipment (id),"
     " parent_id INTEGER REFERENCES equipment (id),"
     " from_ms INTEGER NOT NULL,"
     " to_ms INTEGER);"
     "CREATE UNIQUE INDEX equipment_uplinks_now ON equipment_uplinks (equipment_id) WHERE to_ms IS NULL;"
     "CREATE INDEX equipment_uplinks_parent ON equipment_uplinks (parent_id) WHERE to_ms IS NULL;"
     "CREATE TABLE equipment_attachments ("
     " id INTEGER PRIMARY KEY,"
     " equipment_id INTEGER NOT NULL REFERENCES equipment (id),"
     " port TEXT NOT NULL,"
     " kind INTEGER NOT NULL,"
     " gateway_id INTEGER REFERENCES gateways (id),"
     " channel TEXT NOT NULL,"
     " device_id INTEGER REFERENCES devices (id),"
     " from_ms INTEGER NOT NULL,"
     " to_ms INTEGER);"
     "CREATE INDEX equipment_attachments_of ON equipment_attachments (equipment_id, to_ms);"
     // A thing hangs in one place at a time.
     "CREATE UNIQUE INDEX equipment_attachments_gateway ON equipment_attachments (gateway_id, channel)"
     " WHERE to_ms IS NULL AND kind < 3;"
     "CREATE UNIQUE INDEX equipment_attachments_device ON equipment_attachments (device_id)"
     " WHERE to_ms IS NULL AND kind = 3;"
     "CREATE TABLE equipment_checks ("
     " id INTEGER PRIMARY KEY,"
     " equipment_id INTEGER NOT NULL REFERENCES equipment (id),"
     " device_id INTEGER NOT NULL REFERENCES devices (id),"
     " kind TEXT NOT NULL,"
     " from_ms INTEGER NOT NULL,"
     " to_ms INTEGER);"
     "CREATE UNIQUE INDEX equipment_checks_now ON equipment_checks (device_id) WHERE to_ms IS NULL;"},
    {"ports of which somebody chose how they are supervised",
     "CREATE TABLE equipment_ports ("
     " id INTEGER PRIMARY KEY,"
     " equipment_id INTEGER NOT NULL REFERENCES equipment (id),"
     " port INTEGER NOT NULL,"
     " supervision INTEGER NOT NULL,"
     " from_ms INTEGER NOT NULL,"
     " to_ms INTEGER);"
     "CREATE UNIQUE INDEX equipment_ports_now ON equipment_ports (equipment_id, port) WHERE to_ms IS NULL;"}};

template <class T, class Make>
Result<void> collect(Transaction& t, std::string_view sql, const Scope& scope, std::vector<T>& out, Make&& make) {
  DUHENG_TRY(out, t.all(sql, {scope.parameter_value()}, std::forward<Make>(make)));
  return {};
}

}  // namespace

records::Capability migrations() { return {"equipment", steps}; }

Result<void> require(Transaction& t, const Scope& scope, EquipmentId id) {
  DUHENG_TRY(const auto found, t.integer("SELECT 1 FROM equipment WHERE id = ?1 AND retired_at_ms IS NULL AND " +
                                             scope.condition("organisation_id", "?2"),
                                         {id, scope.parameter_value()}));
  if (!found) return fail(ErrorCode::not_found, "there is no such equipment");
  return {};
}

Result<void> check_uplinks(Transaction& t, EquipmentId id, EquipmentId parent) {
  EquipmentId at = parent;
  for (int depth = 0; at; ++depth) {
    if (at == id) return fail(ErrorCode::invalid_argument, "the uplinks would form a ring");
    if (depth == EquipmentLedger::depth_max)
      return fail(ErrorCode::invalid_argument,
                  fmt::format("more than {} pieces of equipment one above the other", EquipmentLedger::depth_max));
    DUHENG_TRY(const auto above,
               t.integer("SELECT parent_id FROM equipment_uplinks WHERE equipment_id = ?1 AND to_ms IS NULL", {at}));
    at = EquipmentId{above.value_or(0)};
  }
  return {};
}

Result<void> set_uplink(Transaction& t, EquipmentId id, EquipmentId parent, std::int64_t now_ms) {
  DUHENG_TRY(const auto same,
             t.integer("SELECT 1 FROM equipment_uplinks WHERE equipment_id = ?1 AND to_ms IS NULL AND parent_id IS ?2",
                       {id, parent}));
  if (same) return {};
  DUHENG_CHECK(
      t.execute("UPDATE equipment_uplinks SET to_ms = ?2 WHERE equipment_id = ?1 AND to_ms IS NULL", {id, now_ms}));
  DUHENG_CHECK(t.execute("INSERT INTO equipment_uplinks (equipment_id, parent_id, from_ms) VALUES (?1, ?2, ?3)",
                         {id, parent, now_ms}));
  return {};
}

Attachment read_attachment(const Row& row, int first) {
  Attachment out;
  out.port = row.text(first);
  out.kind = static_cast<Attachment::Kind>(row.integer(first + 1));
  out.gateway = row.id<GatewayId>(first + 2);
  out.channel = row.text(first + 3);
  out.device = row.id<DeviceId>(first + 4);
  out.from_utc_ms = row.integer(first + 5);
  out.to_utc_ms = row.optional_integer(first + 6);
  out.name = row.text(first + 7);
  return out;
}

Result<EquipmentPicture> picture(Transaction& t, const Scope& scope, std::int64_t nodes_max) {
  EquipmentPicture out;
  const std::string visible = "e.retired_at_ms IS NULL AND " + scope.condition("e.organisation_id", "?1");
  DUHENG_CHECK(collect(
      t,
      fmt::format("SELECT e.id, e.organisation_id, e.kind, e.name, e.gateway_id, u.parent_id"
                  " FROM equipment e LEFT JOIN equipment_uplinks u ON u.equipment_id = e.id"
                  " AND u.to_ms IS NULL WHERE {} ORDER BY e.name, e.id LIMIT {}",
                  visible, nodes_max),
      scope, out.nodes, [](const Row& row) {
        return EquipmentPicture::Node{
            row.id<EquipmentId>(0), row.id<OrganisationId>(1), static_cast<EquipmentKind>(row.integer(2)), row.text(3),
            row.id<GatewayId>(4),   row.id<EquipmentId>(5)};
      }));
  DUHENG_CHECK(collect(t,
                       fmt::format("SELECT a.equipment_id, {} FROM equipment_attachments a"
                                   " JOIN equipment e ON e.id = a.equipment_id"
                                   " WHERE a.to_ms IS NULL AND {} ORDER BY a.equipment_id, a.port, a.id",
                                   attachment_columns, visible),
                       scope, out.links, [](const Row& row) {
                         return EquipmentPicture::Link{row.id<EquipmentId>(0), read_attachment(row, 1)};
                       }));
  DUHENG_CHECK(collect(t,
                       fmt::format("SELECT c.equipment_id, c.device_id, c.kind, d.gateway_id, d.uid, d.interval_s"
                                   " FROM equipment_checks c JOIN equipment e ON e.id = c.equipment_id"
                                   " JOIN devices d ON d.id = c.device_id WHERE c.to_ms IS NULL AND {}",
                                   visible),
                       scope, out.checks, [](const Row& row) {
                         return EquipmentCheck{row.id<EquipmentId>(0), row.id<DeviceId>(1), row.text(2),
                                               row.id<GatewayId>(3),   row.text(4),         row.integer(5)};
                       }));
  DUHENG_CHECK(collect(t,
                       fmt::format("SELECT n.device_id, n.gateway_id, n.channel FROM device_connections n"
                                   " JOIN equipment_attachments a ON a.kind = 2 AND a.to_ms IS NULL"
                                   " AND a.gateway_id = n.gateway_id AND a.channel = n.channel"
                                   " JOIN equipment e ON e.id = a.equipment_id WHERE n.to_ms IS NULL AND {}",
                                   visible),
                       scope, out.on_channels, [](const Row& row) {
                         return EquipmentPicture::OnChannel{row.id<DeviceId>(0), row.id<GatewayId>(1), row.text(2)};
                       }));
  DUHENG_CHECK(collect(t,
                       fmt::format("SELECT p.equipment_id, p.port, p.supervision FROM equipment_ports p"
                                   " JOIN equipment e ON e.id = p.equipment_id WHERE p.to_ms IS NULL AND {}",
                                   visible),
                       scope, out.ports, [](const Row& row) {
                         return EquipmentPicture::ChosenPort{row.id<EquipmentId>(0),
                                                             static_cast<std::uint32_t>(row.integer(1)),
                                                             static_cast<PortSupervision>(row.integer(2))};
                       }));
  return out;
}

}  // namespace duheng::platform::equipment_tables
