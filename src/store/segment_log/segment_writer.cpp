#include "store/segment_log/segment_writer.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace duheng::store {
namespace {

// Far below what a segment can hold; a segment that reaches it is closed.
constexpr std::uint32_t nonces_max = 0xFFFF'0000;

Error storage_error(std::string_view what, const Error& cause) {
  const ErrorCode code = cause.code == ErrorCode::storage_full ? ErrorCode::storage_full : ErrorCode::storage_failed;
  return {code, fmt::format("{}: {}", what, cause.message)};
}

}  // namespace

SegmentLog::Writer::Writer(SegmentCatalogue& catalogue, Random& random, SegmentLogOptions options, OpenReport report)
    : catalogue_(catalogue), random_(random), options_(std::move(options)), report_(std::move(report)) {}

Result<void> SegmentLog::Writer::continue_segment(const Recovery::Last& last, std::shared_ptr<SegmentFile> file) {
  DUHENG_TRY(auto handle, catalogue_.disk().open(file->path(), OpenMode::append));
  DUHENG_TRY(const std::uint64_t size, handle->size());
  if (size > last.index.end) DUHENG_CHECK(handle->truncate(last.index.end));
  // What a killed process wrote may stand in the kernel's memory only; nothing is shown before it is durable.
  DUHENG_CHECK(handle->sync());
  file->set_index(last.index);
  active_.emplace(Active{std::move(handle), std::move(file), crypto::Aead(last.key), last.index.end,
                         last.index.last_hash, last.index.blocks.empty(), draw_nonce_start()});
  return {};
}

Result<std::uint64_t> SegmentLog::Writer::append(std::span<const ByteView> entries) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t number = catalogue_.next_number();
  if (poisoned_)
    return fail(ErrorCode::storage_failed, "an earlier synchronisation failed; the log must be opened anew");
  if (entries.empty()) return number;
  DUHENG_TRY(Bytes plain, encode_entries(entries));
  if (active_ && (active_->end >= options_.segment_bytes_max || active_->nonce_count >= nonces_max))
    DUHENG_CHECK(close_active());
  if (!active_) DUHENG_CHECK(create_segment());
  const auto entry_count = static_cast<std::uint32_t>(entries.size());
  DUHENG_TRY(const auto block,
             encoder_.encode(plain, entry_count, number, next_nonce(), active_->last_hash, active_->aead));
  DUHENG_TRY(auto decoded, DecodedBlock::from_plain(number, entries.size(), std::move(plain)));
  DUHENG_CHECK(write_durably(block.bytes));
  active_->end += block.bytes.size();
  active_->last_hash = block.hash;
  active_->empty = false;
  active_->reader->add_block(number + entry_count, active_->end, block.hash);
  catalogue_.publish(std::move(decoded), block.bytes.size(), block.hash);
  return number;
}

/// Appends to the active file and synchronises it, or leaves the file as it was.
Result<void> SegmentLog::Writer::write_durably(ByteView bytes) {
  if (const auto written = active_->file->append(bytes); !written) {
    if (const auto cut = active_->file->truncate(active_->end); !cut) {
      return std::unexpected(poison("a half-written block could not be cut off", cut.error()));
    }
    return std::unexpected(storage_error("nothing was appended", written.error()));
  }
  if (const auto synced = active_->file->sync(); !synced) {
    // The caller is told that nothing was appended, so nothing of it should be found later if that can be helped.
    (void)active_->file->truncate(active_->end);
    return std::unexpected(poison("a synchronisation failed", synced.error()));
  }
  return {};
}

Error SegmentLog::Writer::poison(std::string_view what, const Error& cause) {
  poisoned_ = true;
  return {ErrorCode::storage_failed,
          fmt::format("{}, so the log takes no more until it is opened anew: {}", what, cause.message)};
}

