#pragma once
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.hpp"
#include "platform/alarms/alarm_condition.hpp"
#include "platform/live/live_hub.hpp"
#include "platform/meter_conditions/condition_rules.hpp"

namespace duheng::platform {

/// One value as the rules need it.
struct ConditionValue {
  std::string_view register_name;
  std::int64_t mantissa = 0;
  std::int8_t exponent = 0;
  std::int64_t time_utc_ms = 0;
  Quality quality = Quality::good;
};

/// What is wrong with one device by its own account. Pure; takes values in the order of their times.
class DeviceConditions {
 public:
  struct Standing {
    alarms::Severity severity = alarms::Severity::warning;
    std::int64_t since_utc_ms = 0;
    std::map<std::string, std::string> facts{};
    friend bool operator==(const Standing&, const Standing&) = default;
  };
  /// So long must a closed valve let nothing through until it no longer counts as leaking.
  static constexpr std::int64_t tight_again_ms = 86'400'000;

  /// What changed: kinds that began, changed or ended. A value that is not newer than the one before changes nothing.
  std::vector<std::string_view> take(std::string_view model, std::span<const ConditionValue> values);
  [[nodiscard]] const std::map<std::string_view, Standing>& standing() const noexcept { return standing_; }
  /// Kinds of which the last take() knew for the first time that they do not hold: whatever was said of them before
  /// the platform's restart is over.
  [[nodiscard]] const std::vector<std::string_view>& found_over() const noexcept { return found_over_; }

 private:
  void judge_words(std::string_view model, std::span<const ConditionValue> values,
                   std::map<std::string_view, Standing>& found);
  void judge_valve(std::string_view model, std::span<const ConditionValue> values);
  [[nodiscard]] std::vector<std::string_view> settle(const std::map<std::string_view, Standing>& found);

  std::map<std::string_view, Standing> standing_;  // by kind; the kinds are the program's own words
  std::map<std::string_view, bool> judged_;        // kinds of which the present values say whether they hold
  std::set<std::string_view> known_;               // kinds that were once said to hold, or not to
  std::vector<std::string_view> found_over_;
  std::int64_t newest_utc_ms_ = INT64_MIN;
  // Of a closed valve.
  std::optional<std::int64_t> volume_when_closed_;
  std::int64_t last_volume_ = 0;
  std::int64_t last_rise_utc_ms_ = 0;
  std::int64_t closed_since_utc_ms_ = 0;
};

/// The conditions of all devices, said to the alarms and kept for lists. Thread-safe; memory bounded by the devices.
class MeterConditions {
 public:
  struct Owner {
    DeviceId device{};
    std::string model{};
  };
  /// Whose readings a sender's are now; nothing when nobody's.
  using OwnerOf = std::function<std::optional<Owner>(const SourceKey&)>;
  MeterConditions(alarms::ConditionSink& alarms, OwnerOf owner_of) : alarms_(alarms), owner_of_(std::move(owner_of)) {}

  static constexpr std::size_t devices_max = 200'000;
  void take(const SourceKey& source, std::span<const LiveValue> latest);
  /// The same for a device whose values come from the store: after a start.
  void take(const Owner& owner, std::span<const ConditionValue> values);

  struct Entry {
    DeviceId device{};
    std::string_view kind;
    DeviceConditions::Standing standing{};
  };
  /// Newest first; of one kind, or of all when it is empty.
  [[nodiscard]] std::vector<Entry> list(std::string_view kind) const;

 private:
  alarms::ConditionSink& alarms_;
  OwnerOf owner_of_;
  mutable std::mutex mutex_;  // guards what follows
  std::unordered_map<DeviceId, DeviceConditions> devices_;
};

}  // namespace duheng::platform
