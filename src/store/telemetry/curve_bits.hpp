#pragma once
#include <bit>
#include <cstdint>
#include <cstring>

#include "base/bytes.hpp"

namespace duheng::store {

/// Bit strings of curve blocks: the lowest bit of an octet comes first.
namespace curve_bits {
inline constexpr unsigned field_bits_max = 56;  ///< what one put() or take() carries, whatever the position

[[nodiscard]] constexpr std::uint64_t low_bits(std::uint64_t value, unsigned bits) noexcept {
  return bits >= 64 ? value : value & ((std::uint64_t{1} << bits) - 1);
}
[[nodiscard]] inline std::uint64_t little_endian(std::uint64_t word) noexcept {
  if constexpr (std::endian::native == std::endian::big) return __builtin_bswap64(word);
  return word;
}
[[nodiscard]] constexpr std::uint64_t zigzag(std::uint64_t value) noexcept {
  return (value << 1) ^ (0 - (value >> 63));
}
[[nodiscard]] constexpr std::uint64_t unzigzag(std::uint64_t value) noexcept {
  return (value >> 1) ^ (0 - (value & 1));
}
[[nodiscard]] constexpr unsigned width(std::uint64_t value) noexcept {
  return static_cast<unsigned>(std::bit_width(value));
}
/// Bits that number() takes.
[[nodiscard]] constexpr unsigned number_bits(std::uint64_t value) noexcept { return value < 2 ? 7 : 5 + width(value); }
}  // namespace curve_bits

/// Writes to memory it does not own, which must have room for all that is put and 8 octets more.
class BitWriter {
 public:
  explicit BitWriter(std::uint8_t* begin) noexcept : begin_(begin), at_(begin) {}
  /// `value` < 2^bits, `bits` <= field_bits_max.
  void put(std::uint64_t value, unsigned bits) noexcept {
    pending_ |= value << filled_;
    filled_ += bits;
    const std::uint64_t word = curve_bits::little_endian(pending_);
    std::memcpy(at_, &word, sizeof word);
    at_ += filled_ >> 3;
    pending_ >>= filled_ & ~7U;
    filled_ &= 7U;
  }
  /// Up to 64 bits.
  void put_wide(std::uint64_t value, unsigned bits) noexcept {
    if (bits > 32) {
      put(curve_bits::low_bits(value, 32), 32);
      value >>= 32;
      bits -= 32;
    }
    put(value, bits);
  }
  /// Any number: 6 bits of length, then what follows its highest bit.
  void number(std::uint64_t value) noexcept {
    const unsigned length = curve_bits::width(value | 1) - 1;
    put(length, 6);
    put_wide(length == 0 ? value : curve_bits::low_bits(value, length), length == 0 ? 1 : length);
  }
  void signed_number(std::uint64_t value) noexcept { number(curve_bits::zigzag(value)); }
  /// Everything put so far, the last octet filled up with zeros.
  [[nodiscard]] ByteView written() const noexcept {
    return {begin_, static_cast<std::size_t>(at_ - begin_) + (filled_ > 0 ? 1U : 0U)};
  }

 private:
  std::uint8_t* begin_;
  std::uint8_t* at_;
  std::uint64_t pending_ = 0;
  unsigned filled_ = 0;  // below 8 between calls
};

/// Reads what BitWriter wrote. Beyond the end there are zeros without end: never reads outside its input, and the
/// caller asks ended() when it has everything.
class BitReader {
 public:
  explicit BitReader(ByteView in) noexcept : in_(in.data()), size_(in.size()) {}
  /// At least field_bits_max bits from here, and possibly more above them.
  [[nodiscard]] std::uint64_t peek() const noexcept {
    const std::size_t octet = at_ >> 3;
    std::uint64_t word = 0;
    if (octet + sizeof word <= size_) [[likely]] {
      std::memcpy(&word, in_ + octet, sizeof word);
      word = curve_bits::little_endian(word);
    } else {
      word = last_octets(octet);
    }
    return word >> (at_ & 7U);
  }
  void skip(unsigned bits) noexcept { at_ += bits; }
  [[nodiscard]] std::uint64_t take(unsigned bits) noexcept {
    const std::uint64_t value = curve_bits::low_bits(peek(), bits);
    skip(bits);
    return value;
  }
  [[nodiscard]] std::uint64_t take_wide(unsigned bits) noexcept {
    if (bits <= 32) return take(bits);
    const std::uint64_t low = take(32);
    return low | take(bits - 32) << 32;
  }
  [[nodiscard]] std::uint64_t number() noexcept {
    const auto length = static_cast<unsigned>(take(6));
    if (length == 0) return take(1);
    return take_wide(length) | std::uint64_t{1} << length;
  }
  [[nodiscard]] std::uint64_t signed_number() noexcept { return curve_bits::unzigzag(number()); }
  /// Whether everything was read, nothing beyond, and the rest of the last octet is zero.
  [[nodiscard]] bool ended() const noexcept {
    if ((at_ + 7) / 8 != size_) return false;
    return at_ % 8 == 0 || in_[size_ - 1] >> (at_ % 8) == 0;
  }

 private:
  [[nodiscard]] std::uint64_t last_octets(std::size_t octet) const noexcept {
    std::uint64_t word = 0;
    for (unsigned i = 0; octet + i < size_; ++i) word |= std::uint64_t{in_[octet + i]} << (8 * i);
    return word;
  }
  const std::uint8_t* in_;
  std::size_t size_;
  std::size_t at_ = 0;  // in bits
};

}  // namespace duheng::store
