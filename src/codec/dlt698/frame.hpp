#pragma once
#include <cstdint>
#include <expected>
#include <optional>
#include <span>

#include "base/bytes.hpp"
#include "codec/dlt698/address.hpp"
#include "codec/dlt698/error.hpp"

namespace duheng::dlt698 {

/// 68 L L C AF SA.. CA HCS HCS user data FCS FCS 16. Source: DL/T 698.45-2017, link layer (frame format).
namespace frame_layout {
inline constexpr std::uint8_t start = 0x68;
inline constexpr std::uint8_t end = 0x16;
inline constexpr std::uint8_t preamble = 0xFE;
inline constexpr std::uint8_t scramble_shift = 0x33;
/// L counts every octet except 68H and 16H.
inline constexpr std::size_t uncounted_octets = 2;
/// L, C, AF, CA, HCS, FCS; the address comes on top.
inline constexpr std::size_t counted_overhead_octets = 9;
inline constexpr std::uint16_t length_max = 0x3FFF;
inline constexpr std::size_t frame_octets_min = uncounted_octets + counted_overhead_octets + 1;
inline constexpr std::size_t frame_octets_max = length_max + uncounted_octets;
/// From 68H to the last octet of the longest HCS.
inline constexpr std::size_t header_octets_max = 5 + ServerAddress::size_octets_max + 3;
}  // namespace frame_layout

namespace control_bits {
inline constexpr std::uint8_t from_server = 0x80;        ///< DIR
inline constexpr std::uint8_t started_by_client = 0x40;  ///< PRM
inline constexpr std::uint8_t fragment = 0x20;
inline constexpr std::uint8_t scrambled = 0x08;  ///< SC: 33H is added to each octet of the user data
inline constexpr std::uint8_t function = 0x07;
}  // namespace control_bits

enum class Function : std::uint8_t { link_management = 1, user_data = 3 };

/// The control octets of ordinary exchanges.
namespace control_codes {
inline constexpr std::uint8_t client_request = 0x43;
inline constexpr std::uint8_t server_reply = 0xC3;
inline constexpr std::uint8_t server_report = 0x83;
inline constexpr std::uint8_t client_confirmation = 0x03;
inline constexpr std::uint8_t link_request = 0x81;
inline constexpr std::uint8_t link_response = 0x01;
}  // namespace control_codes

/// A whole frame in somebody else's buffer; checked, never copied.
class FrameView {
 public:
  /// From 68H to 16H.
  [[nodiscard]] ByteView octets() const noexcept { return {start_, size_octets()}; }
  [[nodiscard]] std::size_t size_octets() const noexcept { return length() + frame_layout::uncounted_octets; }
  /// Where 68H stands in the span given to decode().
  [[nodiscard]] std::size_t offset() const noexcept { return offset_; }
  /// How many FEH stood among the octets skipped before the frame, and how many other octets.
  [[nodiscard]] std::size_t preamble_octets() const noexcept { return preamble_; }
  [[nodiscard]] std::size_t noise_octets() const noexcept { return offset_ - preamble_; }
  /// The first octet behind the frame, as an index into the span given to decode().
  [[nodiscard]] std::size_t end_offset() const noexcept { return offset_ + size_octets(); }

  /// L: the number of octets without 68H and 16H.
  [[nodiscard]] std::uint16_t length() const noexcept { return static_cast<std::uint16_t>(start_[1] | start_[2] << 8); }
  [[nodiscard]] std::uint8_t control() const noexcept { return start_[3]; }
  [[nodiscard]] bool from_server() const noexcept { return (control() & control_bits::from_server) != 0; }
  [[nodiscard]] bool started_by_client() const noexcept { return (control() & control_bits::started_by_client) != 0; }
  [[nodiscard]] bool is_fragment() const noexcept { return (control() & control_bits::fragment) != 0; }
  [[nodiscard]] bool is_scrambled() const noexcept { return (control() & control_bits::scrambled) != 0; }
  [[nodiscard]] std::uint8_t function() const noexcept { return control() & control_bits::function; }

  [[nodiscard]] std::uint8_t address_feature() const noexcept { return start_[4]; }
  [[nodiscard]] std::size_t address_size() const noexcept { return (start_[4] & 0x0FU) + 1; }
  [[nodiscard]] ServerAddress server_address() const noexcept {
    return *ServerAddress::from_wire(address_feature(), {start_ + 5, address_size()});
  }
  [[nodiscard]] std::uint8_t client_address() const noexcept { return start_[5 + address_size()]; }
  /// HCS and FCS as they stand on the wire, two octets each.
  [[nodiscard]] ByteView header_check() const noexcept { return {start_ + 6 + address_size(), 2}; }
  [[nodiscard]] ByteView frame_check() const noexcept { return {start_ + length() - 1, 2}; }

  /// Where the user data begins within octets().
  [[nodiscard]] std::size_t user_data_offset() const noexcept { return 8 + address_size(); }
  /// The user data as it travelled, 33H added where is_scrambled().
  [[nodiscard]] ByteView wire_user_data() const noexcept {
    return {start_ + user_data_offset(), length() - frame_layout::counted_overhead_octets - address_size()};
  }
  /// The user data to be decoded: the frame's own octets, or, when scrambled, written to the front of `buffer`, which
  /// must then hold at least wire_user_data().size() octets. An empty view when it does not.
  [[nodiscard]] ByteView user_data(std::span<std::uint8_t> buffer) const noexcept;

 private:
  friend std::expected<FrameView, DecodeError> decode(ByteView) noexcept;
  friend std::expected<FrameView, DecodeError> decode_at_start(ByteView) noexcept;
  const std::uint8_t* start_ = nullptr;
  std::size_t offset_ = 0;
  std::size_t preamble_ = 0;
};

/// Finds the first whole frame in `octets`: skips FEH and noise before it, leaves what stands behind it.
/// Errors, for the first octet that could have begun a frame, when no whole one is found:
///   truncated - wait for more octets; checksum_mismatch - field "hcs": L cannot be trusted, resume one octet on;
///   field "fcs": drop, count, ask again; malformed - field "start", "length" or "end"; unsupported - L counts KB.
/// Pure, no allocation, never reads past the span; octet_offset counts from the span's first octet. One pass of the
/// check over each frame; at most frame_octets_max octets for each octet 68H with a header check that holds.
/// Source: DL/T 698.45-2017, link layer (frame format).
[[nodiscard]] std::expected<FrameView, DecodeError> decode(ByteView octets) noexcept;
/// The same for a frame that must begin with the first octet.
[[nodiscard]] std::expected<FrameView, DecodeError> decode_at_start(ByteView octets) noexcept;

/// What a frame is made of.
struct FrameFields {
  std::uint8_t control = control_codes::client_request;
  ServerAddress server_address{};
  std::uint8_t client_address = 0;
  ByteView user_data{};              ///< plain; 33H is added here when `control` says scrambled
  std::uint8_t preamble_octets = 0;  ///< FEH to put in front; serial lines use 4
};

/// The octets a frame of these fields takes.
[[nodiscard]] std::size_t encoded_size(const FrameFields& fields) noexcept;
/// Writes a frame to the front of `out`, which must not overlap the user data, and returns its size.
/// Errors: limit_exceeded - L would pass 16,383, or `out` is too small; send the APDU in fragments.
[[nodiscard]] std::expected<std::size_t, DecodeError> encode(const FrameFields& fields,
                                                             std::span<std::uint8_t> out) noexcept;
[[nodiscard]] Result<Bytes> encode(const FrameFields& fields);

}  // namespace duheng::dlt698
