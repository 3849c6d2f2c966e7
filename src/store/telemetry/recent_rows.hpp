#pragma once
#include <cstdint>
#include <vector>

#include "store/telemetry/telemetry_store.hpp"

namespace duheng::store {

/// Readings applied but not yet written as a run, in order of arrival, each linked to the one before it of the same
/// series: found by series without an index on disk. The owner locks: one adds, many look.
class RecentRows {
 public:
  void add(const std::vector<ReadingRow>& rows);
  void clear();
  [[nodiscard]] std::size_t size() const noexcept { return rows_.size(); }
  [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
  /// Series numbers are below this.
  [[nodiscard]] std::uint32_t series_end() const noexcept { return static_cast<std::uint32_t>(last_.size()); }
  /// Appends the rows of a series within the range, in no particular order.
  void collect(std::uint32_t series, TimeRange range, std::vector<ReadingRow>& out) const;
  /// Replaces `out` by all rows of the series in their order(); empty when there are none.
  void ordered(std::uint32_t series, std::vector<ReadingRow>& out) const;

 private:
  static constexpr std::uint32_t none = 0xFFFF'FFFF;
  std::vector<ReadingRow> rows_;
  std::vector<std::uint32_t> before_;  // by row: the row before it of the same series
  std::vector<std::uint32_t> last_;    // by series number
};

}  // namespace duheng::store
