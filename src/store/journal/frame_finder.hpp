#pragma once
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/disk.hpp"
#include "crypto/key_provider.hpp"
#include "store/journal/frame_index.hpp"
#include "store/segment_log/segment_log.hpp"

namespace duheng::store {

/// Which frames of a device are wanted.
struct FrameQuery {
  GatewayId gateway;
  std::string device_uid;
  std::int64_t from_utc_ms = INT64_MIN;  ///< first moment wanted, see frame_time_utc_ms()
  std::int64_t to_utc_ms = INT64_MAX;    ///< first moment not wanted
  std::size_t frames_max = 100;          ///< at most frame_query_limits::frames_max
  bool newest_first = true;
  /// Where the page before ended: FramePage::next.
  std::optional<FrameReference> after{};
};
namespace frame_query_limits {
inline constexpr std::size_t frames_max = 1'000;
inline constexpr std::size_t segments_max = 64;    ///< looked into for one page
inline constexpr std::size_t records_max = 2'000;  ///< read for one page
}  // namespace frame_query_limits

struct FoundFrame {
  FrameReference reference;
  std::int64_t journalled_utc_ms = 0;  ///< platform's clock
  Protocol protocol = Protocol::unknown;
  std::int64_t sent_utc_ms = 0;
  std::int64_t received_utc_ms = 0;
  Bytes request;
  Bytes response;
  std::uint32_t reading_count = 0;
};

struct FramePage {
  std::vector<FoundFrame> frames;  ///< in the order of the journal, or against it
  /// Where to go on; nothing at the end. A page may be short, even empty, and yet have a next one: one page looks into
  /// a bounded part of the journal.
  std::optional<FrameReference> next;
  /// Segments within the page that had no index yet and were left out; they get theirs in the background.
  std::uint64_t segments_not_indexed = 0;
};

/// The index of the journal by device and time: one sidecar for each closed segment, the rest in memory. Made beside
/// the commits, never within them. Thread-safe.
class FrameFinder {
 public:
  FrameFinder(Disk& disk, crypto::KeyProvider& keys, const SegmentLog& log, std::string directory);

  /// Reads up to `records_max` records that are not indexed yet, writes the sidecars that are complete, removes those
  /// of removed segments. Returns whether there is more to do at once. Errors: as SegmentLog::read(); storage_full,
  /// storage_failed - a sidecar could not be written; it is tried again.
  [[nodiscard]] Result<bool> step(std::size_t records_max);
  /// Errors: invalid_argument; storage_corrupt, storage_failed, key_missing.
  [[nodiscard]] Result<FramePage> find(const FrameQuery& query);

 private:
  using Index = std::shared_ptr<const FrameIndex>;
  struct Candidates {
    std::vector<FrameIndex::Entry> records;
    bool indexed = true;
  };
  [[nodiscard]] Result<void> list_sidecars_locked();
  [[nodiscard]] Result<void> remove_orphans_locked(const std::vector<SegmentInfo>& segments);
  [[nodiscard]] Result<bool> index_locked(const SegmentInfo& segment, std::size_t& budget);
  [[nodiscard]] Result<void> write_locked(const SegmentInfo& segment, FrameIndex& index);
  [[nodiscard]] Result<bool> may_matter_locked(const SegmentInfo& segment, const FrameQuery& query);
  [[nodiscard]] Result<Index> load_locked(std::uint64_t first_number);
  [[nodiscard]] Result<Candidates> candidates_locked(const SegmentInfo& segment, const FrameQuery& query);
  [[nodiscard]] Result<Candidates> candidates(const SegmentInfo& segment, const FrameQuery& query);
  [[nodiscard]] Result<bool> read_record(std::uint64_t number, const FrameQuery& query, FramePage& page) const;
  [[nodiscard]] std::string path_of(std::uint64_t first_number) const;

  Disk& disk_;
  crypto::KeyProvider& keys_;
  const SegmentLog& log_;
  const std::string directory_;

  std::mutex mutex_;
  bool listed_ = false;
  std::set<std::uint64_t> sidecars_;                   // first numbers of the segments that have one
  std::map<std::uint64_t, FrameIndexHeader> headers_;  // of sidecars looked at
  std::map<std::uint64_t, FrameIndex> building_;       // by first number; of segments without a sidecar
  std::list<Index> loaded_;                            // latest used first
};

}  // namespace duheng::store
