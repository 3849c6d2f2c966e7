#include "platform/exports/export.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  const auto plan = platform::parse_plan(ByteView(data, size));
  if (!plan) return 0;
  const Bytes octets = platform::encode_plan(*plan);
  const auto again = platform::parse_plan(octets);
  if (!again || again->parts != plan->parts || again->devices.size() != plan->devices.size()) __builtin_trap();
  return 0;
}
