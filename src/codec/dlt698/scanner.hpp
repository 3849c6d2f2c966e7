#pragma once
#include <expected>

#include "codec/common/frame_scanner.hpp"
#include "codec/dlt698/frame.hpp"

namespace duheng::dlt698 {

/// What codec::FrameScanner needs to know of DL/T 698.45.
struct ScannedProtocol {
  using Frame = FrameView;
  using Error = DecodeError;
  static constexpr std::uint8_t start_octet = frame_layout::start;
  static constexpr std::uint8_t preamble_octet = frame_layout::preamble;
  static std::expected<FrameView, DecodeError> decode(ByteView octets) noexcept { return dlt698::decode(octets); }
  static std::expected<FrameView, DecodeError> decode_at_start(ByteView octets) noexcept {
    return dlt698::decode_at_start(octets);
  }
  /// The header check holds, so that L can be trusted.
  static bool looks_like_a_frame(ByteView octets) noexcept;
  static std::size_t broken_size(ByteView gap, const DecodeError& error) noexcept;
};
using Scanner = codec::FrameScanner<ScannedProtocol>;
using Segment = Scanner::Segment;

}  // namespace duheng::dlt698
