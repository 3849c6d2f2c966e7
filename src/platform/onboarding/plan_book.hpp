#pragma once
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "model/field_plan.hpp"
#include "platform/onboarding/plan_tables.hpp"
#include "platform/organisations/scope.hpp"
#include "rpc/control_messages.hpp"

namespace duheng::platform {

/// What a gateway is to serve, and what it says of that.
struct GatewayPlanState {
  GatewayId gateway{};
  std::string gateway_name{};
  std::uint64_t version = 0;                ///< 0: nothing is planned
  std::int64_t devices = 0;                 ///< of the plan
  std::vector<FieldChannel> channels{};     ///< of the plan, by name
  std::optional<FieldPlanReport> report{};  ///< the last; nothing: it has never told
  std::int64_t reported_utc_ms = 0;
  /// The gateway stands by this version.
  [[nodiscard]] bool is_applied() const noexcept { return report && report->version == version; }
};

struct UnknownDeviceRow {
  std::int64_t id = 0;
  GatewayId gateway{};
  std::string gateway_name{};
  FieldUnknownDevice device{};
};

/// What a gateway says of one device's line, and when it said so.
struct DeviceLine {
  control::DeviceState state{};
  std::int64_t told_utc_ms = 0;
};

/// The plans of all gateways, between the records and the control streams. Sends a plan when a gateway has another one,
/// remembers what gateways report. Thread-safe; needs the tables of Devices.
class PlanBook {
 public:
  static constexpr std::int64_t hidden_for_ms = 30LL * 24 * 3'600'000;  ///< a dismissed device, until it calls again
  static constexpr std::size_t unknown_kept_max = 10'000;  ///< of each gateway; the longest silent give way
  [[nodiscard]] static records::Capability migrations() { return plan_tables::migrations(); }

  /// Gives a part to a gateway; false: it is not connected, or takes nothing more for now.
  using Sender = std::function<bool(GatewayId, const FieldPlanPart&)>;
  PlanBook(records::Database& database, const Clock& clock) : database_(database), clock_(clock) {}
  void set_sender(Sender sender);

  // What the control streams bring.
  void connected(GatewayId gateway, std::uint64_t plan_version, const FieldPlanHash& plan_hash);
  void disconnected(GatewayId gateway);
  void reported(GatewayId gateway, FieldPlanReport report);
  /// The whole list.
  void unknown_devices(GatewayId gateway, const std::vector<FieldUnknownDevice>& devices);
  /// Those that changed.
  void device_states(GatewayId gateway, std::vector<control::DeviceState> devices);

  /// The whole list.
  void channel_timings(GatewayId gateway, std::vector<control::ChannelTiming> timings);

  /// About once a second: sends what is due, so that many changes in a row make one plan; keeps reports.
  void tick();
  /// The records of this gateway's plan have changed.
  void plan_changed(GatewayId gateway);

  /// Errors: not_found - no such gateway in the scope.
  [[nodiscard]] Result<GatewayPlanState> state(const Scope& scope, GatewayId gateway);
  [[nodiscard]] std::optional<FieldPlanReport> report_of(GatewayId gateway);
  [[nodiscard]] std::optional<DeviceLine> line_of(GatewayId gateway, const std::string& uid) const;

  /// How far apart readings are on its channels, as it told last.
  [[nodiscard]] std::vector<control::ChannelTiming> timings_of(GatewayId gateway) const;

  /// Of the scope's gateways, the newest call first, without dismissed ones and those that became devices.
  [[nodiscard]] Result<std::vector<UnknownDeviceRow>> list_unknown(const Scope& scope, std::int64_t limit);
  /// Hides them until they call again after `hidden_for_ms`. Errors: not_found - one of them, in the scope.
  [[nodiscard]] Result<void> dismiss(const Scope& scope, const std::vector<std::int64_t>& ids);

 private:
  struct Peer {
    bool is_connected = false;
    bool due = false;  ///< it may have another plan than the records
    std::uint64_t known_version = 0;
    FieldPlanHash known_hash{};
    std::int64_t sent_ms = 0;  ///< monotonic
    bool awaited = false;      ///< a plan was sent, and no report of it has come
    std::optional<FieldPlanReport> report;
    std::int64_t reported_utc_ms = 0;
    bool report_unstored = false;
    std::int64_t stored_ms = INT64_MIN / 2;  ///< monotonic
    std::unordered_map<std::string, DeviceLine> lines;
    std::vector<control::ChannelTiming> timings;
  };
  [[nodiscard]] Result<FieldPlan> plan_above(GatewayId gateway, std::uint64_t known_version,
                                             const FieldPlanHash& known_hash);
  void send_plan(GatewayId gateway);
  void store_report(GatewayId gateway);
  /// The report as stored, when none came since the start.
  void load_report(GatewayId gateway);

  records::Database& database_;
  const Clock& clock_;
  Sender sender_;
  mutable std::mutex mutex_;
  std::unordered_map<GatewayId, Peer> peers_;
};

}  // namespace duheng::platform
