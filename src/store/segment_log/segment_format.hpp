#pragma once
// How a segment's octets are laid out; no files here. Integers are little-endian.
//
// Segment  = header · block … block · footer (closed segments only)
// Header   = "DUHSEG" · u16 version 1 · u32 header size · u32 key version, cipher in its high octet · u64 first number
// · 32 salt ·
//            32 hash of the previous segment's last block (zeros: none) · u8 size + purpose ·
//            u32 size + sealed snapshot · 32 SHA-256 of the header so far
// Block    = "DBLK" · u32 sealed size · u32 plain size · u32 entries · u64 first number · u32 encoding (0 raw, 1 zstd)
// ·
//            12 nonce · 32 previous hash · sealed · 32 SHA-256 of the block so far
//            plain: entry sizes as varints, then the entries
// Footer   = "DIDX" · u32 sealed size · u64 blocks · u64 next number · u64 blocks' end · 32 last hash · 12 nonce ·
//            sealed (per block: varint entries, varint octets) · u32 footer size · "DEND" · 32 SHA-256 of the footer so
//            far
//
// The chain: a header's hash covers the previous segment's last hash; a segment's first block names its header's hash,
// every other block the block before it. What stands before "sealed" is authenticated with it (associated data). Each
// segment has its own key, derived with its random salt; nonces are 8 octets drawn at every opening and a counter of
// attempts, so that a block written again after a crash or a failed write never meets its predecessor's nonce.
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "crypto/aead.hpp"
#include "crypto/hash.hpp"
#include "crypto/key_provider.hpp"
#include "store/segment_log/segment_log.hpp"

namespace duheng::store {

inline constexpr std::size_t header_prefix_bytes = 12;  ///< enough to learn the header's size
inline constexpr std::size_t block_header_bytes = 72;
inline constexpr std::size_t hash_bytes = 32;
inline constexpr std::size_t block_overhead_bytes = block_header_bytes + crypto::Aead::tag_bytes + hash_bytes;
inline constexpr std::size_t footer_end_bytes = 4 + 4 + hash_bytes;
inline constexpr std::size_t purpose_bytes_max = 64;
inline constexpr std::size_t header_bytes_max = segment_limits::snapshot_bytes_max + 1024;
inline constexpr std::size_t footer_bytes_max = 64U << 20;
inline constexpr std::size_t plain_bytes_max = segment_limits::block_bytes_max + 10 * segment_limits::block_entries_max;

struct SegmentHeader {
  std::uint32_t key_version = 0;  ///< as KeyProvider::version_to_seal() has it
  std::uint64_t first_number = 0;
  crypto::Hash256 salt{};
  crypto::Hash256 previous_hash{};
  std::string purpose;
  Bytes snapshot;
  // Known after encoding or parsing:
  std::size_t size_bytes = 0;
  crypto::Hash256 hash{};
};

/// The key of one segment.
[[nodiscard]] crypto::SecretKey derive_segment_key(const crypto::SecretKey& purpose_key, const SegmentHeader& header);

/// Fills in `size_bytes` and `hash`. Errors: limit_exceeded - the snapshot or purpose is too large.
[[nodiscard]] Result<Bytes> encode_header(SegmentHeader& header, crypto::Aead& aead);
/// Size of the whole header by its first header_prefix_bytes. Errors: storage_corrupt; unsupported - a later version.
[[nodiscard]] Result<std::size_t> header_size(ByteView prefix);
/// Checks everything but the tag: the snapshot stays sealed. Errors: storage_corrupt, unsupported.
[[nodiscard]] Result<SegmentHeader> parse_header(ByteView bytes);
/// Authenticates `bytes` and fills in the snapshot. Errors: key_missing - the header is whole, so the key is not its
/// own.
[[nodiscard]] Result<void> open_header(SegmentHeader& header, ByteView bytes, crypto::Aead& aead);

enum class BlockEncoding : std::uint32_t { raw = 0, zstd = 1 };

struct BlockHeader {
  std::uint32_t sealed_bytes = 0;
  std::uint32_t plain_bytes = 0;
  std::uint32_t entry_count = 0;
  std::uint64_t first_number = 0;
  BlockEncoding encoding = BlockEncoding::raw;
  crypto::Aead::Nonce nonce{};
  crypto::Hash256 previous_hash{};
  [[nodiscard]] std::size_t block_bytes() const noexcept { return block_header_bytes + sealed_bytes + hash_bytes; }
};

/// Errors: storage_corrupt - not a block header, or beyond the limits.
[[nodiscard]] Result<BlockHeader> parse_block_header(ByteView bytes);
/// Compares the hash at the end of a whole block with its octets. Nothing when they differ.
[[nodiscard]] std::optional<crypto::Hash256> checked_block_hash(ByteView block);

/// A block's entries in the clear.
class DecodedBlock {
 public:
  /// Checks the table of sizes against the octets. Errors: storage_corrupt.
  [[nodiscard]] static Result<std::shared_ptr<const DecodedBlock>> from_plain(std::uint64_t first_number,
                                                                              std::size_t entry_count, Bytes plain);
  [[nodiscard]] std::uint64_t first_number() const noexcept { return first_number_; }
  [[nodiscard]] std::uint64_t next_number() const noexcept { return first_number_ + ends_.size(); }
  [[nodiscard]] bool holds(std::uint64_t number) const noexcept {
    return number >= first_number_ && number < next_number();
  }
  /// `number` must be held.
  [[nodiscard]] ByteView entry(std::uint64_t number) const noexcept;
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return plain_.capacity() + ends_.capacity() * sizeof(std::uint32_t);
  }

