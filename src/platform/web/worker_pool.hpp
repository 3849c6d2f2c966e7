#pragma once
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace duheng::platform::web {

/// Threads for work that blocks (database queries, password hashing), so that the I/O threads never do. At most
/// `queued_max` jobs wait; when that many do, submit() refuses and the caller sheds the load.
class WorkerPool {
 public:
  WorkerPool(std::size_t threads, std::size_t queued_max);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// False when the queue is full or the pool stops; then the job will not run. Jobs must not throw.
  [[nodiscard]] bool submit(std::function<void()> job);
  /// Runs what waits, then ends the threads. Idempotent.
  void stop();
  [[nodiscard]] std::size_t queued() const;

 private:
  void run();

  const std::size_t queued_max_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace duheng::platform::web
