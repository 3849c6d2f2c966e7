// Hours, days and months of one series.
#include <algorithm>
#include <vector>

#include "platform/exports/bucket_visibility.hpp"
#include "platform/web/aggregate_json.hpp"
#include "platform/web/calibration_marks.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/visibility.hpp"
#include "store/aggregates/bucket_listing.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::int32_t hour_days_max = 40;
constexpr std::int32_t days_max = 3'700;
constexpr std::int32_t month_days_max = 36'600;
constexpr std::int64_t timeout_ms = 15'000;

struct Question {
  const VisibleSeries& found;
  const AggregateAnswers& answers;
  std::int32_t settled_through = 0;
  bool counts_up = false;
  std::vector<store::TimeRange> past_calibration{};
  Json items = Json::array();

  void add(const store::ListedBucket& bucket) {
    const VisiblePart visible = visible_part(found.periods, bucket.row);
    if (!visible.row) return;
    Json item{{"label", bucket.label}, {"provisional", bucket.last_day > settled_through}};
    item.update(row_json(found.series, bucket.row, counts_up, visible.increase));
    item.update(quality_json(bucket.row, found.interval_s * 1'000));
    if (bucket.days_with_values) item["days_with_values"] = *bucket.days_with_values;
    const store::AggregateRow& row = bucket.row;
    if (row.value_count > 0 && touches(past_calibration, row.first.time_utc_ms, row.last.time_utc_ms))
      item["past_calibration"] = true;
    items.push_back(std::move(item));
  }
};

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
  DUHENG_TRY(question.past_calibration, past_calibration(services, found.source, found.series.register_name));
  const store::QueryOptions options{.timeout_ms = timeout_ms, .cancel = {}};
  // Before the question: what comes while it runs may be in the answer, what came before it is.
  const std::uint64_t version = services.telemetry.next_record();
  DUHENG_TRY(const std::vector<store::ListedBucket> buckets,
             told(*answers, store::list_buckets(answers->series, found.series.id, *store::bucket_size_of(by),
                                                {asked.first, asked.last}, options)));
  for (const store::ListedBucket& bucket : buckets) question.add(bucket);
  return json_answer({{"series_id", found.series.id.value},
                      {"register", found.series.register_name},
                      {"unit", found.series.unit},
                      {"counts_up", question.counts_up},
                      {"by", by},
                      {"time_zone", answers->calendar.zone()},
                      {"settled_through", day_or_null(state.settled_through)},
                      {"version", version},
                      {"buckets", std::move(question.items)}});
}

}  // namespace

void add_aggregate_routes(Router& router, ApiServices& services) {
  router.add(Method::get, "/api/v1/series/{series_id}/aggregates", "getAggregates", Permission::any_session(),
             [&services](RequestContext& context) { return series_aggregates(services, context); });
}

}  // namespace duheng::platform::web
