#pragma once
#include <map>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "model/edit.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::store {

/// All edits of all series, in memory: people and rules edit few values. Thread-safe.
class EditBook {
 public:
  void enter(SeriesId series, Edit edit);
  [[nodiscard]] std::size_t size() const;
  /// All of all series, by journal record, series and time.
  [[nodiscard]] std::vector<Edit> all() const;
  /// In the order of arrival.
  [[nodiscard]] std::vector<Edit> edits(SeriesId series, TimeRange range) const;
  [[nodiscard]] std::vector<Edit> edits_at(SeriesId series, std::int64_t time_utc_ms) const;
  /// Lets the edits in force stand in `points`, which hold everything read in `range`, by time: corrections replace the
  /// value, estimates stand where nothing with a value was read.
  void apply_to(SeriesId series, TimeRange range, std::vector<Point>& points) const;
  /// The same for rows, which stay as they are when no edit stands in the range.
  void apply_to_rows(SeriesId series, TimeRange range, std::vector<ReadingRow>& ordered_rows) const;

 private:
  using ByTime = std::multimap<std::int64_t, Edit>;  // equal times keep their order of arrival
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::int64_t, ByTime> by_series_;
  std::size_t size_ = 0;
};

/// What the edits of one time, in the order of their arrival, say at last; nothing when the value read stands.
[[nodiscard]] const Edit* edit_in_force(const std::vector<const Edit*>& edits) noexcept;

/// The history of one time: what was read, then the edits, each with whether it is in force. `read`: the points of
/// exactly that time, edits not applied.
[[nodiscard]] std::vector<PointVersion> versions_of(const std::vector<Point>& read, const std::vector<Edit>& edits);

}  // namespace duheng::store
