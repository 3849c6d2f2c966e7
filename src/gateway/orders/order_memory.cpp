#include "gateway/orders/order_memory.hpp"

#include <variant>

#include "gateway/orders/order_log.hpp"

namespace duheng::gateway {

ByteView OrderMemory::add(const OrderReport& report) {
  const auto [place, is_new] = known_.try_emplace(report.id);
  auto& known = place->second;
  if (!is_new) return known.record;
  encode_order_record(report, known.record);
  known.utc_ms = report.utc_ms;
  known.age = next_age_++;
  by_age_.emplace(known.age, report.id);
  bytes_ += known.record.size();
  return known.record;
}

void OrderMemory::confirm(const OrderId& id) {
  if (const auto found = known_.find(id); found != known_.end()) found->second.confirmed = true;
}

void OrderMemory::forget(std::map<std::uint64_t, OrderId>::iterator oldest) {
  const auto found = known_.find(oldest->second);
  bytes_ -= found->second.record.size();
  known_.erase(found);
  by_age_.erase(oldest);
}

void OrderMemory::forget_old(std::int64_t now_utc_ms) {
  while (known_.size() > limits_.orders_max || bytes_ > limits_.bytes_max) forget(by_age_.begin());
  while (!by_age_.empty()) {
    const auto& oldest = known_.at(by_age_.begin()->second);
    if (!oldest.confirmed || now_utc_ms - oldest.utc_ms < limits_.keep_ms) return;
    forget(by_age_.begin());
  }
}

std::optional<OrderReport> OrderMemory::find(const OrderId& id) const {
  const auto found = known_.find(id);
  if (found == known_.end()) return std::nullopt;
  const auto parsed = parse_order_records(found->second.record);
  if (!parsed || parsed->records.empty()) return std::nullopt;
  return std::get<OrderReport>(parsed->records.front());
}

std::vector<OrderId> OrderMemory::unconfirmed() const {
  std::vector<OrderId> out;
  for (const auto& [age, id] : by_age_)
    if (!known_.at(id).confirmed) out.push_back(id);
  return out;
}

void OrderMemory::encode(Bytes& out) const {
  for (const auto& [age, id] : by_age_) {
    const auto& known = known_.at(id);
    out.insert(out.end(), known.record.begin(), known.record.end());
    if (known.confirmed) encode_order_record(OrderConfirmed{id}, out);
  }
}

}  // namespace duheng::gateway
