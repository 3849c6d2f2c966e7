#include "codec/dlt645/frame.hpp"

#include <cstring>

namespace duheng::dlt645 {

namespace {

using namespace frame_layout;
using frame_check::is_whole;
using frame_check::sum_of_eight_or_more;

constexpr std::string_view clause_frame = "DL/T 645-2007, 5.2";
DecodeError wrong_octet(Field field, std::size_t offset, std::uint8_t expected, std::uint8_t found) noexcept {
  const auto code = field == Field::checksum ? ErrorCode::checksum_mismatch : ErrorCode::malformed;
  return {code, field, expected, found, static_cast<std::uint32_t>(offset), clause_frame};
}

DecodeError cut_short(Field field, std::size_t offset) noexcept {
  return {ErrorCode::truncated, field, 0, 0, static_cast<std::uint32_t>(offset), clause_frame};
}

/// Which field the first missing octet would have belonged to.
Field missing_field(ByteView octets) noexcept {
  const std::size_t size = octets.size();
  if (size == 0) return Field::start;
  if (size < 7) return Field::address;
  if (size == 7) return Field::second_start;
  if (size == 8) return Field::control;
  if (size == 9) return Field::length;
  const std::size_t length = octets[9];
  if (size < data_offset + length) return Field::data;
  return size == data_offset + length ? Field::checksum : Field::end;
}

/// What is wrong with a frame that begins with 68H and for which is_whole() said no.
DecodeError fault_of(ByteView octets) noexcept {
  if (octets.size() > 7 && octets[7] != start) return wrong_octet(Field::second_start, 7, start, octets[7]);
  if (octets.size() < overhead_octets || octets.size() < overhead_octets + octets[9]) {
    return cut_short(missing_field(octets), octets.size());
  }
  const std::size_t summed = data_offset + octets[9];
  const std::uint8_t sum = sum_of_eight_or_more(octets.data(), summed);
  if (sum != octets[summed]) return wrong_octet(Field::checksum, summed, sum, octets[summed]);
  return wrong_octet(Field::end, summed + 1, end, octets[summed + 1]);
}

}  // namespace

std::uint8_t checksum_of(ByteView octets) noexcept {
  if (octets.size() >= 8) return sum_of_eight_or_more(octets.data(), octets.size());
  unsigned sum = 0;
  for (const std::uint8_t octet : octets) sum += octet;
  return static_cast<std::uint8_t>(sum);
}

DecodeError fault_at_start(ByteView octets) noexcept {
  if (octets.empty()) return cut_short(Field::start, 0);
  if (octets[0] != start) return wrong_octet(Field::start, 0, start, octets[0]);
  return fault_of(octets);
}

std::expected<FrameView, DecodeError> search_frame(ByteView octets) noexcept {
  const std::uint8_t* const all = octets.data();
  const std::size_t size = octets.size();
  std::size_t preambles = 0;
  std::size_t first_candidate = size;
  for (std::size_t at = 0; at < size; ++at) {
    if (all[at] == preamble) {
      ++preambles;
    } else if (all[at] == start) {
      if (is_whole(all + at, size - at)) {
        FrameView frame;
        frame.start_ = all + at;
        frame.offset_ = at;
        frame.preamble_ = preambles;
        return frame;
      }
      if (first_candidate == size) first_candidate = at;
    }
  }
  if (first_candidate == size) {
    if (preambles == size) return std::unexpected(cut_short(Field::start, size));
    std::size_t other = 0;
    while (all[other] == preamble) ++other;
    return std::unexpected(wrong_octet(Field::start, other, start, all[other]));
  }
  DecodeError fault = fault_of(octets.subspan(first_candidate));
  fault.octet_offset += static_cast<std::uint32_t>(first_candidate);
  return std::unexpected(fault);
}

std::expected<std::size_t, DecodeError> encode(const FrameFields& fields, std::span<std::uint8_t> out) noexcept {
  const std::size_t needed = fields.preamble_octets + overhead_octets + fields.data.size();
  if (fields.data.size() > data_octets_max || out.size() < needed) {
    return std::unexpected(DecodeError{ErrorCode::limit_exceeded, Field::data, 0, 0, 0, clause_frame});
  }
  std::uint8_t* const frame = out.data() + fields.preamble_octets;
  for (std::uint8_t* at = out.data(); at < frame; ++at) *at = preamble;
  frame[0] = start;
  std::memcpy(frame + 1, fields.address.wire().data(), Address::size_octets);
  frame[7] = start;
  frame[8] = fields.control;
  frame[9] = static_cast<std::uint8_t>(fields.data.size());
  for (std::size_t i = 0; i < fields.data.size(); ++i) {
    frame[data_offset + i] = static_cast<std::uint8_t>(fields.data[i] + data_shift);
  }
  const std::size_t summed = data_offset + fields.data.size();
  frame[summed] = sum_of_eight_or_more(frame, summed);
  frame[summed + 1] = end;
  return needed;
}

std::expected<FrameBuffer, DecodeError> encode(const FrameFields& fields) noexcept {
  FrameBuffer out;
  const auto size = encode(fields, std::span(out.buffer_));
  if (!size) return std::unexpected(size.error());
  out.size_ = *size;
  return out;
}

}  // namespace duheng::dlt645
