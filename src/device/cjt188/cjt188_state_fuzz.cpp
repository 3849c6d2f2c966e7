// Arbitrary octets as a meter's memory: they are refused, or are the state that they say, and a meter runs on them.
#include <cstdlib>

#include "device/cjt188/virtual_cjt188_meter.hpp"
#include "device/memory/ram_memory.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  const ByteView octets{data, size};
  const auto state = device::Cjt188State::decode(octets);
  if (state && device::Cjt188State::decode(state->encode()).value() != *state) std::abort();
  const auto memory = std::make_shared<device::RamMemory>();
  static_cast<void>(memory->store("cjt188", octets));
  device::VirtualCjt188Meter meter({.address = *cjt188::Address::parse("20260000000001"),
                                    .meter_type = cjt188::meter_types::gas,
                                    .has_valve = true,
                                    .memory = memory});
  constexpr std::int64_t now = 1'768'620'600'000;
  using Kind = device::DeviceHappening::Kind;
  meter.happen(now, {Kind::power, 0});
  meter.happen(now + 1'000, {Kind::power, 1});
  cjt188::Peer peer{cjt188::meter_types::gas, *cjt188::Address::parse("20260000000001")};
  peer.preamble_octets = 0;
  const auto said = meter.answer(now + 2'000, cjt188::read_request(peer, cjt188::identifiers::metering)->view());
  if (!said || meter.valve_is_open()) std::abort();
  return 0;
}
