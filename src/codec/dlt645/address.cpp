#include "codec/dlt645/address.hpp"

#include <algorithm>

namespace duheng::dlt645 {

Address Address::from_wire(std::span<const std::uint8_t> wire) noexcept {
  Wire copy;
  std::copy_n(wire.begin(), size_octets, copy.begin());
  return Address(copy);
}

Result<Address> Address::parse(std::string_view display) {
  if (display.empty() || display.size() > 2 * size_octets) {
    return fail(ErrorCode::invalid_argument, "a DL/T 645 address has 1 to 12 digits");
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
      return fail(ErrorCode::invalid_argument, "a DL/T 645 address holds digits 0-9, or A for an unknown digit");
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

bool Address::has_unknown_digits() const noexcept {
  return std::ranges::any_of(wire_, [](std::uint8_t o) { return (o >> 4) == 0xA || (o & 0x0F) == 0xA; });
}

bool Address::is_decimal() const noexcept {
  return std::ranges::all_of(wire_, [](std::uint8_t o) { return (o >> 4) <= 9 && (o & 0x0F) <= 9; });
}

bool Address::matches(const Address& meter) const noexcept {
  for (std::size_t i = 0; i < size_octets; ++i) {
    const unsigned high = wire_[i] >> 4;
    const unsigned low = wire_[i] & 0x0F;
    if (high != 0xA && high != meter.wire_[i] >> 4U) return false;
    if (low != 0xA && low != (meter.wire_[i] & 0x0FU)) return false;
  }
  return true;
}

}  // namespace duheng::dlt645
