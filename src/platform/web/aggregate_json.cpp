#include "platform/web/aggregate_json.hpp"

#include <array>
#include <string_view>
#include <utility>

#include "base/decimal.hpp"
#include "base/time.hpp"
#include "store/aggregates/aggregate_mean.hpp"
#include "store/aggregates/bucket_listing.hpp"
#include "store/aggregates/civil_calendar.hpp"
#include "store/consumption/exact_amount.hpp"

namespace duheng::platform::web {
namespace {

using store::Int128;

Json mark_json(const store::Series& series, const store::AggregateMark& mark) {
  return {{"time", format_utc(mark.time_utc_ms)},
          {"value", exact_value(mark.mantissa, series.exponent, series.kind, Quality::good)},
          {"quality", to_string(mark.quality)},
          {"frame", mark.frame.value == 0 ? Json(nullptr) : Json(std::to_string(mark.frame.value))}};
}

}  // namespace

Result<std::shared_ptr<const AggregateAnswers>> aggregates_of(const ApiServices& services) {
  if (!services.aggregates) return fail(ErrorCode::unavailable, "no aggregates are kept here");
  auto answers = services.aggregates();
  if (!answers) return fail(ErrorCode::unavailable, "the aggregates are being made anew, try again later");
  return answers;
}

Result<AskedDays> asked_days(RequestContext& context, std::int32_t days_max) {
  const std::string from = context.query.required_date("from");
  const std::string to = context.query.required_date("to");
  DUHENG_CHECK(context.query.finish());
  const auto first = store::CivilCalendar::parse_day(from);
  const auto last = store::CivilCalendar::parse_day(to);
  if (!first || !last) return fail(ErrorCode::invalid_argument, "\"from\" and \"to\" must be days that there are");
  if (*last < *first) return fail(ErrorCode::invalid_argument, "\"from\" must not be after \"to\"");
  if (*first < store::aggregate_limits::first_day_min || *last >= store::aggregate_limits::day_max)
    return fail(ErrorCode::invalid_argument, "days begin with 2000-01-01");
  if (*last - *first >= days_max)
    return fail(ErrorCode::limit_exceeded, "at most " + std::to_string(days_max) + " days at once");
  return AskedDays{*first, *last};
}

Json findings_json(std::uint16_t findings) { return store::finding_words(findings); }

Json day_or_null(std::int32_t day) {
  return day == store::KeeperState::none ? Json(nullptr) : Json(store::CivilCalendar::format_day(day));
}

Json row_json(const store::Series& series, const store::AggregateRow& row, bool counts_up, bool increase_shown) {
  const bool has_values = row.value_count > 0;
  const auto mark = [&](const store::AggregateMark& one) {
    return has_values ? mark_json(series, one) : Json(nullptr);
  };
  const auto amount = [&](Int128 value) {
    return counts_up && increase_shown && has_values ? Json(store::ExactAmount{value, series.exponent, 1}.to_string())
                                                     : Json(nullptr);
  };
  const bool has_mean = has_values && series.kind == SeriesKind::decimal;
  return {
      {"from", format_utc(row.after_utc_ms)},
      {"to", format_utc(row.through_utc_ms)},
      {"values", row.value_count},
      {"without_value", row.without_value_count},
      {"estimated", row.estimated_count},
      {"corrected", row.corrected_count},
      {"findings", findings_json(row.findings)},
      {"first", mark(row.first)},
      {"last", mark(row.last)},
      {"min", mark(row.minimum)},
      {"max", mark(row.maximum)},
      {"mean", has_mean ? Json(store::exact_mean(row.sum, series.exponent, row.value_count)) : Json(nullptr)},
      {"mean_rounded", has_mean ? Json(store::rounded_mean(row.sum, series.exponent, row.value_count)) : Json(nullptr)},
      {"increase", amount(row.increase)},
      {"increase_edited", amount(row.increase_edited)},
      {"longest_silence_s", row.longest_silence_ms / 1'000}};
}

Json quality_json(const store::AggregateRow& row, std::int64_t interval_ms) {
  const auto percent = [](std::optional<std::int64_t> basis_points) {
    return basis_points ? Json(Decimal{*basis_points, -2}.to_string()) : Json(nullptr);
  };
  const auto expected = store::values_expected(row, interval_ms);
  return {{"expected", expected ? Json(*expected) : Json(nullptr)},
          {"completeness", percent(store::completeness_basis_points(row, interval_ms))},
          {"share_estimated", percent(store::estimated_basis_points(row))}};
}

}  // namespace duheng::platform::web
