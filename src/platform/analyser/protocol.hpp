#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "codec/common/explained_field.hpp"
#include "platform/analyser/builder.hpp"

namespace duheng::platform::analyser {

/// A stretch of octets as one protocol sees it.
struct Segment {
  enum class Kind : std::uint8_t {
    frame,   ///< a whole frame, its checks hold
    broken,  ///< began like a frame
    other,   ///< none of this protocol's
  };
  Kind kind = Kind::other;
  std::size_t offset = 0;
  std::size_t size = 0;
  bool is_truncated = false;  ///< broken only because octets are missing at the end
};

/// What the analyser asks of a protocol: one row each, no special cases elsewhere.
struct Protocol {
  std::string_view name;  ///< as `duheng decode` calls it
  Label label;
  std::string_view example;  ///< a true frame or two, as a line of hexadecimal
  /// Whether a frame shows its own beginning and end and proves itself by a checksum, so that it is believed wherever
  /// it stands. Others are believed in automatic mode only where they fill a line from end to end, or where the
  /// recogniser finds the line to be theirs.
  bool is_self_delimiting = true;
  bool has_preamble = false;  ///< FEH before a frame wake the receiver and are shown with it
  std::size_t frame_octets_max = 0;
  /// Every octet once and in order. Linear.
  std::vector<Segment> (*segments)(ByteView octets);
  std::vector<codec::ExplainedField> (*explain)(ByteView octets);
  /// The objects of `duheng decode`, as text.
  std::vector<std::string> (*to_json)(ByteView octets);
  // A bare APDU without a link frame; null when the protocol has no such thing.
  std::vector<codec::ExplainedField> (*explain_apdu)(ByteView octets) = nullptr;
  std::vector<std::string> (*apdu_to_json)(ByteView octets) = nullptr;
  std::string_view apdu_example{};
  std::span<const Builder> builders{};
};

/// All of them, the ones with the strongest proof first: that is the order in which octets are claimed.
[[nodiscard]] std::span<const Protocol> protocols() noexcept;
/// Null when there is none of that name.
[[nodiscard]] const Protocol* find_protocol(std::string_view name) noexcept;

// The rows; one file each.
[[nodiscard]] const Protocol& cjt188_protocol() noexcept;
[[nodiscard]] std::span<const Builder> cjt188_builders() noexcept;
[[nodiscard]] const Protocol& dlt645_protocol() noexcept;
[[nodiscard]] std::span<const Builder> dlt645_builders() noexcept;
[[nodiscard]] const Protocol& dlt698_protocol() noexcept;
[[nodiscard]] std::span<const Builder> dlt698_builders() noexcept;
[[nodiscard]] const Protocol& modbus_ascii_protocol() noexcept;
[[nodiscard]] std::span<const Builder> modbus_ascii_builders() noexcept;
[[nodiscard]] const Protocol& modbus_rtu_protocol() noexcept;
[[nodiscard]] std::span<const Builder> modbus_rtu_builders() noexcept;
[[nodiscard]] const Protocol& modbus_tcp_protocol() noexcept;
[[nodiscard]] std::span<const Builder> modbus_tcp_builders() noexcept;

}  // namespace duheng::platform::analyser
