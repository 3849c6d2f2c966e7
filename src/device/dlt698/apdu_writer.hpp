#pragma once
#include <initializer_list>

#include "base/bytes.hpp"

namespace duheng::device::meter698 {

/// Octets of an APDU in their order, numbers highest octet first.
class ApduWriter {
 public:
  ApduWriter& u8(std::uint8_t value) {
    octets_.push_back(value);
    return *this;
  }
  ApduWriter& u16(std::uint16_t value) {
    return u8(static_cast<std::uint8_t>(value >> 8)).u8(static_cast<std::uint8_t>(value));
  }
  ApduWriter& u32(std::uint32_t value) {
    return u16(static_cast<std::uint16_t>(value >> 16)).u16(static_cast<std::uint16_t>(value));
  }
  ApduWriter& raw(ByteView octets) {
    octets_.insert(octets_.end(), octets.begin(), octets.end());
    return *this;
  }
  ApduWriter& octets(std::initializer_list<std::uint8_t> octets) {
    octets_.insert(octets_.end(), octets.begin(), octets.end());
    return *this;
  }
  /// A count or length in its shortest form; up to 65,535.
  ApduWriter& length(std::size_t count) {
    constexpr std::size_t short_form_max = 0x7F;
    if (count <= short_form_max) return u8(static_cast<std::uint8_t>(count));
    if (count <= 0xFF) return octets({0x81, static_cast<std::uint8_t>(count)});
    return u8(0x82).u16(static_cast<std::uint16_t>(count));
  }
  ApduWriter& sized(ByteView octets) { return length(octets.size()).raw(octets); }
  [[nodiscard]] std::size_t size() const noexcept { return octets_.size(); }
  [[nodiscard]] Bytes take() { return std::move(octets_); }

 private:
  Bytes octets_;
};

}  // namespace duheng::device::meter698
