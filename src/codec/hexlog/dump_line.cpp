#include "codec/hexlog/dump_line.hpp"

#include "codec/hexlog/characters.hpp"

namespace duheng::codec::hexlog {

namespace {

constexpr std::size_t offset_digits_min = 4;
constexpr std::size_t offset_digits_max = 16;
constexpr std::size_t octets_max = 64;
/// After this many octets hexdump -C and others leave a wider gap.
constexpr std::size_t half_line_octets = 8;

/// Digits of hexadecimal from `at` on.
std::size_t digits_at(std::string_view line, std::size_t at) noexcept {
  std::size_t end = at;
  while (end < line.size() && is_hex(line[end])) ++end;
  return end - at;
}

std::size_t blanks_at(std::string_view line, std::size_t at) noexcept {
  std::size_t end = at;
  while (end < line.size() && is_blank(line[end])) ++end;
  return end - at;
}

std::uint64_t number_of(std::string_view digits, unsigned base) noexcept {
  std::uint64_t value = 0;
  for (const char c : digits) value = value * base + static_cast<unsigned>(hex_value(c));
  return value;
}

bool is_octal(std::string_view digits) noexcept {
  for (const char c : digits) {
    if (c < '0' || c > '7') return false;
  }
  return true;
}

}  // namespace

std::optional<DumpLine> read_dump_line(std::string_view line) {
  std::size_t at = blanks_at(line, 0);
  if (at_or_nul(line, at) == '0' && lower(at_or_nul(line, at + 1)) == 'x') at += 2;
  const std::size_t size = digits_at(line, at);
  if (size < offset_digits_min || size > offset_digits_max) return std::nullopt;
  const std::string_view digits = line.substr(at, size);
  DumpLine out;
  out.offset = number_of(digits, 16);
  out.octal_offset = is_octal(digits) ? number_of(digits, 8) : out.offset;
  at += size;
  const bool has_colon = at_or_nul(line, at) == ':';
  if (has_colon) ++at;
  const std::size_t gap = blanks_at(line, at);
  if (gap == 0 && at < line.size()) return std::nullopt;
  at += gap;
  out.at = at;
  // An odd number of digits (od has seven) cannot be octets.
  out.is_zero = out.offset == 0 && (has_colon || gap >= 2 || size % 2 != 0);

  while (out.octets.size() < octets_max) {
    const std::size_t group = digits_at(line, at);
    const char behind = at_or_nul(line, at + group);
    if (group == 0 || group % 2 != 0 || group > 8 || (behind != '\0' && !is_blank(behind))) break;
    for (std::size_t i = 0; i < group; i += 2) out.octets.push_back(octet_of(line[at + i], line[at + i + 1]));
    at += group;
    const std::size_t blanks = blanks_at(line, at);
    at += blanks;
    const bool is_middle = blanks == 2 && out.octets.size() == half_line_octets;
    if (blanks >= 2 && !is_middle) break;
  }
  const std::string_view rest = line.substr(at);
  const std::size_t last = rest.find_last_not_of(" \t\r");
  const bool has_bars = !rest.empty() && rest.front() == '|' && last != 0 && rest[last] == '|';
  out.is_marked = (has_colon && !out.octets.empty()) || has_bars;
  return out;
}

}  // namespace duheng::codec::hexlog
