#include "platform/devices/points.hpp"

#include "platform/devices/device_tables.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/organisations/text.hpp"
#include "platform/sites/sites.hpp"

namespace duheng::platform {
namespace {

using records::Row;
using records::Transaction;

Point read_row(const Row& row) {
  return {.id = row.id<PointId>(0),
          .details = {.organisation = row.id<OrganisationId>(1), .site = row.id<SiteId>(2), .name = row.text(3)}};
}

Result<void> require_point(Transaction& t, const Scope& scope, PointId id) {
  DUHENG_TRY(const auto found,
             t.integer("SELECT 1 FROM points WHERE id = ?1 AND " + scope.condition("organisation_id", "?2"),
                       {id, scope.parameter_value()}));
  if (!found) return fail(ErrorCode::not_found, "there is no such point");
  return {};
}

/// A chain only grows at its end: what was computed over it stays true.
Result<void> require_free_after(Transaction& t, PointId id, DeviceId device, std::int64_t from_utc_ms) {
  DUHENG_TRY(const auto later, t.integer("SELECT 1 FROM point_devices WHERE (point_id = ?1 OR device_id = ?2)"
                                         " AND (from_ms >= ?3 OR to_ms > ?3) LIMIT 1",
                                         {id, device, from_utc_ms}));
  if (later) return fail(ErrorCode::conflict, "the point or the device has a later installation");
  return {};
}

}  // namespace

Result<std::vector<Point>> Points::list(const Scope& scope) {
  return database_.read([&](Transaction& t) {
    return t.all("SELECT id, organisation_id, site_id, name FROM points WHERE " +
                     scope.condition("organisation_id", "?1") + " ORDER BY name, id",
                 {scope.parameter_value()}, read_row);
  });
}

Result<Point> Points::get(const Scope& scope, PointId id) {
  DUHENG_TRY(auto found, database_.read([&](Transaction& t) {
    return t.first("SELECT id, organisation_id, site_id, name FROM points WHERE id = ?1 AND " +
                       scope.condition("organisation_id", "?2"),
                   {id, scope.parameter_value()}, read_row);
  }));
  if (!found) return fail(ErrorCode::not_found, "there is no such point");
  return std::move(*found);
}

Result<PointId> Points::create(const Scope& scope, const PointDetails& details) {
  return database_.write([&](Transaction& t) { return create_in(t, scope, details); });
}

Result<PointId> Points::create_in(Transaction& t, const Scope& scope, const PointDetails& details) {
  DUHENG_CHECK(check_text("a point's name", details.name, 1, 200));
  DUHENG_CHECK(require_organisation(t, scope, details.organisation));
  if (details.site) DUHENG_CHECK(require_site(t, scope, details.site));
  const auto made = t.insert(
      "INSERT INTO points (organisation_id, site_id, name, created_at_ms) VALUES (?1, ?2, ?3, ?4) RETURNING id",
      {details.organisation, details.site, details.name, clock_.utc_ms()});
  if (made) return PointId{*made};
  if (made.error().code != ErrorCode::conflict) return std::unexpected(made.error());
  return fail(ErrorCode::already_exists, "a point named \"" + details.name + "\" exists in this organisation");
}

Result<void> Points::install(const Scope& scope, PointId id, DeviceId device, std::int64_t from_utc_ms) {
  return database_.write([&](Transaction& t) { return install_in(t, scope, id, device, from_utc_ms); });
}

Result<void> Points::install_in(Transaction& t, const Scope& scope, PointId id, DeviceId device,
                                std::int64_t from_utc_ms) {
  DUHENG_CHECK(require_point(t, scope, id));
  DUHENG_CHECK(require_device(t, scope, device));
  DUHENG_CHECK(require_free_after(t, id, device, from_utc_ms));
  DUHENG_CHECK(
      t.execute("UPDATE point_devices SET to_ms = ?3 WHERE (point_id = ?1 OR device_id = ?2) AND to_ms IS NULL",
                {id, device, from_utc_ms}));
  DUHENG_CHECK(t.execute("INSERT INTO point_devices (point_id, device_id, from_ms) VALUES (?1, ?2, ?3)",
                         {id, device, from_utc_ms}));
  return {};
}

Result<void> Points::uninstall(const Scope& scope, PointId id, std::int64_t at_utc_ms) {
  return database_.write([&](Transaction& t) { return uninstall_in(t, scope, id, at_utc_ms); });
}

Result<void> Points::uninstall_in(Transaction& t, const Scope& scope, PointId id, std::int64_t at_utc_ms) {
  DUHENG_CHECK(require_point(t, scope, id));
  DUHENG_TRY(const auto since,
             t.integer("SELECT from_ms FROM point_devices WHERE point_id = ?1 AND to_ms IS NULL", {id}));
  if (!since) return fail(ErrorCode::not_found, "nothing measures at this point");
  if (at_utc_ms <= *since) return fail(ErrorCode::invalid_argument, "the present device was installed later than that");
  DUHENG_CHECK(t.execute("UPDATE point_devices SET to_ms = ?2 WHERE point_id = ?1 AND to_ms IS NULL", {id, at_utc_ms}));
  return {};
}

Result<std::vector<PointDevice>> Points::chain(const Scope& scope, PointId id) {
  return database_.read([&](Transaction& t) -> Result<std::vector<PointDevice>> {
    DUHENG_CHECK(require_point(t, scope, id));
    return t.all(
        "SELECT device_id, from_ms, to_ms FROM point_devices WHERE point_id = ?1 ORDER BY from_ms", {id},
        [](const Row& row) { return PointDevice{row.id<DeviceId>(0), row.integer(1), row.optional_integer(2)}; });
  });
}

}  // namespace duheng::platform
