#include "rpc/enrolment_code_text.hpp"

#include <algorithm>

namespace duheng::rpc {

namespace {

constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t code_characters = 52;
constexpr std::size_t secret_bytes = 16;
constexpr std::size_t code_bytes = 32;

/// 0 to 31; 32 for a separator; 33 for anything else.
unsigned digit_of(char c) {
  if (c == '-' || c == ' ' || c == '\t' || c == '\n' || c == '\r') return 32;
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  if (c == 'O') c = '0';
  if (c == 'I' || c == 'L') c = '1';
  const std::size_t at = alphabet.find(c);
  return at == std::string_view::npos ? 33 : static_cast<unsigned>(at);
}

}  // namespace

Result<EnrolmentCodeText> EnrolmentCodeText::parse(std::string_view text) {
  std::array<bool, code_characters * 5> bits{};
  std::size_t count = 0;
  for (const char c : text) {
    const unsigned digit = digit_of(c);
    if (digit == 32) continue;
    if (digit > 32) return fail(ErrorCode::malformed, "an enrolment code has only digits and letters (without U)");
    if (count == code_characters)
      return fail(ErrorCode::malformed, "the enrolment code is too long: it has 52 characters");
    for (unsigned bit = 0; bit < 5; ++bit) bits[count * 5 + bit] = (digit >> (4 - bit) & 1U) != 0;
    ++count;
  }
  if (count < code_characters)
    return fail(ErrorCode::malformed, "the enrolment code is too short: it has 52 characters");
  if (std::any_of(bits.begin() + code_bytes * 8, bits.end(), [](bool bit) { return bit; })) {
    return fail(ErrorCode::malformed, "the last character of the enrolment code is wrong");
  }
  EnrolmentCodeText code;
  for (std::size_t i = 0; i < code.authority.size() * 8; ++i) {
    if (bits[secret_bytes * 8 + i]) code.authority[i / 8] |= static_cast<std::uint8_t>(0x80U >> (i % 8));
  }
  std::fill(bits.begin() + secret_bytes * 8, bits.end(), false);
  for (std::size_t i = 0; i < secret_bytes * 8; i += 5) {
    unsigned digit = 0;
    for (std::size_t bit = 0; bit < 5; ++bit) digit = digit << 1 | (bits[i + bit] ? 1U : 0U);
    code.secret_text += alphabet[digit];
  }
  return code;
}

bool EnrolmentCodeText::names_authority(const crypto::Hash256& fingerprint) const noexcept {
  return crypto::equal_in_constant_time(authority, ByteView{fingerprint}.first(authority.size()));
}

}  // namespace duheng::rpc
