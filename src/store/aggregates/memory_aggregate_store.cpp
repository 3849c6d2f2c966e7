#include "store/aggregates/memory_aggregate_store.hpp"

#include <algorithm>

namespace duheng::store {

Result<void> MemoryAggregateStore::write(const AggregateWrite& change) {
  DUHENG_CHECK(check_write(change));
  const std::lock_guard lock(mutex_);
  if (const auto& cleared = change.cleared) {
    std::erase_if(rows_, [&](const auto& entry) {
      const SeriesDay& key = entry.first;
      return key.series >= cleared->series.first && key.series <= cleared->series.last &&
             key.day >= cleared->first_day && key.day <= cleared->last_day;
    });
  }
  for (const SeriesDay& key : change.removed) rows_.erase(key);
  for (const DayRow& row : change.rows) rows_.insert_or_assign({row.series, row.day}, row.row);
  for (const HourRows& rows : change.hours) {
    if (rows.hours.empty()) {
      hours_.erase({rows.series, rows.day});
    } else {
      hours_.insert_or_assign({rows.series, rows.day}, rows.hours);
    }
  }
  for (const HourState& state : change.hour_states) hour_states_.insert_or_assign(state.series, state);
  for (const RowMaking& making : change.makings) {
    std::erase_if(makings_, [&](const RowMaking& other) {
      return other.kind == making.kind && other.first_day == making.first_day && other.last_day == making.last_day &&
             other.series.first == making.series.first && other.series.last == making.series.last;
    });
    makings_.push_back(making);
  }
  if (change.state) state_ = *change.state;
  return {};
}

Result<KeeperState> MemoryAggregateStore::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

Result<std::vector<DayRow>> MemoryAggregateStore::days(SeriesId series, std::int32_t first, std::int32_t last) const {
  const std::lock_guard lock(mutex_);
  std::vector<DayRow> out;
  for (auto at = rows_.lower_bound({series, first}); at != rows_.end() && at->first <= SeriesDay{series, last}; ++at)
    out.push_back({at->first.series, at->first.day, at->second});
  return out;
}

Result<std::optional<DayRow>> MemoryAggregateStore::last_before(SeriesId series, std::int32_t day) const {
  const std::lock_guard lock(mutex_);
  auto at = rows_.lower_bound({series, day});
  while (at != rows_.begin()) {
    --at;
    if (at->first.series != series) return std::nullopt;
    if (at->second.value_count > 0) return DayRow{series, at->first.day, at->second};
  }
  return std::nullopt;
}

Result<std::optional<DayRow>> MemoryAggregateStore::first_after(SeriesId series, std::int32_t day) const {
  const std::lock_guard lock(mutex_);
  for (auto at = rows_.upper_bound({series, day}); at != rows_.end() && at->first.series == series; ++at) {
    if (at->second.value_count > 0) return DayRow{series, at->first.day, at->second};
  }
  return std::nullopt;
}

Result<void> MemoryAggregateStore::figures(std::int32_t first, std::int32_t last, const OnFigures& sink) const {
  std::map<std::int32_t, std::vector<DayFigure>> by_day;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, row] : rows_) {
      if (key.day >= first && key.day <= last) by_day[key.day].push_back(figure_of({key.series, key.day, row}));
    }
  }
  for (const auto& [day, figures] : by_day) DUHENG_CHECK(sink(figures));
  return {};
}

Result<std::vector<HourRows>> MemoryAggregateStore::hours(SeriesId series, std::int32_t first,
                                                          std::int32_t last) const {
  const std::lock_guard lock(mutex_);
  std::vector<HourRows> out;
  for (auto at = hours_.lower_bound({series, first}); at != hours_.end() && at->first <= SeriesDay{series, last}; ++at)
    out.push_back({at->first.series, at->first.day, at->second});
  return out;
}

Result<std::vector<RowMaking>> MemoryAggregateStore::makings(SeriesDay of) const {
  const std::lock_guard lock(mutex_);
  std::vector<RowMaking> out;
  std::ranges::copy_if(makings_, std::back_inserter(out), [&](const RowMaking& making) {
    return making.series.first <= of.series && of.series <= making.series.last && making.first_day <= of.day &&
           of.day <= making.last_day;
  });
  std::ranges::sort(out, {}, [](const RowMaking& making) { return std::pair(making.made_utc_ms, making.kind); });
  return out;
}

Result<HourState> MemoryAggregateStore::hour_state(SeriesId series) const {
  const std::lock_guard lock(mutex_);
  const auto found = hour_states_.find(series);
  return found == hour_states_.end() ? HourState{.series = series} : found->second;
}

Result<std::vector<HourState>> MemoryAggregateStore::hour_states(SeriesSpan span) const {
  const std::lock_guard lock(mutex_);
  std::vector<HourState> out;
  for (auto at = hour_states_.lower_bound(span.first); at != hour_states_.end() && at->first <= span.last; ++at)
    out.push_back(at->second);
  return out;
}

Result<void> MemoryAggregateStore::drop_hours(SeriesId series, std::int32_t before_day) {
  const std::lock_guard lock(mutex_);
  std::erase_if(hours_,
                [&](const auto& entry) { return entry.first.series == series && entry.first.day < before_day; });
  return {};
}

}  // namespace duheng::store
