#include "platform/edits/value_review.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "platform/edits/edit_service.hpp"
#include "store/consumption/good_values.hpp"

namespace duheng::platform {
namespace {

using records::Row;
using records::Transaction;

constexpr std::array migration_steps{
    records::Migration{"value_findings",
                       "CREATE TABLE value_findings ("
                       " id INTEGER PRIMARY KEY,"
                       " series_id INTEGER NOT NULL,"
                       " gateway_id INTEGER NOT NULL,"
                       " device_uid TEXT NOT NULL,"
                       " register_name TEXT NOT NULL,"
                       " unit TEXT NOT NULL,"
                       " day INTEGER NOT NULL,"
                       " at_ms INTEGER NOT NULL,"
                       " rule INTEGER NOT NULL,"
                       " value TEXT NOT NULL,"
                       " expected TEXT NOT NULL,"
                       " frame INTEGER NOT NULL,"
                       " state INTEGER NOT NULL,"
                       " found_ms INTEGER NOT NULL,"
                       " decided_by TEXT NOT NULL DEFAULT '',"
                       " decided_ms INTEGER NOT NULL DEFAULT 0,"
                       " reason TEXT NOT NULL DEFAULT '',"
                       " UNIQUE (series_id, at_ms, rule));"
                       "CREATE INDEX value_findings_by_time ON value_findings (at_ms, id);"
                       "CREATE INDEX value_findings_by_source ON value_findings (gateway_id, device_uid, day);"
                       "CREATE TABLE value_review_passes ("
                       " pass INTEGER PRIMARY KEY,"
                       " day_done INTEGER NOT NULL);"}};

constexpr std::size_t points_per_page = 20'000;
constexpr std::int64_t query_timeout_ms = 10'000;
constexpr std::int64_t page_size_max = 200;
constexpr std::size_t reason_octets_max = 1'000;
constexpr std::array<std::string_view, 3> moment_prefixes{"voltage_", "current_", "power_active_"};

constexpr std::array<std::pair<FindingState, std::string_view>, 3> state_names{
    {{FindingState::open, "open"}, {FindingState::confirmed, "confirmed"}, {FindingState::edited, "edited"}}};

constexpr std::string_view columns =
    "SELECT f.id, f.series_id, f.gateway_id, f.device_uid, s.device_id, d.name, f.register_name, f.unit, f.day, "
    "f.at_ms, f.rule, f.value, f.expected, f.frame, f.state, f.found_ms, f.decided_by, f.decided_ms, f.reason";
/// With the device whose the sender was at the value's time.
constexpr std::string_view tables =
    " FROM value_findings f LEFT JOIN device_sources s ON s.gateway_id = f.gateway_id AND s.device_uid = f.device_uid"
    " AND s.from_ms <= f.at_ms AND (s.to_ms IS NULL OR f.at_ms < s.to_ms) LEFT JOIN devices d ON d.id = s.device_id";

Decimal decimal_of(std::string_view text) { return Decimal::parse(text).value_or(Decimal{}); }

ValueFinding read_finding(const Row& row) {
  return {.id = row.integer(0),
          .series = row.id<SeriesId>(1),
          .gateway = row.id<GatewayId>(2),
          .device_uid = row.text(3),
          .device = row.id<DeviceId>(4),
          .device_name = row.text(5),
          .register_name = row.text(6),
          .unit = row.text(7),
          .day = static_cast<std::int32_t>(row.integer(8)),
          .time_utc_ms = row.integer(9),
          .rule = static_cast<store::ValueRule>(row.integer(10)),
          .value = decimal_of(row.text_view(11)),
          .expected = decimal_of(row.text_view(12)),
          .frame = FrameReference{row.integer(13)},
          .state = static_cast<FindingState>(row.integer(14)),
          .found_utc_ms = row.integer(15),
          .decided_by = row.text(16),
          .decided_utc_ms = row.integer(17),
          .reason = row.text(18)};
}

store::QueryOptions query() { return {.timeout_ms = query_timeout_ms, .cancel = {}}; }

bool is_of_a_moment(std::string_view name) {
  return std::ranges::any_of(moment_prefixes, [&](std::string_view prefix) { return name.starts_with(prefix); });
}

/// The good values of a stretch.
Result<std::vector<store::RuleValue>> values_of(const store::TelemetryStore& telemetry, SeriesId series,
                                                store::ConsumptionInterval interval) {
  std::vector<store::RuleValue> out;
  const auto add = [&](std::span<const store::Point> points) -> Result<void> {
    store::for_each_time(points, [&](std::span<const store::Point>, const store::GoodValue& good) {
      if (good.point == nullptr) return;
      const store::Point& point = *good.point;
      out.push_back({point.time_utc_ms, point.mantissa, point.quality, point.frame});
    });
    return {};
  };
  DUHENG_CHECK(store::each_page(telemetry, series, interval, points_per_page, query(), add));
  return out;
}

bool is_edited_at(const store::TelemetryStore& telemetry, SeriesId series, std::int64_t time_utc_ms) {
  const auto versions = telemetry.versions(series, time_utc_ms, query());
  return versions && std::ranges::any_of(*versions, [](const store::PointVersion& version) {
           return version.edit && version.in_force;
         });
}

}  // namespace

std::string_view to_string(FindingState state) noexcept {
  for (const auto& [one, name] : state_names) {
    if (one == state) return name;
  }
  return "unknown";
}

std::optional<FindingState> finding_state_of(std::string_view name) noexcept {
  for (const auto& [one, word] : state_names) {
    if (word == name) return one;
  }
  return std::nullopt;
}

records::Capability ValueReview::migrations() { return {"value_review", migration_steps}; }

ValueReview::ValueReview(records::Database& database, const store::TelemetryStore& telemetry,
                         store::CivilCalendar calendar, const Clock& clock, PolicyOf policy, ReviewOptions options)
    : database_(database),
      telemetry_(telemetry),
      calendar_(std::move(calendar)),
      clock_(clock),
      policy_(std::move(policy)),
      options_(options) {}

// --- examining -----------------------------------------------------------------------------------------------------

Result<bool> ValueReview::step() {
  for (std::size_t pass = 0; !running_ && pass < options_.passes.size(); ++pass) {
    DUHENG_TRY(const bool begun, begin(pass));
    if (begun) break;
  }
  if (!running_) return false;
  Pass& now = running_->second;
  const std::size_t end = std::min(now.sources.size(), now.next_source + options_.sources_per_step);
  for (; now.next_source < end; ++now.next_source) DUHENG_CHECK(examine_source(now.sources[now.next_source], now.day));
  if (now.next_source == now.sources.size()) {
    DUHENG_CHECK(finish(running_->first));
    running_.reset();
  }
  return true;
}

/// Whether the pass has a day to look at. A platform that was away for long looks at the newest day of each pass only.
Result<bool> ValueReview::begin(std::size_t pass) {
  const std::int32_t target = calendar_.day_of(clock_.utc_ms() - options_.ended_for_ms) - options_.passes[pass];
  DUHENG_TRY(const auto done, database_.read([&](Transaction& t) {
    return t.integer("SELECT day_done FROM value_review_passes WHERE pass = ?1", {pass});
  }));
  if (done && *done >= target) return false;
  running_.emplace(pass, Pass{.day = target, .next_source = 0, .sources = telemetry_.sources()});
  return true;
}

Result<void> ValueReview::finish(std::size_t pass) {
  const std::int32_t day = running_->second.day;
  return database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_CHECK(
        t.execute("INSERT INTO value_review_passes (pass, day_done) VALUES (?1, ?2)"
                  " ON CONFLICT (pass) DO UPDATE SET day_done = excluded.day_done",
                  {pass, day}));
    DUHENG_CHECK(t.execute("DELETE FROM value_findings WHERE day < ?1 AND state <> ?2",
                           {day - options_.keep_days, static_cast<int>(FindingState::open)}));
    return {};
  });
}

