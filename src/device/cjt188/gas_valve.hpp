#pragma once
#include <cstdint>
#include <vector>

#include "device/cjt188/cjt188_event.hpp"

namespace duheng::device {

/// What happens to a gas meter's valve and supply.
enum class GasValveInput : std::uint8_t {
  remote_close,     ///< a command of the master
  remote_permit,    ///< a command "open": it only permits
  local_open,       ///< somebody at the meter presses its button
  battery_removed,  ///< also any other loss of the supply
  battery_inserted,
  magnet,  ///< a strong magnet comes near the meter
  magnet_gone,
  discharge,  ///< one electrostatic discharge
  radiation,  ///< a strong radiated field begins
  radiation_gone,
};
inline constexpr std::uint8_t gas_valve_inputs = 10;

/// When the battery is low and when it is empty; a level is left again above its limit and `hysteresis_mv`.
struct GasValveLimits {
  std::int32_t notice_mv = 4'800;
  std::int32_t close_mv = 4'400;
  std::int32_t hysteresis_mv = 100;
};

enum class GasValveLevel : std::uint8_t { good, low, empty };
/// All that a valve knows: what a meter keeps of it without power.
struct GasValveState {
  bool open = true;
  bool locked = false;  ///< needs a remote permission
  bool powered = true;
  bool magnet = false;
  bool radiation = false;
  GasValveLevel level = GasValveLevel::good;
  friend bool operator==(const GasValveState&, const GasValveState&) = default;
};

/// The valve of a household gas meter: a pure state machine, no clock, no meter.
///
/// Nothing but local_open() ever opens it, whatever the master sends: a remote "open" only permits (requirement
/// HM-7.2.11). It closes when the supply fails, for which it keeps the charge (HM-6.2.5), and at the second level of
/// undervoltage, after the first has been noticed (HM-6.2.6). Of the two ways HM-6.2.7 allows it takes the safe one: a
/// discharge, a radiated field and a magnet close it, and while field or magnet last nobody opens it. What was closed
/// by command or magnet stays closed until a remote permission, since a magnet is no accident; the rest needs none.
class GasValve {
 public:
  using Level = GasValveLevel;
  using State = GasValveState;

  explicit GasValve(GasValveLimits limits = {}, State state = {}) : limits_(limits), state_(state) {}
  /// Without supply nothing is heard but battery_inserted; what is near the meter is seen when the supply comes back.
  std::vector<Cjt188Event> take(GasValveInput input);
  /// The battery's voltage now. Falling through both limits at once gives both events in their order.
  std::vector<Cjt188Event> voltage_mv(std::int32_t millivolt);

  [[nodiscard]] const State& state() const noexcept { return state_; }
  [[nodiscard]] bool is_open() const noexcept { return state_.open; }
  [[nodiscard]] bool is_powered() const noexcept { return state_.powered; }
  [[nodiscard]] Level level() const noexcept { return state_.level; }
  /// Closed, but the button at the meter would open it.
  [[nodiscard]] bool waits_for_local_action() const noexcept {
    return !state_.open && !state_.locked && state_.powered && state_.level != Level::empty && !state_.magnet &&
           !state_.radiation;
  }

 private:
  [[nodiscard]] std::vector<Cjt188Event> close(Cjt188Event why);
  [[nodiscard]] std::vector<Cjt188Event> open_locally();
  void take_without_supply(GasValveInput input);
  GasValveLimits limits_;
  State state_;
};

}  // namespace duheng::device
