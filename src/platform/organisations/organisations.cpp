#include "platform/organisations/organisations.hpp"

#include <array>

#include "platform/organisations/text.hpp"

namespace duheng::platform {
namespace {

using records::Row;
using records::Transaction;

// The closure holds one row for every organisation and each of those above it, itself included: a subtree is one index
// range.
constexpr records::Migration steps[] = {
    {"organisations",
     "CREATE TABLE organisations ("
     " id INTEGER PRIMARY KEY,"
     " parent_id INTEGER REFERENCES organisations (id),"
     " code TEXT NOT NULL UNIQUE,"
     " name_zh TEXT NOT NULL,"
     " name_en TEXT NOT NULL,"
     " created_at_ms INTEGER NOT NULL);"
     "CREATE INDEX organisations_parent ON organisations (parent_id);"
     "CREATE TABLE organisation_closure ("
     " ancestor_id INTEGER NOT NULL REFERENCES organisations (id),"
     " descendant_id INTEGER NOT NULL REFERENCES organisations (id),"
     " distance INTEGER NOT NULL,"
     " PRIMARY KEY (ancestor_id, descendant_id)) WITHOUT ROWID;"
     "CREATE INDEX organisation_closure_up ON organisation_closure (descendant_id, ancestor_id);"}};

constexpr std::string_view columns =
    "SELECT o.id, o.parent_id, o.code, o.name_zh, o.name_en,"
    " (SELECT max(distance) FROM organisation_closure WHERE descendant_id = o.id) AS depth FROM organisations o WHERE ";

Organisation read_row(const Row& row) {
  return {.id = row.id<OrganisationId>(0),
          .parent = row.id<OrganisationId>(1),
          .depth = static_cast<int>(row.integer(5)),
          .code = row.text(2),
          .name_zh = row.text(3),
          .name_en = row.text(4)};
}

Result<void> check_names(std::string_view name_zh, std::string_view name_en) {
  DUHENG_CHECK(check_text("an organisation's Chinese name", name_zh, 0, 200));
  DUHENG_CHECK(check_text("an organisation's English name", name_en, 0, 200));
  if (name_zh.empty() && name_en.empty()) return fail(ErrorCode::invalid_argument, "an organisation needs a name");
  return {};
}

/// How many levels lie above `id`, which exists.
Result<std::int64_t> depth_of(Transaction& t, OrganisationId id) {
  DUHENG_TRY(const auto depth,
             t.integer("SELECT max(distance) FROM organisation_closure WHERE descendant_id = ?1", {id}));
  return depth.value_or(0);
}

Result<std::int64_t> height_of(Transaction& t, OrganisationId id) {
  DUHENG_TRY(const auto height,
             t.integer("SELECT max(distance) FROM organisation_closure WHERE ancestor_id = ?1", {id}));
  return height.value_or(0);
}

Result<void> link_below(Transaction& t, OrganisationId id, OrganisationId parent) {
  DUHENG_CHECK(
      t.execute("INSERT INTO organisation_closure (ancestor_id, descendant_id, distance)"
                " SELECT above.ancestor_id, below.descendant_id, above.distance + below.distance + 1"
                " FROM organisation_closure above, organisation_closure below WHERE above.descendant_id = ?1 AND "
                "below.ancestor_id = ?2",
                {parent, id}));
  return {};
}

Result<void> unlink_from_above(Transaction& t, OrganisationId id) {
  DUHENG_CHECK(
      t.execute("DELETE FROM organisation_closure WHERE"
                " descendant_id IN (SELECT descendant_id FROM organisation_closure WHERE ancestor_id = ?1)"
                " AND ancestor_id NOT IN (SELECT descendant_id FROM organisation_closure WHERE ancestor_id = ?1)",
                {id}));
  return {};
}

}  // namespace

records::Capability Organisations::migrations() { return {"organisations", steps}; }

Result<void> require_organisation(Transaction& t, const Scope& scope, OrganisationId id) {
  DUHENG_TRY(const auto found, t.integer("SELECT 1 FROM organisations WHERE id = ?1 AND " + scope.condition("id", "?2"),
                                         {id, scope.parameter_value()}));
  if (!found) return fail(ErrorCode::not_found, "there is no such organisation");
  return {};
}

Result<std::vector<Organisation>> Organisations::list(const Scope& scope) {
  return database_.read([&](Transaction& t) {
    return t.all(std::string{columns} + scope.condition("o.id", "?1") + " ORDER BY depth, o.code",
                 {scope.parameter_value()}, read_row);
  });
}

Result<Organisation> Organisations::get(const Scope& scope, OrganisationId id) {
  DUHENG_TRY(auto found, database_.read([&](Transaction& t) {
    return t.first(std::string{columns} + "o.id = ?1 AND " + scope.condition("o.id", "?2"),
                   {id, scope.parameter_value()}, read_row);
  }));
  if (!found) return fail(ErrorCode::not_found, "there is no such organisation");
  return std::move(*found);
}

Result<std::optional<Organisation>> Organisations::find_by_code(const Scope& scope, std::string_view code) {
  return database_.read([&](Transaction& t) {
    return t.first(std::string{columns} + "o.code = ?1 AND " + scope.condition("o.id", "?2"),
                   {code, scope.parameter_value()}, read_row);
  });
}

Result<OrganisationId> Organisations::create(const Scope& scope, const NewOrganisation& organisation) {
  DUHENG_CHECK(check_text("an organisation's code", organisation.code, 1, 64));
  DUHENG_CHECK(check_names(organisation.name_zh, organisation.name_en));
  if (!organisation.parent && !scope.is_everything())
    return fail(ErrorCode::forbidden, "a new top organisation needs the right to everything");
  return database_.write([&](Transaction& t) -> Result<OrganisationId> {
    if (organisation.parent) {
      DUHENG_CHECK(require_organisation(t, scope, organisation.parent));
      DUHENG_TRY(const auto depth, depth_of(t, organisation.parent));
      if (depth + 1 >= depth_max) return fail(ErrorCode::limit_exceeded, "the tree of organisations is deep enough");
    }
    const auto made = t.insert(
        "INSERT INTO organisations (parent_id, code, name_zh, name_en, created_at_ms) VALUES (?1, ?2, ?3, ?4, ?5) "
        "RETURNING id",
        {organisation.parent, organisation.code, organisation.name_zh, organisation.name_en, clock_.utc_ms()});
    if (!made && made.error().code == ErrorCode::conflict) {
      return fail(ErrorCode::already_exists, "an organisation with the code \"" + organisation.code + "\" exists");
    }
    if (!made) return std::unexpected(made.error());
    const OrganisationId id{*made};
    DUHENG_CHECK(
        t.execute("INSERT INTO organisation_closure (ancestor_id, descendant_id, distance) VALUES (?1, ?1, 0)", {id}));
    if (organisation.parent) DUHENG_CHECK(link_below(t, id, organisation.parent));
    return id;
  });
}

Result<void> Organisations::rename(const Scope& scope, OrganisationId id, std::string_view name_zh,
                                   std::string_view name_en) {
  DUHENG_CHECK(check_names(name_zh, name_en));
  return database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_CHECK(require_organisation(t, scope, id));
    DUHENG_CHECK(
        t.execute("UPDATE organisations SET name_zh = ?2, name_en = ?3 WHERE id = ?1", {id, name_zh, name_en}));
    return {};
  });
}

