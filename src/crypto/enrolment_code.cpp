#include "crypto/enrolment_code.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace duheng::crypto {
namespace {

constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t group_characters = 4;

std::size_t characters_for(std::size_t octets) { return (octets * 8 + 4) / 5; }

std::string to_base32(ByteView octets) {
  std::string text;
  unsigned int bits = 0;
  int held = 0;
  for (const std::uint8_t octet : octets) {
    bits = bits << 8 | octet;
    held += 8;
    while (held >= 5) text += alphabet[bits >> (held -= 5) & 31];
  }
  if (held > 0) text += alphabet[bits << (5 - held) & 31];
  return text;
}

std::string grouped(std::string_view characters) {
  std::string text;
  for (std::size_t i = 0; i < characters.size(); ++i) {
    if (i > 0 && i % group_characters == 0) text += '-';
    text += characters[i];
  }
  return text;
}

int value_of(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  if (c == 'I' || c == 'L') c = '1';
  if (c == 'O') c = '0';
  const auto at = alphabet.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

/// Fills `out` exactly. The text itself is never part of an error: it may be nearly a secret.
Result<void> from_base32(std::string_view text, std::span<std::uint8_t> out) {
  const auto refuse = [](std::string_view why) {
    return fail(ErrorCode::malformed, fmt::format("not an enrolment code: {}", why));
  };
  unsigned int bits = 0;
  int held = 0;
  std::size_t characters = 0;
  std::size_t filled = 0;
  for (const char c : text) {
    if (c == '-' || c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    const int value = value_of(c);
    if (value < 0) return refuse("it holds another character than digits and letters without U");
    if (++characters > characters_for(out.size())) return refuse("too long");
    bits = (bits << 5 | static_cast<unsigned int>(value)) & 0xFFF;
    held += 5;
    if (held >= 8 && filled < out.size()) out[filled++] = static_cast<std::uint8_t>(bits >> (held -= 8));
  }
  if (characters != characters_for(out.size())) return refuse("too short");
  if ((bits & ((1U << held) - 1)) != 0) return refuse("its last character is wrong");
  return {};
}

}  // namespace

std::string to_base32_groups(ByteView octets) { return grouped(to_base32(octets)); }

EnrolmentCode EnrolmentCode::make(Random& random, const Hash256& authority_fingerprint) {
  EnrolmentCode code;
  random.fill(code.secret);
  std::copy_n(authority_fingerprint.begin(), part_bytes, code.authority.begin());
  return code;
}

std::string EnrolmentCode::text() const {
  std::array<std::uint8_t, 2 * part_bytes> octets{};
  std::copy(secret.begin(), secret.end(), octets.begin());
  std::copy(authority.begin(), authority.end(), octets.begin() + part_bytes);
  return to_base32_groups(octets);
}

Result<EnrolmentCode> EnrolmentCode::parse(std::string_view text) {
  std::array<std::uint8_t, 2 * part_bytes> octets{};
  DUHENG_CHECK(from_base32(text, octets));
  EnrolmentCode code;
  std::copy_n(octets.begin(), part_bytes, code.secret.begin());
  std::copy_n(octets.begin() + part_bytes, part_bytes, code.authority.begin());
  return code;
}

std::string EnrolmentCode::secret_text() const { return to_base32(secret); }

Result<EnrolmentCode::Part> EnrolmentCode::parse_secret(std::string_view text) {
  Part secret{};
  DUHENG_CHECK(from_base32(text, secret));
  return secret;
}

bool EnrolmentCode::names_authority(const Hash256& fingerprint) const noexcept {
  return equal_in_constant_time(authority, ByteView{fingerprint}.first(part_bytes));
}

}  // namespace duheng::crypto
