#include "platform/devices/devices.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <unordered_map>
#include <unordered_set>

#include "platform/devices/device_tables.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/organisations/text.hpp"
#include "platform/sites/sites.hpp"

namespace duheng::platform {
namespace {

using records::Parameter;
using records::Row;
using records::Transaction;

// devices_by_name and devices_by_address hold all that paging and searching look at, so that a page reads whole rows
// only for what it shows. search_key is name, address and uid in small letters, one per line.
constexpr records::Migration steps[] = {
    {"devices",
     "CREATE TABLE devices ("
     " id INTEGER PRIMARY KEY,"
     " uid TEXT NOT NULL UNIQUE,"
     " name TEXT NOT NULL,"
     " address TEXT NOT NULL,"
     " protocol TEXT NOT NULL,"
     " model TEXT NOT NULL,"
     " organisation_id INTEGER NOT NULL REFERENCES organisations (id),"
     " site_id INTEGER REFERENCES sites (id),"
     " gateway_id INTEGER REFERENCES gateways (id),"
     " interval_s INTEGER NOT NULL,"
     " search_key TEXT NOT NULL,"
     " created_at_ms INTEGER NOT NULL);"
     "CREATE INDEX devices_by_name ON devices (name, id, organisation_id, search_key);"
     "CREATE INDEX devices_by_address ON devices (address, id, organisation_id, search_key);"
     "CREATE INDEX devices_by_organisation ON devices (organisation_id, name);"
     "CREATE INDEX devices_by_site ON devices (site_id, name);"
     "CREATE INDEX devices_by_gateway ON devices (gateway_id, name);"
     "CREATE TABLE device_sources ("
     " id INTEGER PRIMARY KEY,"
     " device_id INTEGER NOT NULL REFERENCES devices (id),"
     " gateway_id INTEGER NOT NULL REFERENCES gateways (id),"
     " device_uid TEXT NOT NULL,"
     " from_ms INTEGER NOT NULL,"
     " to_ms INTEGER,"
     " CHECK (to_ms IS NULL OR to_ms > from_ms));"
     "CREATE INDEX device_sources_by_source ON device_sources (gateway_id, device_uid, from_ms);"
     "CREATE INDEX device_sources_by_device ON device_sources (device_id, from_ms);"
     "CREATE TABLE device_ownership ("
     " device_id INTEGER NOT NULL REFERENCES devices (id),"
     " from_ms INTEGER NOT NULL,"
     " to_ms INTEGER,"
     " organisation_id INTEGER NOT NULL REFERENCES organisations (id));"
     "CREATE INDEX device_ownership_by_device ON device_ownership (device_id, from_ms);"
     "CREATE TABLE points ("
     " id INTEGER PRIMARY KEY,"
     " organisation_id INTEGER NOT NULL REFERENCES organisations (id),"
     " site_id INTEGER REFERENCES sites (id),"
     " name TEXT NOT NULL,"
     " created_at_ms INTEGER NOT NULL,"
     " UNIQUE (organisation_id, name));"
     "CREATE TABLE point_devices ("
     " point_id INTEGER NOT NULL REFERENCES points (id),"
     " device_id INTEGER NOT NULL REFERENCES devices (id),"
     " from_ms INTEGER NOT NULL,"
     " to_ms INTEGER,"
     " PRIMARY KEY (point_id, from_ms),"
     " CHECK (to_ms IS NULL OR to_ms > from_ms)) WITHOUT ROWID;"
     "CREATE INDEX point_devices_by_device ON point_devices (device_id, from_ms);"}};

constexpr std::int64_t page_size_max = 1000;
constexpr std::size_t search_octets_max = 100;
constexpr std::size_t import_errors_max = 1000;
constexpr std::int64_t interval_s_max = 366 * 86'400;
constexpr std::int64_t forever = std::numeric_limits<std::int64_t>::max();

constexpr std::string_view columns =
    "SELECT d.id, d.uid, d.name, d.address, d.protocol, d.model, d.organisation_id, d.site_id, d.gateway_id, "
    "d.interval_s,"
    " o.name_zh, o.name_en, s.name, s.iana_zone, g.name, p.id, p.name";
constexpr std::string_view joins =
    " JOIN organisations o ON o.id = d.organisation_id LEFT JOIN sites s ON s.id = d.site_id"
    " LEFT JOIN gateways g ON g.id = d.gateway_id"
    " LEFT JOIN point_devices pd ON pd.device_id = d.id AND pd.to_ms IS NULL LEFT JOIN points p ON p.id = pd.point_id";

Device read_row(const Row& row) {
  return {.id = row.id<DeviceId>(0),
          .details = {.uid = row.text(1),
                      .name = row.text(2),
                      .address = row.text(3),
                      .protocol = row.text(4),
                      .model = row.text(5),
                      .organisation = row.id<OrganisationId>(6),
                      .site = row.id<SiteId>(7),
                      .gateway = row.id<GatewayId>(8),
                      .interval_s = row.integer(9)},
          .organisation_name_zh = row.text(10),
          .organisation_name_en = row.text(11),
          .site_name = row.text(12),
          .site_zone = row.text(13),
          .gateway_name = row.text(14),
          .point = row.id<PointId>(15),
          .point_name = row.text(16)};
}

SourceAssignment read_assignment(const Row& row) {
  return {.id = row.integer(0),
          .device = row.id<DeviceId>(1),
          .gateway = row.id<GatewayId>(2),
          .device_uid = row.text(3),
          .from_utc_ms = row.integer(4),
          .to_utc_ms = row.optional_integer(5)};
}

Result<void> check_details(const DeviceDetails& details) {
  DUHENG_CHECK(check_text("a device's uid", details.uid, 1, 64));
  DUHENG_CHECK(check_text("a device's name", details.name, 1, 200));
  DUHENG_CHECK(check_text("a device's address", details.address, 0, 64));
  DUHENG_CHECK(check_text("a device's protocol", details.protocol, 1, 32));
  DUHENG_CHECK(check_text("a device's model", details.model, 1, 64));
  if (details.interval_s < 1 || details.interval_s > interval_s_max) {
    return fail(ErrorCode::invalid_argument, "a device's interval is from one second to 366 days");
  }
  return {};
}

std::string search_key(const DeviceDetails& details) {
  return to_lower_ascii(details.name) + "\n" + to_lower_ascii(details.address) + "\n" + to_lower_ascii(details.uid);
}

/// A condition with the parameters it uses. The text is the program's own; what came from outside is only ever bound.
class Filter {
 public:
  explicit Filter(const Scope& scope) { add(scope.condition("d.organisation_id", "?1"), scope.parameter_value()); }
  void add(std::string_view condition, Parameter parameter) {
    text_ += fmt::format("{}({})", text_.empty() ? "" : " AND ", condition);
    parameters_.push_back(parameter);
  }
  [[nodiscard]] std::string next() const { return fmt::format("?{}", parameters_.size() + 1); }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] const std::vector<Parameter>& parameters() const noexcept { return parameters_; }

