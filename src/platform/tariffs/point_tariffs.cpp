#include "platform/tariffs/point_tariffs.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <ranges>
#include <utility>

#include "platform/organisations/text.hpp"

namespace duheng::platform {
namespace {

using records::Row;
using records::Transaction;

Result<void> require_point(Transaction& t, const Scope& scope, PointId id) {
  DUHENG_TRY(const auto found,
             t.integer("SELECT 1 FROM points WHERE id = ?1 AND " + scope.condition("organisation_id", "?2"),
                       {id, scope.parameter_value()}));
  if (!found) return fail(ErrorCode::not_found, "there is no such point");
  return {};
}

PointTariff read_entry(const Row& row) {
  return {.id = row.integer(0),
          .tariff = row.id<TariffId>(1),
          .code = row.text(2),
          .name_zh = row.text(3),
          .name_en = row.text(4),
          .from_day = static_cast<std::int32_t>(row.integer(5)),
          .made_utc_ms = row.integer(6),
          .author = row.text(7),
          .reason = row.text(8),
          .withdrawn_utc_ms = row.optional_integer(9),
          .withdrawn_by = row.text(10),
          .withdrawn_reason = row.text(11)};
}

/// What holds around a day.
struct Around {
  std::int64_t entry = 0;  ///< that begins on the day; 0: none
  TariffId tariff{};       ///< on the day
  bool has_later = false;
  std::int64_t count = 0;  ///< of all entries of the point
};

Result<Around> look_around(Transaction& t, PointId point, std::int64_t day) {
  Around out;
  DUHENG_CHECK(
      t.each("SELECT id, tariff_id, from_day, withdrawn_at_ms IS NULL FROM point_tariffs WHERE point_id = ?1 ORDER BY "
             "from_day",
             {point}, [&](const Row& row) {
               ++out.count;
               if (row.integer(3) == 0) return;
               if (row.integer(2) > day) {
                 out.has_later = true;
                 return;
               }
               out.tariff = row.id<TariffId>(1);
               if (row.integer(2) == day) out.entry = row.integer(0);
             }));
  return out;
}

Result<void> mark_withdrawn(Transaction& t, const Author& author, std::int64_t entry, const std::string& reason,
                            std::int64_t now_utc_ms) {
  DUHENG_CHECK(
      t.execute("UPDATE point_tariffs SET withdrawn_at_ms = ?2, withdrawn_by = ?3, withdrawn_reason = ?4 WHERE id = ?1",
                {entry, now_utc_ms, author.name, reason}));
  return {};
}

Result<void> note(Transaction& t, const Author& author, std::string_view action, PointId point, std::string what,
                  std::int64_t now_utc_ms) {
  OperationEntry entry = operation_of(author, action, now_utc_ms);
  entry.detail = fmt::format("metering point {}: {}", point.value, what);
  return write_operation(t, entry);
}

}  // namespace

std::string tariff_on_sql(std::string_view point_column, std::string_view day_parameter) {
  return fmt::format(
      "(SELECT pt.tariff_id FROM point_tariffs pt WHERE pt.point_id = {} AND pt.withdrawn_at_ms IS NULL AND "
      "pt.from_day <= {} ORDER BY pt.from_day DESC LIMIT 1)",
      point_column, day_parameter);
}

Result<std::vector<PointTariff>> PointTariffs::history(const Scope& scope, PointId point) const {
  return database_.read([&](Transaction& t) -> Result<std::vector<PointTariff>> {
    DUHENG_CHECK(require_point(t, scope, point));
    DUHENG_TRY(auto out,
               t.all("SELECT pt.id, pt.tariff_id, coalesce(t.code, ''), coalesce(v.name_zh, ''), coalesce(v.name_en, "
                     "''), pt.from_day, pt.made_at_ms, pt.author, pt.reason, pt.withdrawn_at_ms, "
                     "coalesce(pt.withdrawn_by, ''), coalesce(pt.withdrawn_reason, '') FROM point_tariffs pt "
                     "LEFT JOIN tariffs t ON t.id = pt.tariff_id "
                     "LEFT JOIN tariff_versions v ON v.tariff_id = t.id AND v.number = t.version "
                     "WHERE pt.point_id = ?1 ORDER BY pt.from_day, pt.id",
                     {point}, read_entry));
    std::optional<std::int32_t> next;
    for (PointTariff& entry : std::views::reverse(out)) {
      if (entry.withdrawn_utc_ms) continue;
      entry.next_day = next;
      next = entry.from_day;
    }
    return out;
  });
}

Result<bool> PointTariffs::assign(const Author& author, PointId point, const TariffChange& change) {
  return database_.write([&](Transaction& t) -> Result<bool> {
    DUHENG_CHECK(require_point(t, author.scope, point));
    return assign_in(t, author, point, change);
  });
}

Result<bool> PointTariffs::assign_in(Transaction& t, const Author& author, PointId point, const TariffChange& change,
                                     bool is_logged) const {
  DUHENG_CHECK(check_text("a reason", change.reason, 0, tariff_limits::reason_octets_max));
  if (change.from_day < tariff_limits::first_day_min || change.from_day > today() + ahead_days_max)
    return fail(ErrorCode::invalid_argument, "a day before 2000 or too far ahead");
  std::string what = "no tariff";
  if (change.tariff) {
    DUHENG_TRY(const Tariff tariff, tariff_in(t, change.tariff));
    if (change.from_day < tariff.details.first_day ||
        change.from_day > tariff.details.last_day.value_or(change.from_day))
      return fail(ErrorCode::invalid_argument,
                  fmt::format("the tariff {} does not hold on that day", tariff.details.code));
    what = "tariff " + tariff.details.code;
  }
  DUHENG_TRY(const Around around, look_around(t, point, change.from_day));
  if (around.tariff == change.tariff) return false;
  if (around.count >= entries_max) return fail(ErrorCode::limit_exceeded, "the point's tariff changed too often");
  if ((around.entry != 0 || around.has_later) && change.reason.empty())
    return fail(ErrorCode::invalid_argument, "a correction of what was said before needs a reason");
  const std::int64_t now = clock_.utc_ms();
  if (around.entry != 0) DUHENG_CHECK(mark_withdrawn(t, author, around.entry, change.reason, now));
  DUHENG_CHECK(
      t.execute("INSERT INTO point_tariffs (point_id, tariff_id, from_day, made_at_ms, user_id, author, "
                "reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                {point, change.tariff, static_cast<std::int64_t>(change.from_day), now, author.user, author.name,
                 change.reason}));
  if (!is_logged) return true;
  what += " from " + store::CivilCalendar::format_day(change.from_day);
  DUHENG_CHECK(note(t, author, "set_point_tariff", point, std::move(what), now));
  return true;
}

