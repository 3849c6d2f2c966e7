// Arbitrary octets as questions: whatever comes back must be a whole answer of a meter on the bus.
#include <cstdlib>

#include "device/meter/virtual_bus.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  device::VirtualBus bus;
  bus.add(std::make_shared<device::VirtualMeter>(
      device::VirtualMeterOptions{.address = *dlt645::Address::parse("161"), .seed = 3}));
  bus.add(std::make_shared<device::VirtualMeter>(device::VirtualMeterOptions{
      .address = *dlt645::Address::parse("201000000012"), .seed = 4, .three_phase = true, .exports = true}));
  device::VirtualBusPort port(bus);
  port.octets(
      1'750'000'000'000, {data, size}, [](ByteView) {},
      [](const device::BusAnswer& answer) {
        const auto frame = dlt645::decode_at_start(answer.octets);
        if (answer.collision) return;
        if (!frame || !frame->from_slave() || frame->size_octets() != answer.octets.size() ||
            frame->address().to_string() != answer.address.text)
          std::abort();
      });
  return 0;
}
