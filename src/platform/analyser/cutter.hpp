#pragma once
// Private: which octets are whose frame.
#include <vector>

#include "codec/recogniser/recogniser.hpp"
#include "platform/analyser/protocol.hpp"

namespace duheng::platform::analyser {

struct Cut {
  const Protocol* protocol = nullptr;  ///< null: no protocol's
  Segment::Kind kind = Segment::Kind::other;
  std::size_t offset = 0;
  std::size_t size = 0;
  bool is_truncated = false;
};

/// Divides octets among protocols; every octet once and in order. Neighbouring gaps are one, and FEH before a frame
/// belong to it. Linear.
class Cutter {
 public:
  /// `only` null: automatic.
  explicit Cutter(const Protocol* only) noexcept : only_(only) {}

  [[nodiscard]] std::vector<Cut> cut(ByteView octets);
  /// A frame of this protocol was proven elsewhere.
  void saw(const Protocol& protocol) noexcept { last_seen_ = &protocol; }
  /// The protocols that may have begun the frame that ends too early, the likeliest first.
  [[nodiscard]] std::vector<const Protocol*> candidates() const;

 private:
  [[nodiscard]] const Protocol* recognised(ByteView octets);
  void claim(std::vector<Cut>& cuts, const Protocol& protocol, ByteView octets, bool is_recognised);
  [[nodiscard]] std::vector<Segment> broken_frames(ByteView octets, std::span<const Protocol* const> order,
                                                   const Protocol*& owner) const;
  void explain_gaps(std::vector<Cut>& cuts, ByteView octets);

  const Protocol* only_;
  codec::Recogniser recogniser_;
  const Protocol* last_seen_ = nullptr;  ///< the last one that proved a frame
};

}  // namespace duheng::platform::analyser