Result<void> PointTariffs::withdraw(const Author& author, PointId point, std::int64_t entry,
                                    const std::string& reason) {
  DUHENG_CHECK(check_text("a reason", reason, 1, tariff_limits::reason_octets_max));
  return database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_CHECK(require_point(t, author.scope, point));
    DUHENG_TRY(const auto day, t.integer("SELECT from_day FROM point_tariffs WHERE id = ?1 AND point_id = ?2 AND "
                                         "withdrawn_at_ms IS NULL",
                                         {entry, point}));
    if (!day) return fail(ErrorCode::not_found, "there is no such entry that holds");
    const std::int64_t now = clock_.utc_ms();
    DUHENG_CHECK(mark_withdrawn(t, author, entry, reason, now));
    return note(t, author, "withdraw_point_tariff", point,
                "what began on " + store::CivilCalendar::format_day(static_cast<std::int32_t>(*day)), now);
  });
}

Result<std::map<PointId, Tariff>> PointTariffs::present(std::span<const PointId> points) const {
  std::map<PointId, Tariff> out;
  const std::string sql = "SELECT " + tariff_on_sql("?1", "?2");
  DUHENG_CHECK(database_.read([&](Transaction& t) -> Result<void> {
    for (const PointId point : points) {
      DUHENG_TRY(const auto id, t.integer(sql, {point, today()}));
      if (id.value_or(0) == 0) continue;
      DUHENG_TRY(Tariff tariff, tariff_in(t, TariffId{*id}));
      out.emplace(point, std::move(tariff));
    }
    return {};
  }));
  return out;
}

Result<TariffId> PointTariffs::named(std::string_view code) const {
  if (code == "-") return TariffId{};
  DUHENG_TRY(const auto found, database_.read([&](Transaction& t) {
    return t.integer("SELECT id FROM tariffs WHERE code = ?1", {code});
  }));
  if (!found) return fail(ErrorCode::not_found, "there is no tariff with this code");
  return TariffId{*found};
}

