// Arbitrary octets as questions: whatever comes back must be a whole answer of a meter on the bus.
#include <cstdlib>

#include "device/cjt188/cjt188_line.hpp"
#include "device/cjt188/virtual_cjt188_meter.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  device::DeviceBus bus(device::cjt188_line());
  const auto add = [&](const char* address, std::uint8_t type, const char* profile, bool valve) {
    bus.add(std::make_shared<device::VirtualCjt188Meter>(
        device::Cjt188MeterOptions{.address = *cjt188::Address::parse(address),
                                   .meter_type = type,
                                   .profile = cjt188::find_profile(profile),
                                   .seed = 3,
                                   .has_valve = valve}));
  };
  add("78330011223344", cjt188::meter_types::cold_water, "standard_2004", false);
  add("1", cjt188::meter_types::gas, "any_maker", true);
  add("2", cjt188::meter_types::heat_and_cooling, "standard_2018", false);
  device::DeviceBusPort port(bus);
  port.octets(
      1'750'000'000'000, {data, size}, [](ByteView) {},
      [](const device::BusAnswer& answer) {
        if (answer.collision) return;
        const auto frame = cjt188::decode_at_start(answer.octets);
        if (!frame || !frame->from_slave() || frame->size_octets() != answer.octets.size() ||
            frame->address().to_string() != answer.address.text)
          std::abort();
      });
  return 0;
}
