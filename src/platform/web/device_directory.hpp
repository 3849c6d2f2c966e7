#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.hpp"
#include "platform/devices/devices.hpp"

namespace duheng::platform::web {

/// online - heard within twice its interval; late - within ten times; offline - longer ago; never - not yet heard.
enum class DeviceState : std::uint8_t { online, late, offline, never };
[[nodiscard]] std::string_view to_string(DeviceState state) noexcept;
[[nodiscard]] std::optional<DeviceState> device_state_of(std::string_view name) noexcept;
[[nodiscard]] DeviceState device_state(std::int64_t now_utc_ms, std::int64_t heard_utc_ms,
                                       std::int64_t interval_s) noexcept;

/// When a sender was last heard (UTC milliseconds); 0 when never. Called for every device of a list: must be quick.
using LastHeard = std::function<std::int64_t(GatewayId gateway, std::string_view device_uid)>;

struct SourceKey {
  GatewayId gateway;
  std::string device_uid;
  friend bool operator==(const SourceKey&, const SourceKey&) = default;
};
struct SourceKeyHash {
  std::size_t operator()(const SourceKey& key) const noexcept {
    return std::hash<std::string>{}(key.device_uid) * 1'099'511'628'211U ^ static_cast<std::size_t>(key.gateway.value);
  }
};

struct DirectoryDevice {
  Device device;
  std::string search_text;                ///< name, address and uid, A to Z made small
  std::vector<SourceAssignment> sources;  ///< by begin
};

/// All devices and who sends their readings, as they were at one revision. Immutable.
struct DeviceSnapshot {
  std::uint64_t revision = 0;
  std::vector<DirectoryDevice> devices;
  std::unordered_map<DeviceId, std::uint32_t> by_id;
  std::vector<std::uint32_t> by_name;
  std::vector<std::uint32_t> by_address;
  /// Each assignment of a sender: which device, and when.
  std::unordered_map<SourceKey, std::vector<std::pair<SourceAssignment, std::uint32_t>>, SourceKeyHash> by_source;

  [[nodiscard]] const DirectoryDevice* find(DeviceId id) const;
  /// Whose readings the sender's are at that time; null when nobody's.
  [[nodiscard]] const DirectoryDevice* owner(const SourceKey& source, std::int64_t at_utc_ms) const;
};
using DeviceSnapshotPtr = std::shared_ptr<const DeviceSnapshot>;

/// Which organisations a caller sees. Everything when empty optional.
using VisibleOrganisations = std::optional<std::unordered_set<OrganisationId>>;
[[nodiscard]] inline bool sees(const VisibleOrganisations& visible, OrganisationId organisation) {
  return !visible || visible->contains(organisation);
}

enum class DirectorySort : std::uint8_t { name, address, last_reading };

struct DirectoryQuery {
  std::size_t page = 1;
  std::size_t page_size = 50;
  std::string search;
  std::optional<DeviceState> state;
  SiteId site;
  GatewayId gateway;
  VisibleOrganisations organisations;  ///< the caller's scope, narrowed by the filter
  DirectorySort sort = DirectorySort::name;
  bool descending = false;
};

struct DirectoryRow {
  const DirectoryDevice* device = nullptr;
  std::int64_t heard_utc_ms = 0;
  DeviceState state = DeviceState::never;
};

struct DirectoryPage {
  DeviceSnapshotPtr snapshot;  ///< keeps the rows' devices alive
  std::vector<DirectoryRow> rows;
  std::size_t total = 0;
};

struct StateCounts {
  std::size_t devices = 0;
  std::size_t online = 0, late = 0, offline = 0, never = 0;
};

/// Devices by state and last reading, which the records do not know: an index in memory over what Devices has, read
/// anew when Devices::revision() moves. Lists of 100,000 devices take some ten milliseconds. Thread-safe.
class DeviceDirectory {
 public:
  DeviceDirectory(Devices& devices, const Clock& clock, LastHeard last_heard)
      : devices_(devices), clock_(clock), last_heard_(std::move(last_heard)) {}

  /// The newest snapshot. While one thread reads a new one, the others go on with the one before.
  [[nodiscard]] Result<DeviceSnapshotPtr> snapshot();
  [[nodiscard]] Result<DirectoryPage> list(const DirectoryQuery& query);
  [[nodiscard]] Result<StateCounts> counts(const VisibleOrganisations& organisations);
  /// State and last reading of one device.
  [[nodiscard]] DirectoryRow row(const DirectoryDevice& device) const;

 private:
  [[nodiscard]] Result<DeviceSnapshotPtr> read_all(std::uint64_t revision);
  [[nodiscard]] std::int64_t heard(const DirectoryDevice& device) const;

  Devices& devices_;
  const Clock& clock_;
  const LastHeard last_heard_;
  std::mutex reading_;  // held by the one who reads a new snapshot
  std::mutex mutex_;    // guards current_
  DeviceSnapshotPtr current_;
};

}  // namespace duheng::platform::web
