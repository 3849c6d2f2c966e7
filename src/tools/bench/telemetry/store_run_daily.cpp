// Ten years of daily values, and a fleet's day: Duheng's side.
#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

#include "platform/ingest/whole_path_harness.hpp"
#include "tools/bench/telemetry/store_run.hpp"

namespace duheng::tools {

namespace {

using store_run_limits::question_timeout_ms;
using store_run_limits::settled_utc_ms;

double ms_since(const Clock& clock, std::int64_t begin_ns) {
  return static_cast<double>(clock.monotonic_ns() - begin_ns) * 1e-6;
}

}  // namespace

Result<void> StoreRun::load_daily() {
  tell("daily values");
  const std::string directory = options_.directory + "-daily";
  std::filesystem::create_directories(directory);
  DUHENG_TRY(daily_path_, platform::WholePath::open({.directory = directory, .gateways = 4}, clock_));
  DailyRegisters registers(options_.size);
  while (const auto block = registers.next()) {
    DUHENG_TRY(const auto frames, devices_->frames(*block));
    DUHENG_CHECK(feed(*daily_path_, frames, 0));
  }
  clock_.move_to(settled_utc_ms);
  DUHENG_CHECK(daily_path_->settle());
  DUHENG_TRY(daily_series_, find_series(*daily_path_));
  return {};
}

Result<void> StoreRun::ask_ten_years() {
  const std::uint32_t asked = std::min(options_.series_asked, options_.size.ten_year_meters);
  const store::TimeRange years{
      sample_times::ten_years_start_utc_ms,
      sample_times::ten_years_start_utc_ms + options_.size.ten_year_days * sample_times::day_ms};
  std::vector<double> samples;
  for (std::uint32_t round = 0; round <= options_.times_asked; ++round) {
    for (std::uint32_t i = 0; i < asked; ++i) {
      const std::uint32_t meter = i * (options_.size.ten_year_meters / asked);
      const std::int64_t begin_ns = clock_.monotonic_ns();
      DUHENG_TRY(const auto page, daily_path_->telemetry().range(SeriesId{daily_series_[2][meter]}, years,
                                                                 store::telemetry_limits::points_per_page_max,
                                                                 {.timeout_ms = question_timeout_ms, .cancel = {}}));
      if (round > 0) samples.push_back(ms_since(clock_, begin_ns));
      std::int64_t sum = 0;
      for (std::uint32_t day = 0; day < options_.size.ten_year_days; ++day) sum += daily_total(meter, day);
      if (page.points.size() != options_.size.ten_year_days || page.points.back().mantissa != sum)
        return fail(ErrorCode::conflict, fmt::format("wrong ten years of meter {}", meter));
    }
  }
  figures_.ten_years_registers_ms = spread_of(std::move(samples));
  return {};
}

Result<void> StoreRun::ask_top() {
  const auto first = static_cast<std::ptrdiff_t>(options_.size.ten_year_meters);
  const auto [low, high] = std::minmax_element(daily_series_[2].begin() + first, daily_series_[2].end());
  std::map<std::int64_t, std::uint32_t> number_of;
  for (std::uint32_t i = options_.size.ten_year_meters; i < daily_series_[2].size(); ++i)
    number_of[daily_series_[2][i]] = i;
  std::vector<double> samples;
  for (std::uint32_t day = 1; day < std::min(6U, options_.size.fleet_days); ++day) {
    const std::int64_t begin_ns = clock_.monotonic_ns();
    const std::int64_t from = sample_times::start_utc_ms + (day - 1) * sample_times::day_ms;
    std::vector<TopEntry> totals;
    DUHENG_CHECK(daily_path_->telemetry().scan(
        {SeriesId{*low}, SeriesId{*high}}, {from, from + 2 * sample_times::day_ms},
        [&](SeriesId series, std::span<const store::ReadingRow> rows) -> Result<void> {
          const auto found = number_of.find(series.value);
          if (found != number_of.end() && rows.size() > 1)
            totals.push_back({found->second, rows.back().mantissa - rows.front().mantissa});
          return {};
        },
        {.timeout_ms = question_timeout_ms, .cancel = {}}));
    const auto count = static_cast<std::ptrdiff_t>(std::min<std::size_t>(100, totals.size()));
    std::ranges::partial_sort(totals, totals.begin() + count, [](const auto& a, const auto& b) {
      return a.mantissa != b.mantissa ? a.mantissa > b.mantissa : a.series < b.series;
    });
    totals.resize(static_cast<std::size_t>(count));
    if (day > 1) samples.push_back(ms_since(clock_, begin_ns));
    if (totals != true_top(options_.size, day)) return fail(ErrorCode::conflict, "a wrong top 100");
  }
  figures_.fleet_scan_ms = spread_of(std::move(samples));
  return {};
}

}  // namespace duheng::tools
