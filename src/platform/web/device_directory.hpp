#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.hpp"
#include "platform/devices/devices.hpp"
#include "platform/live/live_hub.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::platform::web {

/// online - heard within twice its interval; late - within ten times; offline - longer ago; never - not yet heard.
enum class DeviceState : std::uint8_t { online, late, offline, never };
[[nodiscard]] std::string_view to_string(DeviceState state) noexcept;
[[nodiscard]] std::optional<DeviceState> device_state_of(std::string_view name) noexcept;
[[nodiscard]] DeviceState device_state(std::int64_t now_utc_ms, std::int64_t heard_utc_ms,
                                       std::int64_t interval_s) noexcept;

struct SourceKeyHash {
  std::size_t operator()(const SourceKey& key) const noexcept {
    return std::hash<std::string>{}(key.device_uid) * 1'099'511'628'211U ^ static_cast<std::size_t>(key.gateway.value);
  }
};

/// When each sender was last heard: what the live values have told since the start, and before that the telemetry
/// store. Thread-safe.
class HeardTimes {
 public:
  /// As LiveHub::heard_since().
  using Newer = std::function<std::vector<LastHeard>(std::uint64_t& change)>;
  HeardTimes(const store::TelemetryStore& telemetry, const Clock& clock, Newer newer)
      : telemetry_(telemetry), clock_(clock), newer_(std::move(newer)) {}

  /// Takes over what came since; the store is asked at most every ten seconds, because it may still be rebuilding.
  void refresh();
  /// Holds the table still while a list is made.
  class View {
   public:
    /// UTC milliseconds; 0 when never.
    [[nodiscard]] std::int64_t at(const SourceKey& source) const {
      const auto it = times_.find(source);
      return it == times_.end() ? 0 : it->second.utc_ms;
    }
    /// Readings per second of late, as the live values have counted; 0 for a sender not heard since the start.
    [[nodiscard]] double readings_per_s(const SourceKey& source, std::int64_t now_utc_ms) const {
      const auto it = times_.find(source);
      return it == times_.end() ? 0 : it->second.recent.per_second(now_utc_ms);
    }

   private:
    friend class HeardTimes;
    struct Heard {
      std::int64_t utc_ms = 0;
      RecentReadings recent{};
    };
    using Times = std::unordered_map<SourceKey, Heard, SourceKeyHash>;
    View(const Times& times, std::shared_mutex& mutex) : times_(times), lock_(mutex) {}
    const Times& times_;
    std::shared_lock<std::shared_mutex> lock_;
  };
  [[nodiscard]] View view() const { return View{times_, mutex_}; }

 private:
  const store::TelemetryStore& telemetry_;
  const Clock& clock_;
  const Newer newer_;
  mutable std::shared_mutex mutex_;  // guards what follows
  View::Times times_;
  std::uint64_t change_ = 0;
  std::optional<std::int64_t> store_asked_ms_;
};

/// From when to when a sender's readings are a device's: half-open, UTC milliseconds.
struct DeviceSource {
  SourceKey key;
  std::int64_t from_utc_ms = 0;
  std::optional<std::int64_t> to_utc_ms;  ///< empty: until further notice
  [[nodiscard]] bool covers(std::int64_t at_utc_ms) const noexcept {
    return from_utc_ms <= at_utc_ms && (!to_utc_ms || at_utc_ms < *to_utc_ms);
  }
};

struct DirectoryDevice {
  Device device;
  std::string search_text;            ///< name, address and uid, A to Z made small
  std::vector<DeviceSource> sources;  ///< by begin
};

/// All devices and who sends their readings, as they were at one revision. Immutable.
struct DeviceSnapshot {
  std::uint64_t revision = 0;
  std::vector<DirectoryDevice> devices;
  std::unordered_map<DeviceId, std::uint32_t> by_id;
  std::vector<std::uint32_t> by_name;
  std::vector<std::uint32_t> by_address;
  /// Each assignment of a sender: which device, and when.
  std::unordered_map<SourceKey, std::vector<std::pair<DeviceSource, std::uint32_t>>, SourceKeyHash> by_source;

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
  std::string model;                           ///< empty: any
  VisibleOrganisations organisations;          ///< the caller's scope, narrowed by the filter
  std::optional<std::vector<DeviceId>> among;  ///< only these; rising
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
  double readings_per_s = 0;  ///< of the senders that are these devices' now
};

/// Devices by state and last reading, which the records do not know: an index in memory over what Devices has, read
/// anew when Devices::revision() moves. Lists of 100,000 devices take some ten milliseconds. Thread-safe.
class DeviceDirectory {
 public:
  DeviceDirectory(Devices& devices, const Clock& clock, HeardTimes& heard_times)
      : devices_(devices), clock_(clock), heard_times_(heard_times) {}

  /// The newest snapshot. While one thread reads a new one, the others go on with the one before.
  [[nodiscard]] Result<DeviceSnapshotPtr> snapshot();
  [[nodiscard]] Result<DirectoryPage> list(const DirectoryQuery& query);
  [[nodiscard]] Result<StateCounts> counts(const VisibleOrganisations& organisations);
  /// State and last reading of one device.
  [[nodiscard]] DirectoryRow row(const DirectoryDevice& device);

 private:
  [[nodiscard]] Result<DeviceSnapshotPtr> read_all(std::uint64_t revision);

  Devices& devices_;
  const Clock& clock_;
  HeardTimes& heard_times_;
  std::mutex reading_;  // held by the one who reads a new snapshot
  std::mutex mutex_;    // guards current_
  DeviceSnapshotPtr current_;
};

}  // namespace duheng::platform::web
