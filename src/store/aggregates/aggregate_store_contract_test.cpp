// One suite for every store of aggregates; the last test holds them against one another.
#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "store/aggregates/database_aggregate_store.hpp"
#include "store/aggregates/memory_aggregate_store.hpp"
#include "store/records/test_database.hpp"

namespace duheng::store {
namespace {

constexpr std::int32_t today = 20'400;

AggregateRow row_with(std::uint32_t values, std::int64_t increase) {
  AggregateRow row;
  row.value_count = values;
  row.increase = increase;
  row.first.mantissa = values == 0 ? 0 : increase;
  row.minimum = row.maximum = row.last = row.first;
  return row;
}

struct Engine {
  virtual ~Engine() = default;
  virtual AggregateStore& store() = 0;
  /// As after an end of the program.
  virtual void reopen() {}
};
struct MemoryEngine final : Engine {
  AggregateStore& store() override { return memory; }
  MemoryAggregateStore memory;
};
struct DatabaseEngine final : Engine {
  DatabaseEngine() { reopen(); }
  AggregateStore& store() override { return *opened; }
  void reopen() override {
    opened.reset();
    auto got = DatabaseAggregateStore::open(*database, database.clock, "Asia/Shanghai");
    if (!got) throw std::runtime_error(got.error().message);
    opened = std::move(*got);
  }
  records::TestDatabase database;
  std::unique_ptr<DatabaseAggregateStore> opened;
};
std::unique_ptr<Engine> make_engine(bool database) {
  if (database) return std::make_unique<DatabaseEngine>();
  return std::make_unique<MemoryEngine>();
}

class AggregateStoreContract : public ::testing::TestWithParam<bool> {
 protected:
  AggregateStore& store() { return engine_->store(); }
  void write(const AggregateWrite& change) {
    const auto written = store().write(change);
    ASSERT_TRUE(written) << written.error().message;
  }
  std::unique_ptr<Engine> engine_ = make_engine(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Stores, AggregateStoreContract, ::testing::Bool(),
                         [](const auto& parameter) { return parameter.param ? "Database" : "Memory"; });

TEST_P(AggregateStoreContract, TellsWhenRowsWereMadeAndOfWhat) {
  const RowMaking sweep{{SeriesId{1}, SeriesId{1'024}}, today - 30, today - 1, RowMaking::Kind::settled, 5'000, 17};
  const RowMaking change{{SeriesId{7}, SeriesId{7}}, today - 3, today - 3, RowMaking::Kind::changed, 9'000, 20};
  AggregateWrite both;
  both.makings = {change, sweep};
  write(both);
  EXPECT_EQ(*store().makings({SeriesId{7}, today - 3}), (std::vector{sweep, change})) << "by time";
  EXPECT_EQ(*store().makings({SeriesId{8}, today - 3}), std::vector{sweep});
  EXPECT_EQ(*store().makings({SeriesId{7}, today - 30}), std::vector{sweep});
  EXPECT_TRUE(store().makings({SeriesId{7}, today})->empty());
  EXPECT_TRUE(store().makings({SeriesId{1'025}, today - 3})->empty());
  AggregateWrite again;
  again.makings = {sweep};
  again.makings[0].made_utc_ms = 6'000;
  write(again);
  engine_->reopen();
  EXPECT_EQ(*store().makings({SeriesId{8}, today - 3}), again.makings) << "in the place of the one before";
  AggregateWrite bad;
  bad.makings = {sweep};
  bad.makings[0].first_day = today - 400;
  EXPECT_EQ(store().write(bad).error().code, ErrorCode::invalid_argument);
}

TEST_P(AggregateStoreContract, KeepsRowsByDay) {
  write({.rows = {{SeriesId{3}, today, row_with(5, 50)},
                  {SeriesId{3}, today - 400, row_with(6, 60)},
                  {SeriesId{4}, today, row_with(7, 70)}}});
  engine_->reopen();
  const auto rows = *store().days(SeriesId{3}, today - 1'000, today);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].day, today - 400);
  EXPECT_EQ(rows[1].row, row_with(5, 50));
  EXPECT_TRUE(store().days(SeriesId{3}, today + 1, today + 9)->empty());
  EXPECT_TRUE(store().days(SeriesId{3}, today, today - 1)->empty());
  EXPECT_EQ(store().days(SeriesId{3}, today, today)->size(), 1U);
}

TEST_P(AggregateStoreContract, FindsNeighboursWithValues) {
  write({.rows = {{SeriesId{3}, today - 900, row_with(6, 60)},
                  {SeriesId{3}, today - 5, row_with(0, 0)},
                  {SeriesId{3}, today, row_with(5, 50)},
                  {SeriesId{2}, today - 1, row_with(5, 51)}}});
  EXPECT_EQ((*store().last_before(SeriesId{3}, today))->day, today - 900);
  EXPECT_EQ((*store().last_before(SeriesId{3}, today + 40))->day, today);
  EXPECT_FALSE(*store().last_before(SeriesId{3}, today - 900));
  EXPECT_EQ((*store().first_after(SeriesId{3}, today - 900))->day, today);
  EXPECT_FALSE(*store().first_after(SeriesId{3}, today));
  EXPECT_FALSE(*store().last_before(SeriesId{99}, today));
}

TEST_P(AggregateStoreContract, GivesTheFiguresOfAllSeriesByDay) {
  AggregateWrite change;
  for (std::int64_t series = 3'000; series >= 1; series -= 7) {
    change.rows.push_back({SeriesId{series}, today, row_with(5, series)});
    change.rows.push_back({SeriesId{series}, today - 1, row_with(6, 2 * series)});
  }
  write(change);
  std::vector<DayFigure> figures;
  ASSERT_TRUE(store().figures(today - 1, today, [&](std::span<const DayFigure> part) -> Result<void> {
    figures.insert(figures.end(), part.begin(), part.end());
    return {};
  }));
  ASSERT_EQ(figures.size(), change.rows.size());
  EXPECT_TRUE(std::ranges::is_sorted(figures, {}, [](const DayFigure& f) { return std::pair(f.day, f.series); }));
  EXPECT_EQ(figures.back(), figure_of({SeriesId{3'000}, today, row_with(5, 3'000)}));
  const auto stopped = store().figures(
      today, today, [](std::span<const DayFigure>) -> Result<void> { return fail(ErrorCode::cancelled, "enough"); });
  EXPECT_EQ(stopped.error().code, ErrorCode::cancelled);
}

TEST_P(AggregateStoreContract, ClearsThenRemovesThenWrites) {
  AggregateWrite all;
  for (std::int64_t series = 1; series <= 40; ++series) {
    for (std::int32_t day = today - 40; day <= today; ++day)
      all.rows.push_back({SeriesId{series}, day, row_with(1, 1)});
  }
  write(all);
  write({.cleared = AggregateWrite::Cleared{{SeriesId{5}, SeriesId{20}}, today - 35, today - 2},
         .removed = {{SeriesId{5}, today}, {SeriesId{5}, today - 1}},
         .rows = {{SeriesId{5}, today, row_with(2, 9)}, {SeriesId{7}, today - 10, row_with(3, 9)}}});
  EXPECT_EQ(store().days(SeriesId{4}, today - 99, today)->size(), 41U);
  EXPECT_EQ(store().days(SeriesId{21}, today - 99, today)->size(), 41U);
  EXPECT_EQ(store().days(SeriesId{20}, today - 99, today)->size(), 7U);
  EXPECT_EQ(store().days(SeriesId{5}, today - 99, today)->size(), 6U);
  EXPECT_EQ((*store().days(SeriesId{5}, today, today))[0].row, row_with(2, 9));
  EXPECT_EQ(store().days(SeriesId{7}, today - 99, today)->size(), 8U);
  std::size_t figures = 0;
  ASSERT_TRUE(store().figures(today - 10, today - 10, [&](std::span<const DayFigure> part) -> Result<void> {
    figures += part.size();
    return {};
  }));
  EXPECT_EQ(figures, 40U - 16U + 1U);
}

TEST_P(AggregateStoreContract, RemembersWhereTheKeeperStands) {
  EXPECT_EQ(*store().state(), KeeperState{});
  const KeeperState state{today, today + 1, today - 3, today, true, 1'025, 5'000};
  write({.state = state});
  engine_->reopen();
  EXPECT_EQ(*store().state(), state);
}

TEST_P(AggregateStoreContract, KeepsHoursAndHowFarTheyGo) {
  const std::vector<AggregateRow> hours{row_with(4, 10), row_with(4, 20)};
  write({.hours = {{SeriesId{3}, today, hours}, {SeriesId{3}, today - 1, hours}, {SeriesId{4}, today, hours}},
         .hour_states = {{SeriesId{3}, today, today - 9}}});
  engine_->reopen();
  EXPECT_EQ(store().hours(SeriesId{3}, today - 9, today)->size(), 2U);
  EXPECT_EQ((*store().hours(SeriesId{3}, today, today))[0].hours, hours);
  EXPECT_EQ(*store().hour_state(SeriesId{3}), (HourState{SeriesId{3}, today, today - 9}));
  EXPECT_EQ(*store().hour_state(SeriesId{4}), (HourState{.series = SeriesId{4}}));
  EXPECT_EQ(store().hour_states({SeriesId{1}, SeriesId{9}})->size(), 1U);
  EXPECT_TRUE(store().hour_states({SeriesId{4}, SeriesId{9}})->empty());
  ASSERT_TRUE(store().drop_hours(SeriesId{3}, today));
  EXPECT_EQ(store().hours(SeriesId{3}, today - 9, today)->size(), 1U);
  EXPECT_EQ(store().hours(SeriesId{4}, today - 9, today)->size(), 1U);
  write({.hours = {{SeriesId{3}, today, {}}}});
  EXPECT_TRUE(store().hours(SeriesId{3}, today - 9, today)->empty());
}

TEST_P(AggregateStoreContract, RefusesWhatIsOutOfLimits) {
  EXPECT_EQ(store().write({.rows = {{SeriesId{0}, today, {}}}}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(store().write({.rows = {{SeriesId{1}, 5, {}}}}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(store().write({.removed = {{SeriesId{1}, aggregate_limits::day_max}}}).error().code,
            ErrorCode::invalid_argument);
}

TEST(DatabaseAggregateStore, RefusesRowsOfAnotherZone) {
  records::TestDatabase database;
  ASSERT_TRUE(DatabaseAggregateStore::open(*database, database.clock, "Asia/Shanghai"));
  EXPECT_EQ(DatabaseAggregateStore::open(*database, database.clock, "Europe/Berlin").error().code, ErrorCode::conflict);
}

RC_GTEST_PROP(AggregateStoreProperty, AllStoresAnswerAlike, ()) {
  MemoryEngine memory;
  static DatabaseEngine database;  // one file for all cases, emptied: making one takes longer than a case
  const AggregateWrite::Cleared everything{{SeriesId{1}, SeriesId{1'025}}, today - 100, today};
  RC_ASSERT(database.store().write({.cleared = everything}).has_value());
  const auto any_day = [] { return today - *rc::gen::inRange(0, 70); };
  const auto any_series = [] { return SeriesId{*rc::gen::element<std::int64_t>(1, 2, 8, 9, 1'024, 1'025)}; };
  for (int step = *rc::gen::inRange(1, 12); step > 0; --step) {
    AggregateWrite change;
    if (*rc::gen::inRange(0, 3) == 0) {
      const auto a = any_series();
      const auto b = any_series();
      const auto x = any_day();
      const auto y = any_day();
      change.cleared = AggregateWrite::Cleared{{std::min(a, b), std::max(a, b)}, std::min(x, y), std::max(x, y)};
    }
    for (int i = *rc::gen::inRange(0, 3); i > 0; --i) change.removed.push_back({any_series(), any_day()});
    for (int i = *rc::gen::inRange(0, 9); i > 0; --i)
      change.rows.push_back(
          {any_series(), any_day(), row_with(*rc::gen::inRange<std::uint32_t>(0, 3), *rc::gen::inRange(0, 1'000))});
    RC_ASSERT(memory.store().write(change).has_value());
    RC_ASSERT(database.store().write(change).has_value());
  }
  for (int i = 0; i < 20; ++i) {
    const auto series = any_series();
    const auto day = any_day();
    RC_ASSERT(*memory.store().days(series, day, day + 30) == *database.store().days(series, day, day + 30));
    RC_ASSERT(*memory.store().last_before(series, day) == *database.store().last_before(series, day));
    RC_ASSERT(*memory.store().first_after(series, day) == *database.store().first_after(series, day));
  }
  const auto figures = [](const AggregateStore& store) {
    std::vector<DayFigure> out;
    const auto add = [&](std::span<const DayFigure> part) -> Result<void> {
      out.insert(out.end(), part.begin(), part.end());
      return {};
    };
    RC_ASSERT(store.figures(today - 80, today, add).has_value());
    return out;
  };
  RC_ASSERT(figures(memory.store()) == figures(database.store()));
}

}  // namespace
}  // namespace duheng::store
