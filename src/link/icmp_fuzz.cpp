#include <cstdlib>

#include "link/icmp_message.hpp"

// Any octets: nothing is read past the end, and what parses says the same when it is written again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  for (const bool is_v6 : {false, true}) {
    for (const bool has_header : {false, true}) {
      const auto parsed = link::parse_echo({data, size}, is_v6, has_header);
      if (!parsed) continue;
      const Bytes again = link::encode_echo(*parsed, is_v6);
      const auto second = link::parse_echo(again, is_v6, false);
      if (!second || second->sequence != parsed->sequence || second->identifier != parsed->identifier ||
          second->is_reply != parsed->is_reply || second->data.size() != parsed->data.size())
        std::abort();
    }
  }
  return 0;
}
