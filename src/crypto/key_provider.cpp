#include "crypto/key_provider.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <openssl/crypto.h>

#include "crypto/hash.hpp"

namespace duheng::crypto {
namespace {

// Key file, version 1, text so that an operator can print and lock it away:
//   duheng-master-key 1 <64 hexadecimal digits> <first 8 digits of the key's SHA-256>\n
constexpr std::string_view file_start = "duheng-master-key 1 ";
constexpr std::size_t key_digits = 2 * SecretKey::size_bytes;
constexpr std::size_t check_digits = 8;
constexpr std::size_t file_bytes = file_start.size() + key_digits + 1 + check_digits + 1;

std::string check_of(const SecretKey& key) { return to_hex(sha256(key.octets())).substr(0, check_digits); }

void wipe(std::string& text) { OPENSSL_cleanse(text.data(), text.size()); }
void wipe(Bytes& bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

std::string write_key(const SecretKey& key) {
  std::string digits = to_hex(key.octets());
  std::string text = fmt::format("{}{} {}\n", file_start, digits, check_of(key));
  wipe(digits);
  return text;
}

Result<SecretKey> read_key(ByteView file, const std::string& path) {
  const auto refuse = [&] {
    return fail(ErrorCode::storage_corrupt, path + " is not a master key file of this product, or is damaged");
  };
  const std::string_view text = as_text(file);
  if (text.size() != file_bytes || !text.starts_with(file_start)) return refuse();
  auto octets = from_hex(text.substr(file_start.size(), key_digits));
  if (!octets || octets->size() != SecretKey::size_bytes) return refuse();
  SecretKey key{std::span<const std::uint8_t, SecretKey::size_bytes>(octets->data(), SecretKey::size_bytes)};
  wipe(*octets);
  // Writing it again and comparing leaves no octet of the file unchecked.
  std::string expected = write_key(key);
  const bool same = equal_in_constant_time(as_bytes(expected), file);
  wipe(expected);
  if (!same) return refuse();
  return key;
}

std::string path_of(const std::string& first, std::uint32_t version) {
  return version == 1 ? first : fmt::format("{}.{}", first, version);
}

Result<SecretKey> make_key_file(Disk& disk, Random& random, const std::string& path) {
  std::array<std::uint8_t, SecretKey::size_bytes> octets{};
  random.fill(octets);
  SecretKey made{octets};
  OPENSSL_cleanse(octets.data(), octets.size());
  std::string text = write_key(made);
  auto written = write_file_atomically(disk, path, as_bytes(text));
  wipe(text);
  if (!written) return fail(ErrorCode::storage_failed, "the master key cannot be kept: " + written.error().message);
  return made;
}

Result<SecretKey> read_key_file(Disk& disk, const std::string& path) {
  DUHENG_TRY(const bool exposed, disk.readable_by_others(path));
  if (exposed) {
    return fail(ErrorCode::storage_corrupt,
                path + " can be read by other accounts, so its key must be presumed known; set mode 0600 if it is not");
  }
  auto file = read_file(disk, path, 4096);
  if (!file) {
    return fail(file.error().code == ErrorCode::limit_exceeded ? ErrorCode::storage_corrupt : ErrorCode::storage_failed,
                "the master key cannot be read: " + file.error().message);
  }
  auto key = read_key(*file, path);
  wipe(*file);
  return key;
}

}  // namespace

std::string_view to_string(Cipher cipher) noexcept { return cipher == Cipher::sm4_gcm ? "sm4_gcm" : "aes_256_gcm"; }

Result<std::uint32_t> KeyProvider::version_to_seal(std::string_view purpose) {
  DUHENG_TRY(const std::uint32_t version, current_version(purpose));
  return with_cipher(version, cipher_);
}

SecretKey::SecretKey(std::span<const std::uint8_t, size_bytes> octets, Cipher cipher) : cipher_(cipher) {
  std::copy(octets.begin(), octets.end(), octets_.begin());
}
SecretKey::~SecretKey() { OPENSSL_cleanse(octets_.data(), octets_.size()); }

Result<std::unique_ptr<LocalKeyProvider>> LocalKeyProvider::open(Disk& disk, Random& random, const std::string& path) {
  if (!disk.exists(path)) {
    DUHENG_TRY(const SecretKey made, make_key_file(disk, random, path));
    return std::make_unique<LocalKeyProvider>(made);
  }
  std::vector<SecretKey> masters;
  for (std::uint32_t version = 1; version == 1 || disk.exists(path_of(path, version)); ++version) {
    DUHENG_TRY(const SecretKey key, read_key_file(disk, path_of(path, version)));
    masters.push_back(key);
  }
  return std::unique_ptr<LocalKeyProvider>(new LocalKeyProvider(std::move(masters)));
}

Result<std::uint32_t> LocalKeyProvider::add_version(Disk& disk, Random& random, const std::string& path) {
  if (!disk.exists(path)) return fail(ErrorCode::not_found, "there is no key file " + path);
  DUHENG_TRY(const auto present, open(disk, random, path));
  const auto version = static_cast<std::uint32_t>(present->masters_.size()) + 1;
  DUHENG_CHECK(make_key_file(disk, random, path_of(path, version)));
  return version;
}

Result<std::uint32_t> LocalKeyProvider::current_version(std::string_view) {
  return static_cast<std::uint32_t>(masters_.size());
}

Result<SecretKey> LocalKeyProvider::key(std::string_view purpose, std::uint32_t version) {
  const std::uint32_t master = version & 0x00FF'FFFFU;
  const std::uint32_t cipher = version >> 24;
  if (cipher > static_cast<std::uint32_t>(Cipher::sm4_gcm))
    return fail(ErrorCode::key_missing, fmt::format("cipher {} is not known to this release", cipher));
  if (master == 0 || master > masters_.size()) {
    return fail(ErrorCode::key_missing, fmt::format("there is no version {} of the key for \"{}\"", master, purpose));
  }
  Bytes info;
  ByteWriter writer(info);
  writer.sized(purpose);
  writer.u32(version);  // with the cipher: no key serves two
  Hash256 derived = hkdf_sha256(masters_[master - 1].octets(), as_bytes("duheng local key provider"), info);
  SecretKey key{derived, static_cast<Cipher>(cipher)};
  OPENSSL_cleanse(derived.data(), derived.size());
  return key;
}

}  // namespace duheng::crypto
