// The record and the position parser: whatever they accept they write back octet for octet or with the same meaning.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "store/journal/journal_record.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  using namespace duheng::store;
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  if (data[0] % 2 == 0) {
    const auto record = parse_record(input);
    if (!record) return 0;
    // A varint may have been written longer than needed, so the meaning is compared, not the octets.
    const auto written = encode_record(*record);
    if (!written) std::abort();
    const auto again = parse_record(*written);
    if (!again || again->gateway != record->gateway || again->sequence != record->sequence ||
        again->hash != record->hash || again->reason != record->reason ||
        !std::ranges::equal(again->body, record->body)) {
      std::abort();
    }
  } else {
    const auto positions = parse_positions(input);
    if (!positions) return 0;
    const auto again = parse_positions(encode_positions(*positions));
    if (!again || *again != *positions) std::abort();
  }
  return 0;
}
