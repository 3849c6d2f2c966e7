#include "platform/history/background_work.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/log.hpp"

namespace duheng::platform {

struct BackgroundWork::State {
  State(const Clock& clock_, std::vector<WorkKind> kinds_)
      : clock(clock_), kinds(std::move(kinds_)), due_ms(kinds.size(), clock.monotonic_ms()) {
    for (const WorkKind& kind : kinds) status.push_back({kind.name, 0, 0, 0, std::nullopt});
  }

  [[nodiscard]] std::int64_t turn(const std::stop_token& stop);
  void step(std::size_t index, const std::stop_token& stop);
  void run(const std::stop_token& stop);

  const Clock& clock;
  const std::vector<WorkKind> kinds;
  std::vector<std::int64_t> due_ms;  // of the working thread
  mutable std::mutex mutex;          // guards what follows
  std::condition_variable_any stopped;
  std::vector<WorkStatus> status;
  std::jthread thread;
};

void BackgroundWork::State::step(std::size_t index, const std::stop_token& stop) {
  const WorkKind& kind = kinds[index];
  const std::int64_t begun_ms = clock.monotonic_ms();
  const Result<bool> done = kind.step(stop);
  const std::int64_t now_ms = clock.monotonic_ms();
  const std::lock_guard lock(mutex);
  WorkStatus& told = status[index];
  told.longest_step_ms = std::max(told.longest_step_ms, now_ms - begun_ms);
  if (!done && done.error().code == ErrorCode::cancelled && stop.stop_requested()) return;
  if (!done) {
    const bool same = told.error && told.error->message == done.error().message;
    if (!same)
      log::warning("history", "background work failed and is tried again",
                   {{"work", kind.name}, {"reason", done.error()}});
    told.error = done.error();
    ++told.failures;
    due_ms[index] = now_ms + kind.retry_ms;
    return;
  }
  if (told.error) log::info("history", "background work goes on", {{"work", kind.name}});
  told.error.reset();
  told.steps += *done ? 1 : 0;
  due_ms[index] = now_ms + (*done ? kind.yield_ms : kind.idle_ms);
}

std::int64_t BackgroundWork::State::turn(const std::stop_token& stop) {
  for (std::size_t i = 0; i < kinds.size() && !stop.stop_requested(); ++i) {
    if (due_ms[i] <= clock.monotonic_ms()) step(i, stop);
  }
  const auto next = std::ranges::min_element(due_ms);
  return next == due_ms.end() ? 1'000 : std::max<std::int64_t>(0, *next - clock.monotonic_ms());
}

void BackgroundWork::State::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const std::int64_t idle_ms = turn(stop);
    if (idle_ms == 0) continue;
    std::unique_lock lock(mutex);
    stopped.wait_for(lock, stop, std::chrono::milliseconds(idle_ms), [] { return false; });
  }
}

BackgroundWork::BackgroundWork(const Clock& clock, std::vector<WorkKind> kinds)
    : state_(std::make_unique<State>(clock, std::move(kinds))) {}
BackgroundWork::~BackgroundWork() { stop(); }
std::int64_t BackgroundWork::turn(const std::stop_token& stop) { return state_->turn(stop); }
void BackgroundWork::start() {
  if (state_->thread.joinable()) return;
  state_->thread = std::jthread([state = state_.get()](const std::stop_token& stop) { state->run(stop); });
}
void BackgroundWork::stop() {
  if (!state_->thread.joinable()) return;
  state_->thread.request_stop();
  state_->thread.join();
}
std::vector<WorkStatus> BackgroundWork::status() const {
  const std::lock_guard lock(state_->mutex);
  return state_->status;
}

}  // namespace duheng::platform