 private:
  std::string text_;
  std::vector<Parameter> parameters_;
};

/// `needle` must outlive the filter.
Filter filter_of(const Scope& scope, const DeviceQuery& query, const std::string& needle) {
  Filter filter(scope);
  if (query.organisation) {
    filter.add(Scope::below(query.organisation).condition("d.organisation_id", filter.next()), query.organisation);
  }
  if (query.site) filter.add("d.site_id = " + filter.next(), query.site);
  if (query.gateway) filter.add("d.gateway_id = " + filter.next(), query.gateway);
  if (!query.protocol.empty()) filter.add("d.protocol = " + filter.next(), query.protocol);
  if (!query.model.empty()) filter.add("d.model = " + filter.next(), query.model);
  if (!needle.empty()) filter.add(fmt::format("instr(d.search_key, {}) > 0", filter.next()), needle);
  return filter;
}

std::string order_of(const DeviceQuery& query) {
  const char* direction = query.descending ? "DESC" : "ASC";
  switch (query.sort) {
    case DeviceSort::name:
      return fmt::format("d.name {0}, d.id {0}", direction);
    case DeviceSort::address:
      return fmt::format("d.address {0}, d.id {0}", direction);
    case DeviceSort::uid:
      return fmt::format("d.uid {0}", direction);
    case DeviceSort::id:
      break;
  }
  return fmt::format("d.id {}", direction);
}

Result<std::optional<Device>> find_device(Transaction& t, const Scope& scope, std::string_view condition,
                                          Parameter value) {
  return t.first(fmt::format("{} FROM devices d{} WHERE {} AND {}", columns, joins, condition,
                             scope.condition("d.organisation_id", "?2")),
                 {value, scope.parameter_value()}, read_row);
}

Result<void> require_source_free(Transaction& t, GatewayId gateway, std::string_view device_uid, std::int64_t from_ms,
                                 std::int64_t to_ms) {
  DUHENG_TRY(const auto taken,
             t.integer("SELECT device_id FROM device_sources WHERE gateway_id = ?1 AND device_uid = ?2"
                       " AND from_ms < ?4 AND (to_ms IS NULL OR to_ms > ?3) LIMIT 1",
                       {gateway, device_uid, from_ms, to_ms}));
  if (!taken) return {};
  return fail(ErrorCode::conflict, fmt::format("what gateway {} sends as \"{}\" belongs to device {} in that time",
                                               gateway.value, device_uid, *taken));
}

Result<std::int64_t> insert_assignment(Transaction& t, DeviceId device, const SourceAssignment& assignment) {
  DUHENG_CHECK(require_source_free(t, assignment.gateway, assignment.device_uid, assignment.from_utc_ms,
                                   assignment.to_utc_ms.value_or(forever)));
  return t.insert(
      "INSERT INTO device_sources (device_id, gateway_id, device_uid, from_ms, to_ms) VALUES (?1, ?2, ?3, ?4, ?5) "
      "RETURNING id",
      {device, assignment.gateway, assignment.device_uid, assignment.from_utc_ms, assignment.to_utc_ms});
}

/// Everything but the checks of organisation, site and gateway.
Result<DeviceId> insert_device(Transaction& t, const DeviceDetails& details, std::int64_t now_ms) {
  const std::string key = search_key(details);
  DUHENG_TRY(
      const auto made,
      t.integer(
          "INSERT INTO devices (uid, name, address, protocol, model, organisation_id, site_id, gateway_id, interval_s,"
          " search_key, created_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
          " ON CONFLICT (uid) DO NOTHING RETURNING id",
          {details.uid, details.name, details.address, details.protocol, details.model, details.organisation,
           details.site, details.gateway, details.interval_s, key, now_ms}));
  if (!made) return fail(ErrorCode::already_exists, "a device with the uid \"" + details.uid + "\" exists");
  const DeviceId id{*made};
  // Owned from the beginning of time: readings that came before the device was known are the owner's, too.
  DUHENG_CHECK(t.execute("INSERT INTO device_ownership (device_id, from_ms, organisation_id) VALUES (?1, 0, ?2)",
                         {id, details.organisation}));
  if (details.gateway) {
    DUHENG_CHECK(insert_assignment(t, id, {.gateway = details.gateway, .device_uid = details.uid}));
  }
  return id;
}

Result<void> require_places(Transaction& t, const Scope& scope, const DeviceDetails& details) {
  DUHENG_CHECK(require_organisation(t, scope, details.organisation));
  if (details.site) DUHENG_CHECK(require_site(t, scope, details.site));
  if (details.gateway) DUHENG_CHECK(require_gateway(t, scope, details.gateway));
  return {};
}

/// require_places() with a memory: an import names the same few places again and again.
class KnownPlaces {
 public:
  Result<void> require(Transaction& t, const Scope& scope, const DeviceDetails& details) {
    const auto key = fmt::format("{}/{}/{}", details.organisation.value, details.site.value, details.gateway.value);
    if (known_.contains(key)) return {};
    DUHENG_CHECK(require_places(t, scope, details));
    known_.insert(key);
    return {};
  }

