#pragma once
#include <chrono>
#include <condition_variable>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "store/segment_log/segment_file.hpp"

namespace duheng::store {

/// What is durable, shared by the writer and all readers. `mutex_` is held for look-ups only, never while a disk works.
class SegmentCatalogue {
 public:
  SegmentCatalogue(Disk& disk, crypto::KeyProvider& keys, std::string directory, std::string purpose,
                   std::size_t cache_bytes_max, std::uint64_t next_number);

  // The writer's side.
  [[nodiscard]] std::shared_ptr<SegmentFile> make_file(std::uint64_t first_number) const;
  /// The last one from now on. Give a segment that is being written its index before.
  void add_segment(std::shared_ptr<SegmentFile> file, std::uint64_t size_bytes, const crypto::Hash256& last_hash,
                   Bytes snapshot);
  void publish(std::shared_ptr<const DecodedBlock> block, std::uint64_t bytes, const crypto::Hash256& hash);
  void set_durable(std::uint64_t next_number, const crypto::Hash256& last_hash, Bytes snapshot);
  void add_bytes(std::uint64_t bytes);
  /// The oldest segment if all its entries stand before `number` and it is not the last one.
  [[nodiscard]] std::shared_ptr<SegmentFile> oldest_before(std::uint64_t number) const;
  void drop_oldest();

  // The readers' side.
  [[nodiscard]] Result<std::shared_ptr<const DecodedBlock>> block_of(std::uint64_t number) const;
  /// The segment that holds an entry. Errors: not_found.
  [[nodiscard]] Result<std::shared_ptr<SegmentFile>> file_of(std::uint64_t number) const;
  [[nodiscard]] Result<SegmentSnapshot> snapshot_before(std::uint64_t number) const;
  [[nodiscard]] std::vector<SegmentInfo> infos() const;
  [[nodiscard]] bool wait_for(std::uint64_t number, std::chrono::milliseconds timeout) const;
  [[nodiscard]] std::uint64_t first_number() const;
  [[nodiscard]] std::uint64_t next_number() const;
  [[nodiscard]] std::uint64_t size_bytes() const;
  [[nodiscard]] crypto::Hash256 last_hash() const;
  [[nodiscard]] Bytes last_snapshot() const;
  [[nodiscard]] std::vector<std::shared_ptr<SegmentFile>> segments() const;
  [[nodiscard]] bool lists(std::uint64_t first_number) const;
  [[nodiscard]] Disk& disk() const noexcept { return disk_; }
  [[nodiscard]] crypto::KeyProvider& keys() const noexcept { return keys_; }
  [[nodiscard]] const std::string& directory() const noexcept { return directory_; }
  [[nodiscard]] const std::string& purpose() const noexcept { return purpose_; }
  [[nodiscard]] std::string path_of(std::uint64_t first_number) const;

 private:
  struct Entry {
    std::shared_ptr<SegmentFile> file;
    std::uint64_t size_bytes;
  };
  struct Cached {
    std::shared_ptr<const DecodedBlock> block;
    std::list<std::uint64_t>::iterator use;
  };
  void cache_locked(std::shared_ptr<const DecodedBlock> block) const;
  [[nodiscard]] std::shared_ptr<const DecodedBlock> cached_locked(std::uint64_t number) const;
  [[nodiscard]] std::shared_ptr<SegmentFile> use_locked(std::uint64_t number,
                                                        std::shared_ptr<SegmentFile>& evicted) const;

  Disk& disk_;
  crypto::KeyProvider& keys_;
  const std::string directory_;
  const std::string purpose_;
  const std::size_t cache_bytes_max_;

  mutable std::mutex mutex_;
  mutable std::condition_variable grown_;
  std::vector<Entry> segments_;
  std::uint64_t next_number_;
  std::uint64_t size_bytes_ = 0;
  crypto::Hash256 last_hash_{};
  Bytes last_snapshot_;
  mutable std::map<std::uint64_t, Cached> cache_;  // by the block's first number
  mutable std::list<std::uint64_t> uses_;          // latest first
  mutable std::size_t cache_bytes_ = 0;
  mutable std::list<std::shared_ptr<SegmentFile>> open_files_;  // latest first
};

}  // namespace duheng::store
