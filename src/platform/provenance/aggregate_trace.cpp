#include "platform/provenance/aggregate_trace.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "base/decimal.hpp"
#include "base/time.hpp"
#include "store/aggregates/aggregate_mean.hpp"
#include "store/consumption/good_values.hpp"

namespace duheng::platform {
namespace {

using store::AggregateRow;
using store::BucketSize;

constexpr std::int64_t timeout_ms = 30'000;
constexpr std::size_t points_per_page = 20'000;

store::QueryOptions query() { return {.timeout_ms = timeout_ms, .cancel = {}}; }

bool within(const store::TimeRange& range, std::int64_t time_utc_ms) {
  return range.from_utc_ms <= time_utc_ms && time_utc_ms < range.to_utc_ms;
}

std::string mark_text(const store::Series& series, const store::AggregateMark& mark) {
  const std::string value = series.kind == SeriesKind::decimal ? Decimal{mark.mantissa, series.exponent}.to_string()
                                                               : std::to_string(mark.mantissa);
  return fmt::format("{} @ {} ({}, {})", value, format_utc(mark.time_utc_ms), mark.frame.value,
                     to_string(mark.quality));
}

std::string findings_text(std::uint16_t findings) {
  return fmt::format("{}", fmt::join(store::finding_words(findings), " "));
}

void add_marks(const store::Series& series, const AggregateRow& row, std::vector<RowField>& out) {
  if (row.value_count == 0) return;
  out.emplace_back("first", mark_text(series, row.first));
  out.emplace_back("last", mark_text(series, row.last));
  out.emplace_back("min", mark_text(series, row.minimum));
  out.emplace_back("max", mark_text(series, row.maximum));
  if (series.kind == SeriesKind::decimal) {
    out.emplace_back("sum", store::ExactAmount{row.sum, series.exponent, 1}.to_string());
    out.emplace_back("mean", store::exact_mean(row.sum, series.exponent, row.value_count));
  }
}

void add_rules(const store::SeriesPolicy& policy, bool is_joined, std::vector<FigureRule>& out) {
  out.push_back({"bucket", "A value stamped at the end of a bucket belongs to it: (after, through], in civil time.",
                 "时间戳恰在区间末尾的数值属于该区间：（起，止]，按当地民用时间。"});
  out.push_back({"good_values",
                 "Of each time one value counts: an edit in force before what was read, of different readings the one "
                 "that arrived first; none without a usable value or with an implausible time.",
                 "每个时刻只计一个数值：有效的修订优先于读数，多个不同读数取最先到达者；无有效值或时间不可信的不计。"});
  if (policy.counts_up) {
    out.push_back({"increase",
                   "The increase runs from the last good value before the bucket to its last one, step by step.",
                   "增量从区间之前最后一个有效值起，逐步累计至区间内最后一个有效值。"});
    out.push_back({"steps",
                   "A step backwards is a roll-over when the register's digits explain it, otherwise it counts as 0 "
                   "and is a finding; a step too fast counts and is a finding.",
                   "读数倒退：若寄存器位数可以解释则按翻转计，否则按 0 计并记为异常；增长过快照计并记为异常。"});
  }
  if (is_joined)
    out.push_back({"joined", "Joined of its days: counts and increases added, extremes compared, findings united.",
                   "由各日合并：次数与增量相加，极值取比较结果，异常合并。"});
}

/// The points of the bucket, listed and counted; the records that they came in.
struct Points {
  std::vector<UsedReading> readings;
  std::uint64_t count = 0;
  std::set<std::uint64_t> records;
};

Result<Points> points_of(const store::TelemetryStore& telemetry, const AggregateQuestion& question,
                         const AggregateRow& row) {
  Points out;
  const auto take = [&](std::span<const store::Point> versions, const store::GoodValue& good) {
    for (const store::Point& point : versions) {
      if (!within(question.visible, point.time_utc_ms)) continue;
      ++out.count;
      if (point.frame.value != 0) out.records.insert(point.frame.record_number());
      if (out.readings.size() < aggregate_trace_limits::readings_max)
        out.readings.push_back({point, &point == good.point});
    }
  };
  DUHENG_CHECK(store::each_page(telemetry, question.series, {row.after_utc_ms, row.through_utc_ms}, points_per_page,
                                query(), [&](std::span<const store::Point> points) -> Result<void> {
                                  store::for_each_time(points, take);
                                  return {};
                                }));
  return out;
}

RecordsBehind check_records(const store::Journal& journal, const std::set<std::uint64_t>& records) {
  RecordsBehind out;
  out.count = records.size();
  std::size_t looked_at = 0;
  for (const std::uint64_t number : records) {
    if (looked_at++ == aggregate_trace_limits::records_max) {
      out.not_looked_at = records.size() - aggregate_trace_limits::records_max;
      break;
    }
    const auto proof = prove_record(journal, number);
    if (proof && proof->verified()) {
      ++out.verified;
    } else {
      out.unverified.push_back(number);
    }
  }
  return out;
}

Result<std::vector<store::ListedBucket>> find_stretch(const store::SeriesAggregates& aggregates, SeriesId series,
                                                      store::DaySpan days) {
  DUHENG_TRY(const std::vector<store::SpanRow> found, aggregates.spans(series, {&days, 1}, query()));
  std::vector<store::ListedBucket> out;
  for (const store::SpanRow& one : found)
    out.push_back({fmt::format("{}/{}", store::CivilCalendar::format_day(days.first),
                               store::CivilCalendar::format_day(days.last)),
                   days.last, one.days_with_values, one.row});
  return out;
}

Result<std::vector<store::ListedBucket>> list_asked(const store::SeriesAggregates& aggregates,
                                                    const AggregateQuestion& question) {
  if (question.last_day) return find_stretch(aggregates, question.series, {question.day, *question.last_day});
  return store::list_buckets(aggregates, question.series, question.size, {question.day, question.day}, query());
}

Result<void> find_bucket(const store::SeriesAggregates& aggregates, const AggregateQuestion& question,
                         TracedAggregate& out) {
  DUHENG_TRY(std::vector<store::ListedBucket> found, list_asked(aggregates, question));
  std::erase_if(found, [&](const store::ListedBucket& bucket) {
    return !question.last_day && question.size == BucketSize::hour &&
           bucket.row.after_utc_ms != question.hour_after_utc_ms;
  });
  if (found.empty()) return fail(ErrorCode::not_found, "there is nothing in that time");
  out.bucket = std::move(found.front());
  return {};
}

/// The days that the bucket is joined of, and what they come to now.
Result<void> make_again(const store::SeriesAggregates& aggregates, const store::CivilCalendar& calendar,
                        TracedAggregate& out) {
  out.anew = out.bucket.row;
  if (!out.is_stretch && out.size == BucketSize::hour) return {};  // made of the readings just now, or kept for good
  const store::DaySpan span{calendar.day_of(out.bucket.row.after_utc_ms + 1),
                            calendar.day_of(out.bucket.row.through_utc_ms)};
  DUHENG_TRY(out.days, aggregates.check_days(out.series.id, span.first, span.last, query()));
  std::vector<store::DayRow> rows;
  for (const store::CheckedDay& day : out.days) {
    const auto& row = day.standing == store::CheckedDay::Standing::frozen ? day.stored : day.anew;
    if (row) rows.push_back({out.series.id, day.day, *row});
  }
  out.anew = aggregates.join_days(out.series, span, rows).row;
  if (!out.is_stretch && out.size == BucketSize::day) out.anew = rows.empty() ? AggregateRow{} : rows.front().row;
  return {};
}

Result<void> trace_marks(const store::Journal& journal, const store::TelemetryStore& telemetry,
                         const AggregateQuestion& question, TracedAggregate& out) {
  const AggregateRow& row = out.bucket.row;
  std::set<std::int64_t> times;
  if (row.value_count > 0) {
    times = {row.first.time_utc_ms, row.last.time_utc_ms, row.minimum.time_utc_ms, row.maximum.time_utc_ms};
    if (out.policy.counts_up && row.increase_since_utc_ms != AggregateRow::no_time)
      times.insert(row.increase_since_utc_ms);
  }
  for (const std::int64_t time : times) {
    if (!within(question.visible, time)) continue;
    auto value = trace_value(journal, telemetry, question.series, time);
    // A frozen row outlives its readings; an altered one names what never was.
    if (!value && value.error().code == ErrorCode::not_found) continue;
    if (!value) return std::unexpected(value.error());
    out.values.push_back(std::move(*value));
  }
  return {};
}

}  // namespace

std::vector<RowField> row_fields(const store::Series& series, const AggregateRow& row, bool counts_up) {
  std::vector<RowField> out{{"values", std::to_string(row.value_count)},
                            {"without_value", std::to_string(row.without_value_count)},
                            {"estimated", std::to_string(row.estimated_count)},
                            {"corrected", std::to_string(row.corrected_count)},
                            {"quality", to_string(static_cast<Quality>(row.quality_union))},
                            {"findings", findings_text(row.findings)}};
  add_marks(series, row, out);
  if (counts_up) {
    const bool is_known = row.increase_since_utc_ms != AggregateRow::no_time;
    out.emplace_back("increase", store::ExactAmount{row.increase, series.exponent, 1}.to_string());
    out.emplace_back("increase_edited", store::ExactAmount{row.increase_edited, series.exponent, 1}.to_string());
    out.emplace_back("increase_since", is_known ? format_utc(row.increase_since_utc_ms) : "");
  }
  out.emplace_back("slots_expected", std::to_string(row.slots_expected));
  out.emplace_back("slots_present", std::to_string(row.slots_present));
  out.emplace_back("longest_silence_s", std::to_string(row.longest_silence_ms / 1'000));
  return out;
}

std::vector<FieldDifference> row_differences(const store::Series& series, const AggregateRow& stored,
                                             const AggregateRow& anew, bool counts_up) {
  std::vector<FieldDifference> out;
  const std::vector<RowField> before = row_fields(series, stored, counts_up);
  const std::vector<RowField> now = row_fields(series, anew, counts_up);
  const auto value_in = [](const std::vector<RowField>& fields, const std::string& name) {
    const auto found = std::ranges::find(fields, name, &RowField::first);
    return found == fields.end() ? std::string{} : found->second;
  };
  const auto add = [&](const std::string& name) {
    const bool is_told = std::ranges::any_of(out, [&](const FieldDifference& one) { return one.field == name; });
    // A row of an older release does not tell where its increase began.
    if (is_told || (name == "increase_since" && value_in(before, name).empty())) return;
    std::string old_value = value_in(before, name);
    std::string new_value = value_in(now, name);
    if (old_value != new_value) out.push_back({name, std::move(old_value), std::move(new_value)});
  };
  for (const RowField& field : before) add(field.first);
  for (const RowField& field : now) add(field.first);
  return out;
}

bool TracedAggregate::same() const { return store::says_the_same(bucket.row, anew); }

bool TracedAggregate::verified() const {
  return same() && std::ranges::none_of(days, &store::CheckedDay::is_wrong) && records.unverified.empty() &&
         std::ranges::all_of(values, &TracedValue::verified);
}

Result<TracedAggregate> trace_aggregate(const store::Journal& journal, const store::TelemetryStore& telemetry,
                                        const store::SeriesAggregates& aggregates, const store::CivilCalendar& calendar,
                                        const AggregateQuestion& question) {
  TracedAggregate out;
  DUHENG_TRY(auto found, describe_series(telemetry, question.series));
  out.source = std::move(found.first);
  out.series = std::move(found.second);
  out.size = question.size;
  out.is_stretch = question.last_day.has_value();
  out.time_zone = calendar.zone();
  out.policy = aggregates.policy(out.series);
  const bool is_joined = out.is_stretch || (out.size != BucketSize::hour && out.size != BucketSize::day);
  add_rules(out.policy, is_joined, out.rules);
  // Readings come while this goes on: a difference counts when it is there twice.
  for (int attempt = 0; attempt < 2; ++attempt) {
    DUHENG_CHECK(find_bucket(aggregates, question, out));
    DUHENG_CHECK(make_again(aggregates, calendar, out));
    if (out.same()) break;
  }
  DUHENG_TRY(Points points, points_of(telemetry, question, out.bucket.row));
  out.readings = std::move(points.readings);
  out.reading_count = points.count;
  out.records = check_records(journal, points.records);
  DUHENG_CHECK(trace_marks(journal, telemetry, question, out));
  return out;
}

}  // namespace duheng::platform
