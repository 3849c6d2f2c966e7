#include "model/reading.hpp"

#include <array>
#include <utility>

namespace duheng {

std::string to_string(Quality quality) {
  static constexpr std::array<std::pair<Quality, std::string_view>, 9> names{{
      {Quality::out_of_range, "out_of_range"},
      {Quality::rate_exceeded, "rate_exceeded"},
      {Quality::decreased, "decreased"},
      {Quality::clock_suspect, "clock_suspect"},
      {Quality::invalid_content, "invalid_content"},
      {Quality::no_value, "no_value"},
      {Quality::corrected, "corrected"},
      {Quality::estimated, "estimated"},
      {Quality::time_implausible, "time_implausible"},
  }};
  std::string text;
  for (const auto& [flag, name] : names) {
    if (!has(quality, flag)) continue;
    if (!text.empty()) text += ',';
    text += name;
  }
  return text.empty() ? "good" : text;
}

std::string_view to_string(SeriesKind kind) noexcept {
  switch (kind) {
    case SeriesKind::decimal:
      return "decimal";
    case SeriesKind::ieee_bits:
      return "ieee_bits";
    case SeriesKind::bit_set:
      return "bit_set";
    case SeriesKind::event:
      return "event";
  }
  return "unknown";
}

std::string_view to_string(TimeSource source) noexcept {
  switch (source) {
    case TimeSource::meter:
      return "meter";
    case TimeSource::gateway:
      return "gateway";
    case TimeSource::platform:
      return "platform";
  }
  return "unknown";
}

std::string_view to_string(Protocol protocol) noexcept {
  switch (protocol) {
    case Protocol::unknown:
      return "unknown";
    case Protocol::dlt645_2007:
      return "dlt645-2007";
    case Protocol::dlt645_1997:
      return "dlt645-1997";
    case Protocol::cjt188:
      return "cjt188";
    case Protocol::dlt698_45:
      return "dlt698-45";
    case Protocol::modbus_rtu:
      return "modbus-rtu";
    case Protocol::modbus_tcp:
      return "modbus-tcp";
    case Protocol::modbus_ascii:
      return "modbus-ascii";
    case Protocol::snmp:
      return "snmp";
    case Protocol::icmp_echo:
      return "icmp-echo";
  }
  return "unknown";
}

}  // namespace duheng
