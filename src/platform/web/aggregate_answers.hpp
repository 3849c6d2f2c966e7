#pragma once
#include <atomic>
#include <functional>
#include <memory>

namespace duheng::store {
class AggregateStore;
class CivilCalendar;
class FleetQuestions;
class SeriesAggregates;
}  // namespace duheng::store

namespace duheng::platform::web {

/// What answers questions about hours, days and months, as one piece: all of one file of rows. Whoever holds it keeps
/// that file open, so hold it for one question only.
struct AggregateAnswers {
  const store::CivilCalendar& calendar;
  const store::AggregateStore& rows;
  const store::SeriesAggregates& series;
  const store::FleetQuestions& fleet;
  /// Set by whoever meets damaged rows: they are looked at and made anew.
  std::atomic<bool>& damage_seen;
};
/// Null while the rows are being made anew: try again later.
using AggregateSource = std::function<std::shared_ptr<const AggregateAnswers>()>;

}  // namespace duheng::platform::web
