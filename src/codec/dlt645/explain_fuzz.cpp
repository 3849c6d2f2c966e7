#include <cstdlib>

#include "codec/dlt645/explain.hpp"

// Fields must cover every octet once and in order, whatever the octets are.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::size_t at = 0;
  for (const auto& field : duheng::dlt645::explain({data, size})) {
    if (field.offset != at || field.size == 0) std::abort();
    at += field.size;
  }
  if (at != size) std::abort();
  return 0;
}
