#include <algorithm>
#include <cstdlib>
#include <vector>

#include "codec/modbus/stream_parser.hpp"

namespace {

using namespace duheng;
using namespace duheng::modbus;

// The same octets in one piece and in small pieces must give the same frames, and every octet must be accounted for.
template <class Parser>
void check(ByteView octets, Role role, std::size_t frame_octets_max) {
  std::vector<Bytes> whole;
  std::vector<Bytes> pieces;
  std::size_t in_frames = 0;
  const auto size_of = [](const auto& frame) {
    if constexpr (requires { frame.size_characters(); }) {
      return frame.size_characters();
    } else {
      return frame.size_octets();
    }
  };
  const auto keep_in = [&](std::vector<Bytes>& list) {
    return [&](const auto& frame) {
      if (&list == &whole) in_frames += size_of(frame);
      list.emplace_back(frame.pdu().octets().begin(), frame.pdu().octets().end());
    };
  };
  Parser parser(role);
  parser.feed(octets, keep_in(whole));
  parser.flush(keep_in(whole));
  Parser other(role);
  const std::size_t piece = octets.empty() ? 1 : 1 + octets[0] % 29U;
  for (std::size_t at = 0; at < octets.size(); at += piece) {
    other.feed(octets.subspan(at, std::min(piece, octets.size() - at)), keep_in(pieces));
    if (other.pending_octets() > frame_octets_max) std::abort();
  }
  other.flush(keep_in(pieces));
  if (whole != pieces || !(parser.counters() == other.counters())) std::abort();
  const auto& counters = parser.counters();
  if (counters.skipped_octets + counters.malformed_octets + in_frames != octets.size()) std::abort();
  if (counters.frames != whole.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const auto role : {Role::request, Role::response}) {
    check<RtuStreamParser>({data, size}, role, rtu_layout::frame_octets_max);
    check<AsciiStreamParser>({data, size}, role, ascii_layout::frame_characters_max);
    check<TcpStreamParser>({data, size}, role, tcp_layout::frame_octets_max);
  }
  return 0;
}
