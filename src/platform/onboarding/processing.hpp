#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "drivers/models/device_model.hpp"
#include "platform/onboarding/plan_book.hpp"
#include "platform/orders/operation_log.hpp"

namespace duheng::platform {

/// What has become of a rule or a sum at its gateway.
enum class DerivationState : std::uint8_t {
  pending,  ///< its gateway has not taken the plan yet
  applied,
  refused,  ///< by the gateway, which goes on without it
  removed,
};
[[nodiscard]] std::string_view to_string(DerivationState state) noexcept;

/// A rule for one device, or for many.
struct NewRule {
  std::vector<DeviceId> devices;
  std::string into;  ///< the result
  std::string text;  ///< see drivers/models/rule_text.hpp; empty: there is no such rule any more
  std::string reason;
};
struct RuleRefusal {
  DeviceId device{};
  std::string reason;  ///< not_read, not_in_model, too_many
  std::string detail;
};
struct RuleOutcome {
  std::int64_t set = 0;   ///< devices that have it now
  std::int64_t same = 0;  ///< devices that had it already
  std::vector<RuleRefusal> refusals;
};

/// One version of a rule: from its time on, until the next.
struct RuleVersion {
  std::int64_t number = 0;
  std::string into;
  std::string text;  ///< empty: removed
  std::string reason;
  std::string changed_by_name;
  std::int64_t from_utc_ms = 0;
  std::optional<std::int64_t> to_utc_ms{};
  DerivationState state = DerivationState::pending;  ///< of the present version
  std::string problem{};                             ///< the gateway's own words
};
struct DeviceProcessing {
  std::string uid;
  GatewayId gateway{};             ///< 0: nobody reads it
  std::vector<RuleVersion> rules;  ///< the present ones, by result
  std::vector<std::string> model_rules;
  std::vector<std::string> registers;  ///< of the model, that a rule may start from
  /// Unit and exponent of each.
  std::vector<std::pair<std::string, int>> measures;
};

/// What gateways make of the values of single devices, set from afar: part of their plans. A change is a new version;
/// readings made by an older one stay as they are. Thread-safe. Needs the tables of PlanBook and OrderService.
class Processing {
 public:
  static constexpr std::size_t devices_max = 10'000;  ///< of one change
  static constexpr std::size_t rules_of_device_max = 32;
  Processing(records::Database& database, const Clock& clock, PlanBook& plans,
             std::shared_ptr<const drivers::ModelLibrary> models)
      : database_(database), clock_(clock), plans_(plans), models_(std::move(models)) {}

  /// A device for which the rule makes no sense is refused, the others go on. Errors: not_found - a device outside the
  /// scope; invalid_argument - no rule at all, naming what is wrong; limit_exceeded.
  [[nodiscard]] Result<RuleOutcome> set(const Author& author, const NewRule& rule);
  /// Errors: not_found.
  [[nodiscard]] Result<DeviceProcessing> device(const Scope& scope, DeviceId device);
  /// Newest first, at most 500. Errors: not_found.
  [[nodiscard]] Result<std::vector<RuleVersion>> history(const Scope& scope, DeviceId device);

 private:
  records::Database& database_;
  const Clock& clock_;
  PlanBook& plans_;
  std::shared_ptr<const drivers::ModelLibrary> models_;
};

}  // namespace duheng::platform