 private:
  std::unordered_set<std::string> known_;
};

Result<DevicePage> seek_page(Transaction& t, const Filter& filter, const std::string& order, const DeviceQuery& query) {
  DevicePage page;
  DUHENG_TRY(const auto total, t.integer("SELECT count(*) FROM devices d WHERE " + filter.text(), filter.parameters()));
  page.total = total.value_or(0);
  auto parameters = filter.parameters();
  const std::string limit = fmt::format("?{} OFFSET ?{}", parameters.size() + 1, parameters.size() + 2);
  parameters.emplace_back(query.page_size);
  parameters.emplace_back((query.page - 1) * query.page_size);
  // The page is found by ids first, in an index; whole rows and names are read for these few only.
  DUHENG_TRY(page.devices,
             t.all(fmt::format("{} FROM (SELECT d.id AS page_id FROM devices d WHERE {} ORDER BY {} LIMIT {}) AS page"
                               " JOIN devices d ON d.id = page.page_id{} ORDER BY {}",
                               columns, filter.text(), order, limit, joins, order),
                   parameters, read_row));
  return page;
}

Result<DevicePage> walk_page(Transaction& t, const Scope& scope, const Filter& filter, const std::string& order,
                             const DeviceQuery& query) {
  DevicePage page;
  const std::int64_t begin = (query.page - 1) * query.page_size;
  std::vector<DeviceId> ids;
  DUHENG_CHECK(t.each(fmt::format("SELECT d.id FROM devices d WHERE {} ORDER BY {}", filter.text(), order),
                      filter.parameters(), [&](const Row& row) {
                        if (page.total >= begin && page.total < begin + query.page_size)
                          ids.push_back(row.id<DeviceId>(0));
                        ++page.total;
                      }));
  for (const DeviceId id : ids) {
    DUHENG_TRY(auto found, find_device(t, scope, "d.id = ?1", id));
    if (found) page.devices.push_back(std::move(*found));
  }
  return page;
}

/// Whether an error is about the line, or about the database, so that going on makes no sense.
bool is_line_error(const Error& error) {
  return error.code == ErrorCode::invalid_argument || error.code == ErrorCode::not_found ||
         error.code == ErrorCode::already_exists || error.code == ErrorCode::conflict;
}

}  // namespace

