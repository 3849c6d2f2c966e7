#include "codec/gdw13762/frame.hpp"

#include <algorithm>
#include <bit>

namespace duheng::gdw13762 {

namespace {

using namespace frame_layout;

constexpr std::size_t length_end = 3;
constexpr std::uint8_t for_node_bit = 0x04;
constexpr unsigned functions_of_a_group = 8;
constexpr unsigned function_group_max = 31;  // F248 to F255 are the last

std::unexpected<DecodeError> cut_short(std::string_view field, std::size_t offset) noexcept {
  return std::unexpected(DecodeError{ErrorCode::truncated, field, 0, 0, static_cast<std::uint32_t>(offset)});
}
std::unexpected<DecodeError> wrong(ErrorCode code, std::string_view field, std::size_t offset, unsigned expected,
                                   unsigned found) noexcept {
  return std::unexpected(DecodeError{code, field, static_cast<std::uint16_t>(expected),
                                     static_cast<std::uint16_t>(found), static_cast<std::uint32_t>(offset)});
}

std::size_t length_of(ByteView octets) noexcept {
  return static_cast<std::size_t>(octets[1]) | static_cast<std::size_t>(octets[2]) << 8;
}
std::uint8_t sum_of(ByteView octets) noexcept {
  unsigned sum = 0;
  for (const std::uint8_t octet : octets) sum += octet;
  return static_cast<std::uint8_t>(sum);
}

/// By C and R, which stand in `octets`: octets of the address field.
std::size_t address_size(ByteView octets) noexcept {
  if ((octets[information_offset] & for_node_bit) == 0) return 0;
  const bool from_module = (octets[control_offset] & control_bits::from_module) != 0;
  const std::size_t relays = from_module ? 0 : octets[information_offset] >> 4;
  return (2 + relays) * address_octets;
}

std::string_view field_cut(std::size_t size, std::size_t service_at) noexcept {
  if (size < control_offset + 1) return "control";
  if (size < address_offset) return "information";
  if (size < service_at) return "address";
  if (size < service_at + service_octets) return "data_unit";
  return "data";
}

bool is_function(std::uint8_t bits, std::uint8_t group) noexcept {
  return std::has_single_bit(bits) && group <= function_group_max &&
         !(group == function_group_max && bits == 0x80);  // F256 does not fit an octet
}

std::expected<void, DecodeError> check_frame(ByteView octets) noexcept {
  if (octets.empty()) return cut_short("start", 0);
  if (octets[0] != start) return wrong(ErrorCode::malformed, "start", 0, start, octets[0]);
  if (octets.size() < length_end) return cut_short("length", octets.size());
  const std::size_t length = length_of(octets);
  if (length < frame_octets_min || length > frame_octets_max)
    return wrong(ErrorCode::malformed, "length", 1, 0, static_cast<unsigned>(length));
  const std::size_t here = std::min(octets.size(), length);
  if (here <= information_offset) return cut_short(field_cut(here, address_offset), here);
  const std::size_t service_at = address_offset + address_size(octets);
  if (length < service_at + service_octets + tail_octets)
    return wrong(ErrorCode::malformed, "length", 1, 0, static_cast<unsigned>(length));
  if (here >= service_at + service_octets && !is_function(octets[service_at + 1], octets[service_at + 2]))
    return wrong(ErrorCode::malformed, "data_unit", service_at + 1, 0, octets[service_at + 1]);
  const std::size_t sum_at = length - tail_octets;
  if (here < sum_at) return cut_short(field_cut(here, service_at), here);
  if (here == sum_at) return cut_short("checksum", here);
  const std::uint8_t sum = sum_of(octets.subspan(control_offset, sum_at - control_offset));
  if (sum != octets[sum_at]) return wrong(ErrorCode::checksum_mismatch, "checksum", sum_at, sum, octets[sum_at]);
  if (here < length) return cut_short("end", here);
  if (octets[sum_at + 1] != end) return wrong(ErrorCode::malformed, "end", sum_at + 1, end, octets[sum_at + 1]);
  return {};
}

}  // namespace

NodeAddress NodeAddress::from_wire(ByteView octets) noexcept {
  NodeAddress out;
  std::copy_n(octets.begin(), std::min(octets.size(), size_octets), out.wire_.begin());
  return out;
}

std::optional<NodeAddress> NodeAddress::parse(std::string_view digits) noexcept {
  if (digits.empty() || digits.size() > 2 * size_octets) return std::nullopt;
  NodeAddress out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const char digit = digits[digits.size() - 1 - i];
    if (digit < '0' || digit > '9') return std::nullopt;
    out.wire_[i / 2] |= static_cast<std::uint8_t>((digit - '0') << (i % 2 == 0 ? 0 : 4));
  }
  return out;
}

