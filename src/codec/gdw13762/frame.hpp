#pragma once
#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "codec/gdw13762/error.hpp"

namespace duheng::gdw13762 {

/// 68 L L C R0..R5 [A1 A2.. A3] AFN DT1 DT2 data CS 16; CS sums everything from C on.
/// Source: Q/GDW 1376.2-2013, frame format; Q/GDW 10376.2-2019 has the same.
namespace frame_layout {
inline constexpr std::uint8_t start = 0x68;
inline constexpr std::uint8_t end = 0x16;
inline constexpr std::uint8_t preamble = 0xFE;  ///< not the standard's, but found before frames on serial lines
inline constexpr std::size_t control_offset = 3;
inline constexpr std::size_t information_offset = 4;
inline constexpr std::size_t information_octets = 6;
inline constexpr std::size_t address_offset = information_offset + information_octets;
inline constexpr std::size_t address_octets = 6;
/// AFN, DT1, DT2.
inline constexpr std::size_t service_octets = 3;
/// CS, 16H.
inline constexpr std::size_t tail_octets = 2;
inline constexpr std::size_t frame_octets_min = address_offset + service_octets + tail_octets;
/// L could count further; no module takes more, and what claims to be longer is no frame.
inline constexpr std::size_t frame_octets_max = 2'048;
inline constexpr std::uint8_t relays_max = 15;
}  // namespace frame_layout

namespace control_bits {
inline constexpr std::uint8_t from_module = 0x80;         ///< DIR: to the concentrator
inline constexpr std::uint8_t started = 0x40;             ///< PRM: the sender begins, and may want an answer
inline constexpr std::uint8_t communication_kind = 0x3F;  ///< see CommunicationKind
}  // namespace control_bits

/// D5 to D0 of the control octet.
enum class CommunicationKind : std::uint8_t {
  routed_carrier = 1,       ///< the module keeps the routes
  distributed_carrier = 2,  ///< nodes find their routes themselves
  broadband_carrier = 3,    ///< HPLC
  micro_power_radio = 10,
  ethernet = 20,
};

/// How a node is called: six octets, the last two digits first, as meters write their addresses.
class NodeAddress {
 public:
  static constexpr std::size_t size_octets = frame_layout::address_octets;
  constexpr NodeAddress() = default;
  constexpr explicit NodeAddress(const std::array<std::uint8_t, size_octets>& wire) noexcept : wire_(wire) {}
  /// `octets` as they travel; missing ones are 0, further ones are left out.
  [[nodiscard]] static NodeAddress from_wire(ByteView octets) noexcept;
  /// Up to twelve decimal digits. Nothing for anything else.
  [[nodiscard]] static std::optional<NodeAddress> parse(std::string_view digits) noexcept;
  [[nodiscard]] constexpr const std::array<std::uint8_t, size_octets>& wire() const noexcept { return wire_; }
  [[nodiscard]] bool is_zero() const noexcept { return wire_ == std::array<std::uint8_t, size_octets>{}; }
  /// Twelve hexadecimal digits, in reading order.
  [[nodiscard]] std::string to_string() const;
  friend constexpr auto operator<=>(const NodeAddress&, const NodeAddress&) = default;

 private:
  std::array<std::uint8_t, size_octets> wire_{};
};

/// R: what is said about the way of a frame. Half of it differs by direction.
struct Information {
  std::array<std::uint8_t, frame_layout::information_octets> octets{};

  [[nodiscard]] bool bypasses_route() const noexcept { return (octets[0] & 0x01U) != 0; }
  [[nodiscard]] bool has_attached_nodes() const noexcept { return (octets[0] & 0x02U) != 0; }
  /// The frame is about a meter's module, and has addresses; else about the concentrator's own module.
  [[nodiscard]] bool is_for_node() const noexcept { return (octets[0] & 0x04U) != 0; }
  [[nodiscard]] std::uint8_t relay_level() const noexcept { return octets[0] >> 4; }
  [[nodiscard]] std::uint8_t channel() const noexcept { return octets[1] & 0x0FU; }
  [[nodiscard]] std::uint8_t serial() const noexcept { return octets[5]; }
  // To the module.
  [[nodiscard]] std::uint8_t error_coding() const noexcept { return octets[1] >> 4; }
  [[nodiscard]] std::uint8_t expected_octets() const noexcept { return octets[2]; }
  // From the module.
  [[nodiscard]] std::uint8_t phase() const noexcept { return octets[2] & 0x0FU; }             ///< 0 unknown, 1 to 3
  [[nodiscard]] std::uint8_t question_quality() const noexcept { return octets[3] & 0x0FU; }  ///< 0 none, 1 worst
  [[nodiscard]] std::uint8_t answer_quality() const noexcept { return octets[3] >> 4; }
  [[nodiscard]] bool tells_event() const noexcept { return (octets[4] & 0x01U) != 0; }

