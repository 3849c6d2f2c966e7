#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace duheng {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

[[nodiscard]] inline ByteView as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view as_text(ByteView bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Upper-case hexadecimal; `separator` stands between octets when it is not '\0'.
[[nodiscard]] std::string to_hex(ByteView bytes, char separator = '\0');
/// Reads hexadecimal digits, skipping blanks, tabs, newlines, commas and colons between octets, and a leading "0x".
/// Errors: malformed - an odd number of digits or another character; the message gives its position.
[[nodiscard]] Result<Bytes> from_hex(std::string_view text);

/// Appends little-endian integers and varints (LEB128; signed ones zigzag) to a buffer it does not own.
class ByteWriter {
 public:
  explicit ByteWriter(Bytes& out) noexcept : out_(out) {}
  void u8(std::uint8_t value) { out_.push_back(value); }
  void u16(std::uint16_t value) { little_endian(value, 2); }
  void u32(std::uint32_t value) { little_endian(value, 4); }
  void u64(std::uint64_t value) { little_endian(value, 8); }
  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      out_.push_back(static_cast<std::uint8_t>(value) | 0x80);
      value >>= 7;
    }
    out_.push_back(static_cast<std::uint8_t>(value));
  }
  void zigzag(std::int64_t value) {
    varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void raw(ByteView bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  /// A varint length, then the bytes.
  void sized(ByteView bytes) {
    varint(bytes.size());
    raw(bytes);
  }
  void sized(std::string_view text) { sized(as_bytes(text)); }

 private:
  void little_endian(std::uint64_t value, int octets) {
    for (int i = 0; i < octets; ++i) out_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  Bytes& out_;
};

/// Reads what ByteWriter wrote. Never reads past its input: the first failure makes `ok()` false for good, and every
/// later read returns zero or an empty view, so that a caller may check once at the end.
class ByteReader {
 public:
  explicit ByteReader(ByteView in) noexcept : in_(in) {}
  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] bool at_end() const noexcept { return at_ == in_.size(); }
  [[nodiscard]] std::size_t offset() const noexcept { return at_; }
  [[nodiscard]] std::size_t remaining() const noexcept { return in_.size() - at_; }
  void set_failed() noexcept { ok_ = false; }

  std::uint8_t u8() noexcept { return static_cast<std::uint8_t>(little_endian(1)); }
  std::uint16_t u16() noexcept { return static_cast<std::uint16_t>(little_endian(2)); }
  std::uint32_t u32() noexcept { return static_cast<std::uint32_t>(little_endian(4)); }
  std::uint64_t u64() noexcept { return little_endian(8); }
  std::uint64_t varint() noexcept {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (!ok_ || at_ == in_.size()) return fail_zero();
      const std::uint8_t octet = in_[at_++];
      if (shift == 63 && octet > 1) return fail_zero();
      value |= static_cast<std::uint64_t>(octet & 0x7F) << shift;
      if ((octet & 0x80) == 0) return value;
    }
    return fail_zero();
  }
  std::int64_t zigzag() noexcept {
    const std::uint64_t value = varint();
    return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }
  ByteView raw(std::size_t size) noexcept {
    if (!ok_ || size > remaining()) {
      ok_ = false;
      return {};
    }
    const ByteView view = in_.subspan(at_, size);
    at_ += size;
    return view;
  }
  ByteView sized() noexcept {
    const std::uint64_t size = varint();
    if (size > remaining()) {
      ok_ = false;
      return {};
    }
    return raw(static_cast<std::size_t>(size));
  }
  std::string_view sized_text() noexcept { return as_text(sized()); }

 private:
  std::uint64_t little_endian(std::size_t octets) noexcept {
    if (!ok_ || octets > remaining()) return fail_zero();
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < octets; ++i) value |= static_cast<std::uint64_t>(in_[at_ + i]) << (8 * i);
    at_ += octets;
    return value;
  }
  std::uint64_t fail_zero() noexcept {
    ok_ = false;
    return 0;
  }
  ByteView in_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace duheng
