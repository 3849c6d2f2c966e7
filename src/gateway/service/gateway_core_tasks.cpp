#include "gateway/service/gateway_core_tasks.hpp"

#include <algorithm>

namespace duheng::gateway {

GatewayCore::Tasks::Tasks(GatewayCore& core, CoreTasks options)
    : core_(core),
      orders_(core.clock_, *this, std::move(options.orders), options.order_settings),
      upkeep_(core.clock_, *this, std::move(options.progress), options.upkeep_settings) {}

std::optional<FieldAccess::Place> GatewayCore::Tasks::find(std::string_view device_uid) const {
  const auto number = core_.find_device(device_uid);
  if (!number) return std::nullopt;
  const auto& device = core_.devices_[*number];
  return Place{*number, device.channel, device.model};
}

FieldAccess::Readiness GatewayCore::Tasks::readiness(std::uint32_t device) const {
  const auto& state = core_.devices_[device];
  if (!core_.started_ || !core_.is_open(state.channel)) return Readiness::away;
  return state.health.offline() ? Readiness::silent : Readiness::ready;
}

bool GatewayCore::Tasks::has_room(std::uint32_t device) const {
  const auto& state = core_.devices_[device];
  const auto& channel = core_.channels_[state.channel];
  if (channel.session->waiting_questions() == 0 && !channel.session->awaiting_answer()) return true;
  // One live round: every device of the line its most frequent group.
  const auto& groups = state.model->groups;
  const auto fastest = std::ranges::min_element(groups, {}, &ModelGroup::interval_ms);
  const std::size_t questions = fastest == groups.end() ? 1 : fastest->questions.size();
  return channel.live_exchanges >= questions * channel.session->meter_count();
}

bool GatewayCore::Tasks::ask(std::uint32_t device, const drivers::Query& query, std::uint32_t ticket) {
  auto& state = core_.devices_[device];
  auto& channel = core_.channels_[state.channel];
  const std::uint32_t tag = tag_of_task | asking_for_ | ticket;
  if (!channel.session->ask(state.meter, query, tag, true)) return false;
  channel.live_exchanges = 0;
  put_[state.channel].push_back(tag);
  touched_.push_back(state.channel);
  return true;
}

void GatewayCore::Tasks::probe(std::uint32_t device) {
  auto& state = core_.devices_[device];
  if (state.waiting.empty() || state.waiting[0] > 0 || state.model->groups[0].questions.empty()) return;
  if (!core_.channels_[state.channel].session->ask(state.meter, state.model->groups[0].questions[0].query, 0, true))
    return;
  ++state.waiting[0];
  touched_.push_back(state.channel);
}

FieldAccess::Line GatewayCore::Tasks::line_of(std::uint32_t device) const {
  const auto& state = core_.devices_[device];
  const auto& channel = core_.options_.channels[state.channel];
  const auto& session = *core_.channels_[state.channel].session;
  // Behind a module the line's speed is none of the meters'.
  const std::uint32_t baud = channel.carrier ? 0 : channel.baud;
  // A speed is the channel's; an address needs the device alone to be of the plan.
  return {state.model->driver->address_text(session.address(state.meter)),
          static_cast<std::uint32_t>(session.meter_count()), baud,
          state.is_planned && (channel.is_planned || baud == 0), channel.parity};
}

std::vector<std::string> GatewayCore::Tasks::line_members(std::uint32_t device) const {
  std::vector<std::string> out;
  for (const std::uint32_t each : core_.channels_[core_.devices_[device].channel].devices)
    if (each != no_device && !core_.devices_[each].leaving) out.push_back(core_.devices_[each].uid);
  return out;
}

Result<void> GatewayCore::Tasks::move(std::uint32_t device, const drivers::NewPlace& place) {
  const auto& state = core_.devices_[device];
  auto& channel = core_.channels_[state.channel];
  if (!place.address.empty()) {
    DUHENG_TRY(const auto address, state.model->driver->address(place.address, state.model->address_digits));
    if (!channel.session->change_address(state.meter, address))
      return fail(ErrorCode::already_exists, "another device on the channel has that address");
  }
  const auto& config = core_.options_.channels[state.channel];
  const bool is_so =
      (place.baud == 0 || config.baud == place.baud) && (!place.parity || config.parity == *place.parity);
  if (is_so) return {};
  channel.format_wanted = place.format();
  reopen(state.channel);
  return {};
}

void GatewayCore::Tasks::reopen(std::uint32_t channel) {
  core_.channels_[channel].restart_wanted = true;
  touched_.push_back(channel);
}

void GatewayCore::Tasks::work() {
  asking_for_ = 0;
  orders_.work();
  asking_for_ = tag_of_upkeep;
  upkeep_.work();
}

void GatewayCore::Tasks::stir(std::uint32_t channel) {
  orders_.stir(channel);
  upkeep_.stir(channel);
}

void GatewayCore::Tasks::tell_lost(std::uint32_t tag, bool sent) {
  const std::uint32_t ticket = tag & tag_ticket_mask;
  if ((tag & tag_of_upkeep) != 0)
    upkeep_.lost(ticket);
  else
    orders_.lost(ticket, sent);
}

void GatewayCore::Tasks::removed(std::uint32_t channel, std::string_view uid,
                                 const std::vector<drivers::Session::Question>& dropped) {
  for (const auto& question : dropped) {
    if ((question.tag & tag_of_task) == 0) continue;
    std::erase(put_[channel], question.tag);
    tell_lost(question.tag, false);
  }
  upkeep_.device_removed(uid);
  orders_.stir(channel);
}

void GatewayCore::Tasks::lost(std::uint32_t channel, std::span<const drivers::LineSession::Question> under_way) {
  const auto found = put_.find(channel);
  if (found == put_.end()) return;
  const auto tags = std::move(found->second);
  put_.erase(found);
  for (const std::uint32_t tag : tags)
    tell_lost(tag, std::ranges::find(under_way, tag, &drivers::LineSession::Question::tag) != under_way.end());
}

void GatewayCore::Tasks::exchange(std::uint32_t channel, std::uint32_t device, const drivers::Exchange& exchange) {
  const auto& state = core_.devices_[device];
  if (!exchange.late)
    if (const auto found = put_.find(channel); found != put_.end()) {
      std::erase(found->second, exchange.tag);
      if (found->second.empty()) put_.erase(found);
    }
  OrderFrame frame;
  frame.protocol = state.model->driver->protocol();
  frame.request.assign(exchange.request.begin(), exchange.request.end());
  const auto& line = core_.options_.channels[channel];
  mask_secrets(line, *state.model->driver, frame.request);
  frame.response.assign(exchange.response.begin(), exchange.response.end());
  mask_secrets(line, *state.model->driver, frame.response);  // some repeat a new password
  frame.sent_utc_ms = exchange.sent_utc_ms;
  frame.received_utc_ms = exchange.response.empty() ? 0 : exchange.received.utc_ms;
  if (!exchange.response.empty())
    core_.collect_frame(state, {frame.request, frame.response, exchange.sent_utc_ms, exchange.received});
  device_ = device;
  const std::uint32_t ticket = exchange.tag & tag_ticket_mask;
  if ((exchange.tag & tag_of_upkeep) != 0)
    std::ignore = upkeep_.exchange(ticket, exchange);
  else
    std::ignore = orders_.exchange(ticket, exchange, std::move(frame));
}

bool GatewayCore::Tasks::note(const ModelQuestion& question, const drivers::Exchange& exchange,
                              std::vector<OrderValue>& out) {
  return core_.collect_values(core_.devices_[device_], question, exchange, &out);
}

void GatewayCore::Tasks::note_history(const std::vector<ModelItem>& items,
                                      std::span<const drivers::HistoryValue> values, std::vector<OrderValue>* out) {
  core_.collect_history(core_.devices_[device_], items, values, out);
}

void GatewayCore::Tasks::note_finding(const Register& what, std::int64_t mantissa, std::int64_t time_utc_ms) {
  Reading reading;
  reading.register_index = core_.writer_.register_of(what);
  reading.mantissa = mantissa;
  reading.time_utc_ms = time_utc_ms;
  reading.quality = clock_suspect() ? Quality::clock_suspect : Quality::good;
  core_.writer_.reading(reading);
  ++core_.counts_.readings;
  core_.counts_.readings_flagged += reading.quality != Quality::good ? 1 : 0;
}

bool GatewayCore::Tasks::clock_suspect() const {
  return core_.clock_suspect({core_.clock_.monotonic_ms(), core_.clock_.utc_ms()});
}

void GatewayCore::run_tasks(const drivers::Moment& at, GatewayOutput& out) {
  if (!tasks_ || !started_) return;
  tasks_->work();
  for (const std::uint32_t channel : tasks_->take_touched()) settle(channel, at, out);
}

void GatewayCore::tell_lost(std::uint32_t channel, std::span<const drivers::LineSession::Question> under_way) {
  if (tasks_) tasks_->lost(channel, under_way);
}

OrderRunner* GatewayCore::orders() { return tasks_ ? &tasks_->orders() : nullptr; }
Upkeep* GatewayCore::upkeep() { return tasks_ ? &tasks_->upkeep() : nullptr; }

void GatewayCore::tap_octets(std::uint32_t channel, TapKind kind, ByteView octets) {
  const auto& state = channels_[channel];
  const auto& name = options_.channels[channel].name;
  // Of whom it comes is not known before it was read; whom it is about, is.
  const auto meter = state.session->meter_of(octets);
  const bool known = meter && *meter < state.devices.size() && state.devices[*meter] != no_device;
  const std::string_view uid = known ? std::string_view(devices_[state.devices[*meter]].uid) : std::string_view{};
  if (!taps_.follows(name, uid)) return;
  TapEvent event{clock_.utc_ms(), kind, Bytes(octets.begin(), octets.end()), std::string(uid), name, {}};
  mask_secrets(options_.channels[channel], *options_.channels[channel].driver, event.octets);
  taps_.note(event);
}

void GatewayCore::tap_exchange(std::uint32_t channel, const Device& device, const drivers::Exchange& exchange) {
  const TapKind kind = exchange.outcome == drivers::Outcome::answered  ? TapKind::answered
                       : exchange.outcome == drivers::Outcome::refused ? TapKind::refused
                                                                       : TapKind::timed_out;
  std::string note = exchange.late ? "late" : "";
  if (kind == TapKind::refused) note = "error " + std::to_string(exchange.error);
  tap_event(channel, kind, device.uid, std::move(note));
}

void GatewayCore::tap_event(std::uint32_t channel, TapKind kind, std::string_view device_uid, std::string note) {
  if (!taps_.active()) return;
  const auto& name = options_.channels[channel].name;
  const auto tell = [&](std::string_view uid) {
    if (taps_.follows(name, uid)) taps_.note({clock_.utc_ms(), kind, {}, std::string(uid), name, note});
  };
  if (!device_uid.empty()) return tell(device_uid);
  // Opening and closing is about every device of the channel; whoever follows the channel is told once.
  if (taps_.follows(name, {})) taps_.note({clock_.utc_ms(), kind, {}, {}, name, note});
  for (const std::uint32_t device : channels_[channel].devices)
    if (device != no_device && taps_.follows({}, devices_[device].uid))
      taps_.note({clock_.utc_ms(), kind, {}, devices_[device].uid, {}, note});
}

}  // namespace duheng::gateway
