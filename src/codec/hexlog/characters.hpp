#pragma once
// Private: characters of a line, without a locale.
#include <cstdint>
#include <string_view>

namespace duheng::codec::hexlog {

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\v'; }
[[nodiscard]] constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
[[nodiscard]] constexpr bool is_letter(char c) noexcept { return lower(c) >= 'a' && lower(c) <= 'z'; }
/// -1 for anything but a hexadecimal digit.
[[nodiscard]] constexpr int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  return lower(c) >= 'a' && lower(c) <= 'f' ? lower(c) - 'a' + 10 : -1;
}
[[nodiscard]] constexpr bool is_hex(char c) noexcept { return hex_value(c) >= 0; }
[[nodiscard]] constexpr std::uint8_t octet_of(char high, char low) noexcept {
  return static_cast<std::uint8_t>(hex_value(high) * 16 + hex_value(low));
}
/// The character at `at`, NUL behind the end.
[[nodiscard]] constexpr char at_or_nul(std::string_view text, std::size_t at) noexcept {
  return at < text.size() ? text[at] : '\0';
}
/// Whether an octet begins a UTF-8 character.
[[nodiscard]] constexpr bool begins_character(char c) noexcept {
  return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

}  // namespace duheng::codec::hexlog
