// The frame index and the list of shipped segments: what they accept they write back with the same meaning.
#include <cstdint>
#include <cstdlib>

#include "store/journal/frame_index.hpp"
#include "store/journal/segment_shipping.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  using namespace duheng::store;
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  switch (data[0] % 3) {
    case 0: {
      const auto index = FrameIndex::parse(input);
      if (!index) return 0;
      const auto again = FrameIndex::parse(index->encode());
      if (!again || *again != *index) std::abort();
      break;
    }
    case 1: {
      (void)parse_frame_index_header(input);
      crypto::LocalKeyProvider keys{crypto::SecretKey{}};
      // Whoever has no key makes no file that opens.
      if (open_frame_index(input, crypto::Hash256{}, keys)) std::abort();
      break;
    }
    default: {
      const auto list = parse_shipping_list(as_text(input));
      if (!list) return 0;
      const auto again = parse_shipping_list(write_shipping_list(*list));
      if (!again || *again != *list) std::abort();
    }
  }
  return 0;
}
