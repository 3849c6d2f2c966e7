#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "store/journal/journal.hpp"
#include "uplink/batch_sink.hpp"
#include "uplink/messages.hpp"

namespace duheng::platform {

struct IngestOptions {
  std::size_t batch_bytes_max = 4U << 20;
  /// Taken from gateways but not yet durable. Beyond it sessions stop reading, then are told to wait.
  std::size_t pending_batches_max = 65'536;
  std::size_t pending_bytes_max = 64U << 20;
  /// One group = one write and one synchronisation of the disk.
  std::size_t commit_batches_max = 16'384;
  std::size_t commit_bytes_max = 2U << 20;  ///< small enough that following one reading back reads little
  /// Gateways keep what no backup of the platform holds. Without backups of the platform say no, or they keep it all.
  bool keep_until_backup = true;
  std::uint64_t storage_retry_ms = 10'000;
  std::size_t epochs_per_gateway_max = 4'096;
  /// Refused batches written down as evidence, per gateway and hour; what is beyond is counted only.
  std::uint32_t evidence_per_hour_max = 60;
};

/// What ingest has seen since it was made.
struct IngestStatistics {
  std::uint64_t batches = 0;  ///< committed
  std::uint64_t frames = 0;
  std::uint64_t readings = 0;
  std::uint64_t bytes = 0;
  std::uint64_t commits = 0;
  std::uint64_t commits_failed = 0;
  std::int64_t commit_ns_total = 0;  ///< time in the journal
  std::int64_t commit_ns_max = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t gaps = 0;
  std::uint64_t conflicts = 0;  ///< an alarm: the same offset with other content, or a broken chain
  std::uint64_t malformed = 0;  ///< accepted and kept, but not readable
  std::uint64_t unsupported = 0;
  std::uint64_t too_large = 0;
  std::uint64_t evidence = 0;
  std::uint64_t evidence_dropped = 0;
  std::uint64_t batches_lost = 0;  ///< gateways declared that they no longer hold them
  std::uint64_t full = 0;          ///< offers that found no room
  std::uint64_t pending_batches = 0;
  std::uint64_t pending_bytes = 0;
  bool storage_full = false;    ///< the last commit failed for want of space
  bool storage_failed = false;  ///< the journal takes nothing more until it is opened anew: restart the platform
};

/// A batch with everything checked that needs no knowledge of others: the costly part, done without any lock.
struct CheckedBatch {
  enum class Content : std::uint8_t { readable, malformed, unsupported, too_large };
  uplink::Batch batch{};
  Content content = Content::readable;
  bool hash_fits = false;  ///< the hash named is that of the content
  std::string reason{};    ///< why not readable
  std::size_t frames = 0;
  std::size_t readings = 0;
};
[[nodiscard]] CheckedBatch check_batch(uplink::Batch batch, std::size_t batch_bytes_max);

struct CommittedBatch {
  std::uint64_t record_number = 0;
  GatewayId gateway{};
  std::int64_t received_utc_ms = 0;
  uplink::Batch batch{};
};

/// Decides what becomes of each batch and turns the accepted ones into groups of journal records. Pure but for the
/// journal: no threads, no locks. The threaded shell is IngestService.
///
/// A batch is accepted when it follows the last one of its epoch (sequence and previous hash) and its hash is right. An
/// equal one again is acknowledged again; another one at the same offset, or one that breaks the chain, is refused,
/// kept as evidence in the journal and counted as a conflict. A batch in order but unreadable keeps its place in the
/// journal, so that nothing is lost and nothing behind it waits. What a gateway says it no longer holds is recorded as
/// lost.
class IngestCore {
 public:
  /// Reads the journal's last segment for the hashes of the latest batches.
  IngestCore(store::Journal& journal, const Clock& clock, IngestOptions options);

  [[nodiscard]] std::vector<uplink::EpochPosition> positions(GatewayId gateway,
                                                             std::span<const uplink::EpochRange> ranges);
  [[nodiscard]] uplink::BatchSink::Offered offer(GatewayId gateway, uplink::SessionId session, CheckedBatch checked);

