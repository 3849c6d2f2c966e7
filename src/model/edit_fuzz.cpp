#include <cstdlib>

#include "model/edit.hpp"

// Whatever parses can be written again, and then reads the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  constexpr std::uint64_t record_number = 7;
  const auto edits = parse_edits({data, size}, record_number);
  if (!edits) return 0;
  const auto bytes = encode_edits(*edits);
  if (!bytes) std::abort();
  const auto again = parse_edits(*bytes, record_number);
  if (!again || *again != *edits) std::abort();
  return 0;
}
