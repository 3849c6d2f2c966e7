#include "device/cjt188/interruptions.hpp"

#include <algorithm>

namespace duheng::device {
namespace {

// Times within 100,000 years of 1970, so that no sum of two overflows.
constexpr std::int64_t time_ms_max = 3'200'000'000'000'000;

bool is_time(std::int64_t local_ms) { return local_ms > -time_ms_max && local_ms < time_ms_max; }

}  // namespace

bool Interruptions::covers(std::int64_t local_ms) const noexcept {
  return std::ranges::any_of(
      pauses_, [&](const Pause& pause) { return pause.from_local_ms <= local_ms && local_ms < pause.to_local_ms; });
}

void Interruptions::begin(std::int64_t local_ms, const Integral& integral) {
  if (lasts()) return;
  // A clock set back must not make them overlap: nothing may be taken away twice.
  if (!pauses_.empty()) local_ms = std::max(local_ms, pauses_.back().to_local_ms);
  if (pauses_.size() == kept) {
    const Pause& oldest = pauses_.front();
    for (std::size_t count = 0; count < counts; ++count)
      before_[count] += integral(count, oldest.to_local_ms) - integral(count, oldest.from_local_ms);
    pauses_.erase(pauses_.begin());
  }
  pauses_.push_back({local_ms, still_lasts});
}

void Interruptions::end(std::int64_t local_ms) noexcept {
  if (lasts()) pauses_.back().to_local_ms = std::max(local_ms, pauses_.back().from_local_ms);
}

void Interruptions::encode(ByteWriter& out) const {
  for (const Wide sum : before_) {
    out.u64(static_cast<std::uint64_t>(sum));
    out.u64(static_cast<std::uint64_t>(sum >> 64));
  }
  out.varint(pauses_.size());
  for (const Pause& pause : pauses_) {
    out.zigzag(pause.from_local_ms);
    // 0: it still lasts.
    out.varint(
        pause.to_local_ms == still_lasts ? 0 : static_cast<std::uint64_t>(pause.to_local_ms - pause.from_local_ms) + 1);
  }
}

bool Interruptions::decode(ByteReader& in) {
  for (Wide& sum : before_) {
    const std::uint64_t low = in.u64();
    sum = static_cast<Wide>(static_cast<std::int64_t>(in.u64())) * (static_cast<Wide>(1) << 64) + low;
    // What a meter counts in a thousand years stays far below.
    if (sum < 0 || sum >> 120 != 0) return false;
  }
  const std::uint64_t size = in.varint();
  if (!in.ok() || size > kept) return false;
  pauses_.clear();
  std::int64_t earliest = -time_ms_max;
  for (std::uint64_t i = 0; i < size; ++i) {
    Pause pause;
    pause.from_local_ms = in.zigzag();
    const std::uint64_t lasted = in.varint();
    if (!in.ok() || lasted > static_cast<std::uint64_t>(time_ms_max) || !is_time(pause.from_local_ms) ||
        pause.from_local_ms < earliest || (lasted == 0 && i + 1 != size))
      return false;
    pause.to_local_ms = lasted == 0 ? still_lasts : pause.from_local_ms + static_cast<std::int64_t>(lasted) - 1;
    if (lasted != 0 && !is_time(pause.to_local_ms)) return false;
    earliest = pause.to_local_ms;
    pauses_.push_back(pause);
  }
  return true;
}

}  // namespace duheng::device
