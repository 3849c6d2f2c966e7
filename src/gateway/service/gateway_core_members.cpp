// What GatewayCore serves: channels and devices that come and go, and figures of them.
#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/log.hpp"
#include "gateway/service/gateway_core_parts.hpp"
#include "gateway/service/gateway_core_tasks.hpp"

namespace duheng::gateway {
namespace {

/// A line that already has so much to ask lets a new device wait for its own times.
constexpr std::size_t questions_before_greeting_max = 256;

/// Start, eight data, parity, stop bits: as many as before but for the parity, at another speed.
std::int64_t octet_time_at(const CoreChannel& before, std::uint32_t baud, FieldParity parity) {
  constexpr std::int64_t us_per_s = 1'000'000;
  const std::int64_t bits = (before.session.octet_time_us * before.baud + us_per_s / 2) / us_per_s;
  const auto parity_bits = [](FieldParity of) { return of == FieldParity::none ? 0 : 1; };
  return (bits + parity_bits(parity) - parity_bits(before.parity)) * us_per_s / baud;
}

std::uint64_t spread_of(std::string_view uid, std::size_t group) {
  std::uint64_t hash = 14'695'981'039'346'656'037ULL ^ (group * 0x9E3779B97F4A7C15ULL);
  for (const char c : uid) hash = (hash ^ static_cast<std::uint8_t>(c)) * 1'099'511'628'211ULL;
  return hash ^ (hash >> 29);
}

void add_line(const drivers::BusCounters& line, GatewayStatistics& into) {
  into.frames_bad += line.bad_frames + line.foreign_answers;
  into.noise_octets += line.noise_octets;
  into.echoes += line.echoes;
  into.foreign_questions += line.foreign_questions;
}

void add_carrier(const drivers::LineSession& session, GatewayStatistics& into) {
  const auto* carrier = dynamic_cast<const drivers::CarrierSession*>(&session);
  if (carrier == nullptr) return;
  const auto& counted = carrier->carrier_counters();
  into.carriers.starts += counted.starts;
  into.carriers.module_restarts += counted.module_restarts;
  into.carriers.silences += counted.silences;
  into.carriers.denials += counted.denials;
  into.carriers.busy += counted.busy;
  into.carriers.nodes_added += counted.nodes_added;
  into.carriers.nodes_deleted += counted.nodes_deleted;
  into.carriers.nodes_refused += counted.nodes_refused;
  into.carriers.route_questions += counted.route_questions;
}

}  // namespace

std::optional<gdw13762::CarriedProtocol> carried_by_modules(const drivers::Driver& driver) {
  switch (driver.protocol()) {
    case Protocol::dlt645_2007:
      return gdw13762::CarriedProtocol::dlt645_2007;
    case Protocol::dlt698_45:
      return gdw13762::CarriedProtocol::dlt698;
    default:
      return std::nullopt;
  }
}

void mask_secrets(const CoreChannel& channel, const drivers::Driver& driver, Bytes& octets) {
  if (channel.carrier)
    drivers::mask_carried(octets, [&](Bytes& frame) { driver.mask_secrets(frame); });
  else
    driver.mask_secrets(octets);
}

std::unique_ptr<drivers::LineSession> make_session(const CoreChannel& config, const drivers::DriverSecrets& secrets) {
  if (config.carrier) {
    const auto protocol = carried_by_modules(*config.driver).value_or(gdw13762::CarriedProtocol::transparent);
    return std::make_unique<drivers::CarrierSession>(
        [driver = config.driver, secrets] { return driver->dialect_with(secrets); }, protocol, config.session,
        *config.carrier);
  }
  return std::make_unique<drivers::Session>(config.driver->dialect_with(secrets), config.session);
}

std::uint32_t GatewayCore::add_channel(CoreChannel config, GatewayOutput& out) {
  std::uint32_t number = 0;
  if (free_channels_.empty()) {
    number = static_cast<std::uint32_t>(channels_.size());
    channels_.emplace_back(config, options_.secrets);
    options_.channels.push_back(std::move(config));
  } else {
    number = free_channels_.back();
    free_channels_.pop_back();
    channels_[number] = Channel(config, options_.secrets);
    options_.channels[number] = std::move(config);
  }
  channels_[number].generation = ++generation_;
  ++counts_.channels;
  if (started_) out.open_channel(number);
  return number;
}

void GatewayCore::remove_channel(std::uint32_t channel, GatewayOutput& out) {
  if (channel >= channels_.size() || !channels_[channel].in_use) return;
  const auto devices = channels_[channel].devices;
  for (const std::uint32_t device : devices)
    if (device != no_device) remove_device(device, out);
  auto& state = channels_[channel];
  tell_lost(channel, state.session->closed());
  release_leaving(channel);
  add_line(state.session->bus_counters(), counts_);
  add_carrier(*state.session, counts_);
  state.in_use = false;
  state.generation = ++generation_;
  state.armed_ms = INT64_MAX;
  state.open_at_ms = INT64_MAX;
  out.close_channel(channel);
  free_channels_.push_back(channel);
  --counts_.channels;
}

void GatewayCore::restart_line(std::uint32_t channel, GatewayOutput& out) {
  auto& state = channels_[channel];
  auto& config = options_.channels[channel];
  state.restart_wanted = false;
  state.reopen_wanted = false;
  tell_lost(channel, state.session->closed());
  release_leaving(channel);
  for (const std::uint32_t device : state.devices)
    if (device != no_device) std::ranges::fill(devices_[device].waiting, std::uint16_t{0});
  out.close_channel(channel);
  if (const auto wanted = std::exchange(state.format_wanted, {}); !wanted.says_nothing() && config.baud != 0) {
    const std::uint32_t baud = wanted.baud != 0 ? wanted.baud : config.baud;
    const FieldParity parity = wanted.parity.value_or(config.parity);
    config.session.octet_time_us = octet_time_at(config, baud, parity);
    config.baud = baud;
    config.parity = parity;
    state.session->set_octet_time_us(config.session.octet_time_us);
    out.set_format(channel, {baud, parity});
  }
  state.open_at_ms = INT64_MAX;
  out.open_channel(channel);
  arm(channel);
}

Result<std::uint32_t> GatewayCore::add_device(CoreDevice device, GatewayOutput& out) {
  const std::uint32_t channel = device.channel;
  DUHENG_TRY(const auto number, place_device(std::move(device), &out));
  if (!started_) return number;
  const auto at = now();
  schedule(number, at.monotonic_ms);
  devices_[number].fresh = true;
  ++channels_[channel].fresh;
  greet(number);
  settle(channel, at, out);
  return number;
}

/// A channel without devices may speak anything: it takes the first one's protocol.
Result<void> GatewayCore::speak(std::uint32_t channel, const drivers::Driver& driver, GatewayOutput* out) {
  auto& config = options_.channels[channel];
  if (config.driver == &driver) return {};
  if (devices_on(channel) > 0)
    return fail(ErrorCode::conflict,
                fmt::format("channel '{}' speaks {}, not {}", config.name, config.driver->name(), driver.name()));
  if (config.carrier && !carried_by_modules(driver))
    return fail(ErrorCode::unsupported,
                fmt::format("carrier modules carry DL/T 645 and DL/T 698.45, not {}", driver.name()));
  auto& state = channels_[channel];
  const bool was_open = state.session->is_open();
  add_line(state.session->bus_counters(), counts_);
  tell_lost(channel, state.session->closed());
  release_leaving(channel);
  config.driver = &driver;
  state.session = make_session(config, options_.secrets);
  state.devices.clear();
  state.silent_meters.clear();
  state.generation = ++generation_;
  if (!was_open || out == nullptr) return {};
  out->close_channel(channel);
  out->open_channel(channel);
  return {};
}

Result<std::uint32_t> GatewayCore::place_device(CoreDevice config, GatewayOutput* out) {
  if (config.channel >= channels_.size() || !channels_[config.channel].in_use)
    return fail(ErrorCode::not_found, "there is no such channel");
  if (by_uid_.contains(config.uid))
    return fail(ErrorCode::already_exists, fmt::format("the uid '{}' is another device's", config.uid));
  const auto& model = *config.model;
  auto& channel = channels_[config.channel];
  DUHENG_CHECK(speak(config.channel, *model.driver, out));
  if (channel.session->has_meter(config.address))
    return fail(ErrorCode::already_exists,
                fmt::format("another device on channel '{}' has its address", options_.channels[config.channel].name));
  std::uint32_t number = 0;
  if (free_devices_.empty()) {
    number = static_cast<std::uint32_t>(devices_.size());
    devices_.emplace_back();
  } else {
    number = free_devices_.back();
    free_devices_.pop_back();
  }
  Device device;
  device.uid = std::move(config.uid);
  device.model = config.model;
  device.channel = config.channel;
  device.is_planned = config.is_planned;
  device.meter =
      channel.session->add_meter(config.address, {model.response_timeout_ms, model.retries, model.preamble_octets});
  device.last_values.resize(model.register_count);
  use_polls(device, usual_polls(device.model));
  if (device.meter >= channel.devices.size()) channel.devices.resize(device.meter + 1, no_device);
  channel.devices[device.meter] = number;
  by_uid_.emplace(device.uid, number);
  devices_[number] = std::move(device);
  ++counts_.devices;
  return number;
}

drivers::Session::Retired GatewayCore::remove_device(std::uint32_t device, GatewayOutput& out) {
  if (device >= devices_.size() || !devices_[device].model || devices_[device].leaving) return {};
  auto& state = devices_[device];
  auto& channel = channels_[state.channel];
  for (const std::uint32_t entry : state.scheduled_entries) schedule_.remove(entry);
  channel.fresh -= state.fresh ? 1 : 0;
  state.fresh = false;
  state.leaving = true;
  by_uid_.erase(state.uid);
  --counts_.devices;
  const std::uint32_t channel_number = state.channel;
  auto retired = channel.session->retire_meter(state.meter);
  if (tasks_) tasks_->removed(channel_number, state.uid, retired.waiting);
  if (!retired.under_way) release_device(device);
  settle(channel_number, now(), out);
  return retired;
}

void GatewayCore::release_device(std::uint32_t device) {
  auto& state = devices_[device];
  auto& channel = channels_[state.channel];
  const auto& counters = channel.session->counters(state.meter);
  counts_.questions += counters.questions;
  counts_.frames_bad += counters.unasked_answers;
  channel.devices[state.meter] = no_device;
  state = {};
  free_devices_.push_back(device);
}

void GatewayCore::release_leaving(std::uint32_t channel) {
  for (const std::uint32_t device : std::vector(channels_[channel].devices))
    if (device != no_device && devices_[device].leaving) release_device(device);
}

PollPlanPointer GatewayCore::usual_polls(const std::shared_ptr<const DeviceModel>& model) {
  auto& known = usual_polls_[model.get()];
  if (!known.second)
    known = {model, std::make_shared<const drivers::PollPlan>(drivers::make_poll_plan(*model).value())};
  return known.second;
}

void GatewayCore::use_polls(Device& device, PollPlanPointer polls) {
  device.polls = std::move(polls);
  device.waiting.assign(device.polls->rounds.size(), 0);
  device.timings.clear();
}

Result<void> GatewayCore::set_intervals(std::uint32_t device, std::span<const FieldInterval> intervals) {
  auto& state = devices_[device];
  auto polls = usual_polls(state.model);
  auto wanted = drivers::make_poll_plan(*state.model, intervals);
  if (wanted && !intervals.empty()) polls = std::make_shared<const drivers::PollPlan>(std::move(*wanted));
  const auto same = [](const drivers::PollRound& one, const drivers::PollRound& other) {
    return one.group == other.group && one.interval_ms == other.interval_ms && one.questions == other.questions;
  };
  if (!std::ranges::equal(state.polls->rounds, polls->rounds, same)) {
    // What waits to be asked is of rounds that are no more.
    static_cast<void>(channels_[state.channel].session->drop_questions(state.meter));
    for (const std::uint32_t entry : std::exchange(state.scheduled_entries, {})) schedule_.remove(entry);
    use_polls(state, std::move(polls));
    if (started_) schedule_rounds(device, clock_.monotonic_ms());
    mark_changed(device);
  }
  if (!wanted) return std::unexpected(wanted.error());
  return {};
}

void GatewayCore::schedule(std::uint32_t device, std::int64_t now_ms) {
  schedule_rounds(device, now_ms);
  if (tasks_) tasks_->added(devices_[device].uid);
  mark_changed(device);
}

void GatewayCore::schedule_rounds(std::uint32_t device, std::int64_t now_ms) {
  auto& state = devices_[device];
  const auto& rounds = state.polls->rounds;
  for (std::uint16_t round = 0; round < rounds.size(); ++round) {
    const std::uint32_t entry = schedule_.add(rounds[round].interval_ms, spread_of(state.uid, round), now_ms);
    state.scheduled_entries.push_back(entry);
    if (entry >= scheduled_.size()) scheduled_.resize(entry + 1);
    scheduled_[entry] = {device, round};
  }
}

void GatewayCore::ask_fresh(std::uint32_t channel) {
  auto& state = channels_[channel];
  for (std::size_t meter = 0; state.fresh > 0 && meter < state.devices.size(); ++meter) {
    if (state.session->waiting_questions() >= questions_before_greeting_max) return;
    if (state.devices[meter] != no_device) greet(state.devices[meter]);
  }
}

void GatewayCore::greet(std::uint32_t device) {
  auto& state = devices_[device];
  auto& channel = channels_[state.channel];
  if (!state.fresh || !channel.session->is_open() ||
      channel.session->waiting_questions() >= questions_before_greeting_max)
    return;
  state.fresh = false;
  --channel.fresh;
  for (std::uint16_t round = 0; round < state.waiting.size(); ++round)
    if (state.waiting[round] == 0) ask_round(device, round);
}

std::optional<std::uint32_t> GatewayCore::find_device(std::string_view uid) const {
  const auto found = by_uid_.find(uid);
  return found == by_uid_.end() ? std::nullopt : std::optional(found->second);
}

std::uint32_t GatewayCore::devices_on(std::uint32_t channel) const {
  return channel < channels_.size() ? static_cast<std::uint32_t>(channels_[channel].session->meter_count()) : 0;
}

bool GatewayCore::is_open(std::uint32_t channel) const {
  return channel < channels_.size() && channels_[channel].in_use && channels_[channel].session->is_open();
}

GatewayStatistics GatewayCore::statistics() const {
  GatewayStatistics out = counts_;
  out.rounds_skipped += schedule_.skipped_rounds();
  for (const auto& channel : channels_) {
    if (!channel.in_use) continue;
    out.channels_open += channel.session->is_open() ? 1 : 0;
    add_line(channel.session->bus_counters(), out);
    add_carrier(*channel.session, out);
    for (std::uint32_t meter = 0; meter < channel.devices.size(); ++meter) {
      if (channel.devices[meter] == no_device) continue;
      out.questions += channel.session->counters(meter).questions;
      out.frames_bad += channel.session->counters(meter).unasked_answers;
    }
  }
  for (const auto& device : devices_) {
    if (!device.model || device.leaving) continue;
    out.devices_offline += device.health.offline() ? 1 : 0;
    out.devices_answering += device.last_answer_utc_ms != 0 && !device.health.offline() ? 1 : 0;
  }
  return out;
}

std::vector<GatewayCore::ChannelTiming> GatewayCore::channel_timings() const {
  std::vector<ChannelTiming> out;
  for (std::size_t channel = 0; channel < channels_.size(); ++channel)
    if (const auto& state = channels_[channel]; state.in_use && state.timing)
      out.push_back({options_.channels[channel].name, state.timing->figures()});
  return out;
}

GatewayCore::DeviceState GatewayCore::state_of(const Device& device) const {
  std::vector<RoundState> rounds;
  for (std::size_t round = 0; round < device.polls->rounds.size(); ++round) {
    const auto& of = device.polls->rounds[round];
    rounds.push_back({device.model->groups[of.group].name, of.interval_ms,
                      round < device.timings.size() ? device.timings[round].histogram.figures() : TimingFigures{}});
  }
  return {device.uid,
          options_.channels[device.channel].name,
          device.last_answer_utc_ms != 0 && !device.health.offline(),
          device.health.offline(),
          device.last_answer_utc_ms,
          channels_[device.channel].session->counters(device.meter),
          device.unusable_answers,
          std::move(rounds)};
}

std::vector<GatewayCore::DeviceState> GatewayCore::device_states() const {
  std::vector<DeviceState> out;
  for (const auto& device : devices_)
    if (device.model && !device.leaving) out.push_back(state_of(device));
  return out;
}

void GatewayCore::mark_changed(std::uint32_t device) {
  if (std::exchange(devices_[device].changed, true)) return;
  changed_.push_back(device);
}

void GatewayCore::all_devices_changed() {
  for (std::uint32_t device = 0; device < devices_.size(); ++device)
    if (devices_[device].model && !devices_[device].leaving) mark_changed(device);
}

std::vector<GatewayCore::DeviceState> GatewayCore::take_device_changes(std::size_t count_max) {
  std::vector<DeviceState> out;
  std::size_t taken = 0;
  for (; taken < changed_.size() && out.size() < count_max; ++taken) {
    auto& device = devices_[changed_[taken]];
    // A number that was given anew may stand there twice: once is enough.
    if (!std::exchange(device.changed, false) || !device.model || device.leaving) continue;
    out.push_back(state_of(device));
  }
  changed_.erase(changed_.begin(), changed_.begin() + static_cast<std::ptrdiff_t>(taken));
  return out;
}

bool GatewayCore::knows_channel(std::string_view name) const {
  for (std::size_t channel = 0; channel < channels_.size(); ++channel)
    if (channels_[channel].in_use && options_.channels[channel].name == name) return true;
  return false;
}

}  // namespace duheng::gateway
