#include "platform/sites/sites.hpp"

#include "base/time.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/organisations/text.hpp"

namespace duheng::platform {
namespace {

using records::Row;
using records::Transaction;

constexpr records::Migration steps[] = {{"sites",
                                         "CREATE TABLE sites ("
                                         " id INTEGER PRIMARY KEY,"
                                         " organisation_id INTEGER NOT NULL REFERENCES organisations (id),"
                                         " name TEXT NOT NULL,"
                                         " iana_zone TEXT NOT NULL,"
                                         " address TEXT NOT NULL,"
                                         " created_at_ms INTEGER NOT NULL,"
                                         " UNIQUE (organisation_id, name));"}};

Site read_row(const Row& row) {
  return {.id = row.id<SiteId>(0),
          .details = {.organisation = row.id<OrganisationId>(1),
                      .name = row.text(2),
                      .iana_zone = row.text(3),
                      .address = row.text(4)}};
}

Result<void> check_details(const SiteDetails& details, std::int64_t now_utc_ms) {
  DUHENG_CHECK(check_text("a site's name", details.name, 1, 200));
  DUHENG_CHECK(check_text("a site's address", details.address, 0, 500));
  DUHENG_CHECK(check_text("a time zone", details.iana_zone, 1, 64));
  if (!zone_offset_ms(now_utc_ms, details.iana_zone)) {
    return fail(ErrorCode::invalid_argument, "there is no time zone \"" + details.iana_zone + "\"");
  }
  return {};
}

template <class T>
Result<T> name_taken_or(Result<T> outcome, const std::string& name) {
  if (outcome || outcome.error().code != ErrorCode::conflict) return outcome;
  return fail(ErrorCode::already_exists, "a site named \"" + name + "\" exists in this organisation");
}

}  // namespace

records::Capability Sites::migrations() { return {"sites", steps}; }

Result<void> require_site(Transaction& t, const Scope& scope, SiteId id) {
  DUHENG_TRY(const auto found,
             t.integer("SELECT 1 FROM sites WHERE id = ?1 AND " + scope.condition("organisation_id", "?2"),
                       {id, scope.parameter_value()}));
  if (!found) return fail(ErrorCode::not_found, "there is no such site");
  return {};
}

Result<std::vector<Site>> Sites::list(const Scope& scope) {
  return database_.read([&](Transaction& t) {
    return t.all("SELECT id, organisation_id, name, iana_zone, address FROM sites WHERE " +
                     scope.condition("organisation_id", "?1") + " ORDER BY name, id",
                 {scope.parameter_value()}, read_row);
  });
}

Result<Site> Sites::get(const Scope& scope, SiteId id) {
  DUHENG_TRY(auto found, database_.read([&](Transaction& t) {
    return t.first("SELECT id, organisation_id, name, iana_zone, address FROM sites WHERE id = ?1 AND " +
                       scope.condition("organisation_id", "?2"),
                   {id, scope.parameter_value()}, read_row);
  }));
  if (!found) return fail(ErrorCode::not_found, "there is no such site");
  return std::move(*found);
}

Result<SiteId> Sites::create(const Scope& scope, const SiteDetails& details) {
  DUHENG_CHECK(check_details(details, clock_.utc_ms()));
  return database_.write([&](Transaction& t) -> Result<SiteId> {
    DUHENG_CHECK(require_organisation(t, scope, details.organisation));
    DUHENG_TRY(const auto id,
               name_taken_or(
                   t.insert("INSERT INTO sites (organisation_id, name, iana_zone, address, created_at_ms)"
                            " VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id",
                            {details.organisation, details.name, details.iana_zone, details.address, clock_.utc_ms()}),
                   details.name));
    return SiteId{id};
  });
}

Result<void> Sites::update(const Scope& scope, SiteId id, const SiteDetails& details) {
  DUHENG_CHECK(check_details(details, clock_.utc_ms()));
  return database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_CHECK(require_site(t, scope, id));
    DUHENG_CHECK(require_organisation(t, scope, details.organisation));
    DUHENG_CHECK(name_taken_or(
        t.execute("UPDATE sites SET organisation_id = ?2, name = ?3, iana_zone = ?4, address = ?5 WHERE id = ?1",
                  {id, details.organisation, details.name, details.iana_zone, details.address}),
        details.name));
    return {};
  });
}

Result<void> Sites::remove(const Scope& scope, SiteId id) {
  return database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_CHECK(require_site(t, scope, id));
    auto removed = t.execute("DELETE FROM sites WHERE id = ?1", {id});
    if (!removed && removed.error().code == ErrorCode::invalid_argument) {
      return fail(ErrorCode::conflict, "something stands at this site");
    }
    if (!removed) return std::unexpected(std::move(removed).error());
    return {};
  });
}

}  // namespace duheng::platform