Result<std::vector<DeviceId>> PointTariffs::devices_of(const Scope& scope, TariffId tariff) const {
  const std::string present =
      " LEFT JOIN point_devices pd ON pd.device_id = d.id AND pd.to_ms IS NULL"
      " LEFT JOIN points p ON p.id = pd.point_id AND " +
      scope.condition("p.organisation_id", "?1");
  const std::string sql = "SELECT d.id FROM devices d" + present + " WHERE coalesce(" + tariff_on_sql("p.id", "?2") +
                          ", 0) = ?3 AND " + scope.condition("d.organisation_id", "?1") + " ORDER BY d.id";
  return database_.read([&](Transaction& t) {
    return t.all(sql, {scope.parameter_value(), today(), tariff.value},
                 [](const Row& row) { return row.id<DeviceId>(0); });
  });
}

namespace {

/// A device at a point, in whole days, both included.
struct Stay {
  DeviceId device{};
  PointId point{};
  std::int32_t first = 0;
  std::int32_t last = 0;
};

using PointDays = std::unordered_map<PointId, std::vector<TariffDay>>;

Result<std::vector<Stay>> read_stays(Transaction& t, const Scope& scope, const store::CivilCalendar& calendar,
                                     std::int32_t first, std::int32_t last) {
  std::vector<Stay> out;
  DUHENG_CHECK(
      t.each("SELECT pd.device_id, pd.point_id, pd.from_ms, pd.to_ms FROM point_devices pd JOIN points p ON p.id = "
             "pd.point_id "
             "WHERE " +
                 scope.condition("p.organisation_id", "?1") +
                 " AND pd.from_ms < ?2 AND (pd.to_ms IS NULL OR pd.to_ms > ?3) ORDER BY pd.device_id, pd.from_ms",
             {scope.parameter_value(), calendar.day(last).through_utc_ms, calendar.day(first).after_utc_ms},
             [&](const Row& row) {
               Stay stay{row.id<DeviceId>(0), row.id<PointId>(1), calendar.day_of(row.integer(2) + 1), last};
               if (const auto to = row.optional_integer(3)) stay.last = calendar.day_of(*to);
               out.push_back(stay);
             }));
  return out;
}

/// Into `out`: a map as a Result makes GCC 12 see a fault that is none.
Result<void> read_point_days(Transaction& t, const Scope& scope, std::int32_t last, PointDays& out) {
  return t.each(
      "SELECT pt.point_id, pt.from_day, pt.tariff_id FROM point_tariffs pt "
      "JOIN points p ON p.id = pt.point_id WHERE " +
          scope.condition("p.organisation_id", "?1") +
          " AND pt.withdrawn_at_ms IS NULL AND pt.from_day <= ?2 ORDER BY pt.point_id, pt.from_day",
      {scope.parameter_value(), last}, [&out](const Row& row) {
        out[row.id<PointId>(0)].push_back({static_cast<std::int32_t>(row.integer(1)), row.id<TariffId>(2)});
      });
}

}  // namespace

void TariffDays::set(std::int32_t from_day, TariffId tariff) {
  while (!days_.empty() && days_.back().from_day >= from_day) days_.pop_back();
  days_.push_back({from_day, tariff});
}

void TariffDays::add(std::int32_t first, std::int32_t last, const std::vector<TariffDay>& days) {
  first = std::max(first, days_.front().from_day);
  last = std::min(last, last_);
  if (last < first) return;
  set(first, {});
  for (const TariffDay& day : days) {
    if (day.from_day <= last) set(std::max(first, day.from_day), day.tariff);
  }
  if (last < last_) set(last + 1, {});
}

std::vector<TariffDay> TariffDays::take() && {
  std::vector<TariffDay> out;
  for (const TariffDay& day : days_) {
    if (out.empty() || out.back().tariff != day.tariff) out.push_back(day);
  }
  return out;
}

Result<std::unordered_map<DeviceId, std::vector<TariffDay>>> PointTariffs::days_of_devices(const Scope& scope,
                                                                                           std::int32_t first,
                                                                                           std::int32_t last) const {
  std::vector<Stay> stays;
  PointDays points;
  DUHENG_CHECK(database_.read([&](Transaction& t) -> Result<void> {
    DUHENG_TRY(stays, read_stays(t, scope, calendar_, first, last));
    return read_point_days(t, scope, last, points);
  }));
  std::unordered_map<DeviceId, TariffDays> gathered;
  const std::vector<TariffDay> none;
  for (const Stay& stay : stays) {
    const auto found = points.find(stay.point);
    gathered.try_emplace(stay.device, first, last)
        .first->second.add(stay.first, stay.last, found == points.end() ? none : found->second);
  }
  std::unordered_map<DeviceId, std::vector<TariffDay>> out;
  for (auto& [device, days] : gathered) out.emplace(device, std::move(days).take());
  return out;
}

}  // namespace duheng::platform
