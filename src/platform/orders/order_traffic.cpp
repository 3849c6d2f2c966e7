// Between the book, the records and the gateways.
#include <algorithm>
#include <fmt/format.h>

#include "base/log.hpp"
#include "platform/orders/job_check.hpp"
#include "platform/orders/order_service_impl.hpp"

namespace duheng::platform {

using job_tables::KnownOrder;
using job_tables::StageChange;
using records::Transaction;

namespace {

constexpr std::size_t step_orders_max = 500;  // in one transaction
constexpr std::size_t pending_reports_max = 2'000;

}  // namespace

// ---- the thread ----

void OrderService::Impl::wake() {
  {
    const std::lock_guard lock(wake_mutex);
    due = true;
  }
  woken.notify_all();
}

void OrderService::Impl::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(wake_mutex);
      woken.wait_for(lock, stop, std::chrono::milliseconds(options.tick_ms), [&] { return due; });
      due = false;
    }
    const std::lock_guard lock(mutex);
    pump(clock.utc_ms());
  }
}

void OrderService::tick() {
  const std::lock_guard lock(impl_->mutex);
  impl_->pump(impl_->clock.utc_ms());
}

void OrderService::Impl::pump(std::int64_t now) {
  if (!pending.empty() && storage_failing) store_reports(now);
  lapse(now);
  give_up(now);
  hand_over(now);
  send_due(now);
  delete_old(now);
}

void OrderService::Impl::delete_old(std::int64_t now) {
  constexpr std::int64_t every_ms = 3'600'000;
  constexpr std::int64_t goes_on_ms = 1'000;  // others want the records, too
  constexpr std::int64_t orders_at_once = 500;
  const bool clock_went_back = delete_again_utc_ms > now + every_ms;
  if (now < delete_again_utc_ms && !clock_went_back) return;
  delete_again_utc_ms = now + every_ms;
  const auto deleted = database.write(
      [&](Transaction& t) { return job_tables::delete_old_orders(t, now - options.keep_ms, orders_at_once); });
  if (!deleted) return failed("old orders cannot be deleted", deleted.error());
  statistics.jobs_deleted += static_cast<std::uint64_t>(deleted->jobs);
  if (deleted->more) delete_again_utc_ms = now + goes_on_ms;
}

void OrderService::Impl::failed(std::string_view what, const Error& error) {
  ++statistics.storage_failures;
  if (!std::exchange(storage_failing, true)) log::error("orders", what, {{"error", error}});
}

void OrderService::Impl::tell(const std::set<JobNumber>& jobs) {
  const std::lock_guard lock(listener_mutex);
  if (!listener) return;
  for (const JobNumber job : jobs) listener(job);
}

// ---- handing over ----

Result<std::shared_ptr<const OrderService::Impl::Definition>> OrderService::Impl::definition(Transaction& t,
                                                                                             JobNumber number) {
  if (const auto at = definitions.find(number); at != definitions.end()) return at->second;
  DUHENG_TRY(Job job, job_tables::find_job(t, Scope::everything(), number));
  auto made = std::make_shared<const Definition>(
      Definition{std::move(job.content), job.danger, job.needs_memory, std::move(job.created_by_name)});
  definitions[number] = made;
  return made;
}

void OrderService::Impl::hand_over(std::int64_t now) {
  while (true) {
    const std::vector<OrderNumber> ready = book.ready(now, step_orders_max);
    if (ready.empty()) return;
    Effects effects;
    const auto stored = database.write([&](Transaction& t) -> Result<void> {
      for (const OrderNumber number : ready) DUHENG_CHECK(decide(t, number, now, effects));
      return finish_jobs(t, effects, now);
    });
    if (!stored) return failed("cannot store that orders are handed over; they wait", stored.error());
    storage_failing = false;
    apply(effects, now);
  }
}