records::Capability Devices::migrations() { return {"devices", steps}; }

Result<void> require_device(Transaction& t, const Scope& scope, DeviceId id) {
  DUHENG_TRY(const auto found,
             t.integer("SELECT 1 FROM devices WHERE id = ?1 AND " + scope.condition("organisation_id", "?2"),
                       {id, scope.parameter_value()}));
  if (!found) return fail(ErrorCode::not_found, "there is no such device");
  return {};
}

Result<DevicePage> Devices::list(const Scope& scope, const DeviceQuery& query) {
  if (query.page < 1 || query.page > 1'000'000'000 || query.page_size < 1 || query.page_size > page_size_max) {
    return fail(ErrorCode::invalid_argument, fmt::format("pages count from 1 and hold 1 to {} devices", page_size_max));
  }
  DUHENG_CHECK(check_text("what is searched for", query.search, 0, search_octets_max));
  const std::string needle = to_lower_ascii(query.search);
  const Filter filter = filter_of(scope, query, needle);
  const std::string order = order_of(query);
  return database_.read([&](Transaction& t) -> Result<DevicePage> {
    // A search looks at every row anyway: one walk finds page and total. Without it, counting and seeking in an index
    // is faster.
    return needle.empty() ? seek_page(t, filter, order, query) : walk_page(t, scope, filter, order, query);
  });
}

Result<Device> Devices::get(const Scope& scope, DeviceId id) {
  DUHENG_TRY(auto found, database_.read([&](Transaction& t) { return find_device(t, scope, "d.id = ?1", id); }));
  if (!found) return fail(ErrorCode::not_found, "there is no such device");
  return std::move(*found);
}

Result<std::optional<Device>> Devices::find_by_uid(const Scope& scope, std::string_view uid) {
  return database_.read([&](Transaction& t) { return find_device(t, scope, "d.uid = ?1", uid); });
}

Result<std::vector<Device>> Devices::get_many(const Scope& scope, std::span<const DeviceId> ids) {
  if (ids.size() > static_cast<std::size_t>(page_size_max)) {
    return fail(ErrorCode::limit_exceeded, fmt::format("at most {} devices at once", page_size_max));
  }
  return database_.read([&](Transaction& t) -> Result<std::vector<Device>> {
    std::vector<Device> devices;
    for (const DeviceId id : ids) {
      DUHENG_TRY(auto found, find_device(t, scope, "d.id = ?1", id));
      if (found) devices.push_back(std::move(*found));
    }
    return devices;
  });
}

Result<std::int64_t> Devices::count(const Scope& scope) {
  DUHENG_TRY(const auto count, database_.read([&](Transaction& t) {
    return t.integer("SELECT count(*) FROM devices WHERE " + scope.condition("organisation_id", "?1"),
                     {scope.parameter_value()});
  }));
  return count.value_or(0);
}

Result<std::vector<DeviceIndexEntry>> Devices::index(const Scope& scope) {
  return database_.read([&](Transaction& t) {
    return t.all("SELECT id, organisation_id, interval_s FROM devices WHERE " +
                     scope.condition("organisation_id", "?1") + " ORDER BY id",
                 {scope.parameter_value()}, [](const Row& row) {
                   return DeviceIndexEntry{row.id<DeviceId>(0), row.id<OrganisationId>(1), row.integer(2)};
                 });
  });
}