  friend bool operator==(const Information&, const Information&) = default;
};

/// AFN and the number n of Fn.
struct Service {
  std::uint8_t code = 0;
  std::uint8_t function = 1;
  friend constexpr auto operator<=>(const Service&, const Service&) = default;
};

/// A whole frame in somebody else's buffer; checked, never copied.
class FrameView {
 public:
  /// From 68H to 16H.
  [[nodiscard]] ByteView octets() const noexcept { return {start_, size_octets()}; }
  [[nodiscard]] std::size_t size_octets() const noexcept {
    return static_cast<std::size_t>(start_[1]) | static_cast<std::size_t>(start_[2]) << 8;
  }
  /// Where 68H stands in the span given to decode().
  [[nodiscard]] std::size_t offset() const noexcept { return offset_; }
  [[nodiscard]] std::size_t end_offset() const noexcept { return offset_ + size_octets(); }

  [[nodiscard]] std::uint8_t control() const noexcept { return start_[frame_layout::control_offset]; }
  [[nodiscard]] bool from_module() const noexcept { return (control() & control_bits::from_module) != 0; }
  [[nodiscard]] bool is_started() const noexcept { return (control() & control_bits::started) != 0; }
  [[nodiscard]] std::uint8_t communication_kind() const noexcept {
    return control() & control_bits::communication_kind;
  }
  [[nodiscard]] Information information() const noexcept;
  [[nodiscard]] bool has_addresses() const noexcept;
  /// How many relays stand between source and destination; only in frames to the module.
  [[nodiscard]] std::size_t relay_count() const noexcept;
  [[nodiscard]] NodeAddress source() const noexcept;       ///< with has_addresses()
  [[nodiscard]] NodeAddress destination() const noexcept;  ///< likewise
  [[nodiscard]] Service service() const noexcept;
  [[nodiscard]] std::size_t service_offset() const noexcept;
  [[nodiscard]] std::size_t data_offset() const noexcept { return service_offset() + frame_layout::service_octets; }
  [[nodiscard]] ByteView data() const noexcept;
  [[nodiscard]] std::uint8_t checksum() const noexcept { return start_[size_octets() - frame_layout::tail_octets]; }

 private:
  friend std::expected<FrameView, DecodeError> decode(ByteView) noexcept;
  friend std::expected<FrameView, DecodeError> decode_at_start(ByteView) noexcept;
  const std::uint8_t* start_ = nullptr;
  std::size_t offset_ = 0;
};

/// Finds the first whole frame in `octets`: skips what stands before it, leaves what stands behind it.
/// Errors, for the first octet that could have begun a frame, when no whole one is found:
///   truncated - wait for more octets; checksum_mismatch - drop, count, ask again; malformed - field tells what cannot
///   be: start, length, data_unit or end.
/// Pure, no allocation, never reads past the span.
[[nodiscard]] std::expected<FrameView, DecodeError> decode(ByteView octets) noexcept;
/// The same for a frame that must begin with the first octet.
[[nodiscard]] std::expected<FrameView, DecodeError> decode_at_start(ByteView octets) noexcept;

/// What a frame is made of.
struct FrameFields {
  bool from_module = false;
  bool is_started = true;
  std::uint8_t communication_kind = static_cast<std::uint8_t>(CommunicationKind::routed_carrier);
  /// The flag for addresses and, to the module, the relay level are set here by what follows.
  Information information{};
  struct Addresses {
    NodeAddress source;
    NodeAddress destination;
    std::vector<NodeAddress> relays{};  ///< only to the module
  };
  std::optional<Addresses> addresses{};
  Service service{};
  ByteView data{};
};
/// Errors: limit_exceeded - longer than frame_octets_max, or more than fifteen relays.
[[nodiscard]] Result<Bytes> encode(const FrameFields& fields);

/// Makes the checksum of a whole frame that of its octets.
void mend_checksum(std::span<std::uint8_t> frame) noexcept;

}  // namespace duheng::gdw13762
