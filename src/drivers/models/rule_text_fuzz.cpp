#include <cstdlib>

#include "base/bytes.hpp"
#include "drivers/models/rule_text.hpp"

// Whatever is a rule comes back from the text that is written for it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  const auto rule = drivers::parse_processing_rule(as_text({data, size}));
  if (!rule) return 0;
  const std::string text = drivers::write_processing_rule(*rule);
  if (text.size() > 2'048) return 0;  // escapes may make it longer than the limit
  const auto again = drivers::parse_processing_rule(text);
  if (!again || drivers::write_processing_rule(*again) != text) std::abort();
  return 0;
}
