// Arbitrary octets as what a meter kept: refused, or a meter that answers and keeps the same again.
#include <cstdlib>

#include "device/memory/ram_memory.hpp"
#include "device/meter/virtual_meter.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  constexpr std::int64_t now_ms = 1'763'712'000'000;
  const auto memory = std::make_shared<device::RamMemory>();
  if (!memory->store("dlt645", {data, size})) std::abort();
  const auto address = *dlt645::Address::parse("161");
  device::VirtualMeter meter({.address = address, .seed = 4, .three_phase = true}, memory);
  for (const std::uint32_t identifier : {0x0001FF00U, 0x00010001U, 0x05060101U, 0x05000001U, 0x04000102U, 0x040005FFU,
                                         0x0203FF00U, 0x03300001U, 0x03010101U, 0x04000103U}) {
    const auto question = dlt645::read_request(address, {identifier});
    const auto answer = meter.answer(now_ms, *dlt645::decode(question.view()));
    if (answer && !dlt645::decode_at_start(answer->frame.view())) std::abort();
  }
  const auto kept = device::encode_meter_state(meter.state());
  device::VirtualMeter fresh({.address = address, .seed = 4, .three_phase = true});
  device::MeterState state = fresh.state();
  if (!device::decode_meter_state(kept, state) || device::encode_meter_state(state) != kept) std::abort();
  return 0;
}
