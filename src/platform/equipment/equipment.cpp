#include "platform/equipment/equipment.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>

#include "platform/devices/device_tables.hpp"
#include "platform/equipment/equipment_tables.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/organisations/text.hpp"
#include "platform/sites/sites.hpp"

namespace duheng::platform {
namespace {

using records::Row;
using records::Transaction;

constexpr std::uint32_t port_number_max = 9'999;
constexpr std::int64_t nodes_everything = 1'000'000;
constexpr std::int64_t page_size_max = 200;

struct KindWord {
  EquipmentKind kind;
  std::string_view word;
};
constexpr std::array<KindWord, 5> kind_words{{{EquipmentKind::network_switch, "switch"},
                                              {EquipmentKind::router, "router"},
                                              {EquipmentKind::access_point, "access_point"},
                                              {EquipmentKind::serial_server, "serial_server"},
                                              {EquipmentKind::cellular_router, "cellular_router"}}};

constexpr const char* columns =
    "SELECT e.id, e.organisation_id, e.site_id, e.kind, e.name, e.maker, e.model, e.serial, e.address, e.gateway_id,"
    " u.parent_id, o.name_zh, o.name_en, s.name, g.name, p.name,"
    " (SELECT count(*) FROM equipment_attachments a WHERE a.equipment_id = e.id AND a.to_ms IS NULL)";
constexpr const char* tables =
    " FROM equipment e JOIN organisations o ON o.id = e.organisation_id"
    " LEFT JOIN sites s ON s.id = e.site_id LEFT JOIN gateways g ON g.id = e.gateway_id"
    " LEFT JOIN equipment_uplinks u ON u.equipment_id = e.id AND u.to_ms IS NULL"
    " LEFT JOIN equipment p ON p.id = u.parent_id";

Equipment read_row(const Row& row) {
  Equipment out;
  out.id = row.id<EquipmentId>(0);
  out.details = {row.id<OrganisationId>(1),
                 row.id<SiteId>(2),
                 static_cast<EquipmentKind>(row.integer(3)),
                 row.text(4),
                 row.text(5),
                 row.text(6),
                 row.text(7),
                 row.text(8),
                 row.id<GatewayId>(9),
                 row.id<EquipmentId>(10)};
  out.organisation_zh = row.text(11);
  out.organisation_en = row.text(12);
  out.site_name = row.text(13);
  out.gateway_name = row.text(14);
  out.parent_name = row.text(15);
  out.attached = row.integer(16);
  return out;
}

Result<void> check_details(Transaction& t, const Scope& scope, const EquipmentDetails& details) {
  DUHENG_CHECK(check_text("the equipment's name", details.name, 1, 200));
  DUHENG_CHECK(check_text("the maker", details.maker, 0, 200));
  DUHENG_CHECK(check_text("the model", details.model, 0, 200));
  DUHENG_CHECK(check_text("the serial number", details.serial, 0, 100));
  DUHENG_CHECK(check_text("the address", details.address, 0, 255));
  if (!details.organisation)
    return fail(ErrorCode::invalid_argument, "organisation_id: who belongs to no organisation must say whose it is");
  DUHENG_CHECK(require_organisation(t, scope, details.organisation));
  if (details.site) DUHENG_CHECK(require_site(t, scope, details.site));
  if (details.gateway) DUHENG_CHECK(require_gateway(t, scope, details.gateway));
  if (details.parent) DUHENG_CHECK(equipment_tables::require(t, scope, details.parent));
  return {};
}

template <class T>
Result<T> name_taken_or(Result<T> outcome, const std::string& name) {
  if (outcome || outcome.error().code != ErrorCode::conflict) return outcome;
  return fail(ErrorCode::already_exists, "equipment named \"" + name + "\" exists in this organisation");
}

Result<void> note(Transaction& t, const Author& author, std::string_view action, std::int64_t now_ms,
                  std::string detail) {
  OperationEntry entry = operation_of(author, action, now_ms);
  entry.outcome = "ok";
  entry.detail = std::move(detail);
  return write_operation(t, entry);
}

/// Whether it is the same thing on the same port.
bool is_same(const Attachment& a, const Attachment& b) {
  return a.port == b.port && a.kind == b.kind && a.gateway == b.gateway && a.channel == b.channel &&
         a.device == b.device;
}

Result<void> check_attachment(Transaction& t, const Scope& scope, const Attachment& given) {
  DUHENG_CHECK(check_text("a port", given.port, 0, 64));
  switch (given.kind) {
    case Attachment::Kind::device:
      return require_device(t, scope, given.device);
    case Attachment::Kind::channel:
      DUHENG_CHECK(check_text("a channel's name", given.channel, 1, 64));
      return require_gateway(t, scope, given.gateway);
    case Attachment::Kind::gateway:
      return require_gateway(t, scope, given.gateway);
  }
  return fail(ErrorCode::invalid_argument, "nothing of that kind hangs on a port");
}

Result<void> insert_attachment(Transaction& t, EquipmentId id, const Attachment& given, std::int64_t now_ms) {
  const bool is_device = given.kind == Attachment::Kind::device;
  const bool is_channel = given.kind == Attachment::Kind::channel;
  auto outcome = t.execute(
      "INSERT INTO equipment_attachments (equipment_id, port, kind, gateway_id, channel, device_id, from_ms)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
      {id, given.port, static_cast<std::int64_t>(given.kind), is_device ? GatewayId{} : given.gateway,
       is_channel ? std::string_view(given.channel) : std::string_view(), is_device ? given.device : DeviceId{},
       now_ms});
  if (outcome) return {};
  if (outcome.error().code == ErrorCode::conflict)
    return fail(ErrorCode::conflict, "what is to hang on port '" + given.port + "' hangs somewhere else already");
  return std::unexpected(std::move(outcome).error());
}

Result<std::vector<EquipmentCheck>> checks_of(Transaction& t, EquipmentId id) {
  return t.all(
      "SELECT c.equipment_id, c.device_id, c.kind, d.gateway_id, d.uid, d.interval_s FROM equipment_checks c"
      " JOIN devices d ON d.id = c.device_id WHERE c.to_ms IS NULL AND c.equipment_id = ?1 ORDER BY c.kind",
      {id}, [](const Row& row) {
        return EquipmentCheck{row.id<EquipmentId>(0), row.id<DeviceId>(1), row.text(2),
                              row.id<GatewayId>(3),   row.text(4),         row.integer(5)};
      });
}

}  // namespace

std::string_view to_string(EquipmentKind kind) noexcept {
  const auto* const found = std::ranges::find(kind_words, kind, &KindWord::kind);
  return found == kind_words.end() ? "unknown" : found->word;
}
std::optional<EquipmentKind> equipment_kind(std::string_view word) noexcept {
  const auto* const found = std::ranges::find(kind_words, word, &KindWord::word);
  return found == kind_words.end() ? std::nullopt : std::optional(found->kind);
}
std::string_view to_string(Attachment::Kind kind) noexcept {
  switch (kind) {
    case Attachment::Kind::gateway:
      return "gateway";
    case Attachment::Kind::channel:
      return "channel";
    case Attachment::Kind::device:
      return "device";
  }
  return "unknown";
}

records::Capability EquipmentLedger::migrations() { return equipment_tables::migrations(); }

Result<EquipmentPage> EquipmentLedger::list(const Scope& scope, const EquipmentQuery& query) {
  if (query.page < 1 || query.page > 1'000'000 || query.page_size < 1 || query.page_size > page_size_max)
    return fail(ErrorCode::invalid_argument, fmt::format("a page has 1 to {} lines", page_size_max));
  if (query.search.size() > 100) return fail(ErrorCode::invalid_argument, "the search text is too long");
  const std::string where =
      " WHERE e.retired_at_ms IS NULL AND " + scope.condition("e.organisation_id", "?1") +
      " AND (?2 = '' OR instr(lower(e.name || ' ' || e.address || ' ' || e.maker || ' ' || e.model || ' ' || e.serial),"
      " ?2) > 0) AND (?3 = 0 OR e.kind = ?3) AND (?4 IS NULL OR e.site_id = ?4) AND (?5 IS NULL OR e.gateway_id = ?5)";
  const std::string search = to_lower_ascii(query.search);
  const std::int64_t kind = query.kind ? static_cast<std::int64_t>(*query.kind) : 0;
  return database_.read([&](Transaction& t) -> Result<EquipmentPage> {
    EquipmentPage out;
    DUHENG_TRY(const auto total, t.integer("SELECT count(*) FROM equipment e" + where,
                                           {scope.parameter_value(), search, kind, query.site, query.gateway}));
    out.total = total.value_or(0);
    DUHENG_TRY(out.items, t.all(std::string(columns) + tables + where + " ORDER BY e.name, e.id LIMIT ?6 OFFSET ?7",
                                {scope.parameter_value(), search, kind, query.site, query.gateway, query.page_size,
                                 (query.page - 1) * query.page_size},
                                read_row));
    return out;
  });
}

Result<Equipment> EquipmentLedger::get(const Scope& scope, EquipmentId id) {
  DUHENG_TRY(auto found, database_.read([&](Transaction& t) {
    return t.first(std::string(columns) + tables + " WHERE e.id = ?1 AND e.retired_at_ms IS NULL AND " +
                       scope.condition("e.organisation_id", "?2"),
                   {id, scope.parameter_value()}, read_row);
  }));
  if (!found) return fail(ErrorCode::not_found, "there is no such equipment");
  return std::move(*found);
}

Result<EquipmentId> EquipmentLedger::create_in(Transaction& t, const Author& author, const EquipmentDetails& details) {
  DUHENG_CHECK(check_details(t, author.scope, details));
  DUHENG_CHECK(equipment_tables::check_uplinks(t, {}, details.parent));
  const std::int64_t now = clock_.utc_ms();
  DUHENG_TRY(
      const auto row,
      name_taken_or(t.insert("INSERT INTO equipment (organisation_id, site_id, kind, name, maker, model, serial,"
                             " address, gateway_id, created_at_ms)"
                             " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) RETURNING id",
                             {details.organisation, details.site, static_cast<std::int64_t>(details.kind), details.name,
                              details.maker, details.model, details.serial, details.address, details.gateway, now}),
                    details.name));
  const EquipmentId id{row};
  DUHENG_CHECK(equipment_tables::set_uplink(t, id, details.parent, now));
  DUHENG_CHECK(note(t, author, "create_equipment", now, details.name));
  return id;
}

Result<EquipmentId> EquipmentLedger::create(const Author& author, const EquipmentDetails& details) {
  auto made = database_.write([&](Transaction& t) { return create_in(t, author, details); });
  if (made) changed();
  return made;
}

Result<void> EquipmentLedger::update(const Author& author, EquipmentId id, const EquipmentDetails& details) {
  const auto done = database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_CHECK(equipment_tables::require(t, author.scope, id));
    DUHENG_CHECK(check_details(t, author.scope, details));
    DUHENG_CHECK(equipment_tables::check_uplinks(t, id, details.parent));
    const std::int64_t now = clock_.utc_ms();
    DUHENG_CHECK(name_taken_or(
        t.execute("UPDATE equipment SET organisation_id = ?2, site_id = ?3, kind = ?4, name = ?5, maker = ?6,"
                  " model = ?7, serial = ?8, address = ?9, gateway_id = ?10 WHERE id = ?1",
                  {id, details.organisation, details.site, static_cast<std::int64_t>(details.kind), details.name,
                   details.maker, details.model, details.serial, details.address, details.gateway}),
        details.name));
    DUHENG_CHECK(equipment_tables::set_uplink(t, id, details.parent, now));
    return note(t, author, "change_equipment", now, details.name);
  });
  if (done) changed();
  return done;
}