std::string NodeAddress::to_string() const {
  const Bytes reading_order(wire_.rbegin(), wire_.rend());
  return to_hex(reading_order);
}

Information FrameView::information() const noexcept {
  Information out;
  std::copy_n(start_ + information_offset, information_octets, out.octets.begin());
  return out;
}
bool FrameView::has_addresses() const noexcept { return (start_[information_offset] & for_node_bit) != 0; }
std::size_t FrameView::relay_count() const noexcept {
  return has_addresses() && !from_module() ? start_[information_offset] >> 4 : 0;
}
NodeAddress FrameView::source() const noexcept {
  if (!has_addresses()) return {};
  return NodeAddress::from_wire({start_ + address_offset, address_octets});
}
NodeAddress FrameView::destination() const noexcept {
  if (!has_addresses()) return {};
  return NodeAddress::from_wire({start_ + service_offset() - address_octets, address_octets});
}
std::size_t FrameView::service_offset() const noexcept {
  return address_offset + (has_addresses() ? (2 + relay_count()) * address_octets : 0);
}
Service FrameView::service() const noexcept {
  const std::uint8_t* at = start_ + service_offset();
  return {at[0],
          static_cast<std::uint8_t>(at[2] * functions_of_a_group + static_cast<unsigned>(std::countr_zero(at[1])) + 1)};
}
ByteView FrameView::data() const noexcept {
  return {start_ + data_offset(), size_octets() - tail_octets - data_offset()};
}

std::expected<FrameView, DecodeError> decode_at_start(ByteView octets) noexcept {
  if (const auto checked = check_frame(octets); !checked) return std::unexpected(checked.error());
  FrameView frame;
  frame.start_ = octets.data();
  return frame;
}

std::expected<FrameView, DecodeError> decode(ByteView octets) noexcept {
  std::optional<DecodeError> first;
  for (std::size_t at = 0; at < octets.size(); ++at) {
    if (octets[at] != start) continue;
    auto frame = decode_at_start(octets.subspan(at));
    if (frame) {
      frame->offset_ = at;
      return frame;
    }
    if (first) continue;
    first = frame.error();
    first->octet_offset += static_cast<std::uint32_t>(at);
  }
  if (first) return std::unexpected(*first);
  if (octets.empty()) return cut_short("start", 0);
  return wrong(ErrorCode::malformed, "start", 0, start, octets[0]);
}

Result<Bytes> encode(const FrameFields& fields) {
  Bytes out{start, 0, 0};
  out.push_back(static_cast<std::uint8_t>((fields.from_module ? control_bits::from_module : 0U) |
                                          (fields.is_started ? control_bits::started : 0U) |
                                          (fields.communication_kind & control_bits::communication_kind)));
  Information information = fields.information;
  const std::size_t relays = fields.addresses && !fields.from_module ? fields.addresses->relays.size() : 0;
  if (relays > relays_max) return fail(ErrorCode::limit_exceeded, "a frame goes over at most fifteen relays");
  information.octets[0] &= static_cast<std::uint8_t>(~for_node_bit);
  if (fields.addresses) information.octets[0] |= for_node_bit;
  if (fields.addresses && !fields.from_module)
    information.octets[0] = static_cast<std::uint8_t>((information.octets[0] & 0x0FU) | relays << 4);
  out.insert(out.end(), information.octets.begin(), information.octets.end());
  const auto put = [&](const NodeAddress& address) {
    out.insert(out.end(), address.wire().begin(), address.wire().end());
  };
  if (fields.addresses) {
    put(fields.addresses->source);
    for (std::size_t i = 0; i < relays; ++i) put(fields.addresses->relays[i]);
    put(fields.addresses->destination);
  }
  const unsigned function = std::max<unsigned>(fields.service.function, 1) - 1;
  out.push_back(fields.service.code);
  out.push_back(static_cast<std::uint8_t>(1U << function % functions_of_a_group));
  out.push_back(static_cast<std::uint8_t>(function / functions_of_a_group));
  out.insert(out.end(), fields.data.begin(), fields.data.end());
  const std::size_t length = out.size() + tail_octets;
  if (length > frame_octets_max) return fail(ErrorCode::limit_exceeded, "the frame is longer than 2,048 octets");
  out[1] = static_cast<std::uint8_t>(length);
  out[2] = static_cast<std::uint8_t>(length >> 8);
  out.push_back(sum_of(ByteView(out).subspan(control_offset)));
  out.push_back(end);
  return out;
}

void mend_checksum(std::span<std::uint8_t> frame) noexcept {
  if (frame.size() < frame_octets_min) return;
  const std::size_t sum_at = frame.size() - tail_octets;
  frame[sum_at] = sum_of(ByteView(frame.data(), frame.size()).subspan(control_offset, sum_at - control_offset));
}

}  // namespace duheng::gdw13762
