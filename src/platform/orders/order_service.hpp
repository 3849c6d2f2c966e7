#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "platform/orders/job.hpp"
#include "platform/orders/move_keeper.hpp"
#include "rpc/control_messages.hpp"
#include "store/records/migration.hpp"

namespace duheng::drivers {
class ModelLibrary;
}

namespace duheng::platform {

struct OperationChainReport;

struct OrderServiceOptions {
  OrderBookOptions book{};
  std::int64_t confirm_within_ms = 5 * 60'000;         ///< by the same person, for one device
  std::int64_t second_person_within_ms = 30 * 60'000;  ///< by another, for several
  std::size_t targets_max = 100'000;                   ///< of one job
  std::size_t open_orders_max = 500'000;               ///< of all jobs; beyond it new jobs are refused
  std::int64_t tick_ms = 500;
  /// Jobs that have been over for so long are deleted with their orders, values and frames; the operation log stays.
  std::int64_t keep_ms = 6LL * 366 * 86'400'000;
};

struct OrderStatistics {
  std::uint64_t jobs_created = 0;
  std::uint64_t orders_open = 0;
  std::uint64_t orders_handed_over = 0;
  std::uint64_t orders_over = 0;
  std::uint64_t reports_stored = 0;
  std::uint64_t reports_foreign = 0;  ///< of orders that the gateway was never given, or that nobody knows
  std::uint64_t storage_failures = 0;
  std::uint64_t jobs_deleted = 0;  ///< because they were over for OrderServiceOptions::keep_ms
};

/// What people ask of devices: jobs, each with one order per device. Everything is stored before it goes out and before
/// it is confirmed; after a restart it goes on where it was. One thread of its own hands orders over and gives up those
/// whose time is over. All calls are thread-safe. Needs the tables of Devices, Gateways and People.
///
/// A password given with a job is kept in memory alone, until the job's last order is over; after a restart the orders
/// that were not handed over yet are refused ("password_lost").
class OrderService {
 public:
  /// Hands a message to a gateway's control stream; false when it cannot be sent now.
  using Send = std::function<bool(GatewayId, const control::FromPlatform&)>;

  [[nodiscard]] static records::Capability migrations();
  OrderService(records::Database& database, const Clock& clock, Random& random,
               std::shared_ptr<const drivers::ModelLibrary> models, Send send, const OrderServiceOptions& options = {});
  ~OrderService();
  OrderService(const OrderService&) = delete;
  OrderService& operator=(const OrderService&) = delete;

  /// Takes up what was open and begins to work. Errors: as records::Database.
  [[nodiscard]] Result<void> start();
  void stop();
  /// The two halves of start(), for tests that let the time pass by themselves: take up what was open; do once what the
  /// thread does again and again.
  [[nodiscard]] Result<void> load();
  void tick();

  // ---- people ----

  /// Errors: invalid_argument - the models say no, or the reason is missing; forbidden - the author is no operator;
  /// limit_exceeded - too many devices; unavailable - too many orders are open.
  [[nodiscard]] Result<JobNumber> create(const Author& author, const NewJob& job);
  /// Errors: not_found; forbidden - not this person, or devices of the job are not theirs; conflict - it waits for no
  /// confirmation, or no longer.
  [[nodiscard]] Result<void> confirm(const Author& author, JobNumber job);
  /// Errors: not_found; forbidden; conflict - it is over.
  [[nodiscard]] Result<void> cancel(const Author& author, JobNumber job);

  [[nodiscard]] Result<Job> job(const Scope& scope, JobNumber number);
  [[nodiscard]] Result<JobPage> jobs(const Scope& scope, const JobQuery& query);
  [[nodiscard]] Result<OrderPage> orders(const Scope& scope, JobNumber job, const OrderQuery& query);
  [[nodiscard]] Result<OrderRow> order(const Scope& scope, OrderNumber number);
  [[nodiscard]] Result<std::vector<OperationEntry>> operations(const Scope& scope, std::int64_t limit);
  [[nodiscard]] Result<OperationPage> operations(const Scope& scope, const OperationQuery& query);
  /// As check_operation_chain().
  [[nodiscard]] Result<OperationChainReport> check_operations();

  // ---- gateways ----

  void connected(GatewayId gateway);
  void disconnected(GatewayId gateway);
  /// Kept until flush(), which stores what came together and then confirms it.
  void reported(GatewayId gateway, OrderReport report);
  void flush();

  // ---- who looks on ----

  /// From now on: who keeps where devices are after an order has moved them. Lives longer than this.
  void keep_moves(MoveKeeper& keeper);
  /// Called, from any thread, when a job has changed: be quick. Replaces the one before.
  void on_change(std::function<void(JobNumber)> changed);
  [[nodiscard]] OrderStatistics statistics() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace duheng::platform
