#include "platform/analyser/protocol.hpp"

#include <algorithm>
#include <array>

namespace duheng::platform::analyser {

std::span<const Protocol> protocols() noexcept {
  static const std::array rows{dlt698_protocol(),       dlt645_protocol(),     cjt188_protocol(),
                               modbus_ascii_protocol(), modbus_rtu_protocol(), modbus_tcp_protocol()};
  return rows;
}

const Protocol* find_protocol(std::string_view name) noexcept {
  const auto found = std::ranges::find(protocols(), name, &Protocol::name);
  return found == protocols().end() ? nullptr : &*found;
}

}  // namespace duheng::platform::analyser
