#include "store/segment_log/segment_file.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace duheng::store {
namespace {

constexpr std::size_t name_digits = 20;
constexpr std::string_view name_end = ".seg";
constexpr std::size_t search_step_bytes = 1U << 20;

std::unexpected<Error> corrupt(std::string message) { return fail(ErrorCode::storage_corrupt, std::move(message)); }

/// Reads exactly `size` octets. Errors: storage_corrupt when the file ends before.
Result<Bytes> read_whole(const File& file, std::uint64_t offset, std::size_t size) {
  DUHENG_TRY(Bytes bytes, file.read_at(offset, size));
  if (bytes.size() != size) return corrupt("the segment file is cut short");
  return bytes;
}

bool block_is_sound_at(const File& file, std::uint64_t offset, std::uint64_t to) {
  const auto header_bytes = file.read_at(offset, block_header_bytes);
  if (!header_bytes) return false;
  const auto header = parse_block_header(*header_bytes);
  if (!header || offset + header->block_bytes() > to) return false;
  const auto block = file.read_at(offset, header->block_bytes());
  return block && block->size() == header->block_bytes() && checked_block_hash(*block).has_value();
}

bool footer_is_sound_at(const File& file, std::uint64_t offset, std::uint64_t to) {
  if (to - offset > footer_bytes_max) return false;
  const auto footer = file.read_at(offset, static_cast<std::size_t>(to - offset));
  return footer && footer_is_whole(*footer);
}

}  // namespace

std::string segment_name(std::uint64_t first_number) { return fmt::format("{:020}{}", first_number, name_end); }

std::optional<std::uint64_t> number_in_segment_name(std::string_view name) {
  if (name.size() != name_digits + name_end.size() || !name.ends_with(name_end)) return std::nullopt;
  std::uint64_t number = 0;
  const std::string_view digits = name.substr(0, name_digits);
  const char* const digits_end = std::to_address(digits.end());
  const auto [end, error] = std::from_chars(std::to_address(digits.begin()), digits_end, number);
  if (error != std::errc{} || end != digits_end) return std::nullopt;
  return number;
}

