#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "crypto/hash.hpp"

namespace duheng::crypto {

/// The one-time code an operator carries to a gateway: 128 random bits that prove the gateway's right to a certificate,
/// and the first 128 bits of the authority's fingerprint (SHA-256 of its certificate), by which the gateway knows the
/// platform before it has any certificate. Written in Crockford's base 32, 52 characters in groups of four; letters of
/// either case, I and L read as 1, O as 0, hyphens and blanks skipped.
struct EnrolmentCode {
  static constexpr std::size_t part_bytes = 16;
  using Part = std::array<std::uint8_t, part_bytes>;
  Part secret{};
  Part authority{};

  [[nodiscard]] static EnrolmentCode make(Random& random, const Hash256& authority_fingerprint);
  /// Errors: malformed - not 52 such characters, or bits left over.
  [[nodiscard]] static Result<EnrolmentCode> parse(std::string_view text);
  [[nodiscard]] std::string text() const;

  /// The secret alone, in the same alphabet, as it goes over the wire (EnrolRequest.code_secret).
  [[nodiscard]] std::string secret_text() const;
  [[nodiscard]] static Result<Part> parse_secret(std::string_view text);
  /// Whether the authority with this fingerprint is the one the code was made for. Constant time.
  [[nodiscard]] bool names_authority(const Hash256& fingerprint) const noexcept;

  friend bool operator==(const EnrolmentCode&, const EnrolmentCode&) = default;
};

/// `octets` in Crockford's base 32, high bits first, hyphens between groups of four.
[[nodiscard]] std::string to_base32_groups(ByteView octets);

}  // namespace duheng::crypto
