#pragma once
#include <vector>

#include "base/bytes.hpp"
#include "crypto/hash.hpp"
#include "store/telemetry/downsampling.hpp"
#include "store/telemetry/reading_row.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::store {

/// The answers to questions about one series, made from its rows. Engines differ in how they find the rows, not in what
/// the rows mean, so the meaning stands here once.

/// Errors: invalid_argument - a range that ends before it begins, or one of no use with `parts` parts (0, or above the
/// limit).
[[nodiscard]] Result<void> check_range(TimeRange range, std::size_t parts, std::size_t parts_max);

/// Rows of one series in their order become points: repeated evidence folded, versions marked. At most
/// versions_of_one_time_max versions of a time are kept, the first ones to arrive.
[[nodiscard]] std::vector<Point> points_of(const std::vector<ReadingRow>& ordered_rows);
/// Keeps at most `points_max` points, but never less than all versions of the first time, nor a part of a time's
/// versions.
void cut_page(PointPage& page, std::size_t points_max);

/// Gathers a curve from rows in any order.
class CurveBuilder {
 public:
  CurveBuilder(TimeRange range, std::size_t buckets, SeriesKind kind);
  void add(const ReadingRow& row);
  [[nodiscard]] std::vector<CurveBucket> finish() &&;

 private:
  [[nodiscard]] bool less(std::int64_t a, std::int64_t b) const noexcept;

  TimeRange range_;
  std::int64_t width_ms_;
  SeriesKind kind_;
  std::vector<CurveBucket> buckets_;
  std::vector<FloatingSum> floating_sums_;  // of ieee_bits only
};

/// Errors: invalid_argument, limit_exceeded. Returns the number of slots.
[[nodiscard]] Result<std::uint64_t> completeness_slots(TimeRange range, std::int64_t interval_ms);
/// `present_slots`: ascending and distinct.
[[nodiscard]] Completeness completeness_of(TimeRange range, std::int64_t interval_ms, std::uint64_t expected,
                                           const std::vector<std::uint64_t>& present_slots);

/// The content digest; the order of calls is part of it.
class ContentDigest {
 public:
  void position(std::uint64_t next_record);
  void source(const Source& source);
  void series(const Series& series);
  void edit(const Edit& edit);
  void row(const ReadingRow& row);
  [[nodiscard]] std::string finish() &&;

 private:
  void flush();
  crypto::Hash256 chain_{};
  Bytes pending_;
};

}  // namespace duheng::store
