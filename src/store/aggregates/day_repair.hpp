#pragma once
#include <map>
#include <optional>
#include <vector>

#include "store/aggregates/aggregate_store.hpp"
#include "store/aggregates/civil_calendar.hpp"
#include "store/aggregates/row_maker.hpp"

namespace duheng::store {

/// A day made again.
struct RemadeDay {
  std::optional<AggregateMark> previous;  ///< the last good value before it
  std::optional<AggregateRow> row;        ///< nothing when the day holds nothing any more
};

/// Makes days of a series again after something late or corrected came to them, together with the days whose increase
/// starts from them. Writes nothing: the keeper writes what comes out, a question shows it. The stores must outlive it.
class DayRepair {
 public:
  DayRepair(const AggregateStore& aggregates, const RowMaker& maker, const CivilCalendar& calendar,
            std::int32_t first_day)
      : aggregates_(aggregates), maker_(maker), calendar_(calendar), first_day_(first_day) {}

  struct Bounds {
    std::int32_t settled_through = 0;
    std::int32_t frozen_before = 0;  ///< days before this stay as they are
  };
  struct Outcome {
    std::map<std::int32_t, RemadeDay> days;
    std::uint64_t frozen = 0;  ///< days asked for that had to stay as they are
  };
  [[nodiscard]] Result<Outcome> remake(SeriesId series, const std::vector<std::int32_t>& days, Bounds bounds,
                                       const QueryOptions& options) const;
  /// The last good value before a day: of the rows before it, or before the first row, of the readings.
  [[nodiscard]] Result<std::optional<AggregateMark>> mark_before(SeriesId series, std::int32_t day,
                                                                 const QueryOptions& options) const;

 private:
  using Remade = std::map<std::int32_t, RemadeDay>;
  [[nodiscard]] Result<std::optional<AggregateMark>> mark_before(SeriesId series, const Remade& remade,
                                                                 std::int32_t day, const QueryOptions& options) const;
  [[nodiscard]] Result<bool> remake_day(SeriesId series, Remade& remade, std::int32_t day,
                                        const QueryOptions& options) const;

  const AggregateStore& aggregates_;
  const RowMaker& maker_;
  const CivilCalendar& calendar_;
  std::int32_t first_day_;
};

/// The civil days that changes touch, for each series.
[[nodiscard]] std::map<SeriesId, std::vector<std::int32_t>> civil_days_of(std::span<const ChangedDay> changes,
                                                                          const CivilCalendar& calendar);

}  // namespace duheng::store
