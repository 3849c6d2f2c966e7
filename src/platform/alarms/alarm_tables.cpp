#include "platform/alarms/alarm_tables.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <nlohmann/json.hpp>

namespace duheng::platform::alarms::tables {
namespace {

using records::Migration;
using records::Row;

constexpr std::array<Migration, 1> steps{{{
    "alarms and their history",
    "CREATE TABLE alarms ("
    " number INTEGER PRIMARY KEY,"
    " kind TEXT NOT NULL,"
    " subject_kind INTEGER NOT NULL,"
    " subject TEXT NOT NULL,"
    " device_id INTEGER,"
    " gateway_id INTEGER,"
    " organisation_id INTEGER,"
    " severity INTEGER NOT NULL,"
    " facts TEXT NOT NULL,"
    " stage INTEGER NOT NULL,"
    " raised_ms INTEGER NOT NULL,"
    " rang_ms INTEGER NOT NULL,"
    " over_ms INTEGER NOT NULL,"
    " closed_ms INTEGER NOT NULL,"
    " changed_ms INTEGER NOT NULL,"
    " raised_times INTEGER NOT NULL,"
    " acknowledged_ms INTEGER NOT NULL,"
    " acknowledged_by TEXT NOT NULL,"
    " note TEXT NOT NULL,"
    " shelved_until_ms INTEGER NOT NULL,"
    " shelved_by TEXT NOT NULL,"
    " shelve_reason TEXT NOT NULL,"
    " held_by INTEGER NOT NULL,"
    " release_ms INTEGER NOT NULL,"
    " escalated INTEGER NOT NULL,"
    " affected INTEGER NOT NULL);"
    "CREATE INDEX alarms_shown ON alarms (severity DESC, rang_ms DESC, number DESC, shelved_until_ms)"
    " WHERE stage < 3 AND held_by = 0;"
    "CREATE INDEX alarms_counted ON alarms (severity, acknowledged_ms, shelved_until_ms)"
    " WHERE stage = 1 AND held_by = 0;"
    "CREATE INDEX alarms_held ON alarms (held_by, severity DESC) WHERE stage < 3 AND held_by > 0;"
    "CREATE INDEX alarms_by_raised ON alarms (raised_ms);"
    "CREATE INDEX alarms_by_changed ON alarms (changed_ms);"
    "CREATE INDEX alarms_by_subject ON alarms (subject, subject_kind);"
    "CREATE TABLE alarm_history ("
    " id INTEGER PRIMARY KEY,"
    " alarm_number INTEGER NOT NULL,"
    " at_ms INTEGER NOT NULL,"
    " step INTEGER NOT NULL,"
    " severity INTEGER NOT NULL,"
    " author TEXT NOT NULL,"
    " text TEXT NOT NULL,"
    " hash BLOB NOT NULL);"
    "CREATE INDEX alarm_history_by_alarm ON alarm_history (alarm_number);"
    "CREATE TRIGGER alarm_history_stays BEFORE UPDATE ON alarm_history"
    " BEGIN SELECT RAISE(ABORT, 'the history of alarms is not changed'); END;"
    "CREATE TRIGGER alarm_history_is_kept BEFORE DELETE ON alarm_history"
    " BEGIN SELECT RAISE(ABORT, 'the history of alarms is not removed'); END;",
}}};

std::string facts_text(const std::map<std::string, std::string>& facts) {
  return nlohmann::json(facts).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::map<std::string, std::string> facts_of(std::string_view text) {
  std::map<std::string, std::string> facts;
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return facts;
  for (const auto& [name, value] : json.items())
    if (value.is_string()) facts[name] = value.get<std::string>();
  return facts;
}

/// The number of a device or gateway; nothing for what has none.
std::optional<std::int64_t> number_of(const Subject& subject, SubjectKind kind) {
  if (subject.kind != kind) return std::nullopt;
  std::int64_t number = 0;
  const char* const end = subject.id.data() + subject.id.size();
  const auto read = std::from_chars(subject.id.data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end || number <= 0) return std::nullopt;
  return number;
}

void put_u64(Bytes& out, std::uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}
void put_text(Bytes& out, std::string_view text) {
  put_u64(out, text.size());
  out.insert(out.end(), text.begin(), text.end());
}

/// SHA-256(hash before | alarm | time | step | severity | author | text), numbers as 8 octets low first, texts after
/// their length.
crypto::Hash256 next_hash(const crypto::Hash256& before, const Transition& one) {
  Bytes octets;
  put_u64(octets, static_cast<std::uint64_t>(one.number));
  put_u64(octets, static_cast<std::uint64_t>(one.at_utc_ms));
  put_u64(octets, static_cast<std::uint64_t>(one.step));
  put_u64(octets, static_cast<std::uint64_t>(one.severity));
  put_text(octets, one.author);
  put_text(octets, one.text);
  return crypto::sha256({ByteView{before}, ByteView{octets}});
}

struct StoredTransition {
  std::int64_t id = 0;
  Transition transition{};
  crypto::Hash256 hash{};
};

constexpr std::string_view history_columns =
    "SELECT alarm_number, at_ms, step, severity, author, text, hash, id FROM alarm_history";

StoredTransition read_transition(const Row& row) {
  StoredTransition out;
  out.transition = {.number = row.integer(0),
                    .at_utc_ms = row.integer(1),
                    .step = static_cast<Step>(row.integer(2)),
                    .severity = static_cast<Severity>(row.integer(3)),
                    .author = row.text(4),
                    .text = row.text(5)};
  const ByteView hash = row.blob_view(6);
  if (hash.size() == out.hash.size()) std::copy(hash.begin(), hash.end(), out.hash.begin());
  out.id = row.integer(7);
  return out;
}

std::unexpected<Error> broken(std::int64_t id) {
  return fail(ErrorCode::storage_corrupt,
              "entry " + std::to_string(id) + " of the alarms' history does not follow from the one before");
}

constexpr std::string_view alarm_columns =
    "a.number, a.kind, a.subject_kind, a.subject, a.organisation_id, a.severity, a.facts, a.stage, a.raised_ms, "
    "a.rang_ms, a.over_ms, a.closed_ms, a.raised_times, a.acknowledged_ms, a.acknowledged_by, a.note, "
    "a.shelved_until_ms, a.shelved_by, a.shelve_reason, a.held_by, a.release_ms, a.escalated, a.affected";

Alarm read_alarm(const Row& row) {
  Alarm alarm;
  alarm.number = row.integer(0);
  alarm.kind = row.text(1);
  alarm.subject = {static_cast<SubjectKind>(row.integer(2)), row.text(3)};
  alarm.organisation = row.integer(4);
  alarm.severity = static_cast<Severity>(row.integer(5));
  alarm.facts = facts_of(row.text_view(6));
  alarm.stage = static_cast<Stage>(row.integer(7));
  alarm.raised_utc_ms = row.integer(8);
  alarm.rang_utc_ms = row.integer(9);
  alarm.over_utc_ms = row.integer(10);
  alarm.closed_utc_ms = row.integer(11);
  alarm.raised_times = row.integer(12);
  alarm.acknowledged_utc_ms = row.integer(13);
  alarm.acknowledged_by = row.text(14);
  alarm.note = row.text(15);
  alarm.shelved_until_utc_ms = row.integer(16);
  alarm.shelved_by = row.text(17);
  alarm.shelve_reason = row.text(18);
  alarm.held_by = row.integer(19);
  alarm.release_utc_ms = row.integer(20);
  alarm.escalated = row.boolean(21);
  alarm.affected = row.integer(22);
  return alarm;
}

/// Whose an alarm is: that of its device or gateway as it is now, else as it was when the alarm was raised.
constexpr std::string_view owner = "COALESCE(d.organisation_id, g.organisation_id, a.organisation_id)";
constexpr std::string_view alarm_tables =
    " FROM alarms a LEFT JOIN devices d ON d.id = a.device_id LEFT JOIN gateways g ON g.id = a.gateway_id ";
constexpr std::string_view name_columns =
    ", COALESCE(d.name, g.name, ''), d.site_id, COALESCE(s.name, ''), o.id, COALESCE(o.name_zh, ''), "
    "COALESCE(o.name_en, '')";

AlarmRow read_row(const Row& row) {
  AlarmRow out;
  out.alarm = read_alarm(row);
  out.subject_name = row.text(23);
  out.site = row.id<SiteId>(24);
  out.site_name = row.text(25);
  out.organisation = row.id<OrganisationId>(26);
  out.organisation_zh = row.text(27);
  out.organisation_en = row.text(28);
  return out;
}

std::string rows_sql() {
  return "SELECT " + std::string{alarm_columns} + std::string{name_columns} + std::string{alarm_tables} +
         "LEFT JOIN sites s ON s.id = d.site_id LEFT JOIN organisations o ON o.id = " + std::string{owner};
}

/// What a caller sees by itself: what has no cause, and what has one that the caller does not see.
std::string shown_condition(const Scope& scope) {
  if (scope.is_everything()) return "a.held_by = 0";
  return "(a.held_by = 0 OR NOT EXISTS (SELECT 1 FROM alarms c LEFT JOIN devices cd ON cd.id = c.device_id LEFT JOIN "
         "gateways cg ON cg.id = c.gateway_id WHERE c.number = a.held_by AND " +
         scope.condition("COALESCE(cd.organisation_id, cg.organisation_id, c.organisation_id)", "?1") + "))";
}

std::string_view part_condition(AlarmPart part) {
  switch (part) {
    case AlarmPart::open:
      return "a.stage < 3 AND a.shelved_until_ms = 0";
    case AlarmPart::active:
      return "a.stage < 3 AND a.stage = 1 AND a.shelved_until_ms = 0";
    case AlarmPart::over:
      return "a.stage < 3 AND a.stage = 2 AND a.shelved_until_ms = 0";
    case AlarmPart::shelved:
      return "a.stage < 3 AND a.shelved_until_ms > 0";
    case AlarmPart::closed:
      return "a.stage = 3";
    case AlarmPart::all:
      return "1 = 1";
  }
  return "1 = 1";
}

std::string order_by(const AlarmQuery& query) {
  const std::string_view way = query.ascending ? "ASC" : "DESC";
  const auto ordered = [&](std::string_view column) {
    return std::string{column}.append(" ").append(way).append(", a.number ").append(way);
  };
  switch (query.sort) {
    case AlarmSort::severity:
      return std::string{"a.severity "}
          .append(way)
          .append(", a.rang_ms ")
          .append(way)
          .append(", a.number ")
          .append(way);
    case AlarmSort::raised:
      return ordered("a.raised_ms");
    case AlarmSort::changed:
      return ordered("a.changed_ms");
  }
  return "a.number";
}

/// Only what is asked for stands in the statement, so that plain questions are answered from an index alone.
struct Where {
  explicit Where(const Scope& scope)
      : sql(" WHERE " + scope.condition(owner, "?1")),
        parameters{scope.parameter_value()},
        needs_names(!scope.is_everything()) {}
  void add(std::string_view condition) { sql.append(" AND ").append(condition); }
  void add(std::string_view column_and_sign, const records::Parameter& value) {
    parameters.push_back(value);
    add(std::string{column_and_sign} + " ?" + std::to_string(parameters.size()));
  }
  std::string sql;
  std::vector<records::Parameter> parameters;
  bool needs_names;  ///< devices and gateways have to be joined
};

Where where_of(const Scope& scope, const AlarmQuery& query) {
  Where where{scope};
  where.add(part_condition(query.part));
  if (query.held_by != 0) {
    where.add("a.held_by > 0");
    where.add("a.held_by =", query.held_by);
  } else if (query.part != AlarmPart::closed && query.part != AlarmPart::all) {
    where.add(shown_condition(scope));
  }
  if (query.severity_min) where.add("a.severity >=", static_cast<std::int64_t>(*query.severity_min));
  if (query.acknowledged) where.add(*query.acknowledged ? "a.acknowledged_ms > 0" : "a.acknowledged_ms = 0");
  if (!query.kind.empty()) where.add("a.kind =", query.kind);
  if (query.subject_kind) where.add("a.subject_kind =", static_cast<std::int64_t>(*query.subject_kind));
  if (!query.subject.empty()) where.add("a.subject =", query.subject);
  if (query.site) where.add("d.site_id =", query.site);
  if (query.organisation) {
    where.parameters.emplace_back(query.organisation);
    where.add(std::string{owner} + " IN (SELECT descendant_id FROM organisation_closure WHERE ancestor_id = ?" +
              std::to_string(where.parameters.size()) + ")");
  }
  where.needs_names = where.needs_names || query.site || query.organisation;
  return where;
}

std::string from(bool needs_names) { return needs_names ? std::string{alarm_tables} : " FROM alarms a "; }

}  // namespace

records::Capability migrations() { return {"alarms", steps}; }

Result<void> store(Transaction& t, const Alarm& alarm, std::int64_t changed) {
  DUHENG_CHECK(t.execute(
      "INSERT INTO alarms (number, kind, subject_kind, subject, device_id, gateway_id, organisation_id, severity, "
      "facts, "
      "stage, raised_ms, rang_ms, over_ms, closed_ms, changed_ms, raised_times, acknowledged_ms, acknowledged_by, "
      "note, "
      "shelved_until_ms, shelved_by, shelve_reason, held_by, release_ms, escalated, affected) VALUES (?1, ?2, ?3, ?4, "
      "?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26) "
      "ON CONFLICT (number) DO UPDATE SET organisation_id = excluded.organisation_id, severity = excluded.severity, "
      "facts = excluded.facts, stage = excluded.stage, rang_ms = excluded.rang_ms, over_ms = excluded.over_ms, "
      "closed_ms = excluded.closed_ms, changed_ms = excluded.changed_ms, raised_times = excluded.raised_times, "
      "acknowledged_ms = excluded.acknowledged_ms, acknowledged_by = excluded.acknowledged_by, note = excluded.note, "
      "shelved_until_ms = excluded.shelved_until_ms, shelved_by = excluded.shelved_by, "
      "shelve_reason = excluded.shelve_reason, held_by = excluded.held_by, release_ms = excluded.release_ms, "
      "escalated = excluded.escalated, affected = excluded.affected",
      {alarm.number,
       alarm.kind,
       static_cast<std::int64_t>(alarm.subject.kind),
       alarm.subject.id,
       number_of(alarm.subject, SubjectKind::device),
       number_of(alarm.subject, SubjectKind::gateway),
       OrganisationId{alarm.organisation},
       static_cast<std::int64_t>(alarm.severity),
       facts_text(alarm.facts),
       static_cast<std::int64_t>(alarm.stage),
       alarm.raised_utc_ms,
       alarm.rang_utc_ms,
       alarm.over_utc_ms,
       alarm.closed_utc_ms,
       changed,
       alarm.raised_times,
       alarm.acknowledged_utc_ms,
       alarm.acknowledged_by,
       alarm.note,
       alarm.shelved_until_utc_ms,
       alarm.shelved_by,
       alarm.shelve_reason,
       alarm.held_by,
       alarm.release_utc_ms,
       alarm.escalated,
       alarm.affected}));
  return {};
}

Result<void> append(Transaction& t, const Transition& one, crypto::Hash256& hash) {
  hash = next_hash(hash, one);
  DUHENG_CHECK(
      t.execute("INSERT INTO alarm_history (alarm_number, at_ms, step, severity, author, text, hash) VALUES (?1, ?2, "
                "?3, ?4, ?5, ?6, ?7)",
                {one.number, one.at_utc_ms, static_cast<std::int64_t>(one.step),
                 static_cast<std::int64_t>(one.severity), one.author, one.text, hash}));
  return {};
}

Result<HistoryEnd> history_end(Transaction& t) {
  DUHENG_TRY(const auto last, t.all(std::string{history_columns} + " ORDER BY id DESC LIMIT 2", {}, read_transition));
  if (last.empty()) return HistoryEnd{};
  const crypto::Hash256 before = last.size() == 2 ? last[1].hash : crypto::Hash256{};
  if (last.size() == 2 && next_hash(before, last[0].transition) != last[0].hash) return broken(last[0].id);
  return HistoryEnd{.entries = last[0].id, .hash = last[0].hash};
}

Result<std::int64_t> verify_history(Transaction& t) {
  crypto::Hash256 hash{};
  std::int64_t entries = 0;
  DUHENG_CHECK(t.each(std::string{history_columns} + " ORDER BY id", {}, [&](const Row& row) -> Result<void> {
    const StoredTransition one = read_transition(row);
    hash = next_hash(hash, one.transition);
    if (hash != one.hash) return broken(one.id);
    ++entries;
    return {};
  }));
  return entries;
}

Result<std::vector<Alarm>> open_alarms(Transaction& t) {
  return t.all("SELECT " + std::string{alarm_columns} + " FROM alarms a WHERE a.stage < 3", {}, read_alarm);
}

Result<std::int64_t> last_number(Transaction& t) {
  DUHENG_TRY(const auto number, t.integer("SELECT MAX(number) FROM alarms"));
  return number.value_or(0);
}

Result<AlarmPage> list(Transaction& t, const Scope& scope, const AlarmQuery& query) {
  if (query.page < 1 || query.page > 1'000'000 || query.page_size < 1 || query.page_size > 200)
    return fail(ErrorCode::invalid_argument, "page from 1, page_size from 1 to 200");
  Where where = where_of(scope, query);
  AlarmPage page;
  DUHENG_TRY(const auto total, t.integer("SELECT COUNT(*)" + from(where.needs_names) + where.sql, where.parameters));
  page.total = total.value_or(0);
  where.parameters.emplace_back(query.page_size);
  where.parameters.emplace_back((query.page - 1) * query.page_size);
  const std::size_t count = where.parameters.size();
  DUHENG_TRY(page.alarms, t.all(rows_sql() + where.sql + " ORDER BY " + order_by(query) + " LIMIT ?" +
                                    std::to_string(count - 1) + " OFFSET ?" + std::to_string(count),
                                where.parameters, read_row));
  return page;
}

Result<std::optional<AlarmRow>> find(Transaction& t, const Scope& scope, std::int64_t number) {
  return t.first(rows_sql() + " WHERE " + scope.condition(owner, "?1") + " AND a.number = ?2",
                 {scope.parameter_value(), number}, read_row);
}

Result<std::vector<Transition>> history(Transaction& t, std::int64_t number) {
  DUHENG_TRY(auto newest, t.all(std::string{history_columns} + " WHERE alarm_number = ?1 ORDER BY id DESC LIMIT 1000",
                                {number}, [](const Row& row) { return read_transition(row).transition; }));
  std::ranges::reverse(newest);
  return newest;
}

Result<AlarmCounts> counts(Transaction& t, const Scope& scope) {
  AlarmCounts out;
  // In the order of the index: nothing is sorted.
  const std::string sql =
      "SELECT a.severity, SUM(CASE WHEN a.shelved_until_ms = 0 THEN 1 ELSE 0 END), SUM(CASE WHEN a.shelved_until_ms = "
      "0 "
      "AND a.acknowledged_ms = 0 THEN 1 ELSE 0 END), COUNT(*)" +
      from(!scope.is_everything()) + "WHERE " + scope.condition(owner, "?1") + " AND a.stage = 1 AND " +
      shown_condition(scope) + " GROUP BY a.severity";
  DUHENG_CHECK(t.each(sql, {scope.parameter_value()}, [&](const Row& row) {
    const auto severity = static_cast<std::size_t>(std::clamp<std::int64_t>(row.integer(0), 0, 3));
    out.active.at(severity) += row.integer(1);
    out.unacknowledged.at(severity) += row.integer(2);
    out.shelved += row.integer(3) - row.integer(1);
  }));
  return out;
}

}  // namespace duheng::platform::alarms::tables
