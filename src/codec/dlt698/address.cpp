#include "codec/dlt698/address.hpp"

#include <algorithm>

namespace duheng::dlt698 {

namespace {

constexpr std::uint8_t any_digits = 0xAA;
constexpr std::uint8_t extension_bit = 0x20;

int digit_of(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c == 'A' || c == 'a') return 0xA;
  if (c == 'F' || c == 'f') return 0xF;
  return -1;
}

std::uint8_t feature_of(AddressType type, std::uint8_t logical, std::size_t size) noexcept {
  return static_cast<std::uint8_t>(static_cast<unsigned>(type) << 6 | (logical & 3U) << 4 | (size - 1));
}

bool nibble_matches(unsigned asked, unsigned own) noexcept { return asked == 0xA || asked == own; }

}  // namespace

std::string_view to_string(AddressType type) noexcept {
  static constexpr std::string_view names[] = {"single", "wildcard", "group", "broadcast"};
  return names[static_cast<unsigned>(type) & 3U];
}

std::optional<ServerAddress> ServerAddress::from_wire(std::uint8_t feature, ByteView octets) noexcept {
  ServerAddress address;
  address.feature_ = feature;
  if (octets.size() != address.size()) return std::nullopt;
  std::ranges::copy(octets, address.octets_.begin());
  return address;
}

std::optional<ServerAddress> ServerAddress::parse(std::string_view digits, AddressType type,
                                                  std::uint8_t logical) noexcept {
  const std::size_t size = (digits.size() + 1) / 2;
  if (digits.empty() || size > size_octets_max || logical > 3) return std::nullopt;
  ServerAddress address;
  address.feature_ = feature_of(type, logical, size);
  for (std::size_t i = 0; i < size; ++i) {
    const int high = digit_of(digits[2 * i]);
    const int low = 2 * i + 1 < digits.size() ? digit_of(digits[2 * i + 1]) : 0xF;
    if (high < 0 || low < 0) return std::nullopt;
    address.octets_[size - 1 - i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return address;
}

ServerAddress ServerAddress::wildcard() noexcept {
  ServerAddress address;
  address.feature_ = feature_of(AddressType::wildcard, 0, 6);
  std::fill_n(address.octets_.begin(), 6, any_digits);
  return address;
}

ServerAddress ServerAddress::broadcast() noexcept {
  ServerAddress address;
  address.feature_ = feature_of(AddressType::broadcast, 0, 1);
  address.octets_[0] = any_digits;
  return address;
}

std::string ServerAddress::to_string() const {
  const ByteView wire = wire_octets();
  return to_hex(Bytes(wire.rbegin(), wire.rend()));
}

std::optional<std::uint8_t> ServerAddress::extended_logical() const noexcept {
  if ((feature_ & extension_bit) == 0 || size() < 2) return std::nullopt;
  return octets_[0];
}

std::string ServerAddress::without_extension() const {
  const ByteView wire = wire_octets().subspan(extended_logical() ? 1 : 0);
  return to_hex(Bytes(wire.rbegin(), wire.rend()));
}

bool ServerAddress::is_wildcard() const noexcept {
  return type() == AddressType::wildcard ||
         (type() == AddressType::single &&
          std::ranges::all_of(wire_octets(), [](auto octet) { return octet == any_digits; }));
}

bool ServerAddress::reaches(const ServerAddress& own) const noexcept {
  if (type() == AddressType::broadcast) return true;
  if (type() == AddressType::group) return false;
  if (!is_wildcard()) return *this == own;
  if (std::ranges::all_of(wire_octets(), [](auto octet) { return octet == any_digits; })) return true;
  if (size() != own.size()) return false;
  for (std::size_t i = 0; i < size(); ++i) {
    if (!nibble_matches(octets_[i] >> 4, own.octets_[i] >> 4)) return false;
    if (!nibble_matches(octets_[i] & 0xFU, own.octets_[i] & 0xFU)) return false;
  }
  return true;
}

}  // namespace duheng::dlt698
