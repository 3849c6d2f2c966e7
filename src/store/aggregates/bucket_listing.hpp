#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/aggregates/series_aggregates.hpp"

namespace duheng::store {

/// Stored with exports: append, never renumber.
enum class BucketSize : std::uint8_t { hour = 1, day = 2, week = 3, month = 4, year = 5 };
[[nodiscard]] std::string_view to_string(BucketSize size) noexcept;
[[nodiscard]] std::optional<BucketSize> bucket_size_of(std::string_view name) noexcept;

/// The stretches of days that touch first to last: single days (also for hours), ISO weeks from Monday, civil months,
/// civil years; whole ones, so the first may begin earlier and the last end later. At most `spans_max` of them.
[[nodiscard]] std::vector<DaySpan> bucket_spans(BucketSize size, std::int32_t first, std::int32_t last,
                                                std::size_t spans_max);

struct ListedBucket {
  /// "2026-11-21", also for an hour of it; "2026-W47"; "2026-11"; "2026".
  std::string label;
  std::int32_t last_day = 0;                     ///< while it is not settled, the bucket may still change
  std::optional<std::int32_t> days_with_values;  ///< of weeks, months, years
  AggregateRow row;
};
/// Buckets of one series that touch the days and hold anything, in order. Errors: as SeriesAggregates.
[[nodiscard]] Result<std::vector<ListedBucket>> list_buckets(const SeriesAggregates& series_aggregates, SeriesId series,
                                                             BucketSize size, DaySpan days,
                                                             const QueryOptions& options);

/// Words for aggregate_findings, e.g. "roll_over", "conflict".
[[nodiscard]] std::vector<std::string_view> finding_words(std::uint16_t findings);

/// How many values a bucket should hold at that interval; nothing when none is known, or it is longer than the bucket.
[[nodiscard]] std::optional<std::uint32_t> values_expected(const AggregateRow& row, std::int64_t interval_ms) noexcept;
/// In hundredths of a percent, cut off, so that 100 % is whole; nothing when nothing is expected.
[[nodiscard]] std::optional<std::int64_t> completeness_basis_points(const AggregateRow& row,
                                                                    std::int64_t interval_ms) noexcept;
/// Of the values, how many are estimates, in hundredths of a percent, rounded up, so that 0 % is none; nothing without
/// values.
[[nodiscard]] std::optional<std::int64_t> estimated_basis_points(const AggregateRow& row) noexcept;

}  // namespace duheng::store
