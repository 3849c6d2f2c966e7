#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/log.hpp"
#include "device/carrier/virtual_carrier_module.hpp"
#include "device/snmp/snmp_agent.hpp"

namespace duheng::device {

/// Devices of one model besides `meters`; see device/fleet/catalogue.hpp for the models there are.
struct FleetGroup {
  /// carrier: behind a carrier module at the end of a serial line (device/carrier).
  enum class Channel : std::uint8_t { tcp, serial, call_in, udp, carrier };
  std::string model;
  std::uint32_t count = 1;  ///< 1 to 100,000
  Channel channel = Channel::tcp;
  std::uint32_t per_channel = 20;  ///< devices on one port or line; call_in and udp have one each
  /// Of a switch: channels over TCP that are reached through it, on its ports 2, 3 …
  std::vector<std::string> carries{};
  /// Of a group behind carrier modules: what they are like; protocol and seed are the fleet's to set.
  CarrierModuleOptions carrier{};
  [[nodiscard]] std::uint32_t channels() const noexcept { return (count + per_channel - 1) / per_channel; }
};

/// Under what the fleet's switches are read.
struct FleetSnmp {
  std::string credential = "fleet";  ///< its name at the gateway
  std::string community = "duheng-fleet";
  std::optional<SnmpUser> user{};  ///< of version 3, besides
};

/// `duheng-fleet --config fleet.yaml`; see packaging/examples/fleet.yaml. Limits stand beside each field.
struct FleetConfig {
  std::string data_directory;
  std::uint64_t seed = 1;
  /// DL/T 645 meters: 1 to 100,000, those on serial lines and those that call in included; 0 when there are groups.
  std::uint32_t meters = 1'000;
  std::uint64_t first_address = 202'600'000'001ULL;
  std::uint32_t three_phase_every = 3;  ///< every n-th meter; 0 = none
  std::uint32_t exports_every = 5;      ///< every n-th meter has solar panels; 0 = none
  std::uint32_t factories_every = 0;    ///< every n-th three-phase meter is a factory's; 0 = none
  std::int32_t zone_offset_minutes = 480;
  std::int32_t clock_drift_ppm_max = 0;  ///< drawn for each meter from -n to n
  std::string tcp_address = "127.0.0.1";
  std::uint16_t tcp_first_port = 0;  ///< 0: a free run is looked for once and kept in the data directory
  std::uint32_t tcp_ports = 100;     ///< each serves an equal share of the meters; as many as meters = one meter each
  std::uint32_t connections_per_port_max = 8;
  std::uint32_t serial_lines = 1;  ///< pseudo-terminals
  std::uint32_t serial_meters_per_line = 8;
  std::uint32_t call_in_meters = 0;  ///< of `meters`: each dials the gateway by itself, as over NB-IoT
  std::string call_in_host = "127.0.0.1";
  std::uint16_t call_in_port = 0;  ///< where the gateway listens; 0: a free one is looked for once and kept
  std::vector<FleetGroup> groups;
  FleetSnmp snmp;
  std::uint64_t ledger_bytes_max = 256ULL << 20;
  std::uint32_t answers_lost_per_mille = 0;  ///< deliberate faults, written down in the ledger
  std::uint32_t answers_spoiled_per_mille = 0;
  std::string scenario;  ///< a file of faults over time (device/scenario); empty: none
  log::Options log;
};
/// Errors: as base/config.hpp.
[[nodiscard]] Result<FleetConfig> load_fleet_config(const std::string& path);
[[nodiscard]] Result<FleetConfig> parse_fleet_config(std::string_view text, const std::string& name);

}  // namespace duheng::device
