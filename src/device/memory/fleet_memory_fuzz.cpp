// Arbitrary files: refused or opened, and what was opened takes a value and gives it back.
#include <cstdlib>

#include "base/simulated_disk.hpp"
#include "device/memory/fleet_memory.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  SimulatedDisk disk;
  const std::string path = "memory";
  {
    auto file = disk.open(path, OpenMode::append);
    if (!file || !(*file)->append({data, size})) std::abort();
  }
  auto memory = device::FleetMemory::open(disk, path);
  if (!memory) return 0;
  const Bytes value{1, 2, 3};
  if (!(*memory)->of("7")->store("state", value)) std::abort();
  memory->reset();
  memory = device::FleetMemory::open(disk, path);
  if (!memory || (*memory)->of("7")->load("state") != value) std::abort();
  return 0;
}
