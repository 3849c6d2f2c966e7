#pragma once
// For tests over real sockets and lines: a Session on a channel, served as the gateway serves it.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "drivers/bus/session.hpp"
#include "link/channel.hpp"
#include "link/event_loop.hpp"

namespace duheng::drivers {

/// What became of a question.
struct Ended {
  std::uint32_t meter = 0;
  std::uint32_t tag = 0;
  Outcome outcome = Outcome::timed_out;
  bool late = false;
  std::uint32_t error = 0;
  Bytes payload;
};

/// Every answer counts as durable at once. A channel that ends is opened again; what was asked over it is gone.
class SessionOnLine final : public SessionOutput {
 public:
  SessionOnLine(link::EventLoop& loop, std::unique_ptr<link::Channel> channel, std::unique_ptr<Dialect> dialect,
                SessionSettings settings)
      : SessionOnLine(loop, std::move(channel), std::make_unique<Session>(std::move(dialect), settings)) {}
  SessionOnLine(link::EventLoop& loop, std::unique_ptr<link::Channel> channel, std::unique_ptr<LineSession> session)
      : session_(std::move(session)), channel_(std::move(channel)), wake_(loop, [this] {
          session_->timer(now(), *this);
          settle();
        }) {
    channel_->set_handlers({[this] {
                              ++opened_;
                              session_->opened(now(), *this);
                              settle();
                            },
                            [this](ByteView octets) {
                              session_->octets(now(), octets, *this);
                              settle();
                            },
                            [this](const Error&) {
                              ++hung_up_;
                              session_->closed();
                              reopen_wanted_ = true;
                              settle();
                            }});
  }
  SessionOnLine(const SessionOnLine&) = delete;
  SessionOnLine& operator=(const SessionOnLine&) = delete;

  void open() { channel_->open(); }
  std::uint32_t add_meter(const BusAddress& address, const MeterTiming& timing) {
    return session_->add_meter(address, timing);
  }
  [[nodiscard]] bool ask(std::uint32_t meter, Query query, std::uint32_t tag = 0) {
    const bool taken = session_->ask(meter, std::move(query), tag);
    if (session_->is_open()) session_->advance(now(), *this);
    settle();
    return taken;
  }

  [[nodiscard]] const std::vector<Ended>& ended() const noexcept { return ended_; }
  [[nodiscard]] const LineSession& session() const noexcept { return *session_; }
  [[nodiscard]] int opened() const noexcept { return opened_; }
  /// The line or the peer ended it.
  [[nodiscard]] int hung_up() const noexcept { return hung_up_; }
  /// The session wanted it anew, after a time-out.
  [[nodiscard]] int reopened() const noexcept { return reopened_; }

  void send(ByteView octets) override { static_cast<void>(channel_->write(octets)); }
  void deliver(const Exchange& exchange) override {
    ended_.push_back({exchange.meter, exchange.tag, exchange.outcome, exchange.late, exchange.error,
                      Bytes(exchange.payload.begin(), exchange.payload.end())});
    newest_ = std::max(newest_, exchange.number);
  }
  void reopen() override {
    ++reopened_;
    reopen_wanted_ = true;
  }

 private:
  [[nodiscard]] Moment now() const { return {clock_.monotonic_ms(), clock_.utc_ms()}; }
  void settle() {
    if (session_->is_open()) session_->stored_through(newest_, now(), *this);
    if (std::exchange(reopen_wanted_, false)) {
      channel_->close();
      channel_->open();
    }
    if (const std::int64_t deadline = session_->deadline_ms(); deadline != INT64_MAX)
      wake_.start_ms(deadline - clock_.monotonic_ms());
    else
      wake_.cancel();
  }

  SystemClock clock_;
  std::unique_ptr<LineSession> session_;
  std::unique_ptr<link::Channel> channel_;
  link::Timer wake_;
  std::vector<Ended> ended_;
  std::uint64_t newest_ = 0;
  int opened_ = 0;
  int hung_up_ = 0;
  int reopened_ = 0;
  bool reopen_wanted_ = false;
};

}  // namespace duheng::drivers
