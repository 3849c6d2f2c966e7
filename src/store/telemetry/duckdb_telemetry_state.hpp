#pragma once
#include <atomic>
#include <mutex>

#include "store/telemetry/duckdb_engine.hpp"
#include "store/telemetry/telemetry_index.hpp"

namespace duheng::store {

/// Keeps one directory from being opened twice by this process: the engine's file lock only tells processes apart.
class DirectoryClaim {
 public:
  [[nodiscard]] static std::optional<DirectoryClaim> make(const std::string& directory);
  DirectoryClaim(DirectoryClaim&& other) noexcept : directory_(std::move(other.directory_)) {
    other.directory_.clear();
  }
  DirectoryClaim& operator=(DirectoryClaim&&) = delete;
  ~DirectoryClaim();

 private:
  explicit DirectoryClaim(std::string directory) : directory_(std::move(directory)) {}
  std::string directory_;
};

/// Threads: `writer` and everything that writes belongs to whoever holds `apply_mutex`; questions take a session from
/// `readers`, which keeps them out during a checkpoint; `index` guards itself.
struct DuckDbTelemetryStore::State {
  State(DuckDbTelemetryOptions opts, Disk& d, const Clock& c, DirectoryClaim claimed)
      : options(std::move(opts)), disk(d), clock(c), claim(std::move(claimed)), readers(gate) {}

  DuckDbTelemetryOptions options;
  Disk& disk;
  const Clock& clock;
  DirectoryClaim claim;
  std::string file;
  std::unique_ptr<DuckDbEngine> engine;  // declared before the sessions, which must end first
  TelemetryIndex index;
  ReaderGate gate;
  SessionPool readers;
  std::mutex apply_mutex;
  std::unique_ptr<DuckDbSession> writer;
  std::uint64_t readings_since_checkpoint = 0;
  std::atomic<std::uint64_t> records_unreadable = 0;
  std::atomic<std::uint64_t> checkpoints = 0;
  // A write failed inside the engine. Its rows in memory and on disk are right, but what it would append to its log
  // after that is not (seen with 1.4.4: after a commit that found no space and later ones that succeeded, the reopened
  // file had the right number of rows with wrong content). So nothing more is written until the file is opened again,
  // which was right every time.
  std::atomic<bool> must_reopen = false;

  [[nodiscard]] std::uint64_t log_bytes() const;
  [[nodiscard]] Result<void> load();
  [[nodiscard]] Result<void> create_tables();
  [[nodiscard]] Result<void> load_tables();
  [[nodiscard]] Result<void> load_tail(std::uint64_t from_record, std::uint64_t to_record);
  [[nodiscard]] Result<void> check_writable() const;
  /// Commits what is staged.
  [[nodiscard]] Result<void> commit(std::uint64_t next_record, std::uint64_t readings_added);
  /// Takes back a transaction that ended in `error`.
  void abandon(const Error& error);
  [[nodiscard]] Result<bool> checkpoint_when_gate_closes(bool wait);
  [[nodiscard]] Result<void> write_latest();
  [[nodiscard]] Result<void> checkpoint_with_gate_closed();
};

}  // namespace duheng::store
