#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "platform/orders/order_stage.hpp"

namespace duheng::platform {

/// An order's place in the records: the platform's own number of it, beside the id that travels.
using OrderNumber = std::int64_t;

struct OpenOrder {
  OrderNumber number = 0;
  OrderId id{};
  std::int64_t job = 0;
  GatewayId gateway{};
  bool urgent = false;  ///< somebody waits for it: before those of large jobs
  OrderStage stage = OrderStage::queued;
  std::int64_t deadline_utc_ms = 0;  ///< not begun by then, it is not to be done any more
  std::int64_t changed_utc_ms = 0;
};

struct OrderBookOptions {
  std::size_t window = 200;             ///< orders that a gateway has and has not finished
  std::int64_t grace_ms = 60'000;       ///< after the deadline, for the gateway's last word
  std::int64_t under_way_ms = 900'000;  ///< an order begun and never reported again is given up
};

/// Which open orders go to which gateway, which go again, which are given up. Pure: what is durable is the caller's to
/// keep, and every change is stored before it is told here, so that a book made anew from the records goes on where the
/// old one was. Times are UTC milliseconds of the platform's clock. Not thread-safe.
class OrderBook {
 public:
  explicit OrderBook(const OrderBookOptions& options = {}) : options_(options) {}

  /// An order that is stored, new or from before a restart. Ignored when it is over or known.
  void add(const OpenOrder& order);
  /// A new session: what the gateway was given before goes again, with the same id.
  void connected(GatewayId gateway);
  void disconnected(GatewayId gateway);

  /// Queued orders whose gateways are connected and have room, urgent ones first, at most `count_max`. The caller
  /// stores each as handed over, then calls handed_over(), then sends it; or ends it with over().
  [[nodiscard]] std::vector<OrderNumber> ready(std::int64_t now_ms, std::size_t count_max) const;
  void handed_over(OrderNumber number, std::int64_t now_ms);
  /// What is to be sent now: orders handed over (in this session not yet), at most `count_max`.
  [[nodiscard]] std::vector<OrderNumber> to_send(std::size_t count_max) const;
  void sent(OrderNumber number);

  /// An open order's new stage, as its gateway reported it, stored. One that may not follow is passed over.
  void stage(OrderNumber number, OrderStage stage, std::int64_t now_ms);
  /// The order is over, stored.
  void over(OrderNumber number);

  /// Nobody is to begin it any more. True: no gateway has it, the caller ends it as cancelled. False: its gateway is to
  /// be told, see to_cancel(), and will say what became of it.
  [[nodiscard]] bool cancel(OrderNumber number);
  [[nodiscard]] std::vector<OrderNumber> to_cancel(std::size_t count_max) const;
  void cancel_sent(OrderNumber number);

  struct GivenUp {
    OrderNumber number = 0;
    OrderStage stage = OrderStage::expired;
    std::string reason;
  };
  /// Orders whose time is over: expired when no gateway was ever given them, else unknown. The caller stores that and
  /// calls over().
  [[nodiscard]] std::vector<GivenUp> overdue(std::int64_t now_ms, std::size_t count_max) const;

  [[nodiscard]] const OpenOrder* find(OrderNumber number) const;
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] std::size_t handed(GatewayId gateway) const;
  [[nodiscard]] bool is_connected(GatewayId gateway) const;
  /// When overdue() may have something; INT64_MAX: never.
  [[nodiscard]] std::int64_t next_due_ms() const noexcept;
  [[nodiscard]] std::vector<OrderNumber> of_job(std::int64_t job) const;
  [[nodiscard]] bool has_job(std::int64_t job) const { return jobs_.contains(job); }

 private:
  struct Entry {
    OpenOrder order;
    bool cancel_wanted = false;
  };
  struct Line {
    bool connected = false;
    std::set<std::pair<bool, OrderNumber>> queued;  ///< not urgent, number
    std::set<OrderNumber> handed;
    std::set<OrderNumber> to_send;
    std::set<OrderNumber> to_cancel;
  };
  [[nodiscard]] std::int64_t due_ms(const OpenOrder& order) const noexcept;
  void schedule(const OpenOrder& order);
  void unschedule(const OpenOrder& order);

  OrderBookOptions options_;
  std::map<OrderNumber, Entry> entries_;
  std::map<GatewayId, Line> lines_;
  std::set<std::pair<std::int64_t, OrderNumber>> due_;
  std::map<std::int64_t, std::set<OrderNumber>> jobs_;
};

}  // namespace duheng::platform
