// What people do; what gateways do stands in order_traffic.cpp.
#include "platform/orders/order_service.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/log.hpp"
#include "platform/orders/job_check.hpp"
#include "platform/orders/operation_chain.hpp"
#include "platform/orders/order_service_impl.hpp"

namespace duheng::platform {

using job_tables::KnownOrder;
using job_tables::NewOrder;
using records::Transaction;

std::string_view to_string(JobState state) noexcept {
  switch (state) {
    case JobState::awaiting_confirmation:
      return "awaiting_confirmation";
    case JobState::running:
      return "running";
    case JobState::finished:
      return "finished";
    case JobState::cancelled:
      return "cancelled";
    case JobState::lapsed:
      return "lapsed";
  }
  return "unknown";
}

std::optional<JobState> job_state_of(std::string_view name) noexcept {
  for (const JobState state : {JobState::awaiting_confirmation, JobState::running, JobState::finished,
                               JobState::cancelled, JobState::lapsed}) {
    if (to_string(state) == name) return state;
  }
  return std::nullopt;
}

struct OrderRefusals {
  const JobJudgement& judgement;
};

namespace {

std::int64_t usual_lifetime_ms(const NewJob& job) {
  if (job.lifetime_ms > 0) return job.lifetime_ms;
  if (job.targets.size() > 1) return 3'600'000;
  switch (job.content.kind) {
    case OrderKind::history:
      return 600'000;
    case OrderKind::parameter:
      return 120'000;
    default:
      return 60'000;
  }
}

Result<void> require_operator(const Author& author) {
  if (author.role >= Role::operator_) return {};
  return fail(ErrorCode::forbidden, "only an operator may ask anything of devices");
}

}  // namespace

records::Capability OrderService::migrations() { return job_tables::migrations(); }

OrderService::OrderService(records::Database& database, const Clock& clock, Random& random,
                           std::shared_ptr<const drivers::ModelLibrary> models, Send send,
                           const OrderServiceOptions& options)
    : impl_(std::make_unique<Impl>(database, clock, random, std::move(models), std::move(send), options)) {}

OrderService::~OrderService() { stop(); }

Result<void> OrderService::Impl::load(Transaction& t) {
  DUHENG_TRY(const std::vector<KnownOrder> open, job_tables::open_orders(t, 0));
  take_up(open);
  return t.each("SELECT id, confirm_by_ms FROM order_jobs WHERE state = 1", {},
                [&](const records::Row& row) { awaiting.emplace(row.integer(1), row.integer(0)); });
}

Result<void> OrderService::load() {
  const std::lock_guard lock(impl_->mutex);
  return impl_->database.read([&](Transaction& t) { return impl_->load(t); });
}

Result<void> OrderService::start() {
  DUHENG_CHECK(load());
  impl_->thread = std::jthread([impl = impl_.get()](const std::stop_token& stop) { impl->run(stop); });
  return {};
}

void OrderService::stop() {
  if (!impl_->thread.joinable()) return;
  impl_->thread.request_stop();
  impl_->wake();
  impl_->thread.join();
}

void OrderService::Impl::take_up(const std::vector<KnownOrder>& orders) {
  for (const KnownOrder& known : orders) {
    book.add(known.order);
    if (known.cancel_wanted && known.order.stage != OrderStage::queued) (void)book.cancel(known.order.number);
  }
}

/// One order for each device. What cannot be is refused here and now, with the reason.
Result<std::vector<NewOrder>> OrderService::Impl::plan_orders(Transaction& t, const NewJob& wanted, Danger danger,
                                                              const OrderRefusals& refusals) {
  const bool cuts_off = danger == Danger::supply && !gives_supply(wanted.content.name);
  std::vector<NewOrder> orders;
  orders.reserve(wanted.targets.size());
  for (const JobTarget& target : wanted.targets) {
    NewOrder order;
    random.fill(order.id);
    order.target = target;
    const auto refuse = [&](std::string word, std::string detail) {
      order.stage = OrderStage::refused;
      order.reason = std::move(word);
      order.detail = std::move(detail);
    };
    const ModelJudgement& judgement = refusals.judgement.by_model.find(target.model)->second;
    bool is_protected = false;
    bool lacks_password = false;
    if (cuts_off) {
      DUHENG_TRY(is_protected, job_tables::is_protected(t, target.device));
    }
    if (judgement.needs_password && !wanted.access) {
      DUHENG_TRY(const auto access, job_tables::access_of(t, target.device));
      lacks_password = !access;
    }
    if (!judgement.refusal.empty()) {
      refuse(judgement.refusal, judgement.detail);
    } else if (!target.gateway) {
      refuse("no_gateway", "no gateway reads this device");
    } else if (is_protected) {
      refuse("protected", "this customer is not to be cut off");
    } else if (lacks_password) {
      refuse("password_missing", "the command needs a password: none was given, none is kept for the device");
    }
    orders.push_back(std::move(order));
  }
  return orders;
}

Result<JobNumber> OrderService::create(const Author& author, const NewJob& wanted) {
  if (const auto allowed = require_operator(author); !allowed)
    return impl_->note_refusal(author, wanted, allowed.error());
  if (wanted.targets.size() > impl_->options.targets_max) {
    return fail(ErrorCode::limit_exceeded, fmt::format("at most {} devices at once", impl_->options.targets_max));
  }
  const std::int64_t now = impl_->clock.utc_ms();
  Result<JobNumber> number = fail(ErrorCode::internal, "");
  if (is_for_whole_lines(*impl_->models, wanted)) {
    NewJob whole = wanted;
    DUHENG_TRY(whole.targets,
               impl_->database.read([&](Transaction& t) { return impl_->whole_lines(t, author, wanted.targets); }));
    number = impl_->store_job(author, whole, now);
  } else {
    number = impl_->store_job(author, wanted, now);
  }
  if (number) {
    impl_->tell({*number});
    impl_->wake();
  }
  return number;
}

Result<std::vector<JobTarget>> OrderService::Impl::whole_lines(Transaction& t, const Author& author,
                                                               const std::vector<JobTarget>& targets) {
  std::vector<JobTarget> out;
  std::set<DeviceId> known;
  for (const JobTarget& target : targets) {
    if (known.contains(target.device)) continue;
    std::vector<JobTarget> line;
    if (moves != nullptr) {
      DUHENG_TRY(line, moves->line_of(t, target.device));
    }
    if (line.empty()) line.push_back(target);
    for (JobTarget& each : line) {
      DUHENG_TRY(const auto seen,
                 t.integer("SELECT 1 FROM devices WHERE id = ?2 AND " + author.scope.condition("organisation_id", "?1"),
                           {author.scope.parameter_value(), each.device}));
      if (!seen) return fail(ErrorCode::forbidden, "the line holds devices that are not yours, too");
      if (known.insert(each.device).second) out.push_back(std::move(each));
    }
  }
  // Whatever else its gateway has to do, it gets them all at once.
  if (out.size() > options.book.window)
    return fail(ErrorCode::limit_exceeded,
                fmt::format("at most {} devices at once on whole lines", options.book.window));
  return out;
}

/// Somebody without the right tried: that stands in the operation log, too.
std::unexpected<Error> OrderService::Impl::note_refusal(const Author& author, const NewJob& wanted,
                                                        const Error& refusal) {
  auto entry = operation_of(author, "create_job", clock.utc_ms());
  entry.outcome = to_string(refusal.code);
  entry.detail =
      fmt::format("{} {}, {} devices", to_string(wanted.content.kind), wanted.content.name, wanted.targets.size());
  if (wanted.targets.size() == 1) entry.device = wanted.targets.front().device;
  const auto noted = database.write([&](Transaction& t) { return write_operation(t, entry); });
  if (!noted) failed("cannot note down that a job was refused", noted.error());
  return std::unexpected(refusal);
}

namespace {

/// The job as it is stored, before it is known what of it is refused at once.
Job job_of(const Author& author, const NewJob& wanted, const JobJudgement& judgement,
           const OrderServiceOptions& options, std::int64_t now) {
  const bool dangerous = judgement.danger != Danger::none;
  const bool several = wanted.targets.size() > 1;
  Job job;
  job.content = wanted.content;
  job.secret_arguments = judgement.secret_arguments;
  job.title_zh = judgement.title_zh;
  job.title_en = judgement.title_en;
  job.danger = judgement.danger;
  job.state = dangerous ? JobState::awaiting_confirmation : JobState::running;
  job.reason = wanted.reason;
  job.created_by = author.user;
  job.created_by_name = author.name;
  job.created_utc_ms = now;
  job.needs_second_person = dangerous && several;
  if (dangerous) job.confirm_by_utc_ms = now + (several ? options.second_person_within_ms : options.confirm_within_ms);
  job.lifetime_ms = usual_lifetime_ms(wanted);
  job.devices = static_cast<std::int64_t>(wanted.targets.size());
  return job;
}

bool is_secret(const Job& job, const OrderArgument& argument) {
  return std::ranges::find(job.secret_arguments, argument.name) != job.secret_arguments.end();
}

}  // namespace

Result<JobNumber> OrderService::Impl::store_orders(Transaction& t, const Author& author, const NewJob& wanted,
                                                   const OrderRefusals& refusals, Job& job,
                                                   std::vector<KnownOrder>& open) {
  const std::int64_t now = job.created_utc_ms;
  DUHENG_TRY(const std::vector<NewOrder> orders, plan_orders(t, wanted, job.danger, refusals));
  const bool nothing_to_do =
      std::ranges::none_of(orders, [](const NewOrder& order) { return order.stage == OrderStage::queued; });
  if (nothing_to_do) {  // nobody needs to say yes to that
    job.state = JobState::running;
    job.confirm_by_utc_ms = 0;
  }
  DUHENG_TRY(const JobNumber number, job_tables::insert_job(t, job));
  for (const NewOrder& order : orders)
    DUHENG_CHECK(job_tables::insert_order(t, number, order, now, now + job.lifetime_ms));
  OperationEntry entry = operation_of(author, "create_job", now);
  entry.job = number;
  entry.detail = fmt::format("{} {} at {} devices", to_string(job.content.kind), job.content.name, job.devices);
  if (!job.reason.empty()) entry.detail += ": " + job.reason;
  DUHENG_CHECK(write_operation(t, entry));
  DUHENG_CHECK(job_tables::finish_if_over(t, number, now));
  if (job.state == JobState::running) {
    DUHENG_TRY(open, job_tables::open_orders(t, number));
  }
  return number;
}

Result<JobNumber> OrderService::Impl::store_job(const Author& author, const NewJob& wanted, std::int64_t now) {
  DUHENG_TRY(const JobJudgement judgement, judge_job(*models, wanted, now));
  if (is_for_whole_lines(*models, wanted)) DUHENG_CHECK(check_lines(judgement, wanted));
  if (judgement.danger == Danger::supply && wanted.reason.empty())
    return fail(ErrorCode::invalid_argument, "reason: say why somebody's supply is to be changed");
  Job job = job_of(author, wanted, judgement, options, now);
  Memory memory;
  memory.access = wanted.access;
  for (const OrderArgument& argument : wanted.content.arguments) {
    if (is_secret(job, argument)) memory.arguments[argument.name] = argument.value;
  }
  job.needs_memory = memory.access.has_value() || !memory.arguments.empty();

  const std::lock_guard lock(mutex);
  if (book.size() + wanted.targets.size() > options.open_orders_max)
    return fail(ErrorCode::unavailable, "too many orders are open; try again later");
  std::vector<KnownOrder> open;
  DUHENG_TRY(const JobNumber number, database.write([&](Transaction& t) {
    return store_orders(t, author, wanted, OrderRefusals{judgement}, job, open);
  }));
  ++statistics.jobs_created;
  if (job.needs_memory && (!open.empty() || job.state == JobState::awaiting_confirmation))
    memories[number] = std::move(memory);
  if (job.state == JobState::awaiting_confirmation) awaiting.emplace(job.confirm_by_utc_ms, number);
  take_up(open);
  return number;
}

namespace {

/// Why this person may not say yes to the job now.
std::optional<Error> confirm_refusal(const Author& author, const Job& job, std::int64_t visible, std::int64_t now) {
  if (job.state != JobState::awaiting_confirmation || job.confirm_by_utc_ms <= now)
    return Error{ErrorCode::conflict, "the job waits for no confirmation, or no longer"};
  if (visible != job.devices) return Error{ErrorCode::forbidden, "the job is for devices that are not yours, too"};
  if (job.needs_second_person && author.user == job.created_by)
    return Error{ErrorCode::forbidden, "for several devices a second person must confirm"};
  if (!job.needs_second_person && author.user != job.created_by)
    return Error{ErrorCode::forbidden, "whoever made the job confirms it"};
  return std::nullopt;
}

}  // namespace

/// A refusal is written down too, so it is no error of the transaction.
Result<OrderService::Impl::Confirmation> OrderService::Impl::confirm_job(Transaction& t, const Author& author,
                                                                         JobNumber number, std::int64_t now) {
  Confirmation out;
  DUHENG_TRY(out.job, job_tables::find_job(t, author.scope, number));
  DUHENG_TRY(const std::int64_t visible, job_tables::devices_in_scope(t, author.scope, number));
  out.refusal = confirm_refusal(author, out.job, visible, now);
  OperationEntry entry = operation_of(author, "confirm_job", now);
  entry.job = number;
  if (out.refusal) {
    entry.outcome = to_string(out.refusal->code);
    entry.detail = out.refusal->message;
  }
  DUHENG_CHECK(write_operation(t, entry));
  if (out.refusal) return out;
  DUHENG_CHECK(t.execute("UPDATE order_jobs SET state = 2, confirmed_by = ?2, confirmed_by_name = ?3 WHERE id = ?1",
                         {number, author.user, author.name}));
  DUHENG_CHECK(t.execute("UPDATE orders SET deadline_ms = ?2 WHERE job_id = ?1 AND stage = 20",
                         {number, now + out.job.lifetime_ms}));
  DUHENG_CHECK(job_tables::finish_if_over(t, number, now));
  DUHENG_TRY(out.open, job_tables::open_orders(t, number));
  return out;
}

Result<void> OrderService::confirm(const Author& author, JobNumber number) {
  DUHENG_CHECK(require_operator(author));
  const std::int64_t now = impl_->clock.utc_ms();
  {
    const std::lock_guard lock(impl_->mutex);
    DUHENG_TRY(const Impl::Confirmation confirmed,
               impl_->database.write([&](Transaction& t) { return impl_->confirm_job(t, author, number, now); }));
    if (confirmed.refusal) return std::unexpected(*confirmed.refusal);
    impl_->awaiting.erase({confirmed.job.confirm_by_utc_ms, number});
    impl_->take_up(confirmed.open);
  }
  impl_->tell({number});
  impl_->wake();
  return {};
}

Result<Job> OrderService::Impl::cancel_job(Transaction& t, const Author& author, JobNumber number, std::int64_t now) {
  DUHENG_TRY(Job job, job_tables::find_job(t, author.scope, number));
  if (job.state != JobState::running && job.state != JobState::awaiting_confirmation)
    return fail(ErrorCode::conflict, "the job is over");
  DUHENG_TRY(const std::int64_t visible, job_tables::devices_in_scope(t, author.scope, number));
  if (visible != job.devices) return fail(ErrorCode::forbidden, "the job is for devices that are not yours, too");
  DUHENG_CHECK(t.execute("UPDATE order_jobs SET cancel_wanted = 1 WHERE id = ?1", {number}));
  DUHENG_CHECK(
      t.execute("UPDATE orders SET stage = 8, reason = 'cancelled', changed_at_ms = ?2 WHERE job_id = ?1 AND "
                "stage = 20",
                {number, now}));
  if (job.state == JobState::awaiting_confirmation)
    DUHENG_CHECK(job_tables::set_job_state(t, number, JobState::cancelled, now));
  OperationEntry entry = operation_of(author, "cancel_job", now);
  entry.job = number;
  DUHENG_CHECK(write_operation(t, entry));
  DUHENG_CHECK(job_tables::finish_if_over(t, number, now));
  return job;
}

Result<void> OrderService::cancel(const Author& author, JobNumber number) {
  DUHENG_CHECK(require_operator(author));
  const std::int64_t now = impl_->clock.utc_ms();
  {
    const std::lock_guard lock(impl_->mutex);
    DUHENG_TRY(const Job job,
               impl_->database.write([&](Transaction& t) { return impl_->cancel_job(t, author, number, now); }));
    impl_->awaiting.erase({job.confirm_by_utc_ms, number});
    for (const OrderNumber order : impl_->book.of_job(number)) {
      if (impl_->book.cancel(order)) impl_->book.over(order);
    }
    impl_->forget_finished(number);
  }
  impl_->tell({number});
  impl_->wake();
  return {};
}

Result<Job> OrderService::job(const Scope& scope, JobNumber number) {
  return impl_->database.read([&](Transaction& t) -> Result<Job> {
    DUHENG_TRY(Job job, job_tables::find_job(t, scope, number));
    DUHENG_CHECK(job_tables::fill_counts(t, scope, job));
    return job;
  });
}

Result<JobPage> OrderService::jobs(const Scope& scope, const JobQuery& query) {
  return impl_->database.read([&](Transaction& t) { return job_tables::list_jobs(t, scope, query); });
}

Result<OrderPage> OrderService::orders(const Scope& scope, JobNumber job, const OrderQuery& query) {
  return impl_->database.read([&](Transaction& t) -> Result<OrderPage> {
    DUHENG_CHECK(job_tables::find_job(t, scope, job));
    return job_tables::list_orders(t, scope, job, query);
  });
}

Result<OrderRow> OrderService::order(const Scope& scope, OrderNumber number) {
  return impl_->database.read([&](Transaction& t) { return job_tables::find_order(t, scope, number); });
}

Result<std::vector<OperationEntry>> OrderService::operations(const Scope& scope, std::int64_t limit) {
  return platform::operations(impl_->database, scope, limit);
}

Result<OperationPage> OrderService::operations(const Scope& scope, const OperationQuery& query) {
  return find_operations(impl_->database, scope, query);
}

Result<OperationChainReport> OrderService::check_operations() { return check_operation_chain(impl_->database); }

void OrderService::on_change(std::function<void(JobNumber)> changed) {
  const std::lock_guard lock(impl_->listener_mutex);
  impl_->listener = std::move(changed);
}

OrderStatistics OrderService::statistics() const {
  const std::lock_guard lock(impl_->mutex);
  OrderStatistics out = impl_->statistics;
  out.orders_open = impl_->book.size();
  return out;
}

}  // namespace duheng::platform
