#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "model/field_order.hpp"

namespace duheng::gateway {

/// Which orders' reports are to go to the platform. At most one report of an order is on its way at a time, so that a
/// confirmation always means the report that was handed out last. Pure.
class ReportTray {
 public:
  /// Returns true when nothing was due before.
  bool put(const OrderId& id) {
    auto& entry = entries_[id];
    if (entry.due) return false;
    entry.due = true;
    if (entry.on_way) return false;
    due_.push_back(id);
    return due_.size() == 1;
  }
  /// The oldest that are due; they are on their way then.
  [[nodiscard]] std::vector<OrderId> take(std::size_t count_max) {
    std::vector<OrderId> out;
    while (!due_.empty() && out.size() < count_max) {
      auto& entry = entries_[due_.front()];
      entry = {.due = false, .on_way = true};
      out.push_back(due_.front());
      due_.pop_front();
    }
    return out;
  }
  /// What was taken is not to be had yet: it comes back with put().
  void take_back(const OrderId& id) { entries_.erase(id); }
  /// Returns true when nothing newer of this order is due.
  bool received(const OrderId& id) {
    const auto found = entries_.find(id);
    if (found == entries_.end() || !found->second.on_way) return false;
    found->second.on_way = false;
    if (found->second.due) {
      due_.push_back(id);
      return false;
    }
    entries_.erase(found);
    return true;
  }
  /// What was on its way may be lost.
  void all_again() {
    for (auto& [id, entry] : entries_) {
      if (!entry.on_way) continue;
      entry = {.due = true, .on_way = false};
      due_.push_back(id);
    }
  }
  [[nodiscard]] bool has_due() const noexcept { return !due_.empty(); }

 private:
  struct Entry {
    bool due = false;
    bool on_way = false;
  };
  std::map<OrderId, Entry> entries_;
  std::deque<OrderId> due_;
};

}  // namespace duheng::gateway
