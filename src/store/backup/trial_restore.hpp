#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "store/backup/backup_restore.hpp"
#include "store/journal/journal.hpp"

namespace duheng::store {

/// What a trial restore ("drill") found: the proof that the backup is one, and how long recovery takes.
struct TrialReport {
  std::uint64_t set_number = 0;
  std::int64_t begun_utc_ms = 0;
  std::int64_t check_ms = 0;    ///< reading and comparing everything at the place
  std::int64_t restore_ms = 0;  ///< writing it
  std::int64_t open_ms = 0;     ///< opening and verifying what was written
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;  ///< restored
  std::uint64_t journal_records = 0;
  std::uint64_t journal_next = 0;
  std::uint64_t segments = 0;
  std::uint64_t segments_compared = 0;  ///< with those of the running journal, by the hash of their whole content
  std::map<std::string, std::int64_t> record_rows;          ///< of each table, as restored
  std::map<std::string, std::int64_t> running_record_rows;  ///< of the running database now; empty: nothing runs
  std::vector<std::string> findings;
  std::vector<crypto::Hash256> damaged_objects;
  [[nodiscard]] bool sound() const noexcept { return findings.empty(); }
  [[nodiscard]] std::int64_t recovery_ms() const noexcept { return check_ms + restore_ms + open_ms; }
};

/// Rows of each table of a records database.
using CountRows = std::function<Result<std::map<std::string, std::int64_t>>()>;

struct TrialSetting {
  Disk& disk;
  const Clock& clock;
  std::string directory;             ///< made, and removed at the end; must not be there, or be such a directory
  const Journal* running = nullptr;  ///< to be compared with; nothing: nothing runs
  CountRows running_rows{};
};

/// Restores the set into a directory of its own, opens what was restored, verifies the journal's chain and the records'
/// pages, compares with what runs, measures, and removes the directory. Damage is a finding. Errors: as BackupPlace;
/// storage_full, storage_failed - of the directory; cancelled.
[[nodiscard]] Result<TrialReport> try_restore(BackupPlace& place, const BackupManifest& manifest,
                                              crypto::KeyProvider& keys, const TrialSetting& setting,
                                              const OnObject& on_object = {});

}  // namespace duheng::store