Result<void> ValueReview::examine(GatewayId gateway, const std::string& device_uid, std::int32_t day) {
  const auto source = telemetry_.find_source(gateway, device_uid);
  if (!source) return fail(ErrorCode::not_found, "nothing was ever read of that device");
  return examine_source(*source, day);
}

/// What there is to examine of one sender's day.
struct ValueReview::Material {
  std::vector<store::Series> series;
  std::vector<std::vector<store::RuleValue>> values;
  std::vector<store::SeriesPolicy> policies;
};

/// One register: its day and what is needed to judge it; nothing when the day has no value of it.
Result<std::vector<store::RuleValue>> ValueReview::values_for(SeriesId series, std::int32_t day, bool counts_up) const {
  const store::ConsumptionInterval bucket = calendar_.day(day);
  const std::int64_t history = calendar_.day(day - options_.history_days).after_utc_ms;
  DUHENG_TRY(auto read, values_of(telemetry_, series, {history, bucket.through_utc_ms}));
  if (read.empty() || read.back().time_utc_ms <= bucket.after_utc_ms) return std::vector<store::RuleValue>{};
  if (!counts_up) return read;
  // Whatever lies before the history: a step into it has to start somewhere.
  DUHENG_TRY(const auto before,
             store::last_good_value(telemetry_, series, {-store::open_end_utc_ms, history}, points_per_page, query()));
  if (before) read.insert(read.begin(), {before->time_utc_ms, before->mantissa, before->quality, before->frame});
  return read;
}

