#include "store/telemetry/recent_rows.hpp"

#include <algorithm>

namespace duheng::store {

void RecentRows::add(const std::vector<ReadingRow>& rows) {
  for (const ReadingRow& row : rows) {
    if (row.series >= last_.size()) last_.resize(std::max<std::size_t>(row.series + std::size_t{1}, 64), none);
    before_.push_back(last_[row.series]);
    last_[row.series] = static_cast<std::uint32_t>(rows_.size());
    rows_.push_back(row);
  }
}

void RecentRows::clear() {
  rows_.clear();
  before_.clear();
  std::ranges::fill(last_, none);
}

void RecentRows::collect(std::uint32_t series, TimeRange range, std::vector<ReadingRow>& out) const {
  if (series >= last_.size()) return;
  for (std::uint32_t at = last_[series]; at != none; at = before_[at]) {
    const ReadingRow& row = rows_[at];
    if (row.time_utc_ms >= range.from_utc_ms && row.time_utc_ms < range.to_utc_ms) out.push_back(row);
  }
}

void RecentRows::ordered(std::uint32_t series, std::vector<ReadingRow>& out) const {
  out.clear();
  if (series >= last_.size()) return;
  for (std::uint32_t at = last_[series]; at != none; at = before_[at]) out.push_back(rows_[at]);
  std::ranges::reverse(out);
  // Readings nearly always arrive in the order of their times.
  if (!std::ranges::is_sorted(out, {}, &ReadingRow::order)) std::ranges::sort(out, {}, &ReadingRow::order);
}

}  // namespace duheng::store
