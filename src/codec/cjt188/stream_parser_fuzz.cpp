#include <algorithm>
#include <cstdlib>
#include <vector>

#include "codec/cjt188/stream_parser.hpp"

// The same octets in one piece and in small pieces must give the same frames, and every octet must be accounted for.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  using namespace duheng::cjt188;
  const ByteView octets(data, size);
  std::vector<Bytes> whole;
  std::vector<Bytes> pieces;
  const auto keep_in = [](std::vector<Bytes>& list) {
    return [&list](const FrameView& frame) { list.emplace_back(frame.octets().begin(), frame.octets().end()); };
  };
  StreamParser parser;
  parser.feed(octets, keep_in(whole));
  parser.flush(keep_in(whole));

  StreamParser other;
  const std::size_t piece = size == 0 ? 1 : 1 + data[0] % 29U;
  for (std::size_t at = 0; at < size; at += piece) {
    other.feed(octets.subspan(at, std::min(piece, size - at)), keep_in(pieces));
    if (other.pending_octets() >= frame_layout::frame_octets_max) std::abort();
  }
  other.flush(keep_in(pieces));
  if (whole != pieces || !(parser.counters() == other.counters())) std::abort();

  std::size_t in_frames = 0;
  for (const auto& frame : whole) in_frames += frame.size();
  const auto& c = parser.counters();
  if (c.preamble_octets + c.noise_octets + c.rejected_octets + in_frames != size) std::abort();
  return 0;
}
