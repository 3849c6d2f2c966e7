#include "codec/modbus/frame.hpp"

#include <algorithm>

#include "codec/modbus/checksum.hpp"

namespace duheng::modbus {

namespace {

constexpr std::string_view clause_rtu = "Modbus over Serial Line V1.02, 2.5.1";
constexpr std::string_view clause_ascii = "Modbus over Serial Line V1.02, 2.5.2";
constexpr std::string_view clause_mbap = "Modbus Messaging on TCP/IP V1.0b, 3.1.3";
constexpr std::string_view digits = "0123456789ABCDEF";
constexpr std::uint8_t no_digit = 0xFF;

std::unexpected<DecodeError> fault(ErrorCode code, Field field, std::size_t offset, std::string_view clause,
                                   unsigned expected = 0, unsigned found = 0) noexcept {
  return std::unexpected(DecodeError{code, field, static_cast<std::uint16_t>(expected),
                                     static_cast<std::uint16_t>(found), static_cast<std::uint32_t>(offset), clause});
}

/// A PDU's fault inside a frame that is whole: nothing more will come.
DecodeError in_whole_frame(DecodeError error, std::size_t pdu_offset) noexcept {
  if (error.code == ErrorCode::truncated) error.code = ErrorCode::malformed;
  error.octet_offset += static_cast<std::uint32_t>(pdu_offset);
  return error;
}

constexpr std::array<std::uint8_t, 256> make_digit_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(no_digit);
  for (std::size_t i = 0; i < digits.size(); ++i)
    values[static_cast<unsigned char>(digits[i])] = static_cast<std::uint8_t>(i);
  return values;
}
constexpr auto digit_values = make_digit_values();

/// Which field of an RTU frame is missing at its end; the PDU's own rules know those inside.
Field missing_rtu_field(ByteView octets, Role role) noexcept {
  if (octets.empty()) return Field::unit_id;
  const auto size = pdu_size(octets.subspan(1), role);
  if (size.kind == PduSize::Kind::known && octets.size() > size.octets) return Field::crc;
  const auto pdu = decode_pdu(octets.subspan(1), role);
  return pdu ? Field::crc : pdu.error().field;
}

bool fits(ByteView pdu, std::size_t needed, std::span<std::uint8_t> out) noexcept {
  return !pdu.empty() && pdu.size() <= limits::pdu_octets_max && out.size() >= needed;
}

}  // namespace

std::expected<RtuFrame, DecodeError> decode_rtu(ByteView octets, Role role) noexcept {
  using namespace rtu_layout;
  if (octets.size() < 2) {
    return fault(ErrorCode::truncated, octets.empty() ? Field::unit_id : Field::function, octets.size(), clause_rtu);
  }
  const PduSize size = pdu_size(octets.subspan(1), role);
  if (size.kind == PduSize::Kind::impossible) {
    const auto pdu = decode_pdu(octets.subspan(1), role);
    return std::unexpected(pdu ? DecodeError{ErrorCode::malformed, Field::byte_count, 0, 0, 1, clause_rtu}
                               : in_whole_frame(pdu.error(), 1));
  }
  const bool ends_with_span = size.kind == PduSize::Kind::unknown;
  if (ends_with_span && octets.size() > frame_octets_max) {
    return fault(ErrorCode::malformed, Field::trailing, frame_octets_max, clause_rtu, frame_octets_max,
                 static_cast<unsigned>(octets.size()));
  }
  const std::size_t whole = ends_with_span ? std::max(octets.size(), frame_octets_min) : size.octets + overhead_octets;
  if (size.kind == PduSize::Kind::more || octets.size() < whole) {
    return fault(ErrorCode::truncated, missing_rtu_field(octets, role), octets.size(), clause_rtu);
  }
  const std::size_t summed = whole - 2;
  const std::uint16_t crc = crc16_of(octets.first(summed));
  const auto sent = static_cast<std::uint16_t>(octets[summed] | octets[summed + 1] << 8);
  if (crc != sent) return fault(ErrorCode::checksum_mismatch, Field::crc, summed, clause_rtu, crc, sent);
  const auto pdu = decode_pdu(octets.subspan(1, summed - 1), role);
  if (!pdu) return std::unexpected(in_whole_frame(pdu.error(), 1));
  RtuFrame frame;
  frame.pdu_ = *pdu;
  return frame;
}

