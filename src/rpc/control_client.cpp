#include "rpc/control_client.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/log.hpp"
#include "duheng/control/v1/control.grpc.pb.h"
#include "rpc/client_channel.hpp"
#include "rpc/control_wire.hpp"
#include "rpc/grpc_common.hpp"

namespace duheng::rpc {

namespace {

constexpr std::int64_t idle_wait_ms = 60'000;

/// What gRPC's threads hand to the client's own.
struct Arrived {
  std::uint64_t call = 0;
  Result<control::FromPlatform> message;
};
struct Written {
  std::uint64_t call = 0;
};
/// Nothing more will be read; why, Ended will say.
struct ReadsEnded {
  std::uint64_t call = 0;
};
struct Ended {
  std::uint64_t call = 0;
  Error reason;
  /// Let go of in the client's thread: whoever drops a channel's last reference waits for gRPC's callback threads.
  std::shared_ptr<void> remains;
};
using Event = std::variant<Arrived, Written, ReadsEnded, Ended>;

/// Shared with calls that end late.
struct Mailbox {
  std::mutex mutex;  // guards everything below
  std::condition_variable filled;
  std::deque<Event> events;
  std::deque<control_wire::GatewayMessage> outgoing;
  std::size_t outgoing_bytes = 0;
  bool open = false;  ///< a session stands
  bool wake = false;
  bool stop = false;

  void put(Event event) {
    {
      const std::lock_guard lock(mutex);
      events.push_back(std::move(event));
    }
    filled.notify_one();
  }
};

class ControlCall final : public grpc::ClientBidiReactor<control_wire::GatewayMessage, control_wire::PlatformMessage> {
 public:
  ControlCall(std::shared_ptr<Mailbox> mailbox, std::uint64_t number, std::shared_ptr<grpc::Channel> channel)
      : mailbox_(std::move(mailbox)),
        number_(number),
        channel_(std::move(channel)),
        stub_(control_wire::Control::NewStub(channel_)) {}

  void start(std::shared_ptr<ControlCall> self) {
    self_ = std::move(self);
    stub_->async()->Session(&context_, this);
    AddHold();  // reads and writes come from outside the reactions
    StartRead(&incoming_);
    StartCall();
  }
  void write(control_wire::GatewayMessage message) {
    outgoing_ = std::move(message);
    StartWrite(&outgoing_);
  }
  void read() { StartRead(&incoming_); }
  /// Ends the call; Ended follows. Nothing may be read or written afterwards.
  void cancel() {
    context_.TryCancel();
    release();
  }
  void release() {
    if (!std::exchange(released_, true)) RemoveHold();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return mailbox_->put(ReadsEnded{number_});
    mailbox_->put(Arrived{number_, from_wire(incoming_)});
  }
  void OnWriteDone(bool ok) override {
    if (ok) mailbox_->put(Written{number_});
  }
  void OnDone(const grpc::Status& status) override {
    mailbox_->put(Ended{number_, error_of(status), std::move(self_)});
  }

 private:
  const std::shared_ptr<Mailbox> mailbox_;
  const std::uint64_t number_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<control_wire::Control::Stub> stub_;
  grpc::ClientContext context_;
  control_wire::GatewayMessage outgoing_;
  control_wire::PlatformMessage incoming_;
  bool released_ = false;  // the client's thread's own
  std::shared_ptr<ControlCall> self_;
};

}  // namespace

struct ControlClient::Shell {
  Shell(const Clock& clock_, Disk& disk_, Random& random_, Handlers handlers_, ControlClientOptions options_)
      : clock(clock_),
        disk(disk_),
        random(random_),
        handlers(std::move(handlers_)),
        options(std::move(options_)),
        backoff(options.backoff) {}

  void run();
  void take(Event& event);
  void take(Arrived& arrived);
  void welcomed(const control::PlatformWelcome& welcome);
  void connect();
  void pump();
  void hang_up(const Error& reason);
  void gone(const Error& reason);
  [[nodiscard]] std::int64_t wait_ms() const;

