#include "codec/cjt188/error.hpp"

#include <array>
#include <string>

namespace duheng::cjt188 {

std::string_view to_string(Field field) noexcept {
  static constexpr std::array<std::string_view, 14> names = {
      "none",     "start", "meter_type", "address", "control", "length", "data", "data_identifier",
      "sequence", "value", "checksum",   "end",     "mac",     "padding"};
  const auto index = static_cast<std::size_t>(field);
  return index < names.size() ? names[index] : names[0];
}

Error to_error(const DecodeError& error) {
  std::string text = "CJ/T 188: ";
  text.append(to_string(error.code)).append(" in field ").append(to_string(error.field));
  text.append(" at octet ").append(std::to_string(error.octet_offset));
  return {error.code, std::move(text)};
}

}  // namespace duheng::cjt188