Result<void> Organisations::move(const Scope& scope, OrganisationId id, OrganisationId parent) {
  if (!scope.is_everything() && (!parent || id == scope.root())) {
    return fail(ErrorCode::forbidden, "a top organisation can only be moved with the right to everything");
  }
  return database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_CHECK(require_organisation(t, scope, id));
    if (parent) {
      DUHENG_CHECK(require_organisation(t, scope, parent));
      DUHENG_TRY(
          const auto inside,
          t.integer("SELECT 1 FROM organisation_closure WHERE ancestor_id = ?1 AND descendant_id = ?2", {id, parent}));
      if (inside) return fail(ErrorCode::invalid_argument, "an organisation cannot be moved below itself");
      DUHENG_TRY(const auto depth, depth_of(t, parent));
      DUHENG_TRY(const auto height, height_of(t, id));
      if (depth + 1 + height >= depth_max)
        return fail(ErrorCode::limit_exceeded, "the tree of organisations would be too deep");
    }
    DUHENG_CHECK(unlink_from_above(t, id));
    DUHENG_CHECK(t.execute("UPDATE organisations SET parent_id = ?2 WHERE id = ?1", {id, parent}));
    if (parent) DUHENG_CHECK(link_below(t, id, parent));
    return {};
  });
}

Result<std::vector<OrganisationId>> Organisations::subtree_ids(const Scope& scope) {
  return database_.read([&](Transaction& t) {
    return t.all("SELECT id FROM organisations WHERE " + scope.condition("id", "?1"), {scope.parameter_value()},
                 [](const Row& row) { return row.id<OrganisationId>(0); });
  });
}

Result<bool> Organisations::contains(const Scope& scope, OrganisationId id) {
  auto found = database_.read([&](Transaction& t) { return require_organisation(t, scope, id); });
  if (found) return true;
  if (found.error().code == ErrorCode::not_found) return false;
  return std::unexpected(std::move(found).error());
}

}  // namespace duheng::platform
