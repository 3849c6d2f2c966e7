#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "platform/conformity/conformity.hpp"

// Rule sets and declarations are files that people write.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng::platform::conformity;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = std::min(text.find("\n===\n"), size);
  const auto rules = parse_rules(text.substr(0, cut), "fuzz");
  if (!rules) return 0;
  const auto type = parse_declaration(cut + 5 <= size ? text.substr(cut + 5) : std::string_view{}, "fuzz", *rules);
  if (!type) return 0;
  const Judgement judgement = judge(*rules, *type);
  if (judgement.conforms && judgement.count(Verdict::failed) + judgement.count(Verdict::missing) > 0) std::abort();
  (void)to_text(*rules, *type, judgement, Language::chinese);
  return 0;
}
