#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "platform/onboarding/plan_book.hpp"
#include "platform/onboarding/processing.hpp"
#include "platform/orders/operation_log.hpp"

namespace duheng::platform {

/// A version of a sum.
using SumNumber = std::int64_t;

struct NewSum {
  GatewayId gateway{};
  FieldSum sum;                   ///< without members
  std::vector<DeviceId> members;  ///< devices of that gateway
  std::string reason;
  bool is_removal = false;  ///< only uid and reason count
};

struct SumVersion {
  SumNumber number = 0;
  GatewayId gateway{};
  FieldSum sum;  ///< without members
  std::int64_t members = 0;
  bool is_removed = false;
  std::string reason;
  std::string changed_by_name;
  std::int64_t from_utc_ms = 0;
  std::optional<std::int64_t> to_utc_ms{};
  DerivationState state = DerivationState::pending;  ///< of the present version
  std::string problem{};                             ///< the gateway's own words
};
struct SumMember {
  DeviceId device{};
  std::string name;
  std::string uid;
};
struct SumDetails {
  SumVersion sum;
  std::vector<SumMember> members;    ///< one page, by uid
  std::vector<SumVersion> versions;  ///< of the same uid, newest first
};

/// What gateways add up over groups of meters, set from afar: part of their plans. A sum shows values of all its
/// members; so it can be made, seen and changed only by who sees all of them. Thread-safe. Needs the tables of
/// PlanBook and OrderService.
class GatewaySums {
 public:
  GatewaySums(records::Database& database, const Clock& clock, PlanBook& plans)
      : database_(database), clock_(clock), plans_(plans) {}

  /// Makes it, or a new version of the one with its uid. Errors: not_found - gateway or member outside the scope, or
  /// nothing to remove; invalid_argument - naming the field; already_exists - a device has its uid; forbidden - it
  /// would add up devices that the author may not see; limit_exceeded.
  [[nodiscard]] Result<SumNumber> set(const Author& author, NewSum sum);
  /// By uid. Errors: not_found - no such gateway.
  [[nodiscard]] Result<std::vector<SumVersion>> list(const Scope& scope, GatewayId gateway);
  /// Errors: not_found - or it adds up devices outside the scope.
  [[nodiscard]] Result<SumDetails> get(const Scope& scope, SumNumber number, std::int64_t page, std::int64_t page_size);

 private:
  [[nodiscard]] Result<void> check(records::Transaction& t, const Author& author, NewSum& sum) const;
  void tell_state(GatewayId gateway, std::uint64_t plan_version, SumVersion& version);

  records::Database& database_;
  const Clock& clock_;
  PlanBook& plans_;
};

}  // namespace duheng::platform
