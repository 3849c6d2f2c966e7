#pragma once
#include <array>
#include <cstdint>
#include <expected>
#include <span>

#include "base/bytes.hpp"
#include "codec/dlt645/address.hpp"
#include "codec/dlt645/control.hpp"
#include "codec/dlt645/error.hpp"
#include "codec/dlt645/frame_check.hpp"

namespace duheng::dlt645 {

/// 68 A0..A5 68 C L DATA CS 16; DATA travels with 33H added to every octet, CS sums everything before it.
/// Source: DL/T 645-2007, 5.2 (frame format); DL/T 645-1997 has the same.
namespace frame_layout {
inline constexpr std::size_t overhead_octets = 12;
inline constexpr std::size_t data_octets_max = 255;
inline constexpr std::size_t frame_octets_max = overhead_octets + data_octets_max;
inline constexpr std::size_t data_offset = 10;
inline constexpr std::uint8_t start = 0x68;
inline constexpr std::uint8_t end = 0x16;
inline constexpr std::uint8_t preamble = 0xFE;
inline constexpr std::uint8_t data_shift = 0x33;
}  // namespace frame_layout

/// DATA without the 33H, in its own small buffer. Made by FrameView::plain_data(); not to be kept in bulk.
class PlainData {
 public:
  PlainData() noexcept {}  // NOLINT: the buffer is meant to stay unset
  [[nodiscard]] ByteView view() const noexcept { return {buffer_ + slack, size_}; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  friend class FrameView;
  // Octets before and behind let whole words be stored at either end.
  static constexpr std::size_t slack = 16;
  std::size_t size_ = 0;
  std::uint8_t buffer_[slack + frame_layout::data_octets_max + slack];
};

/// A whole frame in somebody else's buffer; checked, never copied.
class FrameView {
 public:
  /// From the first 68H to 16H.
  [[nodiscard]] ByteView octets() const noexcept { return {start_, size_octets()}; }
  [[nodiscard]] std::size_t size_octets() const noexcept { return frame_layout::overhead_octets + length(); }
  /// Where the first 68H stands in the span given to decode().
  [[nodiscard]] std::size_t offset() const noexcept { return offset_; }
  /// How many FEH stood among the octets skipped before the frame, and how many other octets.
  [[nodiscard]] std::size_t preamble_octets() const noexcept { return preamble_; }
  [[nodiscard]] std::size_t noise_octets() const noexcept { return offset_ - preamble_; }
  /// The first octet behind the frame, as an index into the span given to decode().
  [[nodiscard]] std::size_t end_offset() const noexcept { return offset_ + size_octets(); }

  [[nodiscard]] Address address() const noexcept { return Address::from_wire({start_ + 1, Address::size_octets}); }
  [[nodiscard]] std::uint8_t control() const noexcept { return start_[8]; }
  [[nodiscard]] std::uint8_t length() const noexcept { return start_[9]; }
  [[nodiscard]] bool from_slave() const noexcept { return (control() & control_bits::from_slave) != 0; }
  [[nodiscard]] bool is_error() const noexcept { return (control() & control_bits::error) != 0; }
  [[nodiscard]] bool has_following() const noexcept { return (control() & control_bits::follow) != 0; }
  [[nodiscard]] std::uint8_t function() const noexcept { return control() & control_bits::function; }
  [[nodiscard]] bool is(Function wanted) const noexcept { return function() == static_cast<std::uint8_t>(wanted); }
  [[nodiscard]] Edition edition() const noexcept { return edition_of(control(), length()); }
  /// DATA as it stands on the wire, 33H added.
  [[nodiscard]] ByteView wire_data() const noexcept { return {start_ + frame_layout::data_offset, length()}; }
  /// DATA with the 33H removed.
  [[nodiscard]] PlainData plain_data() const noexcept {
    PlainData plain;
    copy_plain_data(plain);
    return plain;
  }
  /// The same into a buffer that exists.
  void copy_plain_data(PlainData& out) const noexcept;
  /// One octet of DATA with the 33H removed; `index` < length().
  [[nodiscard]] std::uint8_t plain_octet(std::size_t index) const noexcept {
    return static_cast<std::uint8_t>(start_[frame_layout::data_offset + index] - frame_layout::data_shift);
  }
  [[nodiscard]] std::uint8_t checksum() const noexcept { return start_[frame_layout::data_offset + length()]; }