Result<DeviceId> Devices::create_in(Transaction& t, const Scope& scope, const DeviceDetails& details) {
  DUHENG_CHECK(check_details(details));
  DUHENG_CHECK(require_places(t, scope, details));
  return insert_device(t, details, clock_.utc_ms());
}

Result<DeviceId> Devices::create(const Scope& scope, const DeviceDetails& details) {
  auto made = database_.write([&](Transaction& t) { return create_in(t, scope, details); });
  if (made) changed();
  return made;
}

Result<std::size_t> Devices::import(const Scope& scope, std::span<const DeviceDetails> lines,
                                    std::vector<ImportError>& errors) {
  errors.clear();
  if (lines.size() > import_lines_max)
    return fail(ErrorCode::limit_exceeded, fmt::format("at most {} lines at once", import_lines_max));
  DUHENG_TRY(const auto transaction, database_.begin_write());
  KnownPlaces places;
  const auto import_line = [&](const DeviceDetails& details) -> Result<void> {
    DUHENG_CHECK(check_details(details));
    DUHENG_CHECK(places.require(*transaction, scope, details));
    DUHENG_CHECK(insert_device(*transaction, details, clock_.utc_ms()));
    return {};
  };
  for (std::size_t i = 0; i < lines.size() && errors.size() < import_errors_max; ++i) {
    auto done = import_line(lines[i]);
    if (done) continue;
    if (!is_line_error(done.error())) return std::unexpected(std::move(done).error());
    errors.push_back({.line = i + 1, .error = std::move(done).error()});
  }
  if (!errors.empty()) return 0;
  DUHENG_CHECK(transaction->commit());
  changed();
  return lines.size();
}

Result<void> Devices::update_in(Transaction& t, const Scope& scope, DeviceId id, const DeviceDetails& details) {
  DUHENG_CHECK(check_details(details));
  DUHENG_TRY(const auto device, find_device(t, scope, "d.id = ?1", id));
  if (!device) return fail(ErrorCode::not_found, "there is no such device");
  if (device->details.uid != details.uid) return fail(ErrorCode::invalid_argument, "a device keeps its uid");
  DUHENG_CHECK(require_places(t, scope, details));
  const std::string key = search_key(details);
  DUHENG_CHECK(t.execute(
      "UPDATE devices SET name = ?2, address = ?3, protocol = ?4, model = ?5, organisation_id = ?6, site_id = ?7,"
      " gateway_id = ?8, interval_s = ?9, search_key = ?10 WHERE id = ?1",
      {id, details.name, details.address, details.protocol, details.model, details.organisation, details.site,
       details.gateway, details.interval_s, key}));
  if (device->details.organisation == details.organisation) return {};
  // A clock that was set back must not turn a period around.
  DUHENG_TRY(const auto since,
             t.integer("SELECT from_ms FROM device_ownership WHERE device_id = ?1 AND to_ms IS NULL", {id}));
  const std::int64_t at_ms = std::max(clock_.utc_ms(), since.value_or(0) + 1);
  DUHENG_CHECK(t.execute("UPDATE device_ownership SET to_ms = ?2 WHERE device_id = ?1 AND to_ms IS NULL", {id, at_ms}));
  DUHENG_CHECK(t.execute("INSERT INTO device_ownership (device_id, from_ms, organisation_id) VALUES (?1, ?2, ?3)",
                         {id, at_ms, details.organisation}));
  return {};
}

Result<void> Devices::update(const Scope& scope, DeviceId id, const DeviceDetails& details) {
  auto updated = database_.write([&](Transaction& t) { return update_in(t, scope, id, details); });
  if (updated) changed();
  return updated;
}

Result<void> Devices::end_sources_in(Transaction& t, DeviceId id, std::int64_t at_utc_ms) {
  // An assignment that would begin only later, or at this very moment, never comes to anything.
  DUHENG_CHECK(t.execute("DELETE FROM device_sources WHERE device_id = ?1 AND from_ms >= ?2", {id, at_utc_ms}));
  DUHENG_CHECK(t.execute("UPDATE device_sources SET to_ms = ?2 WHERE device_id = ?1 AND (to_ms IS NULL OR to_ms > ?2)",
                         {id, at_utc_ms}));
  return {};
}

