#include <cstdlib>

#include "platform/web/websocket_protocol.hpp"

// Arbitrary octets in arbitrary pieces: no crash, no message over the limit, the same events however they are cut.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng::platform::web::websocket;
  constexpr std::size_t limit = 512;
  std::string whole;
  std::string in_pieces;
  const auto note = [](std::string& log) {
    return [&log](Event event) {
      if (event.kind == Event::Kind::text && event.payload.size() > limit) abort();
      log +=
          std::to_string(static_cast<int>(event.kind)) + ":" + std::to_string(event.code) + ":" + event.payload + ";";
    };
  };
  Reader first{limit};
  first.feed({data, size}, note(whole));
  Reader second{limit};
  for (std::size_t i = 0; i < size; ++i) second.feed({data + i, 1}, note(in_pieces));
  if (whole != in_pieces) abort();
  return 0;
}
