#include "device/bus/device_bus.hpp"

#include <algorithm>
#include <vector>

namespace duheng::device {

void write_command(ByteWriter& out, const DeviceCommand& command) {
  out.varint(command.number);
  out.u16(command.function);
  out.u32(command.identifier);
  out.raw(command.request_hash);
  out.zigzag(command.utc_ms);
}

DeviceCommand read_command(ByteReader& in) {
  DeviceCommand out;
  out.number = in.varint();
  out.function = in.u16();
  out.identifier = in.u32();
  const ByteView hash = in.raw(out.request_hash.size());
  std::ranges::copy(hash, out.request_hash.begin());
  out.utc_ms = in.zigzag();
  return out;
}

void DeviceBus::add(std::shared_ptr<VirtualDevice> device) {
  const auto key = device->bus_key();
  devices_.insert_or_assign(key, std::move(device));
}

bool DeviceBus::hears(const VirtualDevice& device) const {
  const std::uint32_t own = device.line_speed();
  const auto parity = device.line_parity();
  return (baud_ == 0 || own == 0 || own == baud_) && (!parity_ || !parity || *parity == *parity_);
}

void DeviceBus::question(std::int64_t utc_ms, ByteView frame, const OnAnswer& on_answer) {
  const auto meant = protocol_.addressee(frame);
  if (!meant) {
    everybody(utc_ms, frame, on_answer);
    return;
  }
  const auto found = devices_.find(*meant);
  if (found == devices_.end() || !hears(*found->second)) return;
  const auto device = found->second;
  const auto answer = device->answer(utc_ms, frame);
  if (device->bus_key() != *meant) renumber();
  if (answer) on_answer({{device->uid()}, {answer->identifier}, answer->octets, false});
}

void DeviceBus::reports(std::int64_t utc_ms, const OnAnswer& on_report) {
  for (const auto& [key, device] : devices_)
    if (const auto told = hears(*device) ? device->report(utc_ms) : std::nullopt)
      on_report({{device->uid()}, {told->identifier}, told->octets, false});
}

void DeviceBus::everybody(std::int64_t utc_ms, ByteView frame, const OnAnswer& on_answer) {
  Bytes line;
  BusAnswer result;
  std::size_t speakers = 0;
  for (const auto& [key, device] : devices_) {
    const auto answer = hears(*device) ? device->answer(utc_ms, frame) : std::nullopt;
    if (!answer) continue;
    if (++speakers == 1) {
      result.address = {device->uid()};
      result.identifier = {answer->identifier};
    }
    for (std::size_t i = 0; i < answer->octets.size(); ++i) {
      if (i < line.size())
        line[i] &= answer->octets[i];
      else
        line.push_back(answer->octets[i]);
    }
  }
  renumber();
  if (speakers == 0) return;
  result.octets = line;
  result.collision = speakers > 1;
  on_answer(result);
}

/// A question may have given devices new addresses.
void DeviceBus::renumber() {
  std::vector<std::shared_ptr<VirtualDevice>> moved;
  for (const auto& [key, device] : devices_)
    if (device->bus_key() != key) moved.push_back(device);
  for (const auto& device : moved) std::erase_if(devices_, [&](const auto& entry) { return entry.second == device; });
  for (auto& device : moved) add(std::move(device));
}

void DeviceBusPort::octets(std::int64_t utc_ms, ByteView octets, const std::function<void(ByteView)>& on_question,
                           const DeviceBus::OnAnswer& on_answer) {
  const auto take = [&](ByteView frame) {
    on_question(frame);
    bus_.question(utc_ms, frame, on_answer);
  };
  // A clock that was set back tells nothing about the silence; giving up too much is what a real device does, too.
  if (utc_ms < heard_utc_ms_ || utc_ms - heard_utc_ms_ > bus_.protocol().octet_gap_ms()) cutter_->flush(take);
  heard_utc_ms_ = utc_ms;
  cutter_->feed(octets, take);
}

}  // namespace duheng::device