 private:
  friend std::expected<FrameView, DecodeError> decode(ByteView) noexcept;
  friend std::expected<FrameView, DecodeError> decode_at_start(ByteView) noexcept;
  friend std::expected<FrameView, DecodeError> search_frame(ByteView) noexcept;
  const std::uint8_t* start_ = nullptr;
  std::size_t offset_ = 0;
  std::size_t preamble_ = 0;
};

/// Finds the first whole frame in `octets`: skips FEH and noise before it, leaves what stands behind it.
/// Errors, for the first octet that could have begun a frame, when no whole one is found:
///   truncated - wait for more octets; checksum_mismatch - drop, count, ask again; malformed - field tells whether the
///   start, the second start or the end octet is wrong.
/// Pure, no allocation, never reads past the span; octet_offset counts from the span's first octet.
/// Source: DL/T 645-2007, 5.2.
[[nodiscard]] inline std::expected<FrameView, DecodeError> decode(ByteView octets) noexcept;
/// The same for a frame that must begin with the first octet.
[[nodiscard]] inline std::expected<FrameView, DecodeError> decode_at_start(ByteView octets) noexcept;

/// decode() for whatever does not begin with a whole frame.
[[nodiscard]] std::expected<FrameView, DecodeError> search_frame(ByteView octets) noexcept;
/// Why no frame begins with the first octet; for octets that decode_at_start() refuses.
[[nodiscard]] DecodeError fault_at_start(ByteView octets) noexcept;

inline std::expected<FrameView, DecodeError> decode_at_start(ByteView octets) noexcept {
  if (octets.empty() || octets[0] != frame_layout::start || !frame_check::is_whole(octets.data(), octets.size())) {
    return std::unexpected(fault_at_start(octets));
  }
  FrameView frame;
  frame.start_ = octets.data();
  return frame;
}

inline std::expected<FrameView, DecodeError> decode(ByteView octets) noexcept {
  if (octets.empty() || octets[0] != frame_layout::start || !frame_check::is_whole(octets.data(), octets.size())) {
    return search_frame(octets);
  }
  FrameView frame;
  frame.start_ = octets.data();
  return frame;
}

/// Sum of the octets modulo 256. Source: DL/T 645-2007, 5.2 (check code).
[[nodiscard]] std::uint8_t checksum_of(ByteView octets) noexcept;

inline void FrameView::copy_plain_data(PlainData& out) const noexcept {
  const std::size_t size = length();
  out.size_ = size;
  frame_check::copy_without_shift(start_ + frame_layout::data_offset, out.buffer_ + PlainData::slack, size);
}

/// What a frame is made of; `data` without the 33H.
struct FrameFields {
  Address address;
  std::uint8_t control = 0;
  ByteView data;
  std::uint8_t preamble_octets = 0;  ///< FEH to put in front; masters use 4
};

/// Writes a frame to the front of `out` and returns its size.
/// Errors: limit_exceeded - more than 255 octets of data, or `out` too small.
[[nodiscard]] std::expected<std::size_t, DecodeError> encode(const FrameFields& fields,
                                                             std::span<std::uint8_t> out) noexcept;

/// An encoded frame with its own storage, so that building one does not allocate.
class FrameBuffer {
 public:
  static constexpr std::size_t preamble_octets_max = 8;
  [[nodiscard]] ByteView view() const noexcept { return {buffer_.data(), size_}; }
  [[nodiscard]] Bytes to_bytes() const {
    return {buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(size_)};
  }

 private:
  friend std::expected<FrameBuffer, DecodeError> encode(const FrameFields& fields) noexcept;
  std::array<std::uint8_t, preamble_octets_max + frame_layout::frame_octets_max> buffer_;
  std::size_t size_ = 0;
};
/// Errors: limit_exceeded - more than 255 octets of data or 8 of preamble.
[[nodiscard]] std::expected<FrameBuffer, DecodeError> encode(const FrameFields& fields) noexcept;

}  // namespace duheng::dlt645
