#include "store/segment_log/segment_catalogue.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace duheng::store {
namespace {
// A long history has thousands of segments; file handles and indexes are kept for the latest used.
constexpr std::size_t open_files_max = 32;
}  // namespace

SegmentCatalogue::SegmentCatalogue(Disk& disk, crypto::KeyProvider& keys, std::string directory, std::string purpose,
                                   std::size_t cache_bytes_max, std::uint64_t next_number)
    : disk_(disk),
      keys_(keys),
      directory_(std::move(directory)),
      purpose_(std::move(purpose)),
      cache_bytes_max_(cache_bytes_max),
      next_number_(next_number) {}

std::string SegmentCatalogue::path_of(std::uint64_t first_number) const {
  return fmt::format("{}/{}", directory_, segment_name(first_number));
}

std::shared_ptr<SegmentFile> SegmentCatalogue::make_file(std::uint64_t first_number) const {
  return std::make_shared<SegmentFile>(disk_, keys_, path_of(first_number), purpose_, first_number);
}

void SegmentCatalogue::add_segment(std::shared_ptr<SegmentFile> file, std::uint64_t size_bytes,
                                   const crypto::Hash256& last_hash, Bytes snapshot) {
  const std::lock_guard lock(mutex_);
  segments_.push_back({std::move(file), size_bytes});
  size_bytes_ += size_bytes;
  last_hash_ = last_hash;
  last_snapshot_ = std::move(snapshot);
}

void SegmentCatalogue::set_durable(std::uint64_t next_number, const crypto::Hash256& last_hash, Bytes snapshot) {
  const std::lock_guard lock(mutex_);
  next_number_ = next_number;
  last_hash_ = last_hash;
  last_snapshot_ = std::move(snapshot);
}

void SegmentCatalogue::publish(std::shared_ptr<const DecodedBlock> block, std::uint64_t bytes,
                               const crypto::Hash256& hash) {
  {
    const std::lock_guard lock(mutex_);
    next_number_ = block->next_number();
    segments_.back().size_bytes += bytes;
    size_bytes_ += bytes;
    last_hash_ = hash;
    cache_locked(std::move(block));
  }
  grown_.notify_all();
}

void SegmentCatalogue::add_bytes(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  segments_.back().size_bytes += bytes;
  size_bytes_ += bytes;
}

std::shared_ptr<SegmentFile> SegmentCatalogue::oldest_before(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  if (segments_.size() < 2 || segments_[1].file->first_number() > number) return nullptr;
  return segments_.front().file;
}

void SegmentCatalogue::drop_oldest() {
  const std::lock_guard lock(mutex_);
  size_bytes_ -= segments_.front().size_bytes;
  open_files_.remove(segments_.front().file);
  segments_.erase(segments_.begin());
}

void SegmentCatalogue::cache_locked(std::shared_ptr<const DecodedBlock> block) const {
  const std::uint64_t key = block->first_number();
  if (block->memory_bytes() > cache_bytes_max_ || cache_.contains(key)) return;
  cache_bytes_ += block->memory_bytes();
  uses_.push_front(key);
  cache_.emplace(key, Cached{std::move(block), uses_.begin()});
  while (cache_bytes_ > cache_bytes_max_) {
    const auto oldest = cache_.find(uses_.back());
    cache_bytes_ -= oldest->second.block->memory_bytes();
    cache_.erase(oldest);
    uses_.pop_back();
  }
}

std::shared_ptr<const DecodedBlock> SegmentCatalogue::cached_locked(std::uint64_t number) const {
  auto after = cache_.upper_bound(number);
  if (after == cache_.begin()) return nullptr;
  const auto found = std::prev(after);
  if (!found->second.block->holds(number)) return nullptr;
  uses_.splice(uses_.begin(), uses_, found->second.use);
  return found->second.block;
}

std::shared_ptr<SegmentFile> SegmentCatalogue::use_locked(std::uint64_t number,
                                                          std::shared_ptr<SegmentFile>& evicted) const {
  const auto after =
      std::upper_bound(segments_.begin(), segments_.end(), number,
                       [](std::uint64_t wanted, const Entry& entry) { return wanted < entry.file->first_number(); });
  auto file = std::prev(after)->file;
  const auto open = std::find(open_files_.begin(), open_files_.end(), file);
  if (open != open_files_.end()) {
    open_files_.splice(open_files_.begin(), open_files_, open);
  } else {
    open_files_.push_front(file);
    if (open_files_.size() > open_files_max) {
      evicted = std::move(open_files_.back());
      open_files_.pop_back();
    }
  }
  return file;
}

