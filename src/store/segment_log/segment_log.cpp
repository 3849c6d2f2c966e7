#include "store/segment_log/segment_log.hpp"

#include <fmt/format.h>

#include "store/segment_log/segment_catalogue.hpp"
#include "store/segment_log/segment_recovery.hpp"
#include "store/segment_log/segment_verify.hpp"
#include "store/segment_log/segment_writer.hpp"

namespace duheng::store {
namespace {

Result<void> make_directory(Disk& disk, const std::string& directory) {
  if (disk.exists(directory)) return {};
  DUHENG_CHECK(disk.make_directories(directory));
  const auto slash = directory.rfind('/');
  if (slash == std::string::npos) return disk.sync_directory(".");
  return disk.sync_directory(directory.substr(0, std::max<std::size_t>(slash, 1)));
}

Result<void> remove_torn_segment(Disk& disk, const std::string& directory, const Recovery& recovery) {
  if (!recovery.torn_segment) return {};
  return disk.remove(fmt::format("{}/{}", directory, segment_name(*recovery.torn_segment)));
}

/// What a killed process wrote may stand in the kernel's memory only.
Result<void> make_durable(Disk& disk, const std::string& path) {
  DUHENG_TRY(const auto file, disk.open(path, OpenMode::append));
  return file->sync();
}

/// Everything but the index of the closed segments, which are read when somebody asks.
Result<std::shared_ptr<SegmentFile>> list_into(SegmentCatalogue& catalogue, const Recovery& recovery) {
  std::shared_ptr<SegmentFile> last;
  for (const std::uint64_t number : recovery.segments) {
    DUHENG_TRY(const auto file, catalogue.disk().open(catalogue.path_of(number), OpenMode::read));
    DUHENG_TRY(std::uint64_t size, file->size());
    const bool open_end = number == recovery.segments.back() && !recovery.last->closed;
    if (open_end) size = recovery.last->index.end;
    last = catalogue.make_file(number);
    catalogue.add_segment(last, size, {}, {});
  }
  return last;
}

}  // namespace

SegmentLog::SegmentLog(std::unique_ptr<SegmentCatalogue> catalogue, std::unique_ptr<Writer> writer)
    : catalogue_(std::move(catalogue)), writer_(std::move(writer)) {}
SegmentLog::~SegmentLog() = default;

Result<std::unique_ptr<SegmentLog>> SegmentLog::open(Disk& disk, Random& random, crypto::KeyProvider& keys,
                                                     SegmentLogOptions options) {
  if (options.directory.empty() || options.purpose.empty() || options.purpose.size() > purpose_bytes_max) {
    return fail(ErrorCode::invalid_argument, "a segment log needs a directory and a purpose of at most 64 octets");
  }
  DUHENG_CHECK(make_directory(disk, options.directory));
  DUHENG_TRY(const Recovery recovery,
             examine_log(disk, keys, options.directory, options.purpose, options.first_number));
  DUHENG_CHECK(remove_torn_segment(disk, options.directory, recovery));
  DUHENG_CHECK(disk.sync_directory(options.directory));
  auto catalogue = std::make_unique<SegmentCatalogue>(disk, keys, options.directory, options.purpose,
                                                      options.cache_bytes_max, options.first_number);
  DUHENG_TRY(auto last_file, list_into(*catalogue, recovery));
  auto writer = std::make_unique<Writer>(*catalogue, random, std::move(options), recovery.report);
  if (recovery.last) {
    if (recovery.last->closed) {
      DUHENG_CHECK(make_durable(disk, last_file->path()));
    } else {
      DUHENG_CHECK(writer->continue_segment(*recovery.last, std::move(last_file)));
    }
    catalogue->set_durable(recovery.last->index.next_number, recovery.last->index.last_hash,
                           recovery.last->header.snapshot);
  }
  return std::unique_ptr<SegmentLog>(new SegmentLog(std::move(catalogue), std::move(writer)));
}

const OpenReport& SegmentLog::open_report() const noexcept { return writer_->open_report(); }
Result<std::uint64_t> SegmentLog::append(std::span<const ByteView> entries) { return writer_->append(entries); }
Result<void> SegmentLog::start_new_segment() { return writer_->start_new_segment(); }
Result<void> SegmentLog::renew_key() {
  if (next_number() == first_number()) return {};
  DUHENG_TRY(const std::uint32_t wanted, catalogue_->keys().version_to_seal(catalogue_->purpose()));
  DUHENG_TRY(const EntryPlace last, place_of(next_number() - 1));
  if (last.key_version == wanted) return {};
  // AES-256-GCM is also what nobody chose: a tool that only looks leaves the segment as it is.
  const auto master = [](std::uint32_t version) { return crypto::with_cipher(version, crypto::Cipher::aes_256_gcm); };
  const bool is_default = catalogue_->keys().cipher() == crypto::Cipher::aes_256_gcm;
  return is_default && master(last.key_version) == master(wanted) ? Result<void>{} : start_new_segment();
}
bool SegmentLog::poisoned() const noexcept { return writer_->poisoned(); }
Result<void> SegmentLog::remove_segments_before(std::uint64_t number) {
  return writer_->remove_segments_before(number);
}

Result<LogEntry> SegmentLog::read(std::uint64_t number) const {
  DUHENG_TRY(auto block, catalogue_->block_of(number));
  const ByteView bytes = block->entry(number);
  return LogEntry{number, bytes, std::move(block)};
}
LogCursor SegmentLog::cursor(std::uint64_t from) const { return {*catalogue_, from}; }
bool SegmentLog::wait_for(std::uint64_t number, std::chrono::milliseconds timeout) const {
  return catalogue_->wait_for(number, timeout);
}

std::uint64_t SegmentLog::first_number() const { return catalogue_->first_number(); }
std::uint64_t SegmentLog::next_number() const { return catalogue_->next_number(); }
std::uint64_t SegmentLog::segment_count() const { return catalogue_->segments().size(); }
std::uint64_t SegmentLog::last_segment_first_number() const {
  const auto files = catalogue_->segments();
  return files.empty() ? catalogue_->next_number() : files.back()->first_number();
}
Bytes SegmentLog::last_snapshot() const { return catalogue_->last_snapshot(); }
Result<SegmentSnapshot> SegmentLog::snapshot_before(std::uint64_t number) const {
  return catalogue_->snapshot_before(number);
}
std::vector<SegmentInfo> SegmentLog::segments() const { return catalogue_->infos(); }
Result<EntryPlace> SegmentLog::place_of(std::uint64_t number) const {
  DUHENG_TRY(const auto file, catalogue_->file_of(number));
  return file->place_of(number);
}
Result<crypto::Hash256> SegmentLog::segment_hash(std::uint64_t first_number) const {
  DUHENG_TRY(const auto file, catalogue_->file_of(first_number));
  if (file->first_number() != first_number)
    return fail(ErrorCode::not_found, fmt::format("no segment begins with entry {}", first_number));
  DUHENG_TRY(const SegmentIndex index, file->load_index());
  return index.last_hash;
}
std::uint64_t SegmentLog::size_bytes() const { return catalogue_->size_bytes(); }
Result<std::uint64_t> SegmentLog::free_bytes() const { return catalogue_->disk().free_bytes(catalogue_->directory()); }
crypto::Hash256 SegmentLog::last_hash() const { return catalogue_->last_hash(); }

Result<VerifyReport> SegmentLog::verify() const { return verify_catalogue(*catalogue_); }
Result<VerifyReport> SegmentLog::verify_segment(std::uint64_t first_number) const {
  return verify_one(*catalogue_, first_number);
}
Result<VerifyReport> SegmentLog::verify_directory(Disk& disk, crypto::KeyProvider& keys, const std::string& directory,
                                                  const std::string& purpose) {
  return verify_files(disk, keys, directory, purpose);
}

Result<std::optional<LogEntry>> LogCursor::next() {
  if (!block_ || !block_->holds(position_)) {
    block_.reset();
    if (position_ >= catalogue_->next_number()) return std::nullopt;
    DUHENG_TRY(block_, catalogue_->block_of(position_));
  }
  LogEntry entry{position_, block_->entry(position_), block_};
  ++position_;
  return std::optional<LogEntry>(std::move(entry));
}

}  // namespace duheng::store
