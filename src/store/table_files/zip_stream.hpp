#pragma once
// Internal to this folder.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace duheng::store::table_files {

/// A ZIP archive (PKWARE APPNOTE 6.3, without ZIP64) written from front to back, one entry open at a time, that can go
/// on after a restart: flush() ends the compressor's block, so that a fresh compressor may follow (RFC 1951, 3.2.4).
/// Every entry bears the same date, so that the same content gives the same octets.
class ZipStream {
 public:
  ZipStream();
  ~ZipStream();
  ZipStream(const ZipStream&) = delete;
  ZipStream& operator=(const ZipStream&) = delete;

  [[nodiscard]] Result<void> open_entry(std::string name, Bytes& out);
  /// Errors: limit_exceeded - beyond 4 GiB.
  [[nodiscard]] Result<void> write(ByteView content, Bytes& out);
  [[nodiscard]] Result<void> flush(Bytes& out);
  [[nodiscard]] Result<void> close_entry(Bytes& out);
  /// The directory at the end.
  [[nodiscard]] Result<void> finish(Bytes& out);
  [[nodiscard]] bool is_open() const noexcept { return open_; }

  /// After flush() or close_entry().
  void save(ByteWriter& out) const;
  /// Errors: malformed.
  [[nodiscard]] Result<void> load(ByteReader& in);

 private:
  struct Entry {
    std::string name;
    std::uint32_t checksum = 0;
    std::uint64_t compressed_bytes = 0;
    std::uint64_t plain_bytes = 0;
    std::uint64_t offset = 0;
  };
  struct Compressor;
  [[nodiscard]] Result<void> compress(ByteView content, int flush_mode, Bytes& out);
  void reset_compressor();

  std::unique_ptr<Compressor> compressor_;
  std::vector<Entry> entries_;  // the last one is under way while open_
  std::uint64_t offset_ = 0;
  bool open_ = false;
};

}  // namespace duheng::store::table_files
