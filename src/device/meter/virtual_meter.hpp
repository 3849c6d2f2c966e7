#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "codec/dlt645/frame.hpp"
#include "codec/dlt645/message.hpp"
#include "device/bus/device_bus.hpp"
#include "device/memory/device_memory.hpp"
#include "device/meter/meter_quantities.hpp"
#include "device/meter/meter_records.hpp"
#include "device/meter/meter_state.hpp"

namespace duheng::device {

/// Something that befalls a meter; see MeterEvent.
struct MeterIncident {
  MeterEvent kind = MeterEvent::cover_open;
  std::uint8_t phase = 0;  ///< 1 A, 2 B, 3 C for what has a phase
  std::int64_t begin_utc_ms = 0;
  std::int64_t end_utc_ms = EventRecord::open_end;  ///< open_end: lasts until VirtualMeter::end_incident()
};

/// A DL/T 645-2007 meter that exists only in memory: questions in, answers out, no sockets and no clock of its own.
///
/// What it shows follows from its seed, the time, and what it keeps in its DeviceMemory: clock corrections, relay,
/// parameters, passwords, events. Every change is stored before it is answered; when it cannot be stored the meter is
/// as one whose power failed at that moment: silent, and unchanged unless the memory says otherwise at the restart.
/// Without a memory it forgets all this with the object.
///
/// Reads: energy (active, combined, reactive quadrants; totals, tariffs, blocks, 12 settlements), maximum demand,
/// instantaneous variables, parameters, status words, freezes (timed, instant, 254 hourly, 62 daily), a year and more
/// of load records in six classes, events. Long answers come in following frames.
/// Commands, with the password of a level that may: write parameters, clock, settlement days, load record intervals;
/// passwords; relay, alarm, keep supplied; clear demand, meter, events. Without one: freeze, line speed, broadcast time
/// (once a day, by 5 minutes at most, not within 5 minutes of midnight). Three wrong passwords lock it for a day. What
/// needs a security module is refused: it has none. Line speed and address are kept over a power failure; a new address
/// is taken only while the programming key is pressed (VirtualMeterOptions).
/// Freezes, settlements and records go by its own clock; tariffs by true civil time.
class VirtualMeter final : public VirtualDevice {
 public:
  explicit VirtualMeter(const VirtualMeterOptions& options, std::shared_ptr<DeviceMemory> memory = nullptr);
  VirtualMeter(const VirtualMeter&) = delete;
  VirtualMeter& operator=(const VirtualMeter&) = delete;

  [[nodiscard]] const VirtualMeterOptions& options() const noexcept { return options_; }
  /// As written by 15H, else as it was made.
  [[nodiscard]] dlt645::Address address() const;
  /// Of its line, in bit/s, once it was told one (17H); 0: it hears whatever speed its line has.
  [[nodiscard]] std::uint32_t told_speed() const;
  /// The meter's own view of the time, as digits of its registers.
  [[nodiscard]] dlt645::DateTime clock(std::int64_t utc_ms) const { return civil_time(state_.clock.own_ms(utc_ms)); }
  [[nodiscard]] Measurement measure(std::int64_t utc_ms) const { return quantities_.measure(utc_ms); }
  /// Forward or reverse energy in 0.01 kWh; tariff 0 is the total, 1 to 4 sharp, peak, flat, valley.
  [[nodiscard]] std::int64_t energy_centikwh(std::int64_t utc_ms, bool reverse, int tariff) const {
    return quantities_.energy_centikwh(utc_ms, reverse, tariff);
  }
  [[nodiscard]] const MeterState& state() const noexcept { return state_; }
  [[nodiscard]] const MeterQuantities& quantities() const noexcept { return quantities_; }

  struct Answer {
    dlt645::FrameBuffer frame;
    dlt645::DataIdentifier identifier;  ///< 0 when the answer names none
  };
  /// The answer to a question meant for this meter; nothing when it keeps silent (not meant, broadcast, an answer
  /// itself, no supply).
  [[nodiscard]] std::optional<Answer> answer(std::int64_t utc_ms, const dlt645::FrameView& question);

  /// Books what befalls the meter and lets it have its effect: supply pauses consumption and answers, phases lose
  /// voltage or current. Errors: as DeviceMemory::store(); invalid_argument - a phase that does not fit.
  [[nodiscard]] Result<void> begin_incident(const MeterIncident& incident);
  /// Errors beside those: not_found - nothing of that kind lasts.
  [[nodiscard]] Result<void> end_incident(MeterEvent kind, std::uint8_t phase, std::int64_t utc_ms);
  /// Somebody presses the button at the meter; whether the relay closed. Errors: as DeviceMemory::store().
  [[nodiscard]] Result<bool> press_button(std::int64_t utc_ms);

