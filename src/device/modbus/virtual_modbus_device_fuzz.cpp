// Arbitrary octets as questions over every transport: whatever comes back must be a whole answer.
#include <cstdlib>

#include "device/modbus/behaviours.hpp"
#include "device/modbus/modbus_line.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  using modbus::Transport;
  for (const Transport transport : {Transport::rtu, Transport::ascii, Transport::tcp}) {
    device::DeviceBus bus(transport == Transport::rtu     ? device::modbus_rtu_line()
                          : transport == Transport::ascii ? device::modbus_ascii_line()
                                                          : device::modbus_tcp_line());
    for (const std::uint8_t unit : {std::uint8_t{1}, std::uint8_t{17}})
      bus.add(std::make_shared<device::VirtualModbusDevice>(
          device::ModbusDeviceOptions{"dev", unit, transport},
          unit == 1 ? device::make_heat_station_behaviour({}) : device::make_three_phase_behaviour({})));
    device::DeviceBusPort port(bus);
    port.octets(
        1'750'000'000'000, {data, size}, [](ByteView) {},
        [&](const device::BusAnswer& answer) {
          if (transport == Transport::rtu) {
            const auto frame = modbus::decode_rtu(answer.octets, modbus::Role::response);
            if (!frame || frame->size_octets() != answer.octets.size()) std::abort();
          } else if (transport == Transport::ascii) {
            const auto frame = modbus::decode_ascii(answer.octets, modbus::Role::response);
            if (!frame || frame->size_characters() != answer.octets.size()) std::abort();
          } else if (!modbus::decode_tcp(answer.octets, modbus::Role::response)) {
            std::abort();
          }
        });
  }
  return 0;
}
