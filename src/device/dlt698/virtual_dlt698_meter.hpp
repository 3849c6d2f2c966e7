#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "device/bus/device_bus.hpp"
#include "device/dlt698/options.hpp"

namespace duheng::device {

struct Measurement;

/// A DL/T 698.45 meter, single- or three-phase: questions in, answers out; no sockets and no clock of its own. What it
/// measures follows from seed and time and equals what the DL/T 645 meter of that seed shows; what commands change (its
/// clock, relay, settlement days, password, events) is kept in its memory and found again after a restart.
///
/// Objects: energies 0000 to 0080 (total and tariffs; active ones also precise), demands 1010 1020, 2000 2001 2004 2005
/// 2006 200A 200F 2014 2017 2018, 4000 4001 4002 4100 4101 4116 4300 4401, freezes 5000 (on command) 5002 (15 minutes,
/// a year) 5003 5004 5005 5006, events 3000 3001 3002 (by phases) 3011 to 3016 301A 301B 301C 301F 3020 302A, control
/// 8000 8001 F201 F205 F206. Registers, freezes and tariffs run on true civil time, 4000 and the times of events on the
/// meter's own clock. Writes: 4000 (set; broadcast at most five minutes, once a day), 4001, 4100, 4116, 4401, the speed
/// of its port (method 127 of F201), which hold from the answer on; methods of 8000 and 8001, clearing of meter, demand
/// and events, freezing on command. They need CONNECT with the password, or a MAC, or `plain_writes_allowed`. Long
/// answers to GET come in blocks, long APDUs in pieces; a piece is sent when the one before is confirmed, again when
/// the confirmation is repeated. Questions may come in pieces, too: the answer confirms the last one. A meter without
/// power, and one whose memory has just lost it, keeps silent.
class VirtualDlt698Meter final : public VirtualDevice {
 public:
  explicit VirtualDlt698Meter(const Dlt698MeterOptions& options);
  ~VirtualDlt698Meter() override;

  [[nodiscard]] const std::string& uid() const noexcept override;
  [[nodiscard]] std::uint64_t bus_key() const noexcept override;
  [[nodiscard]] std::uint32_t line_speed() const override;
  [[nodiscard]] std::optional<DeviceAnswer> answer(std::int64_t utc_ms, ByteView question) override;
  /// With `reports_events` only.
  [[nodiscard]] std::optional<DeviceAnswer> report(std::int64_t utc_ms) override;
  /// Clock jumps and drift, magnets, the cover, voltage and supply; other things leave no trace.
  void happen(std::int64_t utc_ms, const DeviceHappening& happening) override;
  /// By the octets of the frame that brought it; a list is one command, named by the first item that was carried out.
  [[nodiscard]] std::optional<DeviceCommand> last_command() const override;
  void listen_to_commands(CommandListener listener) override;
  /// Somebody presses the key at the meter, which closes a relay whose closing is permitted.
  void press_key(std::int64_t utc_ms);

  // As a question would find it: a trip that was waiting for its time has taken place.
  /// What it measures now; needs device/meter/meter_quantities.hpp.
  [[nodiscard]] Measurement measure(std::int64_t utc_ms);
  /// Forward or reverse energy in 0.01 kWh; tariff 0 is the total, 1 to 4 sharp, peak, flat, valley.
  [[nodiscard]] std::int64_t energy_centikwh(std::int64_t utc_ms, bool reverse, int tariff);
  /// Its own clock, local time in ms since 1970.
  [[nodiscard]] std::int64_t clock_local_ms(std::int64_t utc_ms) const;
  /// As of the last question.
  [[nodiscard]] bool relay_is_closed() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace duheng::device
