#include "drivers/registry/registry.hpp"

#include <algorithm>
#include <array>

#include "drivers/cjt188/driver.hpp"
#include "drivers/dlt645/driver.hpp"
#include "drivers/dlt698/driver.hpp"
#include "drivers/icmp/driver.hpp"
#include "drivers/modbus/driver.hpp"
#include "drivers/snmp/driver.hpp"

namespace duheng::drivers {

std::span<const Driver* const> all_drivers() {
  static const std::array<const Driver*, 8> drivers{&cjt188_driver(),     &dlt645_driver(),       &dlt698_driver(),
                                                    &icmp_driver(),       &modbus_ascii_driver(), &modbus_rtu_driver(),
                                                    &modbus_tcp_driver(), &snmp_driver()};
  return drivers;
}

const Driver* find_driver(std::string_view name) {
  const auto drivers = all_drivers();
  const auto found = std::ranges::find(drivers, name, &Driver::name);
  return found == drivers.end() ? nullptr : *found;
}

}  // namespace duheng::drivers
