#include "store/backup/backup_object.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "crypto/aead.hpp"

namespace duheng::store {
namespace {

constexpr std::string_view start_of_object = "DHB";
constexpr char format_version = '1';
constexpr std::size_t head_bytes = 4 + 4 + crypto::Aead::nonce_bytes;
constexpr std::string_view small_digits = "0123456789abcdef";
static_assert(head_bytes + crypto::Aead::tag_bytes == object_overhead_bytes);

}  // namespace

std::string hash_text(const crypto::Hash256& hash) {
  std::string out;
  for (const std::uint8_t octet : hash) {
    out += small_digits[octet >> 4U];
    out += small_digits[octet & 15U];
  }
  return out;
}

Result<crypto::Hash256> parse_hash(std::string_view text) {
  crypto::Hash256 out{};
  const bool is_hash = text.size() == 2 * out.size() && text.find_first_not_of(small_digits) == std::string_view::npos;
  if (!is_hash) return fail(ErrorCode::malformed, "this is no hash");
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::uint8_t>(small_digits.find(text[2 * i]) << 4U | small_digits.find(text[2 * i + 1]));
  return out;
}

std::string object_name(const crypto::Hash256& name) { return fmt::format("{}/{}", object_folder, hash_text(name)); }

Result<SealedObject> seal_object(ByteView content, crypto::KeyProvider& keys) {
  DUHENG_TRY(const std::uint32_t version, keys.version_to_seal("backup"));
  DUHENG_TRY(const crypto::SecretKey key, keys.key("backup", version));
  DUHENG_TRY(const crypto::SecretKey nonce_key, keys.key("backup-nonce", version));
  const crypto::Hash256 mark = crypto::hmac_sha256(nonce_key.octets(), content);
  crypto::Aead::Nonce nonce{};
  std::copy_n(mark.begin(), nonce.size(), nonce.begin());
  SealedObject out;
  out.octets.reserve(content.size() + object_overhead_bytes);
  ByteWriter writer(out.octets);
  writer.raw(as_bytes(start_of_object));
  writer.u8(static_cast<std::uint8_t>(format_version));
  writer.u32(version);
  writer.raw(nonce);
  const Bytes head = out.octets;
  crypto::Aead aead(key);
  DUHENG_CHECK(aead.seal(nonce, head, content, out.octets));
  out.name = crypto::sha256(out.octets);
  return out;
}

Result<Bytes> open_object(ByteView octets, const crypto::Hash256& name, crypto::KeyProvider& keys) {
  if (crypto::sha256(octets) != name)
    return fail(ErrorCode::storage_corrupt, fmt::format("object {} was changed at the place", hash_text(name)));
  if (octets.size() < object_overhead_bytes || !as_text(octets).starts_with(start_of_object))
    return fail(ErrorCode::storage_corrupt, fmt::format("object {} is none of a backup", hash_text(name)));
  ByteReader reader(octets.subspan(start_of_object.size()));
  if (reader.u8() != static_cast<std::uint8_t>(format_version))
    return fail(ErrorCode::unsupported, "objects of this version are not known to this release");
  const std::uint32_t version = reader.u32();
  crypto::Aead::Nonce nonce{};
  std::ranges::copy(reader.raw(nonce.size()), nonce.begin());
  DUHENG_TRY(const crypto::SecretKey key, keys.key("backup", version));
  crypto::Aead aead(key);
  Bytes content;
  DUHENG_CHECK(aead.open(nonce, octets.first(head_bytes), octets.subspan(head_bytes), content));
  return content;
}

}  // namespace duheng::store
