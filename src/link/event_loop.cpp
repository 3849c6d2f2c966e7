#include "link/event_loop.hpp"

#include <csignal>

#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include "link/event_loop_impl.hpp"

namespace duheng::link {
namespace {

void wait_for_signal(EventLoop::Impl& impl) {
  impl.signals->async_wait([&impl](const std::error_code& error, int) {
    if (error) return;
    if (impl.terminate) impl.terminate();
    wait_for_signal(impl);
  });
}

}  // namespace

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {}
EventLoop::~EventLoop() = default;

void EventLoop::run() { impl_->context.run(); }

std::size_t EventLoop::run_for_ms(std::int64_t ms) {
  if (impl_->context.stopped()) impl_->context.restart();
  return impl_->context.run_for(std::chrono::milliseconds(ms));
}

void EventLoop::stop() { impl_->context.stop(); }

void EventLoop::post(std::function<void()> task) { asio::post(impl_->context, std::move(task)); }

void EventLoop::on_terminate(std::function<void()> handler) {
  impl_->terminate = std::move(handler);
  if (impl_->signals) return;
  impl_->signals.emplace(impl_->context, SIGTERM, SIGINT);
  wait_for_signal(*impl_);
}

struct Timer::Impl : std::enable_shared_from_this<Timer::Impl> {
  Impl(asio::io_context& context, std::function<void()> callback) : timer(context), expired(std::move(callback)) {}
  asio::steady_timer timer;
  std::function<void()> expired;
  std::uint64_t generation =
      0;  // tells an expiry that was already queued when the timer was cancelled or started again
};

Timer::Timer(EventLoop& loop, std::function<void()> expired)
    : impl_(std::make_shared<Impl>(loop.impl().context, std::move(expired))) {}
Timer::~Timer() {
  if (impl_) cancel();
}
Timer::Timer(Timer&&) noexcept = default;
Timer& Timer::operator=(Timer&& other) noexcept {
  if (impl_) cancel();
  impl_ = std::move(other.impl_);
  return *this;
}

void Timer::start_ms(std::int64_t delay_ms) {
  const std::uint64_t generation = ++impl_->generation;
  impl_->timer.expires_after(std::chrono::milliseconds(delay_ms < 0 ? 0 : delay_ms));
  impl_->timer.async_wait([impl = impl_, generation](const std::error_code& error) {
    if (error || generation != impl->generation) return;
    impl->expired();
  });
}

void Timer::cancel() {
  ++impl_->generation;
  impl_->timer.cancel();
}

}  // namespace duheng::link
