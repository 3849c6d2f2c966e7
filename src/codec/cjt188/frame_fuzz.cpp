#include <algorithm>
#include <cstdlib>

#include "codec/cjt188/message.hpp"
#include "codec/cjt188/value.hpp"

namespace {

using namespace duheng;
using namespace duheng::cjt188;

void check(bool holds) {
  if (!holds) std::abort();
}

/// Values that are all good must encode to the very octets they came from.
void check_values(const FrameView& frame) {
  static_cast<void>(parse_error_reply(frame));
  for (const Profile& profile : known_profiles()) {
    const auto message = parse_message(frame, profile.identifier_order);
    if (!message) {
      check(message.error().octet_offset <= frame.length());
      return;
    }
    const auto layout = find_layout(*message);
    if (!layout) {
      check(layout.error().octet_offset <= frame.length());
      continue;
    }
    ValueList values;
    const auto decoded = decode_values(**layout, message->payload, profile, values);
    check(decoded.has_value() || decoded.error().octet_offset < message->payload.size());
    bool good = true;
    for (const Value& value : values) {
      check(value.offset + std::size_t{value.size_octets} <= message->payload.size());
      static_cast<void>(to_text(value, message->payload));
      static_cast<void>(unit_text(value));
      // Octets of 00H and FFH both say "no clock".
      good = good && (value.state == ValueState::good || value.state == ValueState::unscaled);
    }
    if (!good) continue;
    Bytes again((*layout)->octets);
    check(encode_values(**layout, {values.begin(), values.end()}, message->payload, again).has_value());
    check(std::ranges::equal(again, message->payload));
  }
}

}  // namespace

// Whatever decodes must encode to the same octets; whatever values it holds must, too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView octets(data, size);
  const auto frame = decode(octets);
  if (!frame) {
    check(frame.error().octet_offset <= size && frame.error().field != Field::none);
    if (size < 2) return 0;
    // The rest of the decoder is reached by lending broken input a frame.
    const FrameFields fields{data[0], Address{}, data[1], octets.subspan(2, std::min<std::size_t>(size - 2, 255)), 0};
    const auto lent = encode(fields);
    const auto whole = decode_at_start(lent->view());
    check(whole.has_value());
    check_values(*whole);
    return 0;
  }
  const auto again = encode({frame->meter_type(), frame->address(), frame->control(), frame->data(), 0});
  check(again.has_value() && std::ranges::equal(again->view(), frame->octets()));
  check_values(*frame);
  return 0;
}