/// Handed over, or refused because of what has changed since the order was made.
Result<void> OrderService::Impl::decide(Transaction& t, OrderNumber number, std::int64_t now, Effects& effects) {
  DUHENG_TRY(const auto known, job_tables::find_by_number(t, number));
  if (!known) return fail(ErrorCode::internal, "an order in the book is not in the records");
  DUHENG_TRY(const auto content, definition(t, known->order.job));
  StageChange change{.number = number, .stage = OrderStage::handed_over, .reason = {}, .detail = {}, .at_utc_ms = now};
  const auto refuse = [&](std::string word, std::string detail) {
    change.stage = OrderStage::refused;
    change.reason = std::move(word);
    change.detail = std::move(detail);
  };
  if (content->needs_memory && !memories.contains(known->order.job)) {
    refuse("password_lost", "the password given with the job was lost when the platform started anew");
  } else if (content->danger == Danger::supply && !gives_supply(content->content.name)) {
    DUHENG_TRY(const bool is_protected, job_tables::is_protected(t, known->device));
    if (is_protected) refuse("protected", "this customer is not to be cut off");
  }
  return this->change(t, *known, std::move(change), effects);
}

void OrderService::Impl::send_due(std::int64_t now) {
  while (true) {
    const std::vector<OrderNumber> due_orders = book.to_send(step_orders_max);
    if (due_orders.empty()) break;
    std::vector<std::pair<OrderNumber, FieldOrder>> messages;
    const auto read = database.read([&](Transaction& t) -> Result<void> {
      for (const OrderNumber number : due_orders) {
        DUHENG_TRY(FieldOrder message, field_order(t, *book.find(number), now));
        messages.emplace_back(number, std::move(message));
      }
      return {};
    });
    if (!read) return failed("cannot read orders that are to be sent; they wait", read.error());
    bool all_sent = true;
    for (const auto& [number, message] : messages) {
      const OpenOrder open = *book.find(number);
      if (send(open.gateway, message)) {
        book.sent(number);
      } else {
        all_sent = false;  // its session is ending, or its queue full: tried again at the next tick
      }
    }
    if (!all_sent) break;
  }
  for (const OrderNumber number : book.to_cancel(step_orders_max)) {
    const OpenOrder open = *book.find(number);
    if (send(open.gateway, control::CancelOrder{open.id})) book.cancel_sent(number);
  }
}

Result<FieldOrder> OrderService::Impl::field_order(Transaction& t, const OpenOrder& open, std::int64_t now) {
  DUHENG_TRY(const auto known, job_tables::find_by_number(t, open.number));
  if (!known) return fail(ErrorCode::internal, "an order in the book is not in the records");
  DUHENG_TRY(const auto content, definition(t, open.job));
  FieldOrder out;
  out.id = open.id;
  out.device_uid = known->device_uid;
  out.kind = content->content.kind;
  out.name = content->content.name;
  out.registers = content->content.registers;
  out.item = content->content.item;
  out.arguments = content->content.arguments;
  out.from_utc_ms = content->content.from_utc_ms;
  out.to_utc_ms = content->content.to_utc_ms;
  // What is past its time is asked about, not done: a gateway that does not know it lets it expire.
  out.lifetime_ms = std::max<std::int64_t>(0, open.deadline_utc_ms - now);
  const auto memory = memories.find(open.job);
  if (memory != memories.end()) {
    for (OrderArgument& argument : out.arguments) {
      const auto secret = memory->second.arguments.find(argument.name);
      if (secret != memory->second.arguments.end()) argument.value = secret->second;
    }
  }
  if (out.kind != OrderKind::command && out.kind != OrderKind::parameter) return out;
  if (memory != memories.end() && memory->second.access) {
    out.password = memory->second.access->password;
    out.operator_code = memory->second.access->operator_code;
    return out;
  }
  DUHENG_TRY(auto access, job_tables::access_of(t, known->device));
  if (access) {
    out.password = std::move(access->password);
    out.operator_code = std::move(access->operator_code);
  }
  return out;
}

// ---- what becomes of orders ----

/// Stores one order's new stage, in the records only.
Result<void> OrderService::Impl::change(Transaction& t, const KnownOrder& known, StageChange change, Effects& effects) {
  DUHENG_CHECK(job_tables::set_stage(t, change));
  if (is_over(change.stage)) {
    ++effects.over;
    DUHENG_CHECK(note_over(t, known, change));
    if (change.stage == OrderStage::done) DUHENG_CHECK(follow(t, known, effects));
  }
  effects.jobs.insert(known.order.job);
  effects.stages[change.number] = change.stage;
  effects.changes.push_back(std::move(change));
  return {};
}