Result<std::shared_ptr<const DecodedBlock>> SegmentCatalogue::block_of(std::uint64_t number) const {
  std::shared_ptr<SegmentFile> file;
  std::shared_ptr<SegmentFile> evicted;
  {
    const std::lock_guard lock(mutex_);
    if (number >= next_number_)
      return fail(ErrorCode::not_found, fmt::format("entry {} has not been written yet", number));
    if (segments_.empty() || number < segments_.front().file->first_number()) {
      return fail(ErrorCode::not_found, fmt::format("entry {} has been removed", number));
    }
    if (auto block = cached_locked(number)) return block;
    file = use_locked(number, evicted);
  }
  if (evicted) evicted->unload();
  auto block = file->read_block(number);
  if (!block) {
    // Between the look-up and the reading the segment may have been removed.
    if (number < first_number()) return fail(ErrorCode::not_found, fmt::format("entry {} has been removed", number));
    return block;
  }
  const std::lock_guard lock(mutex_);
  cache_locked(*block);
  return block;
}

Result<std::shared_ptr<SegmentFile>> SegmentCatalogue::file_of(std::uint64_t number) const {
  std::shared_ptr<SegmentFile> file;
  std::shared_ptr<SegmentFile> evicted;
  {
    const std::lock_guard lock(mutex_);
    if (segments_.empty() || number < segments_.front().file->first_number() || number >= next_number_)
      return fail(ErrorCode::not_found, fmt::format("no segment holds entry {}", number));
    file = use_locked(number, evicted);
  }
  if (evicted) evicted->unload();
  return file;
}

Result<SegmentSnapshot> SegmentCatalogue::snapshot_before(std::uint64_t number) const {
  std::shared_ptr<SegmentFile> file;
  std::shared_ptr<SegmentFile> evicted;
  {
    const std::lock_guard lock(mutex_);
    if (segments_.empty() || number < segments_.front().file->first_number() || number > next_number_) {
      return fail(ErrorCode::not_found, fmt::format("no segment holds entry {}", number));
    }
    file = use_locked(number, evicted);
  }
  if (evicted) evicted->unload();
  DUHENG_TRY(Bytes snapshot, file->snapshot());
  return SegmentSnapshot{file->first_number(), std::move(snapshot)};
}

std::vector<SegmentInfo> SegmentCatalogue::infos() const {
  const std::lock_guard lock(mutex_);
  std::vector<SegmentInfo> infos;
  infos.reserve(segments_.size());
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const bool last = i + 1 == segments_.size();
    const Entry& entry = segments_[i];
    infos.push_back({entry.file->path(), entry.file->first_number(),
                     last ? next_number_ : segments_[i + 1].file->first_number(), entry.size_bytes,
                     !entry.file->durable_end().has_value()});
  }
  return infos;
}

bool SegmentCatalogue::wait_for(std::uint64_t number, std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  return grown_.wait_for(lock, timeout, [&] { return number < next_number_; });
}

std::uint64_t SegmentCatalogue::first_number() const {
  const std::lock_guard lock(mutex_);
  return segments_.empty() ? next_number_ : segments_.front().file->first_number();
}
std::uint64_t SegmentCatalogue::next_number() const {
  const std::lock_guard lock(mutex_);
  return next_number_;
}
std::uint64_t SegmentCatalogue::size_bytes() const {
  const std::lock_guard lock(mutex_);
  return size_bytes_;
}
crypto::Hash256 SegmentCatalogue::last_hash() const {
  const std::lock_guard lock(mutex_);
  return last_hash_;
}
Bytes SegmentCatalogue::last_snapshot() const {
  const std::lock_guard lock(mutex_);
  return last_snapshot_;
}
std::vector<std::shared_ptr<SegmentFile>> SegmentCatalogue::segments() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<SegmentFile>> files;
  files.reserve(segments_.size());
  for (const Entry& entry : segments_) files.push_back(entry.file);
  return files;
}
bool SegmentCatalogue::lists(std::uint64_t first_number) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(segments_.begin(), segments_.end(),
                     [&](const Entry& entry) { return entry.file->first_number() == first_number; });
}

}  // namespace duheng::store
