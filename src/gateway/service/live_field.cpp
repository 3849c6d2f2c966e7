#include "gateway/service/live_field.hpp"

#include <fmt/format.h>

#include "drivers/registry/registry.hpp"

namespace duheng::gateway {
namespace {

std::string kind_of(const ChannelConfig& config) {
  if (config.carrier) return config.tcp ? "carrier_tcp" : "carrier_serial";
  if (config.tcp) return "tcp";
  return config.udp ? "udp" : "serial";
}

}  // namespace

LiveField::LiveField(GatewayCore& core, GatewayOutput& out, LineRoom& lines, const ModelLibrary& models,
                     const GatewayConfig& config, const std::vector<CallInPlace>& file, const Clock& clock)
    : core_(core), out_(out), lines_(lines), models_(models), clock_(clock) {
  for (std::uint32_t i = 0; i < config.channels.size(); ++i) {
    const auto& channel = config.channels[i];
    channels_[channel.name] = {i, false, {channel.name, kind_of(channel), channel_detail(channel), false, false, 0}};
    file_order_.push_back(channel.name);
  }
  for (std::uint32_t i = 0; i < config.listeners.size(); ++i) {
    const auto& listener = config.listeners[i];
    listeners_[listener.name] = i;
    listener_states_.push_back({listener.name, listener.udp ? "listener_udp" : "listener_tcp",
                                fmt::format("{}:{}", listener.address, listener.port), false, true, 0});
  }
  for (const auto& device : config.devices) file_uids_.insert(device.uid);
  for (const auto& place : file) {
    callers_.insert({place.listener, place.driver, place.address});
    ++listener_states_[place.listener].devices;
  }
}

Result<void> LiveField::add_channel(const FieldChannel& channel) {
  if (channels_.contains(channel.name) || listeners_.contains(channel.name))
    return fail(ErrorCode::already_exists, "the gateway's own file has a channel or listener of this name");
  DUHENG_TRY(const auto config, channel_config(channel));
  auto wanted = core_channel(config);
  wanted.driver = idle_driver(wanted);
  wanted.is_planned = true;
  const std::uint32_t number = core_.add_channel(std::move(wanted), out_);
  lines_.make_line(number, config);
  channels_[channel.name] = {number, true, {channel.name, kind_of(config), channel_detail(config), true, false, 0}};
  return {};
}

void LiveField::remove_channel(std::string_view name) {
  const auto found = channels_.find(name);
  if (found == channels_.end() || !found->second.from_plan) return;
  core_.remove_channel(found->second.channel, out_);
  lines_.end_line(found->second.channel);
  channels_.erase(found);
}

Result<void> LiveField::add_device(const FieldDevice& device) {
  if (file_uids_.contains(device.uid))
    return fail(ErrorCode::already_exists, "the gateway's own file has a device of this uid");
  DUHENG_TRY(const auto resolved, resolve_device(device.model, device.address, models_));
  if (const auto listener = listeners_.find(device.channel); listener != listeners_.end())
    return add_caller(device, resolved, listener->second);
  const auto channel = channels_.find(device.channel);
  if (channel == channels_.end())
    return fail(ErrorCode::not_found, fmt::format("there is no channel '{}'", device.channel));
  DUHENG_CHECK(core_.add_device({device.uid, resolved.address, resolved.model, channel->second.channel, true}, out_));
  return {};
}

Result<void> LiveField::add_caller(const FieldDevice& device, const ResolvedDevice& resolved, std::uint32_t listener) {
  const auto* driver = resolved.model->driver;
  const Caller caller{listener, driver, resolved.address};
  if (callers_.contains(caller))
    return fail(ErrorCode::already_exists, fmt::format("another device at '{}' has its address", device.channel));
  const std::uint32_t channel =
      core_.add_channel({fmt::format("{}/{}", device.channel, device.uid), driver, {}, {}, 0, true}, out_);
  const auto added = core_.add_device({device.uid, resolved.address, resolved.model, channel, true}, out_);
  if (!added) {
    core_.remove_channel(channel, out_);
    return std::unexpected(added.error());
  }
  const CallInPlace place{listener, channel, driver, resolved.address};
  lines_.await_call(place);
  callers_.insert(caller);
  ++listener_states_[listener].devices;
  plan_callers_.emplace(device.uid, place);
  return {};
}

void LiveField::remove_device(std::string_view uid) {
  if (file_uids_.contains(uid)) return;
  if (const auto caller = plan_callers_.find(uid); caller != plan_callers_.end()) {
    const CallInPlace place = caller->second;
    lines_.forget_call(place);
    core_.remove_channel(place.channel, out_);
    lines_.end_line(place.channel);
    callers_.erase({place.listener, place.driver, place.address});
    --listener_states_[place.listener].devices;
    plan_callers_.erase(caller);
    return;
  }
  if (const auto device = core_.find_device(uid)) static_cast<void>(core_.remove_device(*device, out_));
}

Result<void> LiveField::set_intervals(const FieldDevice& device) {
  const auto number = core_.find_device(device.uid);
  if (!number || file_uids_.contains(device.uid)) return fail(ErrorCode::not_found, "the device is not served");
  return core_.set_intervals(*number, device.intervals);
}

std::vector<FieldPlanProblem> LiveField::set_rules(std::string_view uid, std::span<const FieldRule> rules) {
  return core_.set_rules(uid, rules);
}

Result<void> LiveField::set_sum(const FieldSum& sum) {
  const auto set = [&]() -> Result<void> {
    DUHENG_TRY(const auto whole, core_.with_members(sum));
    // What a former run has begun goes on; else it begins now.
    const auto known = moments_.find(whole);
    DUHENG_TRY(const auto after_utc_ms, core_.set_sum(whole, known.value_or(clock_.utc_ms())));
    if (moments_.note(whole, after_utc_ms)) moments_changed_ = true;
    return {};
  };
  auto outcome = set();
  if (!outcome) remove_sum(sum.uid);
  return outcome;
}

void LiveField::remove_sum(std::string_view uid) {
  core_.remove_sum(uid);
  if (moments_.forget(uid)) moments_changed_ = true;
}

std::vector<FieldChannelState> LiveField::channels() const {
  std::vector<FieldChannelState> out;
  const auto tell = [&](const Place& place) {
    out.push_back(place.described);
    out.back().open = core_.is_open(place.channel);
    out.back().devices = core_.devices_on(place.channel);
  };
  for (const auto& name : file_order_) tell(channels_.find(name)->second);
  out.insert(out.end(), listener_states_.begin(), listener_states_.end());
  for (const auto& [name, place] : channels_)
    if (place.from_plan) tell(place);
  return out;
}

std::uint64_t LiveField::channels_fingerprint() const {
  std::uint64_t hash = 14'695'981'039'346'656'037ULL;
  const auto add = [&](std::uint64_t value) { hash = (hash ^ value) * 1'099'511'628'211ULL; };
  for (const auto& [name, place] : channels_) {
    add(place.channel);
    add(std::uint64_t{core_.devices_on(place.channel)} << 1 | std::uint64_t{core_.is_open(place.channel)});
  }
  for (const auto& listener : listener_states_) add(listener.devices);
  return hash;
}

}  // namespace duheng::gateway
