#pragma once
#include <expected>

#include "codec/common/frame_scanner.hpp"
#include "codec/gdw13762/frame.hpp"

namespace duheng::gdw13762 {

/// What codec::FrameScanner needs to know of Q/GDW 1376.2.
struct ScannedProtocol {
  using Frame = FrameView;
  using Error = DecodeError;
  static constexpr std::uint8_t start_octet = frame_layout::start;
  static constexpr std::uint8_t preamble_octet = frame_layout::preamble;
  static std::expected<FrameView, DecodeError> decode(ByteView octets) noexcept { return gdw13762::decode(octets); }
  static std::expected<FrameView, DecodeError> decode_at_start(ByteView octets) noexcept {
    return gdw13762::decode_at_start(octets);
  }
  /// All of it is there, and only checksum or end is wrong: the header alone has no check.
  static bool looks_like_a_frame(ByteView octets) noexcept;
  static std::size_t broken_size(ByteView gap, const DecodeError& error) noexcept;
};
using Scanner = codec::FrameScanner<ScannedProtocol>;
using Segment = Scanner::Segment;

}  // namespace duheng::gdw13762
