#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fstream>

#include "tools/bench/bench_programs.hpp"
#include "tools/bench/history/history_run.hpp"
#include "tools/bench/suite.hpp"

namespace duheng::tools {
namespace {

/// At scale 1, which is a tenth of the requirement's fleet: a run of minutes.
constexpr double meters_at_scale_one = 100;

double machine_load() {
  double load = 0;
  std::ifstream("/proc/loadavg") >> load;
  return load;
}

void add_spread(BenchReport& report, const std::string& name, const Spread& spread) {
  report.figures.push_back({name, spread.median});
  report.figures.push_back({name + "_p99", spread.p99});
}

void add_phase(BenchReport& report, const std::string& name, const HistoryPhase& phase) {
  report.figures.push_back({name + "_bytes_per_reading", phase.bytes_per_reading});
  report.figures.push_back({name + "_block_bytes_per_reading", phase.block_bytes_per_reading});
  report.figures.push_back({name + "_sealed_bytes_per_reading", phase.sealed_bytes_per_reading});
  report.figures.push_back({name + "_files", phase.files});
  add_spread(report, name + "_series_day_ms", phase.day_ms);
  add_spread(report, name + "_series_month_ms", phase.month_ms);
  add_spread(report, name + "_series_year_ms", phase.year_ms);
  add_spread(report, name + "_series_five_years_ms", phase.all_years_ms);
  report.figures.push_back({name + "_scan_readings_per_s", phase.scan_readings_per_s});
}

}  // namespace

Result<BenchReport> run_history_bench(const BenchOptions& options) {
  DUHENG_TRY(const auto scratch, ScratchFolder::make(options));
  HistoryRunOptions run_options{.directory = scratch.path()};
  run_options.meters =
      std::max<std::uint32_t>(5, static_cast<std::uint32_t>(std::lround(meters_at_scale_one * options.scale)));
  run_options.series_asked = std::min(run_options.series_asked, run_options.meters);
  run_options.times_asked = options.seconds < 3 ? 2 : 5;
  const double load_at_begin = machine_load();
  HistoryFigures found;
  {
    HistoryRun run(run_options, found);
    DUHENG_CHECK(run.run());
  }
  BenchReport report;
  report.figures = {{"meters", static_cast<double>(run_options.meters)},
                    {"days", static_cast<double>(run_options.days)},
                    {"readings", found.readings},
                    {"load_readings_per_s", found.load_readings_per_s},
                    {"settle_s", found.settle_s},
                    {"memory_mib", found.memory_mib},
                    {"journal_bytes_per_reading", found.journal_bytes_per_reading}};
  add_phase(report, "before", found.before);
  add_phase(report, "after", found.after);
  report.figures.push_back({"day_rows_per_s", found.day_rows_per_s});
  add_spread(report, "days_of_five_years_ms", found.days_of_all_years_ms);
  add_spread(report, "months_of_five_years_ms", found.months_of_all_years_ms);
  add_spread(report, "fleet_day_ms", found.fleet_day_ms);
  report.figures.push_back({"late_readings", found.late_readings});
  report.figures.push_back({"late_in_place_s", found.late_in_place_s});
  report.figures.push_back({"late_month_made_anew_s", found.late_month_made_anew_s});
  report.notes = {
      fmt::format("{} meters, five years of a register every 15 minutes; scale 10 is 1,000 meters", run_options.meters),
      "before: as it came, a day of a meter at once; after: merged and sealed by year; both encrypted, with evidence",
      "bytes_per_reading counts whole files: the hot file keeps the room of what was sealed until it is used again",
      "every series strictly ordered, every value what went in: checked three times, at last with the late day",
      fmt::format("load of the machine {:.1f} at the beginning, {:.1f} at the end", load_at_begin, machine_load())};
  return report;
}

}  // namespace duheng::tools
