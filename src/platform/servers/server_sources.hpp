#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace duheng::platform::servers {

// What the machine's own tools and files say, taken apart. Pure; whatever comes, nothing is read past its end.

inline constexpr std::size_t items_max = 1'024;  ///< of one source; the rest is left out

/// A disk, by `smartctl --json -H -A -i <device>` (smartmontools 7, JSON format version 1).
struct DiskHealth {
  std::string device{};  ///< as smartctl names it, without "/dev/"
  std::string model{};
  std::optional<bool> passed{};  ///< its own verdict; nothing: it gives none
  std::optional<std::int64_t> temperature_c{};
  std::int64_t reallocated = 0;                 ///< sectors (ATA attribute 5)
  std::int64_t pending = 0;                     ///< sectors (ATA attribute 197)
  std::int64_t media_errors = 0;                ///< NVMe
  std::optional<std::int64_t> used_percent{};   ///< NVMe: of its life
  std::optional<std::int64_t> spare_percent{};  ///< NVMe: left
  std::optional<std::int64_t> spare_percent_min{};
  /// A reason for exchanging it; empty: none. One word: verdict, pending_sectors, media_errors, spare_used_up.
  [[nodiscard]] std::string_view failing_because() const noexcept;
};
/// Errors: malformed - not smartctl's JSON about one disk.
[[nodiscard]] Result<DiskHealth> parse_smart(std::string_view json);
/// Names of devices, by `smartctl --json --scan`. Errors: malformed.
[[nodiscard]] Result<std::vector<std::string>> parse_smart_scan(std::string_view json);

/// An array of Linux' software RAID, by /proc/mdstat (drivers/md, "Documentation/admin-guide/md").
struct RaidArray {
  std::string name{};
  std::string level{};
  bool is_active = false;
  std::int64_t members = 0;  ///< that it should have
  std::int64_t members_working = 0;
  std::int64_t members_failed = 0;  ///< marked (F)
  std::optional<std::int64_t> rebuild_permille{};
  [[nodiscard]] bool is_degraded() const noexcept { return !is_active || members_working < members; }
};
[[nodiscard]] std::vector<RaidArray> parse_mdstat(std::string_view text);

struct MemoryUse {
  std::int64_t total_kib = 0;
  std::int64_t available_kib = 0;
  [[nodiscard]] std::int64_t used_percent() const noexcept;
};
/// /proc/meminfo. Errors: malformed - MemTotal or MemAvailable are missing.
[[nodiscard]] Result<MemoryUse> parse_meminfo(std::string_view text);

struct LoadAverage {
  std::int64_t centi_1m = 0;  ///< hundredths
  std::int64_t centi_5m = 0;
  std::int64_t centi_15m = 0;
};
/// /proc/loadavg. Errors: malformed.
[[nodiscard]] Result<LoadAverage> parse_loadavg(std::string_view text);

/// One line of `ipmitool sdr elist`.
struct Sensor {
  std::string name{};
  std::string status{};   ///< ok, nc, cr, nr, ns ("no reading") ...
  std::string reading{};  ///< "38 degrees C", "Presence detected, Failure detected"
  std::optional<std::int64_t> temperature_c{};
  bool is_supply = false;
  [[nodiscard]] bool is_present() const noexcept;
  /// A power supply that is there and gives nothing.
  [[nodiscard]] bool is_supply_lost() const noexcept;
  /// Beyond a limit of its own: "cr" critical, "nr" not recoverable.
  [[nodiscard]] bool is_critical() const noexcept { return status == "cr" || status == "nr"; }
};
[[nodiscard]] std::vector<Sensor> parse_sensors(std::string_view text);

/// A thousandth of a degree, as hwmon and thermal files hold it. Nothing: no number, or no temperature.
[[nodiscard]] std::optional<std::int64_t> parse_millidegrees(std::string_view text) noexcept;

}  // namespace duheng::platform::servers
