#pragma once
// For tests only: hours, days and months over a telemetry store, in memory.
#include <atomic>
#include <memory>

#include "base/clock.hpp"
#include "platform/web/aggregate_answers.hpp"
#include "store/aggregates/aggregate_keeper.hpp"
#include "store/aggregates/civil_calendar.hpp"
#include "store/aggregates/fleet_questions.hpp"
#include "store/aggregates/memory_aggregate_store.hpp"
#include "store/aggregates/series_aggregates.hpp"

namespace duheng::platform::web::testing {

class AggregateWorld {
 public:
  AggregateWorld(store::TelemetryStore& telemetry, const Clock& clock)
      : calendar(*store::CivilCalendar::open("Asia/Shanghai")),
        today(calendar.day_of(clock.utc_ms())),
        series_(telemetry, rows_, calendar, clock, store::default_series_policy),
        fleet_(telemetry, rows_, calendar, clock, store::default_series_policy),
        keeper_(telemetry, rows_, calendar, clock, store::default_series_policy, {.first_day = today - 30}) {}

  /// As the platform hands it out; null once `is_open` is false.
  [[nodiscard]] std::shared_ptr<const AggregateAnswers> answers() const {
    if (!is_open) return nullptr;
    return std::shared_ptr<const AggregateAnswers>(std::shared_ptr<void>{}, &answers_);
  }
  /// Does all the keeper's work that is due. False after an error.
  [[nodiscard]] bool settle() {
    while (true) {
      const auto done = keeper_.step();
      if (!done) return false;
      if (*done == store::AggregateKeeper::Work::none) return true;
    }
  }
  [[nodiscard]] std::int64_t at(std::int32_t day, int hour) const {
    return calendar.day(day).after_utc_ms + hour * std::int64_t{3'600'000};
  }

  std::atomic<bool> is_open{true};
  store::CivilCalendar calendar;
  std::int32_t today = 0;

 private:
  store::MemoryAggregateStore rows_;
  store::SeriesAggregates series_;
  store::FleetQuestions fleet_;
  store::AggregateKeeper keeper_;
  mutable std::atomic<bool> damage_seen_{false};
  AggregateAnswers answers_{calendar, rows_, series_, fleet_, damage_seen_};
};

}  // namespace duheng::platform::web::testing
