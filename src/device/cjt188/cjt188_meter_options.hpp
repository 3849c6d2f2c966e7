#pragma once
#include <cstdint>
#include <memory>

#include "codec/cjt188/address.hpp"
#include "codec/cjt188/control.hpp"
#include "codec/cjt188/profile.hpp"
#include "device/memory/device_memory.hpp"

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
  bool debug_stage = false;             ///< not yet enabled for the field (A019): its register may be set (A016)
  std::shared_ptr<DeviceMemory> memory = nullptr;  ///< what it keeps without power; none: forgets what masters wrote
};

/// Why a meter refuses, in the second octet of ST of an error answer; the first is its status. The standard leaves this
/// octet to the maker.
namespace cjt188_refusals {
inline constexpr std::uint8_t unknown_identifier = 0x01;
inline constexpr std::uint8_t unacceptable_value = 0x02;
inline constexpr std::uint8_t unknown_function = 0x03;
inline constexpr std::uint8_t not_in_debug_stage = 0x04;
}  // namespace cjt188_refusals

/// Second octet of the status word, which the standard leaves to the maker. What happened within the last day stays in
/// it, so that a master that reads every few hours learns of it; the events themselves are read with event_log.
namespace cjt188_status {
/// Closed, but the button at the meter would open the valve.
inline constexpr std::uint8_t waits_for_local_action = 0x01;
inline constexpr std::uint8_t magnetic_field = 0x02;
inline constexpr std::uint8_t interference = 0x04;  ///< discharge or radiated field
inline constexpr std::uint8_t power_failed = 0x08;
inline constexpr std::uint8_t cover_open = 0x10;
inline constexpr std::uint8_t reversed = 0x20;
inline constexpr std::uint8_t battery_empty = 0x40;  ///< as long as it is: the second level of undervoltage
}  // namespace cjt188_status

namespace cjt188_identifiers {
/// This maker's own: E100 the newest event, E101 the one before ... E13F: its code (Cjt188Event) and seven octets of
/// local time.
inline constexpr cjt188::DataIdentifier event_log{0xE100};
}  // namespace cjt188_identifiers

}  // namespace duheng::device