  /// What waits for the journal, moved out so that others can be offered during the commit.
  struct Group;
  [[nodiscard]] bool has_pending() const noexcept { return !pending_.empty(); }
  [[nodiscard]] Group take_pending();
  /// The one call that waits for the disk. Safe beside offer() and positions().
  [[nodiscard]] static Result<std::uint64_t> commit(store::Journal& journal, const Group& group);

  struct Outcome {
    std::vector<std::pair<uplink::SessionId, uplink::EpochPosition>> committed{};  ///< one for each session and epoch
    std::vector<std::pair<uplink::SessionId, uplink::Refusal>> refused{};
    std::vector<CommittedBatch> batches{};  ///< newly durable, in journal order; readable ones only
  };
  /// Settles a group. After a failed commit everything pending falls with it: the gateways send it again.
  [[nodiscard]] Outcome finish(Group group, const Result<std::uint64_t>& first_record, std::int64_t duration_ns);

  /// take_pending(), commit() and finish() in one, for those without threads.
  [[nodiscard]] Outcome commit_pending();
  /// Every source's position before record `watermark`, once a backup holds what stands before it.
  void learn_backup(std::uint64_t watermark, const std::vector<store::SourcePosition>& positions);
  /// What learn_backup() was told last.
  [[nodiscard]] std::uint64_t backup_watermark() const noexcept { return backup_watermark_; }

  [[nodiscard]] IngestStatistics statistics() const;

 private:
  using SourceKey = std::pair<std::int64_t, std::uint64_t>;  // gateway, epoch
  /// Where a source stands, batches on their way to the journal included.
  struct Source {
    std::uint64_t next_sequence = 0;
    crypto::Hash256 last_hash{};
    std::uint64_t committed_sequence = 0;
    crypto::Hash256 committed_hash{};
    std::deque<crypto::Hash256> recent{};  ///< of the batches before next_sequence
    std::optional<std::uint64_t> declared_first{};
  };
  struct Pending {
    store::JournalRecord record{};
    std::string reason{};  ///< owns record.reason
    uplink::Batch batch{};
    uplink::SessionId session{};
    bool readable = true;
    bool malformed = false;
    std::size_t frames = 0;
    std::size_t readings = 0;
  };
  struct EvidenceBudget {
    std::int64_t hour = 0;
    std::uint32_t used = 0;
    std::vector<crypto::Hash256> seen{};
  };

  [[nodiscard]] Source& source(GatewayId gateway, std::uint64_t epoch);
  [[nodiscard]] uplink::EpochPosition position_of(GatewayId gateway, std::uint64_t epoch, const Source& source) const;
  [[nodiscard]] uplink::BatchSink::Offered known_offset(GatewayId gateway, const CheckedBatch& checked,
                                                        const Source& source);
  [[nodiscard]] uplink::Refusal conflict(GatewayId gateway, const CheckedBatch& checked, std::string reason);
  void accept(GatewayId gateway, uplink::SessionId session, CheckedBatch checked, Source& source);
  void add_evidence(GatewayId gateway, const uplink::Batch& batch, std::string reason);
  void add_pending(Pending pending);
  void note_hash(Source& source, const crypto::Hash256& hash);
  void prime_recent_hashes();
  void fall_back_to_journal();
  [[nodiscard]] Outcome settle_failure(const Group& group, const Error& error);

  store::Journal& journal_;
  const Clock& clock_;
  const IngestOptions options_;
  std::map<SourceKey, Source> sources_;
  std::map<std::int64_t, std::size_t> epochs_of_;  ///< sources_ per gateway
  std::map<SourceKey, std::uint64_t> backed_up_;
  std::uint64_t backup_watermark_ = 0;
  std::unordered_map<std::int64_t, EvidenceBudget> evidence_;
  std::deque<Pending> pending_;
  std::size_t pending_bytes_ = 0;
  std::size_t in_flight_batches_ = 0;
  std::size_t in_flight_bytes_ = 0;
  IngestStatistics statistics_;
};

struct IngestCore::Group {
  std::vector<Pending> items{};
  std::size_t bytes = 0;
};

}  // namespace duheng::platform
