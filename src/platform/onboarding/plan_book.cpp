#include "platform/onboarding/plan_book.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "crypto/hash.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/onboarding/plan_report_codec.hpp"

namespace duheng::platform {
namespace {

using records::Row;
using records::Transaction;

constexpr std::int64_t store_interval_ms = 30'000;
constexpr std::int64_t send_again_ms = 60'000;

Result<void> upsert_unknown(Transaction& t, GatewayId gateway, const FieldUnknownDevice& device) {
  // A gateway counts calls anew after a restart.
  DUHENG_CHECK(t.execute(
      "INSERT INTO unknown_devices (gateway_id, listener, protocol, address, peer, first_ms, last_ms, calls)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (gateway_id, listener, protocol, address) DO UPDATE"
      " SET peer = ?5, first_ms = min(first_ms, ?6), last_ms = ?7, calls = max(calls, ?8) WHERE last_ms < ?7",
      {gateway, device.listener, device.protocol, device.address, device.peer, device.first_utc_ms, device.last_utc_ms,
       static_cast<std::int64_t>(device.calls)}));
  return {};
}

}  // namespace

void PlanBook::set_sender(Sender sender) {
  const std::lock_guard lock{mutex_};
  sender_ = std::move(sender);
}

void PlanBook::connected(GatewayId gateway, std::uint64_t plan_version, const FieldPlanHash& plan_hash) {
  const std::lock_guard lock{mutex_};
  Peer& peer = peers_[gateway];
  peer.is_connected = true;
  peer.due = true;
  peer.awaited = false;
  peer.known_version = plan_version;
  peer.known_hash = plan_hash;
}

void PlanBook::disconnected(GatewayId gateway) {
  const std::lock_guard lock{mutex_};
  peers_[gateway].is_connected = false;
}

void PlanBook::reported(GatewayId gateway, FieldPlanReport report) {
  const std::lock_guard lock{mutex_};
  Peer& peer = peers_[gateway];
  peer.known_version = report.version;
  peer.known_hash = report.hash;
  peer.awaited = false;
  peer.reported_utc_ms = clock_.utc_ms();
  peer.report_unstored = true;
  peer.report = std::move(report);
}

void PlanBook::unknown_devices(GatewayId gateway, const std::vector<FieldUnknownDevice>& devices) {
  const auto stored = database_.write([&](Transaction& t) -> Result<void> {
    for (const auto& device : devices) DUHENG_CHECK(upsert_unknown(t, gateway, device));
    DUHENG_CHECK(
        t.execute("DELETE FROM unknown_devices WHERE gateway_id = ?1 AND last_ms < (SELECT last_ms FROM unknown_devices"
                  " WHERE gateway_id = ?1 ORDER BY last_ms DESC LIMIT 1 OFFSET ?2)",
                  {gateway, static_cast<std::int64_t>(unknown_kept_max) - 1}));
    return {};
  });
  if (!stored)
    log::error("onboarding", "unknown devices of a gateway cannot be kept",
               {{"gateway", gateway.value}, {"error", stored.error()}});
}

void PlanBook::device_states(GatewayId gateway, std::vector<control::DeviceState> devices) {
  const std::int64_t now_ms = clock_.utc_ms();
  const std::lock_guard lock{mutex_};
  auto& lines = peers_[gateway].lines;
  for (auto& device : devices) {
    // A gateway has at most so many devices; what it says beyond that is no news.
    if (lines.size() >= 2 * field_plan_limits::devices_max && !lines.contains(device.uid)) continue;
    std::string uid = device.uid;
    // The figures of its rounds come more rarely than the rest.
    if (const auto known = lines.find(uid); device.rounds.empty() && known != lines.end())
      device.rounds = std::move(known->second.state.rounds);
    lines.insert_or_assign(std::move(uid), DeviceLine{std::move(device), now_ms});
  }
}

void PlanBook::channel_timings(GatewayId gateway, std::vector<control::ChannelTiming> timings) {
  const std::lock_guard lock{mutex_};
  peers_[gateway].timings = std::move(timings);
}

std::vector<control::ChannelTiming> PlanBook::timings_of(GatewayId gateway) const {
  const std::lock_guard lock{mutex_};
  const auto peer = peers_.find(gateway);
  return peer == peers_.end() ? std::vector<control::ChannelTiming>{} : peer->second.timings;
}

void PlanBook::plan_changed(GatewayId gateway) {
  const std::lock_guard lock{mutex_};
  peers_[gateway].due = true;
}

void PlanBook::tick() {
  const std::int64_t now_ms = clock_.monotonic_ms();
  std::vector<GatewayId> to_send;
  std::vector<GatewayId> to_store;
  {
    const std::lock_guard lock{mutex_};
    for (auto& [gateway, peer] : peers_) {
      if (peer.awaited && now_ms - peer.sent_ms >= send_again_ms) peer.due = true;
      if (peer.is_connected && peer.due) to_send.push_back(gateway);
      if (peer.report_unstored && now_ms - peer.stored_ms >= store_interval_ms) to_store.push_back(gateway);
    }
  }
  for (const GatewayId gateway : to_send) send_plan(gateway);
  for (const GatewayId gateway : to_store) store_report(gateway);
}

/// The plan of the records, numbered above what the gateway has, unless it has this very one.
Result<FieldPlan> PlanBook::plan_above(GatewayId gateway, std::uint64_t known_version,
                                       const FieldPlanHash& known_hash) {
  auto plan = database_.read([&](Transaction& t) { return plan_tables::plan(t, gateway); });
  if (!plan || plan->version == 0 || known_version < plan->version) return plan;
  if (crypto::sha256(encode_field_plan(*plan)) == known_hash) return plan;
  // These records are older than the gateway's plan: they come from a backup.
  return database_.write([&](Transaction& t) -> Result<FieldPlan> {
    DUHENG_CHECK(plan_tables::raise_version(t, gateway, known_version));
    return plan_tables::plan(t, gateway);
  });
}

void PlanBook::send_plan(GatewayId gateway) {
  std::uint64_t known_version = 0;
  FieldPlanHash known_hash{};
  Sender sender;
  {
    const std::lock_guard lock{mutex_};
    Peer& peer = peers_[gateway];
    peer.due = false;  // a change from here on makes it due again
    known_version = peer.known_version;
    known_hash = peer.known_hash;
    sender = sender_;
  }
  const auto later = [&] {
    const std::lock_guard lock{mutex_};
    peers_[gateway].due = true;
  };
  const auto plan = plan_above(gateway, known_version, known_hash);
  if (!plan) {
    log::error("onboarding", "a gateway's plan cannot be read", {{"gateway", gateway.value}, {"error", plan.error()}});
    return later();
  }
  if (plan->version == 0) return;
  if (const auto checked = check_field_plan(*plan); !checked) {
    log::error("onboarding", "a gateway's plan cannot be sent",
               {{"gateway", gateway.value}, {"error", checked.error()}});
    return;
  }
  const auto hash = crypto::sha256(encode_field_plan(*plan));
  if (hash == known_hash) return;
  if (!sender) return later();
  for (const auto& part : split_field_plan(*plan, hash))
    if (!sender(gateway, part)) return later();
  log::info("onboarding", "a plan was sent to its gateway",
            {{"gateway", gateway.value}, {"version", plan->version}, {"devices", plan->devices.size()}});
  const std::lock_guard lock{mutex_};
  Peer& peer = peers_[gateway];
  peer.sent_ms = clock_.monotonic_ms();
  peer.awaited = true;
}

void PlanBook::store_report(GatewayId gateway) {
  Bytes octets;
  std::int64_t reported_utc_ms = 0;
  {
    const std::lock_guard lock{mutex_};
    Peer& peer = peers_[gateway];
    peer.report_unstored = false;
    peer.stored_ms = clock_.monotonic_ms();
    octets = encode_plan_report(*peer.report);
    reported_utc_ms = peer.reported_utc_ms;
  }
  const auto stored = database_.write([&](Transaction& t) {
    return t.execute(
        "INSERT INTO gateway_plans (gateway_id, version, changed_at_ms, report, reported_at_ms) VALUES (?1, 0, ?3, ?2, "
        "?3) ON CONFLICT (gateway_id) DO UPDATE SET report = ?2, reported_at_ms = ?3",
        {gateway, octets, reported_utc_ms});
  });
  if (stored) return;
  log::warning("onboarding", "a gateway's report cannot be kept; it stays in memory",
               {{"gateway", gateway.value}, {"error", stored.error()}});
  const std::lock_guard lock{mutex_};
  peers_[gateway].report_unstored = true;
}

void PlanBook::load_report(GatewayId gateway) {
  {
    const std::lock_guard lock{mutex_};
    if (peers_[gateway].report) return;
  }
  struct Stored {
    Bytes octets;
    std::int64_t reported_utc_ms;
  };
  const auto stored = database_.read([&](Transaction& t) {
    return t.first("SELECT report, reported_at_ms FROM gateway_plans WHERE gateway_id = ?1 AND report IS NOT NULL",
                   {gateway}, [](const Row& row) { return Stored{row.blob(0), row.integer(1)}; });
  });
  if (!stored || !*stored) return;
  auto report = parse_plan_report((*stored)->octets);
  if (!report) return;
  const std::lock_guard lock{mutex_};
  Peer& peer = peers_[gateway];
  if (peer.report) return;  // a newer one came meanwhile
  peer.report = std::move(*report);
  peer.reported_utc_ms = (*stored)->reported_utc_ms;
}

Result<GatewayPlanState> PlanBook::state(const Scope& scope, GatewayId gateway) {
  load_report(gateway);
  DUHENG_TRY(auto out, database_.read([&](Transaction& t) -> Result<GatewayPlanState> {
    DUHENG_CHECK(require_gateway(t, scope, gateway));
    GatewayPlanState state;
    state.gateway = gateway;
    DUHENG_TRY(const auto name, t.first("SELECT name FROM gateways WHERE id = ?1", {gateway},
                                        [](const Row& row) { return row.text(0); }));
    state.gateway_name = name.value_or("");
    DUHENG_TRY(state.version, plan_tables::version(t, gateway));
    DUHENG_TRY(state.channels, plan_tables::channels(t, gateway));
    DUHENG_TRY(const auto devices, t.integer("SELECT count(*) FROM device_connections WHERE gateway_id = ?1"
                                             " AND to_ms IS NULL",
                                             {gateway}));
    state.devices = devices.value_or(0);
    return state;
  }));
  const std::lock_guard lock{mutex_};
  const Peer& peer = peers_[gateway];
  out.report = peer.report;
  out.reported_utc_ms = peer.reported_utc_ms;
  return out;
}

std::optional<FieldPlanReport> PlanBook::report_of(GatewayId gateway) {
  load_report(gateway);
  const std::lock_guard lock{mutex_};
  return peers_[gateway].report;
}

std::optional<DeviceLine> PlanBook::line_of(GatewayId gateway, const std::string& uid) const {
  const std::lock_guard lock{mutex_};
  const auto peer = peers_.find(gateway);
  if (peer == peers_.end()) return std::nullopt;
  const auto line = peer->second.lines.find(uid);
  return line == peer->second.lines.end() ? std::nullopt : std::optional(line->second);
}

Result<std::vector<UnknownDeviceRow>> PlanBook::list_unknown(const Scope& scope, std::int64_t limit) {
  return database_.read([&](Transaction& t) {
    return t.all(
        "SELECT u.id, u.gateway_id, g.name, u.listener, u.protocol, u.address, u.peer, u.first_ms, u.last_ms, u.calls"
        " FROM unknown_devices u JOIN gateways g ON g.id = u.gateway_id WHERE " +
            scope.condition("g.organisation_id", "?1") +
            " AND (u.dismissed_at_ms IS NULL OR u.last_ms >= u.dismissed_at_ms + ?2)"
            " AND NOT EXISTS (SELECT 1 FROM device_connections c WHERE c.gateway_id = u.gateway_id"
            " AND c.channel = u.listener AND c.address = u.address AND c.to_ms IS NULL)"
            " ORDER BY u.last_ms DESC, u.id LIMIT ?3",
        {scope.parameter_value(), hidden_for_ms, limit}, [](const Row& row) {
          return UnknownDeviceRow{row.integer(0),
                                  row.id<GatewayId>(1),
                                  row.text(2),
                                  {row.text(3), row.text(4), row.text(5), row.text(6), row.integer(7), row.integer(8),
                                   static_cast<std::uint64_t>(row.integer(9))}};
        });
  });
}

Result<void> PlanBook::dismiss(const Scope& scope, const std::vector<std::int64_t>& ids) {
  return database_.write([&](Transaction& t) -> Result<void> {
    for (const std::int64_t id : ids) {
      DUHENG_TRY(const auto hidden,
                 t.execute("UPDATE unknown_devices SET dismissed_at_ms = ?3 WHERE id = ?1 AND gateway_id IN"
                           " (SELECT id FROM gateways WHERE " +
                               scope.condition("organisation_id", "?2") + ")",
                           {id, scope.parameter_value(), clock_.utc_ms()}));
      if (hidden == 0) return fail(ErrorCode::not_found, "there is no such unknown device");
    }
    return {};
  });
}

}  // namespace duheng::platform
