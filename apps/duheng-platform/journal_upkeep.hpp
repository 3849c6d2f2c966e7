#pragma once
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "store/journal/journal.hpp"

namespace duheng::platform {

struct JournalUpkeepOptions {
  std::int64_t keep_days = 0;  ///< older records are removed once they are in a backup and applied; 0: kept for ever
  std::string ship_to;         ///< closed segments are copied there, which counts as a backup; empty: nowhere
};

struct JournalUpkeepStatus {
  std::uint64_t segments_shipped = 0;  ///< since the start
  std::uint64_t records_removed = 0;
  std::uint64_t failures = 0;
};

/// The journal's own housekeeping: its index of frames, copies of closed segments elsewhere, retention by age.
class JournalUpkeep {
 public:
  /// Told what was removed; it goes into the audit log.
  using OnRemoved = std::function<void(std::uint64_t before_record)>;
  JournalUpkeep(store::Journal& journal, Disk& disk, const Clock& clock, JournalUpkeepOptions options,
                OnRemoved on_removed)
      : journal_(journal),
        disk_(disk),
        clock_(clock),
        options_(std::move(options)),
        on_removed_(std::move(on_removed)) {}
  /// Call it every second or so, from one thread. May take seconds while a segment is copied.
  void look();
  /// From any thread.
  [[nodiscard]] JournalUpkeepStatus status() const;

 private:
  static constexpr std::int64_t ship_every_ms = 60'000;
  static constexpr std::int64_t remove_every_ms = 600'000;
  [[nodiscard]] bool is_due(std::int64_t& next_ms, std::int64_t every_ms) const;
  void index();
  void ship();
  void remove();
  void note_failure(std::string_view what, const Error& error);

  store::Journal& journal_;
  Disk& disk_;
  const Clock& clock_;
  const JournalUpkeepOptions options_;
  const OnRemoved on_removed_;
  std::int64_t ship_at_ms_ = INT64_MIN;
  std::int64_t remove_at_ms_ = INT64_MIN;
  std::string told_;  // the failure told last, so that the log does not repeat it every minute
  mutable std::mutex mutex_;
  JournalUpkeepStatus status_;
};

}  // namespace duheng::platform