Result<void> EquipmentLedger::retire(const Author& author, EquipmentId id) {
  const auto done = database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_CHECK(equipment_tables::require(t, author.scope, id));
    DUHENG_TRY(const auto below,
               t.integer("SELECT 1 FROM equipment_uplinks WHERE parent_id = ?1 AND to_ms IS NULL", {id}));
    if (below) return fail(ErrorCode::conflict, "other equipment hangs on it: give that another uplink first");
    DUHENG_TRY(const auto checks, checks_of(t, id));
    if (!checks.empty()) return fail(ErrorCode::conflict, "it is still supervised: end that first");
    const std::int64_t now = clock_.utc_ms();
    DUHENG_CHECK(
        t.execute("UPDATE equipment_uplinks SET to_ms = ?2 WHERE equipment_id = ?1 AND to_ms IS NULL", {id, now}));
    DUHENG_CHECK(
        t.execute("UPDATE equipment_attachments SET to_ms = ?2 WHERE equipment_id = ?1 AND to_ms IS NULL", {id, now}));
    DUHENG_CHECK(t.execute("UPDATE equipment SET retired_at_ms = ?2 WHERE id = ?1", {id, now}));
    return note(t, author, "retire_equipment", now, std::to_string(id.value));
  });
  if (done) changed();
  return done;
}