Result<void> ValueReview::examine_source(const store::Source& source, std::int32_t day) {
  Material material;
  for (store::Series& one : telemetry_.series_of(source.id)) {
    const store::SeriesPolicy policy = policy_(source, one);
    if (one.kind != SeriesKind::decimal || (!policy.counts_up && !is_of_a_moment(one.register_name))) continue;
    DUHENG_TRY(auto read, values_for(one.id, day, policy.counts_up));
    if (read.empty()) continue;
    material.values.push_back(std::move(read));
    material.policies.push_back(policy);
    material.series.push_back(std::move(one));
  }
  std::vector<store::RuleSeries> questions;
  for (std::size_t i = 0; i < material.series.size(); ++i) {
    questions.push_back({.register_name = material.series[i].register_name,
                         .exponent = material.series[i].exponent,
                         .counts_up = material.policies[i].counts_up,
                         .rule = material.policies[i].rule,
                         .values = material.values[i]});
  }
  return keep(source, material.series, day, store::examine_values({questions, calendar_.day(day).after_utc_ms + 1}));
}

/// One examination's findings into the table.
class ValueReview::Keeper {
 public:
  Keeper(ValueReview& review, const store::Source& source, std::int32_t day)
      : review_(review), source_(source), day_(day), now_(review.clock_.utc_ms()) {}

  Result<void> note(Transaction& t, const store::Series& of, const store::RuleFinding& one) {
    const std::string value = Decimal{one.value.mantissa, of.exponent}.to_string();
    const auto rule = static_cast<int>(one.rule);
    DUHENG_TRY(const auto known,
               t.first("SELECT id, value FROM value_findings WHERE series_id = ?1 AND at_ms = ?2 AND rule = ?3",
                       {of.id, one.value.time_utc_ms, rule},
                       [](const Row& row) { return std::pair{row.integer(0), row.text(1)}; }));
    if (!known) return add(t, of, one, value);
    kept_.insert(known->first);
    // Another value than the one that was decided about is a finding of its own.
    if (known->second == value) {
      DUHENG_CHECK(t.execute("UPDATE value_findings SET expected = ?2 WHERE id = ?1 AND expected <> ?2",
                             {known->first, one.expected.to_string()}));
      return {};
    }
    DUHENG_CHECK(
        t.execute("UPDATE value_findings SET value = ?2, expected = ?3, frame = ?4, state = ?5, found_ms = ?6,"
                  " decided_by = '', decided_ms = 0, reason = '' WHERE id = ?1",
                  {known->first, value, one.expected.to_string(), one.value.frame.value, open, now_}));
    return {};
  }

