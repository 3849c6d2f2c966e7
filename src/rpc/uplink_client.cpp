#include "rpc/uplink_client.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <mutex>
#include <thread>
#include <utility>

#include "base/log.hpp"
#include "base/time.hpp"
#include "duheng/uplink/v1/uplink.grpc.pb.h"
#include "rpc/client_channel.hpp"
#include "rpc/enrolment_client.hpp"
#include "rpc/grpc_common.hpp"
#include "rpc/uplink_messages.hpp"

namespace duheng::rpc {

namespace {

constexpr std::int64_t wait_ms_max = 60'000;
constexpr std::int64_t renewal_check_interval_ms = 10 * 60'000;
constexpr std::int64_t renewal_timeout_ms = 10'000;

/// Nothing more will be read; why, Ended will say.
struct ReadsEnded {
  std::uint64_t call = 0;
};
struct Ended {
  std::uint64_t call = 0;
  Error reason{};
  /// The call itself, to be let go of in the client's thread: whoever drops a channel's last reference waits for gRPC's
  /// callback threads, so one of those must never be the one.
  std::shared_ptr<void> remains{};
};
struct Arrived {
  std::uint64_t call = 0;
  uplink::SessionResponse message;
};
struct Written {
  std::uint64_t call = 0;
};
using Event = std::variant<ReadsEnded, Ended, Arrived, Written>;

/// What gRPC's threads and the caller's hand to the client's own thread.
class Inbox {
 public:
  void put(Event event) {
    {
      const std::lock_guard lock(mutex_);
      events_.push_back(std::move(event));
    }
    filled_.notify_one();
  }
  void new_batch() {
    {
      const std::lock_guard lock(mutex_);
      new_batch_ = true;
    }
    filled_.notify_one();
  }
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    filled_.notify_one();
  }
  struct Taken {
    std::deque<Event> events;
    bool new_batch = false;
    bool stop = false;
  };
  [[nodiscard]] Taken take(std::chrono::milliseconds wait) {
    std::unique_lock lock(mutex_);
    filled_.wait_for(lock, wait, [&] { return !events_.empty() || new_batch_ || stop_ != stop_seen_; });
    stop_seen_ = stop_;
    return {std::exchange(events_, {}), std::exchange(new_batch_, false), stop_};
  }

 private:
  std::mutex mutex_;  // guards everything below
  std::condition_variable filled_;
  std::deque<Event> events_;
  bool new_batch_ = false;
  bool stop_ = false;
  bool stop_seen_ = false;
};

/// One attempt at a session. Ends as an Ended event, in the client's own thread.
class Call final : public grpc::ClientBidiReactor<wire::SessionRequest, wire::SessionResponse> {
 public:
  Call(std::shared_ptr<Inbox> inbox, std::uint64_t number, std::shared_ptr<grpc::Channel> channel)
      : inbox_(std::move(inbox)),
        number_(number),
        channel_(std::move(channel)),
        stub_(wire::Uplink::NewStub(channel_)) {}

  void start(std::shared_ptr<Call> self) {
    self_ = std::move(self);
    stub_->async()->Session(&context_, this);
    AddHold();  // writes come from outside the reactions
    StartRead(&incoming_);
    StartCall();
  }
  void write(const uplink::SessionRequest& message) {
    outgoing_.Clear();
    to_wire(message, outgoing_);
    StartWrite(&outgoing_);
  }
  /// Ends the call; the Ended event follows. Nothing may be written afterwards.
  void cancel() {
    context_.TryCancel();
    release();
  }
  void release() {
    if (!std::exchange(released_, true)) RemoveHold();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return inbox_->put(ReadsEnded{number_});
    Result<uplink::SessionResponse> message = from_wire(incoming_);
    if (message) {
      inbox_->put(Arrived{number_, std::move(*message)});
      StartRead(&incoming_);
    } else {
      log::warning("uplink", "malformed message from the platform", {{"reason", message.error()}});
      context_.TryCancel();
      inbox_->put(ReadsEnded{number_});
    }
  }
  void OnWriteDone(bool ok) override {
    if (ok) inbox_->put(Written{number_});
  }
  void OnDone(const grpc::Status& status) override { inbox_->put(Ended{number_, error_of(status), std::move(self_)}); }

 private:
  const std::shared_ptr<Inbox> inbox_;  // outlives the client when an old call ends late
  const std::uint64_t number_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<wire::Uplink::Stub> stub_;
  grpc::ClientContext context_;
  wire::SessionRequest outgoing_;
  wire::SessionResponse incoming_;
  bool released_ = false;
  std::shared_ptr<Call> self_;
};

}  // namespace

struct UplinkClient::Shell {
  Shell(uplink::BatchSource& source, const Clock& clock_, Disk& disk_, Random& random,
        std::function<uplink::GatewayStatus()> status, UplinkClientOptions options_)
      : clock(clock_),
        disk(disk_),
        options(std::move(options_)),
        sender(source, clock_, random, options.sender, std::move(status)) {}