 private:
  std::uint64_t first_number_ = 0;
  std::uint32_t contents_begin_ = 0;
  std::vector<std::uint32_t> ends_;
  Bytes plain_;
};

/// Entry sizes, then entries. Errors: limit_exceeded.
[[nodiscard]] Result<Bytes> encode_entries(std::span<const ByteView> entries);
/// Authenticates and unpacks a whole block whose header was parsed. Errors: storage_corrupt.
[[nodiscard]] Result<Bytes> open_block(const BlockHeader& header, ByteView block, crypto::Aead& aead);

/// Makes blocks, keeping its buffers and compression context.
class BlockEncoder {
 public:
  BlockEncoder();
  ~BlockEncoder();
  struct Encoded {
    ByteView bytes;  ///< valid until the next call
    crypto::Hash256 hash;
  };
  [[nodiscard]] Result<Encoded> encode(ByteView plain, std::uint32_t entry_count, std::uint64_t first_number,
                                       const crypto::Aead::Nonce& nonce, const crypto::Hash256& previous_hash,
                                       crypto::Aead& aead);

 private:
  struct Compressor;
  std::unique_ptr<Compressor> compressor_;
  Bytes packed_;
  Bytes out_;
};

/// Where the blocks of a segment stand.
struct BlockPlace {
  std::uint64_t first_number = 0;
  std::uint64_t offset = 0;
  friend bool operator==(const BlockPlace&, const BlockPlace&) = default;
};
struct SegmentIndex {
  std::vector<BlockPlace> blocks;
  std::uint64_t next_number = 0;
  std::uint64_t end = 0;  ///< offset behind the last block
  crypto::Hash256 last_hash{};
  friend bool operator==(const SegmentIndex&, const SegmentIndex&) = default;
};
[[nodiscard]] Result<Bytes> encode_footer(const SegmentIndex& index, const crypto::Aead::Nonce& nonce,
                                          crypto::Aead& aead);
/// Size of the footer by the last footer_end_bytes of a closed segment. Errors: storage_corrupt - no footer ends here.
[[nodiscard]] Result<std::size_t> footer_size(ByteView end);
/// Whether the octets are a footer with a right hash; the key is not needed.
[[nodiscard]] bool footer_is_whole(ByteView footer);
/// Errors: storage_corrupt.
[[nodiscard]] Result<SegmentIndex> open_footer(ByteView footer, std::uint64_t first_number, std::uint64_t blocks_begin,
                                               crypto::Aead& aead);

inline constexpr std::string_view block_magic = "DBLK";
inline constexpr std::string_view footer_magic = "DIDX";

}  // namespace duheng::store
