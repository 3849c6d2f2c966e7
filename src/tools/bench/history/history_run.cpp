#include "tools/bench/history/history_run.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <map>

#include "platform/ingest/whole_path_harness.hpp"
#include "store/aggregates/aggregate_keeper.hpp"
#include "store/aggregates/database_aggregate_store.hpp"
#include "store/aggregates/fleet_questions.hpp"
#include "store/aggregates/series_aggregates.hpp"
#include "store/records/sqlite_database.hpp"
#include "tools/bench/peers/server_process.hpp"

namespace duheng::tools {
namespace {

constexpr std::size_t gateways = 4;
constexpr std::string_view zone = "Etc/UTC";
constexpr std::int64_t patience_ms = 600'000;

double ms_since(const Clock& clock, std::int64_t begin_ns) {
  return static_cast<double>(clock.monotonic_ns() - begin_ns) * 1e-6;
}

store::QueryOptions patient() { return {.timeout_ms = patience_ms, .cancel = {}}; }

/// Of this process, since forget_memory().
double memory_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1'024;
  }
  return 0;
}
void forget_memory() { std::ofstream("/proc/self/clear_refs") << "5"; }

double files_in(const std::string& folder) {
  double count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    count += entry.is_regular_file() ? 1 : 0;
  return count;
}

}  // namespace

/// What stands between telemetry and hours, days, months.
struct HistoryRun::Aggregates {
  explicit Aggregates(store::CivilCalendar of) : calendar(std::move(of)) {}
  crypto::LocalKeyProvider keys{crypto::SecretKey{}};
  store::CivilCalendar calendar;
  std::unique_ptr<records::SqliteDatabase> database;
  std::unique_ptr<store::DatabaseAggregateStore> rows;
  std::unique_ptr<store::AggregateKeeper> keeper;
  std::unique_ptr<store::SeriesAggregates> series;
  std::unique_ptr<store::FleetQuestions> fleet;
};

HistoryRun::HistoryRun(const HistoryRunOptions& options, HistoryFigures& figures)
    : options_(options),
      figures_(figures),
      world_(options.meters, options.days),
      clock_(HistoryWorld::begin_utc_ms()) {}
HistoryRun::~HistoryRun() = default;

std::uint32_t HistoryRun::asked_meter(std::uint32_t number) const noexcept {
  return number * std::max(1U, world_.meters() / options_.series_asked) % world_.meters();
}

Result<void> HistoryRun::run() {
  forget_memory();
  DUHENG_CHECK(load());
  DUHENG_CHECK(ask(figures_.before));
  const std::int64_t begin_ns = clock_.monotonic_ns();
  clock_.move_to(world_.end_utc_ms() + 30 * HistoryWorld::day_ms);
  DUHENG_CHECK(path_->settle());
  figures_.settle_s = ms_since(clock_, begin_ns) / 1'000;
  DUHENG_CHECK(ask(figures_.after));
  DUHENG_CHECK(make_rows());
  DUHENG_CHECK(ask_rows());
  DUHENG_CHECK(ask_fleet());
  DUHENG_CHECK(bring_late());
  figures_.memory_mib = memory_mib();
  return {};
}

Result<SampleBlock> HistoryRun::block_of(std::uint32_t day) const {
  SampleBlock block;
  block.series_count = world_.meters();
  block.steps = HistoryWorld::steps_per_day;
  block.first_utc_ms = HistoryWorld::time_utc_ms(day * HistoryWorld::steps_per_day);
  block.step_ms = HistoryWorld::step_ms;
  for (std::uint32_t step = 0; step < block.steps; ++step) {
    for (std::uint32_t meter = 0; meter < world_.meters(); ++meter)
      block.mantissas.push_back(HistoryWorld::value(meter, day * HistoryWorld::steps_per_day + step));
  }
  return block;
}

