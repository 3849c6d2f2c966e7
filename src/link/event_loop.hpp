#pragma once
#include <cstdint>
#include <functional>
#include <memory>

namespace duheng::link {

/// One thread's worth of input and output. Everything made with a loop (channels, listeners, timers) is used, and calls
/// back, on the thread that is in run(); only post() and stop() may be called from elsewhere.
class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Serves until stop(). An exception out of a callback leaves run(), because nobody below could know what it means.
  void run();
  /// Serves what is ready now and returns how many callbacks ran: for tests that wait on a condition with a deadline.
  std::size_t run_for_ms(std::int64_t ms);
  void stop();
  void post(std::function<void()> task);
  /// Calls `handler` when the process is asked to end (SIGTERM, SIGINT). One handler per loop; a second call replaces
  /// it.
  void on_terminate(std::function<void()> handler);

  struct Impl;
  [[nodiscard]] Impl& impl() noexcept { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

/// Calls back once, some time after start(). Starting again replaces the earlier time; destruction cancels.
class Timer {
 public:
  Timer(EventLoop& loop, std::function<void()> expired);
  ~Timer();
  Timer(Timer&&) noexcept;
  Timer& operator=(Timer&&) noexcept;
  void start_ms(std::int64_t delay_ms);
  void cancel();

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace duheng::link
