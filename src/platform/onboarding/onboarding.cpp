#include "platform/onboarding/onboarding.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "platform/gateways/gateways.hpp"

namespace duheng::platform {
namespace {

using records::Row;
using records::Transaction;

constexpr const char* stands_in_file = "the device stands in its gateway's own file, and is changed or taken out there";

/// Errors of a Result are about no field.
template <class T>
Checked<T> unfielded(Result<T> outcome) {
  if (!outcome) return fault("", std::move(outcome).error());
  if constexpr (std::is_void_v<T>)
    return {};
  else
    return std::move(*outcome);
}

std::string field_of_insert(const Error& error) {
  return error.code == ErrorCode::already_exists || error.code == ErrorCode::conflict ? "uid" : "";
}

}  // namespace

/// Runs `work(Transaction&)`, which returns a Checked, and commits when it succeeded.
template <class Work>
auto Onboarding::write(Work&& work) {
  using Outcome = std::invoke_result_t<Work&, Transaction&>;
  auto transaction = database_.begin_write();
  if (!transaction) return Outcome(fault("", transaction.error()));
  Outcome outcome = work(**transaction);
  if (!outcome) return outcome;
  if (const auto committed = (*transaction)->commit(); !committed) return Outcome(fault("", committed.error()));
  return outcome;
}

DeviceCheck Onboarding::new_check(const Scope& scope) {
  return {*models_, scope, [this](GatewayId gateway) { return plans_.report_of(gateway); }};
}

void Onboarding::made(const std::vector<GatewayId>& gateways) {
  devices_.changed_elsewhere();
  for (const GatewayId gateway : gateways) plans_.plan_changed(gateway);
}

Result<void> Onboarding::note(Transaction& t, const Author& author, std::string_view action, DeviceId device,
                              std::string detail) {
  auto entry = operation_of(author, action, clock_.utc_ms());
  entry.device = device;
  entry.detail = std::move(detail);
  return write_operation(t, entry);
}

Checked<DeviceId> Onboarding::insert(Transaction& t, const Scope& scope, CheckedDevice device) {
  const std::int64_t now_ms = clock_.utc_ms();
  if (device.new_channel)
    if (const auto made = plan_tables::insert_channel(t, device.connection.gateway, *device.new_channel, now_ms); !made)
      return fault("new_channel", made.error());
  const auto id = devices_.create_in(t, scope, device.details);
  if (!id) return fault(field_of_insert(id.error()), id.error());
  device.connection.device = *id;
  device.connection.from_utc_ms = now_ms;
  if (const auto connected = plan_tables::insert_connection(t, device.connection); !connected)
    return fault(connected.error().code == ErrorCode::already_exists ? "address" : "", connected.error());
  return *id;
}

Result<void> Onboarding::default_organisation(Transaction& t, const Scope& scope, NewDevice& device) {
  if (device.organisation) return {};
  DUHENG_TRY(const auto owner, t.first("SELECT g.organisation_id FROM gateways g WHERE g.id = ?1 AND " +
                                           scope.condition("g.organisation_id", "?2"),
                                       {device.gateway.value, scope.parameter_value()},
                                       [](const Row& row) { return row.id<OrganisationId>(0); }));
  if (owner) device.organisation = *owner;
  return {};
}

Checked<DeviceId> Onboarding::add(const Author& author, const NewDevice& entered) {
  const auto outcome = write([&](Transaction& t) -> Checked<DeviceId> {
    NewDevice device = entered;
    if (const auto found = default_organisation(t, author.scope, device); !found) return fault("", found.error());
    auto check = new_check(author.scope);
    auto checked = check.check(t, device);
    if (!checked) return std::unexpected(checked.error());
    const std::string detail = fmt::format("{} {} on channel '{}' of gateway {}", checked->details.model,
                                           checked->details.address, device.channel, device.gateway.value);
    const auto id = insert(t, author.scope, std::move(*checked));
    if (!id) return id;
    if (const auto done = plan_tables::changed(t, device.gateway, clock_.utc_ms()); !done)
      return fault("", done.error());
    if (const auto noted = note(t, author, "add_device", *id, detail); !noted) return fault("", noted.error());
    return id;
  });
  if (outcome) made({entered.gateway});
  return outcome;
}

Checked<DeviceId> Onboarding::adopt_one(Transaction& t, const Author& author, DeviceCheck& check,
                                        const Adoption& adoption, GatewayId& gateway) {
  struct Found {
    GatewayId gateway;
    std::string listener, protocol, address;
  };
  const auto found = t.first(
      "SELECT u.gateway_id, u.listener, u.protocol, u.address FROM unknown_devices u"
      " JOIN gateways g ON g.id = u.gateway_id WHERE u.id = ?1 AND " +
          author.scope.condition("g.organisation_id", "?2"),
      {adoption.unknown, author.scope.parameter_value()},
      [](const Row& row) { return Found{row.id<GatewayId>(0), row.text(1), row.text(2), row.text(3)}; });
  if (!found) return fault("", found.error());
  if (!*found) return fault("id", ErrorCode::not_found, "there is no such unknown device");
  const auto model = models_->find(adoption.model);
  if (model && model->driver->name() != (*found)->protocol)
    return fault("model", ErrorCode::invalid_argument,
                 fmt::format("the device speaks {}, the model {}", (*found)->protocol, model->driver->name()));
  NewDevice device;
  device.name = adoption.name;
  device.address = (*found)->address;
  device.model = adoption.model;
  device.gateway = gateway = (*found)->gateway;
  device.channel = (*found)->listener;
  device.organisation = adoption.organisation;
  device.site = adoption.site;
  if (const auto owner = default_organisation(t, author.scope, device); !owner) return fault("", owner.error());
  auto checked = check.check(t, device);
  if (!checked) return std::unexpected(checked.error());
  const auto id = insert(t, author.scope, std::move(*checked));
  if (!id) return id;
  if (const auto gone = t.execute("DELETE FROM unknown_devices WHERE id = ?1", {adoption.unknown}); !gone)
    return fault("", gone.error());
  if (const auto noted = note(t, author, "adopt_device", *id, fmt::format("{} {}", adoption.model, device.address));
      !noted)
    return fault("", noted.error());
  return id;
}

Checked<std::vector<DeviceId>> Onboarding::adopt(const Author& author, const std::vector<Adoption>& adoptions) {
  std::set<GatewayId> gateways;
  auto outcome = write([&](Transaction& t) -> Checked<std::vector<DeviceId>> {
    std::vector<DeviceId> ids;
    auto check = new_check(author.scope);
    for (std::size_t i = 0; i < adoptions.size(); ++i) {
      GatewayId gateway;
      const auto id = adopt_one(t, author, check, adoptions[i], gateway);
      if (!id)
        return fault(id.error().field.empty() ? "" : fmt::format("devices[{}].{}", i, id.error().field),
                     id.error().error);
      ids.push_back(*id);
      gateways.insert(gateway);
    }
    for (const GatewayId gateway : gateways)
      if (const auto done = plan_tables::changed(t, gateway, clock_.utc_ms()); !done) return fault("", done.error());
    return ids;
  });
  if (outcome) made({gateways.begin(), gateways.end()});
  return outcome;
}

Checked<void> Onboarding::change_connection(const Author& author, DeviceId id, const ConnectionChange& change) {
  auto before = connection(author.scope, id);
  if (!before) return fault("", before.error());
  if (!before->connection && !before->retired && before->device.details.gateway)
    return fault("", ErrorCode::conflict, stands_in_file);
  const auto& details = before->device.details;
  NewDevice wanted;
  wanted.uid = details.uid;
  wanted.name = details.name;
  wanted.address = change.address;
  wanted.model = change.model;
  wanted.gateway = change.gateway;
  wanted.channel = change.channel;
  wanted.organisation = details.organisation;
  wanted.site = details.site;
  std::set<GatewayId> gateways{change.gateway};
  const auto outcome = write([&](Transaction& t) -> Checked<void> {
    auto check = new_check(author.scope);
    auto checked = check.check(t, wanted);
    if (!checked) return std::unexpected(checked.error());
    const auto present = plan_tables::connection(t, id);
    if (!present) return fault("", present.error());
    const std::int64_t now_ms = clock_.utc_ms();
    if (*present) gateways.insert((*present)->gateway);
    const auto steps = [&]() -> Result<void> {
      DUHENG_CHECK(plan_tables::end_connection(t, id, now_ms));
      DUHENG_CHECK(devices_.update_in(t, author.scope, id, checked->details));
      if (!*present || (*present)->gateway != change.gateway) {
        DUHENG_CHECK(devices_.end_sources_in(t, id, now_ms));
        DUHENG_CHECK(devices_.assign_source_in(
            t, {.device = id, .gateway = change.gateway, .device_uid = wanted.uid, .from_utc_ms = now_ms}));
      }
      for (const GatewayId gateway : gateways) DUHENG_CHECK(plan_tables::changed(t, gateway, now_ms));
      return note(t, author, "change_connection", id,
                  fmt::format("{} {} on channel '{}' of gateway {}", checked->details.model, checked->details.address,
                              change.channel, change.gateway.value));
    };
    if (const auto done = steps(); !done) return fault("", done.error());
    auto connected = checked->connection;
    connected.device = id;
    connected.from_utc_ms = now_ms;
    if (const auto inserted = plan_tables::insert_connection(t, connected); !inserted)
      return fault(inserted.error().code == ErrorCode::already_exists ? "address" : "", inserted.error());
    return {};
  });
  if (outcome) made({gateways.begin(), gateways.end()});
  return outcome;
}

Result<void> Onboarding::retire(const Author& author, DeviceId id) {
  DUHENG_TRY(const auto before, connection(author.scope, id));
  if (before.retired) return {};
  if (!before.connection) return fail(ErrorCode::conflict, stands_in_file);
  const auto outcome = database_.write([&](Transaction& t) -> Result<void> {
    const std::int64_t now_ms = clock_.utc_ms();
    DUHENG_CHECK(plan_tables::end_connection(t, id, now_ms));
    DUHENG_CHECK(devices_.end_sources_in(t, id, now_ms));
    DUHENG_CHECK(plan_tables::changed(t, before.connection->gateway, now_ms));
    return note(t, author, "retire_device", id, before.device.details.uid);
  });
  if (outcome) made({before.connection->gateway});
  return outcome;
}

Result<ConnectionState> Onboarding::connection(const Scope& scope, DeviceId id) {
  ConnectionState out;
  DUHENG_TRY(out.device, devices_.get(scope, id));
  DUHENG_CHECK(database_.read([&](Transaction& t) -> Result<void> {
    DUHENG_TRY(out.connection, plan_tables::connection(t, id));
    if (out.connection) return {};
    DUHENG_TRY(const auto ever, plan_tables::connections_ever(t, id));
    out.retired = ever > 0;
    return {};
  }));
  if (out.device.details.gateway && !out.retired)
    out.line = plans_.line_of(out.device.details.gateway, out.device.details.uid);
  return out;
}

Checked<void> Onboarding::add_channel(const Author& author, GatewayId gateway, const FieldChannel& channel) {
  const auto outcome = write([&](Transaction& t) -> Checked<void> {
    auto check = new_check(author.scope);
    if (auto checked = check.check_channel(t, gateway, channel); !checked) return checked;
    const std::int64_t now_ms = clock_.utc_ms();
    if (const auto added = plan_tables::insert_channel(t, gateway, channel, now_ms); !added)
      return fault("name", added.error());
    if (const auto done = plan_tables::changed(t, gateway, now_ms); !done) return fault("", done.error());
    return unfielded(
        note(t, author, "add_channel", {}, fmt::format("'{}' of gateway {}", channel.name, gateway.value)));
  });
  if (outcome) plans_.plan_changed(gateway);
  return outcome;
}

Result<void> Onboarding::remove_channel(const Author& author, GatewayId gateway, std::string_view name) {
  const auto outcome = database_.write([&](Transaction& t) -> Result<void> {
    DUHENG_CHECK(require_gateway(t, author.scope, gateway));
    DUHENG_TRY(const auto users, plan_tables::devices_on(t, gateway, name));
    if (users > 0) return fail(ErrorCode::conflict, fmt::format("{} devices are on this channel", users));
    DUHENG_CHECK(plan_tables::delete_channel(t, gateway, name));
    DUHENG_CHECK(plan_tables::changed(t, gateway, clock_.utc_ms()));
    return note(t, author, "remove_channel", {}, fmt::format("'{}' of gateway {}", name, gateway.value));
  });
  if (outcome) plans_.plan_changed(gateway);
  return outcome;
}

Result<void> Onboarding::dismiss(const Author& author, const std::vector<std::int64_t>& unknown) {
  DUHENG_CHECK(plans_.dismiss(author.scope, unknown));
  return database_.write([&](Transaction& t) {
    return note(t, author, "dismiss_unknown", {}, fmt::format("{} devices", unknown.size()));
  });
}

}  // namespace duheng::platform
