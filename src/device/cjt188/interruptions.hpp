#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "base/bytes.hpp"
#include "device/curve/day_curve.hpp"

namespace duheng::device {

/// When a meter did not measure: its valve was closed, its supply gone, or it was mounted the wrong way round. Takes
/// away from a curve's integral what ran by meanwhile, for every moment back to the oldest interruption kept; those
/// before it are summed up.
class Interruptions {
 public:
  using Wide = DayCurve::Wide;
  struct Pause {
    std::int64_t from_local_ms = 0;
    std::int64_t to_local_ms = 0;
    friend bool operator==(const Pause&, const Pause&) = default;
  };
  static constexpr std::int64_t still_lasts = INT64_MAX;
  /// Enough for a year in which it happens twice a week.
  static constexpr std::size_t kept = 128;
  /// What is counted: one integral for each, all of them never going down.
  static constexpr std::size_t counts = 4;
  using Integral = std::function<Wide(std::size_t count, std::int64_t local_ms)>;

  [[nodiscard]] bool lasts() const noexcept { return !pauses_.empty() && pauses_.back().to_local_ms == still_lasts; }
  [[nodiscard]] bool covers(std::int64_t local_ms) const noexcept;
  /// Nothing when it lasts already. `integral` is asked when the oldest one has to be summed up.
  void begin(std::int64_t local_ms, const Integral& integral);
  void end(std::int64_t local_ms) noexcept;
  /// What was not measured until then. `integral` of this one count alone.
  template <class OneIntegral>
  [[nodiscard]] Wide withheld(std::size_t count, std::int64_t local_ms, OneIntegral&& integral) const {
    Wide out = before_[count];
    for (const Pause& pause : pauses_) {
      if (pause.from_local_ms >= local_ms) continue;
      out += integral(local_ms < pause.to_local_ms ? local_ms : pause.to_local_ms) - integral(pause.from_local_ms);
    }
    return out;
  }
  void encode(ByteWriter& out) const;
  /// False when the octets hold no such thing.
  [[nodiscard]] bool decode(ByteReader& in);
  friend bool operator==(const Interruptions&, const Interruptions&) = default;

 private:
  std::vector<Pause> pauses_;  // one after the other
  std::array<Wide, counts> before_{};
};

}  // namespace duheng::device
