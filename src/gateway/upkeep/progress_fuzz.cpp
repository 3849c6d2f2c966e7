#include <cstdlib>

#include "gateway/upkeep/progress.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto progress = duheng::gateway::parse_progress({data, size});
  if (!progress) return 0;
  const auto again = duheng::gateway::parse_progress(duheng::gateway::encode_progress(*progress));
  if (!again || *again != *progress) std::abort();
  return 0;
}
