#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/disk.hpp"
#include "base/random.hpp"
#include "crypto/key_provider.hpp"
#include "model/reading.hpp"
#include "store/journal/frame_finder.hpp"
#include "store/journal/journal_record.hpp"
#include "store/segment_log/segment_log.hpp"

namespace duheng::store {

struct JournalOptions {
  std::string directory{};
  std::uint64_t segment_bytes_max = 64U << 20;
  std::size_t cache_bytes_max = 32U << 20;
};

/// A record as read; its views stay valid as long as `entry` (or a copy of this) lives.
struct StoredRecord {
  std::uint64_t number = 0;
  JournalRecord record;
  LogEntry entry;
};

/// What a value can be followed back to: the frame, when and from whom it came, and what was read out of it.
struct FrameEvidence {
  StoredRecord stored;
  std::string_view device_uid;
  Frame frame;                      ///< views into `stored`
  std::vector<Reading> readings;    ///< of this frame
  std::vector<Register> registers;  ///< the batch's table, by Reading::register_index
};

/// Reads records in order, also of a journal being written to; for consumers that keep their position. Not thread-safe,
/// must not outlive the journal.
class JournalCursor {
 public:
  /// The next record; nothing at the end of what is durable: call again later.
  /// Errors: not_found - removed; storage_corrupt, malformed, storage_failed, key_missing. Afterwards the cursor stands
  /// where it stood.
  [[nodiscard]] Result<std::optional<StoredRecord>> next();
  /// Number of the record that next() will give.
  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }

 private:
  friend class Journal;
  JournalCursor(const SegmentLog& log, std::uint64_t from) : log_(&log), cursor_(log.cursor(from)), position_(from) {}
  const SegmentLog* log_;
  LogCursor cursor_;
  std::uint64_t position_;
};

/// The truth: what the platform accepted, committed once. A record is numbered from 1 on (a FrameReference of 0 means
/// none).
///
/// Locks: commits take turns among themselves; everything that reads may run in any thread beside them.
class Journal {
 public:
  static constexpr std::uint64_t first_record_number = 1;

  /// Replays the last segment to know every source's position. Errors: as SegmentLog::open(); malformed - the last
  /// segment holds what is no record.
  [[nodiscard]] static Result<std::unique_ptr<Journal>> open(Disk& disk, Random& random, crypto::KeyProvider& keys,
                                                             const JournalOptions& options);
  ~Journal();

  /// Commits the records as one durable group and returns the number of the first; the others follow it. This is the
  /// commit point: whoever is acknowledged after it finds his batch again. Errors: already_exists - a batch stands
  /// before its source's position (nothing of the group was written): the caller should have compared with position();
  /// otherwise as SegmentLog::append(), nothing was committed, and after a failed synchronisation the journal must be
  /// opened anew.
  [[nodiscard]] Result<std::uint64_t> commit(std::span<const JournalRecord> records);

  /// Errors: not_found; storage_corrupt, malformed, storage_failed, key_missing.
  [[nodiscard]] Result<StoredRecord> read(std::uint64_t number) const;
  [[nodiscard]] JournalCursor cursor(std::uint64_t from) const;
  /// Waits until record `number` is durable or the time is over; true when it is there.
  [[nodiscard]] bool wait_for(std::uint64_t number, std::chrono::milliseconds timeout) const;
  /// Follows a reading back to its frame. Errors: not_found - no such record or frame, or removed by retention;
  /// otherwise as read().
  [[nodiscard]] Result<FrameEvidence> frame(FrameReference reference) const;

  /// Where a record stands on the disk, and what proves it; its block is read and checked anew. Errors: as read().
  [[nodiscard]] Result<EntryPlace> place_of(std::uint64_t number) const;
  /// A device's frames by time, found by an index of its own. Errors: invalid_argument; otherwise as read().
  [[nodiscard]] Result<FramePage> frames_of(const FrameQuery& query) const;
  /// One step of the work that keeps the index of frames complete, from any thread, beside commits; call it every
  /// second or so. Returns whether there is more to do at once. Errors: as read(); storage_full, storage_failed - tried
  /// again.
  [[nodiscard]] Result<bool> index_frames(std::size_t records_max = 2'000) const;

  /// Nothing: no batch of that epoch was ever committed.
  [[nodiscard]] std::optional<SourcePosition> position(GatewayId gateway, std::uint64_t epoch) const;
  /// All epochs of a gateway, ascending.
  [[nodiscard]] std::vector<SourcePosition> source_positions(GatewayId gateway) const;
  /// Positions as they were before record `number` was committed; of all gateways.
  /// Errors: not_found - that part was removed; otherwise as read().
  [[nodiscard]] Result<std::vector<SourcePosition>> source_positions_at(std::uint64_t number) const;

  /// Records before this number are in a backup. Kept in a file of its own; 0 when there was no backup.
  [[nodiscard]] std::uint64_t backup_watermark() const;
  /// Errors: invalid_argument - beyond next_number(); storage_full, storage_failed - the old one stays.
  [[nodiscard]] Result<void> set_backup_watermark(std::uint64_t number);
  /// From now on nothing is removed from `position()` on, the number of the record that a consumer has yet to read or
  /// would read again after a crash. Called by removals, in their thread. A name that is known is replaced.
  void hold_for(const std::string& consumer, std::function<std::uint64_t()> position);
  void release(const std::string& consumer);
  /// What may be removed by now: everything before this record is in a backup and was taken in by every consumer.
  [[nodiscard]] std::uint64_t removable_before() const;
  /// Removes whole segments before `number`, but never what no backup holds or a consumer needs. Returns the number of
  /// the oldest record kept.
  [[nodiscard]] Result<std::uint64_t> remove_before(std::uint64_t number);
  /// The same for segments whose records all came before a moment (platform's clock).
  [[nodiscard]] Result<std::uint64_t> remove_older_than(std::int64_t received_before_utc_ms);

  [[nodiscard]] std::uint64_t first_number() const;
  [[nodiscard]] std::uint64_t next_number() const;
  [[nodiscard]] std::uint64_t size_bytes() const;
  [[nodiscard]] Result<std::uint64_t> free_bytes() const;
  [[nodiscard]] bool poisoned() const noexcept;
  [[nodiscard]] const OpenReport& open_report() const noexcept;
  /// For backups: closed segments are copied as they are.
  [[nodiscard]] std::vector<SegmentInfo> segments() const;
  [[nodiscard]] Result<void> start_new_segment();
  [[nodiscard]] Result<VerifyReport> verify() const;
  [[nodiscard]] Result<VerifyReport> verify_segment(std::uint64_t first_number) const;

 private:
  struct State;
  explicit Journal(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace duheng::store