Result<void> Devices::assign_source_in(Transaction& t, const SourceAssignment& assignment) {
  DUHENG_CHECK(insert_assignment(t, assignment.device, assignment));
  return {};
}

Result<std::int64_t> Devices::assign_source(const Scope& scope, const SourceAssignment& assignment) {
  DUHENG_CHECK(check_text("a sender's uid", assignment.device_uid, 1, 64));
  if (assignment.to_utc_ms && *assignment.to_utc_ms <= assignment.from_utc_ms) {
    return fail(ErrorCode::invalid_argument, "an assignment ends after it begins");
  }
  auto made = database_.write([&](Transaction& t) -> Result<std::int64_t> {
    DUHENG_CHECK(require_device(t, scope, assignment.device));
    DUHENG_CHECK(require_gateway(t, scope, assignment.gateway));
    return insert_assignment(t, assignment.device, assignment);
  });
  if (made) changed();
  return made;
}

Result<void> Devices::end_source(const Scope& scope, std::int64_t assignment_id, std::int64_t to_utc_ms) {
  auto ended = database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_TRY(const auto found,
               t.first("SELECT s.id, s.device_id, s.gateway_id, s.device_uid, s.from_ms, s.to_ms FROM device_sources s"
                       " JOIN devices d ON d.id = s.device_id WHERE s.id = ?1 AND " +
                           scope.condition("d.organisation_id", "?2"),
                       {assignment_id, scope.parameter_value()}, read_assignment));
    if (!found) return fail(ErrorCode::not_found, "there is no such assignment");
    if (to_utc_ms <= found->from_utc_ms || to_utc_ms > found->to_utc_ms.value_or(forever)) {
      return fail(ErrorCode::invalid_argument, "an assignment ends within its time");
    }
    DUHENG_CHECK(t.execute("UPDATE device_sources SET to_ms = ?2 WHERE id = ?1", {assignment_id, to_utc_ms}));
    return {};
  });
  if (ended) changed();
  return ended;
}

Result<std::vector<SourceAssignment>> Devices::sources_of(const Scope& scope, DeviceId id) {
  return database_.read([&](Transaction& t) -> Result<std::vector<SourceAssignment>> {
    DUHENG_CHECK(require_device(t, scope, id));
    return t.all(
        "SELECT id, device_id, gateway_id, device_uid, from_ms, to_ms FROM device_sources WHERE device_id = ?1 ORDER "
        "BY from_ms, id",
        {id}, read_assignment);
  });
}

Result<std::vector<SourceAssignment>> Devices::all_sources(const Scope& scope) {
  return database_.read([&](Transaction& t) {
    return t.all(
        "SELECT s.id, s.device_id, s.gateway_id, s.device_uid, s.from_ms, s.to_ms FROM device_sources s"
        " JOIN devices d ON d.id = s.device_id WHERE " +
            scope.condition("d.organisation_id", "?1") + " ORDER BY s.id",
        {scope.parameter_value()}, read_assignment);
  });
}

Result<std::optional<DeviceId>> Devices::device_of_source(const Scope& scope, GatewayId gateway,
                                                          std::string_view device_uid, std::int64_t at_utc_ms) {
  return database_.read([&](Transaction& t) {
    return t.first(
        "SELECT s.device_id FROM device_sources s JOIN devices d ON d.id = s.device_id WHERE s.gateway_id = ?1"
        " AND s.device_uid = ?2 AND s.from_ms <= ?3 AND (s.to_ms IS NULL OR s.to_ms > ?3) AND " +
            scope.condition("d.organisation_id", "?4"),
        {gateway, device_uid, at_utc_ms, scope.parameter_value()}, [](const Row& row) { return row.id<DeviceId>(0); });
  });
}

Result<std::vector<OwnershipPeriod>> Devices::ownership(const Scope& scope, DeviceId id) {
  return database_.read([&](Transaction& t) -> Result<std::vector<OwnershipPeriod>> {
    DUHENG_CHECK(require_device(t, scope, id));
    return t.all("SELECT organisation_id, from_ms, to_ms FROM device_ownership WHERE device_id = ?1 ORDER BY from_ms",
                 {id}, [](const Row& row) {
                   return OwnershipPeriod{row.id<OrganisationId>(0), row.integer(1), row.optional_integer(2)};
                 });
  });
}

}  // namespace duheng::platform
