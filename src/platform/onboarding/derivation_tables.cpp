#include "platform/onboarding/derivation_tables.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace duheng::platform::derivation_tables {
namespace {

using records::Row;
using records::Transaction;

/// Who reads device d now: by the plan, or by the gateway's own file. A retired device is read by nobody.
constexpr std::string_view device_with_reader =
    " devices d LEFT JOIN device_connections c ON c.device_id = d.id AND c.to_ms IS NULL";
constexpr std::string_view is_read =
    " (c.device_id IS NOT NULL OR NOT EXISTS (SELECT 1 FROM device_connections x WHERE x.device_id = d.id))";

StoredRule read_rule(const Row& row) {
  StoredRule out;
  out.version = {.number = row.integer(0),
                 .into = row.text(1),
                 .text = row.text(2),
                 .reason = row.text(3),
                 .changed_by_name = row.text(4),
                 .from_utc_ms = row.integer(5),
                 .to_utc_ms = row.optional_integer(6)};
  out.plan_version = static_cast<std::uint64_t>(row.integer(7));
  return out;
}
constexpr std::string_view rule_columns =
    "SELECT id, into_name, rule, reason, changed_by_name, from_ms, to_ms, plan_version FROM device_rules";

constexpr std::string_view sum_columns =
    "SELECT s.id, s.gateway_id, s.uid, s.is_removed, s.register_name, s.unit, s.exponent, s.interval_ms,"
    " s.tolerance_ms, s.wait_ms, s.channel, s.reason, s.changed_by_name, s.from_ms, s.to_ms, s.plan_version,"
    " (SELECT count(*) FROM gateway_sum_members m WHERE m.sum_id = s.id) FROM gateway_sums s";

StoredSum read_sum(const Row& row) {
  StoredSum out;
  auto& version = out.version;
  version.number = row.integer(0);
  version.gateway = row.id<GatewayId>(1);
  version.sum.uid = row.text(2);
  version.is_removed = row.boolean(3);
  version.sum.register_name = row.text(4);
  version.sum.unit = row.text(5);
  version.sum.exponent = static_cast<std::int8_t>(row.integer(6));
  version.sum.interval_ms = row.integer(7);
  version.sum.tolerance_ms = row.integer(8);
  version.sum.wait_ms = row.integer(9);
  version.sum.channel = row.text(10);
  version.reason = row.text(11);
  version.changed_by_name = row.text(12);
  version.from_utc_ms = row.integer(13);
  version.to_utc_ms = row.optional_integer(14);
  out.plan_version = static_cast<std::uint64_t>(row.integer(15));
  version.members = row.integer(16);
  return out;
}

/// Whether everything that sum s adds up is in the scope; ?`parameter` is the scope's.
std::string all_visible(const Scope& scope, std::string_view parameter) {
  return fmt::format(
      " NOT EXISTS (SELECT 1 FROM gateway_sum_members m JOIN devices d ON d.id = m.device_id WHERE m.sum_id = s.id"
      " AND NOT ({0})) AND (s.channel = '' OR NOT EXISTS (SELECT 1 FROM{1} WHERE"
      " coalesce(c.gateway_id, d.gateway_id) = s.gateway_id AND NOT ({0})))",
      scope.condition("d.organisation_id", parameter), device_with_reader);
}

Result<void> add_rules(Transaction& t, GatewayId gateway, FieldPlan& plan) {
  DUHENG_TRY(plan.rules,
             t.all(fmt::format("SELECT coalesce(c.uid, d.uid), r.into_name, r.rule FROM device_rules r, {} WHERE"
                               " d.id = r.device_id AND r.to_ms IS NULL AND r.rule <> ''"
                               " AND coalesce(c.gateway_id, d.gateway_id) = ?1 AND {}",
                               device_with_reader, is_read),
                   {gateway}, [](const Row& row) { return FieldRule{row.text(0), row.text(1), row.text(2)}; }));
  return {};
}

}  // namespace

Result<void> add_to(Transaction& t, GatewayId gateway, FieldPlan& plan) {
  DUHENG_CHECK(add_rules(t, gateway, plan));
  DUHENG_TRY(const auto sums,
             t.all(std::string(sum_columns) + " WHERE s.gateway_id = ?1 AND s.to_ms IS NULL AND s.is_removed = 0",
                   {gateway}, read_sum));
  for (const auto& stored : sums) {
    FieldSum sum = stored.version.sum;
    // Also members that another gateway reads since, or nobody: they are missing then, and the sum says so.
    DUHENG_TRY(sum.members, t.all("SELECT d.uid FROM gateway_sum_members m JOIN devices d ON d.id = m.device_id"
                                  " WHERE m.sum_id = ?1",
                                  {stored.version.number}, [](const Row& row) { return row.text(0); }));
    plan.sums.push_back(std::move(sum));
  }
  return {};
}

Result<std::vector<StoredRule>> present_rules(Transaction& t, DeviceId device) {
  return t.all(std::string(rule_columns) + " WHERE device_id = ?1 AND to_ms IS NULL AND rule <> '' ORDER BY into_name",
               {device}, read_rule);
}

Result<std::vector<StoredRule>> rule_versions(Transaction& t, DeviceId device) {
  return t.all(std::string(rule_columns) + " WHERE device_id = ?1 ORDER BY id DESC LIMIT 500", {device}, read_rule);
}

