#include "codec/dlt698/frame.hpp"

#include <algorithm>
#include <cstring>

#include "codec/dlt698/crc.hpp"

namespace duheng::dlt698 {

namespace {

using namespace frame_layout;

constexpr std::string_view clause_frame = "DL/T 698.45-2017, link layer";
constexpr std::uint16_t length_mask = 0x3FFF;
constexpr std::uint16_t length_in_kilobytes = 0x4000;
constexpr std::uint16_t length_reserved = 0x8000;

std::uint16_t little_endian(const std::uint8_t* from) noexcept {
  return static_cast<std::uint16_t>(from[0] | from[1] << 8);
}
void put_little_endian(std::uint8_t* to, std::uint16_t value) noexcept {
  to[0] = static_cast<std::uint8_t>(value);
  to[1] = static_cast<std::uint8_t>(value >> 8);
}

DecodeError cut_short(std::string_view field, std::size_t offset) noexcept {
  return {ErrorCode::truncated, field, 0, 0, static_cast<std::uint32_t>(offset), clause_frame};
}
DecodeError wrong(ErrorCode code, std::string_view field, std::size_t offset, unsigned expected,
                  unsigned found) noexcept {
  return {code,
          field,
          static_cast<std::uint16_t>(expected),
          static_cast<std::uint16_t>(found),
          static_cast<std::uint32_t>(offset),
          clause_frame};
}

/// Which field the first missing octet of a header would have belonged to.
DecodeError header_cut_short(ByteView octets) noexcept {
  const std::size_t size = octets.size();
  if (size == 0) return cut_short("start", size);
  if (size < 3) return cut_short("length", size);
  if (size == 3) return cut_short("control", size);
  if (size == 4) return cut_short("address_feature", size);
  const std::size_t address_end = 5 + (octets[4] & 0x0FU) + 1;
  if (size < address_end) return cut_short("address", size);
  return cut_short(size == address_end ? "client_address" : "hcs", size);
}

/// The checks that need no more than L and AF.
std::expected<void, DecodeError> check_length(ByteView octets) noexcept {
  const std::uint16_t length = little_endian(octets.data() + 1);
  if ((length & length_in_kilobytes) != 0) {
    return std::unexpected(wrong(ErrorCode::unsupported, "length", 1, 0, length));
  }
  if ((length & length_reserved) != 0) return std::unexpected(wrong(ErrorCode::malformed, "length", 1, 0, length));
  const std::size_t address = octets.size() > 4 ? (octets[4] & 0x0FU) + 1 : 1;
  if (length < counted_overhead_octets + address) {
    return std::unexpected(wrong(ErrorCode::malformed, "length", 1, 0, length));
  }
  return {};
}

/// No error means that a whole, checked frame begins with the first octet.
std::expected<void, DecodeError> check_frame(ByteView octets) noexcept {
  const std::size_t size = octets.size();
  if (size < 3) return std::unexpected(header_cut_short(octets));
  if (auto sane = check_length(octets); !sane) return sane;
  if (size < 5) return std::unexpected(header_cut_short(octets));
  const std::size_t header_end = 6 + (octets[4] & 0x0FU) + 1;
  if (size < header_end + 2) return std::unexpected(header_cut_short(octets));

  std::uint16_t check = crc::advance(crc::initial, octets.subspan(1, header_end - 1));
  const std::uint16_t header_check = check ^ crc::final_xor;
  const std::uint16_t header_found = little_endian(octets.data() + header_end);
  if (header_check != header_found) {
    return std::unexpected(wrong(ErrorCode::checksum_mismatch, "hcs", header_end, header_check, header_found));
  }
  const std::size_t user_data = header_end + 2;
  const std::size_t check_at = (little_endian(octets.data() + 1) & length_mask) - std::size_t{1};
  if (size < check_at) return std::unexpected(cut_short("user_data", size));
  if (size < check_at + 2) return std::unexpected(cut_short("fcs", size));
  if (size < check_at + 3) return std::unexpected(cut_short("end", size));
  // Octets and their check leave a constant, so FCS goes on from there: every octet is summed once.
  check = crc::advance(crc::residue, octets.subspan(user_data, check_at - user_data)) ^ crc::final_xor;
  const std::uint16_t found = little_endian(octets.data() + check_at);
  if (check != found) return std::unexpected(wrong(ErrorCode::checksum_mismatch, "fcs", check_at, check, found));
  if (octets[check_at + 2] != end) {
    return std::unexpected(wrong(ErrorCode::malformed, "end", check_at + 2, end, octets[check_at + 2]));
  }
  return {};
}

}  // namespace

ByteView FrameView::user_data(std::span<std::uint8_t> buffer) const noexcept {
  const ByteView wire = wire_user_data();
  if (!is_scrambled()) return wire;
  if (buffer.size() < wire.size()) return {};
  for (std::size_t i = 0; i < wire.size(); ++i) buffer[i] = static_cast<std::uint8_t>(wire[i] - scramble_shift);
  return buffer.first(wire.size());
}

std::expected<FrameView, DecodeError> decode_at_start(ByteView octets) noexcept {
  if (octets.empty()) return std::unexpected(cut_short("start", 0));
  if (octets[0] != start) return std::unexpected(wrong(ErrorCode::malformed, "start", 0, start, octets[0]));
  if (const auto good = check_frame(octets); !good) return std::unexpected(good.error());
  FrameView frame;
  frame.start_ = octets.data();
  return frame;
}

std::expected<FrameView, DecodeError> decode(ByteView octets) noexcept {
  std::size_t preambles = 0;
  std::optional<DecodeError> first_fault;
  for (std::size_t at = 0; at < octets.size(); ++at) {
    if (octets[at] == preamble) {
      ++preambles;
    } else if (octets[at] == start) {
      auto frame = decode_at_start(octets.subspan(at));
      if (frame) {
        frame->offset_ = at;
        frame->preamble_ = preambles;
        return frame;
      }
      if (!first_fault) {
        first_fault = frame.error();
        first_fault->octet_offset += static_cast<std::uint32_t>(at);
      }
    }
  }
  if (first_fault) return std::unexpected(*first_fault);
  if (preambles == octets.size()) return std::unexpected(cut_short("start", octets.size()));
  std::size_t other = 0;
  while (octets[other] == preamble) ++other;
  return std::unexpected(wrong(ErrorCode::malformed, "start", other, start, octets[other]));
}

std::size_t encoded_size(const FrameFields& fields) noexcept {
  return fields.preamble_octets + uncounted_octets + counted_overhead_octets + fields.server_address.size() +
         fields.user_data.size();
}

std::expected<std::size_t, DecodeError> encode(const FrameFields& fields, std::span<std::uint8_t> out) noexcept {
  const std::size_t needed = encoded_size(fields);
  const std::size_t length = needed - fields.preamble_octets - uncounted_octets;
  if (length > length_max || out.size() < needed) {
    return std::unexpected(DecodeError{ErrorCode::limit_exceeded, "user_data", 0, 0, 0, clause_frame});
  }
  std::fill_n(out.begin(), fields.preamble_octets, preamble);
  std::uint8_t* const frame = out.data() + fields.preamble_octets;
  const ByteView address = fields.server_address.wire_octets();
  frame[0] = start;
  put_little_endian(frame + 1, static_cast<std::uint16_t>(length));
  frame[3] = fields.control;
  frame[4] = fields.server_address.feature();
  std::ranges::copy(address, frame + 5);
  std::uint8_t* at = frame + 5 + address.size();
  *at++ = fields.client_address;
  put_little_endian(at, check_of({frame + 1, at}));
  at += 2;
  const std::uint8_t shift = (fields.control & control_bits::scrambled) != 0 ? scramble_shift : 0;
  const std::uint8_t* const user_data = at;
  for (const std::uint8_t octet : fields.user_data) *at++ = static_cast<std::uint8_t>(octet + shift);
  put_little_endian(at, crc::advance(crc::residue, {user_data, at}) ^ crc::final_xor);
  at[2] = end;
  return needed;
}

Result<Bytes> encode(const FrameFields& fields) {
  Bytes out(encoded_size(fields));
  const auto size = encode(fields, std::span<std::uint8_t>(out));
  if (!size) return std::unexpected(to_error(size.error()));
  return out;
}

}  // namespace duheng::dlt698
