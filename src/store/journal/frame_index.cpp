#include "store/journal/frame_index.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <zstd.h>

#include "crypto/aead.hpp"

namespace duheng::store {
namespace {

constexpr std::uint8_t index_version = 1;
constexpr std::uint16_t file_version = 1;
constexpr std::string_view file_magic = "DUHFIX";
constexpr std::string_view purpose = "journal";
constexpr std::string_view key_info = "duheng journal frame index";
constexpr std::string_view salt_info = "duheng journal frame index salt";
constexpr std::string_view name_end = ".fix";
constexpr std::size_t name_digits = 20;
constexpr std::size_t hash_bytes = 32;
constexpr std::size_t plain_bytes_max = 256U << 20;
constexpr int compression_level = 3;
// Each file has a key of its own, derived with a salt that hangs on the content, so one nonce does for all.
constexpr crypto::Aead::Nonce only_nonce{};

std::unexpected<Error> corrupt(std::string message) { return fail(ErrorCode::storage_corrupt, std::move(message)); }
std::unexpected<Error> malformed() { return fail(ErrorCode::malformed, "these octets are not a frame index"); }

/// Sums that wrap: times stand in files, and whatever stands there must not be undefined behaviour.
std::int64_t plus(std::int64_t a, std::uint64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + b);
}
std::uint64_t minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b);
}

Result<Bytes> compress(ByteView plain) {
  Bytes packed(ZSTD_compressBound(plain.size()));
  const std::size_t size = ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), compression_level);
  if (ZSTD_isError(size) != 0) return fail(ErrorCode::internal, "a frame index could not be compressed");
  packed.resize(size);
  return packed;
}

Result<Bytes> decompress(ByteView packed, std::size_t plain_bytes) {
  Bytes plain(plain_bytes);
  const std::size_t size = ZSTD_decompress(plain.data(), plain.size(), packed.data(), packed.size());
  if (ZSTD_isError(size) != 0 || size != plain_bytes) return corrupt("the frame index does not unpack to its size");
  return plain;
}

crypto::SecretKey file_key(const crypto::SecretKey& purpose_key, ByteView salt) {
  return crypto::SecretKey{crypto::hkdf_sha256(purpose_key.octets(), salt, as_bytes(key_info)), purpose_key.cipher()};
}

crypto::Hash256 read_hash(ByteReader& in) {
  crypto::Hash256 hash{};
  const ByteView view = in.raw(hash.size());
  if (view.size() == hash.size()) std::copy(view.begin(), view.end(), hash.begin());
  return hash;
}

}  // namespace

void FrameIndex::note_times(const Entry& entry) {
  earliest_utc_ms_ = std::min(earliest_utc_ms_.value_or(entry.earliest_utc_ms), entry.earliest_utc_ms);
  latest_utc_ms_ = std::max(latest_utc_ms_.value_or(entry.latest_utc_ms), entry.latest_utc_ms);
}

void FrameIndex::add(const JournalRecord& record) {
  const std::uint64_t number = next_number_++;
  if (record.type != JournalRecordType::batch) return;
  const auto batch = BatchView::parse(record.body);
  if (!batch || batch->frame_count() == 0) return;
  std::vector<bool> has_frames(batch->devices().size());
  Entry entry{number, INT64_MAX, INT64_MIN};
  batch->for_each(
      [&](std::uint32_t, const Frame& frame) {
        has_frames[frame.device_index] = true;
        entry.earliest_utc_ms = std::min(entry.earliest_utc_ms, frame_time_utc_ms(frame));
        entry.latest_utc_ms = std::max(entry.latest_utc_ms, frame_time_utc_ms(frame));
      },
      [](std::uint32_t, const Frame&, const Reading&) {});
  const auto place = static_cast<std::uint32_t>(records_.size());
  for (std::size_t device = 0; device < has_frames.size(); ++device) {
    if (!has_frames[device]) continue;
    const KeyView key{record.gateway.value, batch->devices()[device]};
    auto found = devices_.find(key);
    if (found == devices_.end())
      found = devices_.emplace(Key{key.gateway, std::string(key.device_uid)}, std::vector<std::uint32_t>{}).first;
    // One device may stand in a batch's table twice.
    if (found->second.empty() || found->second.back() != place) found->second.push_back(place);
  }
  records_.push_back(entry);
  note_times(entry);
}

