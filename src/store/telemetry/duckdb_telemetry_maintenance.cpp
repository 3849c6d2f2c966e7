#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <map>
#include <set>

#include "store/telemetry/duckdb_telemetry_state.hpp"

// Which work keeps the store small and fast, and when.

namespace duheng::store {
namespace {

// A sealed file is made anew when so much of it is left over from earlier merges.
constexpr std::uint64_t waste_factor = 2;
constexpr std::uint64_t waste_bytes_min = std::uint64_t{64} << 20;

/// Runs of the lowest level that has at least `enough` of them; nothing when none has.
std::optional<RunList> crowded_level(const RunList& runs, std::size_t enough) {
  std::map<std::uint8_t, RunList> by_level;
  for (const auto& run : runs) by_level[run->level].push_back(run);
  for (auto& [level, members] : by_level) {
    if (members.size() >= enough) return std::move(members);
  }
  return std::nullopt;
}

std::uint8_t next_level(const RunList& runs) {
  std::uint8_t highest = 0;
  for (const auto& run : runs) highest = std::max(highest, run->level);
  return highest == 255 ? highest : static_cast<std::uint8_t>(highest + 1);
}

}  // namespace

std::optional<MergePlan> DuckDbTelemetryStore::State::choose_sealing(const RunList& hot) {
  MergePlan plan;
  plan.target = MergePlan::Target::seal;
  plan.closed_before = closed_before();
  std::uint64_t closed_readings = 0;
  for (const auto& run : hot) {
    if (run->day_min >= plan.closed_before) continue;
    plan.inputs.push_back(run);
    if (run->day_max < plan.closed_before) closed_readings += run->readings;
  }
  // Once for every day that closes, and whenever much has come for closed days; a trickle of late readings waits.
  const bool day_closed = plan.closed_before > last_sealed_before;
  if (plan.inputs.empty()) {
    last_sealed_before = plan.closed_before;
    return std::nullopt;
  }
  if (!day_closed && closed_readings < options.seal_readings) return std::nullopt;
  return plan;
}

std::optional<MergePlan> DuckDbTelemetryStore::State::choose_rewriting(const RunList& sealed) {
  std::map<std::string, RunList> by_place;
  for (const auto& run : sealed) by_place[run->place].push_back(run);
  const auto current_key = keys.current_version("telemetry");
  const std::int32_t open_year = YearFiles::year_of_day(closed_before());
  const std::lock_guard writing(write_mutex);
  for (auto& [place, members] : by_place) {
    const auto held = std::ranges::find(years->files(), place, &YearFile::place);
    if (held == years->files().end()) continue;
    std::uint64_t live_bytes = 0;
    for (const auto& run : members) live_bytes += run->value_bytes + run->evidence_bytes + 16 * run->blocks;
    std::error_code error;
    const auto file_bytes = std::filesystem::file_size(years->path(*held), error);
    const bool wasteful = !error && file_bytes > waste_bytes_min && file_bytes > waste_factor * live_bytes;
    const bool old_key = current_key && held->key_version != *current_key;
    const bool year_is_over = held->year < open_year && members.size() > 1;
    if (!wasteful && !old_key && !year_is_over) continue;
    return MergePlan{std::move(members), MergePlan::Target::new_file, 100, 0};
  }
  return std::nullopt;
}

Result<std::optional<MergePlan>> DuckDbTelemetryStore::State::choose_removal(const std::stop_token& cancel) {
  constexpr double worth_rewriting = 0.05;  // of a file's readings
  std::unordered_map<std::uint32_t, std::int64_t> may_go;
  {
    const std::lock_guard lock(removable_mutex);
    if (!removable_news) return std::nullopt;
    may_go = removable;
  }
  std::map<std::string, RunList> by_place;
  {
    const std::shared_lock lock(rows_mutex);
    for (const auto& run : runs) {
      if (run->place != "hot") by_place[run->place].push_back(run);
    }
  }
  const Deadline deadline(clock, std::numeric_limits<std::int32_t>::max(), cancel);
  for (auto& [place, members] : by_place) {
    DUHENG_CHECK(deadline.check());
    std::uint64_t going = 0;
    std::uint64_t all = 0;
    for (const auto& run : members) {
      all += run->readings;
      DUHENG_TRY(const auto session, readers.take(deadline));
      DUHENG_CHECK(
          session->stream(fmt::format("SELECT series, day, sum(count)::UBIGINT FROM {} GROUP BY ALL", run->table()),
                          [&](const Chunk& chunk) -> Result<void> {
                            for (std::size_t i = 0; i < chunk.size(); ++i) {
                              const auto rule = may_go.find(chunk.column<std::uint32_t>(0)[i]);
                              if (rule != may_go.end() && chunk.column<std::int64_t>(1)[i] < rule->second)
                                going += chunk.column<std::uint64_t>(2)[i];
                            }
                            return {};
                          }));
    }
    if (static_cast<double>(going) > worth_rewriting * static_cast<double>(all))
      return MergePlan{std::move(members), MergePlan::Target::new_file, 100, 0};
  }
  const std::lock_guard lock(removable_mutex);
  removable_news = removable_news && removable != may_go;
  return std::nullopt;
}

std::optional<MergePlan> DuckDbTelemetryStore::State::choose_merge() {
  RunList hot;
  RunList sealed;
  {
    const std::shared_lock lock(rows_mutex);
    for (const auto& run : runs) (run->place == "hot" ? hot : sealed).push_back(run);
  }
  if (auto plan = choose_sealing(hot)) return plan;
  if (auto crowded = crowded_level(hot, options.merge_runs)) {
    const std::uint8_t level = next_level(*crowded);
    return MergePlan{std::move(*crowded), MergePlan::Target::hot, level, 0};
  }
  if (auto plan = choose_rewriting(sealed)) return plan;
  std::map<std::string, RunList> by_place;
  for (const auto& run : sealed) by_place[run->place].push_back(run);
  for (const auto& [place, members] : by_place) {
    auto crowded = crowded_level(members, options.merge_runs);
    if (!crowded) continue;
    const std::uint8_t level = next_level(*crowded);
    return MergePlan{std::move(*crowded), MergePlan::Target::in_place, level, 0};
  }
  return std::nullopt;
}

Result<void> DuckDbTelemetryStore::State::drop_retired() {
  std::set<std::string> live_places{"hot"};
  {
    const std::shared_lock lock(rows_mutex);
    for (const auto& run : runs) live_places.insert(run->place);
  }
  std::set<std::string> held_places;
  for (const auto& run : retired) {
    if (run.use_count() > 1) held_places.insert(run->place);
  }
  const std::lock_guard writing(write_mutex);
  DUHENG_CHECK(check_writable());
  RunList kept;
  Result<void> done;
  for (const auto& run : retired) {
    const bool file_goes = !live_places.contains(run->place);
    if (!done || run.use_count() > 1 || (file_goes && held_places.contains(run->place))) {
      kept.push_back(run);
      continue;
    }
    done = file_goes ? years->remove(*writer, run->place) : writer->run("DROP TABLE " + run->table());
    if (!done) kept.push_back(run);
  }
  retired = std::move(kept);
  sealed_bytes = years->bytes();
  if (!done) abandon(done.error());
  return done;
}

Result<bool> DuckDbTelemetryStore::State::checkpoint_years() {
  // Sealed files are written rarely and read for years, so their log is emptied as soon as questions let it. New
  // questions wait meanwhile: a moment is tried first, longer once it did not do many times.
  constexpr std::int64_t short_wait_ms = 100;
  constexpr std::int64_t long_wait_ms = 1'000;
  constexpr std::uint32_t short_waits = 30;
  std::vector<std::string> due;
  {
    const std::lock_guard writing(write_mutex);
    for (const YearFile& year : years->files()) {
      std::error_code error;
      if (std::filesystem::file_size(years->path(year) + ".wal", error) > 0 && !error) due.push_back(year.place);
    }
  }
  if (due.empty()) return false;
  if (!gate.close(checkpoints_put_off < short_waits ? short_wait_ms : long_wait_ms)) {
    ++checkpoints_put_off;
    return false;
  }
  checkpoints_put_off = 0;
  Result<void> done;
  {
    const std::lock_guard writing(write_mutex);
    for (const std::string& place : due) {
      if (done) done = writer->run("CHECKPOINT " + place);
    }
    if (!done) abandon(done.error());
  }
  gate.open();
  if (!done) return std::unexpected(done.error());
  sealed_bytes = years->bytes();
  return true;
}

Result<bool> DuckDbTelemetryStore::maintain(const std::stop_token& cancel) {
  State& s = *state_;
  const std::lock_guard maintaining(s.maintain_mutex);
  DUHENG_CHECK(s.check_writable());
  {
    // While nothing new comes, nobody else would write what is old enough.
    const std::unique_lock applying(s.apply_mutex, std::try_to_lock);
    if (applying && s.flush_due()) DUHENG_CHECK(s.flush());
  }
  if (!s.retired.empty()) DUHENG_CHECK(s.drop_retired());
  auto plan = s.choose_merge();
  if (!plan) {
    DUHENG_TRY(plan, s.choose_removal(cancel));
  }
  if (!plan) return s.checkpoint_years();
  DUHENG_CHECK(s.carry_out(*plan, cancel));
  if (plan->target == MergePlan::Target::seal) s.last_sealed_before = plan->closed_before;
  DUHENG_CHECK(s.drop_retired());
  return true;
}

}  // namespace duheng::store
