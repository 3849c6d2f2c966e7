#include <algorithm>
#include <cstdlib>

#include "codec/dlt645/message.hpp"
#include "codec/dlt645/value.hpp"

namespace {

using namespace duheng;
using namespace duheng::dlt645;

void check(bool holds) {
  if (!holds) std::abort();
}

/// Good numbers must encode to the very octets they came from, except that minus zero loses its sign.
void check_values(const FrameView& frame, ByteView plain) {
  const auto reply = parse_read_reply(frame, plain);
  if (!reply) return;
  const auto description = describe(reply->identifier);
  if (!description) return;
  ValueList values;
  const auto decoded = decode_values(*description, reply->payload, values);
  check(decoded.has_value() || decoded.error().octet_offset <= reply->payload.size());
  for (const Value& value : values) {
    check(value.offset + std::size_t{value.size_octets} <= reply->payload.size());
    static_cast<void>(to_text(value, reply->payload));
    static_cast<void>(register_name(*description, value.element, value.field));
    if (value.state != ValueState::good || value.kind == FieldKind::text || value.kind == FieldKind::raw) continue;
    if (value.kind == FieldKind::signed_bcd && value.mantissa == 0) continue;
    const FieldFormat format{value.kind, static_cast<std::uint8_t>(value.size_octets), value.exponent, value.unit,
                             value.role};
    Bytes again(value.size_octets);
    check(encode_value(format, value.mantissa, again).has_value());
    check(std::ranges::equal(again, reply->payload.subspan(value.offset, value.size_octets)));
  }
}

}  // namespace

// Whatever decodes must encode to the same octets; whatever values it holds must, too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView octets(data, size);
  const auto frame = decode(octets);
  if (!frame) {
    check(frame.error().octet_offset <= size);
    // The rest of the decoder is reached by lending broken input a frame.
    const auto lent = encode({Address{}, 0x91, octets.first(std::min<std::size_t>(size, 255)), 0});
    const auto whole = decode(lent->view());
    check(whole.has_value());
    check_values(*whole, whole->plain_data().view());
    return 0;
  }
  const PlainData plain = frame->plain_data();
  const auto again = encode({frame->address(), frame->control(), plain.view(), 0});
  check(again.has_value() && std::ranges::equal(again->view(), frame->octets()));
  const auto second = decode(again->view());
  check(second.has_value() && second->address() == frame->address() && second->control() == frame->control());
  check_values(*frame, plain.view());
  static_cast<void>(parse_write_request(plain.view()));
  static_cast<void>(parse_control_request(plain.view()));
  static_cast<void>(parse_freeze(plain.view()));
  return 0;
}
