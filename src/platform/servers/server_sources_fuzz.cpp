#include <cstdlib>

#include "platform/servers/server_sources.hpp"

// The first octet chooses the source, the rest is what it says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng::platform::servers;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 7) {
    case 0:
      if (const auto disk = parse_smart(text)) static_cast<void>(disk->failing_because());
      break;
    case 1:
      if (const auto disks = parse_smart_scan(text); disks && disks->size() > items_max) std::abort();
      break;
    case 2:
      for (const auto& array : parse_mdstat(text))
        if (array.rebuild_permille && (*array.rebuild_permille < 0 || *array.rebuild_permille > 1'009)) std::abort();
      break;
    case 3:
      if (const auto memory = parse_meminfo(text);
          memory && (memory->used_percent() < 0 || memory->used_percent() > 100))
        std::abort();
      break;
    case 4:
      static_cast<void>(parse_loadavg(text));
      break;
    case 5:
      for (const auto& sensor : parse_sensors(text))
        if (sensor.name.empty() || (sensor.is_supply_lost() && !sensor.is_supply)) std::abort();
      break;
    default:
      static_cast<void>(parse_millidegrees(text));
  }
  return 0;
}