Result<void> EquipmentLedger::attach(const Author& author, EquipmentId id, const std::vector<Attachment>& given) {
  if (given.size() > attachments_max)
    return fail(ErrorCode::limit_exceeded, fmt::format("at most {} things hang on one piece", attachments_max));
  const auto done = database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_CHECK(equipment_tables::require(t, author.scope, id));
    for (const Attachment& one : given) DUHENG_CHECK(check_attachment(t, author.scope, one));
    DUHENG_TRY(const auto present, t.all(fmt::format("SELECT a.id, {} FROM equipment_attachments a"
                                                     " WHERE a.equipment_id = ?1 AND a.to_ms IS NULL",
                                                     equipment_tables::attachment_columns),
                                         {id}, [](const Row& row) {
                                           return std::pair{row.integer(0), equipment_tables::read_attachment(row, 1)};
                                         }));
    const std::int64_t now = clock_.utc_ms();
    std::vector<Attachment> kept;
    for (const auto& [row, one] : present) {
      if (std::ranges::any_of(given, [&one](const Attachment& wanted) { return is_same(one, wanted); })) {
        kept.push_back(one);
        continue;
      }
      DUHENG_CHECK(t.execute("UPDATE equipment_attachments SET to_ms = ?2 WHERE id = ?1", {row, now}));
    }
    for (const Attachment& one : given) {
      if (std::ranges::any_of(kept, [&one](const Attachment& old) { return is_same(old, one); })) continue;
      DUHENG_CHECK(insert_attachment(t, id, one, now));
    }
    return note(t, author, "attach_to_equipment", now, fmt::format("{}: {} things", id.value, given.size()));
  });
  if (done) changed();
  return done;
}

