#include "platform/equipment/equipment_state.hpp"

#include <algorithm>

namespace duheng::platform {

std::string_view to_string(EquipmentState state) noexcept {
  switch (state) {
    case EquipmentState::unknown:
      return "unknown";
    case EquipmentState::up:
      return "up";
    case EquipmentState::degraded:
      return "degraded";
    case EquipmentState::down:
      return "down";
  }
  return "unknown";
}

EquipmentState EquipmentMachine::seen(std::span<const CheckState> checks) noexcept {
  const auto answering = std::ranges::count(checks, CheckState::answering);
  const auto silent = std::ranges::count(checks, CheckState::silent);
  if (answering == 0 && silent == 0) return EquipmentState::unknown;
  if (answering == 0) return EquipmentState::down;
  return silent == 0 ? EquipmentState::up : EquipmentState::degraded;
}

void EquipmentMachine::advance(std::span<const CheckState> checks, std::int64_t monotonic_ms) {
  const EquipmentState now = seen(checks);
  is_known_ = now != EquipmentState::unknown;
  rest(monotonic_ms);
  if (!is_known_) {
    candidate_ = state_;
    return;
  }
  if (now != candidate_) {
    // The first thing that is heard is no change of anything.
    if (candidate_ != EquipmentState::unknown) note_change(monotonic_ms);
    candidate_ = now;
    candidate_since_ms_ = monotonic_ms;
  }
  if (candidate_ == state_) return;
  const std::int64_t wait_ms = candidate_ == EquipmentState::up ? rules_.up_after_ms : rules_.down_after_ms;
  const bool is_first = state_ == EquipmentState::unknown && candidate_ == EquipmentState::up;
  if (is_first || monotonic_ms - candidate_since_ms_ >= wait_ms) state_ = candidate_;
}

void EquipmentMachine::note_change(std::int64_t monotonic_ms) {
  changes_.push_back(monotonic_ms);
  if (changes_.size() > rules_.flaps_max) is_flapping_ = true;
}

void EquipmentMachine::rest(std::int64_t monotonic_ms) {
  if (is_flapping_ && !changes_.empty() && monotonic_ms - changes_.back() >= rules_.flap_rest_ms) {
    is_flapping_ = false;
    changes_.clear();
  }
  if (is_flapping_) {
    while (changes_.size() > rules_.flaps_max + 1) changes_.pop_front();
    return;
  }
  while (!changes_.empty() && monotonic_ms - changes_.front() > rules_.flap_window_ms) changes_.pop_front();
}

}  // namespace duheng::platform
