#include "platform/points/metering_points.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "platform/organisations/text.hpp"

namespace duheng::platform {
namespace {

using records::Row;
using records::Transaction;

constexpr std::array migration_steps{
    records::Migration{"registers",
                       "CREATE TABLE point_registers ("
                       " point_id INTEGER NOT NULL,"
                       " from_ms INTEGER NOT NULL,"
                       " name TEXT NOT NULL,"
                       " ratio_numerator INTEGER NOT NULL CHECK (ratio_numerator >= 1),"
                       " ratio_denominator INTEGER NOT NULL CHECK (ratio_denominator >= 1),"
                       " digits INTEGER,"
                       " start_value TEXT,"
                       " end_value TEXT,"
                       " PRIMARY KEY (point_id, from_ms, name),"
                       " FOREIGN KEY (point_id, from_ms) REFERENCES point_devices (point_id, from_ms)) WITHOUT ROWID;"
                       "CREATE TABLE point_events ("
                       " id INTEGER PRIMARY KEY,"
                       " point_id INTEGER NOT NULL REFERENCES points (id),"
                       " at_ms INTEGER NOT NULL,"
                       " made_at_ms INTEGER NOT NULL,"
                       " user_id INTEGER REFERENCES users (id),"
                       " author TEXT NOT NULL,"
                       " action TEXT NOT NULL,"
                       " reason TEXT NOT NULL);"
                       "CREATE INDEX point_events_by_point ON point_events (point_id, id);"},
    records::Migration{"parties",
                       "CREATE TABLE point_parties ("
                       " id INTEGER PRIMARY KEY,"
                       " organisation_id INTEGER NOT NULL REFERENCES organisations (id),"
                       " kind INTEGER NOT NULL,"
                       " code TEXT NOT NULL,"
                       " name TEXT NOT NULL,"
                       " UNIQUE (organisation_id, kind, code));"
                       "CREATE TABLE points_of_parties ("
                       " point_id INTEGER NOT NULL REFERENCES points (id),"
                       " kind INTEGER NOT NULL,"
                       " party_id INTEGER NOT NULL REFERENCES point_parties (id),"
                       " PRIMARY KEY (point_id, kind)) WITHOUT ROWID;"}};

constexpr std::int64_t earliest_utc_ms = 946'684'800'000;  // 2000-01-01
constexpr std::int64_t factor_max = 1'000'000'000;
constexpr std::size_t search_octets_max = 100;

constexpr std::string_view columns =
    "SELECT p.id, p.organisation_id, p.site_id, p.name, o.name_zh, o.name_en, s.name, s.iana_zone, d.id, d.name, "
    "(SELECT count(*) FROM point_devices l WHERE l.point_id = p.id)";
constexpr std::string_view tables =
    " FROM points p JOIN organisations o ON o.id = p.organisation_id LEFT JOIN sites s ON s.id = p.site_id "
    "LEFT JOIN point_devices pd ON pd.point_id = p.id AND pd.to_ms IS NULL LEFT JOIN devices d ON d.id = pd.device_id";

MeteringPoint read_point(const Row& row) {
  return {.id = row.id<PointId>(0),
          .details = {.organisation = row.id<OrganisationId>(1), .site = row.id<SiteId>(2), .name = row.text(3)},
          .organisation_name_zh = row.text(4),
          .organisation_name_en = row.text(5),
          .site_name = row.text(6),
          .site_zone = row.text(7),
          .device = row.id<DeviceId>(8),
          .device_name = row.text(9),
          .links = row.integer(10)};
}

std::optional<Decimal> read_decimal(const Row& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  const auto parsed = Decimal::parse(row.text_view(column));
  return parsed ? std::optional{*parsed} : std::nullopt;
}

PointRegister read_register(const Row& row) {
  return {.name = row.text(1),
          .ratio_numerator = row.integer(2),
          .ratio_denominator = row.integer(3),
          .digits = row.optional_integer(4),
          .start = read_decimal(row, 5),
          .end = read_decimal(row, 6)};
}

std::optional<std::string> text_of(const std::optional<Decimal>& value) {
  return value ? std::optional{value->to_string()} : std::nullopt;
}

Result<void> check_register(const PointRegister& given) {
  DUHENG_CHECK(check_text("a register's name", given.name, 1, 100));
  const auto wrong = [&](std::string_view what) {
    return fail(ErrorCode::invalid_argument, fmt::format("register {}: {}", given.name, what));
  };
  for (const std::int64_t factor : {given.ratio_numerator, given.ratio_denominator}) {
    if (factor < 1 || factor > factor_max) return wrong("the ratio is made of numbers from 1 to 1000000000");
  }
  if (given.digits && (*given.digits < 1 || *given.digits > 18)) return wrong("a register has 1 to 18 digits");
  if (given.start && given.start->mantissa < 0) return wrong("a reading is not below 0");
  if (given.end) return wrong("an end reading comes when the device leaves");
  return {};
}

Result<void> check_registers(const std::vector<PointRegister>& registers) {
  if (registers.empty()) return fail(ErrorCode::invalid_argument, "at least one register is needed");
  if (registers.size() > metering_point_limits::registers_max)
    return fail(ErrorCode::limit_exceeded, fmt::format("at most {} registers", metering_point_limits::registers_max));
  std::vector<std::string_view> names;
  for (const PointRegister& one : registers) {
    DUHENG_CHECK(check_register(one));
    names.push_back(one.name);
  }
  std::ranges::sort(names);
  if (std::ranges::adjacent_find(names) != names.end())
    return fail(ErrorCode::invalid_argument, "a register is named twice");
  return {};
}

Result<void> check_time(std::int64_t at_utc_ms, std::int64_t now_utc_ms) {
  if (at_utc_ms < earliest_utc_ms || at_utc_ms > now_utc_ms)
    return fail(ErrorCode::invalid_argument, "the time must not lie in the future nor before 2000");
  return {};
}

Result<void> require_elsewhere_free(Transaction& t, PointId id, DeviceId device) {
  DUHENG_TRY(const auto other,
             t.integer("SELECT point_id FROM point_devices WHERE device_id = ?1 AND point_id <> ?2 AND to_ms IS NULL",
                       {device, id}));
  if (other) return fail(ErrorCode::conflict, "the device measures at another point: take it away there first");
  return {};
}

struct PresentLink {
  DeviceId device{};
  std::int64_t from_utc_ms = 0;
};

Result<std::optional<PresentLink>> present_link(Transaction& t, PointId id) {
  return t.first("SELECT device_id, from_ms FROM point_devices WHERE point_id = ?1 AND to_ms IS NULL", {id},
                 [](const Row& row) { return PresentLink{row.id<DeviceId>(0), row.integer(1)}; });
}

Result<void> write_ends(Transaction& t, PointId id, const std::optional<PresentLink>& present,
                        const std::vector<EndReading>& ends) {
  for (const EndReading& end : ends) {
    if (end.value.mantissa < 0) return fail(ErrorCode::invalid_argument, "a reading is not below 0");
    std::int64_t changed = 0;
    if (present) {
      const std::string value = end.value.to_string();
      DUHENG_TRY(changed,
                 t.execute("UPDATE point_registers SET end_value = ?4 WHERE point_id = ?1 AND from_ms = ?2 AND name = "
                           "?3 AND end_value IS NULL",
                           {id, present->from_utc_ms, end.name, value}));
    }
    if (changed == 0)
      return fail(ErrorCode::not_found, fmt::format("what is there has no register {} without an end", end.name));
  }
  return {};
}

Result<void> check_reason(const std::string& reason) {
  return check_text("a reason", reason, 1, metering_point_limits::reason_octets_max);
}

}  // namespace

records::Capability MeteringPoints::migrations() { return {"metering_points", migration_steps}; }

Result<PointPage> MeteringPoints::list(const Scope& scope, const PointQuery& query) {
  if (query.page < 1 || query.page_size < 1 || query.page_size > metering_point_limits::page_size_max)
    return fail(ErrorCode::invalid_argument, "page or page size is out of range");
  if (query.search.size() > search_octets_max) return fail(ErrorCode::invalid_argument, "the search is too long");
  const std::string where = " WHERE " + scope.condition("p.organisation_id", "?1") +
                            " AND (?2 = '' OR instr(lower(p.name), lower(?2)) > 0 OR instr(lower(coalesce(d.name, '')),"
                            " lower(?2)) > 0 OR instr(coalesce(d.address, ''), ?2) > 0)"
                            " AND (?3 IS NULL OR coalesce(" +
                            tariff_on_sql("p.id", "?4") + ", 0) = ?3)";
  std::optional<std::int64_t> tariff;
  if (query.tariff) tariff = query.tariff->value;
  return database_.read([&](Transaction& t) -> Result<PointPage> {
    PointPage out;
    DUHENG_TRY(const auto total, t.integer("SELECT count(*)" + std::string{tables} + where,
                                           {scope.parameter_value(), query.search, tariff, query.day}));
    out.total = total.value_or(0);
    DUHENG_TRY(out.points,
               t.all(std::string{columns} + std::string{tables} + where + " ORDER BY p.name, p.id LIMIT ?5 OFFSET ?6",
                     {scope.parameter_value(), query.search, tariff, query.day, query.page_size,
                      (query.page - 1) * query.page_size},
                     read_point));
    return out;
  });
}

Result<MeteringPoint> MeteringPoints::get(const Scope& scope, PointId id) {
  DUHENG_TRY(auto found, database_.read([&](Transaction& t) {
    return t.first(std::string{columns} + std::string{tables} + " WHERE p.id = ?1 AND " +
                       scope.condition("p.organisation_id", "?2"),
                   {id, scope.parameter_value()}, read_point);
  }));
  if (!found) return fail(ErrorCode::not_found, "there is no such point");
  return std::move(*found);
}

Result<std::vector<PointLink>> MeteringPoints::chain(const Scope& scope, PointId id) {
  DUHENG_CHECK(get(scope, id));
  return database_.read([&](Transaction& t) -> Result<std::vector<PointLink>> {
    DUHENG_TRY(auto links, t.all("SELECT l.device_id, l.from_ms, l.to_ms, d.name, d.address FROM point_devices l "
                                 "JOIN devices d ON d.id = l.device_id WHERE l.point_id = ?1 ORDER BY l.from_ms",
                                 {id}, [](const Row& row) {
                                   return PointLink{.device = row.id<DeviceId>(0),
                                                    .device_name = row.text(3),
                                                    .device_address = row.text(4),
                                                    .from_utc_ms = row.integer(1),
                                                    .to_utc_ms = row.optional_integer(2),
                                                    .registers = {}};
                                 }));
    DUHENG_CHECK(t.each(
        "SELECT from_ms, name, ratio_numerator, ratio_denominator, digits, start_value, end_value FROM point_registers"
        " WHERE point_id = ?1 ORDER BY from_ms, name",
        {id}, [&links](const Row& row) {
          const auto link = std::ranges::find(links, row.integer(0), &PointLink::from_utc_ms);
          if (link != links.end()) link->registers.push_back(read_register(row));
        }));
    return links;
  });
}

Result<std::vector<PointEvent>> MeteringPoints::events(const Scope& scope, PointId id) {
  DUHENG_CHECK(get(scope, id));
  return database_.read([&](Transaction& t) {
    return t.all("SELECT at_ms, made_at_ms, author, action, reason FROM point_events WHERE point_id = ?1 ORDER BY id",
                 {id}, [](const Row& row) {
                   return PointEvent{.at_utc_ms = row.integer(0),
                                     .made_utc_ms = row.integer(1),
                                     .author = row.text(2),
                                     .action = row.text(3),
                                     .reason = row.text(4)};
                 });
  });
}

Result<void> MeteringPoints::install(Transaction& t, const Author& author, PointId id,
                                     const PointInstallation& installation) {
  DUHENG_CHECK(check_time(installation.at_utc_ms, clock_.utc_ms()));
  DUHENG_CHECK(check_registers(installation.registers));
  DUHENG_CHECK(require_elsewhere_free(t, id, installation.device));
  DUHENG_CHECK(points_.install_in(t, author.scope, id, installation.device, installation.at_utc_ms));
  for (const PointRegister& one : installation.registers) {
    const auto start = text_of(one.start);
    DUHENG_CHECK(t.execute(
        "INSERT INTO point_registers (point_id, from_ms, name, ratio_numerator, ratio_denominator, digits, start_value)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        {id, installation.at_utc_ms, one.name, one.ratio_numerator, one.ratio_denominator, one.digits, start}));
  }
  return {};
}

Result<void> MeteringPoints::write_event(Transaction& t, const Author& author, PointId id, const PointEvent& event,
                                         std::int64_t now_utc_ms) {
  DUHENG_CHECK(
      t.execute("INSERT INTO point_events (point_id, at_ms, made_at_ms, user_id, author, action, reason) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                {id, event.at_utc_ms, now_utc_ms, author.user, author.name, event.action, event.reason}));
  return {};
}

Result<void> MeteringPoints::write_down(Transaction& t, const Author& author, PointId id, const PointEvent& event,
                                        DeviceId device) {
  const std::int64_t now = clock_.utc_ms();
  DUHENG_CHECK(write_event(t, author, id, event, now));
  OperationEntry entry = operation_of(author, "point_" + event.action, now);
  entry.device = device;
  entry.detail = fmt::format("metering point {}", id.value);
  return write_operation(t, entry);
}

Result<PointId> MeteringPoints::create(const Author& author, const PointDetails& details,
                                       const std::optional<PointInstallation>& first) {
  return database_.write([&](Transaction& t) -> Result<PointId> {
    DUHENG_TRY(const PointId id, create_in(t, author, details, first));
    OperationEntry entry = operation_of(author, "point_create", clock_.utc_ms());
    if (first) entry.device = first->device;
    entry.detail = fmt::format("metering point {}", id.value);
    DUHENG_CHECK(write_operation(t, entry));
    return id;
  });
}

Result<PointId> MeteringPoints::create_in(Transaction& t, const Author& author, const PointDetails& details,
                                          const std::optional<PointInstallation>& first) {
  DUHENG_TRY(const PointId id, points_.create_in(t, author.scope, details));
  const std::int64_t now = clock_.utc_ms();
  PointEvent event{.at_utc_ms = now, .made_utc_ms = 0, .author = {}, .action = "create", .reason = {}};
  if (first) {
    DUHENG_CHECK(install(t, author, id, *first));
    event.at_utc_ms = first->at_utc_ms;
  }
  DUHENG_CHECK(write_event(t, author, id, event, now));
  return id;
}

Result<void> MeteringPoints::install_in(Transaction& t, const Author& author, PointId id,
                                        const PointInstallation& installation, const std::string& reason) {
  DUHENG_TRY(const auto present, present_link(t, id));
  if (present) return fail(ErrorCode::conflict, "another device is there: exchange it on the point's page");
  DUHENG_CHECK(install(t, author, id, installation));
  return write_event(
      t, author, id,
      {.at_utc_ms = installation.at_utc_ms, .made_utc_ms = 0, .author = {}, .action = "install", .reason = reason},
      clock_.utc_ms());
}

namespace {

constexpr std::int64_t customer_kind = 1;
constexpr std::int64_t transformer_kind = 2;

Result<std::int64_t> party_id(Transaction& t, OrganisationId organisation, std::int64_t kind, const PointParty& party) {
  DUHENG_CHECK(check_text("a code", party.code, 1, 64));
  DUHENG_CHECK(check_text("a name", party.name, 0, 200));
  struct Known {
    std::int64_t id = 0;
    std::string name;
  };
  DUHENG_TRY(
      const auto known,
      t.first("SELECT id, name FROM point_parties WHERE organisation_id = ?1 AND kind = ?2 AND code = ?3",
              {organisation, kind, party.code}, [](const Row& row) { return Known{row.integer(0), row.text(1)}; }));
  if (!known) {
    return t.insert(
        "INSERT INTO point_parties (organisation_id, kind, code, name) VALUES (?1, ?2, ?3, ?4) RETURNING id",
        {organisation, kind, party.code, party.name});
  }
  if (!party.name.empty() && party.name != known->name)
    return fail(ErrorCode::conflict, fmt::format("{} is \"{}\"", party.code, known->name));
  return known->id;
}

Result<bool> set_party(Transaction& t, OrganisationId organisation, PointId point, std::int64_t kind,
                       const PointParty& party) {
  if (party.code.empty()) return false;
  DUHENG_TRY(const std::int64_t id, party_id(t, organisation, kind, party));
  DUHENG_TRY(const auto present,
             t.integer("SELECT party_id FROM points_of_parties WHERE point_id = ?1 AND kind = ?2", {point, kind}));
  if (present == id) return false;
  DUHENG_CHECK(
      t.execute("INSERT INTO points_of_parties (point_id, kind, party_id) VALUES (?1, ?2, ?3) "
                "ON CONFLICT (point_id, kind) DO UPDATE SET party_id = excluded.party_id",
                {point, kind, id}));
  return true;
}

}  // namespace

Result<PointParties> parties_in(Transaction& t, PointId id) {
  PointParties out;
  DUHENG_CHECK(
      t.each("SELECT p.kind, p.code, p.name FROM points_of_parties l JOIN point_parties p ON p.id = l.party_id "
             "WHERE l.point_id = ?1",
             {id}, [&out](const Row& row) {
               PointParty& party = row.integer(0) == customer_kind ? out.customer : out.transformer;
               party = {row.text(1), row.text(2)};
             }));
  return out;
}

Result<bool> set_parties_in(Transaction& t, OrganisationId organisation, PointId id, const PointParties& parties) {
  DUHENG_TRY(const bool customer, set_party(t, organisation, id, customer_kind, parties.customer));
  DUHENG_TRY(const bool transformer, set_party(t, organisation, id, transformer_kind, parties.transformer));
  return customer || transformer;
}

Result<PointParties> MeteringPoints::parties(const Scope& scope, PointId id) {
  DUHENG_CHECK(get(scope, id));
  return database_.read([&](Transaction& t) { return parties_in(t, id); });
}

Result<void> MeteringPoints::exchange(const Author& author, PointId id, const PointInstallation& installation,
                                      const std::vector<EndReading>& ends, const std::string& reason) {
  DUHENG_CHECK(check_reason(reason));
  DUHENG_CHECK(get(author.scope, id));
  return database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_TRY(const auto present, present_link(t, id));
    DUHENG_CHECK(write_ends(t, id, present, ends));
    if (present && installation.at_utc_ms <= present->from_utc_ms)
      return fail(ErrorCode::invalid_argument, "the present device came later than that");
    DUHENG_CHECK(install(t, author, id, installation));
    return write_down(t, author, id,
                      {.at_utc_ms = installation.at_utc_ms,
                       .made_utc_ms = 0,
                       .author = {},
                       .action = present ? "exchange" : "install",
                       .reason = reason},
                      installation.device);
  });
}

Result<void> MeteringPoints::remove(const Author& author, PointId id, std::int64_t at_utc_ms,
                                    const std::vector<EndReading>& ends, const std::string& reason) {
  DUHENG_CHECK(check_reason(reason));
  DUHENG_CHECK(get(author.scope, id));
  return database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_CHECK(check_time(at_utc_ms, clock_.utc_ms()));
    DUHENG_TRY(const auto present, present_link(t, id));
    DUHENG_CHECK(write_ends(t, id, present, ends));
    DUHENG_CHECK(points_.uninstall_in(t, author.scope, id, at_utc_ms));
    return write_down(t, author, id,
                      {.at_utc_ms = at_utc_ms, .made_utc_ms = 0, .author = {}, .action = "remove", .reason = reason},
                      present ? present->device : DeviceId{});
  });
}

}  // namespace duheng::platform
