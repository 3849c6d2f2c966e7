#include <cstdlib>

#include "model/batch.hpp"

// Whatever parses is read whole, written again and must then read the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  const auto view = BatchView::parse({data, size});
  if (!view) return 0;
  BatchWriter writer(view->created_utc_ms());
  for (const auto uid : view->devices()) static_cast<void>(writer.device(uid));
  for (const auto& r : view->registers()) static_cast<void>(writer.register_of(r));
  view->for_each([&](std::uint32_t, const Frame& frame) { writer.frame(frame); },
                 [&](std::uint32_t, const Frame&, const Reading& reading) { writer.reading(reading); });
  Bytes again;
  writer.finish(again);
  // Doubled table entries fold into one, so only a batch without them comes back with all its indices in range.
  const auto second = BatchView::parse(again);
  if (second && (second->frame_count() != view->frame_count() || second->reading_count() != view->reading_count()))
    std::abort();
  return 0;
}
