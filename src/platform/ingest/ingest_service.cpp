#include "platform/ingest/ingest_service.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/log.hpp"

namespace duheng::platform {

namespace {
constexpr auto backup_check_interval = std::chrono::seconds(5);
}

struct IngestService::State {
  State(store::Journal& journal_, const Clock& clock_, const IngestOptions& options_, Listener listener_)
      : journal(journal_),
        clock(clock_),
        options(options_),
        listener(std::move(listener_)),
        core(journal_, clock_, options_) {}

  void run(const std::stop_token& stop);
  void commit_group(std::unique_lock<std::mutex>& lock);
  void check_backup(std::unique_lock<std::mutex>& lock);

  store::Journal& journal;
  const Clock& clock;
  const IngestOptions options;
  const Listener listener;
  mutable std::mutex mutex;  // guards core; never held during a commit or an answer
  std::condition_variable_any filled;
  IngestCore core;
  std::mutex answers_mutex;  // guards answers; taken without `mutex`
  uplink::SessionAnswers* answers = nullptr;
  std::jthread committer;
};

void IngestService::State::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex);
  std::int64_t check_at_ms = clock.monotonic_ms();
  while (true) {
    const bool pending = filled.wait_for(lock, stop, backup_check_interval, [&] { return core.has_pending(); });
    if (pending) {
      commit_group(lock);
    } else if (stop.stop_requested()) {
      return;
    }
    if (clock.monotonic_ms() < check_at_ms) continue;
    check_at_ms = clock.monotonic_ms() + std::chrono::milliseconds(backup_check_interval).count();
    check_backup(lock);
  }
}

void IngestService::State::check_backup(std::unique_lock<std::mutex>& lock) {
  const std::uint64_t watermark = journal.backup_watermark();
  if (watermark == core.backup_watermark()) return;
  lock.unlock();
  const auto positions = journal.source_positions_at(watermark);
  lock.lock();
  if (positions) {
    core.learn_backup(watermark, *positions);
  } else {
    log::warning("ingest", "backup watermark not usable; gateways keep their batches", {{"reason", positions.error()}});
  }
}

void IngestService::State::commit_group(std::unique_lock<std::mutex>& lock) {
  IngestCore::Group group = core.take_pending();
  lock.unlock();
  const std::int64_t begin_ns = clock.monotonic_ns();
  const Result<std::uint64_t> first_record = IngestCore::commit(journal, group);
  const std::int64_t duration_ns = clock.monotonic_ns() - begin_ns;
  lock.lock();
  const IngestCore::Outcome outcome = core.finish(std::move(group), first_record, duration_ns);
  lock.unlock();
  {
    const std::lock_guard answers_lock(answers_mutex);
    if (answers != nullptr) {
      for (const auto& [session, position] : outcome.committed) answers->committed(session, position);
      for (const auto& [session, refusal] : outcome.refused) answers->refused(session, refusal);
      answers->room_available();
    }
  }
  if (listener && !outcome.batches.empty()) listener(outcome.batches);
  lock.lock();
}

IngestService::IngestService(store::Journal& journal, const Clock& clock, IngestOptions options, Listener listener)
    : state_(std::make_unique<State>(journal, clock, options, std::move(listener))) {
  state_->committer = std::jthread([state = state_.get()](const std::stop_token& stop) { state->run(stop); });
}

IngestService::~IngestService() {
  state_->committer.request_stop();
  state_->committer.join();
}

void IngestService::set_answers(uplink::SessionAnswers* answers) {
  const std::lock_guard lock(state_->answers_mutex);
  state_->answers = answers;
}

std::vector<uplink::EpochPosition> IngestService::positions(GatewayId gateway,
                                                            std::span<const uplink::EpochRange> ranges) {
  const std::lock_guard lock(state_->mutex);
  return state_->core.positions(gateway, ranges);
}

uplink::BatchSink::Offered IngestService::offer(GatewayId gateway, uplink::SessionId session,
                                                const uplink::Batch& batch) {
  CheckedBatch checked = check_batch(batch, state_->options.batch_bytes_max);
  bool wake = false;
  Offered offered;
  {
    const std::lock_guard lock(state_->mutex);
    const bool was_empty = !state_->core.has_pending();
    offered = state_->core.offer(gateway, session, std::move(checked));
    wake = was_empty && state_->core.has_pending();
  }
  if (wake) state_->filled.notify_one();
  return offered;
}

IngestStatistics IngestService::statistics() const {
  const std::lock_guard lock(state_->mutex);
  return state_->core.statistics();
}

}  // namespace duheng::platform