PduView AsciiFrame::pdu() const noexcept {
  // Checked when the frame was read; the octets are the same.
  return decode_pdu({buffer_.data() + 1, size_ - std::size_t{1}}, role_).value_or(PduView{});
}

std::expected<AsciiFrame, DecodeError> decode_ascii(ByteView characters, Role role) noexcept {
  using namespace ascii_layout;
  if (characters.empty()) return fault(ErrorCode::truncated, Field::start, 0, clause_ascii);
  if (characters[0] != ':') return fault(ErrorCode::malformed, Field::start, 0, clause_ascii, ':', characters[0]);
  AsciiFrame frame;
  std::size_t at = 1;
  std::size_t count = 0;
  while (at < characters.size() && characters[at] != '\r') {
    if (count == binary_octets_max) {
      return fault(ErrorCode::malformed, Field::end, at, clause_ascii, '\r', characters[at]);
    }
    const std::uint8_t high = digit_values[characters[at]];
    if (high == no_digit) return fault(ErrorCode::malformed, Field::character, at, clause_ascii, 0, characters[at]);
    if (at + 1 == characters.size()) return fault(ErrorCode::truncated, Field::character, at + 1, clause_ascii);
    const std::uint8_t low = digit_values[characters[at + 1]];
    if (low == no_digit) {
      return fault(ErrorCode::malformed, Field::character, at + 1, clause_ascii, 0, characters[at + 1]);
    }
    frame.buffer_[count++] = static_cast<std::uint8_t>(high << 4 | low);
    at += 2;
  }
  if (at == characters.size()) return fault(ErrorCode::truncated, Field::end, at, clause_ascii);
  if (at + 1 == characters.size()) return fault(ErrorCode::truncated, Field::end, at + 1, clause_ascii);
  if (characters[at + 1] != '\n') {
    return fault(ErrorCode::malformed, Field::end, at + 1, clause_ascii, '\n', characters[at + 1]);
  }
  if (count < 3) {
    constexpr Field due[] = {Field::unit_id, Field::function, Field::lrc};
    return fault(ErrorCode::malformed, due[count], at, clause_ascii);
  }
  const std::uint8_t lrc = lrc_of({frame.buffer_.data(), count - 1});
  if (lrc != frame.buffer_[count - 1]) {
    return fault(ErrorCode::checksum_mismatch, Field::lrc, at - 2, clause_ascii, lrc, frame.buffer_[count - 1]);
  }
  const auto pdu = decode_pdu({frame.buffer_.data() + 1, count - 2}, role);
  if (!pdu) {
    DecodeError error = in_whole_frame(pdu.error(), 0);
    error.octet_offset = 3 + 2 * error.octet_offset;
    return std::unexpected(error);
  }
  frame.size_ = static_cast<std::uint16_t>(count - 1);
  frame.role_ = role;
  return frame;
}

std::expected<std::size_t, DecodeError> tcp_frame_octets(ByteView octets) noexcept {
  using namespace tcp_layout;
  // A wrong protocol or length is told as soon as it is there: no more octets will mend it.
  if (octets.size() < 2) return fault(ErrorCode::truncated, Field::transaction_id, octets.size(), clause_mbap);
  for (std::size_t at = 2; at < 4 && at < octets.size(); ++at) {
    if (octets[at] != 0) return fault(ErrorCode::malformed, Field::protocol_id, at, clause_mbap, 0, octets[at]);
  }
  if (octets.size() < 4) return fault(ErrorCode::truncated, Field::protocol_id, octets.size(), clause_mbap);
  if (octets.size() > 4 && octets[4] != 0) {
    return fault(ErrorCode::malformed, Field::length, 4, clause_mbap, length_max, octets[4] * 256U);
  }
  if (octets.size() < 6) return fault(ErrorCode::truncated, Field::length, octets.size(), clause_mbap);
  const unsigned length = octets[5];
  if (length < length_min || length > length_max) {
    return fault(ErrorCode::malformed, Field::length, 4, clause_mbap, length < length_min ? length_min : length_max,
                 length);
  }
  return header_octets - 1 + length;
}

