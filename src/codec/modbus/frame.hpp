#pragma once
#include <array>
#include <cstdint>
#include <expected>
#include <span>

#include "base/bytes.hpp"
#include "codec/modbus/pdu.hpp"

namespace duheng::modbus {

/// RTU: unit, PDU, CRC (low octet first). Source: Modbus over Serial Line V1.02, 2.5.1.
namespace rtu_layout {
inline constexpr std::size_t overhead_octets = 3;
inline constexpr std::size_t frame_octets_min = 4;
inline constexpr std::size_t frame_octets_max = overhead_octets + limits::pdu_octets_max;
}  // namespace rtu_layout

/// ASCII: ':', unit, PDU and LRC as two characters an octet, CR LF. Source: Modbus over Serial Line V1.02, 2.5.2.
namespace ascii_layout {
inline constexpr std::size_t binary_octets_max = 1 + limits::pdu_octets_max + 1;
inline constexpr std::size_t frame_characters_max = 1 + 2 * binary_octets_max + 2;
inline constexpr std::size_t frame_characters_min = 1 + 2 * 3 + 2;
}  // namespace ascii_layout

/// TCP: transaction, protocol (0), length of what follows, unit, PDU; all words high octet first.
/// Source: Modbus Messaging on TCP/IP V1.0b, 3.1.3 (MBAP header).
namespace tcp_layout {
inline constexpr std::size_t header_octets = 7;
inline constexpr std::size_t frame_octets_max = header_octets + limits::pdu_octets_max;
inline constexpr unsigned length_min = 2;
inline constexpr unsigned length_max = 1 + limits::pdu_octets_max;
}  // namespace tcp_layout

/// A whole RTU frame in somebody else's buffer.
class RtuFrame {
 public:
  [[nodiscard]] ByteView octets() const noexcept {
    return {pdu_.octets().data() - 1, pdu_.octets().size() + rtu_layout::overhead_octets};
  }
  [[nodiscard]] std::size_t size_octets() const noexcept { return octets().size(); }
  /// 1 to 247; 0 is the broadcast, which nobody answers.
  [[nodiscard]] std::uint8_t unit_id() const noexcept { return *(pdu_.octets().data() - 1); }
  [[nodiscard]] const PduView& pdu() const noexcept { return pdu_; }

 private:
  friend std::expected<RtuFrame, DecodeError> decode_rtu(ByteView, Role) noexcept;
  PduView pdu_;
};

/// Reads the frame that begins with the first octet. Its end follows from the function code and the role; octets behind
/// it are left alone. A frame whose function has no known size ends with the span.
/// Errors: truncated - wait for more octets; checksum_mismatch - drop, count, ask again; malformed - the octets arrived
/// as sent (the CRC is right) but break the rule named, or no frame of this role begins so.
/// Pure, no allocation, never reads past the span. Source: Modbus over Serial Line V1.02, 2.5.1.
[[nodiscard]] std::expected<RtuFrame, DecodeError> decode_rtu(ByteView octets, Role role) noexcept;

/// A whole ASCII frame; its octets stand decoded in a buffer of its own. Not to be kept in bulk.
class AsciiFrame {
 public:
  AsciiFrame() noexcept {}  // NOLINT: the buffer is meant to stay unset
  /// From ':' to LF.
  [[nodiscard]] std::size_t size_characters() const noexcept { return 1 + 2 * (std::size_t{size_} + 1) + 2; }
  [[nodiscard]] std::uint8_t unit_id() const noexcept { return buffer_[0]; }
  /// Good as long as this object stands where it is.
  [[nodiscard]] PduView pdu() const noexcept;
  /// Unit and PDU.
  [[nodiscard]] ByteView binary() const noexcept { return {buffer_.data(), size_}; }

 private:
  friend std::expected<AsciiFrame, DecodeError> decode_ascii(ByteView, Role) noexcept;
  std::array<std::uint8_t, ascii_layout::binary_octets_max> buffer_;
  std::uint16_t size_ = 0;
  Role role_ = Role::request;
};

/// Reads the frame that begins with the first character, which is ':', up to its CR LF; what stands behind is left.
/// Only upper-case digits are characters of a frame. Errors as decode_rtu(); offsets count characters.
/// Source: Modbus over Serial Line V1.02, 2.5.2.
[[nodiscard]] std::expected<AsciiFrame, DecodeError> decode_ascii(ByteView characters, Role role) noexcept;

/// A whole TCP frame in somebody else's buffer.
class TcpFrame {
 public:
  [[nodiscard]] ByteView octets() const noexcept {
    return {pdu_.octets().data() - tcp_layout::header_octets, pdu_.octets().size() + tcp_layout::header_octets};
  }
  [[nodiscard]] std::size_t size_octets() const noexcept { return octets().size(); }
  [[nodiscard]] std::uint16_t transaction_id() const noexcept {
    return static_cast<std::uint16_t>(octets()[0] << 8 | octets()[1]);
  }
  [[nodiscard]] std::uint8_t unit_id() const noexcept { return octets()[6]; }
  [[nodiscard]] const PduView& pdu() const noexcept { return pdu_; }

 private:
  friend std::expected<TcpFrame, DecodeError> decode_tcp(ByteView, Role) noexcept;
  PduView pdu_;
};

/// Reads the frame that begins with the first octet; what stands behind it is left. TCP carries no checksum of its own,
/// so octets changed on the way show only where they break a rule.
/// Errors: truncated - wait for more octets; malformed - close the connection when `field` is protocol_id or length
/// (the stream is out of step), else drop the frame. Source: Modbus Messaging on TCP/IP V1.0b, 3.1.3.
[[nodiscard]] std::expected<TcpFrame, DecodeError> decode_tcp(ByteView octets, Role role) noexcept;

/// What the MBAP header says the frame's size is. Errors as decode_tcp().
[[nodiscard]] std::expected<std::size_t, DecodeError> tcp_frame_octets(ByteView octets) noexcept;

// Writers: put a frame to the front of `out` and return its size. Errors: limit_exceeded - the PDU is empty or longer
// than 253 octets, or `out` too small.
[[nodiscard]] std::expected<std::size_t, DecodeError> encode_rtu(std::uint8_t unit_id, ByteView pdu,
                                                                 std::span<std::uint8_t> out) noexcept;
[[nodiscard]] std::expected<std::size_t, DecodeError> encode_ascii(std::uint8_t unit_id, ByteView pdu,
                                                                   std::span<std::uint8_t> out) noexcept;
[[nodiscard]] std::expected<std::size_t, DecodeError> encode_tcp(std::uint16_t transaction_id, std::uint8_t unit_id,
                                                                 ByteView pdu, std::span<std::uint8_t> out) noexcept;

/// An encoded frame of any transport with its own storage, so that building one does not allocate.
class FrameBuffer {
 public:
  [[nodiscard]] ByteView view() const noexcept { return {buffer_.data(), size_}; }
  [[nodiscard]] Bytes to_bytes() const {
    return {buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(size_)};
  }

 private:
  friend std::expected<FrameBuffer, DecodeError> encode_frame(Transport, std::uint16_t, std::uint8_t,
                                                              ByteView) noexcept;
  std::array<std::uint8_t, ascii_layout::frame_characters_max> buffer_;
  std::size_t size_ = 0;
};
/// A frame for whichever transport; `transaction_id` is used by TCP only. Errors as the writers above.
[[nodiscard]] std::expected<FrameBuffer, DecodeError> encode_frame(Transport transport, std::uint16_t transaction_id,
                                                                   std::uint8_t unit_id, ByteView pdu) noexcept;

}  // namespace duheng::modbus
