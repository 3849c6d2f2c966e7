#include "platform/web/figure_answers.hpp"

#include <algorithm>

#include "platform/points/metering_points.hpp"
#include "platform/web/aggregate_json.hpp"
#include "platform/web/point_chains.hpp"
#include "store/aggregates/series_aggregates.hpp"

namespace duheng::platform::web {
namespace {

/// As of the questions about a fleet.
constexpr std::int32_t stretch_days_max = 400;
/// Days a question about a point may reach over.
constexpr std::int64_t interval_ms_max = std::int64_t{3'700} * 86'400'000;

/// The link of the point behind a link of its chain of series: the one in whose time it begins.
LinkFacts facts_of(const std::vector<PointLink>& links, const store::ChainLink& piece) {
  for (auto link = links.rbegin(); link != links.rend(); ++link) {
    if (link->from_utc_ms <= piece.from_utc_ms) return {link->device_name, link->device_address};
  }
  return {};
}

Result<PointQuestion> point_question(ApiServices& services, RequestContext& context, const FigureQuestion& question) {
  if (services.points == nullptr) return fail(ErrorCode::unavailable, "no metering points are kept here");
  const Scope scope = context.caller->scope();
  const PointId id{*question.point};
  PointQuestion out;
  DUHENG_TRY(const MeteringPoint point, services.points->get(scope, id));
  DUHENG_TRY(const std::vector<PointLink> links, services.points->chain(scope, id));
  DUHENG_TRY(const std::vector<PointEvent> events, services.points->events(scope, id));
  out.point_name = point.details.name;
  out.register_name = question.register_name.empty() ? usual_register(links) : question.register_name;
  if (out.register_name.empty()) return fail(ErrorCode::not_found, "nothing was ever installed at this point");
  DUHENG_TRY(ResolvedChain resolved, resolve_point_chain(services, links, out.register_name));
  if (resolved.chain.links.empty()) return fail(ErrorCode::not_found, "nothing of this register was ever read");
  for (const store::ChainLink& piece : resolved.chain.links) out.facts.push_back(facts_of(links, piece));
  out.chain = std::move(resolved.chain);
  for (const PointEvent& event : events)
    out.events.push_back({event.at_utc_ms, event.made_utc_ms, event.author, event.action, event.reason});
  out.options.gap_ms = point_gap_ms(services, links);
  out.options.remarks_max = 100;
  return out;
}

Result<AggregateQuestion> aggregate_question(const FigureQuestion& question, SeriesId series) {
  AggregateQuestion out;
  out.series = series;
  out.hour_after_utc_ms = question.after_utc_ms.value_or(0);
  DUHENG_TRY(out.day, store::CivilCalendar::parse_day(question.day));
  if (question.last_day.empty()) {
    out.size = *store::bucket_size_of(*question.bucket);
    return out;
  }
  DUHENG_TRY(const std::int32_t last, store::CivilCalendar::parse_day(question.last_day));
  if (last < out.day || last - out.day >= stretch_days_max)
    return fail(ErrorCode::invalid_argument, "last_day lies before day, or more than 400 days after it");
  out.last_day = last;
  return out;
}

}  // namespace

std::optional<store::TimeRange> covering_period(const VisibleSeries& visible, std::int64_t from_utc_ms,
                                                std::int64_t to_utc_ms) {
  const auto found = std::ranges::find_if(visible.periods, [&](const store::TimeRange& period) {
    return period.from_utc_ms <= from_utc_ms && to_utc_ms < period.to_utc_ms;
  });
  if (found == visible.periods.end()) return std::nullopt;
  return *found;
}

Result<HttpResponse> aggregate_figure(ApiServices& services, RequestContext& context, const FigureQuestion& question,
                                      const VisibleSeries& visible) {
  DUHENG_TRY(const auto answers, aggregates_of(services));
  DUHENG_TRY(AggregateQuestion asked, aggregate_question(question, visible.series.id));
  const store::DaySpan days = asked.last_day ? store::DaySpan{asked.day, *asked.last_day}
                                             : store::bucket_spans(asked.size, asked.day, asked.day, 1).front();
  const bool in_limits =
      days.first >= store::aggregate_limits::first_day_min && days.last < store::aggregate_limits::day_max;
  if (!in_limits) return std::unexpected(no_such_figure());
  const store::CivilCalendar& calendar = answers->calendar;
  // What is yet to come is nobody's: the bucket of today reaches up to now.
  const std::int64_t begin = calendar.day(days.first).after_utc_ms;
  const std::int64_t end = std::min(calendar.day(days.last).through_utc_ms, services.clock.utc_ms());
  const auto period = covering_period(visible, begin, std::max(begin, end));
  if (!period) return std::unexpected(no_such_figure());
  asked.visible = *period;
  DUHENG_TRY(const TracedAggregate traced,
             told(*answers, trace_aggregate(services.journal, services.telemetry, answers->series, calendar, asked)));
  return traced_answer(traced, question, context);
}

Result<HttpResponse> point_figure(ApiServices& services, RequestContext& context, const FigureQuestion& question) {
  DUHENG_TRY(PointQuestion asked, point_question(services, context, question));
  const std::int64_t after = *question.after_utc_ms;
  if (*question.through_utc_ms - after > interval_ms_max)
    return fail(ErrorCode::limit_exceeded, "at most ten years at once");
  // What is yet to come is not missing.
  asked.interval = {after, std::min(*question.through_utc_ms, std::max(after, services.clock.utc_ms()))};
  DUHENG_TRY(const TracedPoint traced, trace_point(services.journal, services.telemetry, std::move(asked)));
  return traced_answer(traced, question, context);
}

}  // namespace duheng::platform::web
