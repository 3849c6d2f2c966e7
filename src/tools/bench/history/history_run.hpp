#pragma once
// Five years of a fleet through the whole path, asked before and after they are put in order on the disk.
#include <memory>
#include <string>
#include <vector>

#include "store/aggregates/civil_calendar.hpp"
#include "tools/bench/history/history_world.hpp"
#include "tools/bench/peers/peer_bench.hpp"
#include "tools/bench/telemetry/following_clock.hpp"
#include "tools/bench/telemetry/sample_frames.hpp"

namespace duheng::platform {
class WholePath;
}

namespace duheng::tools {

struct HistoryRunOptions {
  std::uint32_t meters = 100;
  std::uint32_t days = 1'827;       ///< 2020 to 2024
  std::string directory{};          ///< exists; files are left to the caller to remove
  std::uint32_t series_asked = 20;  ///< different series for each question
  std::uint32_t times_asked = 5;    ///< each of them so often, after once for warmth
};

/// What is asked twice: of the history as it came, and once it is merged, sealed by year and compressed.
struct HistoryPhase {
  double bytes_per_reading = 0;         ///< of telemetry's files, frame references, encryption and free room included
  double block_bytes_per_reading = 0;   ///< of it the blocks of readings with their evidence
  double sealed_bytes_per_reading = 0;  ///< of the sealed files, for each reading in them; 0: none are sealed
  double files = 0;
  Spread day_ms{};
  Spread month_ms{};
  Spread year_ms{};
  Spread all_years_ms{};           ///< every reading of one series
  double scan_readings_per_s = 0;  /// everything, series by series, each value looked at
};

struct HistoryFigures {
  double readings = 0;
  double load_readings_per_s = 0;  ///< until the last stands in telemetry; everything synchronised before
  double memory_mib = 0;           ///< greatest of the process, generator included
  double settle_s = 0;             ///< merging, sealing by year, compressing
  double journal_bytes_per_reading = 0;
  HistoryPhase before{};
  HistoryPhase after{};
  double day_rows_per_s = 0;        ///< hours, days, months made ready by the keeper
  Spread months_of_all_years_ms{};  ///< of one series, from rows
  Spread days_of_all_years_ms{};
  Spread fleet_day_ms{};  ///< what the whole fleet used on one day, from rows
  double late_readings = 0;
  double late_in_place_s = 0;         ///< from handing them in until they stand in telemetry
  double late_month_made_anew_s = 0;  ///< then until the rows of their days are made anew
};

/// One run. Every answer is checked against what went in: conflict - a wrong one. Errors otherwise: of the stores.
class HistoryRun {
 public:
  HistoryRun(const HistoryRunOptions& options, HistoryFigures& figures);
  ~HistoryRun();
  [[nodiscard]] Result<void> run();

 private:
  struct Aggregates;
  [[nodiscard]] Result<void> load();
  /// One day of all meters, or what came late of it.
  [[nodiscard]] Result<void> feed(std::uint32_t day, bool late);
  [[nodiscard]] Result<SampleBlock> block_of(std::uint32_t day) const;
  [[nodiscard]] Result<void> ask(HistoryPhase& phase);
  [[nodiscard]] Result<Spread> ask_range(std::int64_t from_utc_ms, std::int64_t to_utc_ms);
  [[nodiscard]] Result<double> check_order(bool with_late);
  [[nodiscard]] Result<void> make_rows();
  [[nodiscard]] Result<void> ask_rows();
  [[nodiscard]] Result<void> ask_fleet();
  [[nodiscard]] Result<void> bring_late();
  /// Errors: conflict - the month of the late day is not what it should be.
  [[nodiscard]] Result<void> check_late_month(bool with_late);
  [[nodiscard]] Result<void> keep_up();
  [[nodiscard]] std::uint32_t asked_meter(std::uint32_t number) const noexcept;

  const HistoryRunOptions& options_;
  HistoryFigures& figures_;
  const HistoryWorld world_;
  FollowingClock clock_;
  std::unique_ptr<SampleDevices> devices_;
  std::unique_ptr<platform::WholePath> path_;
  std::vector<SeriesId> series_;  // by meter
  std::unique_ptr<Aggregates> aggregates_;
  bool late_came_ = false;
};

}  // namespace duheng::tools
