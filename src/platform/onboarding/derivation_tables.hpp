#pragma once
// Rules and sums of gateways, in the records. Internal to this folder.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "platform/onboarding/gateway_sums.hpp"
#include "platform/onboarding/processing.hpp"

namespace duheng::platform::derivation_tables {

/// One step of plan_tables::migrations().
inline constexpr const char* migration_sql =
    // A text of '' keeps that the rule was taken away, by whom and why.
    "CREATE TABLE device_rules ("
    " id INTEGER PRIMARY KEY,"
    " device_id INTEGER NOT NULL REFERENCES devices (id),"
    " into_name TEXT NOT NULL,"
    " rule TEXT NOT NULL,"
    " reason TEXT NOT NULL,"
    " changed_by_name TEXT NOT NULL,"
    " from_ms INTEGER NOT NULL,"
    " to_ms INTEGER,"
    " plan_version INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX device_rules_now ON device_rules (device_id, into_name) WHERE to_ms IS NULL;"
    "CREATE INDEX device_rules_by_device ON device_rules (device_id, from_ms);"
    "CREATE TABLE gateway_sums ("
    " id INTEGER PRIMARY KEY,"
    " gateway_id INTEGER NOT NULL REFERENCES gateways (id),"
    " uid TEXT NOT NULL,"
    " is_removed INTEGER NOT NULL,"
    " register_name TEXT NOT NULL,"
    " unit TEXT NOT NULL,"
    " exponent INTEGER NOT NULL,"
    " interval_ms INTEGER NOT NULL,"
    " tolerance_ms INTEGER NOT NULL,"
    " wait_ms INTEGER NOT NULL,"
    " channel TEXT NOT NULL,"
    " reason TEXT NOT NULL,"
    " changed_by_name TEXT NOT NULL,"
    " from_ms INTEGER NOT NULL,"
    " to_ms INTEGER,"
    " plan_version INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX gateway_sums_now ON gateway_sums (gateway_id, uid) WHERE to_ms IS NULL;"
    "CREATE TABLE gateway_sum_members ("
    " sum_id INTEGER NOT NULL REFERENCES gateway_sums (id),"
    " device_id INTEGER NOT NULL REFERENCES devices (id),"
    " PRIMARY KEY (sum_id, device_id)) WITHOUT ROWID;"
    "CREATE INDEX gateway_sum_members_by_device ON gateway_sum_members (device_id);";

/// What is set now for a gateway, into its plan.
[[nodiscard]] Result<void> add_to(records::Transaction& t, GatewayId gateway, FieldPlan& plan);

// ---- rules ----
struct StoredRule {
  RuleVersion version;
  std::uint64_t plan_version = 0;
};
[[nodiscard]] Result<std::vector<StoredRule>> present_rules(records::Transaction& t, DeviceId device);
[[nodiscard]] Result<std::vector<StoredRule>> rule_versions(records::Transaction& t, DeviceId device);
[[nodiscard]] Result<void> replace_rule(records::Transaction& t, DeviceId device, const NewRule& rule,
                                        const std::string& name, std::uint64_t plan_version, std::int64_t now_ms);
[[nodiscard]] Result<std::int64_t> rules_of_gateway(records::Transaction& t, GatewayId gateway);

// ---- sums ----
struct StoredSum {
  SumVersion version;
  std::uint64_t plan_version = 0;
};
/// Present ones by uid, removed ones not among them; those with a member outside the scope are left out.
[[nodiscard]] Result<std::vector<StoredSum>> present_sums(records::Transaction& t, const Scope& scope,
                                                          GatewayId gateway);
/// All versions of the same uid, newest first. Errors: not_found - or a member is outside the scope.
[[nodiscard]] Result<std::vector<StoredSum>> sum_versions(records::Transaction& t, const Scope& scope,
                                                          SumNumber number);
[[nodiscard]] Result<std::optional<StoredSum>> present_sum(records::Transaction& t, GatewayId gateway,
                                                           const std::string& uid);
[[nodiscard]] Result<SumNumber> replace_sum(records::Transaction& t, const NewSum& sum, const std::string& name,
                                            std::uint64_t plan_version, std::int64_t now_ms);
[[nodiscard]] Result<std::vector<SumMember>> members_of(records::Transaction& t, SumNumber number, std::int64_t page,
                                                        std::int64_t page_size);
/// Devices that the gateway reads and the scope does not hold.
[[nodiscard]] Result<std::int64_t> hidden_devices(records::Transaction& t, const Scope& scope, GatewayId gateway);
/// Of the members of its present sums, without that one.
[[nodiscard]] Result<std::int64_t> members_beside(records::Transaction& t, GatewayId gateway, const std::string& uid);
[[nodiscard]] Result<bool> sees_sum(records::Transaction& t, const Scope& scope, SumNumber number);

}  // namespace duheng::platform::derivation_tables
