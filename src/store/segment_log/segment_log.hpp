#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/disk.hpp"
#include "base/random.hpp"
#include "crypto/hash.hpp"
#include "crypto/key_provider.hpp"

namespace duheng::store {

namespace segment_limits {
inline constexpr std::size_t block_bytes_max = 64U << 20;   ///< entries of one append, before compression
inline constexpr std::size_t block_entries_max = 1U << 20;  ///< of one append
inline constexpr std::size_t snapshot_bytes_max = 16U << 20;
}  // namespace segment_limits

struct SegmentLogOptions {
  std::string directory{};                      ///< made when missing; belongs to this log and one process alone
  std::string purpose{};                        ///< which key of the KeyProvider, e.g. "journal"; at most 64 octets
  std::uint64_t first_number = 0;               ///< of the first entry of a log that has no segment yet
  std::uint64_t segment_bytes_max = 64U << 20;  ///< a new segment starts once the present one is as large as this
  std::size_t cache_bytes_max = 16U << 20;      ///< decrypted blocks kept in memory
  /// Called whenever a segment starts, in the thread that appends: the owner's state after every entry so far. It is
  /// kept (encrypted) in the segment's header, so that the owner need replay only the last segment. May be empty.
  std::function<Bytes()> snapshot{};
};

/// What open() found. `bytes_cut` > 0 is normal after a crash: an append that was never acknowledged left a torn tail.
/// A last block that was acknowledged and then damaged looks the same, so the owner logs this.
struct OpenReport {
  bool created = false;  ///< there was no segment
  std::uint64_t bytes_cut = 0;
  std::string cut_file;  ///< name of the segment cut or removed; empty when none
  std::string cut_reason;
};

/// One entry; its bytes stay valid as long as `owner` (or a copy of this entry) lives.
struct LogEntry {
  std::uint64_t number = 0;
  ByteView bytes;
  std::shared_ptr<const void> owner;
};

struct VerifyFinding {
  std::string file;
  std::uint64_t offset = 0;
  std::string what;
};
/// Every octet of every file is covered by a hash or an authentication tag.
struct VerifyReport {
  std::uint64_t segments = 0;
  std::uint64_t blocks = 0;
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  std::vector<VerifyFinding> findings;  ///< at most 1,000
  [[nodiscard]] bool sound() const noexcept { return findings.empty(); }
};

/// One file of the log. A closed one never changes again: backing up is copying it.
struct SegmentInfo {
  std::string path;
  std::uint64_t first_number = 0;
  std::uint64_t next_number = 0;  ///< of the entry behind its last durable one
  std::uint64_t size_bytes = 0;
  bool closed = false;
};

/// Where an entry stands, and what proves it: read and checked when asked for.
struct EntryPlace {
  std::string path;  ///< of the segment file
  std::uint64_t segment_first_number = 0;
  std::uint32_t key_version = 0;  ///< of the purpose's key, from which the segment's own was derived
  std::uint64_t block_offset = 0;
  std::uint64_t block_bytes = 0;
  std::uint64_t block_first_number = 0;
  std::uint32_t block_entries = 0;
  crypto::Hash256 block_hash{};           ///< as stored
  crypto::Hash256 previous_block_hash{};  ///< as stored: of the block before it, or of the segment's header
  bool hash_holds = false;                ///< computed again now over the octets on the disk
  bool authentic = false;                 ///< the authentication tag was checked with the key
};

/// The owner's state as the header of a segment keeps it.
struct SegmentSnapshot {
  std::uint64_t first_number = 0;  ///< the state holds every entry before this one
  Bytes bytes;
};

class SegmentCatalogue;

/// Reads entries one after the other, also of a log being appended to. Not thread-safe; any number may exist; must not
/// outlive its log. A cursor does not keep segments from being removed.
class LogCursor {
 public:
  /// The next entry; nothing at the end of what is durable: call again later.
  /// Errors: not_found - the entry was removed, go on with a new cursor from first_number(); storage_corrupt;
  /// storage_failed; key_missing. After an error the cursor stands where it stood.
  [[nodiscard]] Result<std::optional<LogEntry>> next();
  /// Number of the entry that next() will give.
  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }

 private:
  friend class SegmentLog;
  LogCursor(const SegmentCatalogue& catalogue, std::uint64_t position) : catalogue_(&catalogue), position_(position) {}
  const SegmentCatalogue* catalogue_;
  std::uint64_t position_;
  std::shared_ptr<const class DecodedBlock> block_;
};

