#include "codec/dlt698/error.hpp"

#include <fmt/format.h>

namespace duheng::dlt698 {

Error to_error(const DecodeError& error) {
  std::string text = fmt::format("{}: {} at octet {}", error.field, to_string(error.code), error.octet_offset);
  if (error.code == ErrorCode::checksum_mismatch) {
    text += fmt::format(" (computed {:04X}H, found {:04X}H)", error.expected, error.found);
  } else if (error.code == ErrorCode::malformed) {
    text += fmt::format(" (found {:02X}H)", error.found);
  }
  if (!error.clause.empty()) text += fmt::format(" [{}]", error.clause);
  return {error.code, std::move(text)};
}

}  // namespace duheng::dlt698