Result<void> HistoryRun::feed(std::uint32_t day, bool late) {
  DUHENG_TRY(const SampleBlock block, block_of(day));
  DUHENG_TRY(const FrameBlock frames, devices_->frames(block));
  const std::uint32_t each = (world_.meters() + gateways - 1) / gateways;
  BatchWriter writer(0);
  dlt645::ValueList values;
  for (std::uint32_t gateway = 0; gateway < gateways; ++gateway) {
    writer.clear(std::max(clock_.utc_ms(), block.first_utc_ms + HistoryWorld::day_ms));
    bool has_any = false;
    for (std::uint32_t step = 0; step < block.steps; ++step) {
      for (std::uint32_t meter = gateway * each; meter < std::min(world_.meters(), (gateway + 1) * each); ++meter) {
        if (world_.is_late(meter, day * HistoryWorld::steps_per_day + step) != late) continue;
        const auto& item = devices_->item(SampleKind::energy, meter);
        const ByteView answer = frames.answer(step, meter);
        DUHENG_CHECK(platform::read_answer(item, answer, values));
        platform::write_answer(item, devices_->address(SampleKind::energy, meter),
                               devices_->uid(SampleKind::energy, meter), answer, values, block.time_utc_ms(step),
                               writer);
        has_any = true;
      }
    }
    if (!has_any) continue;
    auto body = std::make_shared<Bytes>();
    writer.finish(*body);
    DUHENG_CHECK(path_->offer(gateway, std::move(body)));
  }
  return {};
}

Result<void> HistoryRun::load() {
  DUHENG_TRY(auto devices,
             SampleDevices::make({.meters = world_.meters(), .sensors = 0, .ten_year_meters = 0, .fleet_meters = 0}));
  devices_ = std::make_unique<SampleDevices>(std::move(devices));
  // Not maintained: what the questions meet first is the history as it came.
  DUHENG_TRY(path_, platform::WholePath::open(
                        {.directory = options_.directory, .gateways = gateways, .maintained = false}, clock_));
  const std::int64_t begin_ns = clock_.monotonic_ns();
  for (std::uint32_t day = 0; day < world_.days(); ++day) {
    clock_.move_to(HistoryWorld::time_utc_ms((day + 1) * HistoryWorld::steps_per_day));
    DUHENG_CHECK(feed(day, false));
  }
  DUHENG_CHECK(path_->wait_until_applied());
  figures_.readings = static_cast<double>(world_.readings() - world_.late_readings());
  figures_.load_readings_per_s = figures_.readings * 1'000 / ms_since(clock_, begin_ns);
  DUHENG_CHECK(path_->telemetry().checkpoint());
  std::map<std::string, SeriesId, std::less<>> by_uid;
  for (const auto& source : path_->telemetry().sources()) {
    for (const auto& series : path_->telemetry().series_of(source.id)) by_uid[source.device_uid] = series.id;
  }
  for (std::uint32_t meter = 0; meter < world_.meters(); ++meter)
    series_.push_back(by_uid[devices_->uid(SampleKind::energy, meter)]);
  figures_.journal_bytes_per_reading = static_cast<double>(path_->journal().size_bytes()) / figures_.readings;
  return {};
}

Result<double> HistoryRun::check_order(bool with_late) {
  std::map<SeriesId, OrderCheck> checks;
  for (std::uint32_t meter = 0; meter < world_.meters(); ++meter)
    checks.emplace(series_[meter], OrderCheck{world_, meter, with_late});
  const std::int64_t begin_ns = clock_.monotonic_ns();
  std::uint64_t rows_seen = 0;
  DUHENG_CHECK(path_->telemetry().scan(
      {checks.begin()->first, checks.rbegin()->first},
      {HistoryWorld::begin_utc_ms(), world_.end_utc_ms() + HistoryWorld::day_ms},
      [&](SeriesId series, std::span<const store::ReadingRow> rows) -> Result<void> {
        rows_seen += rows.size();
        const auto found = checks.find(series);
        return found == checks.end() ? Result<void>{} : found->second.add(rows);
      },
      patient()));
  const double taken_ms = ms_since(clock_, begin_ns);
  for (const auto& [series, check] : checks) DUHENG_CHECK(check.finish());
  return static_cast<double>(rows_seen) * 1'000 / taken_ms;
}

Result<Spread> HistoryRun::ask_range(std::int64_t from_utc_ms, std::int64_t to_utc_ms) {
  std::vector<double> samples;
  for (std::uint32_t round = 0; round <= options_.times_asked; ++round) {
    for (std::uint32_t i = 0; i < options_.series_asked; ++i) {
      const std::uint32_t meter = asked_meter(i);
      const std::int64_t begin_ns = clock_.monotonic_ns();
      DUHENG_TRY(const auto page, path_->telemetry().range(series_[meter], {from_utc_ms, to_utc_ms},
                                                           store::telemetry_limits::points_per_page_max, patient()));
      if (round > 0) samples.push_back(ms_since(clock_, begin_ns));
      std::uint32_t step =
          static_cast<std::uint32_t>((from_utc_ms - HistoryWorld::begin_utc_ms()) / HistoryWorld::step_ms);
      for (const store::Point& point : page.points) {
        while (world_.is_late(meter, step)) ++step;
        if (point.time_utc_ms != HistoryWorld::time_utc_ms(step) || point.mantissa != HistoryWorld::value(meter, step))
          return fail(ErrorCode::conflict, fmt::format("a wrong value of meter {}", meter));
        ++step;
      }
      if (HistoryWorld::time_utc_ms(step) != to_utc_ms)
        return fail(ErrorCode::conflict, fmt::format("meter {}: an answer that is not whole", meter));
    }
  }
  return spread_of(std::move(samples));
}

