#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "codec/cjt188/message.hpp"
#include "device/bus/device_bus.hpp"
#include "device/cjt188/cjt188_measures.hpp"
#include "device/cjt188/cjt188_meter_options.hpp"
#include "device/cjt188/cjt188_readout.hpp"
#include "device/cjt188/cjt188_state.hpp"

namespace duheng::device {

/// A CJ/T 188 meter for water, gas, heat or cooling: questions in, answers out. What it shows follows from its seed and
/// the time, so that it goes on where it was after a restart; what masters wrote and what happened to it stands in its
/// memory (clock, days, valve, battery, interruptions, events) and is there again after a restart or a power cut.
///
/// Answers: metering data (901F; 911F for meters of 2018 that count heat), single values 903F to 907F, settlements of
/// the last twelve months (D120 to D12B; 2018: 24 months D200 to D217 and midnight values of 62 days D300 to D33D),
/// settlement and reading day, its events (cjt188_identifiers::event_log), its address. Takes: clock, settlement and
/// reading day, valve; in its debug stage the register (A016) and the end of that stage (A019). Everything else is
/// refused with ST. Identifiers come back in the order in which they were asked for.
///
/// What surrounds it is ordinary until happen() says otherwise, also after a restart: full battery, no magnet near.
///
/// Without supply it measures nothing and says nothing. When it cannot store what it was told to change it keeps silent
/// and changes nothing; when its memory says that there is no power it is off until the power comes back.
class VirtualCjt188Meter final : public VirtualDevice {
 public:
  explicit VirtualCjt188Meter(const Cjt188MeterOptions& options);

  [[nodiscard]] const std::string& uid() const noexcept override { return uid_; }
  [[nodiscard]] std::uint64_t bus_key() const noexcept override;
  [[nodiscard]] std::optional<DeviceAnswer> answer(std::int64_t utc_ms, ByteView question) override;
  [[nodiscard]] std::optional<DeviceCommand> last_command() const override;
  void listen_to_commands(CommandListener listener) override { on_command_ = std::move(listener); }
  void happen(std::int64_t utc_ms, const DeviceHappening& happening) override;
  /// Somebody presses the button at the meter: the only thing that opens its valve.
  void press_button(std::int64_t utc_ms);

  [[nodiscard]] bool is_powered() const noexcept { return powered_; }
  /// Where the valve really is, also without supply.
  [[nodiscard]] bool valve_is_open() const noexcept { return powered_ && state_.valve.open; }
  [[nodiscard]] const std::vector<Cjt188State::Event>& events() const noexcept { return state_.events; }
  /// As it shows them, also while nobody could read it.
  [[nodiscard]] Cjt188Readout readout(std::int64_t utc_ms) const { return {options_, measures_, state_, utc_ms}; }
  [[nodiscard]] const Cjt188Measures& measures() const noexcept { return measures_; }
  [[nodiscard]] const Cjt188State& state() const noexcept { return state_; }

 private:
  using Peer = cjt188::Peer;
  [[nodiscard]] cjt188::BuiltFrame respond(std::int64_t utc_ms, const cjt188::FrameView& frame,
                                           const cjt188::Message& message);
  [[nodiscard]] cjt188::BuiltFrame read(std::int64_t utc_ms, const Peer& peer, cjt188::DataIdentifier identifier) const;
  /// 0: taken, and the state is to be stored; else a refusal.
  [[nodiscard]] std::uint8_t change(std::int64_t utc_ms, const cjt188::FrameView& frame, const cjt188::Message& message,
                                    Cjt188State& next) const;
  [[nodiscard]] std::uint8_t set_clock(std::int64_t utc_ms, ByteView payload, Cjt188State& next) const;
  [[nodiscard]] std::uint8_t set_day(std::int64_t utc_ms, bool settlement, ByteView payload, Cjt188State& next) const;
  [[nodiscard]] std::uint8_t set_register(std::int64_t utc_ms, const cjt188::Message& message, Cjt188State& next) const;
  [[nodiscard]] std::uint8_t command_valve(std::int64_t utc_ms, ByteView payload, Cjt188State& next) const;
  [[nodiscard]] cjt188::BuiltFrame refuse(std::int64_t utc_ms, const Peer& peer, std::uint8_t function,
                                          std::uint8_t reason) const;

  [[nodiscard]] std::int64_t local_ms(std::int64_t utc_ms) const noexcept;
  void operate(std::int64_t utc_ms, GasValveInput input, Cjt188State& next) const;
  void sense(std::int64_t utc_ms, Cjt188State& next) const;
  void sense_battery(std::int64_t utc_ms, Cjt188State& next) const;
  [[nodiscard]] bool is_awake(std::int64_t utc_ms);
  void discharge(std::int64_t utc_ms);
  void fail_power(std::int64_t utc_ms);
  void restore_power(std::int64_t utc_ms);
  void lose_supply(std::int64_t utc_ms, Cjt188State& next) const;
  void settle_interruption(std::int64_t utc_ms, Cjt188State& next) const;
  [[nodiscard]] bool commit(std::int64_t utc_ms, Cjt188State next);
  [[nodiscard]] Cjt188State remembered() const;

  Cjt188MeterOptions options_;
  std::string uid_;
  Cjt188Measures measures_;
  Cjt188State state_;
  CommandListener on_command_;
  Cjt188Surroundings around_;        // as it is, whether the meter can sense it or not
  std::int64_t clock_jumps_ms_ = 0;  // of its quartz, not yet in the state
  bool powered_ = true;
  bool boot_pending_ = false;  // switched on, but what it found is not stored yet
  std::int64_t off_since_utc_ms_ = 0;
};

}  // namespace duheng::device
