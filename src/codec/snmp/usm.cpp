#include "codec/snmp/usm.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace duheng::snmp {
namespace {

constexpr std::size_t password_octets_min = 8;
constexpr std::size_t expanded_octets = 1U << 20;
constexpr std::size_t privacy_key_octets = 16;
constexpr std::int64_t message_octets_max = 65'507;

const EVP_MD* digest_of(Authentication hash) { return hash == Authentication::sha256 ? EVP_sha256() : EVP_sha1(); }
std::size_t tag_octets(Authentication hash) {
  if (hash == Authentication::none) return 0;
  return hash == Authentication::sha256 ? 24 : 12;
}

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

Bytes digest_finish(EVP_MD_CTX* context) {
  Bytes out(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  EVP_DigestFinal_ex(context, out.data(), &size);
  out.resize(size);
  return out;
}

/// The first octets of the HMAC, as long as they travel.
Bytes authentication_tag(const UserKeys& keys, ByteView octets) {
  Bytes out(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  HMAC(digest_of(keys.authentication), keys.authentication_key.data(), static_cast<int>(keys.authentication_key.size()),
       octets.data(), octets.size(), out.data(), &size);
  out.resize(std::min<std::size_t>(size, tag_octets(keys.authentication)));
  return out;
}

std::array<std::uint8_t, 8> salt_octets(std::uint64_t salt) {
  std::array<std::uint8_t, 8> out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(salt >> (56 - 8 * i));
  return out;
}

/// RFC 3826, 3.1.2.1: the engine's boots and time, then the salt.
std::array<std::uint8_t, 16> initial_vector(std::int32_t boots, std::int32_t time_s, ByteView salt) {
  std::array<std::uint8_t, 16> out{};
  for (std::size_t i = 0; i < 4; ++i) {
    out[i] = static_cast<std::uint8_t>(static_cast<std::uint32_t>(boots) >> (24 - 8 * i));
    out[4 + i] = static_cast<std::uint8_t>(static_cast<std::uint32_t>(time_s) >> (24 - 8 * i));
  }
  std::copy(salt.begin(), salt.end(), out.begin() + 8);
  return out;
}

bool crypt(bool encrypts, const UserKeys& keys, const std::array<std::uint8_t, 16>& vector, ByteView in, Bytes& out) {
  const std::unique_ptr<EVP_CIPHER_CTX, FreeCipher> context(EVP_CIPHER_CTX_new());
  if (!context || keys.privacy_key.size() < privacy_key_octets) return false;
  out.resize(in.size());
  int size = 0;
  return EVP_CipherInit_ex(context.get(), EVP_aes_128_cfb128(), nullptr, keys.privacy_key.data(), vector.data(),
                           encrypts ? 1 : 0) == 1 &&
         EVP_CipherUpdate(context.get(), out.data(), &size, in.data(), static_cast<int>(in.size())) == 1;
}

void put_header(Bytes& out, const Outgoing& header, const UserKeys& keys) {
  std::uint8_t flags = header.is_reportable ? SecureMessage::flag_reportable : 0;
  if (keys.authentication != Authentication::none) flags |= SecureMessage::flag_authenticated;
  if (keys.privacy != Privacy::none) flags |= SecureMessage::flag_private;
  Bytes content;
  put_integer(content, header.message_id);
  put_integer(content, message_octets_max);
  put_octets(content, ByteView(&flags, 1));
  put_integer(content, 3);  // the user-based security model
  put_element(out, tag::sequence, content);
}

void put_security(Bytes& out, const Outgoing& header, const UserKeys& keys, ByteView salt) {
  Bytes parameters;
  put_octets(parameters, header.engine_id);
  put_integer(parameters, header.engine_boots);
  put_integer(parameters, header.engine_time_s);
  put_octets(parameters, as_bytes(header.user));
  put_octets(parameters, Bytes(tag_octets(keys.authentication), 0));
  put_octets(parameters, salt);
  Bytes wrapped;
  put_element(wrapped, tag::sequence, parameters);
  put_octets(out, wrapped);
}

}  // namespace

Result<Bytes> key_of_password(Authentication hash, std::string_view password) {
  if (hash == Authentication::none) return fail(ErrorCode::invalid_argument, "no hash for an SNMP password");
  if (password.size() < password_octets_min)
    return fail(ErrorCode::invalid_argument, "an SNMPv3 password has at least eight octets");
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> context(EVP_MD_CTX_new());
  if (!context || EVP_DigestInit_ex(context.get(), digest_of(hash), nullptr) != 1)
    return fail(ErrorCode::internal, "the hash is not to be had");
  std::array<char, 64> block{};
  std::size_t at = 0;
  for (std::size_t done = 0; done < expanded_octets; done += block.size()) {
    for (char& octet : block) {
      octet = password[at];
      at = (at + 1) % password.size();
    }
    EVP_DigestUpdate(context.get(), block.data(), block.size());
  }
  return digest_finish(context.get());
}

Bytes localised_key(Authentication hash, ByteView key, ByteView engine_id) {
  const std::unique_ptr<EVP_MD_CTX, FreeDigest> context(EVP_MD_CTX_new());
  if (!context || EVP_DigestInit_ex(context.get(), digest_of(hash), nullptr) != 1) return {};
  EVP_DigestUpdate(context.get(), key.data(), key.size());
  EVP_DigestUpdate(context.get(), engine_id.data(), engine_id.size());
  EVP_DigestUpdate(context.get(), key.data(), key.size());
  return digest_finish(context.get());
}

Result<Bytes> seal_message(const Outgoing& header, const UserKeys& keys, const ScopedPdu& scoped) {
  Bytes plain;
  put_scoped_pdu(plain, scoped);
  Bytes content;
  put_integer(content, static_cast<std::int64_t>(Version::v3));
  put_header(content, header, keys);
  if (keys.privacy == Privacy::none) {
    put_security(content, header, keys, {});
    content.insert(content.end(), plain.begin(), plain.end());
  } else {
    const auto salt = salt_octets(header.salt);
    Bytes encrypted;
    if (!crypt(true, keys, initial_vector(header.engine_boots, header.engine_time_s, salt), plain, encrypted))
      return fail(ErrorCode::internal, "an SNMP message could not be encrypted");
    put_security(content, header, keys, salt);
    put_octets(content, encrypted);
  }
  Bytes out;
  put_element(out, tag::sequence, content);
  if (keys.authentication == Authentication::none) return out;
  DUHENG_TRY(const auto made, parse_secure_message(out));
  const Bytes tag = authentication_tag(keys, out);
  std::ranges::copy(tag, out.begin() + static_cast<std::ptrdiff_t>(made.authentication_offset));
  return out;
}

Result<ScopedPdu> open_message(ByteView octets, const SecureMessage& message, const UserKeys& keys) {
  if (keys.authentication != Authentication::none) {
    if (!message.has(SecureMessage::flag_authenticated))
      return fail(ErrorCode::forbidden, "an SNMP message is not authenticated");
    if (message.authentication.size() != tag_octets(keys.authentication))
      return fail(ErrorCode::checksum_mismatch, "an SNMP message is not authentic");
    Bytes blanked(octets.begin(), octets.end());
    std::fill_n(blanked.begin() + static_cast<std::ptrdiff_t>(message.authentication_offset),
                message.authentication.size(), std::uint8_t{0});
    const Bytes expected = authentication_tag(keys, blanked);
    if (expected.size() != message.authentication.size() ||
        CRYPTO_memcmp(expected.data(), message.authentication.data(), expected.size()) != 0)
      return fail(ErrorCode::checksum_mismatch, "an SNMP message is not authentic");
  }
  if (keys.privacy == Privacy::none) {
    if (message.has(SecureMessage::flag_private))
      return fail(ErrorCode::unsupported, "an SNMP message is encrypted, and no key is known");
    return parse_scoped_pdu(message.data);
  }
  if (!message.has(SecureMessage::flag_private)) return fail(ErrorCode::forbidden, "an SNMP message is not encrypted");
  if (message.privacy.size() != 8) return fail(ErrorCode::malformed, "an SNMP message's salt has not eight octets");
  Bytes plain;
  if (!crypt(false, keys, initial_vector(message.engine_boots, message.engine_time_s, message.privacy), message.data,
             plain))
    return fail(ErrorCode::internal, "an SNMP message could not be decrypted");
  return parse_scoped_pdu(plain);
}

}  // namespace duheng::snmp
