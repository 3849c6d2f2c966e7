// Whatever bytes a peer sends as a session message: parsed or refused, and what was parsed survives the way back.
#include <cstdlib>

#include "rpc/uplink_messages.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng::rpc;
  auto message = std::make_shared<wire::SessionRequest>();
  if (size > (1U << 20) || !message->ParseFromArray(data, static_cast<int>(size))) return 0;
  const auto request = from_wire(message);
  if (!request) return 0;
  auto again = std::make_shared<wire::SessionRequest>();
  to_wire(*request, *again);
  const auto reread = from_wire(again);
  if (!reread || reread->index() != request->index()) std::abort();
  if (const auto* batch = std::get_if<duheng::uplink::Batch>(&*request)) {
    const auto& other = std::get<duheng::uplink::Batch>(*reread);
    if (batch->sequence != other.sequence || batch->body.size() != other.body.size()) std::abort();
  }
  return 0;
}
