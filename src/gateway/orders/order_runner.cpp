#include "gateway/orders/order_runner.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/log.hpp"
#include "gateway/orders/order_live.hpp"

namespace duheng::gateway {
namespace {

constexpr std::int64_t tidy_interval_ms = 10'000;
constexpr std::uint32_t ticket_limit = 1U << 30;
constexpr std::string_view restart_command = "gateway_restart";

void wipe(std::string& secret) {
  std::ranges::fill(secret, '\0');
  secret.clear();
}

drivers::Maintenance maintenance_of(const FieldOrder& order, const drivers::DeviceModel& model) {
  if (order.kind != OrderKind::command) return drivers::Maintenance::none;
  const auto* command = drivers::find_command(model, order.name);
  return command == nullptr ? drivers::Maintenance::none : command->maintenance;
}

std::optional<OrderFault> fault_in(const FieldOrder& order) {
  const auto too_long = [](const std::string& text) { return text.size() > order_limits::text_bytes_max; };
  bool bad = too_long(order.name) || too_long(order.item) || too_long(order.password) ||
             too_long(order.operator_code) || std::ranges::any_of(order.registers, too_long) ||
             order.registers.size() > order_limits::list_items_max ||
             order.arguments.size() > order_limits::list_items_max;
  for (const auto& argument : order.arguments) bad = bad || too_long(argument.name) || too_long(argument.value);
  if (bad) return OrderFault{"argument_invalid", "the order is too long"};
  return std::nullopt;
}

}  // namespace

OrderRunner::OrderRunner(const Clock& clock, FieldAccess& field, std::vector<OrderRecord> found, OrderSettings settings)
    : clock_(clock),
      field_(field),
      settings_(settings),
      memory_(settings.memory),
      log_(settings.log_slack_bytes, settings.store_retry_ms) {
  restore(std::move(found));
}

OrderRunner::~OrderRunner() = default;

void OrderRunner::restore(std::vector<OrderRecord> found) {
  std::map<OrderId, OrderBegun> begun;
  std::size_t bytes = 0;
  for (auto& record : found) {
    if (auto* started = std::get_if<OrderBegun>(&record)) {
      if (!memory_.knows(started->id)) begun.insert_or_assign(started->id, std::move(*started));
    } else if (const auto* report = std::get_if<OrderReport>(&record)) {
      begun.erase(report->id);
      bytes += memory_.add(*report).size();
    } else {
      memory_.confirm(std::get<OrderConfirmed>(record).id);
    }
  }
  log_.set_log_bytes(bytes);
  for (const auto& id : memory_.unconfirmed()) tray_.put(id);
  for (auto& [id, record] : begun) {
    if (record.kind == OrderKind::command && record.name == restart_command) {
      close(id, OrderState::done, {{}, "the gateway is back"});
      continue;
    }
    auto live = std::make_unique<Live>();
    live->order.id = id;
    live->order.kind = record.kind;
    live->order.device_uid = std::move(record.device_uid);
    live->order.name = std::move(record.name);
    live->script.check_arguments = std::move(record.arguments);
    live->report.id = id;
    live->report.state = OrderState::under_way;
    live->report.reason = "restarted";
    live->report.utc_ms = clock_.utc_ms();
    live->begun = live->asked = live->recovered = true;
    live->phase = OrderPhase::settling;
    live->settle_until_ms = clock_.monotonic_ms() + settings_.settle_ms;
    live->gather_until_ms = clock_.monotonic_ms() + settings_.gather_ms;
    tray_.put(id);
    const auto place = field_.find(live->order.device_uid);
    enqueue(std::move(live), place ? place->channel : UINT32_MAX);
  }
}

OrderRunner::Live* OrderRunner::find_live(const OrderId& id) {
  const auto found = live_.find(id);
  return found == live_.end() ? nullptr : found->second.get();
}

void OrderRunner::enqueue(std::unique_ptr<Live> live, std::uint32_t channel) {
  const OrderId id = live->order.id;
  auto& queue = devices_[live->order.device_uid];
  if (queue.orders.empty()) {
    queue.channel = channel;
    channels_[channel].devices.push_back(live->order.device_uid);
  }
  queue.orders.push_back(id);
  stirred_.insert(queue.channel);
  wake_at(std::min(live->expires_at_ms, live->settle_until_ms), id);
  live_.emplace(id, std::move(live));
}

/// An order that was never begun.
void OrderRunner::close(const OrderId& id, OrderState state, OrderFault why) {
  Live live;
  live.order.id = id;
  live.report.id = id;
  end(live, state, std::move(why.reason), std::move(why.detail));
}

void OrderRunner::refuse(FieldOrder& order, OrderFault fault) {
  wipe(order.password);
  close(order.id, OrderState::refused, std::move(fault));
}

void OrderRunner::take(FieldOrder order) {
  if (live_.contains(order.id) || memory_.knows(order.id)) {
    ++counts_.repeated;
    take_password(order);
    wipe(order.password);
    due(order.id);
    return;
  }
  ++counts_.taken;
  if (order.lifetime_ms <= 0) {
    wipe(order.password);
    return close(order.id, OrderState::expired, {"no_time", "its time was over when it came"});
  }
  if (auto fault = fault_in(order)) return refuse(order, std::move(*fault));
  const auto place = field_.find(order.device_uid);
  if (!place) return refuse(order, {"device_unknown", "this gateway has no such device"});
  const auto queue = devices_.find(order.device_uid);
  if (live_.size() >= order_limits::waiting_max ||
      (queue != devices_.end() && queue->second.orders.size() >= order_limits::waiting_per_device_max))
    return refuse(order, {"busy", "too many orders are waiting"});
  // Made now, to say at once what is wrong with it; made again when its time has come.
  auto script = make_order_script(order, place->model, clock_.utc_ms());
  if (!script) return refuse(order, std::move(script.error()));
  if (auto fault = fault_of_move(*script, *place)) return refuse(order, std::move(*fault));
  auto live = std::make_unique<Live>();
  live->report.id = order.id;
  live->report.utc_ms = clock_.utc_ms();
  live->expires_at_ms = clock_.monotonic_ms() + std::min(order.lifetime_ms, order_limits::lifetime_ms_max);
  live->order = std::move(order);
  note_line(*live, script->moves, *place);
  due(live->order.id);
  enqueue(std::move(live), place->channel);
}

void OrderRunner::cancel(const OrderId& id) {
  if (auto* live = find_live(id); live != nullptr && !live->asked && !live->in_line)
    end(*live, OrderState::cancelled);
  else if (live != nullptr || memory_.knows(id))
    due(id);
  else
    close(id, OrderState::cancelled, {});
}

void OrderRunner::session_began() {
  tray_.all_again();
  if (tray_.has_due() && reports_ready_) reports_ready_();
}

void OrderRunner::due(const OrderId& id) {
  if (ended_unlogged_.contains(id)) return;  // when it is durable
  if (tray_.put(id) && reports_ready_) reports_ready_();
}

std::vector<OrderReport> OrderRunner::take_reports(std::size_t count_max) {
  std::vector<OrderReport> out;
  for (const auto& id : tray_.take(count_max)) {
    if (ended_unlogged_.contains(id)) {
      tray_.take_back(id);
      continue;
    }
    if (const auto* live = find_live(id)) {
      out.push_back(live->report);
      continue;
    }
    if (auto report = memory_.find(id))
      out.push_back(std::move(*report));
    else
      tray_.take_back(id);  // forgotten meanwhile
  }
  return out;
}

void OrderRunner::received(std::span<const OrderId> ids) {
  for (const auto& id : ids) {
    if (!tray_.received(id) || live_.contains(id) || ended_unlogged_.contains(id) || !memory_.knows(id)) continue;
    memory_.confirm(id);
    Bytes record;
    encode_order_record(OrderConfirmed{id}, record);
    log_.add(record, false);
  }
  if (tray_.has_due() && reports_ready_) reports_ready_();
}

void OrderRunner::tell(Live& live, OrderState state, std::string reason) {
  live.report.state = state;
  live.report.reason = std::move(reason);
  live.report.utc_ms = clock_.utc_ms();
  due(live.order.id);
}

void OrderRunner::end(Live& live, OrderState state, std::string reason, std::string detail) {
  const OrderId id = live.order.id;
  live.report.state = state;
  live.report.reason = std::move(reason);
  live.report.detail = std::move(detail);
  if (live.values_left_out > 0)
    live.report.detail += fmt::format("{}{} further values are in the journal", live.report.detail.empty() ? "" : "; ",
                                      live.values_left_out);
  live.report.utc_ms = clock_.utc_ms();
  ++counts_.ended[state];
  if (live.changes() && live_.contains(id))
    log::info("orders", "an order to change a device is over",
              {{"order", to_hex(id)},
               {"device", live.order.device_uid},
               {"name", live.order.name},
               {"state", to_string(state)},
               {"reason", live.report.reason}});
  unlogged_[log_.add(memory_.add(live.report))].push_back(id);
  ended_unlogged_.insert(id);
  wipe(live.order.password);
  if (!live_.contains(id)) return;  // refused at the door
  std::erase_if(asked_, [&](const auto& entry) { return entry.second == id; });
  leave_queue(live);
  live_.erase(id);
}

void OrderRunner::leave_queue(const Live& live) {
  const auto queue = devices_.find(live.order.device_uid);
  if (queue == devices_.end()) return;
  std::erase(queue->second.orders, live.order.id);
  stirred_.insert(queue->second.channel);
  if (!queue->second.orders.empty()) return;
  std::erase(channels_[queue->second.channel].devices, queue->first);
  devices_.erase(queue);
}

void OrderRunner::stir(std::uint32_t channel) {
  if (channels_.contains(channel)) stirred_.insert(channel);
}

std::int64_t OrderRunner::next_wake_ms() const {
  std::int64_t wake = log_.next_wake_ms();
  if (!stirred_.empty()) return INT64_MIN;
  if (!wakes_.empty()) wake = std::min(wake, wakes_.begin()->first);
  return wake;
}

void OrderRunner::work() {
  const std::int64_t now_ms = clock_.monotonic_ms();
  expire(now_ms);
  // What is stirred meanwhile waits for the next call.
  const auto stirred = std::exchange(stirred_, {});
  for (const std::uint32_t channel : stirred) pump(channel, now_ms);
  if (now_ms < tidy_at_ms_) return;
  tidy_at_ms_ = now_ms + tidy_interval_ms;
  log_.flush();
  memory_.forget_old(clock_.utc_ms());
}

void OrderRunner::expire(std::int64_t now_ms) {
  while (!wakes_.empty() && wakes_.begin()->first <= now_ms) {
    const OrderId id = wakes_.begin()->second;
    wakes_.erase(wakes_.begin());
    auto* live = find_live(id);
    if (live == nullptr) continue;
    if (const auto queue = devices_.find(live->order.device_uid); queue != devices_.end())
      stirred_.insert(queue->second.channel);
    out_of_time(*live, now_ms);
  }
}

void OrderRunner::out_of_time(Live& live, std::int64_t now_ms) {
  if (live.in_line || (live.recovered && live.is_for_line())) return;  // its line's time is what counts
  if (live.phase == OrderPhase::settling && now_ms >= live.settle_until_ms && live.move) {
    live.move->give_up();
    return end_move(live);
  }
  if (live.phase == OrderPhase::settling && now_ms >= live.settle_until_ms)
    return end(live, OrderState::unknown, "read_back_no_answer", "nobody could read back what became of it");
  if (now_ms < live.expires_at_ms || live.phase > OrderPhase::ready) return;
  const auto place = field_.find(live.order.device_uid);
  const auto readiness = place ? field_.readiness(place->device) : FieldAccess::Readiness::away;
  const std::string reason = readiness == FieldAccess::Readiness::ready    ? "no_time"
                             : readiness == FieldAccess::Readiness::silent ? "device_offline"
                                                                           : "channel_closed";
  if (!live.asked) return end(live, OrderState::expired, reason);
  if (!live.changes()) return end(live, OrderState::failed, reason, "the connection ended and did not come back");
  end(live, OrderState::expired, reason);  // what went out did not change the device
}

/// A change that is under way comes first, then what waits, then histories.
OrderRunner::Live* OrderRunner::pick(const DeviceQueue& queue) {
  Live* waiting = nullptr;
  Live* history = nullptr;
  for (const auto& id : queue.orders) {
    auto& live = *live_.at(id);
    if (live.is_for_line()) continue;  // drive_lines()
    if (live.is_history()) {
      if (history == nullptr || (history->phase == OrderPhase::waiting && live.phase != OrderPhase::waiting))
        history = &live;
      continue;
    }
    if (live.phase != OrderPhase::waiting) return &live;
    if (waiting == nullptr) waiting = &live;
  }
  return waiting != nullptr ? waiting : history;
}

void OrderRunner::pump(std::uint32_t channel, std::int64_t now_ms) {
  const auto found = channels_.find(channel);
  if (found == channels_.end()) return;
  const bool is_taken = drive_lines(channel, now_ms);
  for (std::size_t turns = is_taken ? 0 : found->second.devices.size(); turns > 0; --turns) {
    auto& queue_of_channel = found->second;
    if (queue_of_channel.ticket != 0 || queue_of_channel.devices.empty()) break;
    const std::string uid = queue_of_channel.devices.front();
    queue_of_channel.devices.pop_front();
    queue_of_channel.devices.push_back(uid);
    auto& queue = devices_.at(uid);
    if (auto* live = pick(queue)) advance(*live, queue, now_ms);
  }
  if (found->second.devices.empty() && found->second.ticket == 0) channels_.erase(found);
}

void OrderRunner::advance(Live& live, DeviceQueue& queue, std::int64_t now_ms) {
  const auto place = field_.find(live.order.device_uid);
  if (!place) return without_device(live);
  if (follow_channel(live.order.device_uid, queue, *place)) return;
  const auto readiness = field_.readiness(place->device);
  const auto maintenance = maintenance_of(live.order, *place->model);
  const bool needs_no_line = maintenance > drivers::Maintenance::ping && !live.asked;
  if (readiness == FieldAccess::Readiness::away && !needs_no_line) return;  // stir() when it opens
  // A ping asks whether it is there; and a device that was sent elsewhere is silent where it was.
  const bool asks_anyway = live.move.has_value() || maintenance != drivers::Maintenance::none;
  if (readiness == FieldAccess::Readiness::silent && !asks_anyway) {
    if (now_ms >= queue.probe_at_ms) {
      field_.probe(place->device);
      queue.probe_at_ms = now_ms + settings_.probe_ms;
    }
    wake_at(queue.probe_at_ms, live.order.id);
    return;
  }
  switch (live.phase) {
    case OrderPhase::waiting:
      return begin(live, *place);
    case OrderPhase::ready:
      return ask_next(live, *place);
    case OrderPhase::settling: {
      if (now_ms < live.next_at_ms) return;
      if (live.recovered && !live.move)
        if (auto moves = place_after(*place->model, live.order.kind, live.order.name, live.script.check_arguments)) {
          live.script.moves = std::move(moves);
          leave_out_foreign_line(live.script, *place);
          if (live.script.moves) begin_move(live, *place);
        }
      if (live.move) return look_for_device(live, *place);
      if (!live.script.check)
        live.script.check =
            OrderCheck::make(place->model, live.order.kind, live.order.name, live.script.check_arguments);
      if (!live.script.check)
        return end(live, OrderState::unknown, "restarted", "begun before a restart; there is no way to read it back");
      live.phase = OrderPhase::checking;
      return put(live, *place, live.script.check->question().query);
    }
    default:
      return;
  }
}

/// Whether it was moved: then its orders wait on its new channel.
bool OrderRunner::follow_channel(std::string_view uid, DeviceQueue& queue, const FieldAccess::Place& place) {
  if (place.channel == queue.channel) return false;
  std::erase(channels_[queue.channel].devices, uid);
  queue.channel = place.channel;
  channels_[queue.channel].devices.emplace_back(uid);
  stirred_.insert(queue.channel);
  return true;
}

void OrderRunner::without_device(Live& live) {
  if (live.phase == OrderPhase::settling) {  // until its time is over: the device may come back
    wake_at(clock_.monotonic_ms() + settings_.probe_ms, live.order.id);
    return;
  }
  if (live.phase > OrderPhase::ready) return;
  if (live.accepted > 0)
    return end(live, OrderState::unknown, "device_removed", "the gateway no longer has the device");
  end(live, OrderState::refused, "device_unknown", "the gateway no longer has the device");
}

void OrderRunner::begin(Live& live, const FieldAccess::Place& place) {
  if (live.is_history() && !field_.has_room(place.device)) {
    wake_at(clock_.monotonic_ms() + settings_.check_again_ms, live.order.id);
    return;
  }
  auto script = make_order_script(live.order, place.model, clock_.utc_ms());
  if (!script)
    return end(live, OrderState::refused, std::move(script.error().reason), std::move(script.error().detail));
  live.script = std::move(*script);
  if (auto fault = fault_of_move(live.script, place))
    return end(live, OrderState::refused, std::move(fault->reason), std::move(fault->detail));
  if (!live.is_logged()) {
    live.phase = OrderPhase::ready;
    tell(live, OrderState::under_way);
    return ask_next(live, place);
  }
  log_begun(live);
}

/// Into the log before anything is sent: what was begun is known after a restart.
void OrderRunner::log_begun(Live& live) {
  live.phase = OrderPhase::logging;
  live.begun = true;
  Bytes record;
  encode_order_record(OrderBegun{live.order.id, live.order.kind, live.order.device_uid, live.order.name,
                                 live.script.check_arguments, clock_.utc_ms()},
                      record);
  unlogged_[log_.add(record)].push_back(live.order.id);
}

void OrderRunner::ask_next(Live& live, const FieldAccess::Place& place) {
  if (live.is_history()) return ask_history(live, place);
  if (live.script.maintenance > drivers::Maintenance::ping) return maintain(live, place);
  if (!live.changes()) return put(live, place, live.script.questions[live.step].query);
  if (live.step == 0) {
    // It may have waited: what it says about the time must be of now.
    auto script = make_order_script(live.order, place.model, clock_.utc_ms());
    if (!script)
      return end(live, OrderState::refused, std::move(script.error().reason), std::move(script.error().detail));
    live.script = std::move(*script);
    leave_out_foreign_line(live.script, place);
    if (live.script.steps.empty()) return settle(live, true);
  }
  put(live, place, live.script.steps[live.step]);
}

void OrderRunner::ask_history(Live& live, const FieldAccess::Place& place) {
  if (!field_.has_room(place.device)) {
    wake_at(clock_.monotonic_ms() + settings_.check_again_ms, live.order.id);
    return;
  }
  if (!live.history_query) live.history_query = live.script.run->next();
  if (!live.history_query && !live.refusal.empty())
    return end(live, OrderState::failed, live.refusal, "some answers could not be read");
  if (!live.history_query) return end(live, OrderState::done);
  if (++live.history_questions > settings_.history_questions_max)
    return end(live, OrderState::failed, "too_much", "the device's memory does not come to an end");
  put(live, place, *live.history_query);
}

void OrderRunner::put(Live& live, const FieldAccess::Place& place, const drivers::Query& query) {
  std::uint32_t ticket = next_ticket_;
  while (asked_.contains(ticket) || out_.contains(ticket)) ticket = ticket % (ticket_limit - 1) + 1;
  next_ticket_ = ticket % (ticket_limit - 1) + 1;
  if (!field_.ask(place.device, query, ticket)) {
    if (live.phase == OrderPhase::checking) live.phase = OrderPhase::settling;
    live.next_at_ms = clock_.monotonic_ms() + settings_.check_again_ms;
    wake_at(live.next_at_ms, live.order.id);
    return;
  }
  const bool first = !live.asked;
  live.asked = true;
  live.ticket = ticket;
  if (query.at_most_once) live.change_ticket = ticket;
  asked_.emplace(ticket, live.order.id);
  out_.emplace(ticket, place.channel);
  channels_[place.channel].ticket = ticket;
  if (live.phase == OrderPhase::ready) live.phase = OrderPhase::asking;
  if (first && live.changes()) tell(live, OrderState::under_way);
}

std::optional<LogQueue::Write> OrderRunner::take_log_write() {
  std::size_t bytes = memory_.size_bytes();
  return log_.take(clock_.monotonic_ms(), bytes, [this](Bytes& out) { encode_all(out); });
}

void OrderRunner::encode_all(Bytes& out) const {
  memory_.encode(out);
  for (const auto& [id, live] : live_)
    if (live->begun)
      encode_order_record(OrderBegun{id, live->order.kind, live->order.device_uid, live->order.name,
                                     live->script.check_arguments, live->report.utc_ms},
                          out);
}

void OrderRunner::written(const Result<void>& outcome) {
  log_.written(outcome, clock_.monotonic_ms());
  if (!outcome) {
    if (++counts_.log_failures == 1)
      log::error("orders", "the order log cannot be written; nothing is begun until it can",
                 {{"error", outcome.error()}});
    return;
  }
  while (!unlogged_.empty() && unlogged_.begin()->first <= log_.durable()) {
    for (const auto& id : unlogged_.begin()->second) {
      if (ended_unlogged_.contains(id) && !live_.contains(id)) {
        // Its beginning may be durable before its end is.
        bool later = false;
        for (auto next = std::next(unlogged_.begin()); next != unlogged_.end(); ++next)
          later = later || std::ranges::find(next->second, id) != next->second.end();
        if (later) continue;
        ended_unlogged_.erase(id);
        due(id);
      } else if (auto* live = find_live(id); live != nullptr && live->phase == OrderPhase::logging) {
        live->phase = OrderPhase::ready;
        stirred_.insert(devices_.at(live->order.device_uid).channel);
      }
    }
    unlogged_.erase(unlogged_.begin());
  }
}

OrderStatistics OrderRunner::statistics() const {
  OrderStatistics out = counts_;
  out.live = live_.size();
  out.remembered = memory_.size();
  return out;
}

}  // namespace duheng::gateway
