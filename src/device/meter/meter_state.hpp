#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "codec/dlt645/control.hpp"
#include "codec/dlt645/message.hpp"
#include "device/bus/device_bus.hpp"
#include "device/meter/consumption.hpp"
#include "device/meter/meter_clock.hpp"
#include "device/meter/meter_event.hpp"

namespace duheng::device {

/// The relay inside a meter and what the master may do with it. Pure.
/// A kept-supplied meter refuses to trip; permission to close lets somebody at the meter press its button.
struct Relay {
  bool open = false;
  bool close_permitted = false;  ///< after a trip: the button may close it
  bool alarm = false;            ///< warning before a trip
  bool kept_supplied = false;
  friend bool operator==(const Relay&, const Relay&) = default;

  enum class Outcome : std::uint8_t { done, opened, closed, refused };
  /// Unknown commands and those the present state forbids are refused and change nothing.
  [[nodiscard]] Outcome take(std::uint8_t command) noexcept;
  /// False when nothing was permitted, or it is closed already.
  bool press_button() noexcept;
};

/// Passwords of the levels 0 to 9, and the lock that three wrong ones close for a day by the meter's own clock.
struct PasswordGuard {
  using Password = std::array<std::uint8_t, 3>;
  static constexpr std::uint8_t levels = 10;
  static constexpr std::uint8_t wrong_most = 3;
  std::array<Password, levels> passwords{};
  std::uint8_t wrong = 0;
  std::int64_t locked_until_own_ms = INT64_MIN;
  friend bool operator==(const PasswordGuard&, const PasswordGuard&) = default;

  enum class Verdict : std::uint8_t {
    right,
    not_authorised,  ///< the level may not do this, or there is no such level; nothing is counted
    wrong,           ///< counted: the state has changed
    locked,
  };
  /// `level_most`: lower levels may do more.
  [[nodiscard]] Verdict check(std::uint8_t level, const Password& password, std::uint8_t level_most,
                              std::int64_t own_ms) noexcept;
};

/// What decides which moments a meter keeps: settlement days, load record intervals, commanded freezes; each with the
/// moment from which it holds, because what was recorded before stays recorded.
struct MeterSchedule {
  static constexpr std::size_t changes_max = 32;  ///< of each kind; the oldest is forgotten
  static constexpr std::uint16_t no_day = 9'999;
  static constexpr std::uint16_t usual_interval_minutes = 15;
  static constexpr std::size_t instant_freezes_max = 3;
  using SettlementDays = std::array<std::uint16_t, 3>;  ///< DDhh; no_day: not used

  struct IntervalChange {
    std::int64_t utc_ms = 0;
    std::uint8_t record_class = 1;  ///< 1 to 6
    std::uint16_t minutes = usual_interval_minutes;
    friend bool operator==(const IntervalChange&, const IntervalChange&) = default;
  };
  struct SettlementChange {
    std::int64_t utc_ms = 0;
    SettlementDays days{};
    friend bool operator==(const SettlementChange&, const SettlementChange&) = default;
  };
  struct FreezePattern {
    std::int64_t utc_ms = 0;
    dlt645::FreezeTime time;
    friend bool operator==(const FreezePattern&, const FreezePattern&) = default;
  };

  std::vector<IntervalChange> intervals;
  std::vector<SettlementChange> settlements;
  std::vector<FreezePattern> freeze_patterns;
  std::vector<std::int64_t> instant_freezes_utc_ms;  ///< newest last
  friend bool operator==(const MeterSchedule&, const MeterSchedule&) = default;

  [[nodiscard]] std::uint16_t interval_minutes(std::uint8_t record_class, std::int64_t utc_ms) const noexcept;
  [[nodiscard]] SettlementDays settlement_days(std::int64_t utc_ms) const noexcept;
  void set_interval(const IntervalChange& change);
  void set_settlement_days(const SettlementChange& change);
  void add_freeze_pattern(const FreezePattern& pattern);
  void freeze_now(std::int64_t utc_ms);
};

/// A parameter the master has written, as it travels.
struct WrittenParameter {
  std::uint32_t identifier = 0;
  Bytes payload;
  friend bool operator==(const WrittenParameter&, const WrittenParameter&) = default;
};

/// Everything a virtual meter keeps without power. What follows from seed and time is not in it.
struct MeterState {
  MeterClock clock;
  Consumption consumption;
  EventBook events;
  PasswordGuard passwords{};
  Relay relay{};
  MeterSchedule schedule{};
  std::vector<WrittenParameter> parameters{};
  std::int64_t corrected_day = INT64_MIN;   ///< own day of the last correction by broadcast
  std::int64_t cleared_utc_ms = INT64_MIN;  ///< nothing of before is kept
  CurveEnergy cleared_at{};                 ///< and this much is not shown any more
  std::int64_t demand_cleared_utc_ms = INT64_MIN;
  std::optional<DeviceCommand> last_command = std::nullopt;

  [[nodiscard]] bool was_cleared() const noexcept { return cleared_utc_ms != INT64_MIN; }
  [[nodiscard]] const Bytes* find_parameter(std::uint32_t identifier) const noexcept;
  void set_parameter(std::uint32_t identifier, ByteView payload);
};

[[nodiscard]] Bytes encode_meter_state(const MeterState& state);
/// Puts what was stored over a fresh `state`, which brings seed, curve and clock. Errors: malformed - `state` is as
/// before; the meter must go on as a new one and say that its memory failed.
[[nodiscard]] Result<void> decode_meter_state(ByteView stored, MeterState& state);

}  // namespace duheng::device
