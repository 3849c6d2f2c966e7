#include "store/table_files/sealed_file.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <utility>
#include <zstd.h>

#include "crypto/hash.hpp"

namespace duheng::store {
namespace {

constexpr std::string_view magic = "DHSEAL1\n";
constexpr std::size_t salt_bytes = 16;
constexpr std::size_t head_bytes = 8 + 4 + salt_bytes;
constexpr std::size_t piece_head_bytes = 4 + crypto::Aead::nonce_bytes;
constexpr int zstd_level = 1;
/// What a piece may have when sealed: zstd adds little to what it cannot press.
constexpr std::size_t sealed_bytes_max = sealed_file::piece_bytes_max + (sealed_file::piece_bytes_max >> 7) + 1'024;

crypto::SecretKey file_key(const crypto::SecretKey& key, ByteView salt) {
  return crypto::SecretKey{crypto::hkdf_sha256(key.octets(), salt, as_bytes("duheng sealed file 1")), key.cipher()};
}

Bytes associated_data(const Bytes& salt, std::uint64_t piece) {
  Bytes out = salt;
  ByteWriter(out).u64(piece);
  return out;
}

Error corrupt(const std::string& what) { return {ErrorCode::storage_corrupt, what}; }

struct Head {
  std::uint32_t key_version = 0;
  Bytes salt;
};

Result<Head> read_head(const File& file, const std::string& path) {
  DUHENG_TRY(const Bytes octets, file.read_at(0, head_bytes));
  ByteReader in(octets);
  if (as_text(in.raw(magic.size())) != magic || octets.size() != head_bytes)
    return std::unexpected(corrupt(fmt::format("{} is no sealed file", path)));
  Head head;
  head.key_version = in.u32();
  const ByteView salt = in.raw(salt_bytes);
  head.salt.assign(salt.begin(), salt.end());
  return head;
}

Result<Bytes> decompress(ByteView packed) {
  const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > sealed_file::piece_bytes_max)
    return std::unexpected(corrupt("a piece of a sealed file has no size"));
  Bytes out(static_cast<std::size_t>(size));
  const std::size_t made = ZSTD_decompress(out.data(), out.size(), packed.data(), packed.size());
  if (ZSTD_isError(made) != 0 || made != out.size())
    return std::unexpected(corrupt("a piece of a sealed file cannot be decompressed"));
  return out;
}

}  // namespace

Result<SealedFileWriter> SealedFileWriter::create(Disk& disk, Random& random, crypto::KeyProvider& keys,
                                                  std::string_view purpose, const std::string& path) {
  DUHENG_TRY(const std::uint32_t version, keys.version_to_seal(purpose));
  DUHENG_TRY(const crypto::SecretKey key, keys.key(purpose, version));
  Bytes salt(salt_bytes);
  random.fill(salt);
  DUHENG_TRY(std::unique_ptr<File> file, disk.open(path, OpenMode::create_new));
  Bytes head;
  ByteWriter writer(head);
  writer.raw(as_bytes(magic));
  writer.u32(version);
  writer.raw(salt);
  DUHENG_CHECK(file->append(head));
  const crypto::SecretKey derived = file_key(key, salt);
  SealedFileWriter out(std::move(file), random, derived, std::move(salt));
  out.position_.file_bytes = head_bytes;
  return out;
}

Result<SealedFileWriter> SealedFileWriter::resume(Disk& disk, Random& random, crypto::KeyProvider& keys,
                                                  std::string_view purpose, const std::string& path,
                                                  const SealedPosition& position) {
  if (!disk.exists(path)) return std::unexpected(corrupt(fmt::format("{} is missing", path)));
  DUHENG_TRY(std::unique_ptr<File> file, disk.open(path, OpenMode::append));
  DUHENG_TRY(Head head, read_head(*file, path));
  DUHENG_TRY(const crypto::SecretKey key, keys.key(purpose, head.key_version));
  DUHENG_TRY(const std::uint64_t size, file->size());
  if (size < position.file_bytes || position.file_bytes < head_bytes)
    return std::unexpected(corrupt(fmt::format("{} is shorter than it was", path)));
  if (size > position.file_bytes) DUHENG_CHECK(file->truncate(position.file_bytes));
  const crypto::SecretKey derived = file_key(key, head.salt);
  SealedFileWriter out(std::move(file), random, derived, std::move(head.salt));
  out.position_ = position;
  return out;
}

