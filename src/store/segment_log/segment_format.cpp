#include "store/segment_log/segment_format.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <zstd.h>

namespace duheng::store {
namespace {

constexpr std::string_view header_magic = "DUHSEG";
constexpr std::string_view footer_end_magic = "DEND";
constexpr std::uint16_t format_version = 1;
constexpr int compression_level = 1;
// A header is sealed once under a key of its own; block nonces count from 1, so this one is never theirs.
constexpr crypto::Aead::Nonce header_nonce{};

std::unexpected<Error> corrupt(std::string message) { return fail(ErrorCode::storage_corrupt, std::move(message)); }

template <std::size_t size>
void copy_to(std::array<std::uint8_t, size>& out, ByteView view) {
  if (view.size() == size) std::copy(view.begin(), view.end(), out.begin());
}

struct FreeDecompressor {
  void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

Result<Bytes> decompress(ByteView packed, std::size_t plain_bytes) {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeDecompressor> context{ZSTD_createDCtx()};
  if (!context) return fail(ErrorCode::internal, "no memory for decompression");
  Bytes plain(plain_bytes);
  const std::size_t size = ZSTD_decompressDCtx(context.get(), plain.data(), plain.size(), packed.data(), packed.size());
  if (ZSTD_isError(size) != 0 || size != plain_bytes) return corrupt("a block does not decompress to its stated size");
  return plain;
}

}  // namespace

crypto::SecretKey derive_segment_key(const crypto::SecretKey& purpose_key, const SegmentHeader& header) {
  Bytes info;
  ByteWriter writer(info);
  writer.sized("duheng segment");
  writer.sized(header.purpose);
  crypto::Hash256 derived = crypto::hkdf_sha256(purpose_key.octets(), header.salt, info);
  const crypto::SecretKey key{derived, purpose_key.cipher()};
  OPENSSL_cleanse(derived.data(), derived.size());
  return key;
}

Result<Bytes> encode_header(SegmentHeader& header, crypto::Aead& aead) {
  if (header.purpose.size() > purpose_bytes_max || header.snapshot.size() > segment_limits::snapshot_bytes_max) {
    return fail(ErrorCode::limit_exceeded, fmt::format("a segment's purpose may have {} octets and its snapshot {}",
                                                       purpose_bytes_max, segment_limits::snapshot_bytes_max));
  }
  const std::size_t sealed_bytes = header.snapshot.size() + crypto::Aead::tag_bytes;
  const std::size_t fixed_bytes = header_prefix_bytes + 4 + 8 + 2 * hash_bytes + 1 + header.purpose.size() + 4;
  header.size_bytes = fixed_bytes + sealed_bytes + hash_bytes;
  Bytes out;
  out.reserve(header.size_bytes);
  ByteWriter writer(out);
  writer.raw(as_bytes(header_magic));
  writer.u16(format_version);
  writer.u32(static_cast<std::uint32_t>(header.size_bytes));
  writer.u32(header.key_version);
  writer.u64(header.first_number);
  writer.raw(header.salt);
  writer.raw(header.previous_hash);
  writer.u8(static_cast<std::uint8_t>(header.purpose.size()));
  writer.raw(as_bytes(header.purpose));
  writer.u32(static_cast<std::uint32_t>(sealed_bytes));
  const Bytes associated = out;
  DUHENG_CHECK(aead.seal(header_nonce, associated, header.snapshot, out));
  header.hash = crypto::sha256(out);
  writer.raw(header.hash);
  return out;
}

Result<std::size_t> header_size(ByteView prefix) {
  ByteReader in(prefix);
  if (as_text(in.raw(header_magic.size())) != header_magic) return corrupt("this is not a segment file");
  const std::uint16_t version = in.u16();
  const std::uint32_t size = in.u32();
  if (!in.ok()) return corrupt("the segment header is cut short");
  if (version == 0) return corrupt("the segment header was never written whole");
  if (version != format_version) {
    return fail(ErrorCode::unsupported, fmt::format("segment format {} is not known to this release", version));
  }
  if (size > header_bytes_max) return corrupt("the segment header states an impossible size");
  return size;
}

Result<SegmentHeader> parse_header(ByteView bytes) {
  DUHENG_TRY(const std::size_t size, header_size(bytes));
  if (size != bytes.size()) return corrupt("the segment header has another size than it states");
  ByteReader in(bytes);
  (void)in.raw(header_prefix_bytes);
  SegmentHeader header;
  header.size_bytes = size;
  header.key_version = in.u32();
  header.first_number = in.u64();
  copy_to(header.salt, in.raw(header.salt.size()));
  copy_to(header.previous_hash, in.raw(header.previous_hash.size()));
  header.purpose = as_text(in.raw(in.u8()));
  const std::uint32_t sealed_bytes = in.u32();
  const ByteView sealed = in.raw(sealed_bytes);
  const std::size_t hashed_bytes = in.offset();
  copy_to(header.hash, in.raw(hash_bytes));
  if (!in.ok() || !in.at_end() || sealed.size() < crypto::Aead::tag_bytes ||
      header.purpose.size() > purpose_bytes_max) {
    return corrupt("the segment header's parts do not fit its size");
  }
  if (crypto::sha256(bytes.first(hashed_bytes)) != header.hash)
    return corrupt("the segment header does not match its hash");
  return header;
}

Result<void> open_header(SegmentHeader& header, ByteView bytes, crypto::Aead& aead) {
  const std::size_t fixed_bytes = header_prefix_bytes + 4 + 8 + 2 * hash_bytes + 1 + header.purpose.size() + 4;
  if (bytes.size() != header.size_bytes || bytes.size() < fixed_bytes + hash_bytes)
    return corrupt("the segment header is cut short");
  const ByteView sealed = bytes.subspan(fixed_bytes, bytes.size() - fixed_bytes - hash_bytes);
  header.snapshot.clear();
  if (!aead.open(header_nonce, bytes.first(fixed_bytes), sealed, header.snapshot)) {
    return fail(ErrorCode::key_missing,
                fmt::format("version {} of the key for \"{}\" does not open a segment written with it",
                            header.key_version, header.purpose));
  }
  return {};
}

Result<BlockHeader> parse_block_header(ByteView bytes) {
  ByteReader in(bytes);
  if (as_text(in.raw(block_magic.size())) != block_magic) return corrupt("no block starts here");
  BlockHeader header;
  header.sealed_bytes = in.u32();
  header.plain_bytes = in.u32();
  header.entry_count = in.u32();
  header.first_number = in.u64();
  const std::uint32_t encoding = in.u32();
  copy_to(header.nonce, in.raw(header.nonce.size()));
  copy_to(header.previous_hash, in.raw(header.previous_hash.size()));
  if (!in.ok()) return corrupt("the block header is cut short");
  header.encoding = static_cast<BlockEncoding>(encoding);
  const std::size_t packed_bytes =
      header.sealed_bytes - std::min<std::size_t>(header.sealed_bytes, crypto::Aead::tag_bytes);
  const bool sizes_fit =
      header.sealed_bytes >= crypto::Aead::tag_bytes && header.plain_bytes <= plain_bytes_max &&
      (header.encoding == BlockEncoding::raw ? packed_bytes == header.plain_bytes : packed_bytes < header.plain_bytes);
  if (!sizes_fit || encoding > 1 || header.entry_count == 0 || header.entry_count > segment_limits::block_entries_max ||
      header.entry_count > header.plain_bytes || header.first_number > UINT64_MAX - header.entry_count) {
    return corrupt("the block header states impossible sizes");
  }
  return header;
}

std::optional<crypto::Hash256> checked_block_hash(ByteView block) {
  if (block.size() < block_overhead_bytes) return std::nullopt;
  const crypto::Hash256 hash = crypto::sha256(block.first(block.size() - hash_bytes));
  if (!std::equal(hash.begin(), hash.end(), block.end() - hash_bytes)) return std::nullopt;
  return hash;
}

Result<std::shared_ptr<const DecodedBlock>> DecodedBlock::from_plain(std::uint64_t first_number,
                                                                     std::size_t entry_count, Bytes plain) {
  if (entry_count == 0 || entry_count > segment_limits::block_entries_max || plain.size() > plain_bytes_max) {
    return corrupt("a block holds more than the limits allow");
  }
  auto block = std::make_shared<DecodedBlock>();
  block->first_number_ = first_number;
  block->ends_.resize(entry_count);
  ByteReader in(plain);
  std::uint64_t end = 0;
  for (std::uint32_t& entry_end : block->ends_) {
    const std::uint64_t size = in.varint();
    if (!in.ok() || size > plain.size()) return corrupt("a block's table of sizes is damaged");
    end += size;
    if (end > plain.size()) return corrupt("a block's table of sizes is damaged");
    entry_end = static_cast<std::uint32_t>(end);
  }
  if (in.remaining() != end) return corrupt("a block's table of sizes does not match its contents");
  block->contents_begin_ = static_cast<std::uint32_t>(in.offset());
  block->plain_ = std::move(plain);
  return block;
}

ByteView DecodedBlock::entry(std::uint64_t number) const noexcept {
  const std::size_t index = static_cast<std::size_t>(number - first_number_);
  const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
  return ByteView(plain_).subspan(contents_begin_ + begin, ends_[index] - begin);
}

Result<Bytes> encode_entries(std::span<const ByteView> entries) {
  std::size_t contents_bytes = 0;
  for (const ByteView entry : entries) contents_bytes += entry.size();
  if (entries.size() > segment_limits::block_entries_max || contents_bytes > segment_limits::block_bytes_max) {
    return fail(ErrorCode::limit_exceeded,
                fmt::format("one append may hold {} entries of {} octets together", segment_limits::block_entries_max,
                            segment_limits::block_bytes_max));
  }
  Bytes plain;
  plain.reserve(contents_bytes + 3 * entries.size());
  ByteWriter writer(plain);
  for (const ByteView entry : entries) writer.varint(entry.size());
  for (const ByteView entry : entries) writer.raw(entry);
  return plain;
}

Result<Bytes> open_block(const BlockHeader& header, ByteView block, crypto::Aead& aead) {
  if (block.size() != header.block_bytes()) return corrupt("a block is cut short");
  Bytes packed;
  packed.reserve(header.sealed_bytes);
  if (!aead.open(header.nonce, block.first(block_header_bytes), block.subspan(block_header_bytes, header.sealed_bytes),
                 packed)) {
    return corrupt("a block does not match its authentication tag");
  }
  if (header.encoding == BlockEncoding::raw) return packed;
  return decompress(packed, header.plain_bytes);
}

struct BlockEncoder::Compressor {
  struct Free {
    void operator()(ZSTD_CCtx* freed) const noexcept { ZSTD_freeCCtx(freed); }
  };
  std::unique_ptr<ZSTD_CCtx, Free> context{ZSTD_createCCtx()};
};

BlockEncoder::BlockEncoder() : compressor_(std::make_unique<Compressor>()) {}
BlockEncoder::~BlockEncoder() = default;

Result<BlockEncoder::Encoded> BlockEncoder::encode(ByteView plain, std::uint32_t entry_count,
                                                   std::uint64_t first_number, const crypto::Aead::Nonce& nonce,
                                                   const crypto::Hash256& previous_hash, crypto::Aead& aead) {
  if (!compressor_->context) return fail(ErrorCode::internal, "no memory for compression");
  packed_.resize(ZSTD_compressBound(plain.size()));
  const std::size_t packed_bytes = ZSTD_compressCCtx(compressor_->context.get(), packed_.data(), packed_.size(),
                                                     plain.data(), plain.size(), compression_level);
  const bool smaller = ZSTD_isError(packed_bytes) == 0 && packed_bytes < plain.size();
  const ByteView contents = smaller ? ByteView(packed_).first(packed_bytes) : plain;
  out_.clear();
  ByteWriter writer(out_);
  writer.raw(as_bytes(block_magic));
  writer.u32(static_cast<std::uint32_t>(contents.size() + crypto::Aead::tag_bytes));
  writer.u32(static_cast<std::uint32_t>(plain.size()));
  writer.u32(entry_count);
  writer.u64(first_number);
  writer.u32(static_cast<std::uint32_t>(smaller ? BlockEncoding::zstd : BlockEncoding::raw));
  writer.raw(nonce);
  writer.raw(previous_hash);
  std::array<std::uint8_t, block_header_bytes> associated{};
  std::copy(out_.begin(), out_.end(), associated.begin());
  out_.reserve(contents.size() + block_overhead_bytes);
  DUHENG_CHECK(aead.seal(nonce, associated, contents, out_));
  const crypto::Hash256 hash = crypto::sha256(out_);
  writer.raw(hash);
  return Encoded{out_, hash};
}

namespace {
constexpr std::size_t footer_fixed_bytes = 4 + 4 + 8 + 8 + 8 + hash_bytes + crypto::Aead::nonce_bytes;
}

Result<Bytes> encode_footer(const SegmentIndex& index, const crypto::Aead::Nonce& nonce, crypto::Aead& aead) {
  Bytes table;
  ByteWriter table_writer(table);
  for (std::size_t i = 0; i < index.blocks.size(); ++i) {
    const bool last = i + 1 == index.blocks.size();
    table_writer.varint((last ? index.next_number : index.blocks[i + 1].first_number) - index.blocks[i].first_number);
    table_writer.varint((last ? index.end : index.blocks[i + 1].offset) - index.blocks[i].offset);
  }
  Bytes out;
  ByteWriter writer(out);
  writer.raw(as_bytes(footer_magic));
  writer.u32(static_cast<std::uint32_t>(table.size() + crypto::Aead::tag_bytes));
  writer.u64(index.blocks.size());
  writer.u64(index.next_number);
  writer.u64(index.end);
  writer.raw(index.last_hash);
  writer.raw(nonce);
  const Bytes associated = out;
  DUHENG_CHECK(aead.seal(nonce, associated, table, out));
  writer.u32(static_cast<std::uint32_t>(out.size() + footer_end_bytes));
  writer.raw(as_bytes(footer_end_magic));
  writer.raw(crypto::sha256(out));
  return out;
}

Result<std::size_t> footer_size(ByteView end) {
  ByteReader in(end);
  const std::uint32_t size = in.u32();
  if (as_text(in.raw(footer_end_magic.size())) != footer_end_magic || size > footer_bytes_max ||
      size < footer_fixed_bytes + crypto::Aead::tag_bytes + footer_end_bytes) {
    return corrupt("the segment does not end with an index");
  }
  return size;
}

bool footer_is_whole(ByteView footer) {
  if (footer.size() < footer_end_bytes || !as_text(footer).starts_with(footer_magic)) return false;
  const auto size = footer_size(footer.last(footer_end_bytes));
  if (!size || *size != footer.size()) return false;
  const crypto::Hash256 hash = crypto::sha256(footer.first(footer.size() - hash_bytes));
  return std::equal(hash.begin(), hash.end(), footer.end() - hash_bytes);
}

Result<SegmentIndex> open_footer(ByteView footer, std::uint64_t first_number, std::uint64_t blocks_begin,
                                 crypto::Aead& aead) {
  if (!footer_is_whole(footer)) return corrupt("the segment's index does not match its hash");
  ByteReader in(footer);
  (void)in.raw(footer_magic.size());
  const std::uint32_t sealed_bytes = in.u32();
  const std::uint64_t block_count = in.u64();
  SegmentIndex index;
  index.next_number = in.u64();
  index.end = in.u64();
  copy_to(index.last_hash, in.raw(hash_bytes));
  crypto::Aead::Nonce nonce{};
  copy_to(nonce, in.raw(nonce.size()));
  const ByteView sealed = in.raw(sealed_bytes);
  Bytes table;
  if (!in.ok() || in.remaining() != footer_end_bytes ||
      !aead.open(nonce, footer.first(footer_fixed_bytes), sealed, table)) {
    return corrupt("the segment's index does not match its authentication tag");
  }
  ByteReader rows(table);
  std::uint64_t number = first_number;
  std::uint64_t offset = blocks_begin;
  while (rows.ok() && !rows.at_end()) {
    index.blocks.push_back({number, offset});
    number += rows.varint();
    offset += rows.varint();
  }
  if (!rows.ok() || index.blocks.size() != block_count || number != index.next_number || offset != index.end) {
    return corrupt("the segment's index contradicts itself");
  }
  return index;
}

}  // namespace duheng::store