Result<void> replace_rule(Transaction& t, DeviceId device, const NewRule& rule, const std::string& name,
                          std::uint64_t plan_version, std::int64_t now_ms) {
  // A clock that was set back must not turn a period around.
  DUHENG_CHECK(
      t.execute("UPDATE device_rules SET to_ms = max(?3, from_ms) WHERE device_id = ?1 AND into_name = ?2"
                " AND to_ms IS NULL",
                {device, rule.into, now_ms}));
  DUHENG_CHECK(
      t.execute("INSERT INTO device_rules (device_id, into_name, rule, reason, changed_by_name, from_ms, plan_version)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                {device, rule.into, rule.text, rule.reason, name, now_ms, static_cast<std::int64_t>(plan_version)}));
  return {};
}

Result<std::int64_t> rules_of_gateway(Transaction& t, GatewayId gateway) {
  FieldPlan plan;
  DUHENG_CHECK(add_rules(t, gateway, plan));
  return static_cast<std::int64_t>(plan.rules.size());
}

Result<std::vector<StoredSum>> present_sums(Transaction& t, const Scope& scope, GatewayId gateway) {
  return t.all(std::string(sum_columns) + " WHERE s.gateway_id = ?1 AND s.to_ms IS NULL AND s.is_removed = 0 AND" +
                   all_visible(scope, "?2") + " ORDER BY s.uid",
               {gateway, scope.parameter_value()}, read_sum);
}

Result<bool> sees_sum(Transaction& t, const Scope& scope, SumNumber number) {
  DUHENG_TRY(const auto seen,
             t.integer("SELECT 1 FROM gateway_sums s JOIN gateways g ON g.id = s.gateway_id"
                       " WHERE s.id = ?1 AND " +
                           scope.condition("g.organisation_id", "?2") + " AND" + all_visible(scope, "?2"),
                       {number, scope.parameter_value()}));
  return seen.has_value();
}

Result<std::vector<StoredSum>> sum_versions(Transaction& t, const Scope& scope, SumNumber number) {
  DUHENG_TRY(const bool is_seen, sees_sum(t, scope, number));
  if (!is_seen) return fail(ErrorCode::not_found, fmt::format("there is no sum {}", number));
  // Versions of other members that the caller may not see are left out.
  return t.all(std::string(sum_columns) +
                   " WHERE (s.gateway_id, s.uid) = (SELECT gateway_id, uid FROM gateway_sums WHERE id = ?1) AND" +
                   all_visible(scope, "?2") + " ORDER BY s.id DESC LIMIT 500",
               {number, scope.parameter_value()}, read_sum);
}

Result<std::optional<StoredSum>> present_sum(Transaction& t, GatewayId gateway, const std::string& uid) {
  return t.first(
      std::string(sum_columns) + " WHERE s.gateway_id = ?1 AND s.uid = ?2 AND s.to_ms IS NULL AND s.is_removed = 0",
      {gateway, uid}, read_sum);
}

Result<SumNumber> replace_sum(Transaction& t, const NewSum& wanted, const std::string& name, std::uint64_t plan_version,
                              std::int64_t now_ms) {
  DUHENG_CHECK(
      t.execute("UPDATE gateway_sums SET to_ms = max(?3, from_ms) WHERE gateway_id = ?1 AND uid = ?2 AND to_ms IS NULL",
                {wanted.gateway, wanted.sum.uid, now_ms}));
  const FieldSum& sum = wanted.sum;
  DUHENG_TRY(const SumNumber number,
             t.insert("INSERT INTO gateway_sums (gateway_id, uid, is_removed, register_name, unit, exponent,"
                      " interval_ms, tolerance_ms, wait_ms, channel, reason, changed_by_name, from_ms, plan_version)"
                      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) RETURNING id",
                      {wanted.gateway, sum.uid, wanted.is_removal ? 1 : 0, sum.register_name, sum.unit,
                       static_cast<std::int64_t>(sum.exponent), sum.interval_ms, sum.tolerance_ms, sum.wait_ms,
                       sum.channel, wanted.reason, name, now_ms, static_cast<std::int64_t>(plan_version)}));
  for (const DeviceId member : wanted.members)
    DUHENG_CHECK(t.execute("INSERT INTO gateway_sum_members (sum_id, device_id) VALUES (?1, ?2)", {number, member}));
  return number;
}

Result<std::vector<SumMember>> members_of(Transaction& t, SumNumber number, std::int64_t page, std::int64_t page_size) {
  return t.all(
      "SELECT d.id, d.name, d.uid FROM gateway_sum_members m JOIN devices d ON d.id = m.device_id WHERE m.sum_id = ?1"
      " ORDER BY d.uid LIMIT ?2 OFFSET ?3",
      {number, page_size, (page - 1) * page_size},
      [](const Row& row) { return SumMember{row.id<DeviceId>(0), row.text(1), row.text(2)}; });
}

Result<std::int64_t> hidden_devices(Transaction& t, const Scope& scope, GatewayId gateway) {
  DUHENG_TRY(
      const auto count,
      t.integer(fmt::format("SELECT count(*) FROM{} WHERE coalesce(c.gateway_id, d.gateway_id) = ?1 AND NOT ({})",
                            device_with_reader, scope.condition("d.organisation_id", "?2")),
                {gateway, scope.parameter_value()}));
  return count.value_or(0);
}

Result<std::int64_t> members_beside(Transaction& t, GatewayId gateway, const std::string& uid) {
  DUHENG_TRY(const auto count,
             t.integer("SELECT count(*) FROM gateway_sums s JOIN gateway_sum_members m ON m.sum_id = s.id"
                       " WHERE s.gateway_id = ?1 AND s.to_ms IS NULL AND s.is_removed = 0 AND s.uid <> ?2",
                       {gateway, uid}));
  return count.value_or(0);
}

}  // namespace duheng::platform::derivation_tables