Result<void> HistoryRun::ask(HistoryPhase& phase) {
  const std::string folder = options_.directory + "/telemetry";
  phase.bytes_per_reading = static_cast<double>(folder_bytes(folder)) / figures_.readings;
  phase.files = files_in(folder);
  const auto sizes = path_->telemetry().sizes();
  phase.block_bytes_per_reading = static_cast<double>(sizes.value_bytes + sizes.evidence_bytes) / figures_.readings;
  const store::TelemetryStatistics statistics = path_->telemetry().statistics();
  if (statistics.sealed_readings > 0) {
    phase.sealed_bytes_per_reading =
        static_cast<double>(statistics.sealed_bytes) / static_cast<double>(statistics.sealed_readings);
  }
  DUHENG_TRY(phase.scan_readings_per_s, check_order(false));
  // In the middle of the years, clear of the day that comes late.
  const std::int64_t middle = HistoryWorld::begin_utc_ms() + std::int64_t{world_.days() / 2} * HistoryWorld::day_ms;
  const auto days = [&](std::uint32_t count) {
    return middle + std::int64_t{std::min(count, world_.days() / 2)} * HistoryWorld::day_ms;
  };
  DUHENG_TRY(phase.day_ms, ask_range(middle, days(1)));
  DUHENG_TRY(phase.month_ms, ask_range(middle, days(30)));
  DUHENG_TRY(phase.year_ms, ask_range(middle, days(365)));
  DUHENG_TRY(phase.all_years_ms, ask_range(HistoryWorld::begin_utc_ms(), world_.end_utc_ms()));
  return {};
}

Result<void> HistoryRun::keep_up() {
  while (true) {
    DUHENG_TRY(const auto work, aggregates_->keeper->step());
    if (work == store::AggregateKeeper::Work::none) return {};
  }
}

Result<void> HistoryRun::make_rows() {
  DUHENG_TRY(auto calendar, store::CivilCalendar::open(zone));
  aggregates_ = std::make_unique<Aggregates>(std::move(calendar));
  Aggregates& all = *aggregates_;
  DUHENG_TRY(all.database, records::SqliteDatabase::open({.path = options_.directory + "/aggregates.db"}, all.keys));
  DUHENG_TRY(all.rows, store::DatabaseAggregateStore::open(*all.database, clock_, zone));
  const auto& telemetry = path_->telemetry();
  all.keeper = std::make_unique<store::AggregateKeeper>(path_->telemetry(), *all.rows, all.calendar, clock_,
                                                        store::default_series_policy,
                                                        store::KeeperOptions{.first_day = HistoryWorld::first_day});
  all.series = std::make_unique<store::SeriesAggregates>(telemetry, *all.rows, all.calendar, clock_,
                                                         store::default_series_policy, HistoryWorld::first_day);
  all.fleet =
      std::make_unique<store::FleetQuestions>(telemetry, *all.rows, all.calendar, clock_, store::default_series_policy);
  const std::int64_t begin_ns = clock_.monotonic_ns();
  DUHENG_CHECK(keep_up());
  figures_.day_rows_per_s = static_cast<double>(world_.meters()) * world_.days() * 1'000 / ms_since(clock_, begin_ns);
  return {};
}

Result<void> HistoryRun::bring_late() {
  DUHENG_CHECK(check_late_month(false));
  std::int64_t begin_ns = clock_.monotonic_ns();
  const auto day = static_cast<std::uint32_t>(world_.late_day() - HistoryWorld::first_day);
  DUHENG_CHECK(feed(day, true));
  DUHENG_CHECK(feed(day + 1, true));  // the midnight that ends the day
  DUHENG_CHECK(path_->wait_until_applied());
  figures_.late_in_place_s = ms_since(clock_, begin_ns) / 1'000;
  figures_.late_readings = static_cast<double>(world_.late_readings());
  late_came_ = true;
  DUHENG_CHECK(check_order(true));
  begin_ns = clock_.monotonic_ns();
  DUHENG_CHECK(path_->telemetry().checkpoint());
  DUHENG_CHECK(keep_up());
  figures_.late_month_made_anew_s = ms_since(clock_, begin_ns) / 1'000;
  return check_late_month(true);
}

