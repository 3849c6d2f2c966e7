#pragma once
// Internal to this folder.
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <unordered_map>

#include "platform/orders/job_tables.hpp"
#include "platform/orders/order_service.hpp"

namespace duheng::platform {

struct OrderRefusals;

struct OrderService::Impl {
  Impl(records::Database& database_, const Clock& clock_, Random& random_,
       std::shared_ptr<const drivers::ModelLibrary> models_, Send send_, const OrderServiceOptions& options_)
      : database(database_),
        clock(clock_),
        random(random_),
        models(std::move(models_)),
        send(std::move(send_)),
        options(options_),
        book(options_.book) {}

  /// What was given with a job and is not stored.
  struct Memory {
    std::optional<DeviceAccess> access;
    std::map<std::string, std::string> arguments;
  };
  /// A job's content with what is needed again and again for its orders.
  struct Definition {
    JobContent content;
    Danger danger = Danger::none;
    bool needs_memory = false;
    std::string created_by;
  };
  struct Pending {
    GatewayId gateway;
    OrderReport report;
  };
  /// What a transaction did to orders, to be told to the book once it is committed.
  struct Effects {
    std::vector<job_tables::StageChange> changes;
    std::map<OrderNumber, OrderStage> stages;  ///< the latest of each order
    std::set<JobNumber> jobs;
    std::map<GatewayId, std::vector<OrderId>> received;
    std::uint64_t stored = 0;
    std::uint64_t foreign = 0;
    std::uint64_t over = 0;
    std::set<GatewayId> plans;  ///< changed, because devices are reached elsewhere now
  };

  // people (order_service.cpp)
  [[nodiscard]] std::unexpected<Error> note_refusal(const Author& author, const NewJob& wanted, const Error& refusal);
  [[nodiscard]] Result<JobNumber> store_job(const Author& author, const NewJob& wanted, std::int64_t now);
  /// The targets' lines, each with all of its devices. Errors: forbidden - some are not the author's; limit_exceeded.
  [[nodiscard]] Result<std::vector<JobTarget>> whole_lines(records::Transaction& t, const Author& author,
                                                           const std::vector<JobTarget>& targets);
  struct Confirmation {
    Job job;
    std::optional<Error> refusal;
    std::vector<job_tables::KnownOrder> open;
  };
  [[nodiscard]] Result<void> load(records::Transaction& t);
  [[nodiscard]] Result<JobNumber> store_orders(records::Transaction& t, const Author& author, const NewJob& wanted,
                                               const OrderRefusals& refusals, Job& job,
                                               std::vector<job_tables::KnownOrder>& open);
  [[nodiscard]] Result<Confirmation> confirm_job(records::Transaction& t, const Author& author, JobNumber number,
                                                 std::int64_t now);
  [[nodiscard]] Result<Job> cancel_job(records::Transaction& t, const Author& author, JobNumber number,
                                       std::int64_t now);
  [[nodiscard]] Result<std::vector<job_tables::NewOrder>> plan_orders(records::Transaction& t, const NewJob& wanted,
                                                                      Danger danger, const OrderRefusals& refusals);
  void take_up(const std::vector<job_tables::KnownOrder>& orders);

  // gateways (order_traffic.cpp)
  void pump(std::int64_t now);
  void hand_over(std::int64_t now);
  [[nodiscard]] Result<void> decide(records::Transaction& t, OrderNumber number, std::int64_t now, Effects& effects);
  void send_due(std::int64_t now);
  [[nodiscard]] Result<FieldOrder> field_order(records::Transaction& t, const OpenOrder& open, std::int64_t now);
  void give_up(std::int64_t now);
  void lapse(std::int64_t now);
  /// Some of what is over for long enough, now and then.
  void delete_old(std::int64_t now);
  void store_reports(std::int64_t now);
  [[nodiscard]] Result<void> take_report(records::Transaction& t, const Pending& pending, std::int64_t now,
                                         Effects& effects);
  [[nodiscard]] Result<void> change(records::Transaction& t, const job_tables::KnownOrder& known,
                                    job_tables::StageChange change, Effects& effects);
  [[nodiscard]] Result<void> note_over(records::Transaction& t, const job_tables::KnownOrder& known,
                                       const job_tables::StageChange& change);
  /// An order that is done may have moved its device.
  [[nodiscard]] Result<void> follow(records::Transaction& t, const job_tables::KnownOrder& known, Effects& effects);
  [[nodiscard]] Result<void> finish_jobs(records::Transaction& t, const Effects& effects, std::int64_t now);
  void apply(const Effects& effects, std::int64_t now);
  [[nodiscard]] Result<std::shared_ptr<const Definition>> definition(records::Transaction& t, JobNumber job);
  void forget_finished(JobNumber job);
  void failed(std::string_view what, const Error& error);
  void tell(const std::set<JobNumber>& jobs);
  void run(const std::stop_token& stop);
  void wake();

  records::Database& database;
  const Clock& clock;
  Random& random;
  const std::shared_ptr<const drivers::ModelLibrary> models;
  const Send send;
  const OrderServiceOptions options;

  mutable std::mutex mutex;  // guards what follows up to the listener; held while a transaction runs
  OrderBook book;
  std::int64_t delete_again_utc_ms = 0;
  MoveKeeper* moves = nullptr;
  std::map<JobNumber, Memory> memories;
  std::map<JobNumber, std::shared_ptr<const Definition>> definitions;
  std::set<std::pair<std::int64_t, JobNumber>> awaiting;  ///< until when each must be confirmed
  std::vector<Pending> pending;
  OrderStatistics statistics;
  bool storage_failing = false;

  std::mutex listener_mutex;  // guards listener; never held together with `mutex`'s transactions
  std::function<void(JobNumber)> listener;

  std::mutex wake_mutex;  // guards due
  std::condition_variable_any woken;
  bool due = false;
  std::jthread thread;
};

}  // namespace duheng::platform
