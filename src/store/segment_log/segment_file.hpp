#pragma once
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/disk.hpp"
#include "crypto/key_provider.hpp"
#include "store/segment_log/segment_format.hpp"

namespace duheng::store {

/// "00000000000000000042.seg"
[[nodiscard]] std::string segment_name(std::uint64_t first_number);
/// The number in such a name; nothing for any other name.
[[nodiscard]] std::optional<std::uint64_t> number_in_segment_name(std::string_view name);
/// First numbers of the segments in a directory, ascending. Errors: storage_failed.
[[nodiscard]] Result<std::vector<std::uint64_t>> list_segments(Disk& disk, const std::string& directory);

struct OpenedHeader {
  SegmentHeader header;
  crypto::SecretKey key;
};
/// Reads and authenticates a segment's header. Errors: storage_corrupt, unsupported, key_missing, storage_failed.
[[nodiscard]] Result<OpenedHeader> read_segment_header(const File& file, crypto::KeyProvider& keys,
                                                       const std::string& purpose, std::uint64_t first_number);

/// Walks a segment from its header on and checks everything: sizes, numbers, chain, hashes, tags, contents.
class SegmentScanner {
 public:
  enum class Step : std::uint8_t {
    block,   ///< one more sound block
    footer,  ///< the index is sound and the file ends with it
    end,     ///< the file (or the part to be read) ends behind a block
    damage,  ///< see damage(); the walk is over
  };
  /// `end`: how much of the file to read; nothing = all. Errors: as read_segment_header().
  [[nodiscard]] static Result<SegmentScanner> start(Disk& disk, crypto::KeyProvider& keys, const std::string& path,
                                                    const std::string& purpose, std::uint64_t first_number,
                                                    std::optional<std::uint64_t> end);
  /// Errors: storage_failed - could not be read.
  [[nodiscard]] Result<Step> next();
  [[nodiscard]] const SegmentHeader& header() const noexcept { return opened_.header; }
  [[nodiscard]] const crypto::SecretKey& key() const noexcept { return opened_.key; }
  [[nodiscard]] const SegmentIndex& index() const noexcept { return index_; }  ///< of the sound blocks so far
  [[nodiscard]] std::uint64_t file_bytes() const noexcept { return file_bytes_; }
  [[nodiscard]] const std::string& damage() const noexcept { return damage_; }
  [[nodiscard]] const File& file() const noexcept { return *file_; }

 private:
  SegmentScanner(std::unique_ptr<File> file, OpenedHeader opened, std::uint64_t file_bytes);
  [[nodiscard]] Result<Step> scan_footer();
  [[nodiscard]] Result<Step> scan_block(ByteView header_bytes);
  Step damaged(std::string what);

  std::unique_ptr<File> file_;
  OpenedHeader opened_;
  crypto::Aead aead_;
  SegmentIndex index_;
  std::uint64_t file_bytes_;
  std::string damage_;
};

/// Whether a whole block or index with a right hash starts anywhere in [from, to): then what stands before it was once
/// written wholly, and is damaged rather than torn. Needs no key.
[[nodiscard]] Result<bool> sound_data_behind(const File& file, std::uint64_t from, std::uint64_t to);

/// The reading side of one segment. Thread-safe; readers of one segment take turns at its file.
class SegmentFile {
 public:
  SegmentFile(Disk& disk, crypto::KeyProvider& keys, std::string path, std::string purpose, std::uint64_t first_number);

  [[nodiscard]] std::uint64_t first_number() const noexcept { return first_number_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Errors: not_found - the segment has no such entry; storage_corrupt, storage_failed, key_missing.
  [[nodiscard]] Result<std::shared_ptr<const DecodedBlock>> read_block(std::uint64_t number);
  /// Reads the entry's block and tells what proves it. Errors: as read_block(), but a damaged block is told, not an
  /// error.
  [[nodiscard]] Result<EntryPlace> place_of(std::uint64_t number);
  /// What its header keeps for the owner. Errors: as read_segment_header().
  [[nodiscard]] Result<Bytes> snapshot();
  /// For the segment that is being written: the writer tells what is durable.
  void set_index(SegmentIndex index);
  void add_block(std::uint64_t next_number, std::uint64_t end, const crypto::Hash256& hash);
  [[nodiscard]] SegmentIndex index() const;
  /// The segment is closed: its index may be forgotten and read again.
  void set_closed();
  /// How far the segment being written is durable; nothing for a closed one.
  [[nodiscard]] std::optional<std::uint64_t> durable_end() const;
  /// Frees the file handle and, of a closed segment, the index; the next read loads them again.
  void unload();
  /// The index, read from the footer or, failing that, from the block headers.
  [[nodiscard]] Result<SegmentIndex> load_index();

 private:
  struct Opened {
    std::unique_ptr<File> file;
    SegmentHeader header;
    crypto::Aead aead;
  };
  struct Place {
    std::uint64_t first_number;
    std::uint64_t offset;
    std::uint64_t end;
  };
  [[nodiscard]] Result<void> open_locked();
  [[nodiscard]] Result<SegmentIndex> load_index_locked();
  [[nodiscard]] Result<SegmentIndex> walk_headers_locked(std::uint64_t file_bytes);
  [[nodiscard]] std::optional<Place> find(std::uint64_t number) const;
  struct RawBlock {
    Place place;
    Bytes bytes;
  };
  [[nodiscard]] Result<RawBlock> read_raw_locked(std::uint64_t number);

  Disk& disk_;
  crypto::KeyProvider& keys_;
  const std::string path_;
  const std::string purpose_;
  const std::uint64_t first_number_;
  std::mutex file_mutex_;  // taken before index_mutex_
  std::optional<Opened> opened_;
  mutable std::mutex index_mutex_;
  std::optional<SegmentIndex> index_;
  bool closed_ = true;
};

}  // namespace duheng::store