  const Clock& clock;
  Disk& disk;
  Random& random;
  const Handlers handlers;
  const ControlClientOptions options;
  link::Backoff backoff;
  const std::shared_ptr<Mailbox> mailbox = std::make_shared<Mailbox>();
  std::shared_ptr<ControlCall> call;
  std::uint64_t call_number = 0;
  std::uint64_t calls_open = 0;  ///< started and not Ended yet, cancelled ones too
  bool writing = false;
  bool online = false;
  bool stopping = false;
  std::int64_t attempt_at_ms = 0;  ///< monotonic; while there is no call
  std::int64_t welcome_by_ms = 0;  ///< while not online
  std::int64_t online_since_ms = 0;
  std::string told;
  mutable std::mutex mutex;  // guards statistics
  ControlClientStatistics statistics;
  std::thread thread;
};

void ControlClient::Shell::run() {
  while (true) {
    const std::int64_t now = clock.monotonic_ms();
    if (!stopping && call == nullptr && now >= attempt_at_ms) connect();
    if (call != nullptr && !online && now >= welcome_by_ms) hang_up({ErrorCode::timed_out, "no welcome in time"});
    pump();
    if (stopping && calls_open == 0) return;
    std::deque<Event> events;
    bool stop = false;
    {
      std::unique_lock lock(mailbox->mutex);
      mailbox->filled.wait_for(lock, std::chrono::milliseconds(wait_ms()),
                               [&] { return !mailbox->events.empty() || mailbox->wake || mailbox->stop != stopping; });
      events = std::exchange(mailbox->events, {});
      mailbox->wake = false;
      stop = mailbox->stop;
    }
    for (Event& event : events) take(event);
    if (stop && !std::exchange(stopping, true)) hang_up({ErrorCode::cancelled, "the gateway stops"});
  }
}

std::int64_t ControlClient::Shell::wait_ms() const {
  std::int64_t until = clock.monotonic_ms() + idle_wait_ms;
  if (!stopping && call == nullptr) until = std::min(until, attempt_at_ms);
  if (call != nullptr && !online) until = std::min(until, welcome_by_ms);
  return std::max<std::int64_t>(0, until - clock.monotonic_ms());
}

void ControlClient::Shell::take(Event& event) {
  if (auto* arrived = std::get_if<Arrived>(&event)) {
    if (arrived->call == call_number && call != nullptr) take(*arrived);
  } else if (const auto* written = std::get_if<Written>(&event)) {
    if (written->call == call_number) writing = false;
  } else if (const auto* quiet = std::get_if<ReadsEnded>(&event)) {
    if (quiet->call != call_number || call == nullptr) return;
    writing = true;  // nothing more may be sent
    call->release();
  } else {
    const auto& ended = std::get<Ended>(event);
    --calls_open;
    if (ended.call != call_number || call == nullptr) return;
    call->release();
    call.reset();
    gone(ended.reason);
  }
}

void ControlClient::Shell::take(Arrived& arrived) {
  if (!arrived.message) return hang_up(arrived.message.error());
  const auto* welcome = std::get_if<control::PlatformWelcome>(&*arrived.message);
  if ((welcome != nullptr) == online) {
    return hang_up({ErrorCode::malformed, online ? "a second welcome" : "a session begins with welcome"});
  }
  if (welcome != nullptr) {
    welcomed(*welcome);
  } else {
    {
      const std::lock_guard lock(mutex);
      ++statistics.messages_received;
    }
    handlers.received(std::move(*arrived.message));
  }
  if (call != nullptr) call->read();
}

void ControlClient::Shell::welcomed(const control::PlatformWelcome& welcome) {
  online = true;
  online_since_ms = clock.monotonic_ms();
  told.clear();
  {
    const std::lock_guard lock(mailbox->mutex);
    mailbox->open = true;
  }
  {
    const std::lock_guard lock(mutex);
    statistics.online = true;
    ++statistics.sessions;
    statistics.platform_clock_offset_ms = welcome.platform_utc_ms - clock.utc_ms();
    statistics.last_error.clear();
  }
  log::info("control", "the platform can give orders");
  handlers.connected();
}

void ControlClient::Shell::connect() {
  ++call_number;
  writing = false;
  auto channel =
      make_client_channel(disk, clock, options.identity,
                          {options.address, options.server_name, options.keepalive_ms, options.keepalive_timeout_ms});
  if (!channel) return gone(channel.error());
  call = std::make_shared<ControlCall>(mailbox, call_number, std::move(*channel));
  ++calls_open;
  welcome_by_ms = clock.monotonic_ms() + options.welcome_timeout_ms;
  call->start(call);
  control::GatewayHello hello = handlers.hello();
  hello.version = control::protocol_version;
  hello.gateway_utc_ms = clock.utc_ms();
  control_wire::GatewayMessage message;
  to_wire(control::FromGateway{std::move(hello)}, message);
  writing = true;
  call->write(std::move(message));
}

void ControlClient::Shell::pump() {
  if (writing || call == nullptr || !online) return;
  control_wire::GatewayMessage message;
  {
    const std::lock_guard lock(mailbox->mutex);
    if (mailbox->outgoing.empty()) return;
    message = std::move(mailbox->outgoing.front());
    mailbox->outgoing.pop_front();
    mailbox->outgoing_bytes -= std::min(mailbox->outgoing_bytes, message.ByteSizeLong());
  }
  writing = true;
  call->write(std::move(message));
  const std::lock_guard lock(mutex);
  ++statistics.messages_sent;
}

void ControlClient::Shell::hang_up(const Error& reason) {
  if (call == nullptr) return;
  call->cancel();
  call.reset();
  ++call_number;  // what the old call still reports means nothing any more
  gone(reason);
}

/// There is no call any more.
void ControlClient::Shell::gone(const Error& reason) {
  const std::int64_t now = clock.monotonic_ms();
  const bool was_online = std::exchange(online, false);
  writing = false;
  if (was_online && now - online_since_ms >= options.stable_after_ms) backoff.reset();
  // A platform of an older release has no such service: no use in asking often.
  attempt_at_ms = now + (reason.code == ErrorCode::unsupported ? options.backoff.longest_ms : backoff.next_ms(random));
  {
    const std::lock_guard lock(mailbox->mutex);
    mailbox->open = false;
    mailbox->outgoing.clear();
    mailbox->outgoing_bytes = 0;
  }
  {
    const std::lock_guard lock(mutex);
    statistics.online = false;
    ++statistics.failures;
    statistics.last_error = reason.message;
  }
  if (!stopping && told != reason.message) {
    log::warning("control", "no session with the platform for orders; trying again", {{"reason", reason}});
    told = reason.message;
  }
  if (was_online) handlers.disconnected();
}

ControlClient::ControlClient(const Clock& clock, Disk& disk, Random& random, Handlers handlers,
                             ControlClientOptions options) {
  adopt_grpc_log();
  shell_ = std::make_unique<Shell>(clock, disk, random, std::move(handlers), std::move(options));
  shell_->thread = std::thread([shell = shell_.get()] { shell->run(); });
}

ControlClient::~ControlClient() {
  {
    const std::lock_guard lock(shell_->mailbox->mutex);
    shell_->mailbox->stop = true;
  }
  shell_->mailbox->filled.notify_one();
  shell_->thread.join();
}

bool ControlClient::send(const control::FromGateway& message) {
  control_wire::GatewayMessage converted;
  to_wire(message, converted);
  const std::size_t bytes = converted.ByteSizeLong();
  Mailbox& mailbox = *shell_->mailbox;
  {
    const std::lock_guard lock(mailbox.mutex);
    if (!mailbox.open || mailbox.outgoing.size() >= shell_->options.queued_messages_max ||
        mailbox.outgoing_bytes + bytes > shell_->options.queued_bytes_max) {
      return false;
    }
    mailbox.outgoing.push_back(std::move(converted));
    mailbox.outgoing_bytes += bytes;
    mailbox.wake = true;
  }
  mailbox.filled.notify_one();
  return true;
}

ControlClientStatistics ControlClient::statistics() const {
  const std::lock_guard lock(shell_->mutex);
  return shell_->statistics;
}

}  // namespace duheng::rpc
