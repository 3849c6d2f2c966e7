#include <cstdlib>

#include "platform/onboarding/plan_report_codec.hpp"

// Whatever parses is written and then reads the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  const auto report = platform::parse_plan_report({data, size});
  if (!report) return 0;
  const auto again = platform::parse_plan_report(platform::encode_plan_report(*report));
  if (!again || *again != *report) std::abort();
  return 0;
}
