#pragma once
#include <expected>

#include "codec/cjt188/frame.hpp"
#include "codec/common/frame_scanner.hpp"

namespace duheng::cjt188 {

/// What codec::FrameScanner needs to know of CJ/T 188.
struct ScannedProtocol {
  using Frame = FrameView;
  using Error = DecodeError;
  static constexpr std::uint8_t start_octet = frame_layout::start;
  static constexpr std::uint8_t preamble_octet = frame_layout::preamble;
  static std::expected<FrameView, DecodeError> decode(ByteView octets) noexcept { return cjt188::decode(octets); }
  static std::expected<FrameView, DecodeError> decode_at_start(ByteView octets) noexcept {
    return cjt188::decode_at_start(octets);
  }
  /// The next octet, if there is one, is a meter type, and the ninth tells a function of the standard.
  static bool looks_like_a_frame(ByteView octets) noexcept;
  static std::size_t broken_size(ByteView gap, const DecodeError& error) noexcept;
};
using Scanner = codec::FrameScanner<ScannedProtocol>;
using Segment = Scanner::Segment;

}  // namespace duheng::cjt188
