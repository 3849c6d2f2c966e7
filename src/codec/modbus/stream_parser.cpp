#include "codec/modbus/stream_parser.hpp"

#include <algorithm>
#include <cstring>

namespace duheng::modbus {

template <std::size_t capacity>
std::size_t PendingOctets<capacity>::push(ByteView octets) noexcept {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  const std::size_t taken = std::min(octets.size(), capacity - end_);
  if (taken > 0) std::memcpy(buffer_.data() + end_, octets.data(), taken);
  end_ += taken;
  return taken;
}
template class PendingOctets<2 * rtu_layout::frame_octets_max>;
template class PendingOctets<2 * ascii_layout::frame_characters_max>;
template class PendingOctets<2 * tcp_layout::frame_octets_max>;

std::optional<RtuFrame> RtuStreamParser::next(bool silent) noexcept {
  using namespace rtu_layout;
  while (!pending_.empty()) {
    ByteView octets = pending_.view();
    if (octets.size() < 2) return std::nullopt;
    const PduSize size = pdu_size(octets.subspan(1), role_);
    if (size.kind == PduSize::Kind::impossible) {
      ++counters_.false_starts;
      skip_one();
      continue;
    }
    if (size.kind == PduSize::Kind::unknown) {
      // Only silence ends it; but no frame is longer than the longest.
      if (!silent && octets.size() <= frame_octets_max) return std::nullopt;
      if (octets.size() > frame_octets_max) {
        ++counters_.unfinished;
        skip_one();
        continue;
      }
    }
    const auto frame = decode_rtu(octets, role_);
    if (frame) {
      // The view stays good: octets move only with the next push().
      take_frame(frame->size_octets());
      return *frame;
    }
    const DecodeError& error = frame.error();
    if (error.code == ErrorCode::truncated) return std::nullopt;
    if (error.code == ErrorCode::checksum_mismatch) {
      ++counters_.bad_checksums;
      skip_one();
    } else {
      take_malformed(size.kind == PduSize::Kind::unknown ? octets.size() : size.octets + overhead_octets);
    }
  }
  return std::nullopt;
}

std::optional<AsciiFrame> AsciiStreamParser::next(bool) noexcept {
  while (!pending_.empty()) {
    const ByteView characters = pending_.view();
    if (characters[0] != ':') {
      skip_one();
      continue;
    }
    const auto frame = decode_ascii(characters, role_);
    if (frame) {
      take_frame(frame->size_characters());
      return *frame;
    }
    const DecodeError& error = frame.error();
    if (error.code == ErrorCode::truncated) return std::nullopt;
    const bool ended = error.field != Field::character && error.field != Field::end;
    if (error.code == ErrorCode::checksum_mismatch) {
      ++counters_.bad_checksums;
      skip_one();
    } else if (ended) {
      const auto line_feed = std::ranges::find(characters, std::uint8_t{'\n'});
      take_malformed(static_cast<std::size_t>(line_feed - characters.begin()) + 1);
    } else {
      ++counters_.false_starts;
      skip_one();
    }
  }
  return std::nullopt;
}

std::optional<TcpFrame> TcpStreamParser::next(bool) noexcept {
  while (!pending_.empty()) {
    const ByteView octets = pending_.view();
    const auto whole = tcp_frame_octets(octets);
    if (!whole) {
      if (whole.error().code == ErrorCode::truncated) return std::nullopt;
      ++counters_.false_starts;
      skip_one();
      continue;
    }
    if (octets.size() < *whole) return std::nullopt;
    const auto frame = decode_tcp(octets, role_);
    if (!frame) {
      take_malformed(*whole);
      continue;
    }
    take_frame(*whole);
    return *frame;
  }
  return std::nullopt;
}

}  // namespace duheng::modbus
