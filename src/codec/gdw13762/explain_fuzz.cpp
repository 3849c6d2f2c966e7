#include <cstdlib>

#include "codec/gdw13762/explain.hpp"

// The leaves must cover every octet once and in order, whatever the octets are.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::size_t at = 0;
  const auto fields = duheng::gdw13762::explain({data, size});
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const bool has_parts = i + 1 < fields.size() && fields[i + 1].depth > fields[i].depth;
    if (fields[i].offset != at || fields[i].size == 0) std::abort();
    if (!has_parts) at += fields[i].size;
  }
  if (at != size) std::abort();
  return 0;
}
