#include "platform/live/live_feed.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace duheng::platform {

struct LiveFeed::State {
  State(LiveHub& hub_, std::size_t batches_max_) : hub(hub_), batches_max(batches_max_) {}

  void run(const std::stop_token& stop) {
    while (true) {
      std::vector<CommittedBatch> batches;
      {
        std::unique_lock lock(mutex);
        filled.wait(lock, stop, [&] { return !queue.empty(); });
        if (stop.stop_requested()) return;
        batches.assign(std::make_move_iterator(queue.begin()), std::make_move_iterator(queue.end()));
        queue.clear();
      }
      hub.update(batches);
    }
  }

  LiveHub& hub;
  const std::size_t batches_max;
  mutable std::mutex mutex;  // guards queue and skipped
  std::condition_variable_any filled;
  std::deque<CommittedBatch> queue;
  std::uint64_t skipped = 0;
  std::jthread thread;
};

LiveFeed::LiveFeed(LiveHub& hub, std::size_t batches_max) : state_(std::make_unique<State>(hub, batches_max)) {
  state_->thread = std::jthread([state = state_.get()](const std::stop_token& stop) { state->run(stop); });
}

LiveFeed::~LiveFeed() {
  state_->thread.request_stop();
  state_->thread.join();
}

void LiveFeed::push(std::span<const CommittedBatch> batches) {
  {
    const std::lock_guard lock(state_->mutex);
    for (const CommittedBatch& batch : batches) state_->queue.push_back(batch);
    while (state_->queue.size() > state_->batches_max) {
      state_->queue.pop_front();
      ++state_->skipped;
    }
  }
  state_->filled.notify_one();
}

std::uint64_t LiveFeed::batches_skipped() const {
  const std::lock_guard lock(state_->mutex);
  return state_->skipped;
}

}  // namespace duheng::platform
