#include "platform/tariffs/tariffs.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

#include "platform/organisations/text.hpp"

namespace duheng::platform {
namespace {

using records::Row;
using records::Transaction;

constexpr std::array migration_steps{
    records::Migration{"tariffs",
                       "CREATE TABLE tariffs ("
                       " id INTEGER PRIMARY KEY,"
                       " code TEXT NOT NULL UNIQUE,"
                       " version INTEGER NOT NULL);"
                       "CREATE TABLE tariff_versions ("
                       " tariff_id INTEGER NOT NULL REFERENCES tariffs (id),"
                       " number INTEGER NOT NULL,"
                       " name_zh TEXT NOT NULL,"
                       " name_en TEXT NOT NULL,"
                       " utility INTEGER NOT NULL,"
                       " first_day INTEGER NOT NULL,"
                       " last_day INTEGER,"
                       " made_at_ms INTEGER NOT NULL,"
                       " user_id INTEGER REFERENCES users (id),"
                       " author TEXT NOT NULL,"
                       " reason TEXT NOT NULL,"
                       " PRIMARY KEY (tariff_id, number)) WITHOUT ROWID;"
                       "CREATE TABLE point_tariffs ("
                       " id INTEGER PRIMARY KEY,"
                       " point_id INTEGER NOT NULL REFERENCES points (id),"
                       " tariff_id INTEGER REFERENCES tariffs (id),"
                       " from_day INTEGER NOT NULL,"
                       " made_at_ms INTEGER NOT NULL,"
                       " user_id INTEGER REFERENCES users (id),"
                       " author TEXT NOT NULL,"
                       " reason TEXT NOT NULL,"
                       " withdrawn_at_ms INTEGER,"
                       " withdrawn_by TEXT,"
                       " withdrawn_reason TEXT);"
                       // At most one holds from a day on.
                       "CREATE UNIQUE INDEX point_tariffs_in_force ON point_tariffs (point_id, from_day)"
                       " WHERE withdrawn_at_ms IS NULL;"
                       "CREATE INDEX point_tariffs_by_point ON point_tariffs (point_id, id);"
                       "CREATE INDEX point_tariffs_by_tariff ON point_tariffs (tariff_id) WHERE withdrawn_at_ms IS "
                       "NULL;"}};

constexpr std::array<std::pair<Utility, std::string_view>, 4> utilities{
    {{Utility::electricity, "electricity"}, {Utility::water, "water"}, {Utility::gas, "gas"}, {Utility::heat, "heat"}}};

constexpr std::string_view columns =
    "SELECT t.id, t.code, t.version, v.name_zh, v.name_en, v.utility, v.first_day, v.last_day FROM tariffs t "
    "JOIN tariff_versions v ON v.tariff_id = t.id AND v.number = t.version";

Utility read_utility(std::int64_t stored) {
  for (const auto& [utility, name] : utilities) {
    if (std::to_underlying(utility) == stored) return utility;
  }
  return Utility::electricity;
}

TariffDetails read_details(const Row& row, std::string code, int column) {
  TariffDetails out;
  out.code = std::move(code);
  out.name_zh = row.text(column);
  out.name_en = row.text(column + 1);
  out.utility = read_utility(row.integer(column + 2));
  out.first_day = static_cast<std::int32_t>(row.integer(column + 3));
  if (const auto last = row.optional_integer(column + 4)) out.last_day = static_cast<std::int32_t>(*last);
  return out;
}

Tariff read_tariff(const Row& row) {
  return {.id = row.id<TariffId>(0), .details = read_details(row, row.text(1), 3), .version = row.integer(2)};
}

Result<void> check_code(std::string_view code) {
  constexpr std::string_view signs = "abcdefghijklmnopqrstuvwxyz0123456789-_";
  if (code.empty() || code.size() > 32 || code.find_first_not_of(signs) != std::string_view::npos || code == "-")
    return fail(ErrorCode::invalid_argument, "a tariff's code is 1 to 32 of a-z, 0-9, '-' and '_'");
  return {};
}

Result<void> check_details(const TariffDetails& details) {
  DUHENG_CHECK(check_code(details.code));
  DUHENG_CHECK(check_text("a tariff's Chinese name", details.name_zh, 1, 100));
  DUHENG_CHECK(check_text("a tariff's English name", details.name_en, 1, 100));
  const auto exists = [](std::int32_t day) {
    return day >= tariff_limits::first_day_min && day < tariff_limits::day_max;
  };
  if (!exists(details.first_day) || (details.last_day && !exists(*details.last_day)))
    return fail(ErrorCode::invalid_argument, "days before 2000 or too far in the future");
  if (details.last_day && *details.last_day < details.first_day)
    return fail(ErrorCode::invalid_argument, "the last day comes before the first");
  return {};
}

Result<void> insert_version(Transaction& t, TariffId id, std::int64_t number, const Author& author,
                            const TariffDetails& details, const std::string& reason, std::int64_t now_utc_ms) {
  std::optional<std::int64_t> last_day;
  if (details.last_day) last_day = *details.last_day;
  DUHENG_CHECK(t.execute(
      "INSERT INTO tariff_versions (tariff_id, number, name_zh, name_en, utility, first_day, "
      "last_day, made_at_ms, user_id, author, reason) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
      {id, number, details.name_zh, details.name_en, static_cast<std::int64_t>(std::to_underlying(details.utility)),
       static_cast<std::int64_t>(details.first_day), last_day, now_utc_ms, author.user, author.name, reason}));
  return {};
}

Result<void> note(Transaction& t, const Author& author, std::string_view action, std::string_view code,
                  std::int64_t now_utc_ms) {
  OperationEntry entry = operation_of(author, action, now_utc_ms);
  entry.detail = fmt::format("tariff {}", code);
  return write_operation(t, entry);
}

/// Points begin to have a tariff only on days on which it holds.
Result<void> require_points_within(Transaction& t, TariffId id, const TariffDetails& details) {
  const std::int64_t last = details.last_day.value_or(tariff_limits::day_max);
  DUHENG_TRY(const auto outside,
             t.integer("SELECT count(*) FROM point_tariffs WHERE tariff_id = ?1 AND withdrawn_at_ms IS NULL AND "
                       "(from_day < ?2 OR from_day > ?3)",
                       {id, static_cast<std::int64_t>(details.first_day), last}));
  if (outside.value_or(0) > 0)
    return fail(ErrorCode::conflict, fmt::format("{} points begin to have it on other days", *outside));
  return {};
}

}  // namespace

std::string_view to_string(Utility utility) noexcept {
  for (const auto& [one, name] : utilities) {
    if (one == utility) return name;
  }
  return "unknown";
}

std::optional<Utility> utility_of(std::string_view name) noexcept {
  for (const auto& [one, word] : utilities) {
    if (word == name) return one;
  }
  return std::nullopt;
}

records::Capability Tariffs::migrations() { return {"tariffs", migration_steps}; }

Result<std::vector<Tariff>> tariffs_in(Transaction& t) {
  return t.all(std::string{columns} + " ORDER BY v.utility, t.code", {}, read_tariff);
}

Result<Tariff> tariff_in(Transaction& t, TariffId id) {
  DUHENG_TRY(auto found, t.first(std::string{columns} + " WHERE t.id = ?1", {id}, read_tariff));
  if (!found) return fail(ErrorCode::not_found, "there is no such tariff");
  return std::move(*found);
}

Result<std::vector<Tariff>> Tariffs::list() const { return database_.read(tariffs_in); }

Result<Tariff> Tariffs::get(TariffId id) const {
  return database_.read([&](Transaction& t) { return tariff_in(t, id); });
}

Result<std::vector<TariffVersion>> Tariffs::versions(TariffId id) const {
  return database_.read([&](Transaction& t) -> Result<std::vector<TariffVersion>> {
    DUHENG_TRY(const Tariff present, tariff_in(t, id));
    return t.all(
        "SELECT number, name_zh, name_en, utility, first_day, last_day, made_at_ms, author, reason "
        "FROM tariff_versions WHERE tariff_id = ?1 ORDER BY number",
        {id}, [&present](const Row& row) {
          return TariffVersion{.number = row.integer(0),
                               .details = read_details(row, present.details.code, 1),
                               .made_utc_ms = row.integer(6),
                               .author = row.text(7),
                               .reason = row.text(8)};
        });
  });
}

Result<TariffId> Tariffs::create(const Author& author, const TariffDetails& details) {
  DUHENG_CHECK(check_details(details));
  return database_.write([&](Transaction& t) -> Result<TariffId> {
    DUHENG_TRY(const auto count, t.integer("SELECT count(*) FROM tariffs", {}));
    if (count.value_or(0) >= tariff_limits::tariffs_max)
      return fail(ErrorCode::limit_exceeded, fmt::format("at most {} tariffs", tariff_limits::tariffs_max));
    const auto made = t.insert("INSERT INTO tariffs (code, version) VALUES (?1, 1) RETURNING id", {details.code});
    if (!made && made.error().code == ErrorCode::conflict)
      return fail(ErrorCode::already_exists, fmt::format("a tariff with the code {} exists", details.code));
    if (!made) return std::unexpected(made.error());
    const TariffId id{*made};
    const std::int64_t now = clock_.utc_ms();
    DUHENG_CHECK(insert_version(t, id, 1, author, details, {}, now));
    DUHENG_CHECK(note(t, author, "create_tariff", details.code, now));
    return id;
  });
}

Result<void> Tariffs::change(const Author& author, TariffId id, std::int64_t version, const TariffDetails& details,
                             const std::string& reason) {
  DUHENG_CHECK(check_details(details));
  DUHENG_CHECK(check_text("a reason", reason, 1, tariff_limits::reason_octets_max));
  return database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_TRY(const Tariff present, tariff_in(t, id));
    if (present.version != version) return fail(ErrorCode::conflict, "somebody else changed it: look at it again");
    if (present.details.code != details.code)
      return fail(ErrorCode::invalid_argument, "a tariff keeps its code: make another tariff");
    if (present.details == details) return fail(ErrorCode::invalid_argument, "nothing is changed");
    DUHENG_CHECK(require_points_within(t, id, details));
    const std::int64_t now = clock_.utc_ms();
    DUHENG_CHECK(insert_version(t, id, version + 1, author, details, reason, now));
    DUHENG_CHECK(t.execute("UPDATE tariffs SET version = ?2 WHERE id = ?1", {id, version + 1}));
    return note(t, author, "change_tariff", details.code, now);
  });
}

}  // namespace duheng::platform
