#include <algorithm>
#include <cstdlib>

#include "codec/modbus/scanner.hpp"

// Whatever decodes must encode to the same octets; whatever does not must name a place inside.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  using namespace duheng::modbus;
  const ByteView octets(data, size);
  for (const auto role : {Role::request, Role::response}) {
    const auto frame = decode_any(octets, Transport::tcp, role);
    if (!frame) {
      if (frame.error().octet_offset > size || frame.error().field == Field::none) std::abort();
      continue;
    }
    const auto again = encode_frame(Transport::tcp, frame->transaction_id(), frame->unit_id(), frame->pdu().octets());
    if (!again || !std::ranges::equal(again->view(), octets.first(frame->size_octets()))) std::abort();
  }
  return 0;
}
