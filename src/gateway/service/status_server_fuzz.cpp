#include <cstdlib>

#include "base/bytes.hpp"
#include "gateway/service/status_server.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  const std::string answer = gateway::answer_http(as_text({data, size}), [](const std::string& path) {
    return gateway::StatusAnswer{path == "/healthz" ? 200 : 404, "text/plain", "x"};
  });
  if (!answer.starts_with("HTTP/1.1 ")) std::abort();
  return 0;
}