/// Commands and writes are noted down one by one; a device told to keep the supply on is protected from then on.
Result<void> OrderService::Impl::note_over(Transaction& t, const KnownOrder& known, const StageChange& change) {
  DUHENG_TRY(const auto content, definition(t, known.order.job));
  const OrderKind kind = content->content.kind;
  if (kind != OrderKind::command && kind != OrderKind::parameter) return {};
  OperationEntry entry;
  entry.at_utc_ms = change.at_utc_ms;
  entry.name = "platform";
  entry.action = "order_over";
  entry.job = known.order.job;
  entry.order = known.order.number;
  entry.device = known.device;
  entry.outcome = to_string(change.stage);
  entry.detail = content->content.name;
  if (!change.reason.empty()) entry.detail += ": " + change.reason;
  DUHENG_CHECK(write_operation(t, entry));
  if (change.stage != OrderStage::done || kind != OrderKind::command) return {};
  if (content->content.name == "supply_keep") {
    DUHENG_CHECK(
        t.execute("INSERT INTO protected_devices (device_id, reason, set_by, set_at_ms, kept_supplied) VALUES "
                  "(?1, 'supply_keep', ?2, ?3, 1) ON CONFLICT (device_id) DO NOTHING",
                  {known.device, content->created_by, change.at_utc_ms}));
  } else if (content->content.name == "supply_keep_end") {
    DUHENG_CHECK(
        t.execute("DELETE FROM protected_devices WHERE device_id = ?1 AND kept_supplied <> 0", {known.device}));
  }
  return {};
}

Result<void> OrderService::Impl::follow(Transaction& t, const KnownOrder& known, Effects& effects) {
  if (moves == nullptr) return {};
  DUHENG_TRY(const auto content, definition(t, known.order.job));
  if (content->content.kind != OrderKind::command) return {};
  const auto plan = moves->command_done(t, known.device, content->content.name, content->content.arguments);
  if (plan && *plan) effects.plans.insert(*plan);
  // The order is done all the same; somebody has to look at the device's connection.
  if (!plan)
    log::error("orders", "a device has moved and its connection cannot follow",
               {{"device", known.device.value}, {"error", plan.error()}});
  return {};
}

void OrderService::keep_moves(MoveKeeper& keeper) {
  const std::lock_guard lock(impl_->mutex);
  impl_->moves = &keeper;
}

Result<void> OrderService::Impl::finish_jobs(Transaction& t, const Effects& effects, std::int64_t now) {
  if (effects.over == 0) return {};
  for (const JobNumber job : effects.jobs) DUHENG_CHECK(job_tables::finish_if_over(t, job, now));
  return {};
}

/// What was committed, told to the book and to whoever looks on.
void OrderService::Impl::apply(const Effects& effects, std::int64_t now) {
  for (const auto& [number, stage] : effects.stages) {
    if (stage == OrderStage::handed_over) {
      book.handed_over(number, now);
      ++statistics.orders_handed_over;
    } else {
      book.stage(number, stage, now);
    }
  }
  statistics.orders_over += effects.over;
  statistics.reports_stored += effects.stored;
  statistics.reports_foreign += effects.foreign;
  for (const JobNumber job : effects.jobs) forget_finished(job);
  for (const GatewayId gateway : effects.plans) moves->plan_changed(gateway);
  tell(effects.jobs);
}

/// A password is kept no longer than there is an order that may need it.
void OrderService::Impl::forget_finished(JobNumber job) {
  if (book.has_job(job)) return;
  memories.erase(job);
  definitions.erase(job);
}

