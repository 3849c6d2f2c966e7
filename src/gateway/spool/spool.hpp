#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/disk.hpp"
#include "base/random.hpp"
#include "crypto/hash.hpp"
#include "crypto/key_provider.hpp"

namespace duheng::gateway {

struct SpoolOptions {
  std::string directory;                             ///< made when missing; belongs to one process
  std::uint64_t bytes_max = 4ULL << 30;              ///< of all epochs together; see append()
  std::uint64_t segment_bytes_max = 16ULL << 20;     ///< what is freed at once
  std::int64_t retention_ms = 7LL * 24 * 3'600'000;  ///< how long acknowledged batches are kept at least
  /// Also keep them until the platform's backup watermark has passed, as long as there is room: without any backup the
  /// oldest of them go once the spool is full, and only then.
  bool keep_until_backup = true;
};

/// What the spool holds of one epoch: batches [first_sequence, next_sequence).
struct SpoolRange {
  std::uint64_t epoch = 0;
  std::uint64_t first_sequence = 0;
  std::uint64_t next_sequence = 0;
};

/// One batch as it was spooled; the views live as long as `owner`.
struct SpooledBatch {
  crypto::Hash256 previous_hash{};
  crypto::Hash256 hash{};
  ByteView body;
  std::shared_ptr<const void> owner;
};

struct SpoolState {
  std::uint64_t epoch = 0;
  std::uint64_t next_sequence = 0;
  std::uint64_t bytes = 0;  ///< on disk, all epochs
  std::uint64_t bytes_max = 0;
  std::uint64_t disk_free_bytes = 0;
  std::uint64_t unacknowledged_batches = 0;
  std::uint64_t unacknowledged_bytes = 0;     ///< estimated: size on disk x share of batches
  std::uint64_t awaiting_backup_batches = 0;  ///< committed at the platform, in none of its backups
  std::uint64_t released_without_backup = 0;  ///< of those, given up since opening because the spool was full
  bool full = false;                          ///< the last append was refused for want of room
  std::uint64_t damaged_epochs = 0;           ///< kept as they are, not readable by this release or with this key
  double append_bytes_per_s = 0;              ///< on disk, over the last minutes
  double autonomy_hours = 0;  ///< how long the room lasts at that rate with nothing acknowledged; 0 = unknown
};

/// The gateway's store-and-forward memory: batches, numbered and hash-chained within an epoch, encrypted on disk. A
/// batch is safe once append() has returned. An epoch begins with a new spool (installation) and whenever what is on
/// disk cannot be continued; older epochs stay readable until they are sent and no longer needed.
///
/// The chain is uplink::batch_hash, hash(-1) = 32 zero octets.
///
/// Threads: append() and maintain() by one thread at a time; everything else from any thread beside them.
class Spool {
 public:
  /// Errors: storage_full, storage_failed; key_missing - the key provider has no "spool" key. Damage is not an error: a
  /// new epoch begins, the damaged one stays on disk and is counted in state().
  [[nodiscard]] static Result<std::unique_ptr<Spool>> open(Disk& disk, Random& random, crypto::KeyProvider& keys,
                                                           const Clock& clock, SpoolOptions options);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  /// Stores a batch (model/batch.hpp) and returns its sequence once it is durable. Never overwrites: without room left
  /// within `bytes_max` it first removes early what is acknowledged and backed up, then the oldest of what is
  /// acknowledged only (counted in state()), and refuses when all that is left is unacknowledged.
  /// Errors: storage_full - keep the batch and try again later; storage_failed - try again, the log is opened anew;
  /// limit_exceeded - larger than a batch may be. A batch whose append failed half-way and yet turns out durable is not
  /// stored a second time when the same bytes are offered again at once.
  [[nodiscard]] Result<std::uint64_t> append(ByteView body);
  /// Removes what is acknowledged, older than the retention and backed up; writes down the acknowledged positions if
  /// they moved. Call every few seconds; costs a few reads and at most one small file.
  [[nodiscard]] Result<void> maintain();

  /// Every epoch held, oldest first; the last is the one being written.
  [[nodiscard]] std::vector<SpoolRange> epochs() const;
  /// Errors: not_found - removed, or not there yet; storage_corrupt, storage_failed.
  [[nodiscard]] Result<SpooledBatch> read(std::uint64_t epoch, std::uint64_t sequence) const;
  /// Everything of `epoch` below `next_sequence` is committed at the platform, and below `backed_up_sequence` it is in
  /// the platform's backups. A restored platform may say less than before: then what it lacks is kept again.
  void acknowledged(std::uint64_t epoch, std::uint64_t next_sequence, std::uint64_t backed_up_sequence);
  /// What acknowledged() last said of the epoch (0 when nothing).
  [[nodiscard]] std::uint64_t acknowledged_sequence(std::uint64_t epoch) const;
  /// Called after each append, from its thread, with nothing locked.
  void on_durable(std::function<void(std::uint64_t epoch, std::uint64_t next_sequence)> listener);
  /// What is spooled next goes into another epoch when `epoch` is the one being written: the platform holds other
  /// content for its offsets, or the disk lost what it had confirmed, and no offset may be used twice. The old one
  /// stays as it is.
  void retire_epoch(std::uint64_t epoch);

  [[nodiscard]] SpoolState state() const;
  /// Creation time of the newest batch, 0 when there is none: no honest clock stands before it.
  [[nodiscard]] std::int64_t newest_created_utc_ms() const;

 private:
  struct Impl;
  explicit Spool(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace duheng::gateway