  void run();
  void take(const Event& event);
  void act(const uplink::UplinkSender::Action& action);
  void connect();
  void report();
  void renew_when_due();

  const Clock& clock;
  Disk& disk;
  const UplinkClientOptions options;
  uplink::UplinkSender sender;
  const std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>();
  std::shared_ptr<Call> call;
  std::uint64_t call_number = 0;
  std::uint64_t calls_open = 0;  // started and not Ended yet, cancelled ones too
  bool writing = false;
  std::int64_t renewal_check_at_ms = 0;
  std::string told;          // the last failure logged, so that an outage of hours is not a log of hours
  mutable std::mutex mutex;  // guards statistics
  uplink::SenderStatistics statistics;
  std::thread thread;
};

void UplinkClient::Shell::run() {
  bool stopping = false;
  while (true) {
    while (const auto action = sender.next(!writing)) act(*action);
    report();
    renew_when_due();
    if (stopping && calls_open == 0) return;
    const std::int64_t wait_ms = sender.wake_ms() == INT64_MAX ? wait_ms_max : sender.wake_ms() - clock.monotonic_ms();
    Inbox::Taken taken = inbox->take(std::chrono::milliseconds(std::clamp<std::int64_t>(wait_ms, 0, wait_ms_max)));
    if (taken.new_batch) sender.new_batch();
    for (const Event& event : taken.events) take(event);
    if (taken.stop && !std::exchange(stopping, true)) sender.stop();
  }
}

void UplinkClient::Shell::take(const Event& event) {
  if (const auto* arrived = std::get_if<Arrived>(&event)) {
    if (arrived->call == call_number && call != nullptr) sender.received(arrived->message);
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
    writing = false;
    sender.disconnected(ended.reason);
  }
}

void UplinkClient::Shell::act(const uplink::UplinkSender::Action& action) {
  if (std::holds_alternative<uplink::UplinkSender::Connect>(action)) return connect();
  if (const auto* close = std::get_if<uplink::UplinkSender::Close>(&action)) {
    if (call != nullptr) call->cancel();
    call.reset();
    ++call_number;  // what the old call still reports means nothing any more
    writing = false;
    return sender.disconnected({ErrorCode::cancelled, close->reason});
  }
  writing = true;
  if (const auto* hello = std::get_if<uplink::Hello>(&action)) return call->write(*hello);
  if (const auto* batch = std::get_if<uplink::Batch>(&action)) return call->write(*batch);
  call->write(std::get<uplink::GatewayStatus>(action));
}

void UplinkClient::Shell::connect() {
  ++call_number;
  writing = false;
  Result<std::shared_ptr<grpc::Channel>> channel =
      make_client_channel(disk, clock, options.identity,
                          {options.address, options.server_name, options.keepalive_ms, options.keepalive_timeout_ms});
  if (!channel) return sender.disconnected(channel.error());
  call = std::make_shared<Call>(inbox, call_number, std::move(*channel));
  ++calls_open;
  call->start(call);
  sender.connected();
}

void UplinkClient::Shell::report() {
  for (const uplink::SenderNotice& notice : sender.take_notices()) {
    if (notice.level == log::Level::warning && notice.text == std::exchange(told, notice.text)) continue;
    if (notice.level == log::Level::info) told.clear();
    log::write(notice.level, "uplink", notice.text,
               {{"epoch", fmt::format("{:016x}", notice.epoch)}, {"sequence", notice.sequence}});
  }
  const std::lock_guard lock(mutex);
  statistics = sender.statistics();
}

void UplinkClient::Shell::renew_when_due() {
  if (!sender.statistics().online || clock.monotonic_ms() < renewal_check_at_ms) return;
  renewal_check_at_ms = clock.monotonic_ms() + renewal_check_interval_ms;
  const Result<bool> due = renewal_due(disk, clock, options.identity);
  if (!due || !*due) return;
  // Holds up this thread, and so the stream, for the time of one call, once in a certificate's life.
  const auto renewed =
      renew_certificate(disk, clock, options.address, options.server_name, options.identity, renewal_timeout_ms);
  if (renewed) {
    log::info("uplink", "certificate renewed", {{"not_after", format_utc(*renewed)}});
  } else {
    log::warning("uplink", "certificate not renewed; trying again later", {{"reason", renewed.error()}});
  }
}

UplinkClient::UplinkClient(uplink::BatchSource& source, const Clock& clock, Disk& disk, Random& random,
                           std::function<uplink::GatewayStatus()> status, UplinkClientOptions options) {
  adopt_grpc_log();
  shell_ = std::make_unique<Shell>(source, clock, disk, random, std::move(status), std::move(options));
  shell_->thread = std::thread([shell = shell_.get()] { shell->run(); });
}

UplinkClient::~UplinkClient() {
  shell_->inbox->stop();
  shell_->thread.join();
}

void UplinkClient::new_batch() { shell_->inbox->new_batch(); }

uplink::SenderStatistics UplinkClient::statistics() const {
  const std::lock_guard lock(shell_->mutex);
  return shell_->statistics;
}

}  // namespace duheng::rpc
