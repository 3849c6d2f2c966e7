// Hours, days and months of one series.
#include <algorithm>
#include <vector>

#include "platform/web/aggregate_json.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/visibility.hpp"
#include "store/aggregates/civil_calendar.hpp"
#include "store/aggregates/series_aggregates.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::int32_t hour_days_max = 40;
constexpr std::int32_t days_max = 3'700;
constexpr std::int32_t month_days_max = 36'600;
constexpr std::int64_t timeout_ms = 15'000;

/// How much of a bucket is the caller's.
struct Visible {
  bool row = false;
  bool increase = false;
};

/// A bucket is shown when nothing in it is another's: it lies in a time that is the caller's, or at least all its
/// values do. Its increase is shown when what it starts from is the caller's too.
Visible visible_part(const std::vector<store::TimeRange>& periods, const store::AggregateRow& row) {
  for (const store::TimeRange& period : periods) {
    const bool begins_inside = period.from_utc_ms <= row.after_utc_ms;
    if (begins_inside && row.through_utc_ms <= period.to_utc_ms) return {true, true};
    if (row.value_count == 0) continue;
    if (period.from_utc_ms <= row.first.time_utc_ms && row.last.time_utc_ms < period.to_utc_ms)
      return {true, begins_inside};
  }
  return {};
}

struct Question {
  const VisibleSeries& found;
  const AggregateAnswers& answers;
  std::int32_t settled_through = 0;
  bool counts_up = false;
  Json items = Json::array();

  /// Adds a bucket; `last_day` decides whether it may still change.
  void add(std::string label, std::int32_t last_day, const store::AggregateRow& row, Json more = Json::object()) {
    const Visible visible = visible_part(found.periods, row);
    if (!visible.row) return;
    Json item{{"label", std::move(label)}, {"provisional", last_day > settled_through}};
    item.update(row_json(found.series, row, counts_up, visible.increase));
    item.update(more);
    items.push_back(std::move(item));
  }
};

Result<void> add_days(Question& question, AskedDays asked, const store::QueryOptions& options) {
  DUHENG_TRY(
      const std::vector<store::DayRow> rows,
      told(question.answers, question.answers.series.days(question.found.series.id, asked.first, asked.last, options)));
  for (const store::DayRow& one : rows) question.add(store::CivilCalendar::format_day(one.day), one.day, one.row);
  return {};
}

Result<void> add_hours(Question& question, AskedDays asked, const store::QueryOptions& options) {
  DUHENG_TRY(const std::vector<store::HourRows> days,
             told(question.answers,
                  question.answers.series.hours(question.found.series.id, asked.first, asked.last, options)));
  for (const store::HourRows& day : days) {
    for (const store::AggregateRow& row : day.hours)
      question.add(store::CivilCalendar::format_day(day.day), day.day, row);
  }
  return {};
}

Result<void> add_months(Question& question, AskedDays asked, const store::QueryOptions& options) {
  using store::CivilCalendar;
  DUHENG_TRY(const std::vector<store::MonthRow> rows,
             told(question.answers,
                  question.answers.series.months(question.found.series.id, CivilCalendar::month_of(asked.first),
                                                 CivilCalendar::month_of(asked.last), options)));
  for (const store::MonthRow& one : rows) {
    const std::string label = CivilCalendar::format_day(CivilCalendar::first_day_of(one.month)).substr(0, 7);
    question.add(label, CivilCalendar::last_day_of(one.month), one.row, {{"days_with_values", one.days_with_values}});
  }
  return {};
}

/// Weeks from Monday, or years: whole ones, as months are.
Result<void> add_spans(Question& question, AskedDays asked, bool weeks, const store::QueryOptions& options) {
  using store::CivilCalendar;
  std::vector<store::DaySpan> spans;
  for (std::int32_t day = asked.first; day <= asked.last; day = spans.back().last + 1) {
    const std::int32_t january = CivilCalendar::month_of(day) / 12 * 12;
    if (weeks) {
      spans.push_back({CivilCalendar::week_begin(day), CivilCalendar::week_begin(day) + 6});
    } else {
      spans.push_back({CivilCalendar::first_day_of(january), CivilCalendar::last_day_of(january + 11)});
    }
  }
  DUHENG_TRY(const std::vector<store::SpanRow> rows,
             told(question.answers, question.answers.series.spans(question.found.series.id, spans, options)));
  for (const store::SpanRow& one : rows) {
    const std::string label =
        weeks ? CivilCalendar::format_week(one.days.first) : CivilCalendar::format_day(one.days.first).substr(0, 4);
    question.add(label, one.days.last, one.row, {{"days_with_values", one.days_with_values}});
  }
  return {};
}

Result<HttpResponse> series_aggregates(ApiServices& services, RequestContext& context) {
  const std::string by = context.query.choice("by", {"hour", "day", "week", "month", "year"}).value_or("day");
  const std::int32_t limit = by == "hour" ? hour_days_max : by == "day" || by == "week" ? days_max : month_days_max;
  DUHENG_TRY(const AskedDays asked, asked_days(context, limit));
  DUHENG_TRY(const VisibleSeries found,
             visible_series(services, *context.caller, SeriesId{context.path_integer("series_id")}));
  DUHENG_TRY(const auto answers, aggregates_of(services));
  DUHENG_TRY(const store::KeeperState state, told(*answers, answers->rows.state()));
  Question question{.found = found,
                    .answers = *answers,
                    .settled_through = state.settled_through,
                    .counts_up = store::default_series_policy(found.series).counts_up};
  const store::QueryOptions options{.timeout_ms = timeout_ms, .cancel = {}};
  if (by == "hour") {
    DUHENG_CHECK(add_hours(question, asked, options));
  } else if (by == "day") {
    DUHENG_CHECK(add_days(question, asked, options));
  } else if (by == "week" || by == "year") {
    DUHENG_CHECK(add_spans(question, asked, by == "week", options));
  } else {
    DUHENG_CHECK(add_months(question, asked, options));
  }
  return json_answer({{"series_id", found.series.id.value},
                      {"register", found.series.register_name},
                      {"unit", found.series.unit},
                      {"counts_up", question.counts_up},
                      {"by", by},
                      {"time_zone", answers->calendar.zone()},
                      {"settled_through", day_or_null(state.settled_through)},
                      {"buckets", std::move(question.items)}});
}

}  // namespace

void add_aggregate_routes(Router& router, ApiServices& services) {
  router.add(Method::get, "/api/v1/series/{series_id}/aggregates", "getAggregates", Permission::any_session(),
             [&services](RequestContext& context) { return series_aggregates(services, context); });
}

}  // namespace duheng::platform::web
