#pragma once
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "store/backup/backup_manifest.hpp"
#include "store/backup/backup_place.hpp"

namespace duheng::store {

/// T/CITS 565-2025, 6.5 asks for six years at least.
inline constexpr std::int64_t monthly_keep_months_min = 72;

struct BackupRetention {
  std::int64_t daily_keep_days = 35;
  std::int64_t monthly_keep_months = 84;  ///< of each civil month the newest set; at least monthly_keep_months_min
  std::string time_zone = "Asia/Shanghai";
};

struct SetMoment {
  std::uint64_t number = 0;
  std::int64_t begun_utc_ms = 0;
};
/// Which sets may go: those that are neither young enough, nor the newest of a month that is kept, nor the newest of
/// all. Sets of the future (a clock that was wrong) stay. Errors: not_found - no such zone; invalid_argument - a month
/// would be kept for less than monthly_keep_months_min.
[[nodiscard]] Result<std::set<std::uint64_t>> removable_sets(std::span<const SetMoment> sets,
                                                             const BackupRetention& retention, std::int64_t now_utc_ms);

struct PruneReport {
  std::vector<std::uint64_t> sets_removed;
  std::uint64_t objects_removed = 0;
  std::uint64_t bytes_removed = 0;
};
/// Removes sets whose time is over, and objects that no set needs any more (also what an unfinished set left). While a
/// list of a set that stays cannot be read nothing is removed: nobody knows what it needs. Cut off at any point, every
/// set that is there is whole. Not beside make_backup(). Errors: as BackupPlace; storage_corrupt.
[[nodiscard]] Result<PruneReport> prune_place(BackupPlace& place, crypto::KeyProvider& keys,
                                              const BackupRetention& retention, const Clock& clock);

}  // namespace duheng::store