/// An append-only log of numbered byte strings ("entries"), encrypted (AES-256-GCM), compressed (zstd) and hash-chained
/// (SHA-256), in segment files: the ground of the platform's journal and the gateway's spool. One append = one block =
/// one fdatasync: an entry is readable only once it is durable, and a block is there wholly or not at all.
///
/// Locks: append(), start_new_segment() and remove_segments_before() take turns among themselves and may be called from
/// any thread; all reading calls may run in any number of threads beside them and never wait for a disk
/// synchronisation. `disk` and `keys` must be usable from several threads at once, `random` is used by the appending
/// thread alone and must be fit for keys outside simulations.
class SegmentLog {
 public:
  /// Opens the log, or starts one. Cuts a torn or zeroed tail back to the last whole, authentic block, and makes what
  /// remains durable before it is shown. Reads the last segment only.
  /// Errors: storage_corrupt - damage that no crash explains (sound blocks behind a bad one, a damaged header, a broken
  /// chain): restore or rebuild, nothing was changed; key_missing - the key version is absent or another key;
  /// storage_full, storage_failed; invalid_argument.
  [[nodiscard]] static Result<std::unique_ptr<SegmentLog>> open(Disk& disk, Random& random, crypto::KeyProvider& keys,
                                                                SegmentLogOptions options);
  ~SegmentLog();
  SegmentLog(const SegmentLog&) = delete;
  SegmentLog& operator=(const SegmentLog&) = delete;

  [[nodiscard]] const OpenReport& open_report() const noexcept;

  /// Appends the entries as one block and returns, once they are durable, the number of the first; the others follow
  /// it. Without entries: the next number, nothing is written. Errors: storage_full, storage_failed - nothing was
  /// appended; the log stays usable when the disk takes writes again, except after a failed synchronisation: then the
  /// kernel may have dropped what it had not written, and every further append fails with storage_failed until the log
  /// is opened anew (poisoned()). limit_exceeded - see segment_limits. key_missing - a new segment was due and the
  /// provider had no key.
  [[nodiscard]] Result<std::uint64_t> append(std::span<const ByteView> entries);
  /// Closes the present segment, e.g. after a key change or before a backup; the next append starts another. Nothing
  /// happens while the present one holds no entry.
  [[nodiscard]] Result<void> start_new_segment();
  /// Begins a new segment when the latest entry stands under another version of the key, or another cipher, than new
  /// ones are to. Errors: as start_new_segment(); key_missing.
  [[nodiscard]] Result<void> renew_key();
  [[nodiscard]] bool poisoned() const noexcept;

  /// Errors: not_found - removed, or not appended yet; storage_corrupt; storage_failed; key_missing.
  [[nodiscard]] Result<LogEntry> read(std::uint64_t number) const;
  [[nodiscard]] LogCursor cursor(std::uint64_t from) const;
  /// Waits until entry `number` is durable or the time is over; true when it is there.
  [[nodiscard]] bool wait_for(std::uint64_t number, std::chrono::milliseconds timeout) const;

  /// Number of the oldest entry kept; equals next_number() when there is none.
  [[nodiscard]] std::uint64_t first_number() const;
  /// Number that the next append will give.
  [[nodiscard]] std::uint64_t next_number() const;
  [[nodiscard]] std::uint64_t segment_count() const;
  /// First number of the last segment, and the owner's snapshot kept in its header.
  [[nodiscard]] std::uint64_t last_segment_first_number() const;
  [[nodiscard]] Bytes last_snapshot() const;
  /// Snapshot kept in the segment that holds entry `number`, or in the last one for next_number().
  /// Errors: not_found - removed, not appended yet, or no segment; storage_corrupt; storage_failed; key_missing.
  [[nodiscard]] Result<SegmentSnapshot> snapshot_before(std::uint64_t number) const;
  [[nodiscard]] std::vector<SegmentInfo> segments() const;
  /// Where an entry stands. Reads its block from the disk, whatever is in memory. Errors: as read(); damage to the
  /// block is no error here, see EntryPlace.
  [[nodiscard]] Result<EntryPlace> place_of(std::uint64_t number) const;
  /// Hash of the last block of the segment that begins with `first_number`: it names the segment's whole content.
  /// Errors: not_found - no such segment; otherwise as read().
  [[nodiscard]] Result<crypto::Hash256> segment_hash(std::uint64_t first_number) const;
  /// Octets of all segment files.
  [[nodiscard]] std::uint64_t size_bytes() const;
  [[nodiscard]] Result<std::uint64_t> free_bytes() const;
  /// Hash of the newest block: whoever knows it can later prove that nothing before it was changed.
  [[nodiscard]] crypto::Hash256 last_hash() const;

  /// Removes the segments, oldest first, that hold only entries before `number`; never the last one. Each removal is
  /// durable before the next, so that a crash leaves no gap.
  [[nodiscard]] Result<void> remove_segments_before(std::uint64_t number);

  /// Reads and checks everything that is durable. Errors: storage_failed - could not be read; damage is a finding.
  [[nodiscard]] Result<VerifyReport> verify() const;
  /// Reads and checks one segment, as far as it is durable. Errors: not_found - no such segment; storage_failed.
  [[nodiscard]] Result<VerifyReport> verify_segment(std::uint64_t first_number) const;
  /// The same for a directory whose log is not open (a backup, another process's): changes nothing. A torn tail of the
  /// last segment is a finding.
  [[nodiscard]] static Result<VerifyReport> verify_directory(Disk& disk, crypto::KeyProvider& keys,
                                                             const std::string& directory, const std::string& purpose);

 private:
  class Writer;
  SegmentLog(std::unique_ptr<SegmentCatalogue> catalogue, std::unique_ptr<Writer> writer);
  std::unique_ptr<SegmentCatalogue> catalogue_;
  std::unique_ptr<Writer> writer_;
};

}  // namespace duheng::store
