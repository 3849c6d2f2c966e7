#include <cstdlib>

#include "codec/modbus/explain.hpp"

// The leaves must cover every octet once and in order, whatever the octets are.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng::modbus;
  for (const auto transport : {Transport::rtu, Transport::ascii, Transport::tcp}) {
    const auto fields = explain({data, size}, transport);
    std::size_t at = 0;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].offset != at || fields[i].size == 0) std::abort();
      const bool has_parts = i + 1 < fields.size() && fields[i + 1].depth > fields[i].depth;
      if (!has_parts) at += fields[i].size;
    }
    if (at != size) std::abort();
  }
  static_cast<void>(explain({data, size}));
  return 0;
}
