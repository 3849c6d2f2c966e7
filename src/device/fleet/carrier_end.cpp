#include "device/fleet/carrier_end.hpp"

#include <algorithm>

namespace duheng::device {

CarrierEnd::CarrierEnd(Surroundings around, DeviceBus& bus, const CarrierModuleOptions& options,
                       std::function<void(ByteView)> send)
    : around_(std::move(around)),
      module_(bus, options,
              {[this](const gdw13762::NodeAddress& node, ByteView question) { trail_of(node).question(question); },
               [this](const gdw13762::NodeAddress& node, const BusAnswer& said, bool spoiled) {
                 return around_.note_outcome(trail_of(node).answer(said.address.to_string(), said.identifier.value,
                                                                   said.octets, around_.clock.utc_ms(), spoiled));
               },
               [this](const gdw13762::NodeAddress&, const BusAnswer& told) {
                 return around_.note_outcome(around_.enter(told));
               },
               [this] {
                 for (auto& [node, trail] : trails_) trail.cut();
               },
               std::move(send)}),
      due_(around_.loop, [this] { work(); }) {}

void CarrierEnd::octets(ByteView said) {
  module_.octets(around_.clock.monotonic_ms(), around_.clock.utc_ms(), said);
  work();
}

void CarrierEnd::work() {
  module_.advance(around_.clock.monotonic_ms(), around_.clock.utc_ms());
  if (const std::int64_t due_ms = module_.due_ms(); due_ms != INT64_MAX)
    due_.start_ms(std::max<std::int64_t>(due_ms - around_.clock.monotonic_ms(), 0));
}

}  // namespace duheng::device
