// What a server sends back, before anything is believed of it.
#include <cstdint>

#include "base/bytes.hpp"
#include "tools/trace/platform_client.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)duheng::tools::parse_answer(duheng::as_text({data, size}));
  return 0;
}
