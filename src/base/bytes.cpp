#include "base/bytes.hpp"

#include <fmt/format.h>

namespace duheng {

std::string to_hex(ByteView bytes, char separator) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string text;
  text.reserve(bytes.size() * (separator == '\0' ? 2 : 3));
  for (const std::uint8_t octet : bytes) {
    if (separator != '\0' && !text.empty()) text.push_back(separator);
    text.push_back(digits[octet >> 4]);
    text.push_back(digits[octet & 0x0F]);
  }
  return text;
}

Result<Bytes> from_hex(std::string_view text) {
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  std::size_t at = text.starts_with("0x") || text.starts_with("0X") ? 2 : 0;
  int high = -1;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    int digit = -1;
    if (c >= '0' && c <= '9') {
      digit = c - '0';
    } else if (c >= 'a' && c <= 'f') {
      digit = c - 'a' + 10;
    } else if (c >= 'A' && c <= 'F') {
      digit = c - 'A' + 10;
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',' || c == ':') {
      if (high >= 0) return fail(ErrorCode::malformed, fmt::format("half an octet before position {}", at));
      continue;
    } else {
      return fail(ErrorCode::malformed, fmt::format("not a hexadecimal digit at position {}", at));
    }
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<std::uint8_t>(high << 4 | digit));
      high = -1;
    }
  }
  if (high >= 0) return fail(ErrorCode::malformed, "odd number of hexadecimal digits");
  return bytes;
}

}  // namespace duheng
