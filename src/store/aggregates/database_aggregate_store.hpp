#pragma once
#include <memory>
#include <string_view>

#include "base/clock.hpp"
#include "store/aggregates/aggregate_store.hpp"
#include "store/records/database.hpp"

namespace duheng::store {

/// Aggregates in tables of a Database: an encrypted SQLite file of their own (records::SqliteDatabase). Rows are kept
/// twice, cut for the two kinds of question: tiles of eight series and a month for "one series, many days", and a
/// day's figures of 1,024 series for "all series, one day". See README.md for why not DuckDB.
class DatabaseAggregateStore final : public AggregateStore {
 public:
  /// Makes the tables when they are missing. `database` must outlive the store. Errors: conflict - the rows there are
  /// of another time zone: days would not fit, start with a new file; unsupported - of a newer release; storage_*.
  [[nodiscard]] static Result<std::unique_ptr<DatabaseAggregateStore>> open(records::Database& database,
                                                                            const Clock& clock,
                                                                            std::string_view iana_zone);

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
  explicit DatabaseAggregateStore(records::Database& database) : database_(database) {}
  records::Database& database_;
};

}  // namespace duheng::store