  [[nodiscard]] const std::string& uid() const noexcept override { return uid_; }
  [[nodiscard]] std::uint64_t bus_key() const noexcept override;
  [[nodiscard]] std::optional<DeviceAnswer> answer(std::int64_t utc_ms, ByteView question) override;
  void happen(std::int64_t utc_ms, const DeviceHappening& happening) override;
  [[nodiscard]] std::uint32_t line_speed() const override { return told_speed(); }
  [[nodiscard]] std::optional<DeviceCommand> last_command() const override { return state_.last_command; }
  void listen_to_commands(CommandListener listener) override { listener_ = std::move(listener); }

 private:
  struct Following {  // what of a long answer has not been fetched
    dlt645::DataIdentifier identifier;
    Bytes payload;
    std::uint8_t sequence = 0;
  };
  // Reading: virtual_meter.cpp.
  [[nodiscard]] std::optional<Answer> read(std::int64_t utc_ms, ByteView plain);
  [[nodiscard]] std::optional<Answer> read_following(ByteView plain);
  [[nodiscard]] std::optional<Answer> answer_in_parts(dlt645::DataIdentifier identifier, Bytes payload);
  [[nodiscard]] std::optional<Bytes> long_payload_of(std::int64_t utc_ms, const dlt645::DataDescription& what,
                                                     const dlt645::ReadRequest& request) const;
  [[nodiscard]] std::optional<Bytes> demand_payload(std::int64_t utc_ms, const dlt645::DataDescription& what) const;
  [[nodiscard]] std::optional<Bytes> parameter_payload(std::int64_t utc_ms, std::uint32_t identifier) const;
  [[nodiscard]] std::optional<std::size_t> payload_of(std::int64_t utc_ms, const dlt645::DataDescription& what,
                                                      std::span<std::uint8_t> out) const;
  [[nodiscard]] std::optional<std::int64_t> value_of(std::int64_t utc_ms, const dlt645::DataDescription& what,
                                                     std::size_t element) const;
  [[nodiscard]] std::optional<std::int64_t> energy_of(std::int64_t utc_ms, const dlt645::DataDescription& what,
                                                      std::size_t element) const;
  [[nodiscard]] std::optional<std::int64_t> variable_of(std::int64_t utc_ms, std::uint32_t identifier,
                                                        std::size_t element) const;
  [[nodiscard]] std::optional<std::int64_t> parameter_of(std::int64_t utc_ms, std::uint32_t identifier,
                                                         std::size_t element) const;
  [[nodiscard]] std::optional<std::int64_t> freeze_of(std::int64_t utc_ms, const dlt645::DataDescription& what,
                                                      std::size_t element) const;
  [[nodiscard]] MeterRecords records(std::int64_t utc_ms) const {
    return {quantities_, state_, options_.three_phase, utc_ms};
  }

  // Commands: meter_commands.cpp.
  struct Command;
  [[nodiscard]] std::optional<Answer> obey(std::int64_t utc_ms, const dlt645::FrameView& question, ByteView plain);
  [[nodiscard]] std::optional<Answer> carry_out(Command& command);
  void write(Command& command);
  [[nodiscard]] bool write_address(Command& command);
  void write_clock(Command& command, const dlt645::WriteRequest& request);
  void write_settlement_day(Command& command, const dlt645::WriteRequest& request);
  void change_password(Command& command);
  void control(Command& command);
  void clear(Command& command);
  void freeze(Command& command);
  void correct_clock(std::int64_t utc_ms, const dlt645::FrameView& question, ByteView plain);
  /// Stores `next` and makes it the state. Errors: as DeviceMemory::store(); the state is as before.
  [[nodiscard]] Result<void> keep(MeterState next);
  [[nodiscard]] Result<void> keep_command(MeterState next, const DeviceCommand& done);
  void set_supply(std::int64_t utc_ms, bool on);
  void notice(std::int64_t utc_ms, const DeviceHappening& happening);
  void set_voltage(std::int64_t utc_ms, std::int64_t per_mille);

  VirtualMeterOptions options_;
  std::string uid_;
  std::shared_ptr<DeviceMemory> memory_;
  MeterQuantities quantities_;  // looks at options_ and state_
  MeterState state_;
  bool memory_failed_ = false;
  std::optional<Following> following_;
  CommandListener listener_;
};

/// The key under which a bus finds the meter of that address.
[[nodiscard]] std::uint64_t bus_key_of(const dlt645::Address& address) noexcept;

}  // namespace duheng::device
