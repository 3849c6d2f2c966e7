#include "codec/cjt188/frame.hpp"

#include <bit>
#include <cstring>

namespace duheng::cjt188 {

namespace {

using namespace frame_layout;

static_assert(std::endian::native == std::endian::little, "words are summed as little-endian octets");

constexpr std::string_view clause_frame = "CJ/T 188-2018, frame format";
constexpr std::uint64_t even_octets = 0x00FF00FF00FF00FF;

std::uint64_t load_word(const std::uint8_t* from) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof word);
  return word;
}

std::uint64_t folded(std::uint64_t word) noexcept { return (word & even_octets) + ((word >> 8) & even_octets); }

/// Sum modulo 256 of at least 8 octets: words first, then the last word shifted so that nothing counts twice.
std::uint8_t sum_of_eight_or_more(const std::uint8_t* octets, std::size_t count) noexcept {
  std::uint64_t lanes = 0;
  std::size_t at = 0;
  for (; at + 8 <= count; at += 8) lanes += folded(load_word(octets + at));
  // Shifting in two steps keeps the case of no remainder (64 places) defined.
  const unsigned places = static_cast<unsigned>(8 - (count - at)) * 8;
  lanes += folded(load_word(octets + count - 8) >> (places / 2) >> (places - places / 2));
  return static_cast<std::uint8_t>((lanes * 0x0001000100010001ULL) >> 48);
}

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
  if (size <= type_offset) return size == 0 ? Field::start : Field::meter_type;
  if (size < control_offset) return Field::address;
  if (size == control_offset) return Field::control;
  if (size == length_offset) return Field::length;
  const std::size_t summed = data_offset + octets[length_offset];
  if (size < summed) return Field::data;
  return size == summed ? Field::checksum : Field::end;
}

bool is_whole(const std::uint8_t* octets, std::size_t size) noexcept {
  if (size < overhead_octets) return false;
  const std::size_t summed = data_offset + octets[length_offset];
  if (size < summed + 2) return false;
  return octets[summed + 1] == end && sum_of_eight_or_more(octets, summed) == octets[summed];
}

/// What is wrong with a frame that begins with 68H and for which is_whole() said no.
DecodeError fault_of(ByteView octets) noexcept {
  if (octets.size() < overhead_octets || octets.size() < overhead_octets + octets[length_offset]) {
    return cut_short(missing_field(octets), octets.size());
  }
  const std::size_t summed = data_offset + octets[length_offset];
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

std::expected<FrameView, DecodeError> decode_at_start(ByteView octets) noexcept {
  if (octets.empty()) return std::unexpected(cut_short(Field::start, 0));
  if (octets[0] != start) return std::unexpected(wrong_octet(Field::start, 0, start, octets[0]));
  if (!is_whole(octets.data(), octets.size())) return std::unexpected(fault_of(octets));
  FrameView frame;
  frame.start_ = octets.data();
  return frame;
}

std::expected<FrameView, DecodeError> decode(ByteView octets) noexcept {
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
  frame[type_offset] = fields.meter_type;
  std::memcpy(frame + address_offset, fields.address.wire().data(), Address::size_octets);
  frame[control_offset] = fields.control;
  frame[length_offset] = static_cast<std::uint8_t>(fields.data.size());
  if (!fields.data.empty()) std::memcpy(frame + data_offset, fields.data.data(), fields.data.size());
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

}  // namespace duheng::cjt188
