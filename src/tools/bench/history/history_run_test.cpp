// The benchmark's own side works: a small run ends, every answer it checks is right, and a wrong one would be found.
#include "tools/bench/history/history_run.hpp"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>

namespace duheng::tools {
namespace {

std::vector<store::ReadingRow> rows_of(const HistoryWorld& world, std::uint32_t meter, bool with_late) {
  std::vector<store::ReadingRow> out;
  for (std::uint32_t step = 0; step < world.steps(); ++step) {
    if (!with_late && world.is_late(meter, step)) continue;
    store::ReadingRow row;
    row.time_utc_ms = HistoryWorld::time_utc_ms(step);
    row.mantissa = HistoryWorld::value(meter, step);
    out.push_back(row);
  }
  return out;
}

TEST(HistoryWorld, RegistersNeverFallAndALateDayEndsItsMonth) {
  const HistoryWorld world(30, 100);
  for (const std::uint32_t meter : {0U, 16U, 29U}) {
    for (std::uint32_t step = 1; step < world.steps(); ++step)
      ASSERT_GT(HistoryWorld::value(meter, step), HistoryWorld::value(meter, step - 1));
  }
  EXPECT_EQ(store::CivilCalendar::format_day(world.late_day()), "2020-01-31");
  EXPECT_EQ(store::CivilCalendar::format_day(HistoryWorld(1, 1'827).late_day()), "2021-07-31");
  std::uint64_t late = 0;
  for (std::uint32_t meter = 0; meter < 30; ++meter) {
    for (std::uint32_t step = 0; step < world.steps(); ++step) late += world.is_late(meter, step) ? 1 : 0;
  }
  EXPECT_EQ(late, world.late_readings());
}

TEST(OrderCheck, FindsWhatIsWrongMissingOrOutOfOrder) {
  const HistoryWorld world(11, 60);
  const auto outcome = [&](std::vector<store::ReadingRow> rows, bool with_late) -> Result<void> {
    OrderCheck check(world, 10, with_late);
    const std::span all{rows};
    DUHENG_CHECK(check.add(all.first(rows.size() / 2)));
    DUHENG_CHECK(check.add(all.subspan(rows.size() / 2)));
    return check.finish();
  };
  EXPECT_TRUE(outcome(rows_of(world, 10, true), true));
  EXPECT_TRUE(outcome(rows_of(world, 10, false), false));
  EXPECT_FALSE(outcome(rows_of(world, 10, false), true)) << "what is late is missing";
  EXPECT_FALSE(outcome(rows_of(world, 10, true), false)) << "what is late is there already";
  auto rows = rows_of(world, 10, true);
  std::swap(rows[40], rows[41]);
  EXPECT_FALSE(outcome(rows, true));
  rows = rows_of(world, 10, true);
  ++rows[77].mantissa;
  EXPECT_FALSE(outcome(rows, true));
  rows = rows_of(world, 10, true);
  rows.insert(rows.begin() + 5, rows[5]);
  EXPECT_FALSE(outcome(rows, true)) << "twice";
  rows = rows_of(world, 10, true);
  rows.pop_back();
  EXPECT_FALSE(outcome(rows, true));
}

TEST(HistoryRun, MeasuresAndChecksEverything) {
  std::string directory = (std::filesystem::temp_directory_path() / "duheng_history_run_XXXXXX").string();
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  const HistoryRunOptions options{
      .meters = 13, .days = 100, .directory = directory, .series_asked = 5, .times_asked = 1};
  HistoryFigures figures;
  {
    HistoryRun run(options, figures);
    const auto done = run.run();
    ASSERT_TRUE(done) << done.error().message;
  }
  EXPECT_EQ(figures.readings, 13 * 100 * 96 - 2 * 96);
  EXPECT_EQ(figures.late_readings, 2 * 96);
  EXPECT_GT(figures.load_readings_per_s, 0);
  for (const HistoryPhase& phase : {figures.before, figures.after}) {
    EXPECT_GT(phase.bytes_per_reading, 0);
    EXPECT_GT(phase.day_ms.median, 0);
    EXPECT_GT(phase.all_years_ms.median, 0);
    EXPECT_GT(phase.scan_readings_per_s, 0);
  }
  EXPECT_EQ(figures.before.sealed_bytes_per_reading, 0);
  EXPECT_GT(figures.after.sealed_bytes_per_reading, 0);
  EXPECT_GT(figures.after.files, figures.before.files) << "a file for each closed year";
  EXPECT_GT(figures.fleet_day_ms.median, 0);
  EXPECT_GT(figures.months_of_all_years_ms.median, 0);
  EXPECT_GT(figures.late_month_made_anew_s, 0);
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace duheng::tools
