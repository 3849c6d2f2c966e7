#include "store/aggregates/aggregate_row.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>

#include "store/consumption/good_values.hpp"

namespace duheng::store {
namespace {

bool ordered(SeriesKind kind) { return kind == SeriesKind::decimal || kind == SeriesKind::ieee_bits; }

bool less(SeriesKind kind, std::int64_t a, std::int64_t b) {
  return kind == SeriesKind::ieee_bits ? std::bit_cast<double>(a) < std::bit_cast<double>(b) : a < b;
}

std::uint16_t finding_of(StepKind kind) {
  switch (kind) {
    case StepKind::increase:
      return 0;
    case StepKind::roll_over:
      return aggregate_findings::roll_over;
    case StepKind::decrease_unexplained:
      return aggregate_findings::decrease_unexplained;
    case StepKind::increase_implausible:
      return aggregate_findings::increase_implausible;
  }
  return 0;
}

}  // namespace

SeriesPolicy default_series_policy(const Series& series) {
  constexpr std::array<std::string_view, 4> counting{"energy_", "volume_", "heat_energy", "cooling_energy"};
  const bool counts = series.kind == SeriesKind::decimal && std::ranges::any_of(counting, [&](auto prefix) {
                        return series.register_name.starts_with(prefix);
                      });
  return {.counts_up = counts};
}

std::uint32_t slots_in(ConsumptionInterval bucket, std::int64_t interval_ms) noexcept {
  if (interval_ms <= 0) return 0;
  return static_cast<std::uint32_t>((bucket.through_utc_ms - bucket.after_utc_ms + interval_ms - 1) / interval_ms);
}

bool is_over_gap(ConsumptionInterval bucket, EntryStep step) noexcept {
  constexpr std::int64_t hour_ms = 3'600'000;
  const std::int64_t length = bucket.through_utc_ms - bucket.after_utc_ms;
  const bool is_day = length > 20 * hour_ms && length < 28 * hour_ms;  // a change of the clock makes it 23 or 25 h
  const std::int64_t usual = is_day ? 24 * hour_ms : length;
  return bucket.after_utc_ms - step.from_utc_ms >= usual || step.to_utc_ms - step.from_utc_ms > usual + usual / 2;
}

namespace {

void judge_entry(AggregateRow& row) {
  row.findings &= static_cast<std::uint16_t>(~aggregate_findings::over_gap);
  if (row.value_count == 0 || row.increase_since_utc_ms == AggregateRow::no_time) return;
  if (is_over_gap({row.after_utc_ms, row.through_utc_ms}, {row.increase_since_utc_ms, row.first.time_utc_ms}))
    row.findings |= aggregate_findings::over_gap;
}

}  // namespace

void join_next(AggregateRow& total, const AggregateRow& next, SeriesKind kind) {
  const bool had_values = total.value_count > 0;
  if (had_values && next.value_count > 0) {
    total.longest_silence_ms =
        std::max({total.longest_silence_ms, next.longest_silence_ms, next.first.time_utc_ms - total.last.time_utc_ms});
    if (ordered(kind) && less(kind, next.minimum.mantissa, total.minimum.mantissa)) total.minimum = next.minimum;
    if (ordered(kind) && less(kind, total.maximum.mantissa, next.maximum.mantissa)) total.maximum = next.maximum;
    total.last = next.last;
  } else if (next.value_count > 0) {
    total.longest_silence_ms = std::max(next.longest_silence_ms, next.first.time_utc_ms - total.after_utc_ms);
    total.increase_since_utc_ms = next.increase_since_utc_ms;
    total.first = next.first;
    total.last = next.last;
    total.minimum = next.minimum;
    total.maximum = next.maximum;
  } else {
    const std::int64_t since = had_values ? total.last.time_utc_ms : total.after_utc_ms;
    total.longest_silence_ms = std::max(total.longest_silence_ms, next.through_utc_ms - since);
  }
  total.through_utc_ms = next.through_utc_ms;
  total.value_count += next.value_count;
  total.without_value_count += next.without_value_count;
  total.estimated_count += next.estimated_count;
  total.corrected_count += next.corrected_count;
  total.quality_union |= next.quality_union;
  total.findings |= next.findings;
  total.sum += next.sum;
  total.increase += next.increase;
  total.increase_edited += next.increase_edited;
  total.slots_expected += next.slots_expected;
  total.slots_present += next.slots_present;
  judge_entry(total);
}

BucketBuilder::BucketBuilder(SeriesKind kind, const SeriesPolicy& policy, std::span<const ConsumptionInterval> buckets,
                             std::optional<AggregateMark> previous)
    : kind_(kind), policy_(policy), buckets_(buckets), previous_(previous) {}

/// The row of the bucket that holds the time, made when it is the bucket's first; null outside all buckets.
AggregateRow* BucketBuilder::row_at(std::int64_t time_utc_ms) {
  while (bucket_ < buckets_.size() && time_utc_ms > buckets_[bucket_].through_utc_ms) ++bucket_;
  if (bucket_ == buckets_.size() || time_utc_ms <= buckets_[bucket_].after_utc_ms) return nullptr;
  if (rows_.empty() || rows_.back().bucket != bucket_) {
    close_row();
    const ConsumptionInterval& bucket = buckets_[bucket_];
    BucketRow& added = rows_.emplace_back();
    added.bucket = bucket_;
    added.row.after_utc_ms = bucket.after_utc_ms;
    added.row.through_utc_ms = bucket.through_utc_ms;
    added.row.slots_expected = slots_in(bucket, policy_.interval_ms);
    last_slot_ = -1;
    silent_since_utc_ms_ = bucket.after_utc_ms;
  }
  return &rows_.back().row;
}

void BucketBuilder::close_row() {
  if (rows_.empty()) return;
  AggregateRow& row = rows_.back().row;
  row.longest_silence_ms = std::max(row.longest_silence_ms, row.through_utc_ms - silent_since_utc_ms_);
  judge_entry(row);
}

void BucketBuilder::add_extremes(AggregateRow& row, const AggregateMark& mark) const {
  row.last = mark;
  if (row.value_count == 0) {
    row.first = row.minimum = row.maximum = mark;
  } else if (ordered(kind_)) {
    if (less(kind_, mark.mantissa, row.minimum.mantissa)) row.minimum = mark;
    if (less(kind_, row.maximum.mantissa, mark.mantissa)) row.maximum = mark;
  }
}

void BucketBuilder::add_increase(AggregateRow& row, const AggregateMark& mark) {
  if (!previous_) {
    row.findings |= aggregate_findings::no_start_value;
    return;
  }
  if (row.value_count == 0) row.increase_since_utc_ms = previous_->time_utc_ms;
  const Step step = judge_step({previous_->time_utc_ms, previous_->mantissa, previous_->quality},
                               {mark.time_utc_ms, mark.mantissa, mark.quality}, policy_.rule);
  row.findings |= finding_of(step.kind);
  row.increase += step.amount;
  if (is_edited(previous_->quality | mark.quality)) row.increase_edited += step.amount;
}

void BucketBuilder::add_value(AggregateRow& row, const Point& point, bool conflict) {
  const AggregateMark mark{point.time_utc_ms, point.mantissa, point.frame, point.quality};
  if (conflict) row.findings |= aggregate_findings::conflict;
  if (policy_.counts_up && kind_ == SeriesKind::decimal) add_increase(row, mark);
  add_extremes(row, mark);
  ++row.value_count;
  if (has(point.quality, Quality::estimated)) ++row.estimated_count;
  if (has(point.quality, Quality::corrected)) ++row.corrected_count;
  if (kind_ == SeriesKind::decimal) row.sum += point.mantissa;
  if (policy_.interval_ms > 0) {
    const std::int64_t slot = (point.time_utc_ms - row.after_utc_ms - 1) / policy_.interval_ms;
    if (slot != last_slot_) ++row.slots_present;
    last_slot_ = slot;
  }
  row.longest_silence_ms = std::max(row.longest_silence_ms, point.time_utc_ms - silent_since_utc_ms_);
  silent_since_utc_ms_ = point.time_utc_ms;
  previous_ = mark;
}

void BucketBuilder::add(std::span<const Point> points) {
  for_each_time(points, [this](std::span<const Point> versions, const GoodValue& good) {
    const bool implausible =
        std::ranges::all_of(versions, [](const Point& point) { return has(point.quality, Quality::time_implausible); });
    if (implausible) return;
    AggregateRow* row = row_at(versions.front().time_utc_ms);
    if (row == nullptr) return;
    for (const Point& point : versions) row->quality_union |= static_cast<std::uint16_t>(point.quality);
    const bool no_number = good.point != nullptr && kind_ == SeriesKind::ieee_bits &&
                           std::isnan(std::bit_cast<double>(good.point->mantissa));
    if (good.point == nullptr || no_number) {
      ++row->without_value_count;
    } else {
      add_value(*row, *good.point, good.conflict);
    }
  });
}

std::vector<BucketRow> BucketBuilder::finish() && {
  close_row();
  return std::move(rows_);
}

void points_of_rows(std::span<const ReadingRow> rows, std::vector<Point>& out) {
  out.clear();
  std::size_t group = 0;  // the first point of the time being gathered
  for (const ReadingRow& row : rows) {
    if (out.size() > group && out[group].time_utc_ms != row.time_utc_ms) group = out.size();
    const auto known =
        std::find_if(out.begin() + static_cast<std::ptrdiff_t>(group), out.end(), [&](const Point& point) {
          return same_value(row.mantissa, row.quality, point.mantissa, static_cast<std::uint16_t>(point.quality));
        });
    if (known != out.end()) {
      ++known->evidence_count;
      continue;
    }
    if (out.size() - group == telemetry_limits::versions_of_one_time_max) continue;
    Point point;
    point.time_utc_ms = row.time_utc_ms;
    point.mantissa = row.mantissa;
    point.quality = static_cast<Quality>(row.quality);
    point.time_source = static_cast<TimeSource>(row.time_source);
    point.frame = FrameReference{row.frame};
    point.received_utc_ms = row.received_utc_ms;
    out.push_back(point);
  }
}

}  // namespace duheng::store
