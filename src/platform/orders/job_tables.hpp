#pragma once
// SQL of jobs and orders. Internal to this folder.
#include <span>
#include <string>
#include <vector>

#include "platform/orders/job.hpp"
#include "store/records/migration.hpp"

namespace duheng::platform::job_tables {

using records::Transaction;

[[nodiscard]] records::Capability migrations();

/// The order has a stage of its own when it is over from the start.
struct NewOrder {
  OrderId id{};
  JobTarget target;
  OrderStage stage = OrderStage::queued;
  std::string reason;
  std::string detail;
};
[[nodiscard]] Result<JobNumber> insert_job(Transaction& t, const Job& job);
[[nodiscard]] Result<OrderNumber> insert_order(Transaction& t, JobNumber job, const NewOrder& order,
                                               std::int64_t created_utc_ms, std::int64_t deadline_utc_ms);

/// Without counts and device. Errors: not_found - none such, or none of its devices in the scope.
[[nodiscard]] Result<Job> find_job(Transaction& t, const Scope& scope, JobNumber number);
[[nodiscard]] Result<void> fill_counts(Transaction& t, const Scope& scope, Job& job);
[[nodiscard]] Result<JobPage> list_jobs(Transaction& t, const Scope& scope, const JobQuery& query);
[[nodiscard]] Result<std::int64_t> devices_in_scope(Transaction& t, const Scope& scope, JobNumber job);
[[nodiscard]] Result<void> set_job_state(Transaction& t, JobNumber job, JobState state, std::int64_t finished_utc_ms);
/// When nothing of a running job is open any more, it is finished, or cancelled. True: it was.
[[nodiscard]] Result<bool> finish_if_over(Transaction& t, JobNumber job, std::int64_t now_ms);

struct StageChange {
  OrderNumber number = 0;
  OrderStage stage = OrderStage::queued;
  std::string reason;
  std::string detail;
  std::int64_t at_utc_ms = 0;
};
[[nodiscard]] Result<void> set_stage(Transaction& t, const StageChange& change);
[[nodiscard]] Result<void> store_results(Transaction& t, OrderNumber number, std::span<const OrderValue> values,
                                         std::span<const OrderFrame> frames);

struct KnownOrder {
  OpenOrder order;
  DeviceId device{};
  std::string device_uid;
  bool cancel_wanted = false;
};
[[nodiscard]] Result<std::optional<KnownOrder>> find_by_id(Transaction& t, const OrderId& id);
[[nodiscard]] Result<std::optional<KnownOrder>> find_by_number(Transaction& t, OrderNumber number);
/// Open orders of running jobs.
[[nodiscard]] Result<std::vector<KnownOrder>> open_orders(Transaction& t, JobNumber job_or_all);

[[nodiscard]] Result<OrderPage> list_orders(Transaction& t, const Scope& scope, JobNumber job, const OrderQuery& query);
/// With values and frames. Errors: not_found.
[[nodiscard]] Result<OrderRow> find_order(Transaction& t, const Scope& scope, OrderNumber number);
[[nodiscard]] Result<std::vector<OrderValue>> values_of(Transaction& t, OrderNumber number);

[[nodiscard]] Result<std::optional<DeviceAccess>> access_of(Transaction& t, DeviceId device);
[[nodiscard]] Result<bool> is_protected(Transaction& t, DeviceId device);

struct DeletedOrders {
  std::int64_t jobs = 0;
  bool more = false;  ///< the limit was reached
};
/// Deletes about `orders_max` orders of jobs that were over before `before_utc_ms`, and the jobs that have none left. A
/// job that is not over, or has an order that is not, is never touched. The operation log keeps its entries, with the
/// numbers in their detail.
[[nodiscard]] Result<DeletedOrders> delete_old_orders(records::Transaction& t, std::int64_t before_utc_ms,
                                                      std::int64_t orders_max);

}  // namespace duheng::platform::job_tables
