#include "drivers/models/device_model.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(duheng::drivers::parse_device_model(duheng::as_text({data, size}), "fuzz.yaml"));
  return 0;
}
