// Whatever bytes a peer sends as a control message: parsed or refused, and what was parsed comes back the same way.
// The first octet chooses the direction.
#include <cstdlib>

#include "rpc/control_wire.hpp"

namespace {

using namespace duheng::rpc;

template <class Message>
void try_one(const std::uint8_t* data, std::size_t size) {
  Message message;
  if (!message.ParseFromArray(data, static_cast<int>(size))) return;
  const auto first = from_wire(message);
  if (!first) return;
  Message again;
  to_wire(*first, again);
  const auto second = from_wire(again);
  if (!second || second->index() != first->index()) std::abort();
  Message third;
  to_wire(*second, third);
  if (third.SerializeAsString() != again.SerializeAsString()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > (1U << 20)) return 0;
  if (data[0] % 2 == 0) {
    try_one<control_wire::GatewayMessage>(data + 1, size - 1);
  } else {
    try_one<control_wire::PlatformMessage>(data + 1, size - 1);
  }
  return 0;
}
