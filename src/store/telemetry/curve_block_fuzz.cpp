#include <algorithm>

#include "store/telemetry/curve_block.hpp"

// Octet 0 and 1: how many of the following belong to the values; the rest is evidence. Whatever decodes is in order,
// within the limit, and comes back row for row when it is encoded again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  using namespace duheng::store;
  constexpr std::uint32_t series = 1;
  if (size < 2) return 0;
  const ByteView input(data + 2, size - 2);
  const std::size_t split = std::min<std::size_t>(data[0] | static_cast<std::size_t>(data[1]) << 8, input.size());
  const auto values = input.first(split);
  const auto evidence = input.subspan(split);
  std::vector<ReadingRow> rows;
  if (!decode_curve(series, values, evidence, rows)) {
    if (!rows.empty()) __builtin_trap();
    return 0;
  }
  if (rows.empty() || rows.size() > curve_limits::rows_max) __builtin_trap();
  // Without evidence the order among equal times is not known.
  std::ranges::sort(rows, [](const ReadingRow& a, const ReadingRow& b) { return a.order() < b.order(); });
  CurveBlock block;
  encode_curve(rows, block);
  std::vector<ReadingRow> again;
  if (!decode_curve(series, block.values, block.evidence, again)) __builtin_trap();
  const auto same = [](const ReadingRow& a, const ReadingRow& b) { return a.order() == b.order(); };
  if (!std::ranges::equal(rows, again, same)) __builtin_trap();
  return 0;
}
