// The benchmark's own side works: a small run ends, and every answer it checks is right.
#include "tools/bench/telemetry/store_run.hpp"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>

namespace duheng::tools {
namespace {

TEST(SampleFrames, CarryTheValuesOfTheirBlock) {
  const SampleSize size{.meters = 9, .meter_days = 2, .sensors = 8, .sensor_days = 1};
  const auto devices = SampleDevices::make(size);
  ASSERT_TRUE(devices) << devices.error().message;
  SampleFeed feed(size);
  dlt645::ValueList values;
  while (const auto block = feed.next()) {
    const auto frames = devices->frames(*block);
    ASSERT_TRUE(frames) << frames.error().message;
    EXPECT_EQ(frames->octets.size(), std::size_t{frames->steps} * frames->offsets.back());
    for (const std::uint32_t step : {0U, 17U, block->steps - 1}) {
      for (std::uint32_t i = 0; i < block->series_count; ++i) {
        const auto& item = devices->item(block->kind, i);
        ASSERT_TRUE(platform::read_answer(item, frames->answer(step, i), values));
        ASSERT_EQ(values.size(), 1U);
        EXPECT_EQ(values[0].mantissa, block->mantissa(step, i));
        EXPECT_EQ(values[0].exponent, -decimals_of(block->kind, i));
      }
    }
  }
}

TEST(SampleFrames, DailyRegistersAddUpTheTotals) {
  const SampleSize size{
      .meters = 1, .sensors = 1, .ten_year_meters = 3, .ten_year_days = 300, .fleet_meters = 5, .fleet_days = 4};
  DailyRegisters registers(size);
  std::vector<std::int64_t> sums(8);
  while (const auto block = registers.next()) {
    for (std::uint32_t step = 0; step < block->steps; ++step) {
      for (std::uint32_t i = 0; i < block->series_count; ++i) {
        const std::uint32_t series = block->first_series + i;
        const std::int64_t start = series < 3 ? sample_times::ten_years_start_utc_ms : sample_times::start_utc_ms;
        const auto day = static_cast<std::uint32_t>((block->time_utc_ms(step) - start) / sample_times::day_ms);
        sums[series] += daily_total(series, day);
        EXPECT_EQ(block->mantissa(step, i), sums[series]);
      }
    }
  }
}

TEST(StoreRun, MeasuresAndChecksEverything) {
  std::string directory = (std::filesystem::temp_directory_path() / "duheng_store_run_XXXXXX").string();
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  const StoreRunOptions options{.size = {.meters = 40,
                                         .meter_days = 9,
                                         .sensors = 8,
                                         .sensor_days = 2,
                                         .ten_year_meters = 8,
                                         .ten_year_days = 800,
                                         .fleet_meters = 250,
                                         .fleet_days = 8},
                                .directory = directory + "/own",
                                .parts = 3,
                                .series_asked = 5,
                                .times_asked = 2,
                                .stall_seconds = 0.5};
  std::filesystem::create_directories(options.directory);
  StoreFigures figures;
  {
    StoreRun run(options, figures);
    const auto done = run.run();
    EXPECT_TRUE(done) << done.error().message;
  }
  EXPECT_GT(figures.ingest_readings_per_s, 0);
  EXPECT_GT(figures.ingest_durable_readings_per_s, 0);
  EXPECT_GT(figures.bytes_per_reading, 0);
  EXPECT_GE(figures.bytes_per_reading_with_frames, figures.bytes_per_reading);
  EXPECT_GT(figures.journal_bytes_per_reading, 1);
  EXPECT_GT(figures.series_month_ms.median, 0);
  EXPECT_GT(figures.trace_ms.median, 0);
  EXPECT_GT(figures.daily_ten_years_ms.median, 0);
  EXPECT_GT(figures.fleet_top100_ms.median, 0);
  EXPECT_GT(figures.ten_years_registers_ms.median, 0);
  EXPECT_GT(figures.fleet_scan_ms.median, 0);
  EXPECT_GT(figures.stall_ingest_readings_per_s, 0);
  EXPECT_GT(figures.scanned_readings_per_s, 0);
  EXPECT_GE(figures.commit_latency_ms_max, figures.commit_stall_ms_max);
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
}

}  // namespace
}  // namespace duheng::tools
