#include "codec/recogniser/recogniser.hpp"

// However the octets are cut into pieces, the findings after flush() are the same, and they add up.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  const ByteView octets(data, size);
  const auto whole = codec::recognise(octets);
  codec::Recogniser pieces;
  const std::size_t step = size == 0 ? 1 : 1 + data[0] % 97;
  for (std::size_t at = 0; at < size; at += step) pieces.feed(octets.subspan(at, std::min(step, size - at)));
  pieces.flush();
  const auto parts = pieces.recognition();
  for (std::size_t i = 0; i < codec::protocol_count; ++i) {
    const auto& found = whole.evidence[i];
    const auto& again = parts.evidence[i];
    const auto which = static_cast<codec::Protocol>(i);
    // The two sides' parsers take turns piece by piece, which decides who extends the row of Modbus.
    if (which != codec::Protocol::modbus_tcp && which != codec::Protocol::modbus_rtu &&
        (found.frames != again.frames || found.first_offset != again.first_offset)) {
      __builtin_trap();
    }
    if (found.frames > 0 && found.first_offset >= size) __builtin_trap();
  }
  return whole.octets == size ? 0 : (__builtin_trap(), 0);
}
