// The parsers of aggregates at rest: no input may make them read outside it, and what they take they give back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "store/aggregates/row_codec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng::store;
  if (size == 0) return 0;
  const duheng::ByteView input{data + 1, size - 1};
  switch (data[0] % 3) {
    case 0:
      if (const auto tile = parse_day_tile(input)) {
        const auto again = parse_day_tile(encode_day_tile(*tile));
        if (!again || *again != *tile) std::abort();
      }
      break;
    case 1: {
      std::vector<DayFigure> figures;
      const duheng::SeriesId first{1};
      if (parse_figures(input, first, 20'000, figures)) {
        std::vector<DayFigure> again;
        if (!parse_figures(encode_figures(figures, first), first, 20'000, again) || again != figures) std::abort();
      }
      break;
    }
    default:
      if (const auto hours = parse_hours(input)) {
        const auto again = parse_hours(encode_hours(*hours));
        if (!again || *again != *hours) std::abort();
      }
  }
  return 0;
}