Result<void> HistoryRun::check_late_month(bool with_late) {
  using store::CivilCalendar;
  const std::int32_t month = CivilCalendar::month_of(world_.late_day());
  const std::int32_t first = CivilCalendar::first_day_of(month);
  for (std::uint32_t meter = 0; meter < world_.meters(); ++meter) {
    const bool is_short = HistoryWorld::is_late_meter(meter) && !with_late;
    const std::int32_t last_day = is_short ? world_.late_day() - 1 : world_.late_day();
    const std::uint32_t begin = first == HistoryWorld::first_day ? 0 : world_.last_step_of(first - 1);
    const std::int64_t increase =
        std::int64_t{HistoryWorld::value(meter, world_.last_step_of(last_day))} - HistoryWorld::value(meter, begin);
    DUHENG_TRY(const auto rows, aggregates_->series->months(series_[meter], month, month, patient()));
    if (rows.size() != 1 || rows[0].row.increase != increase || rows[0].days_with_values != last_day - first + 1)
      return fail(ErrorCode::conflict, fmt::format("meter {}: a wrong month of the late day", meter));
  }
  return {};
}

Result<void> HistoryRun::ask_rows() {
  const auto last_day = HistoryWorld::first_day + static_cast<std::int32_t>(world_.days()) - 1;
  std::vector<double> of_days;
  std::vector<double> of_months;
  for (std::uint32_t round = 0; round <= options_.times_asked; ++round) {
    for (std::uint32_t i = 0; i < options_.series_asked; ++i) {
      const std::uint32_t meter = asked_meter(i);
      std::int64_t begin_ns = clock_.monotonic_ns();
      DUHENG_TRY(const auto days,
                 aggregates_->series->days(series_[meter], HistoryWorld::first_day, last_day, patient()));
      if (round > 0) of_days.push_back(ms_since(clock_, begin_ns));
      begin_ns = clock_.monotonic_ns();
      DUHENG_TRY(const auto months,
                 aggregates_->series->months(series_[meter], store::CivilCalendar::month_of(HistoryWorld::first_day),
                                             store::CivilCalendar::month_of(last_day), patient()));
      if (round > 0) of_months.push_back(ms_since(clock_, begin_ns));
      store::Int128 sum = 0;
      for (const auto& month : months) sum += month.row.increase;
      const std::int64_t truth = HistoryWorld::value(meter, world_.steps() - 1) - HistoryWorld::value(meter, 0);
      const std::size_t missing = HistoryWorld::is_late_meter(meter) ? 1 : 0;
      if (sum != truth || days.size() + missing != world_.days())
        return fail(ErrorCode::conflict, fmt::format("wrong rows of meter {}", meter));
    }
  }
  figures_.days_of_all_years_ms = spread_of(std::move(of_days));
  figures_.months_of_all_years_ms = spread_of(std::move(of_months));
  return {};
}

Result<void> HistoryRun::ask_fleet() {
  std::vector<store::FleetSeries> fleet;
  for (const SeriesId series : series_) fleet.push_back({.series = series, .exponent = -2});
  DUHENG_TRY(const auto scope, store::FleetScope::make(std::move(fleet)));
  std::vector<double> samples;
  for (std::uint32_t round = 0; round <= options_.times_asked; ++round) {
    for (std::uint32_t i = 0; i < 10; ++i) {
      const auto day = HistoryWorld::first_day + static_cast<std::int32_t>(world_.days() / 2 + i * world_.days() / 40);
      const std::int64_t begin_ns = clock_.monotonic_ns();
      DUHENG_TRY(const auto totals, aggregates_->fleet->totals(scope, day, day, patient()));
      if (round > 0) samples.push_back(ms_since(clock_, begin_ns));
      std::int64_t truth = 0;
      for (std::uint32_t meter = 0; meter < world_.meters(); ++meter) {
        truth += HistoryWorld::value(meter, world_.last_step_of(day)) -
                 HistoryWorld::value(meter, world_.last_step_of(day - 1));
      }
      if (totals.groups.size() != 1 || totals.groups[0].amount != truth)
        return fail(ErrorCode::conflict, "a wrong total of the fleet's day");
    }
  }
  figures_.fleet_day_ms = spread_of(std::move(samples));
  return {};
}

}  // namespace duheng::tools