void OrderService::Impl::give_up(std::int64_t now) {
  while (true) {
    const std::vector<OrderBook::GivenUp> overdue = book.overdue(now, step_orders_max);
    if (overdue.empty()) return;
    Effects effects;
    const auto stored = database.write([&](Transaction& t) -> Result<void> {
      for (const OrderBook::GivenUp& given_up : overdue) {
        DUHENG_TRY(const auto known, job_tables::find_by_number(t, given_up.number));
        if (!known) return fail(ErrorCode::internal, "an order in the book is not in the records");
        const std::string detail = given_up.stage == OrderStage::unknown
                                       ? "the gateway was given it and has not said what became of it"
                                       : "it was never handed over";
        DUHENG_CHECK(change(t, *known, {given_up.number, given_up.stage, given_up.reason, detail, now}, effects));
      }
      return finish_jobs(t, effects, now);
    });
    if (!stored) return failed("cannot store that orders are given up", stored.error());
    storage_failing = false;
    apply(effects, now);
  }
}

void OrderService::Impl::lapse(std::int64_t now) {
  while (!awaiting.empty() && awaiting.begin()->first <= now) {
    const JobNumber job = awaiting.begin()->second;
    const auto stored = database.write([&](Transaction& t) -> Result<void> {
      DUHENG_CHECK(
          t.execute("UPDATE orders SET stage = 8, reason = 'not_confirmed', changed_at_ms = ?2 WHERE job_id = "
                    "?1 AND stage = 20",
                    {job, now}));
      DUHENG_CHECK(job_tables::set_job_state(t, job, JobState::lapsed, now));
      OperationEntry entry;
      entry.at_utc_ms = now;
      entry.name = "platform";
      entry.action = "lapse_job";
      entry.job = job;
      entry.outcome = "ok";
      return write_operation(t, entry);
    });
    if (!stored) return failed("cannot store that a job has lapsed", stored.error());
    awaiting.erase(awaiting.begin());
    forget_finished(job);
    tell({job});
  }
}

// ---- gateways ----

void OrderService::connected(GatewayId gateway) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->book.connected(gateway);
  }
  impl_->wake();
}

void OrderService::disconnected(GatewayId gateway) {
  const std::lock_guard lock(impl_->mutex);
  impl_->book.disconnected(gateway);
}

void OrderService::reported(GatewayId gateway, OrderReport report) {
  const std::lock_guard lock(impl_->mutex);
  // Not confirmed, so it comes again in the gateway's next session.
  if (impl_->pending.size() >= pending_reports_max && impl_->storage_failing) return;
  impl_->pending.push_back({gateway, std::move(report)});
  if (impl_->pending.size() >= pending_reports_max) impl_->store_reports(impl_->clock.utc_ms());
}

void OrderService::flush() {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->pending.empty()) return;
    impl_->store_reports(impl_->clock.utc_ms());
  }
  impl_->wake();  // there may be room now
}

void OrderService::Impl::store_reports(std::int64_t now) {
  Effects effects;
  const auto stored = database.write([&](Transaction& t) -> Result<void> {
    for (const Pending& one : pending) DUHENG_CHECK(take_report(t, one, now, effects));
    return finish_jobs(t, effects, now);
  });
  if (!stored) return failed("cannot store what gateways report; trying again", stored.error());
  storage_failing = false;
  pending.clear();
  apply(effects, now);
  for (auto& [gateway, ids] : effects.received) {
    (void)send(gateway, control::ReportsReceived{std::move(ids)});  // else the report comes again
  }
}

Result<void> OrderService::Impl::take_report(Transaction& t, const Pending& one, std::int64_t now, Effects& effects) {
  const OrderReport& report = one.report;
  effects.received[one.gateway].push_back(report.id);
  DUHENG_TRY(const auto known, job_tables::find_by_id(t, report.id));
  if (!known || known->order.gateway != one.gateway) {
    ++effects.foreign;
    log::warning("orders", "a gateway reports an order it was never given; it is not kept",
                 {{"gateway", one.gateway.value}, {"order", to_hex(report.id)}, {"state", to_string(report.state)}});
    return {};
  }
  // The records, not the book, are asked: what is over has left the book and may still be settled.
  const OrderStage stage = stage_of(report.state);
  if (!may_follow(known->order.stage, stage)) return {};
  ++effects.stored;
  if (!report.values.empty() || !report.frames.empty())
    DUHENG_CHECK(job_tables::store_results(t, known->order.number, report.values, report.frames));
  return change(t, *known, {known->order.number, stage, report.reason, report.detail, now}, effects);
}

}  // namespace duheng::platform