Result<std::vector<Attachment>> EquipmentLedger::attachments(const Scope& scope, EquipmentId id, bool all) {
  return database_.read([&](Transaction& t) -> Result<std::vector<Attachment>> {
    DUHENG_CHECK(equipment_tables::require(t, scope, id));
    return t.all(fmt::format("SELECT {} FROM equipment_attachments a WHERE a.equipment_id = ?1 AND"
                             " (?2 = 1 OR a.to_ms IS NULL) ORDER BY a.to_ms IS NOT NULL, a.port, a.from_ms DESC, a.id",
                             equipment_tables::attachment_columns),
                 {id, all ? 1 : 0}, [](const Row& row) { return equipment_tables::read_attachment(row, 0); });
  });
}

Result<std::vector<UplinkPeriod>> EquipmentLedger::uplinks(const Scope& scope, EquipmentId id) {
  return database_.read([&](Transaction& t) -> Result<std::vector<UplinkPeriod>> {
    DUHENG_CHECK(equipment_tables::require(t, scope, id));
    return t.all(
        "SELECT u.parent_id, p.name, u.from_ms, u.to_ms FROM equipment_uplinks u"
        " LEFT JOIN equipment p ON p.id = u.parent_id WHERE u.equipment_id = ?1 ORDER BY u.from_ms DESC, u.id DESC",
        {id}, [](const Row& row) {
          return UplinkPeriod{row.id<EquipmentId>(0), row.text(1), row.integer(2), row.optional_integer(3)};
        });
  });
}