Result<void> SegmentLog::Writer::start_new_segment() {
  const std::lock_guard lock(mutex_);
  if (poisoned_)
    return fail(ErrorCode::storage_failed, "an earlier synchronisation failed; the log must be opened anew");
  if (!active_ || active_->empty) return {};
  return close_active();
}

Result<void> SegmentLog::Writer::close_active() {
  DUHENG_TRY(const Bytes footer, encode_footer(active_->reader->index(), next_nonce(), active_->aead));
  DUHENG_CHECK(write_durably(footer));
  active_->reader->set_closed();
  catalogue_.add_bytes(footer.size());
  active_.reset();
  return {};
}

Result<SegmentHeader> SegmentLog::Writer::new_header(crypto::SecretKey& key) {
  SegmentHeader header;
  DUHENG_TRY(header.key_version, catalogue_.keys().version_to_seal(options_.purpose));
  DUHENG_TRY(key, catalogue_.keys().key(options_.purpose, header.key_version));
  header.first_number = catalogue_.next_number();
  header.previous_hash = catalogue_.last_hash();
  header.purpose = options_.purpose;
  random_.fill(header.salt);
  if (options_.snapshot) header.snapshot = options_.snapshot();
  return header;
}

Result<void> SegmentLog::Writer::create_segment() {
  crypto::SecretKey purpose_key;
  DUHENG_TRY(SegmentHeader header, new_header(purpose_key));
  crypto::Aead aead(derive_segment_key(purpose_key, header));
  DUHENG_TRY(const Bytes bytes, encode_header(header, aead));
  const std::string path = catalogue_.path_of(header.first_number);
  std::unique_ptr<File> file;
  if (const auto written = write_new_file(path, bytes, file); !written) {
    file.reset();
    // Whatever stands there holds no entry. If it cannot be removed now, the next attempt or the next opening does it.
    (void)catalogue_.disk().remove(path);
    return std::unexpected(storage_error("no new segment could be started", written.error()));
  }
  SegmentIndex index;
  index.next_number = header.first_number;
  index.end = bytes.size();
  index.last_hash = header.hash;
  auto reader = catalogue_.make_file(header.first_number);
  reader->set_index(std::move(index));
  catalogue_.add_segment(reader, bytes.size(), header.hash, std::move(header.snapshot));
  active_.emplace(
      Active{std::move(file), std::move(reader), std::move(aead), bytes.size(), header.hash, true, draw_nonce_start()});
  return {};
}

Result<void> SegmentLog::Writer::write_new_file(const std::string& path, ByteView header, std::unique_ptr<File>& file) {
  Disk& disk = catalogue_.disk();
  if (disk.exists(path)) DUHENG_CHECK(disk.remove(path));  // left by a failed attempt: it never held an entry
  DUHENG_TRY(file, disk.open(path, OpenMode::create_new));
  DUHENG_CHECK(file->append(header));
  DUHENG_CHECK(file->sync());
  return disk.sync_directory(options_.directory);
}

Result<void> SegmentLog::Writer::remove_segments_before(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  while (const auto oldest = catalogue_.oldest_before(number)) {
    const auto removed = catalogue_.disk().remove(oldest->path());
    if (!removed && removed.error().code != ErrorCode::not_found) return removed;
    catalogue_.drop_oldest();
    DUHENG_CHECK(catalogue_.disk().sync_directory(options_.directory));
  }
  return {};
}

std::array<std::uint8_t, 8> SegmentLog::Writer::draw_nonce_start() {
  std::array<std::uint8_t, 8> start{};
  random_.fill(start);
  return start;
}

crypto::Aead::Nonce SegmentLog::Writer::next_nonce() {
  const std::uint32_t count = ++active_->nonce_count;
  crypto::Aead::Nonce nonce{};
  std::copy(active_->nonce_start.begin(), active_->nonce_start.end(), nonce.begin());
  for (std::size_t i = 0; i < 4; ++i)
    nonce[active_->nonce_start.size() + i] = static_cast<std::uint8_t>(count >> (8 * i));
  return nonce;
}

}  // namespace duheng::store
