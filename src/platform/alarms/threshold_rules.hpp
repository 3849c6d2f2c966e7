#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/decimal.hpp"
#include "base/disk.hpp"
#include "base/ids.hpp"
#include "platform/alarms/alarm_condition.hpp"

namespace duheng::platform::alarms {

/// One file of rules/alarms/: when the values of a device are an alarm. See the README there.
struct ThresholdRule {
  enum class When : std::uint8_t {
    above,  ///< a value is over the limit; over when all are at or under `ends_at`
    below,  ///< a value is under the limit; over when all are at or over `ends_at`
    bit,    ///< bit `bit` of a value is set
  };
  std::string file{};
  std::string kind{};  ///< a word of the list of kinds
  Severity severity = Severity::warning;
  std::vector<std::string> registers{};
  std::string unit{};
  When when = When::above;
  Decimal limit{};
  Decimal ends_at{};
  std::int64_t bit = 0;
  std::int64_t delay_ms = 0;       ///< it must hold so long
  std::set<std::string> models{};  ///< ids of device models; empty: all
  std::set<std::int64_t> sites{};
  std::set<std::int64_t> organisations{};  ///< those themselves, not what is below them
  /// The rule rests while this register's value is not above `while_above`, e.g. a power factor without load.
  std::string while_register{};
  Decimal while_above{};
};

/// Errors: as ConfigFile, and a kind that is not listed, limits the wrong way round.
[[nodiscard]] Result<ThresholdRule> parse_threshold_rule(std::string_view text, const std::string& name);

struct ThresholdRuleSet {
  std::vector<ThresholdRule> rules{};  ///< by file name
  std::vector<Error> refused{};        ///< files left out, each with line and reason
};
/// All *.yaml of a folder; a bad file is left out and told, the others go on. Errors: not_found - no such folder.
[[nodiscard]] Result<ThresholdRuleSet> load_threshold_rules(Disk& disk, const std::string& directory);

struct MeasuredValue {
  std::string_view name{};
  std::string_view unit{};
  std::int64_t mantissa = 0;
  std::int8_t exponent = 0;
  bool is_good = true;  ///< others are not looked at
};
struct MeasuredDevice {
  DeviceId id{};
  std::string_view model{};
  SiteId site{};
  OrganisationId organisation{};
};

/// Holds the rules against the newest values of devices. Of the rules of one kind the first that is for a device
/// counts. Used by one thread.
class ThresholdWatch {
 public:
  ThresholdWatch(std::vector<ThresholdRule> rules, ConditionSink& sink) : rules_(std::move(rules)), sink_(sink) {}
  void look(const MeasuredDevice& device, std::span<const MeasuredValue> values, std::int64_t now_utc_ms);
  /// Raises what has held for long enough.
  void advance(std::int64_t now_utc_ms);
  [[nodiscard]] std::size_t rules() const noexcept { return rules_.size(); }

 private:
  using Key = std::pair<std::int64_t, std::size_t>;  // device, rule
  struct Held {
    std::int64_t since_utc_ms = 0;
    Condition condition{};
  };
  struct Verdict {
    bool is_known = false;  ///< a value of the rule's registers is there
    bool holds = false;
    const MeasuredValue* value = nullptr;
  };
  [[nodiscard]] static bool is_for(const ThresholdRule& rule, const MeasuredDevice& device);
  [[nodiscard]] static Verdict judge(const ThresholdRule& rule, std::span<const MeasuredValue> values, bool was_held);
  void take(std::size_t rule, const MeasuredDevice& device, const Verdict& verdict, std::int64_t now_utc_ms);

  const std::vector<ThresholdRule> rules_;
  ConditionSink& sink_;
  std::map<Key, Held> held_;
  std::set<std::pair<std::int64_t, Key>> waiting_;  // when it will have held for long enough
  std::set<Key> cleared_;                           // said at least once that it does not hold
};

}  // namespace duheng::platform::alarms
