#pragma once
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "platform/alarms/alarm_book.hpp"
#include "platform/alarms/combined_topology.hpp"
#include "platform/alarms/threshold_rules.hpp"
#include "platform/alarms/watches.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/live/live_hub.hpp"
#include "platform/status/health.hpp"
#include "platform/web/device_directory.hpp"
#include "store/records/database.hpp"

namespace duheng::platform {

/// What hangs on what as far as the records say: devices on their gateways. Thread-safe.
class RecordsTopology final : public alarms::Topology {
 public:
  void set_devices(web::DeviceSnapshotPtr snapshot);
  void set_gateways(const std::vector<Gateway>& gateways);
  [[nodiscard]] std::optional<alarms::Subject> parent(const alarms::Subject& subject) const override;
  [[nodiscard]] std::int64_t organisation(const alarms::Subject& subject) const override;

 private:
  mutable std::mutex mutex_;
  web::DeviceSnapshotPtr devices_;
  std::unordered_map<std::int64_t, std::int64_t> gateways_;  ///< number to organisation
};

/// The alarm book of the platform, and what watches for the platform itself. The book is there before anything that
/// may raise an alarm; watch() begins when all that is watched is there.
class AlarmWiring {
 public:
  /// Errors: as AlarmBook::open().
  [[nodiscard]] static Result<std::unique_ptr<AlarmWiring>> open(records::Database& database, const Clock& clock);
  ~AlarmWiring();

  [[nodiscard]] alarms::ConditionSink& sink() noexcept { return *book_; }
  [[nodiscard]] alarms::AlarmBook& book() noexcept { return *book_; }
  /// For whoever knows more of what hangs on what, e.g. network equipment.
  [[nodiscard]] alarms::CombinedTopology& topology() noexcept { return topology_; }

  struct Watched {
    web::DeviceDirectory& directory;
    web::HeardTimes& heard;
    Gateways& gateways;
    LiveHub& hub;
    status::Health& health;
    std::function<std::vector<GatewayId>()> connected;
    std::function<std::uint64_t()> conflicts;
    std::function<Result<std::vector<alarms::UnassignedWatch::Source>>(const std::vector<Gateway>&)> unassigned;
    std::vector<alarms::ThresholdRule> rules{};
    std::int64_t started_utc_ms = 0;
    std::int64_t gateway_offline_ms = 30'000;
  };
  void watch(const Watched& watched);
  /// What the folder holds; what is bad there is told in the log and left out, and so is a default folder that is not
  /// there. Errors: not_found - no such folder.
  [[nodiscard]] static Result<std::vector<alarms::ThresholdRule>> load_rules(Disk& disk, const std::string& directory,
                                                                             bool is_default);
  /// Before anything watched goes; the book stays.
  void stop_watching();

 private:
  AlarmWiring() = default;
  class Watcher;
  RecordsTopology records_;
  alarms::CombinedTopology topology_;
  std::unique_ptr<alarms::AlarmBook> book_;
  const Clock* clock_ = nullptr;
  std::unique_ptr<Watcher> watcher_;
  std::jthread thread_;
};

}  // namespace duheng::platform
