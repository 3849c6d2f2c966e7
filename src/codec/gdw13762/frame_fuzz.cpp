#include <algorithm>
#include <cstdlib>

#include "codec/gdw13762/frame.hpp"
#include "codec/gdw13762/message.hpp"
#include "codec/gdw13762/scanner.hpp"
#include "codec/gdw13762/stream_parser.hpp"

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

// Whatever decodes must encode to the same octets; a scanner covers all octets once; a stream parser finds the same
// whole frames however the octets come.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace duheng;
  using namespace duheng::gdw13762;
  const ByteView octets(data, size);
  std::size_t at = 0;
  Scanner scanner(octets);
  while (const auto segment = scanner.next()) {
    check(segment->offset == at && !segment->octets.empty());
    at += segment->octets.size();
  }
  check(at == size);

  std::size_t whole = 0;
  std::size_t bit_by_bit = 0;
  StreamParser once;
  once.feed(octets, [&](const FrameView&) { ++whole; });
  once.flush([&](const FrameView&) { ++whole; });
  StreamParser slowly;
  for (std::size_t i = 0; i < size; ++i) slowly.feed(octets.subspan(i, 1), [&](const FrameView&) { ++bit_by_bit; });
  slowly.flush([&](const FrameView&) { ++bit_by_bit; });
  check(whole == bit_by_bit && once.counters() == slowly.counters());

  const auto frame = decode(octets);
  if (!frame) return 0;
  FrameFields fields;
  fields.from_module = frame->from_module();
  fields.is_started = frame->is_started();
  fields.communication_kind = frame->communication_kind();
  fields.information = frame->information();
  fields.service = frame->service();
  fields.data = frame->data();
  if (frame->has_addresses()) {
    fields.addresses = FrameFields::Addresses{frame->source(), frame->destination(), {}};
    for (std::size_t i = 0; i < frame->relay_count(); ++i)
      fields.addresses->relays.push_back(NodeAddress::from_wire(
          frame->octets().subspan(frame_layout::address_offset + (i + 1) * frame_layout::address_octets)));
  }
  const auto again = encode(fields);
  check(again.has_value() && std::ranges::equal(*again, frame->octets()));
  if (const auto carried = parse_carried(*frame))
    check(carried->content_offset + carried->content.size() + frame_layout::tail_octets == frame->size_octets());
  static_cast<void>(parse_running_mode(frame->data()));
  static_cast<void>(parse_page(frame->data()));
  static_cast<void>(parse_nodes_to_add(frame->data()));
  static_cast<void>(parse_nodes_to_delete(frame->data()));
  return 0;
}
