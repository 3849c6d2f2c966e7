#pragma once
#include <array>
#include <cstdint>
#include <expected>
#include <span>

#include "base/bytes.hpp"
#include "codec/cjt188/address.hpp"
#include "codec/cjt188/control.hpp"
#include "codec/cjt188/error.hpp"

namespace duheng::cjt188 {

/// 68 T A0..A6 C L DATA CS 16; CS sums everything before it. Unlike DL/T 645 DATA is not shifted and there is no second
/// 68H: L alone tells where a frame ends.
/// Source: CJ/T 188-2004 and -2018, frame format.
namespace frame_layout {
inline constexpr std::size_t overhead_octets = 13;
inline constexpr std::size_t data_octets_max = 255;
inline constexpr std::size_t frame_octets_max = overhead_octets + data_octets_max;
inline constexpr std::size_t type_offset = 1;
inline constexpr std::size_t address_offset = 2;
inline constexpr std::size_t control_offset = 9;
inline constexpr std::size_t length_offset = 10;
inline constexpr std::size_t data_offset = 11;
inline constexpr std::uint8_t start = 0x68;
inline constexpr std::uint8_t end = 0x16;
inline constexpr std::uint8_t preamble = 0xFE;
}  // namespace frame_layout

/// A whole frame in somebody else's buffer; checked, never copied.
class FrameView {
 public:
  /// From 68H to 16H.
  [[nodiscard]] ByteView octets() const noexcept { return {start_, size_octets()}; }
  [[nodiscard]] std::size_t size_octets() const noexcept { return frame_layout::overhead_octets + length(); }
  /// Where 68H stands in the span given to decode().
  [[nodiscard]] std::size_t offset() const noexcept { return offset_; }
  /// How many FEH stood among the octets skipped before the frame, and how many other octets.
  [[nodiscard]] std::size_t preamble_octets() const noexcept { return preamble_; }
  [[nodiscard]] std::size_t noise_octets() const noexcept { return offset_ - preamble_; }
  /// The first octet behind the frame, as an index into the span given to decode().
  [[nodiscard]] std::size_t end_offset() const noexcept { return offset_ + size_octets(); }

  /// T; the answer to a question for "any type" may carry AAH, too.
  [[nodiscard]] std::uint8_t meter_type() const noexcept { return start_[frame_layout::type_offset]; }
  [[nodiscard]] MeterFamily family() const noexcept { return family_of(meter_type()); }
  [[nodiscard]] Address address() const noexcept {
    return Address::from_wire({start_ + frame_layout::address_offset, Address::size_octets});
  }
  [[nodiscard]] std::uint8_t control() const noexcept { return start_[frame_layout::control_offset]; }
  [[nodiscard]] std::uint8_t length() const noexcept { return start_[frame_layout::length_offset]; }
  [[nodiscard]] bool from_slave() const noexcept { return (control() & control_bits::from_slave) != 0; }
  [[nodiscard]] bool is_error() const noexcept { return (control() & control_bits::error) != 0; }
  [[nodiscard]] bool has_following() const noexcept { return (control() & control_bits::follow) != 0; }
  [[nodiscard]] std::uint8_t function() const noexcept { return control() & control_bits::function; }
  [[nodiscard]] bool is(Function wanted) const noexcept { return function() == static_cast<std::uint8_t>(wanted); }
  [[nodiscard]] ByteView data() const noexcept { return {start_ + frame_layout::data_offset, length()}; }
  [[nodiscard]] std::uint8_t checksum() const noexcept { return start_[frame_layout::data_offset + length()]; }

 private:
  friend std::expected<FrameView, DecodeError> decode(ByteView) noexcept;
  friend std::expected<FrameView, DecodeError> decode_at_start(ByteView) noexcept;
  const std::uint8_t* start_ = nullptr;
  std::size_t offset_ = 0;
  std::size_t preamble_ = 0;
};

/// Finds the first whole frame in `octets`: skips FEH and noise before it, leaves what stands behind it.
/// Errors, for the first octet that could have begun a frame, when no whole one is found:
///   truncated - wait for more octets; checksum_mismatch - drop, count, ask again; malformed - field tells whether the
///   start or the end octet is wrong.
/// Pure, no allocation, never reads past the span; octet_offset counts from the span's first octet.
[[nodiscard]] std::expected<FrameView, DecodeError> decode(ByteView octets) noexcept;
/// The same for a frame that must begin with the first octet.
[[nodiscard]] std::expected<FrameView, DecodeError> decode_at_start(ByteView octets) noexcept;

/// Sum of the octets modulo 256.
[[nodiscard]] std::uint8_t checksum_of(ByteView octets) noexcept;

/// What a frame is made of.
struct FrameFields {
  std::uint8_t meter_type = meter_types::cold_water;
  Address address = {};
  std::uint8_t control = 0;
  ByteView data = {};
  std::uint8_t preamble_octets = 0;  ///< FEH to put in front; masters use 2 to 4
};

/// Writes a frame to the front of `out` and returns its size.
/// Errors: limit_exceeded - more than 255 octets of data, or `out` too small.
[[nodiscard]] std::expected<std::size_t, DecodeError> encode(const FrameFields& fields,
                                                             std::span<std::uint8_t> out) noexcept;

/// An encoded frame with its own storage, so that building one does not allocate.
class FrameBuffer {
 public:
  static constexpr std::size_t preamble_octets_max = 16;
  [[nodiscard]] ByteView view() const noexcept { return {buffer_.data(), size_}; }
  [[nodiscard]] Bytes to_bytes() const {
    return {buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(size_)};
  }

 private:
  friend std::expected<FrameBuffer, DecodeError> encode(const FrameFields& fields) noexcept;
  std::array<std::uint8_t, preamble_octets_max + frame_layout::frame_octets_max> buffer_;
  std::size_t size_ = 0;
};
/// Errors: limit_exceeded - more than 255 octets of data or 16 of preamble.
[[nodiscard]] std::expected<FrameBuffer, DecodeError> encode(const FrameFields& fields) noexcept;

}  // namespace duheng::cjt188
