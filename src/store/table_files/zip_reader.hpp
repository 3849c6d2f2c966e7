#pragma once
// Internal to this folder.
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace duheng::store::table_files {

/// One file of an archive, unpacked while it is read.
class ZipEntryReader {
 public:
  ~ZipEntryReader();
  ZipEntryReader(const ZipEntryReader&) = delete;
  ZipEntryReader& operator=(const ZipEntryReader&) = delete;
  /// How many octets it gave; 0 at the end. Errors: malformed - it is damaged; limit_exceeded - it unpacks to more than
  /// was allowed, whatever its header says.
  [[nodiscard]] Result<std::size_t> read(std::span<std::uint8_t> out);

 private:
  friend class ZipReader;
  ZipEntryReader(ByteView packed, bool deflated, std::uint32_t checksum, std::size_t bytes_max);
  struct Inflater;
  std::unique_ptr<Inflater> inflater_;  ///< null: stored as it is
  ByteView packed_;
  const std::uint32_t checksum_;
  std::uint32_t seen_checksum_ = 0;
  std::size_t bytes_left_;
  bool ended_ = false;
};

/// A ZIP archive (PKWARE APPNOTE 6.3) in memory that came from outside. Encrypted archives, ZIP64 and methods other
/// than "stored" and "deflated" are refused.
class ZipReader {
 public:
  /// `archive` outlives the reader. Errors: malformed; unsupported; limit_exceeded - too many files.
  [[nodiscard]] static Result<ZipReader> open(ByteView archive);
  [[nodiscard]] bool has(std::string_view name) const { return entries_.find(name) != entries_.end(); }
  /// Errors: not_found; malformed; unsupported.
  [[nodiscard]] Result<std::unique_ptr<ZipEntryReader>> entry(std::string_view name, std::size_t bytes_max) const;

 private:
  struct Entry {
    std::uint16_t flags = 0;
    std::uint16_t method = 0;
    std::uint32_t checksum = 0;
    std::uint32_t packed_bytes = 0;
    std::uint32_t offset = 0;
  };
  [[nodiscard]] Result<void> read_directory(std::size_t offset, std::size_t count);
  ByteView archive_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace duheng::store::table_files