std::vector<FrameIndex::Entry> FrameIndex::records_of(GatewayId gateway, std::string_view device_uid) const {
  std::vector<Entry> found;
  const auto device = devices_.find(KeyView{gateway.value, device_uid});
  if (device == devices_.end()) return found;
  found.reserve(device->second.size());
  for (const std::uint32_t place : device->second) found.push_back(records_[place]);
  return found;
}

Bytes FrameIndex::encode() const {
  Bytes out;
  ByteWriter writer(out);
  writer.u8(index_version);
  writer.u64(first_number_);
  writer.u64(next_number_);
  writer.varint(records_.size());
  std::uint64_t number = first_number_;
  std::int64_t earliest = 0;
  for (const Entry& entry : records_) {
    writer.varint(entry.record_number - number);
    writer.zigzag(static_cast<std::int64_t>(minus(entry.earliest_utc_ms, earliest)));
    writer.varint(minus(entry.latest_utc_ms, entry.earliest_utc_ms));
    number = entry.record_number;
    earliest = entry.earliest_utc_ms;
  }
  writer.varint(devices_.size());
  for (const auto& [key, places] : devices_) {
    writer.zigzag(key.gateway);
    writer.sized(key.device_uid);
    writer.varint(places.size());
    std::uint32_t before = 0;
    for (const std::uint32_t place : places) {
      writer.varint(place - before);
      before = place;
    }
  }
  return out;
}

Result<void> FrameIndex::parse_records(ByteReader& in) {
  constexpr std::size_t record_bytes_min = 3;
  const std::uint64_t count = in.varint();
  if (!in.ok() || count > in.remaining() / record_bytes_min) return malformed();
  records_.reserve(static_cast<std::size_t>(count));
  std::uint64_t number = first_number_;
  std::int64_t earliest = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t step = in.varint();
    earliest = plus(earliest, static_cast<std::uint64_t>(in.zigzag()));
    const Entry entry{number + step, earliest, plus(earliest, in.varint())};
    const bool ascends = i == 0 || step > 0;
    if (!in.ok() || !ascends || step >= next_number_ - number || entry.latest_utc_ms < earliest) return malformed();
    number = entry.record_number;
    records_.push_back(entry);
    note_times(entry);
  }
  return {};
}

Result<void> FrameIndex::parse_devices(ByteReader& in) {
  constexpr std::size_t device_bytes_min = 4;
  const std::uint64_t count = in.varint();
  if (!in.ok() || count > in.remaining() / device_bytes_min) return malformed();
  for (std::uint64_t i = 0; i < count; ++i) {
    Key key;
    key.gateway = in.zigzag();
    key.device_uid = in.sized_text();
    const std::uint64_t places = in.varint();
    const bool ascends = devices_.empty() || Less{}(devices_.rbegin()->first, key);
    if (!in.ok() || !ascends || places == 0 || places > in.remaining()) return malformed();
    std::vector<std::uint32_t> list;
    list.reserve(static_cast<std::size_t>(places));
    for (std::uint64_t j = 0; j < places; ++j) {
      const std::uint64_t step = in.varint();
      const std::uint64_t before = list.empty() ? 0 : list.back();
      if (!in.ok() || (j > 0 && step == 0) || step >= records_.size() - before) return malformed();
      list.push_back(static_cast<std::uint32_t>(before + step));
    }
    devices_.emplace_hint(devices_.end(), std::move(key), std::move(list));
  }
  return {};
}

Result<FrameIndex> FrameIndex::parse(ByteView bytes) {
  ByteReader in(bytes);
  const std::uint8_t version = in.u8();
  if (in.ok() && version != index_version)
    return fail(ErrorCode::unsupported, fmt::format("frame index version {} is not known to this release", version));
  FrameIndex index(in.u64());
  index.next_number_ = in.u64();
  if (!in.ok() || index.next_number_ < index.first_number_) return malformed();
  DUHENG_CHECK(index.parse_records(in));
  DUHENG_CHECK(index.parse_devices(in));
  if (!in.ok() || !in.at_end()) return malformed();
  return index;
}

