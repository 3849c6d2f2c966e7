#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.hpp"
#include "platform/alarms/alarm_condition.hpp"

namespace duheng::platform::alarms {

// The platform's own watches: each is told what is and says to the sink what is wrong. Pure but for the sink; used by
// one thread. Each says everything anew when it looks first, so that alarms of before a restart end or go on.

/// Devices that give no readings. Costs by how many fall due, not by how many there are.
class SilenceWatch {
 public:
  static constexpr std::int64_t limit_ms_min = 5 * 60'000;
  struct Device {
    DeviceId id{};
    std::int64_t interval_s = 900;
    std::int64_t heard_utc_ms = 0;  ///< 0: never
  };
  /// Devices count as heard at `started_utc_ms` at the earliest: while nobody listened nobody was silent. `standing`
  /// are those whose alarm stands from before.
  SilenceWatch(ConditionSink& sink, std::int64_t started_utc_ms, std::span<const Subject> standing);

  /// All that are watched now; those not named any more are watched no longer and their alarms end.
  void set_devices(std::span<const Device> devices, std::int64_t now_utc_ms);
  void heard(DeviceId device, std::int64_t at_utc_ms);
  void advance(std::int64_t now_utc_ms);
  [[nodiscard]] std::size_t silent() const noexcept { return silent_.size(); }
  /// Three times the interval, at least five minutes.
  [[nodiscard]] static std::int64_t limit_ms(std::int64_t interval_s) noexcept;

 private:
  struct Watched {
    std::int64_t interval_s = 0;
    std::int64_t heard_utc_ms = 0;
    std::int64_t due_utc_ms = 0;  ///< where it stands in due_
  };
  void expect(DeviceId device, Watched& watched, std::int64_t due_utc_ms);
  void say(DeviceId device, const Watched& watched, std::int64_t now_utc_ms);

  ConditionSink& sink_;
  const std::int64_t started_utc_ms_;
  std::unordered_map<DeviceId, Watched> devices_;
  std::set<std::pair<std::int64_t, std::int64_t>> due_;  // time, device
  std::set<std::int64_t> silent_;
};

/// Gateways: whether they are there, whether their certificate lasts.
class GatewayWatch {
 public:
  struct Gateway {
    GatewayId id{};
    bool is_connected = false;
    bool is_enrolled = true;  ///< neither revoked nor waiting for its first certificate
    std::int64_t certificate_not_after_utc_ms = 0;
  };
  GatewayWatch(ConditionSink& sink, std::int64_t started_utc_ms, std::int64_t offline_ms)
      : sink_(sink), started_utc_ms_(started_utc_ms), offline_ms_(offline_ms) {}
  void look(std::span<const Gateway> gateways, std::int64_t now_utc_ms);

 private:
  struct Seen {
    std::int64_t connected_utc_ms = 0;
    std::int64_t said_offline_s = -1;  ///< -1: not offline as far as was said
    bool was_said = false;
    std::int64_t said_days = -1;
  };
  void look_at_connection(const Gateway& gateway, Seen& seen, std::int64_t now_utc_ms);
  void look_at_certificate(const Gateway& gateway, Seen& seen, std::int64_t now_utc_ms);

  ConditionSink& sink_;
  const std::int64_t started_utc_ms_;
  const std::int64_t offline_ms_;
  std::map<GatewayId, Seen> seen_;
};

/// Parts of the platform that are not as they should be.
class ComponentWatch {
 public:
  enum class State : std::uint8_t { ok, degraded, failed };
  struct Component {
    std::string name{};
    State state = State::ok;
    std::string detail_zh{};
    std::string detail_en{};
  };
  explicit ComponentWatch(ConditionSink& sink) : sink_(sink) {}
  void look(std::span<const Component> components);

 private:
  ConditionSink& sink_;
  std::map<std::string, State> said_;
};

/// Batches that came again with other content. Each is an event, over as soon as it is told: the alarm waits until
/// somebody has seen it.
class ConflictWatch {
 public:
  explicit ConflictWatch(ConditionSink& sink) : sink_(sink) {}
  /// How many there were since the start.
  void look(std::uint64_t conflicts);

 private:
  ConditionSink& sink_;
  std::uint64_t told_ = 0;
};

/// Senders that no device claims, by gateway.
class UnassignedWatch {
 public:
  explicit UnassignedWatch(ConditionSink& sink) : sink_(sink) {}
  struct Source {
    GatewayId gateway{};
    std::string device_uid{};
  };
  /// All there are now.
  void look(std::span<const Source> sources, std::span<const GatewayId> gateways);

 private:
  ConditionSink& sink_;
  std::map<GatewayId, std::pair<std::size_t, std::string>> said_;
};

}  // namespace duheng::platform::alarms
