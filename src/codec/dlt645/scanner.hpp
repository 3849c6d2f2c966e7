#pragma once
#include <expected>

#include "codec/common/frame_scanner.hpp"
#include "codec/dlt645/frame.hpp"

namespace duheng::dlt645 {

/// What codec::FrameScanner needs to know of DL/T 645.
struct ScannedProtocol {
  using Frame = FrameView;
  using Error = DecodeError;
  static constexpr std::uint8_t start_octet = frame_layout::start;
  static constexpr std::uint8_t preamble_octet = frame_layout::preamble;
  static std::expected<FrameView, DecodeError> decode(ByteView octets) noexcept { return dlt645::decode(octets); }
  static std::expected<FrameView, DecodeError> decode_at_start(ByteView octets) noexcept {
    return dlt645::decode_at_start(octets);
  }
  /// The second 68H stands where it must.
  static bool looks_like_a_frame(ByteView octets) noexcept {
    constexpr std::size_t second_start = 7;
    return octets.size() > second_start && octets[second_start] == frame_layout::start;
  }
  static std::size_t broken_size(ByteView gap, const DecodeError& error) noexcept;
};
using Scanner = codec::FrameScanner<ScannedProtocol>;
using Segment = Scanner::Segment;

}  // namespace duheng::dlt645
