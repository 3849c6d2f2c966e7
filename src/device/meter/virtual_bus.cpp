#include "device/meter/virtual_bus.hpp"

namespace duheng::device {

void VirtualBus::add(std::shared_ptr<VirtualMeter> meter) {
  const auto address = meter->address();
  meters_.insert_or_assign(address, std::move(meter));
}

void VirtualBus::question(std::int64_t utc_ms, const dlt645::FrameView& frame,
                          const std::function<void(const BusAnswer&)>& on_answer) {
  const auto meant = frame.address();
  if (meant.has_unknown_digits() || meant.is_broadcast()) {
    everybody(utc_ms, frame, on_answer);
    return;
  }
  const auto found = meters_.find(meant);
  if (found == meters_.end()) return;
  if (const auto answer = found->second->answer(utc_ms, frame))
    on_answer({meant, answer->identifier, answer->frame.view(), false});
}

void VirtualBus::everybody(std::int64_t utc_ms, const dlt645::FrameView& frame,
                           const std::function<void(const BusAnswer&)>& on_answer) {
  Bytes line;
  BusAnswer result;
  std::size_t speakers = 0;
  for (const auto& [address, meter] : meters_) {
    const auto answer = meter->answer(utc_ms, frame);
    if (!answer) continue;
    const ByteView octets = answer->frame.view();
    if (++speakers == 1) {
      result.address = address;
      result.identifier = answer->identifier;
    }
    for (std::size_t i = 0; i < octets.size(); ++i) {
      if (i < line.size())
        line[i] &= octets[i];
      else
        line.push_back(octets[i]);
    }
  }
  if (speakers == 0) return;
  result.octets = line;
  result.collision = speakers > 1;
  on_answer(result);
}

void VirtualBusPort::octets(std::int64_t utc_ms, ByteView octets, const std::function<void(ByteView)>& on_question,
                            const std::function<void(const BusAnswer&)>& on_answer) {
  parser_.feed(octets, [&](const dlt645::FrameView& frame) {
    if (frame.from_slave()) return;
    on_question(frame.octets());
    bus_.question(utc_ms, frame, on_answer);
  });
}

}  // namespace duheng::device
