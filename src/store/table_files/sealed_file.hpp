#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/bytes.hpp"
#include "base/disk.hpp"
#include "base/random.hpp"
#include "crypto/aead.hpp"
#include "crypto/key_provider.hpp"

namespace duheng::store {

/// A file that is written piece by piece and lies encrypted on the disk (T/ACCEM BM-6.1.2): each piece zstd, then
/// AES-256-GCM under a key derived for this file alone, with its place as associated data, so that pieces can be
/// neither changed nor put in another order nor taken from another file. That the end is not missing is known by
/// whoever keeps the number of pieces.
///
/// Layout, version 1: 8 octets "DHSEAL1\n" · u32 key version · 16 salt · { u32 length · 12 nonce · sealed piece }
namespace sealed_file {
inline constexpr std::size_t piece_bytes_max = 1U << 20;  ///< before compression; append() cuts what is longer
}

/// Where a writer stood, for going on after a restart.
struct SealedPosition {
  std::uint64_t pieces = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t plain_bytes = 0;
};

/// Not thread-safe.
class SealedFileWriter {
 public:
  /// Errors: already_exists; storage_full, storage_failed; key_missing.
  [[nodiscard]] static Result<SealedFileWriter> create(Disk& disk, Random& random, crypto::KeyProvider& keys,
                                                       std::string_view purpose, const std::string& path);
  /// Cuts off what was written after `position`. Errors: storage_corrupt - the file is shorter, or none of ours; start
  /// anew; otherwise as create().
  [[nodiscard]] static Result<SealedFileWriter> resume(Disk& disk, Random& random, crypto::KeyProvider& keys,
                                                       std::string_view purpose, const std::string& path,
                                                       const SealedPosition& position);
  /// Durable after sync(). On error a part may stand in the file: resume() at the last position.
  [[nodiscard]] Result<void> append(ByteView content);
  [[nodiscard]] Result<void> sync() { return file_->sync(); }
  [[nodiscard]] const SealedPosition& position() const noexcept { return position_; }

 private:
  SealedFileWriter(std::unique_ptr<File> file, Random& random, const crypto::SecretKey& key, Bytes associated)
      : file_(std::move(file)), random_(&random), aead_(key), associated_(std::move(associated)) {}
  [[nodiscard]] Result<void> append_piece(ByteView content);

  std::unique_ptr<File> file_;
  Random* random_;
  crypto::Aead aead_;
  Bytes associated_;  // salt; the piece's number follows
  SealedPosition position_;
};

/// Reads a sealed file from front to back. Not thread-safe.
class SealedFileReader {
 public:
  /// `pieces` is what the writer told. Errors: not_found; storage_corrupt; key_missing; storage_failed.
  [[nodiscard]] static Result<SealedFileReader> open(Disk& disk, crypto::KeyProvider& keys, std::string_view purpose,
                                                     const std::string& path, std::uint64_t pieces);
  /// The next piece's content; nothing after the last. Errors: storage_corrupt; storage_failed.
  [[nodiscard]] Result<std::optional<Bytes>> next();

 private:
  SealedFileReader(std::unique_ptr<File> file, const crypto::SecretKey& key, Bytes associated, std::uint64_t pieces)
      : file_(std::move(file)), aead_(key), associated_(std::move(associated)), pieces_(pieces) {}

  std::unique_ptr<File> file_;
  crypto::Aead aead_;
  Bytes associated_;
  std::uint64_t pieces_;
  std::uint64_t at_piece_ = 0;
  std::uint64_t offset_ = 0;
};

/// SHA-256 (hexadecimal, lower case) over what the reader has still to give, which reads and checks all of it. Errors:
/// as SealedFileReader::next(); cancelled.
[[nodiscard]] Result<std::string> digest_of(SealedFileReader& reader, const std::stop_token& cancel);

}  // namespace duheng::store
