#include "store/telemetry/duckdb_telemetry_store.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <set>

#include "base/log.hpp"
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

struct Paths {
  explicit Paths(const std::string& directory)
      : file(fmt::format("{}/{}", directory, file_name)),
        log(file + ".wal"),
        key(directory + "/telemetry.key"),
        temporary(directory + "/temporary") {}
  std::string file, log, key, temporary;
};

struct OpenKey {
  crypto::SecretKey key;
  TelemetryKeyFile file;
  bool proven = false;  // the key file says that this is the right key
};

/// The key for the file that is there, or for a new one.
Result<OpenKey> find_key(Disk& disk, const Paths& paths, crypto::KeyProvider& keys, bool file_present) {
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

/// Renames the file and its log; the one damaged before goes, so that repeated damage cannot fill the disk.
Result<std::string> move_aside(Disk& disk, const std::string& directory, const Paths& paths, std::int64_t utc_ms) {
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
  const Paths paths(options.directory);
  DUHENG_CHECK(disk.make_directories(paths.temporary));
  auto claim = DirectoryClaim::make(options.directory);
  if (!claim) return fail(ErrorCode::unavailable, fmt::format("{} is open already", options.directory));
  auto state = std::make_unique<State>(options, disk, clock, std::move(*claim));
  state->file = paths.file;

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
    DUHENG_TRY(const OpenKey key, find_key(disk, paths, keys, present));
    if (!present) DUHENG_CHECK(write_file_atomically(disk, paths.key, as_bytes(key.file.to_text())));
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
      state = std::make_unique<State>(options, disk, clock, std::move(kept));
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

Result<void> DuckDbTelemetryStore::State::commit(std::uint64_t next_record, std::uint64_t readings_added) {
  const auto new_sources = index.staged_sources();
  if (!new_sources.empty()) {
    DUHENG_TRY(const auto rows, DuckDbRowAppender::open(writer->handle(), "source"));
    for (const Source& source : new_sources) {
      rows->set(0, source.id.value);
      rows->set(1, source.gateway.value);
      rows->set_blob(2, source.device_uid);
      rows->next_row();
    }
    DUHENG_CHECK(rows->finish());
  }
  const auto new_series = index.staged_series();
  if (!new_series.empty()) {
    DUHENG_TRY(const auto rows, DuckDbRowAppender::open(writer->handle(), "series"));
    for (const Series& series : new_series) {
      rows->set(0, static_cast<std::uint32_t>(series.id.value));
      rows->set(1, series.source.value);
      rows->set_blob(2, series.register_name);
      rows->set_blob(3, series.unit);
      rows->set(4, series.exponent);
      rows->set(5, static_cast<std::uint8_t>(series.kind));
      rows->next_row();
    }
    DUHENG_CHECK(rows->finish());
  }
  DUHENG_CHECK(writer->run(fmt::format("UPDATE hot.position SET next_record = {}, readings = {}", next_record,
                                       index.reading_count() + readings_added)));
  DUHENG_CHECK(writer->run("COMMIT"));
  index.publish(next_record, readings_added);
  readings_since_checkpoint += readings_added;
  return {};
}

void DuckDbTelemetryStore::State::abandon(const Error& error) {
  (void)writer->run("ROLLBACK");  // fails when the engine has rolled back by itself
  index.roll_back();
  if (error.code == ErrorCode::unsupported) return;  // found by us, before the engine did anything wrong
  must_reopen = true;
  log::error(area, "telemetry cannot be written and must be opened again", {{"reason", error}});
}

Result<void> DuckDbTelemetryStore::State::check_writable() const {
  if (!must_reopen) return {};
  return fail(ErrorCode::storage_failed, "telemetry must be opened again after an earlier failure to write");
}

Result<ApplyResult> DuckDbTelemetryStore::apply(std::span<const TelemetryRecord> records) {
  State& s = *state_;
  const std::lock_guard applying(s.apply_mutex);
  DUHENG_CHECK(s.check_writable());
  ApplyResult result;
  result.next_record = s.index.next_record();
  std::uint64_t expected = result.next_record;
  for (const TelemetryRecord& record : records) {
    if (record.record_number > expected)
      return fail(ErrorCode::invalid_argument,
                  fmt::format("record {} was handed over where {} is next", record.record_number, expected));
    if (record.record_number == expected) ++expected;
  }

  std::size_t at = 0;
  while (at < records.size()) {
    if (records[at].record_number < result.next_record) {
      ++result.records_skipped;
      ++at;
      continue;
    }
    ApplyResult part;
    const auto write_part = [&]() -> Result<void> {
      DUHENG_CHECK(s.writer->run("BEGIN TRANSACTION"));
      DUHENG_TRY(const auto rows, DuckDbRowAppender::open(s.writer->handle(), "reading"));
      part.next_record = result.next_record;
      for (; at < records.size() && part.readings < s.options.readings_per_transaction_max; ++at) {
        if (records[at].record_number < part.next_record) {
          ++part.records_skipped;
          continue;
        }
        const auto readable = s.index.walk(records[at], [&](const ReadingRow& row) {
          rows->reading(row);
          ++part.readings;
        });
        if (!readable) return std::unexpected(readable.error());
        if (!*readable) ++part.records_unreadable;
        if (rows->failed()) break;
        ++part.next_record;
        ++part.records_applied;
      }
      DUHENG_CHECK(rows->finish());
      return s.commit(part.next_record, part.readings);
    };
    if (auto written = write_part(); !written) {
      s.abandon(written.error());
      return std::unexpected(written.error());
    }
    if (part.records_unreadable > 0) {
      s.records_unreadable += part.records_unreadable;
      log::warning(area, "journal records that are no batch of ours were passed over",
                   {{"count", part.records_unreadable}, {"before_record", part.next_record}});
    }
    result.next_record = part.next_record;
    result.records_applied += part.records_applied;
    result.records_skipped += part.records_skipped;
    result.records_unreadable += part.records_unreadable;
    result.readings += part.readings;
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
  DUHENG_CHECK(check_writable());
  if (!(wait ? gate.close(wait_for_readers_ms) : gate.try_close())) return false;
  auto done = checkpoint_with_gate_closed();
  gate.open();
  if (!done) return std::unexpected(done.error());
  return true;
}

Result<bool> DuckDbTelemetryStore::checkpoint_if_due() {
  State& s = *state_;
  const std::lock_guard applying(s.apply_mutex);
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
  out.readings = state_->index.reading_count();
  out.sources = state_->index.source_count();
  out.series = state_->index.series_count();
  std::error_code error;
  const auto size = std::filesystem::file_size(state_->file, error);
  out.file_bytes = error ? 0 : size;
  out.write_ahead_log_bytes = state_->log_bytes();
  out.records_unreadable = state_->records_unreadable;
  out.checkpoints = state_->checkpoints;
  return out;
}

}  // namespace duheng::store
