#include "codec/cjt188/address.hpp"

#include <algorithm>

namespace duheng::cjt188 {

Address Address::from_wire(std::span<const std::uint8_t> wire) noexcept {
  Wire copy;
  std::copy_n(wire.begin(), size_octets, copy.begin());
  return Address(copy);
}

Result<Address> Address::parse(std::string_view display) {
  if (display.empty() || display.size() > 2 * size_octets) {
    return fail(ErrorCode::invalid_argument, "a CJ/T 188 address has 1 to 14 digits");
  }
  Wire wire{};
  for (std::size_t i = 0; i < display.size(); ++i) {
    const char c = display[display.size() - 1 - i];
    unsigned nibble = 0;
    if (c >= '0' && c <= '9') {
      nibble = static_cast<unsigned>(c - '0');
    } else if (c == 'A' || c == 'a') {
      nibble = 0xA;
    } else {
      return fail(ErrorCode::invalid_argument, "a CJ/T 188 address holds digits 0-9, or A for an unknown digit");
    }
    wire[i / 2] |= static_cast<std::uint8_t>(nibble << (4 * (i % 2)));
  }
  return Address(wire);
}

std::string Address::to_string() const {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out(2 * size_octets, '0');
  for (std::size_t i = 0; i < size_octets; ++i) {
    const std::uint8_t octet = wire_[size_octets - 1 - i];
    out[2 * i] = digits[octet >> 4];
    out[2 * i + 1] = digits[octet & 0x0F];
  }
  return out;
}

std::string Address::number() const { return to_string().substr(2 * (size_octets - number_octets)); }

std::string Address::manufacturer() const { return to_string().substr(0, 2 * (size_octets - number_octets)); }

bool Address::is_decimal() const noexcept {
  return std::ranges::all_of(wire_, [](std::uint8_t o) { return (o >> 4) <= 9 && (o & 0x0F) <= 9; });
}

bool Address::matches(const Address& meter) const noexcept {
  for (std::size_t i = 0; i < size_octets; ++i) {
    if (wire_[i] != 0xAA && wire_[i] != meter.wire_[i]) return false;
  }
  return true;
}

}  // namespace duheng::cjt188
