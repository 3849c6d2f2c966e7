#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string_view>

namespace duheng::platform {

enum class EquipmentState : std::uint8_t {
  unknown,   ///< nobody supervises it, or its gateway is not connected
  up,        ///< every check answers
  degraded,  ///< some checks do not answer, or it comes and goes
  down,      ///< no check answers
};
[[nodiscard]] std::string_view to_string(EquipmentState state) noexcept;

/// What is known of one check now. A gateway has retried before it says "silent"; see its offline rule.
enum class CheckState : std::uint8_t { unknown, answering, silent };

struct EquipmentRules {
  std::int64_t down_after_ms = 10'000;  ///< no check answers for so long
  std::int64_t up_after_ms = 5'000;     ///< answers for so long
  /// More changes than this within the window: it flaps, and stays "degraded" until it has rested.
  std::size_t flaps_max = 6;
  std::int64_t flap_window_ms = 10 * 60'000;
  std::int64_t flap_rest_ms = 5 * 60'000;
};

/// One piece of equipment, as a state machine without I/O: checks and time go in. A state is taken over only when it
/// has lasted; while nothing is known the last one stands.
class EquipmentMachine {
 public:
  explicit EquipmentMachine(EquipmentRules rules = {}) : rules_(rules) {}
  void advance(std::span<const CheckState> checks, std::int64_t monotonic_ms);
  [[nodiscard]] EquipmentState state() const noexcept { return is_flapping_ ? EquipmentState::degraded : state_; }
  [[nodiscard]] bool is_flapping() const noexcept { return is_flapping_; }
  /// The checks tell of it at present.
  [[nodiscard]] bool is_known() const noexcept { return is_known_; }

 private:
  [[nodiscard]] static EquipmentState seen(std::span<const CheckState> checks) noexcept;
  void note_change(std::int64_t monotonic_ms);
  void rest(std::int64_t monotonic_ms);

  EquipmentRules rules_;
  EquipmentState state_ = EquipmentState::unknown;
  EquipmentState candidate_ = EquipmentState::unknown;
  std::int64_t candidate_since_ms_ = 0;
  std::deque<std::int64_t> changes_;
  bool is_flapping_ = false;
  bool is_known_ = false;
};

}  // namespace duheng::platform
