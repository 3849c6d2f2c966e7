#pragma once
#include <map>
#include <mutex>
#include <utility>

#include "store/aggregates/aggregate_store.hpp"

namespace duheng::store {

/// Everything in memory: for simulations, and the plain-spoken reference of the contract suite.
class MemoryAggregateStore final : public AggregateStore {
 public:
  [[nodiscard]] Result<void> write(const AggregateWrite& change) override;
  [[nodiscard]] Result<KeeperState> state() const override;
  [[nodiscard]] Result<std::vector<DayRow>> days(SeriesId series, std::int32_t first, std::int32_t last) const override;
  [[nodiscard]] Result<std::optional<DayRow>> last_before(SeriesId series, std::int32_t day) const override;
  [[nodiscard]] Result<std::optional<DayRow>> first_after(SeriesId series, std::int32_t day) const override;
  [[nodiscard]] Result<void> figures(std::int32_t first, std::int32_t last, const OnFigures& sink) const override;
  [[nodiscard]] Result<std::vector<HourRows>> hours(SeriesId series, std::int32_t first,
                                                    std::int32_t last) const override;
  [[nodiscard]] Result<std::vector<RowMaking>> makings(SeriesDay of) const override;
  [[nodiscard]] Result<HourState> hour_state(SeriesId series) const override;
  [[nodiscard]] Result<std::vector<HourState>> hour_states(SeriesSpan span) const override;
  [[nodiscard]] Result<void> drop_hours(SeriesId series, std::int32_t before_day) override;

 private:
  mutable std::mutex mutex_;
  std::map<SeriesDay, AggregateRow> rows_;
  std::map<SeriesDay, std::vector<AggregateRow>> hours_;
  std::map<SeriesId, HourState> hour_states_;
  std::vector<RowMaking> makings_;
  KeeperState state_;
};

}  // namespace duheng::store