Result<std::vector<EquipmentCheck>> EquipmentLedger::checks(const Scope& scope, EquipmentId id) {
  return database_.read([&](Transaction& t) -> Result<std::vector<EquipmentCheck>> {
    DUHENG_CHECK(equipment_tables::require(t, scope, id));
    return checks_of(t, id);
  });
}

Result<void> EquipmentLedger::set_checks(const Author& author, EquipmentId id,
                                         const std::vector<EquipmentCheck>& checks) {
  const auto done = database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_CHECK(equipment_tables::require(t, author.scope, id));
    const std::int64_t now = clock_.utc_ms();
    DUHENG_CHECK(
        t.execute("UPDATE equipment_checks SET to_ms = ?2 WHERE equipment_id = ?1 AND to_ms IS NULL", {id, now}));
    for (const EquipmentCheck& check : checks) {
      DUHENG_CHECK(require_device(t, author.scope, check.device));
      auto made =
          t.execute("INSERT INTO equipment_checks (equipment_id, device_id, kind, from_ms) VALUES (?1, ?2, ?3, ?4)",
                    {id, check.device, check.kind, now});
      if (!made && made.error().code == ErrorCode::conflict)
        return fail(ErrorCode::conflict, "that device supervises other equipment already");
      if (!made) return std::unexpected(std::move(made).error());
    }
    return note(t, author, "supervise_equipment", now, fmt::format("{}: {} checks", id.value, checks.size()));
  });
  if (done) changed();
  return done;
}

Result<void> EquipmentLedger::supervise_port(const Author& author, EquipmentId id, std::uint32_t number,
                                             PortSupervision supervision) {
  if (number < 1 || number > port_number_max)
    return fail(ErrorCode::invalid_argument, fmt::format("a port's number is from 1 to {}", port_number_max));
  const auto done = database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_CHECK(equipment_tables::require(t, author.scope, id));
    const std::int64_t now = clock_.utc_ms();
    DUHENG_CHECK(
        t.execute("UPDATE equipment_ports SET to_ms = ?3 WHERE equipment_id = ?1 AND port = ?2 AND to_ms IS NULL",
                  {id, std::int64_t{number}, now}));
    // What is usual needs no entry; what was chosen before is kept with its end.
    if (supervision != PortSupervision::by_use) {
      DUHENG_CHECK(
          t.execute("INSERT INTO equipment_ports (equipment_id, port, supervision, from_ms) VALUES (?1, ?2, ?3, ?4)",
                    {id, std::int64_t{number}, static_cast<std::int64_t>(supervision), now}));
    }
    return note(t, author, "supervise_port", now,
                fmt::format("{}: port {} {}", id.value, number, to_string(supervision)));
  });
  if (done) changed();
  return done;
}

Result<EquipmentPicture> EquipmentLedger::picture() { return picture(Scope::everything(), nodes_everything); }

Result<EquipmentPicture> EquipmentLedger::picture(const Scope& scope, std::int64_t nodes_max) {
  return database_.read([&](Transaction& t) { return equipment_tables::picture(t, scope, nodes_max); });
}

}  // namespace duheng::platform
