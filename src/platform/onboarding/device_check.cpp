#include "platform/onboarding/device_check.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "platform/gateways/gateways.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/organisations/text.hpp"
#include "platform/sites/sites.hpp"

namespace duheng::platform {
namespace {

using records::Transaction;

constexpr std::int64_t interval_s_usual = 900;

/// The planned time between readings: that of the group read most often.
std::int64_t interval_s_of(const drivers::DeviceModel& model) {
  std::int64_t shortest_ms = INT64_MAX;
  for (const auto& group : model.groups) shortest_ms = std::min(shortest_ms, group.interval_ms);
  return shortest_ms == INT64_MAX ? interval_s_usual : std::max<std::int64_t>(1, shortest_ms / 1'000);
}

std::string default_uid(const drivers::Driver& driver, std::string_view address) {
  std::string out(driver.name());
  std::ranges::replace(out, '_', '-');
  return fmt::format("{}-{}", out, address);
}

template <class T>
Checked<void> in_field(const Result<T>& outcome, const char* field) {
  if (outcome) return {};
  return fault(field, outcome.error());
}

}  // namespace

Checked<DeviceCheck::Gateway*> DeviceCheck::gateway_of(Transaction& t, GatewayId id) {
  if (const auto known = gateways_.find(id); known != gateways_.end()) return &known->second;
  if (const auto found = require_gateway(t, scope_, id); !found) return fault("gateway_id", found.error());
  Gateway gateway;
  if (const auto report = report_(id)) {
    gateway.has_told = true;
    for (const auto& channel : report->channels)
      if (!channel.from_plan) gateway.file_channels.insert(channel.name);
    gateway.models.insert(report->models.begin(), report->models.end());
  }
  auto channels = plan_tables::channels(t, id);
  if (!channels) return fault("", channels.error());
  for (auto& channel : *channels) gateway.plan_channels.emplace(channel.name, channel);
  return &gateways_.emplace(id, std::move(gateway)).first->second;
}

Checked<void> DeviceCheck::check_places(Transaction& t, const NewDevice& device) {
  if (!organisations_.contains(device.organisation)) {
    if (const auto found = require_organisation(t, scope_, device.organisation); !found)
      return fault("organisation_id", found.error());
    organisations_.insert(device.organisation);
  }
  if (!device.site || sites_.contains(device.site)) return {};
  if (const auto found = require_site(t, scope_, device.site); !found) return fault("site_id", found.error());
  sites_.insert(device.site);
  return {};
}

Checked<void> DeviceCheck::check_channel(Transaction& t, GatewayId id, const FieldChannel& channel) {
  const auto gateway = gateway_of(t, id);
  if (!gateway) return std::unexpected(gateway.error());
  FieldPlan plan;
  plan.channels.push_back(channel);
  if (const auto checked = check_field_plan(plan); !checked) return fault("new_channel", checked.error());
  if ((*gateway)->file_channels.contains(channel.name))
    return fault("new_channel", ErrorCode::already_exists, "the gateway's own file has a channel of this name");
  return {};
}

Checked<void> DeviceCheck::check_still(Transaction& t, const NewDevice& device, Gateway& gateway) {
  auto known = gateway.moving_channels.find(device.channel);
  if (known == gateway.moving_channels.end()) {
    const auto moving = plan_tables::is_line_moving(t, device.gateway, device.channel);
    if (!moving) return fault("", moving.error());
    known = gateway.moving_channels.emplace(device.channel, *moving).first;
  }
  if (!known->second) return {};
  return fault("channel", ErrorCode::conflict,
               "a job is changing this whole line to another speed or parity: wait until it is over");
}

Checked<void> DeviceCheck::check_line(Transaction& t, const NewDevice& device, Gateway& gateway) {
  const auto planned = gateway.plan_channels.find(device.channel);
  if (device.new_channel) {
    if (device.new_channel->name != device.channel)
      return fault("new_channel", ErrorCode::invalid_argument, "the new channel has another name than the device's");
    // In a file many lines may bring the same channel; another one of its name must not be taken for it.
    if (planned != gateway.plan_channels.end() && planned->second == *device.new_channel)
      return check_still(t, device, gateway);
    if (planned != gateway.plan_channels.end())
      return fault("new_channel", ErrorCode::already_exists, "the gateway has another channel of this name");
    if (auto checked = check_channel(t, device.gateway, *device.new_channel); !checked) return checked;
    gateway.plan_channels.emplace(device.channel, *device.new_channel);
    return {};
  }
  if (planned != gateway.plan_channels.end()) return check_still(t, device, gateway);
  if (gateway.file_channels.contains(device.channel)) return {};
  return fault("channel", ErrorCode::not_found,
               gateway.has_told ? "the gateway has no such channel"
                                : "the gateway's plan has no such channel, and it has not yet told what it has itself");
}

Checked<CheckedDevice> DeviceCheck::check(Transaction& t, const NewDevice& device) {
  const auto model = models_.find(device.model);
  if (!model) return fault("model", ErrorCode::not_found, fmt::format("there is no model '{}'", device.model));
  const auto address = model->driver->address(device.address, model->address_digits);
  if (!address) return fault("address", address.error());
  const auto gateway = gateway_of(t, device.gateway);
  if (!gateway) return std::unexpected(gateway.error());
  if ((*gateway)->has_told && !(*gateway)->models.contains(device.model))
    return fault("model", ErrorCode::unsupported, "the gateway does not know this model yet: update it");
  const bool is_new_channel = device.new_channel && !(*gateway)->plan_channels.contains(device.channel);
  if (auto line = check_line(t, device, **gateway); !line) return std::unexpected(line.error());
  if (auto places = check_places(t, device); !places) return std::unexpected(places.error());

  CheckedDevice out;
  auto& details = out.details;
  // As the meter's protocol writes it, so that one meter is not entered twice in two ways.
  details.address = model->driver->address_text(*address);
  details.uid = device.uid.empty() ? default_uid(*model->driver, details.address) : device.uid;
  details.name = device.name.empty() ? details.address : device.name;
  details.protocol = model->driver->name();
  details.model = device.model;
  details.organisation = device.organisation;
  details.site = device.site;
  details.gateway = device.gateway;
  details.interval_s = interval_s_of(*model);
  if (auto right = in_field(check_text("a device's uid", details.uid, 1, 64), "uid"); !right)
    return std::unexpected(right.error());
  if (auto right = in_field(check_text("a device's name", details.name, 1, 200), "name"); !right)
    return std::unexpected(right.error());
  out.connection = {.gateway = device.gateway,
                    .channel = device.channel,
                    .uid = details.uid,
                    .model = details.model,
                    .address = details.address};
  if (is_new_channel) out.new_channel = device.new_channel;
  return out;
}

}  // namespace duheng::platform
