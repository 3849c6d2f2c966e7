#include "codec/gdw13762/error.hpp"

#include <fmt/format.h>

namespace duheng::gdw13762 {

Error to_error(const DecodeError& error) {
  std::string text = fmt::format("{}: {} at octet {}", error.field, to_string(error.code), error.octet_offset);
  if (error.code == ErrorCode::checksum_mismatch)
    text += fmt::format(" (computed {:02X}H, found {:02X}H)", error.expected, error.found);
  return {error.code, std::move(text)};
}

}  // namespace duheng::gdw13762
