#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "model/field_order.hpp"

namespace duheng::gateway {

struct OrderMemoryLimits {
  std::size_t orders_max = 100'000;
  std::size_t bytes_max = 64U << 20;
  std::int64_t keep_ms = 7LL * 24 * 3'600'000;
};

/// The last reports of finished orders, as their records in the log: so that an order that comes again gets the same
/// answer and is not begun again. Forgotten are, oldest first, those older than `keep_ms` that the platform has
/// confirmed, and any when there are too many. Pure.
class OrderMemory {
 public:
  explicit OrderMemory(OrderMemoryLimits limits = {}) : limits_(limits) {}
  /// The record for the log; good until the next call. The report of an id that is known stays as it was.
  ByteView add(const OrderReport& report);
  void confirm(const OrderId& id);
  void forget_old(std::int64_t now_utc_ms);
  [[nodiscard]] bool knows(const OrderId& id) const { return known_.contains(id); }
  [[nodiscard]] std::optional<OrderReport> find(const OrderId& id) const;
  /// Oldest first.
  [[nodiscard]] std::vector<OrderId> unconfirmed() const;
  /// All of it as records, appended.
  void encode(Bytes& out) const;
  [[nodiscard]] std::size_t size() const noexcept { return known_.size(); }
  [[nodiscard]] std::size_t size_bytes() const noexcept { return bytes_; }

 private:
  struct Known {
    Bytes record;
    std::int64_t utc_ms = 0;
    std::uint64_t age = 0;
    bool confirmed = false;
  };
  void forget(std::map<std::uint64_t, OrderId>::iterator oldest);
  OrderMemoryLimits limits_;
  std::map<OrderId, Known> known_;
  std::map<std::uint64_t, OrderId> by_age_;
  std::uint64_t next_age_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace duheng::gateway
