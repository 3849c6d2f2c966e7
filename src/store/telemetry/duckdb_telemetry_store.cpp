#include "store/telemetry/duckdb_telemetry_store.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <set>

#include "base/log.hpp"
#include "store/telemetry/duckdb_rekey.hpp"
#include "store/telemetry/duckdb_row_appender.hpp"
#include "store/telemetry/duckdb_telemetry_state.hpp"
#include "store/telemetry/series_questions.hpp"
#include "store/telemetry/telemetry_key_file.hpp"

namespace duheng::store {
namespace {

constexpr std::string_view area = "telemetry";
constexpr std::string_view purpose = "telemetry";
constexpr std::string_view file_name = "telemetry.duckdb";
constexpr std::string_view damaged_suffix = ".damaged-";

struct ClaimedDirectories {
  std::mutex mutex;
  std::set<std::string> directories;
};
ClaimedDirectories& claimed_directories() {
  static ClaimedDirectories all;
  return all;
}

struct OpenKey {
  crypto::SecretKey key;
  TelemetryKeyFile file;
  bool proven = false;  // the key file says that this is the right key
};

/// The key for the file that is there, or for a new one.
Result<OpenKey> find_key(Disk& disk, const HotPaths& paths, crypto::KeyProvider& keys, bool file_present) {
  OpenKey out;
  if (file_present && disk.exists(paths.key)) {
    DUHENG_TRY(const Bytes text, read_file(disk, paths.key, 4096));
    if (const auto parsed = TelemetryKeyFile::parse(as_text(text))) {
      DUHENG_TRY(out.key, keys.key(purpose, parsed->key_version));
      if (!parsed->fits(out.key))
        return fail(ErrorCode::key_missing,
                    fmt::format("the key provider's key does not open {}; the file was made with another", paths.file));
      out.file = *parsed;
      out.proven = true;
      return out;
    } else if (parsed.error().code == ErrorCode::unsupported) {
      return std::unexpected(parsed.error());
    }
  }
  DUHENG_TRY(const std::uint32_t version, keys.current_version(purpose));
  DUHENG_TRY(out.key, keys.key(purpose, version));
  out.file = TelemetryKeyFile::make(version, out.key);
  return out;
}

/// Whether the hot file got the newest key. What keeps it from getting one (no room, a damaged file) shows again at
/// once or at the next opening.
Result<bool> change_key_if_due(const DuckDbTelemetryOptions& options, Disk& disk, const HotPaths& paths,
                               crypto::KeyProvider& keys, const OpenKey& present) {
  DUHENG_TRY(const std::uint32_t newest, keys.current_version(purpose));
  if (newest == present.file.key_version) return false;
  DUHENG_TRY(const crypto::SecretKey new_key, keys.key(purpose, newest));
  const auto changed = rekey_hot_file(options, disk, paths, present.key, newest, new_key);
  if (!changed)
    log::error(area, "the hot file keeps its old key until the next opening", {{"reason", changed.error()}});
  return changed.has_value();
}

/// Renames the file and its log; the one damaged before goes, so that repeated damage cannot fill the disk.
Result<std::string> move_aside(Disk& disk, const std::string& directory, const HotPaths& paths, std::int64_t utc_ms) {
  DUHENG_TRY(const auto names, disk.list(directory));
  for (const std::string& name : names) {
    if (name.starts_with(std::string(file_name) + std::string(damaged_suffix)))
      DUHENG_CHECK(disk.remove(directory + "/" + name));
  }
  std::string target = fmt::format("{}{}{}", paths.file, damaged_suffix, utc_ms);
  if (disk.exists(paths.log)) DUHENG_CHECK(disk.rename(paths.log, target + ".wal"));
  DUHENG_CHECK(disk.rename(paths.file, target));
  DUHENG_CHECK(disk.sync_directory(directory));
  return target;
}

void clear_temporary(Disk& disk, const std::string& directory) {
  const auto names = disk.list(directory);
  if (!names) return;
  for (const std::string& name : *names) {
    if (auto removed = disk.remove(directory + "/" + name); !removed)
      log::warning(area, "a temporary file of an earlier run stays", {{"file", name}, {"reason", removed.error()}});
  }
}

}  // namespace

std::optional<DirectoryClaim> DirectoryClaim::make(const std::string& directory) {
  std::error_code ignored;
  std::string canonical = std::filesystem::weakly_canonical(directory, ignored).string();
  auto& all = claimed_directories();
  const std::lock_guard lock(all.mutex);
  if (!all.directories.insert(canonical).second) return std::nullopt;
  return DirectoryClaim(std::move(canonical));
}

DirectoryClaim::~DirectoryClaim() {
  if (directory_.empty()) return;
  auto& all = claimed_directories();
  const std::lock_guard lock(all.mutex);
  all.directories.erase(directory_);
}

DuckDbTelemetryStore::DuckDbTelemetryStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
DuckDbTelemetryStore::~DuckDbTelemetryStore() = default;

Result<DuckDbTelemetryStore::Opened> DuckDbTelemetryStore::open(const DuckDbTelemetryOptions& options, Disk& disk,
                                                                const Clock& clock, crypto::KeyProvider& keys) {
  DUHENG_CHECK(disk.make_directories(options.directory));
  const HotPaths paths(options.directory);
  DUHENG_CHECK(disk.make_directories(paths.temporary));
  auto claim = DirectoryClaim::make(options.directory);
  if (!claim) return fail(ErrorCode::unavailable, fmt::format("{} is open already", options.directory));
  auto state = std::make_unique<State>(options, disk, clock, keys, std::move(*claim));
  state->file = paths.file;

  DUHENG_CHECK(finish_rekeying(disk, options.directory, paths));
  Opened out;
  bool present = disk.exists(paths.file);
  out.origin = present ? Origin::opened : Origin::created;
  const auto replace = [&](std::string damage) -> Result<void> {
    state->readers.clear();
    state->writer.reset();
    state->engine.reset();
    DUHENG_TRY(out.moved_to, move_aside(disk, options.directory, paths, clock.utc_ms()));
    log::error(area, "the telemetry file is replaced and has to be rebuilt from the journal",
               {{"reason", damage}, {"kept_as", out.moved_to}});
    out.origin = Origin::replaced_damaged;
    out.damage = std::move(damage);
    present = false;
    return {};
  };
  if (present && options.discard_existing) DUHENG_CHECK(replace("discarded at the owner's wish"));

  for (int attempt = 0; attempt < 2; ++attempt) {
    DUHENG_TRY(OpenKey key, find_key(disk, paths, keys, present));
    if (!present) DUHENG_CHECK(write_file_atomically(disk, paths.key, as_bytes(key.file.to_text())));
    if (present && key.proven) {
      DUHENG_TRY(const bool changed, change_key_if_due(options, disk, paths, keys, key));
      if (changed) {
        DUHENG_TRY(key, find_key(disk, paths, keys, present));
      }
    }
    auto engine = DuckDbEngine::open(options, paths.file, paths.temporary, key.key);
    if (!engine) {
      const auto& failure = engine.error();
      if (failure.wrong_key && !key.proven)
        return fail(ErrorCode::key_missing, fmt::format("the key provider's key does not open {}", paths.file));
      if (!present || !(failure.wrong_key || failure.damaged)) return std::unexpected(failure.error);
      DUHENG_CHECK(replace(failure.error.message));
      continue;
    }
    state->engine = std::move(*engine);
    clear_temporary(disk, paths.temporary);
    if (auto loaded = state->load(); !loaded) {
      if (!present || loaded.error().code != ErrorCode::storage_corrupt) return std::unexpected(loaded.error());
      DUHENG_CHECK(replace(loaded.error().message));
      DirectoryClaim kept = std::move(state->claim);
      state = std::make_unique<State>(options, disk, clock, keys, std::move(kept));
      state->file = paths.file;
      continue;
    }
    if (present && !key.proven) DUHENG_CHECK(write_file_atomically(disk, paths.key, as_bytes(key.file.to_text())));
    DUHENG_CHECK(disk.sync_directory(options.directory));
    out.store.reset(new DuckDbTelemetryStore(std::move(state)));
    return out;
  }
  return fail(ErrorCode::storage_failed, fmt::format("a new telemetry file in {} does not open", options.directory));
}

std::uint64_t DuckDbTelemetryStore::State::log_bytes() const {
  std::error_code error;
  const auto size = std::filesystem::file_size(file + ".wal", error);
  return error ? 0 : size;
}

// --- applying ---

namespace {

/// Errors: invalid_argument - records are missing before or between those handed over.
Result<void> check_consecutive(std::span<const TelemetryRecord> records, std::uint64_t expected) {
  for (const TelemetryRecord& record : records) {
    if (record.record_number > expected)
      return fail(ErrorCode::invalid_argument,
                  fmt::format("record {} was handed over where {} is next", record.record_number, expected));
    if (record.record_number == expected) ++expected;
  }
  return {};
}

}  // namespace

void DuckDbTelemetryStore::State::publish_staged(std::uint64_t next_record) {
  if (recent.empty() && staged_edit_records.empty()) oldest_recent_ns = clock.monotonic_ns();
  const auto edit_times = index.staged_edit_times();
  const std::unique_lock lock(rows_mutex);
  recent.add(staging);
  for (const ReadingRow& row : staging) changes.note(SeriesId{row.series}, row.time_utc_ms);
  for (const auto& [series, time_utc_ms] : edit_times) changes.note(series, time_utc_ms);
  index.publish(next_record, staging.size());
  staging.clear();
}

Result<void> DuckDbTelemetryStore::State::walk_record(const TelemetryRecord& record, ApplyResult& result) {
  const auto readable = index.walk(record, [&](const ReadingRow& row) { staging.push_back(row); });
  if (!readable) return std::unexpected(readable.error());
  if (!*readable) ++result.records_unreadable;
  if (*readable && record.content == TelemetryRecord::Content::edits && !record.body.empty()) {
    staged_edit_records.emplace_back(record.body.begin(), record.body.end());
    staged_edit_numbers.push_back(record.record_number);
  }
  ++result.next_record;
  ++result.records_applied;
  return {};
}

Result<ApplyResult> DuckDbTelemetryStore::apply(std::span<const TelemetryRecord> records) {
  State& s = *state_;
  const std::lock_guard applying(s.apply_mutex);
  DUHENG_CHECK(s.check_writable());
  ApplyResult result;
  result.next_record = s.index.next_record();
  DUHENG_CHECK(check_consecutive(records, result.next_record));
  const auto publish = [&]() -> Result<void> {
    result.readings += s.staging.size();
    s.publish_staged(result.next_record);
    return s.flush_due() ? s.flush() : Result<void>{};
  };
  for (const TelemetryRecord& record : records) {
    if (record.record_number < result.next_record) {
      ++result.records_skipped;
      continue;
    }
    // A record that cannot be walked has entered nothing, so what came before it stands.
    if (auto walked = s.walk_record(record, result); !walked) {
      DUHENG_CHECK(publish());
      return std::unexpected(walked.error());
    }
    if (s.staging.size() >= s.options.readings_per_step_max) DUHENG_CHECK(publish());
  }
  DUHENG_CHECK(publish());
  if (result.records_unreadable > 0) {
    s.records_unreadable += result.records_unreadable;
    log::warning(area, "journal records that are no batch of ours were passed over",
                 {{"count", result.records_unreadable}, {"before_record", result.next_record}});
  }
  return result;
}

// --- checkpoints ---

Result<void> DuckDbTelemetryStore::State::write_latest() {
  DUHENG_CHECK(writer->run("BEGIN TRANSACTION"));
  DUHENG_CHECK(writer->run("DELETE FROM hot.latest"));
  DUHENG_TRY(const auto rows, DuckDbRowAppender::open(writer->handle(), "latest"));
  std::uint32_t number = 0;
  for (const TelemetryIndex::LatestEntry& entry : index.all_latest()) {
    ++number;
    if (!entry.present) continue;
    const Point& point = entry.point;
    rows->set(0, number);
    rows->set(1, point.time_utc_ms);
    rows->set(2, point.mantissa);
    rows->set(3, static_cast<std::uint16_t>(point.quality));
    rows->set(4, static_cast<std::uint8_t>(point.time_source));
    rows->set(5, point.frame.value);
    rows->set(6, point.received_utc_ms);
    rows->set(7, point.evidence_count);
    rows->set(8, static_cast<std::uint8_t>(point.conflict ? 1 : 0));
    rows->set(9, entry.received_utc_ms_max);
    rows->next_row();
  }
  DUHENG_CHECK(rows->finish());
  DUHENG_CHECK(writer->run(fmt::format("UPDATE hot.latest_position SET next_record = {}", index.next_record())));
  return writer->run("COMMIT");
}

Result<void> DuckDbTelemetryStore::State::checkpoint_with_gate_closed() {
  const std::lock_guard writing(write_mutex);
  // A checkpoint that finds no space is fatal to the engine, so it does not begin without room for all it may write.
  constexpr std::uint64_t reserve_bytes = std::uint64_t{32} << 20;
  DUHENG_TRY(const std::uint64_t free_bytes, disk.free_bytes(options.directory));
  if (free_bytes < log_bytes() + reserve_bytes)
    return fail(ErrorCode::storage_full,
                fmt::format("{} octets are free in {}, not enough for a checkpoint", free_bytes, options.directory));
  auto done = write_latest();
  if (done) done = writer->run("CHECKPOINT hot");
  if (!done) {
    abandon(done.error());
    return done;
  }
  readings_since_checkpoint = 0;
  ++checkpoints;
  return {};
}

Result<bool> DuckDbTelemetryStore::State::checkpoint_when_gate_closes(bool wait) {
  // Questions end by their own time-outs; one that does not is passed over until the next call.
  constexpr std::int64_t wait_for_readers_ms = 10'000;
  DUHENG_CHECK(flush());
  if (!(wait ? gate.close(wait_for_readers_ms) : gate.try_close())) return false;
  auto done = checkpoint_with_gate_closed();
  gate.open();
  if (!done) return std::unexpected(done.error());
  return true;
}

Result<bool> DuckDbTelemetryStore::checkpoint_if_due() {
  State& s = *state_;
  const std::lock_guard applying(s.apply_mutex);
  if (s.flush_due()) DUHENG_CHECK(s.flush());
  const std::uint64_t log_bytes = s.log_bytes();
  const bool forced = log_bytes >= s.options.log_bytes_ceiling;
  const bool due =
      forced || log_bytes >= s.options.log_bytes_due || s.readings_since_checkpoint >= s.options.readings_due;
  if (!due) return false;
  return s.checkpoint_when_gate_closes(forced);
}

Result<void> DuckDbTelemetryStore::checkpoint() {
  const std::lock_guard applying(state_->apply_mutex);
  DUHENG_TRY(const bool made, state_->checkpoint_when_gate_closes(true));
  if (!made) return fail(ErrorCode::unavailable, "questions keep running");
  return {};
}

TelemetryStatistics DuckDbTelemetryStore::statistics() const {
  TelemetryStatistics out;
  out.next_record = state_->index.next_record();
  out.durable_record = state_->durable_record;
  out.readings_removed = state_->readings_removed;
  out.readings = state_->index.reading_count() - out.readings_removed;
  out.sources = state_->index.source_count();
  out.series = state_->index.series_count();
  out.edits = state_->index.edits().size();
  std::error_code error;
  const auto size = std::filesystem::file_size(state_->file, error);
  out.sealed_bytes = state_->sealed_bytes;
  out.file_bytes = (error ? 0 : size) + out.sealed_bytes;
  out.write_ahead_log_bytes = state_->log_bytes();
  out.records_unreadable = state_->records_unreadable;
  out.checkpoints = state_->checkpoints;
  const std::shared_lock lock(state_->rows_mutex);
  for (const auto& run : state_->runs) out.sealed_readings += run->place == "hot" ? 0 : run->readings;
  return out;
}

void DuckDbTelemetryStore::allow_removal(std::vector<RemovableDays> removable) {
  std::unordered_map<std::uint32_t, std::int64_t> by_series;
  for (const RemovableDays& entry : removable)
    by_series[static_cast<std::uint32_t>(entry.series.value)] = entry.utc_day;
  const std::lock_guard lock(state_->removable_mutex);
  if (by_series == state_->removable) return;
  state_->removable = std::move(by_series);
  state_->removable_news = true;
}

DuckDbTelemetryStore::Sizes DuckDbTelemetryStore::sizes() const {
  Sizes out;
  const std::shared_lock lock(state_->rows_mutex);
  for (const auto& run : state_->runs) {
    out.readings += run->readings;
    out.blocks += run->blocks;
    out.value_bytes += run->value_bytes;
    out.evidence_bytes += run->evidence_bytes;
    ++out.runs;
    out.sealed_runs += run->place == "hot" ? 0 : 1;
  }
  return out;
}

Result<std::size_t> DuckDbTelemetryStore::stored_tables() const {
  std::size_t tables = 0;
  DUHENG_TRY(const auto session, state_->readers.take(Deadline(state_->clock, QueryOptions{}.timeout_ms, {})));
  DUHENG_CHECK(session->stream("SELECT count(*)::UBIGINT FROM duckdb_tables() WHERE starts_with(table_name, 'run_')",
                               [&](const Chunk& chunk) -> Result<void> {
                                 for (std::size_t i = 0; i < chunk.size(); ++i)
                                   tables += chunk.column<std::uint64_t>(0)[i];
                                 return {};
                               }));
  return tables;
}

}  // namespace duheng::store