Result<Bytes> seal_frame_index(const FrameIndex& index, const crypto::Hash256& segment_hash,
                               crypto::KeyProvider& keys) {
  const Bytes plain = index.encode();
  if (plain.size() > plain_bytes_max) return fail(ErrorCode::internal, "a frame index is too large to be kept");
  DUHENG_TRY(const Bytes packed, compress(plain));
  DUHENG_TRY(const std::uint32_t version, keys.version_to_seal(purpose));
  DUHENG_TRY(const crypto::SecretKey purpose_key, keys.key(purpose, version));
  Bytes out;
  ByteWriter writer(out);
  writer.raw(as_bytes(file_magic));
  writer.u16(file_version);
  writer.u32(version);
  writer.u64(index.first_number());
  writer.u64(index.next_number());
  writer.raw(segment_hash);
  writer.u64(static_cast<std::uint64_t>(index.earliest_utc_ms().value_or(0)));
  writer.u64(static_cast<std::uint64_t>(index.latest_utc_ms().value_or(-1)));
  const crypto::Hash256 salt =
      crypto::hkdf_sha256(purpose_key.octets(), crypto::sha256({out, packed}), as_bytes(salt_info));
  writer.raw(salt);
  writer.u32(static_cast<std::uint32_t>(plain.size()));
  writer.u32(static_cast<std::uint32_t>(packed.size() + crypto::Aead::tag_bytes));
  crypto::Aead aead(file_key(purpose_key, salt));
  const Bytes associated = out;
  DUHENG_CHECK(aead.seal(only_nonce, associated, packed, out));
  const crypto::Hash256 hash = crypto::sha256(out);
  writer.raw(hash);
  return out;
}

Result<FrameIndexHeader> parse_frame_index_header(ByteView bytes) {
  ByteReader in(bytes);
  if (as_text(in.raw(file_magic.size())) != file_magic) return malformed();
  const std::uint16_t version = in.u16();
  if (in.ok() && version != file_version)
    return fail(ErrorCode::unsupported, fmt::format("frame index file {} is not known to this release", version));
  FrameIndexHeader header;
  header.key_version = in.u32();
  header.first_number = in.u64();
  header.next_number = in.u64();
  header.segment_hash = read_hash(in);
  header.earliest_utc_ms = static_cast<std::int64_t>(in.u64());
  header.latest_utc_ms = static_cast<std::int64_t>(in.u64());
  if (!in.ok()) return malformed();
  return header;
}

Result<FrameIndex> open_frame_index(ByteView file, const crypto::Hash256& segment_hash, crypto::KeyProvider& keys) {
  const auto header = parse_frame_index_header(file);
  if (!header && header.error().code == ErrorCode::unsupported) return std::unexpected(header.error());
  if (!header) return corrupt(header.error().message);
  ByteReader in(file);
  (void)in.raw(frame_index_header_bytes);
  const ByteView salt = in.raw(hash_bytes);
  const std::uint32_t plain_bytes = in.u32();
  const std::uint32_t sealed_bytes = in.u32();
  const std::size_t associated_bytes = in.offset();
  const ByteView sealed = in.raw(sealed_bytes);
  const std::size_t hashed_bytes = in.offset();
  const crypto::Hash256 hash = read_hash(in);
  if (!in.ok() || !in.at_end() || sealed.size() < crypto::Aead::tag_bytes || plain_bytes > plain_bytes_max)
    return corrupt("the frame index's parts do not fit its size");
  if (crypto::sha256(file.first(hashed_bytes)) != hash) return corrupt("the frame index does not match its hash");
  if (header->segment_hash != segment_hash) return corrupt("the frame index is not of this segment's content");
  DUHENG_TRY(const crypto::SecretKey purpose_key, keys.key(purpose, header->key_version));
  crypto::Aead aead(file_key(purpose_key, salt));
  Bytes packed;
  // The hash holds, so it is the key that is not the file's own.
  if (!aead.open(only_nonce, file.first(associated_bytes), sealed, packed))
    return fail(ErrorCode::key_missing, "the frame index was sealed under another key");
  DUHENG_TRY(const Bytes plain, decompress(packed, plain_bytes));
  auto index = FrameIndex::parse(plain);
  if (!index) return std::unexpected(index.error());
  if (index->first_number() != header->first_number || index->next_number() != header->next_number)
    return corrupt("the frame index and its header differ");
  return index;
}

std::string frame_index_name(std::uint64_t first_number) { return fmt::format("{:020}{}", first_number, name_end); }

std::optional<std::uint64_t> number_in_frame_index_name(std::string_view name) {
  if (name.size() != name_digits + name_end.size() || !name.ends_with(name_end)) return std::nullopt;
  const std::string_view digits = name.substr(0, name_digits);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

}  // namespace duheng::store
