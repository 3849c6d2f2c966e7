#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "store/telemetry/recent_rows.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::store {

/// A table of curve blocks, sorted by series and day and never changed once it stands in the catalogue. Runs in the hot
/// file are what was flushed and what was merged of it; runs in a year's file are sealed.
struct CurveRun {
  std::uint64_t id = 0;
  std::string place;  ///< name of the attached file: "hot", or "year_2026_1"
  std::int64_t day_min = 0;
  std::int64_t day_max = 0;
  std::uint32_t series_min = 0;
  std::uint32_t series_max = 0;
  std::uint64_t blocks = 0;
  std::uint64_t readings = 0;
  std::uint64_t value_bytes = 0;     ///< octets of the values' blocks
  std::uint64_t evidence_bytes = 0;  ///< octets of the evidence's blocks
  std::uint8_t level = 0;            ///< how often its content was merged
  std::uint64_t next_record = 0;     ///< it holds readings of records before this one only

  [[nodiscard]] std::string table() const;
  [[nodiscard]] bool meets(SeriesSpan span, std::int64_t day_first, std::int64_t day_last) const noexcept {
    return series_min <= span.last.value && series_max >= span.first.value && day_min <= day_last &&
           day_max >= day_first;
  }
};

/// The runs that together with the recent rows hold everything. Whoever holds one may read its runs: a run's table is
/// dropped only when nobody holds it any more.
using RunList = std::vector<std::shared_ptr<const CurveRun>>;

/// Days that a half-open range touches; none when the range is empty.
struct DaySpan {
  std::int64_t first = 0;
  std::int64_t last = -1;
  [[nodiscard]] static DaySpan of(TimeRange range) noexcept {
    if (range.from_utc_ms >= range.to_utc_ms) return {};
    return {utc_day_of(range.from_utc_ms), utc_day_of(range.to_utc_ms - 1)};
  }
};

}  // namespace duheng::store