std::expected<TcpFrame, DecodeError> decode_tcp(ByteView octets, Role role) noexcept {
  using namespace tcp_layout;
  const auto whole = tcp_frame_octets(octets);
  if (!whole) return std::unexpected(whole.error());
  if (octets.size() < *whole) {
    if (octets.size() < header_octets) return fault(ErrorCode::truncated, Field::unit_id, octets.size(), clause_mbap);
    const auto pdu = decode_pdu(octets.subspan(header_octets), role);
    return fault(ErrorCode::truncated, pdu ? Field::values : pdu.error().field, octets.size(), clause_mbap);
  }
  const auto pdu = decode_pdu(octets.subspan(header_octets, *whole - header_octets), role);
  if (!pdu) return std::unexpected(in_whole_frame(pdu.error(), header_octets));
  TcpFrame frame;
  frame.pdu_ = *pdu;
  return frame;
}

std::expected<std::size_t, DecodeError> encode_rtu(std::uint8_t unit_id, ByteView pdu,
                                                   std::span<std::uint8_t> out) noexcept {
  const std::size_t whole = pdu.size() + rtu_layout::overhead_octets;
  if (!fits(pdu, whole, out)) return fault(ErrorCode::limit_exceeded, Field::length, 0, clause_rtu);
  out[0] = unit_id;
  std::ranges::copy(pdu, out.begin() + 1);
  const std::uint16_t crc = crc16_of(out.first(whole - 2));
  out[whole - 2] = static_cast<std::uint8_t>(crc);
  out[whole - 1] = static_cast<std::uint8_t>(crc >> 8);
  return whole;
}

std::expected<std::size_t, DecodeError> encode_ascii(std::uint8_t unit_id, ByteView pdu,
                                                     std::span<std::uint8_t> out) noexcept {
  const std::size_t whole = 1 + 2 * (pdu.size() + 2) + 2;
  if (!fits(pdu, whole, out)) return fault(ErrorCode::limit_exceeded, Field::length, 0, clause_ascii);
  std::size_t at = 0;
  unsigned sum = 0;
  const auto put = [&](std::uint8_t octet) {
    out[at++] = static_cast<std::uint8_t>(digits[octet >> 4]);
    out[at++] = static_cast<std::uint8_t>(digits[octet & 0x0F]);
    sum += octet;
  };
  out[at++] = ':';
  put(unit_id);
  for (const std::uint8_t octet : pdu) put(octet);
  put(static_cast<std::uint8_t>(0U - sum));
  out[at++] = '\r';
  out[at++] = '\n';
  return whole;
}

std::expected<std::size_t, DecodeError> encode_tcp(std::uint16_t transaction_id, std::uint8_t unit_id, ByteView pdu,
                                                   std::span<std::uint8_t> out) noexcept {
  const std::size_t whole = pdu.size() + tcp_layout::header_octets;
  if (!fits(pdu, whole, out)) return fault(ErrorCode::limit_exceeded, Field::length, 0, clause_mbap);
  const auto length = static_cast<std::uint16_t>(pdu.size() + 1);
  const std::uint8_t header[] = {
      static_cast<std::uint8_t>(transaction_id >> 8), static_cast<std::uint8_t>(transaction_id), 0,      0,
      static_cast<std::uint8_t>(length >> 8),         static_cast<std::uint8_t>(length),         unit_id};
  std::ranges::copy(header, out.begin());
  std::ranges::copy(pdu, out.begin() + tcp_layout::header_octets);
  return whole;
}

std::expected<FrameBuffer, DecodeError> encode_frame(Transport transport, std::uint16_t transaction_id,
                                                     std::uint8_t unit_id, ByteView pdu) noexcept {
  FrameBuffer out;
  const std::span<std::uint8_t> room(out.buffer_);
  const auto size = transport == Transport::rtu     ? encode_rtu(unit_id, pdu, room)
                    : transport == Transport::ascii ? encode_ascii(unit_id, pdu, room)
                                                    : encode_tcp(transaction_id, unit_id, pdu, room);
  if (!size) return std::unexpected(size.error());
  out.size_ = *size;
  return out;
}

}  // namespace duheng::modbus
