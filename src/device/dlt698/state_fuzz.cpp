// Arbitrary octets as a meter's memory: what is taken for a state is written again as it was.
#include <cstdlib>

#include "device/dlt698/state.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  const auto state = device::meter698::decode_state({data, size});
  if (!state) return 0;
  const auto again = device::meter698::decode_state(device::meter698::encode(*state));
  if (!again || device::meter698::encode(*again) != device::meter698::encode(*state)) std::abort();
  return 0;
}