  /// Open findings of the day that no rule makes any more.
  Result<void> close_others(Transaction& t) {
    DUHENG_TRY(const auto standing,
               t.all("SELECT id, series_id, at_ms FROM value_findings WHERE gateway_id = ?1 AND device_uid = ?2"
                     " AND day = ?3 AND state = ?4",
                     {source_.gateway, source_.device_uid, day_, open},
                     [](const Row& row) { return std::tuple{row.integer(0), row.id<SeriesId>(1), row.integer(2)}; }));
    for (const auto& [id, of, at] : standing) {
      if (kept_.contains(id)) continue;
      if (is_edited_at(review_.telemetry_, of, at)) {
        DUHENG_CHECK(t.execute("UPDATE value_findings SET state = ?2, decided_ms = ?3 WHERE id = ?1",
                               {id, static_cast<int>(FindingState::edited), now_}));
      } else {
        DUHENG_CHECK(t.execute("DELETE FROM value_findings WHERE id = ?1", {id}));
      }
    }
    return {};
  }

  std::uint64_t added = 0;
  std::uint64_t dropped = 0;

 private:
  static constexpr int open = static_cast<int>(FindingState::open);

  Result<void> add(Transaction& t, const store::Series& of, const store::RuleFinding& one, const std::string& value) {
    DUHENG_TRY(const auto rows, t.integer("SELECT count(*) FROM value_findings"));
    if (rows.value_or(0) >= review_.options_.rows_max) {
      ++dropped;
      return {};
    }
    DUHENG_TRY(
        const std::int64_t id,
        t.insert("INSERT INTO value_findings (series_id, gateway_id, device_uid, register_name, unit, day, at_ms,"
                 " rule, value, expected, frame, state, found_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
                 " ?10, ?11, ?12, ?13) RETURNING id",
                 {of.id, source_.gateway, source_.device_uid, of.register_name, of.unit, day_, one.value.time_utc_ms,
                  static_cast<int>(one.rule), value, one.expected.to_string(), one.value.frame.value, open, now_}));
    kept_.insert(id);
    ++added;
    return {};
  }

  ValueReview& review_;
  const store::Source& source_;
  const std::int32_t day_;
  const std::int64_t now_;
  std::set<std::int64_t> kept_;
};

Result<void> ValueReview::keep(const store::Source& source, const std::vector<store::Series>& series, std::int32_t day,
                               const store::ExaminationOutcome& outcome) {
  Keeper keeper(*this, source, day);
  keeper.dropped = outcome.left_out;
  // Most devices have nothing to tell, on most days: they cost a look and no writing.
  DUHENG_TRY(const bool has_open, has_open_findings(source, day));
  if (has_open || !outcome.findings.empty()) {
    const auto note_all = [&](Transaction& t) -> Result<void> {
      for (const store::RuleFinding& one : outcome.findings) DUHENG_CHECK(keeper.note(t, series[one.series], one));
      return keeper.close_others(t);
    };
    DUHENG_CHECK(database_.write(note_all));
  }
  const std::lock_guard lock{mutex_};
  ++status_.sources_examined;
  status_.findings_noted += keeper.added;
  status_.dropped += keeper.dropped;
  return {};
}

Result<bool> ValueReview::has_open_findings(const store::Source& source, std::int32_t day) {
  DUHENG_TRY(const auto standing, database_.read([&](Transaction& t) {
    return t.integer(
        "SELECT count(*) FROM value_findings WHERE gateway_id = ?1 AND device_uid = ?2 AND day = ?3"
        " AND state = ?4",
        {source.gateway, source.device_uid, day, static_cast<int>(FindingState::open)});
  }));
  return standing.value_or(0) > 0;
}

