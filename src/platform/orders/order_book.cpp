#include "platform/orders/order_book.hpp"

#include <algorithm>

namespace duheng::platform {

void OrderBook::add(const OpenOrder& order) {
  if (is_over(order.stage) || entries_.contains(order.number)) return;
  entries_.emplace(order.number, Entry{order, false});
  jobs_[order.job].insert(order.number);
  Line& line = lines_[order.gateway];
  if (order.stage == OrderStage::queued) {
    line.queued.emplace(!order.urgent, order.number);
  } else {
    line.handed.insert(order.number);
    line.to_send.insert(order.number);
  }
  schedule(order);
}

void OrderBook::connected(GatewayId gateway) {
  Line& line = lines_[gateway];
  line.connected = true;
  line.to_send.clear();
  line.to_cancel.clear();
  for (const OrderNumber number : line.handed) {
    // What shall be cancelled is not sent once more: it might begin before the cancellation comes.
    (entries_.at(number).cancel_wanted ? line.to_cancel : line.to_send).insert(number);
  }
}

void OrderBook::disconnected(GatewayId gateway) { lines_[gateway].connected = false; }

std::vector<OrderNumber> OrderBook::ready(std::int64_t now_ms, std::size_t count_max) const {
  std::vector<OrderNumber> out;
  for (const auto& [gateway, line] : lines_) {
    if (!line.connected || line.handed.size() >= options_.window) continue;
    std::size_t room = options_.window - line.handed.size();
    for (const auto& [late, number] : line.queued) {
      if (room == 0 || out.size() >= count_max) break;
      if (entries_.at(number).order.deadline_utc_ms <= now_ms) continue;  // overdue() has it
      out.push_back(number);
      --room;
    }
  }
  return out;
}

void OrderBook::handed_over(OrderNumber number, std::int64_t now_ms) {
  const auto at = entries_.find(number);
  if (at == entries_.end() || at->second.order.stage != OrderStage::queued) return;
  OpenOrder& order = at->second.order;
  Line& line = lines_[order.gateway];
  unschedule(order);
  line.queued.erase({!order.urgent, number});
  order.stage = OrderStage::handed_over;
  order.changed_utc_ms = now_ms;
  line.handed.insert(number);
  line.to_send.insert(number);
  schedule(order);
}

std::vector<OrderNumber> OrderBook::to_send(std::size_t count_max) const {
  std::vector<OrderNumber> out;
  for (const auto& [gateway, line] : lines_) {
    if (!line.connected) continue;
    for (const OrderNumber number : line.to_send) {
      if (out.size() >= count_max) return out;
      out.push_back(number);
    }
  }
  return out;
}

void OrderBook::sent(OrderNumber number) {
  const auto at = entries_.find(number);
  if (at != entries_.end()) lines_[at->second.order.gateway].to_send.erase(number);
}

void OrderBook::stage(OrderNumber number, OrderStage stage, std::int64_t now_ms) {
  if (is_over(stage)) return over(number);
  const auto at = entries_.find(number);
  if (at == entries_.end() || !may_follow(at->second.order.stage, stage)) return;
  if (at->second.order.stage == OrderStage::queued) handed_over(number, now_ms);  // told of in a life before
  OpenOrder& order = at->second.order;
  unschedule(order);
  order.stage = stage;
  order.changed_utc_ms = now_ms;
  lines_[order.gateway].to_send.erase(number);  // the gateway has it: no use in sending it
  schedule(order);
}

void OrderBook::over(OrderNumber number) {
  const auto at = entries_.find(number);
  if (at == entries_.end()) return;
  const OpenOrder& order = at->second.order;
  unschedule(order);
  if (const auto job = jobs_.find(order.job); job != jobs_.end()) {
    job->second.erase(number);
    if (job->second.empty()) jobs_.erase(job);
  }
  Line& line = lines_[order.gateway];
  line.queued.erase({!order.urgent, number});
  line.handed.erase(number);
  line.to_send.erase(number);
  line.to_cancel.erase(number);
  entries_.erase(at);
}

bool OrderBook::cancel(OrderNumber number) {
  const auto at = entries_.find(number);
  if (at == entries_.end()) return false;
  if (at->second.order.stage == OrderStage::queued) return true;
  at->second.cancel_wanted = true;
  Line& line = lines_[at->second.order.gateway];
  line.to_send.erase(number);
  line.to_cancel.insert(number);
  return false;
}

std::vector<OrderNumber> OrderBook::to_cancel(std::size_t count_max) const {
  std::vector<OrderNumber> out;
  for (const auto& [gateway, line] : lines_) {
    if (!line.connected) continue;
    for (const OrderNumber number : line.to_cancel) {
      if (out.size() >= count_max) return out;
      out.push_back(number);
    }
  }
  return out;
}

void OrderBook::cancel_sent(OrderNumber number) {
  const auto at = entries_.find(number);
  if (at != entries_.end()) lines_[at->second.order.gateway].to_cancel.erase(number);
}

std::int64_t OrderBook::due_ms(const OpenOrder& order) const noexcept {
  switch (order.stage) {
    case OrderStage::queued:
      return order.deadline_utc_ms;
    case OrderStage::under_way:
      return std::max(order.deadline_utc_ms + options_.grace_ms, order.changed_utc_ms + options_.under_way_ms);
    default:
      return order.deadline_utc_ms + options_.grace_ms;
  }
}

void OrderBook::schedule(const OpenOrder& order) { due_.emplace(due_ms(order), order.number); }
void OrderBook::unschedule(const OpenOrder& order) { due_.erase({due_ms(order), order.number}); }

std::vector<OrderBook::GivenUp> OrderBook::overdue(std::int64_t now_ms, std::size_t count_max) const {
  std::vector<GivenUp> out;
  for (const auto& [due, number] : due_) {
    if (due > now_ms || out.size() >= count_max) break;
    const OpenOrder& order = entries_.at(number).order;
    if (order.stage == OrderStage::queued) {
      out.push_back({number, OrderStage::expired, is_connected(order.gateway) ? "no_turn" : "gateway_unreachable"});
    } else {
      out.push_back({number, OrderStage::unknown, "no_report"});
    }
  }
  return out;
}

const OpenOrder* OrderBook::find(OrderNumber number) const {
  const auto at = entries_.find(number);
  return at == entries_.end() ? nullptr : &at->second.order;
}

std::size_t OrderBook::handed(GatewayId gateway) const {
  const auto at = lines_.find(gateway);
  return at == lines_.end() ? 0 : at->second.handed.size();
}

bool OrderBook::is_connected(GatewayId gateway) const {
  const auto at = lines_.find(gateway);
  return at != lines_.end() && at->second.connected;
}

std::int64_t OrderBook::next_due_ms() const noexcept { return due_.empty() ? INT64_MAX : due_.begin()->first; }

std::vector<OrderNumber> OrderBook::of_job(std::int64_t job) const {
  const auto at = jobs_.find(job);
  if (at == jobs_.end()) return {};
  return {at->second.begin(), at->second.end()};
}

}  // namespace duheng::platform
