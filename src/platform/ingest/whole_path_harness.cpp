#include "platform/ingest/whole_path_harness.hpp"

#include <algorithm>
#include <chrono>
#include <time.h>

#include "base/disk.hpp"
#include "platform/history/telemetry_applier.hpp"

namespace duheng::platform {

namespace {

double cpu_seconds(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace

double thread_cpu_s() { return cpu_seconds(CLOCK_THREAD_CPUTIME_ID); }
double process_cpu_s() { return cpu_seconds(CLOCK_PROCESS_CPUTIME_ID); }

uplink::Batch BatchChain::next(std::shared_ptr<const Bytes> body) {
  uplink::Batch batch{.epoch = 1, .sequence = sequence, .previous_hash = last, .body = *body};
  batch.hash = last = uplink::batch_hash(last, batch.epoch, sequence, *body);
  batch.owner = std::move(body);
  ++sequence;
  return batch;
}

void BenchAnswers::offered(std::size_t session, std::int64_t begin_ns) {
  const std::lock_guard lock(mutex_);
  under_way_[session].push_back(begin_ns);
  // Nothing was waiting before: the time without commits begins now.
  if (offered_ == acknowledged_) last_commit_ns_ = begin_ns;
  ++offered_;
}

bool BenchAnswers::has_room(std::size_t session, std::size_t window) {
  const std::lock_guard lock(mutex_);
  return under_way_[session].size() < window;
}

void BenchAnswers::committed(uplink::SessionId session, const uplink::EpochPosition& position) {
  const std::int64_t now_ns = clock_.monotonic_ns();
  const std::lock_guard lock(mutex_);
  auto& waiting = under_way_[static_cast<std::size_t>(session.value)];
  std::uint64_t& done = done_[session.value];
  for (; done < position.next_sequence && !waiting.empty(); ++done) {
    delays_.latencies_ns.push_back(now_ns - waiting.front());
    waiting.pop_front();
    ++acknowledged_;
  }
  delays_.stall_ns_max = std::max(delays_.stall_ns_max, now_ns - last_commit_ns_);
  last_commit_ns_ = now_ns;
}

void BenchAnswers::refused(uplink::SessionId, const uplink::Refusal& refusal) {
  const std::lock_guard lock(mutex_);
  failure_ = Error{ErrorCode::storage_failed, refusal.message};
  changed_.notify_all();
}

void BenchAnswers::room_available() {
  const std::lock_guard lock(mutex_);
  ++rooms_;
  changed_.notify_all();
}

Result<void> BenchAnswers::wait_for_commit(std::uint64_t seen) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return rooms_ != seen || failure_; });
  if (failure_) return std::unexpected(*failure_);
  return {};
}

std::uint64_t BenchAnswers::commits_seen() {
  const std::lock_guard lock(mutex_);
  return rooms_;
}

Result<void> BenchAnswers::wait_for_all() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return acknowledged_ == offered_ || failure_; });
  if (failure_) return std::unexpected(*failure_);
  return {};
}

CommitDelays BenchAnswers::take_delays() {
  const std::lock_guard lock(mutex_);
  return std::exchange(delays_, {});
}

Result<void> offer_batch(IngestService& service, BenchAnswers& answers, std::size_t number, const uplink::Batch& batch,
                         std::int64_t begin_ns) {
  answers.offered(number, begin_ns);
  while (true) {
    const std::uint64_t seen = answers.commits_seen();
    const auto outcome = service.offer(GatewayId{static_cast<std::int64_t>(number) + 1},
                                       uplink::SessionId{static_cast<std::int64_t>(number)}, batch);
    if (std::holds_alternative<uplink::BatchSink::Queued>(outcome)) return {};
    if (!std::holds_alternative<uplink::BatchSink::Full>(outcome))
      return fail(ErrorCode::internal, "ingest refused a benchmark batch");
    DUHENG_CHECK(answers.wait_for_commit(seen));
  }
}

WholePath::WholePath(const Options& options, const Clock& clock)
    : clock_(clock), answers_(clock, options.gateways), chains_(options.gateways) {}

Result<std::unique_ptr<WholePath>> WholePath::open(const Options& options, const Clock& clock) {
  std::unique_ptr<WholePath> path(new WholePath(options, clock));
  DUHENG_TRY(path->journal_, store::Journal::open(path->disk_, path->random_, path->keys_,
                                                  {.directory = options.directory + "/journal"}));
  store::DuckDbTelemetryOptions telemetry;
  telemetry.directory = options.directory + "/telemetry";
  telemetry.threads = options.telemetry_threads;
  DUHENG_TRY(auto opened, store::DuckDbTelemetryStore::open(telemetry, path->disk_, clock, path->keys_));
  path->telemetry_ = std::move(opened.store);
  path->service_ = std::make_unique<IngestService>(*path->journal_, clock, IngestOptions{});
  path->service_->set_answers(&path->answers_);
  WholePath* self = path.get();
  path->applying_ = std::jthread([self](const std::stop_token& stop) { self->apply(stop); });
  if (options.maintained) path->resume_maintenance();
  return path;
}

WholePath::~WholePath() {
  if (service_) service_->set_answers(nullptr);
  maintaining_ = {};
  applying_ = {};
}

Result<void> WholePath::offer(std::size_t gateway, std::shared_ptr<const Bytes> body) {
  const std::int64_t begin_ns = clock_.monotonic_ns();
  return offer_batch(*service_, answers_, gateway, chains_[gateway].next(std::move(body)), begin_ns);
}

Result<void> WholePath::wait_until_durable() { return answers_.wait_for_all(); }

Result<void> WholePath::wait_until_applied() {
  DUHENG_CHECK(answers_.wait_for_all());
  std::unique_lock lock(mutex_);
  applied_.wait(lock, [this] { return error_ || telemetry_->next_record() >= journal_->next_number(); });
  if (error_) return std::unexpected(*error_);
  return {};
}

Result<void> WholePath::settle() {
  DUHENG_CHECK(wait_until_applied());
  maintaining_ = {};
  // What was recent becomes a run first, so that maintenance sees all of it.
  DUHENG_CHECK(telemetry_->checkpoint());
  while (true) {
    DUHENG_TRY(const bool more, telemetry_->maintain({}));
    if (!more) break;
  }
  return telemetry_->checkpoint();
}

void WholePath::resume_maintenance() {
  maintaining_ = std::jthread([this](const std::stop_token& stop) { maintain(stop); });
}

void WholePath::apply(const std::stop_token& stop) {
  TelemetryApplier applier(*journal_, *telemetry_, clock_);
  while (!stop.stop_requested()) {
    const auto applied = applier.step();
    applying_cpu_s_ = thread_cpu_s();
    if (!applied) return failed(applied.error());
    if (*applied > 0) {
      const std::lock_guard lock(mutex_);
      applied_.notify_all();
    } else {
      (void)journal_->wait_for(telemetry_->next_record(), std::chrono::milliseconds(20));
    }
  }
}

void WholePath::maintain(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto more = telemetry_->maintain(stop);
    maintaining_cpu_s_ = thread_cpu_s();
    if (!more) return failed(more.error());
    if (!*more) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void WholePath::failed(const Error& error) {
  const std::lock_guard lock(mutex_);
  error_ = error;
  applied_.notify_all();
}

}  // namespace duheng::platform