// --- people --------------------------------------------------------------------------------------------------------

Result<FindingPage> ValueReview::list(const Scope& scope, const FindingQuery& wanted) {
  if (wanted.page < 1 || wanted.page_size < 1 || wanted.page_size > page_size_max)
    return fail(ErrorCode::invalid_argument, "page or page size is out of range");
  const std::string where = " WHERE " + scope.condition("d.organisation_id", "?1") +
                            " AND (?2 IS NULL OR f.state = ?2) AND (?3 IS NULL OR f.rule = ?3)"
                            " AND (?4 IS NULL OR s.device_id = ?4)";
  const auto state = wanted.state ? std::optional{static_cast<int>(*wanted.state)} : std::nullopt;
  const auto rule = wanted.rule ? std::optional{static_cast<int>(*wanted.rule)} : std::nullopt;
  return database_.read([&](Transaction& t) -> Result<FindingPage> {
    FindingPage page;
    DUHENG_TRY(const auto total, t.integer("SELECT count(*)" + std::string(tables) + where,
                                           {scope.parameter_value(), state, rule, wanted.device}));
    page.total = total.value_or(0);
    DUHENG_TRY(page.findings, t.all(std::string(columns) + std::string(tables) + where +
                                        " ORDER BY f.at_ms DESC, f.id DESC LIMIT ?5 OFFSET ?6",
                                    {scope.parameter_value(), state, rule, wanted.device, wanted.page_size,
                                     (wanted.page - 1) * wanted.page_size},
                                    read_finding));
    return page;
  });
}

Result<ValueFinding> ValueReview::get(const Scope& scope, std::int64_t id) {
  DUHENG_TRY(auto found, database_.read([&](Transaction& t) {
    return t.first(std::string(columns) + std::string(tables) + " WHERE " + scope.condition("d.organisation_id", "?1") +
                       " AND f.id = ?2",
                   {scope.parameter_value(), id}, read_finding);
  }));
  if (!found) return fail(ErrorCode::not_found, "no such finding");
  return std::move(*found);
}

Result<void> ValueReview::confirm(const Author& author, std::int64_t id, const std::string& reason) {
  DUHENG_TRY(const ValueFinding finding, get(author.scope, id));
  OperationEntry entry = operation_of(author, "confirm_value", clock_.utc_ms());
  entry.device = finding.device;
  entry.detail =
      std::string(store::to_string(finding.rule)) + " of " + finding.register_name + ": " + finding.value.to_string();
  if (!may_edit_readings(author.role)) {
    entry.outcome = to_string(ErrorCode::forbidden);
    DUHENG_CHECK(database_.write([&](Transaction& t) { return write_operation(t, entry); }));
    return fail(ErrorCode::forbidden, "your role may not decide about readings");
  }
  if (reason.empty() || reason.size() > reason_octets_max)
    return fail(ErrorCode::invalid_argument, "a reason of at most 1000 octets is needed");
  if (is_edited_at(telemetry_, finding.series, finding.time_utc_ms))
    return fail(ErrorCode::conflict, "an edit stands there: withdraw it first");
  return database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_CHECK(
        t.execute("UPDATE value_findings SET state = ?2, decided_by = ?3, decided_ms = ?4, reason = ?5"
                  " WHERE id = ?1",
                  {id, static_cast<int>(FindingState::confirmed), author.name, clock_.utc_ms(), reason}));
    return write_operation(t, entry);
  });
}

Result<void> ValueReview::edited(const Author& author, std::int64_t id, const std::string& reason) {
  return database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_CHECK(
        t.execute("UPDATE value_findings SET state = ?2, decided_by = ?3, decided_ms = ?4, reason = ?5"
                  " WHERE id = ?1",
                  {id, static_cast<int>(FindingState::edited), author.name, clock_.utc_ms(), reason}));
    return {};
  });
}

ReviewStatus ValueReview::status() const {
  const std::lock_guard lock{mutex_};
  return status_;
}

}  // namespace duheng::platform
