#include "platform/analyser/cutter.hpp"

#include <algorithm>

namespace duheng::platform::analyser {

namespace {

constexpr std::uint8_t preamble = 0xFE;

Cut cut_of(const Protocol& protocol, const Segment& segment, std::size_t base) noexcept {
  const bool is_other = segment.kind == Segment::Kind::other;
  return {is_other ? nullptr : &protocol, segment.kind, base + segment.offset, segment.size, segment.is_truncated};
}

bool is_gap(const Cut& cut) noexcept { return cut.kind == Segment::Kind::other; }

/// Joins neighbouring gaps and gives the FEH at a gap's end to the frame behind it.
std::vector<Cut> tidied(const std::vector<Cut>& cuts, ByteView octets) {
  std::vector<Cut> out;
  for (Cut cut : cuts) {
    if (cut.size == 0) continue;
    Cut* const before = out.empty() ? nullptr : &out.back();
    if (before != nullptr && is_gap(*before)) {
      if (is_gap(cut)) {
        before->size += cut.size;
        continue;
      }
      while (cut.protocol->has_preamble && before->size > 0 && octets[cut.offset - 1] == preamble) {
        --before->size;
        --cut.offset;
        ++cut.size;
      }
      if (before->size == 0) out.pop_back();
    }
    out.push_back(cut);
  }
  return out;
}

}  // namespace

std::vector<const Protocol*> Cutter::candidates() const {
  std::vector<const Protocol*> out;
  if (only_ != nullptr) return {only_};
  if (last_seen_ != nullptr) out.push_back(last_seen_);
  for (const Protocol& protocol : protocols()) {
    if (&protocol != last_seen_ && protocol.is_self_delimiting) out.push_back(&protocol);
  }
  return out;
}

/// What the octets as a whole are found to be; null when that is not clear.
const Protocol* Cutter::recognised(ByteView octets) {
  recogniser_.reset();
  recogniser_.feed(octets);
  recogniser_.flush();
  return find_protocol(codec::to_string(recogniser_.recognition().protocol));
}

/// Takes the whole frames of one protocol out of the gaps.
void Cutter::claim(std::vector<Cut>& cuts, const Protocol& protocol, ByteView octets, bool is_recognised) {
  std::vector<Cut> out;
  for (const Cut& gap : cuts) {
    if (!is_gap(gap)) {
      out.push_back(gap);
      continue;
    }
    const auto segments = protocol.segments(octets.subspan(gap.offset, gap.size));
    const auto is_frame = [](const Segment& one) { return one.kind == Segment::Kind::frame; };
    const bool stands_alone = protocol.is_self_delimiting || is_recognised;
    const bool believed = stands_alone ? std::ranges::any_of(segments, is_frame)
                                       : gap.size == octets.size() && std::ranges::all_of(segments, is_frame);
    if (!believed) {
      out.push_back(gap);
      continue;
    }
    last_seen_ = &protocol;
    for (const Segment& segment : segments) {
      // What this protocol holds to be broken may be another one's frame.
      Segment one = segment;
      if (!is_frame(one)) one.kind = Segment::Kind::other;
      out.push_back(cut_of(protocol, one, gap.offset));
    }
  }
  cuts = std::move(out);
}

/// Whose broken frames a gap shows: those of the protocol seen last; else of the one that followed its frame furthest.
std::vector<Segment> Cutter::broken_frames(ByteView octets, std::span<const Protocol* const> order,
                                           const Protocol*& owner) const {
  std::vector<Segment> best;
  std::size_t best_octets = 0;
  for (const Protocol* protocol : order) {
    auto segments = protocol->segments(octets);
    std::size_t broken_octets = 0;
    for (const Segment& one : segments) broken_octets += one.kind == Segment::Kind::broken ? one.size : 0;
    if (broken_octets <= best_octets) continue;
    best = std::move(segments);
    best_octets = broken_octets;
    owner = protocol;
    if (protocol == last_seen_) break;
  }
  return best;
}

/// Shows what is left as a protocol's broken frames where one knows a beginning.
void Cutter::explain_gaps(std::vector<Cut>& cuts, ByteView octets) {
  std::vector<Cut> out;
  // Beside proven frames only their own protocols are believed to have begun another.
  std::vector<const Protocol*> order;
  for (const Cut& cut : cuts) {
    if (!is_gap(cut) && std::ranges::find(order, cut.protocol) == order.end()) order.push_back(cut.protocol);
  }
  if (order.empty()) order = candidates();
  for (const Cut& gap : cuts) {
    const Protocol* owner = nullptr;
    std::vector<Segment> segments;
    if (is_gap(gap)) segments = broken_frames(octets.subspan(gap.offset, gap.size), order, owner);
    if (owner == nullptr) {
      out.push_back(gap);
      continue;
    }
    for (const Segment& segment : segments) out.push_back(cut_of(*owner, segment, gap.offset));
  }
  cuts = std::move(out);
}

std::vector<Cut> Cutter::cut(ByteView octets) {
  std::vector<Cut> cuts;
  if (only_ != nullptr) {
    for (const Segment& segment : only_->segments(octets)) cuts.push_back(cut_of(*only_, segment, 0));
    return tidied(cuts, octets);
  }
  cuts.push_back({nullptr, Segment::Kind::other, 0, octets.size(), false});
  const Protocol* first = recognised(octets);
  if (first != nullptr) claim(cuts, *first, octets, true);
  for (const Protocol& protocol : protocols()) {
    if (&protocol == first) continue;
    cuts = tidied(cuts, octets);
    claim(cuts, protocol, octets, false);
  }
  cuts = tidied(cuts, octets);
  explain_gaps(cuts, octets);
  return tidied(cuts, octets);
}

}  // namespace duheng::platform::analyser