Result<void> SealedFileWriter::append(ByteView content) {
  while (!content.empty()) {
    const std::size_t size = std::min(content.size(), sealed_file::piece_bytes_max);
    DUHENG_CHECK(append_piece(content.first(size)));
    content = content.subspan(size);
  }
  return {};
}

Result<void> SealedFileWriter::append_piece(ByteView content) {
  Bytes packed(ZSTD_compressBound(content.size()));
  const std::size_t packed_bytes =
      ZSTD_compress(packed.data(), packed.size(), content.data(), content.size(), zstd_level);
  if (ZSTD_isError(packed_bytes) != 0) return fail(ErrorCode::internal, ZSTD_getErrorName(packed_bytes));
  packed.resize(packed_bytes);
  // By chance, not counted: after a crash a piece is made again, perhaps with other content, under the same key.
  crypto::Aead::Nonce nonce{};
  random_->fill(nonce);
  Bytes sealed;
  DUHENG_CHECK(aead_.seal(nonce, associated_data(associated_, position_.pieces), packed, sealed));
  Bytes record;
  ByteWriter writer(record);
  writer.u32(static_cast<std::uint32_t>(sealed.size()));
  writer.raw(nonce);
  writer.raw(sealed);
  DUHENG_CHECK(file_->append(record));
  ++position_.pieces;
  position_.file_bytes += record.size();
  position_.plain_bytes += content.size();
  return {};
}

Result<SealedFileReader> SealedFileReader::open(Disk& disk, crypto::KeyProvider& keys, std::string_view purpose,
                                                const std::string& path, std::uint64_t pieces) {
  if (!disk.exists(path)) return fail(ErrorCode::not_found, "the file is no longer there");
  DUHENG_TRY(std::unique_ptr<File> file, disk.open(path, OpenMode::read));
  DUHENG_TRY(Head head, read_head(*file, path));
  DUHENG_TRY(const crypto::SecretKey key, keys.key(purpose, head.key_version));
  const crypto::SecretKey derived = file_key(key, head.salt);
  SealedFileReader out(std::move(file), derived, std::move(head.salt), pieces);
  out.offset_ = head_bytes;
  return out;
}

Result<std::optional<Bytes>> SealedFileReader::next() {
  if (at_piece_ == pieces_) return std::nullopt;
  DUHENG_TRY(const Bytes head, file_->read_at(offset_, piece_head_bytes));
  ByteReader in(head);
  const std::uint32_t size = in.u32();
  crypto::Aead::Nonce nonce{};
  std::ranges::copy(in.raw(nonce.size()), nonce.begin());
  if (!in.ok() || size > sealed_bytes_max) return std::unexpected(corrupt("a sealed file is cut off or damaged"));
  DUHENG_TRY(const Bytes sealed, file_->read_at(offset_ + piece_head_bytes, size));
  if (sealed.size() != size) return std::unexpected(corrupt("a sealed file is cut off"));
  Bytes packed;
  DUHENG_CHECK(aead_.open(nonce, associated_data(associated_, at_piece_), sealed, packed));
  DUHENG_TRY(Bytes content, decompress(packed));
  offset_ += piece_head_bytes + size;
  ++at_piece_;
  return std::optional<Bytes>{std::move(content)};
}

Result<std::string> digest_of(SealedFileReader& reader, const std::stop_token& cancel) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (!context || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1)
    return fail(ErrorCode::internal, "OpenSSL has no SHA-256");
  while (true) {
    if (cancel.stop_requested()) return fail(ErrorCode::cancelled, "stopped");
    DUHENG_TRY(const std::optional<Bytes> piece, reader.next());
    if (!piece) break;
    if (EVP_DigestUpdate(context.get(), piece->data(), piece->size()) != 1)
      return fail(ErrorCode::internal, "SHA-256 failed");
  }
  crypto::Hash256 digest{};
  if (EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1)
    return fail(ErrorCode::internal, "SHA-256 failed");
  std::string out = to_hex(digest);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
  return out;
}

}  // namespace duheng::store
