#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace duheng::device {

/// What happens to a gas meter's valve and supply.
enum class GasValveInput : std::uint8_t {
  remote_close,     ///< a command of the master
  remote_permit,    ///< a command "open": it only permits
  local_open,       ///< somebody at the meter presses its button
  battery_removed,  ///< also any other loss of the supply
  battery_inserted,
  magnet,  ///< a strong magnet near the meter
};

/// What the valve tells; the meter keeps the order.
enum class GasEvent : std::uint8_t {
  closed_by_command,
  opening_permitted,
  opened_locally,
  opening_refused,  ///< not permitted, or too little voltage
  undervoltage_noticed,
  closed_by_undervoltage,
  voltage_restored,
  closed_by_power_off,
  power_restored,
  closed_by_magnet,
};
[[nodiscard]] std::string_view to_string(GasEvent event) noexcept;

/// When the battery is low and when it is empty; a level is left again above its limit and `hysteresis_mv`.
struct GasValveLimits {
  std::int32_t notice_mv = 4'800;
  std::int32_t close_mv = 4'400;
  std::int32_t hysteresis_mv = 100;
};

/// The valve of a household gas meter: a pure state machine, no clock, no meter.
///
/// Nothing but local_open() ever opens it, whatever the master sends: a remote "open" only permits (requirement
/// HM-7.2.11). It closes when the supply fails, for which it keeps the charge (HM-6.2.5), and at the second level of
/// undervoltage, after the first has been noticed (HM-6.2.6); a magnet closes it, too (HM-6.2.7.3). What was closed by
/// command or magnet stays closed until a remote permission; what was closed for lack of supply needs none.
class GasValve {
 public:
  enum class Level : std::uint8_t { good, low, empty };

  explicit GasValve(GasValveLimits limits = {}) : limits_(limits) {}
  /// Without supply nothing is heard but battery_inserted.
  std::vector<GasEvent> take(GasValveInput input);
  /// The battery's voltage now. Falling through both limits at once gives both events in their order.
  std::vector<GasEvent> voltage_mv(std::int32_t millivolt);

  [[nodiscard]] bool is_open() const noexcept { return open_; }
  [[nodiscard]] bool is_powered() const noexcept { return powered_; }
  [[nodiscard]] Level level() const noexcept { return level_; }
  /// Closed, but the button at the meter would open it.
  [[nodiscard]] bool waits_for_local_action() const noexcept {
    return !open_ && !locked_ && powered_ && level_ != Level::empty;
  }

 private:
  bool close() noexcept;
  GasValveLimits limits_;
  bool open_ = true;
  bool locked_ = false;  // needs a remote permission
  bool powered_ = true;
  Level level_ = Level::good;
};

}  // namespace duheng::device
