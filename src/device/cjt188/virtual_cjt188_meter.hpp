#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "codec/cjt188/message.hpp"
#include "codec/cjt188/value.hpp"
#include "device/bus/device_bus.hpp"
#include "device/cjt188/cjt188_measures.hpp"
#include "device/cjt188/gas_valve.hpp"

namespace duheng::device {

struct Cjt188MeterOptions {
  cjt188::Address address;
  std::uint8_t meter_type = cjt188::meter_types::cold_water;  ///< 10H to 13H, 20H to 22H, 30H
  const cjt188::Profile* profile = &cjt188::default_profile();
  std::uint64_t seed = 1;
  bool leaks = false;                      ///< water: a trickle that never ends
  bool has_valve = false;                  ///< gas
  std::int32_t zone_offset_minutes = 480;  ///< civil time of its clock, fixed
  std::int32_t clock_drift_ppm = 0;        ///< how much faster its clock runs than true time
  std::int32_t battery_full_mv = 6'000;
  std::int32_t battery_low_mv = 4'800;  ///< below: the status word says so (gas: see GasValveLimits)
};

/// Why a meter refuses, in the second octet of ST of an error answer; the first is its status. The standard leaves this
/// octet to the maker.
namespace cjt188_refusals {
inline constexpr std::uint8_t unknown_identifier = 0x01;
inline constexpr std::uint8_t unacceptable_value = 0x02;
inline constexpr std::uint8_t unknown_function = 0x03;
}  // namespace cjt188_refusals
/// Second octet of the status word: closed, but the button at the meter would open the valve.
inline constexpr std::uint8_t status_waits_for_local_action = 0x01;

/// A CJ/T 188 meter for water, gas, heat or cooling: questions in, answers out. What it shows follows from its seed and
/// the time, so that it goes on where it was after a restart; clock corrections, the settlement day, the state of its
/// valve and what the valve kept back are forgotten then.
///
/// Answers: metering data (901F; 911F for meters of 2018 that count heat), single values 903F to 907F, settlements of
/// the last twelve months (D120 to D12B), settlement and reading day, its address. Takes: clock, settlement and reading
/// day, valve. Everything else is refused with ST. Identifiers come back in the order in which they were asked for.
class VirtualCjt188Meter final : public VirtualDevice {
 public:
  explicit VirtualCjt188Meter(const Cjt188MeterOptions& options);

  [[nodiscard]] const std::string& uid() const noexcept override { return uid_; }
  [[nodiscard]] std::uint64_t bus_key() const noexcept override;
  [[nodiscard]] std::optional<DeviceAnswer> answer(std::int64_t utc_ms, ByteView question) override;

  [[nodiscard]] const Cjt188Measures& measures() const noexcept { return measures_; }
  [[nodiscard]] cjt188::DateTime clock(std::int64_t utc_ms) const;
  /// The two octets of ST, the first low.
  [[nodiscard]] std::uint16_t status() const noexcept;

  // What happens at the meter, not over the bus. Without a valve only the voltage means something.
  void at_the_meter(std::int64_t utc_ms, GasValveInput input);
  void battery_mv(std::int64_t utc_ms, std::int32_t millivolt);
  [[nodiscard]] bool valve_is_open() const noexcept { return valve_.is_open(); }
  struct Event {
    std::int64_t utc_ms;
    GasEvent event;
  };
  /// The newest, at most 64.
  [[nodiscard]] const std::vector<Event>& events() const noexcept { return events_; }

 private:
  using Peer = cjt188::Peer;
  [[nodiscard]] std::int64_t local_ms(std::int64_t utc_ms) const noexcept;
  [[nodiscard]] std::int64_t clock_local_ms(std::int64_t utc_ms) const noexcept;
  /// The newest settlement is 0.
  [[nodiscard]] std::int64_t settled_local_ms(std::int64_t utc_ms, int months_back) const;
  [[nodiscard]] std::size_t payload_octets(cjt188::DataIdentifier identifier) const noexcept;
  [[nodiscard]] std::optional<std::size_t> payload_of(std::int64_t utc_ms, cjt188::DataIdentifier identifier,
                                                      std::span<std::uint8_t> out) const;
  void fill(cjt188::Value& value, const cjt188::FieldFormat& field, std::int64_t utc_ms,
            cjt188::DataIdentifier identifier) const;
  [[nodiscard]] std::int64_t energy_first(std::int64_t utc_ms) const;
  [[nodiscard]] std::int64_t settlement_of(std::int64_t utc_ms, cjt188::DataIdentifier identifier) const;
  [[nodiscard]] cjt188::BuiltFrame read(std::int64_t utc_ms, const Peer& peer, cjt188::DataIdentifier identifier);
  [[nodiscard]] cjt188::BuiltFrame write(std::int64_t utc_ms, const Peer& peer, cjt188::DataIdentifier identifier,
                                         ByteView payload);
  [[nodiscard]] bool set_clock(std::int64_t utc_ms, ByteView payload);
  [[nodiscard]] bool command_valve(std::int64_t utc_ms, ByteView payload);
  [[nodiscard]] cjt188::BuiltFrame refuse(const Peer& peer, std::uint8_t function, std::uint8_t reason) const;
  void note(std::int64_t utc_ms, bool was_open, const std::vector<GasEvent>& happened);

  Cjt188MeterOptions options_;
  std::string uid_;
  Cjt188Measures measures_;
  GasValve valve_;
  std::int32_t battery_mv_;
  std::int64_t correction_ms_ = 0;
  std::uint8_t settlement_day_ = 1;
  std::uint8_t reading_day_ = 1;
  std::vector<Event> events_;
};

}  // namespace duheng::device
