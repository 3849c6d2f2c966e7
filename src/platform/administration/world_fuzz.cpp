#include <cstdlib>

#include "platform/administration/world.hpp"

// Any text as a CSV import: an error with a line, or whole devices.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng::platform;
  World world;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto result = add_devices_csv(text, "fuzz.csv", world);
  if (!result && result.error().message.empty()) abort();
  for (const World::Device& device : world.devices) {
    if (device.interval_s < 1) abort();
  }
  return 0;
}
