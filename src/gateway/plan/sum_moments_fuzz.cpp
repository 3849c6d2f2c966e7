#include <cstdlib>

#include "gateway/plan/sum_moments.hpp"

// Whatever parses is written so that it comes back.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  const auto moments = gateway::SumMoments::parse({data, size});
  if (!moments) return 0;
  const auto again = gateway::SumMoments::parse(moments->encode());
  if (!again || again->size() != moments->size()) std::abort();
  return 0;
}
