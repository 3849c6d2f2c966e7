#include <cstdlib>

#include "codec/cjt188/explain.hpp"

// Leaves must cover every octet once and in order, whatever the octets are.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto fields = duheng::cjt188::explain({data, size});
  std::size_t at = 0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].offset != at || fields[i].size == 0) std::abort();
    const bool has_parts = i + 1 < fields.size() && fields[i + 1].depth > fields[i].depth;
    if (!has_parts) at += fields[i].size;
  }
  if (at != size) std::abort();
  return 0;
}