Result<std::vector<std::uint64_t>> list_segments(Disk& disk, const std::string& directory) {
  DUHENG_TRY(const auto names, disk.list(directory));
  std::vector<std::uint64_t> numbers;
  for (const std::string& name : names) {
    if (const auto number = number_in_segment_name(name)) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

Result<OpenedHeader> read_segment_header(const File& file, crypto::KeyProvider& keys, const std::string& purpose,
                                         std::uint64_t first_number) {
  DUHENG_TRY(const Bytes prefix, read_whole(file, 0, header_prefix_bytes));
  DUHENG_TRY(const std::size_t size, header_size(prefix));
  DUHENG_TRY(const Bytes bytes, read_whole(file, 0, size));
  OpenedHeader opened;
  DUHENG_TRY(opened.header, parse_header(bytes));
  if (opened.header.purpose != purpose) {
    return corrupt(fmt::format("the segment belongs to \"{}\", not to \"{}\"", opened.header.purpose, purpose));
  }
  if (opened.header.first_number != first_number) return corrupt("the segment's name and its first number differ");
  DUHENG_TRY(const auto purpose_key, keys.key(purpose, opened.header.key_version));
  opened.key = derive_segment_key(purpose_key, opened.header);
  crypto::Aead aead(opened.key);
  DUHENG_CHECK(open_header(opened.header, bytes, aead));
  return opened;
}

Result<bool> sound_data_behind(const File& file, std::uint64_t from, std::uint64_t to) {
  const std::size_t overlap = block_magic.size() - 1;
  for (std::uint64_t at = from; at < to; at += search_step_bytes) {
    const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(search_step_bytes + overlap, to - at));
    DUHENG_TRY(const Bytes bytes, file.read_at(at, size));
    const std::string_view text = as_text(bytes);
    for (std::size_t found = text.find('D'); found != std::string_view::npos; found = text.find('D', found + 1)) {
      const std::string_view rest = text.substr(found);
      if (rest.starts_with(block_magic) && block_is_sound_at(file, at + found, to)) return true;
      if (rest.starts_with(footer_magic) && footer_is_sound_at(file, at + found, to)) return true;
    }
  }
  return false;
}

SegmentScanner::SegmentScanner(std::unique_ptr<File> file, OpenedHeader opened, std::uint64_t file_bytes)
    : file_(std::move(file)), opened_(std::move(opened)), aead_(opened_.key), file_bytes_(file_bytes) {
  index_.next_number = opened_.header.first_number;
  index_.end = opened_.header.size_bytes;
  index_.last_hash = opened_.header.hash;
}

Result<SegmentScanner> SegmentScanner::start(Disk& disk, crypto::KeyProvider& keys, const std::string& path,
                                             const std::string& purpose, std::uint64_t first_number,
                                             std::optional<std::uint64_t> end) {
  DUHENG_TRY(auto file, disk.open(path, OpenMode::read));
  DUHENG_TRY(std::uint64_t file_bytes, file->size());
  if (end && *end > file_bytes) return corrupt("the segment file is shorter than what was written");
  DUHENG_TRY(auto opened, read_segment_header(*file, keys, purpose, first_number));
  return SegmentScanner(std::move(file), std::move(opened), end.value_or(file_bytes));
}

SegmentScanner::Step SegmentScanner::damaged(std::string what) {
  damage_ = std::move(what);
  return Step::damage;
}

Result<SegmentScanner::Step> SegmentScanner::next() {
  if (!damage_.empty()) return Step::damage;
  if (index_.end == file_bytes_) return Step::end;
  const std::size_t size =
      static_cast<std::size_t>(std::min<std::uint64_t>(block_header_bytes, file_bytes_ - index_.end));
  DUHENG_TRY(const Bytes start, file_->read_at(index_.end, size));
  if (as_text(start).starts_with(footer_magic)) return scan_footer();
  return scan_block(start);
}

Result<SegmentScanner::Step> SegmentScanner::scan_footer() {
  const std::uint64_t size = file_bytes_ - index_.end;
  if (size > footer_bytes_max) return damaged("the index is larger than it can be");
  DUHENG_TRY(const Bytes footer, file_->read_at(index_.end, static_cast<std::size_t>(size)));
  const auto index = open_footer(footer, opened_.header.first_number, opened_.header.size_bytes, aead_);
  if (!index) return damaged(index.error().message);
  if (*index != index_) return damaged("the index does not describe the blocks before it");
  return Step::footer;
}

Result<SegmentScanner::Step> SegmentScanner::scan_block(ByteView header_bytes) {
  const auto header = parse_block_header(header_bytes);
  if (!header) return damaged(header.error().message);
  if (header->first_number != index_.next_number) return damaged("a block's entries do not follow those before it");
  if (header->previous_hash != index_.last_hash) return damaged("a block does not continue the hash chain");
  if (header->block_bytes() > file_bytes_ - index_.end) return damaged("the file ends within a block");
  DUHENG_TRY(const Bytes block, file_->read_at(index_.end, header->block_bytes()));
  if (block.size() != header->block_bytes()) return damaged("the file ends within a block");
  const auto hash = checked_block_hash(block);
  if (!hash) return damaged("a block does not match its hash");
  auto plain = open_block(*header, block, aead_);
  if (!plain) return damaged(plain.error().message);
  if (const auto decoded = DecodedBlock::from_plain(header->first_number, header->entry_count, std::move(*plain));
      !decoded) {
    return damaged(decoded.error().message);
  }
  index_.blocks.push_back({header->first_number, index_.end});
  index_.next_number += header->entry_count;
  index_.end += header->block_bytes();
  index_.last_hash = *hash;
  return Step::block;
}

SegmentFile::SegmentFile(Disk& disk, crypto::KeyProvider& keys, std::string path, std::string purpose,
                         std::uint64_t first_number)
    : disk_(disk), keys_(keys), path_(std::move(path)), purpose_(std::move(purpose)), first_number_(first_number) {}

void SegmentFile::set_index(SegmentIndex index) {
  const std::lock_guard lock(index_mutex_);
  index_ = std::move(index);
  closed_ = false;
}

void SegmentFile::add_block(std::uint64_t next_number, std::uint64_t end, const crypto::Hash256& hash) {
  const std::lock_guard lock(index_mutex_);
  index_->blocks.push_back({index_->next_number, index_->end});
  index_->next_number = next_number;
  index_->end = end;
  index_->last_hash = hash;
}

SegmentIndex SegmentFile::index() const {
  const std::lock_guard lock(index_mutex_);
  return index_.value_or(SegmentIndex{});
}

void SegmentFile::set_closed() {
  const std::lock_guard lock(index_mutex_);
  closed_ = true;
}

std::optional<std::uint64_t> SegmentFile::durable_end() const {
  const std::lock_guard lock(index_mutex_);
  if (closed_ || !index_) return std::nullopt;
  return index_->end;
}

void SegmentFile::unload() {
  const std::lock_guard file_lock(file_mutex_);
  opened_.reset();
  const std::lock_guard index_lock(index_mutex_);
  if (closed_) index_.reset();
}

Result<void> SegmentFile::open_locked() {
  if (opened_) return {};
  DUHENG_TRY(auto file, disk_.open(path_, OpenMode::read));
  DUHENG_TRY(auto header, read_segment_header(*file, keys_, purpose_, first_number_));
  opened_.emplace(Opened{std::move(file), std::move(header.header), crypto::Aead(header.key)});
  return {};
}

Result<Bytes> SegmentFile::snapshot() {
  const std::lock_guard lock(file_mutex_);
  DUHENG_CHECK(open_locked());
  return opened_->header.snapshot;
}

Result<SegmentIndex> SegmentFile::load_index() {
  const std::lock_guard lock(file_mutex_);
  return load_index_locked();
}

Result<SegmentIndex> SegmentFile::load_index_locked() {
  DUHENG_CHECK(open_locked());
  {
    const std::lock_guard lock(index_mutex_);
    if (index_) return *index_;
  }
  DUHENG_TRY(const std::uint64_t file_bytes, opened_->file->size());
  const std::uint64_t tail_at = file_bytes - std::min<std::uint64_t>(file_bytes, footer_end_bytes);
  DUHENG_TRY(const Bytes tail, opened_->file->read_at(tail_at, footer_end_bytes));
  Result<SegmentIndex> loaded = corrupt("the segment has no index");
  if (const auto size = footer_size(tail); size && *size <= file_bytes) {
    DUHENG_TRY(const Bytes footer, opened_->file->read_at(file_bytes - *size, *size));
    loaded = open_footer(footer, first_number_, opened_->header.size_bytes, opened_->aead);
  }
  // A damaged index is no reason to withhold sound blocks; verify() reports it.
  if (!loaded) loaded = walk_headers_locked(file_bytes);
  if (!loaded) return loaded;
  const std::lock_guard lock(index_mutex_);
  index_ = *loaded;
  return loaded;
}

Result<SegmentIndex> SegmentFile::walk_headers_locked(std::uint64_t file_bytes) {
  SegmentIndex index;
  index.next_number = first_number_;
  index.end = opened_->header.size_bytes;
  index.last_hash = opened_->header.hash;
  while (index.end < file_bytes) {
    DUHENG_TRY(const Bytes bytes, opened_->file->read_at(index.end, block_header_bytes));
    const auto header = parse_block_header(bytes);
    if (!header || header->first_number != index.next_number || header->block_bytes() > file_bytes - index.end) break;
    DUHENG_TRY(const Bytes hash,
               read_whole(*opened_->file, index.end + header->block_bytes() - hash_bytes, hash_bytes));
    std::copy(hash.begin(), hash.end(), index.last_hash.begin());
    index.blocks.push_back({header->first_number, index.end});
    index.next_number += header->entry_count;
    index.end += header->block_bytes();
  }
  return index;
}

std::optional<SegmentFile::Place> SegmentFile::find(std::uint64_t number) const {
  const std::lock_guard lock(index_mutex_);
  if (!index_ || number < first_number_ || number >= index_->next_number) return std::nullopt;
  const auto after =
      std::upper_bound(index_->blocks.begin(), index_->blocks.end(), number,
                       [](std::uint64_t wanted, const BlockPlace& place) { return wanted < place.first_number; });
  if (after == index_->blocks.begin()) return std::nullopt;
  const auto place = std::prev(after);
  return Place{place->first_number, place->offset, after == index_->blocks.end() ? index_->end : after->offset};
}

Result<SegmentFile::RawBlock> SegmentFile::read_raw_locked(std::uint64_t number) {
  DUHENG_CHECK(open_locked());
  bool indexed = false;
  {
    const std::lock_guard index_lock(index_mutex_);
    indexed = index_.has_value();
  }
  if (!indexed) DUHENG_CHECK(load_index_locked());
  const auto place = find(number);
  if (!place) return corrupt(fmt::format("entry {} is missing in {}", number, path_));
  if (place->end - place->offset > block_overhead_bytes + plain_bytes_max)
    return corrupt(fmt::format("{} at octet {}: the index is damaged", path_, place->offset));
  DUHENG_TRY(Bytes block, opened_->file->read_at(place->offset, static_cast<std::size_t>(place->end - place->offset)));
  return RawBlock{*place, std::move(block)};
}

Result<std::shared_ptr<const DecodedBlock>> SegmentFile::read_block(std::uint64_t number) {
  const std::lock_guard lock(file_mutex_);
  DUHENG_TRY(const RawBlock raw, read_raw_locked(number));
  const auto damaged = [&](std::string_view what) {
    return corrupt(fmt::format("{} at octet {}: {}", path_, raw.place.offset, what));
  };
  const auto header = parse_block_header(raw.bytes);
  if (!header) return damaged(header.error().message);
  if (header->first_number != raw.place.first_number || header->block_bytes() != raw.bytes.size())
    return damaged("another block stands here");
  auto plain = open_block(*header, raw.bytes, opened_->aead);
  if (!plain) return damaged(plain.error().message);
  auto decoded = DecodedBlock::from_plain(header->first_number, header->entry_count, std::move(*plain));
  if (!decoded) return damaged(decoded.error().message);
  if (!(*decoded)->holds(number)) return damaged("the block does not hold the entry");
  return decoded;
}

Result<EntryPlace> SegmentFile::place_of(std::uint64_t number) {
  const std::lock_guard lock(file_mutex_);
  DUHENG_TRY(const RawBlock raw, read_raw_locked(number));
  EntryPlace place;
  place.path = path_;
  place.segment_first_number = first_number_;
  place.key_version = opened_->header.key_version;
  place.block_offset = raw.place.offset;
  place.block_bytes = raw.bytes.size();
  place.block_first_number = raw.place.first_number;
  const auto header = parse_block_header(raw.bytes);
  if (!header || header->block_bytes() != raw.bytes.size()) return place;
  place.block_entries = header->entry_count;
  place.previous_block_hash = header->previous_hash;
  std::copy(raw.bytes.end() - hash_bytes, raw.bytes.end(), place.block_hash.begin());
  place.hash_holds = checked_block_hash(raw.bytes).has_value();
  place.authentic = open_block(*header, raw.bytes, opened_->aead).has_value();
  return place;
}

}  // namespace duheng::store
