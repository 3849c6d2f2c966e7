#include "platform/web/aggregate_export_source.hpp"

#include "platform/web/aggregate_json.hpp"

namespace duheng::platform::web {

Result<BucketPage> AggregateExportSource::buckets(SeriesId series, store::BucketSize size, store::DaySpan days,
                                                  const store::QueryOptions& options) const {
  const auto answers = aggregates_ ? aggregates_() : nullptr;
  if (!answers) return fail(ErrorCode::unavailable, "the aggregates are being made anew, try again later");
  BucketPage page;
  page.version = next_record();
  page.zone = answers->calendar.zone();
  DUHENG_TRY(const store::KeeperState state, told(*answers, answers->rows.state()));
  page.settled_through = state.settled_through;
  DUHENG_TRY(page.buckets, told(*answers, store::list_buckets(answers->series, series, size, days, options)));
  return page;
}

}  // namespace duheng::platform::web
