#include "rpc/control_server.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/log.hpp"
#include "duheng/control/v1/control.grpc.pb.h"
#include "rpc/control_service.hpp"
#include "rpc/control_wire.hpp"
#include "rpc/grpc_common.hpp"

namespace duheng::rpc {

namespace {

class ControlSession;
using SessionPtr = std::shared_ptr<ControlSession>;

/// What the sessions hand to the dispatcher's thread.
struct ControlEvent {
  SessionPtr session;
  std::optional<control::FromGateway> message;  ///< none: the session is over
};

/// A bound is not needed: each session has one message in it at most, and one end.
class ControlQueue {
 public:
  void put(ControlEvent event) {
    {
      const std::lock_guard lock(mutex_);
      events_.push_back(std::move(event));
    }
    filled_.notify_one();
  }
  /// Waits; empty once stopped and everything is taken.
  [[nodiscard]] std::deque<ControlEvent> take() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [&] { return !events_.empty() || stopped_; });
    return std::exchange(events_, {});
  }
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    filled_.notify_all();
  }

 private:
  std::mutex mutex_;  // guards everything below
  std::condition_variable filled_;
  std::deque<ControlEvent> events_;
  bool stopped_ = false;
};

/// One stream. gRPC calls the On… functions from its threads.
class ControlSession final
    : public grpc::ServerBidiReactor<control_wire::GatewayMessage, control_wire::PlatformMessage>,
      public std::enable_shared_from_this<ControlSession> {
 public:
  ControlSession(std::shared_ptr<ControlQueue> queue, Peer peer, const ControlServerOptions& options)
      : queue_(std::move(queue)), peer_(std::move(peer)), options_(options) {}

  /// gRPC keeps a bare pointer: the session holds itself until OnDone.
  void begin() {
    const std::lock_guard lock(mutex_);
    self_ = shared_from_this();
    begun_ = true;
    StartSendInitialMetadata();
    read();
  }
  void reject(const grpc::Status& status) {
    const std::lock_guard lock(mutex_);
    self_ = shared_from_this();
    finish(status);
  }
  /// The dispatcher is done with the last message.
  void go_on() {
    const std::lock_guard lock(mutex_);
    read();
  }
  [[nodiscard]] bool send(const control::FromPlatform& message) {
    control_wire::PlatformMessage converted;
    to_wire(message, converted);
    const std::size_t bytes = converted.ByteSizeLong();
    const std::lock_guard lock(mutex_);
    if (finished_ || !begun_ || queued_.size() >= options_.queued_messages_max ||
        queued_bytes_ + bytes > options_.queued_bytes_max) {
      return false;
    }
    queued_.push_back(std::move(converted));
    queued_bytes_ += bytes;
    write();
    return true;
  }
  void end(const Error& reason) {
    const std::lock_guard lock(mutex_);
    finish(status_of(reason));
  }
  [[nodiscard]] const Peer& peer() const noexcept { return peer_; }
  [[nodiscard]] bool ended_as_malformed() {
    const std::lock_guard lock(mutex_);
    return malformed_;
  }

  void OnReadDone(bool ok) override {
    std::optional<control::FromGateway> message;
    SessionPtr self;
    {
      const std::lock_guard lock(mutex_);
      reading_ = false;
      self = self_;
      if (!ok) {
        finish(grpc::Status::OK);
      } else {
        message = take();
      }
    }
    if (message && self) queue_->put({std::move(self), std::move(message)});
  }
  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    if (ok) {
      write();
    } else {
      finish({grpc::StatusCode::UNAVAILABLE, "the stream is broken"});
    }
  }
  void OnCancel() override {
    const std::lock_guard lock(mutex_);
    finish({grpc::StatusCode::CANCELLED, "cancelled"});
  }
  void OnDone() override {
    SessionPtr self;
    {
      const std::lock_guard lock(mutex_);
      self = std::move(self_);
    }
    queue_->put({std::move(self), std::nullopt});  // the dispatcher drops the last reference
  }

 private:
  void read() {
    if (finished_ || !begun_ || reading_) return;
    reading_ = true;
    StartRead(&incoming_);
  }
  void write() {
    if (finished_ || writing_ || queued_.empty()) return;
    outgoing_ = std::move(queued_.front());
    queued_.pop_front();
    queued_bytes_ -= std::min(queued_bytes_, outgoing_.ByteSizeLong());
    writing_ = true;
    StartWrite(&outgoing_);
  }
  void finish(const grpc::Status& status) {
    if (finished_) return;
    finished_ = true;
    Finish(status);
  }
  /// The message that has come; nothing, and the session ends, when it is none or comes out of turn.
  [[nodiscard]] std::optional<control::FromGateway> take() {
    Result<control::FromGateway> message = from_wire(incoming_);
    if (message) {
      const auto* hello = std::get_if<control::GatewayHello>(&*message);
      if ((hello != nullptr) == greeted_) {
        message = fail(ErrorCode::malformed, greeted_ ? "a second hello" : "a session begins with hello");
      } else if (hello != nullptr && hello->version == 0) {
        message = fail(ErrorCode::malformed, "a hello without a version");
      }
      greeted_ = true;
    }
    if (message) return std::move(*message);
    log::warning("rpc", "a gateway's control message is out of order; session ended",
                 {{"gateway", peer_.gateway.value}, {"address", peer_.address}, {"reason", message.error()}});
    finish(status_of(message.error()));
    malformed_ = true;
    return std::nullopt;
  }

  const std::shared_ptr<ControlQueue> queue_;
  const Peer peer_;
  const ControlServerOptions options_;
  std::mutex mutex_;  // guards everything below
  SessionPtr self_;
  control_wire::GatewayMessage incoming_;
  control_wire::PlatformMessage outgoing_;
  std::deque<control_wire::PlatformMessage> queued_;
  std::size_t queued_bytes_ = 0;
  bool begun_ = false;
  bool greeted_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool finished_ = false;
  bool malformed_ = false;
};

using ControlBase = control_wire::Control::WithCallbackMethod_Session<control_wire::Control::Service>;

}  // namespace

struct ControlServer::Impl final : ControlService {
  Impl(const Clock& clock_, ControlHandler& handler_, const ControlServerOptions& options_)
      : clock(clock_), handler(handler_), options(options_) {
    adopt_grpc_log();
    dispatcher = std::thread([this] { dispatch(); });
  }

  class GrpcService final : public ControlBase {
   public:
    explicit GrpcService(Impl& impl) : impl_(impl) {}
    grpc::ServerBidiReactor<control_wire::GatewayMessage, control_wire::PlatformMessage>* Session(
        grpc::CallbackServerContext* context) override {
      return impl_.accept(*context);
    }

   private:
    Impl& impl_;
  };

  [[nodiscard]] grpc::Service& grpc_service() override { return service; }
  void open(std::function<Result<Peer>(const grpc::ServerContextBase&)> with) override { identify = std::move(with); }
  void review(const std::function<Result<void>(const Peer&)>& admits) override;
  void disconnect(GatewayId gateway, const Error& reason) override;
  void close() override;

  grpc::ServerBidiReactor<control_wire::GatewayMessage, control_wire::PlatformMessage>* accept(
      const grpc::CallbackServerContext& context);
  void dispatch();
  void greet(const SessionPtr& session, const control::GatewayHello& hello);
  void take(ControlEvent event);
  void end_of(const SessionPtr& session);
  [[nodiscard]] std::vector<SessionPtr> all_sessions() const;

  const Clock& clock;
  ControlHandler& handler;
  const ControlServerOptions options;
  GrpcService service{*this};
  std::function<Result<Peer>(const grpc::ServerContextBase&)> identify;
  const std::shared_ptr<ControlQueue> queue = std::make_shared<ControlQueue>();
  mutable std::mutex mutex;  // guards what follows; never held while a session's lock is taken
  std::condition_variable emptied;
  std::vector<SessionPtr> sessions;        // all, until their end was dispatched
  std::map<GatewayId, SessionPtr> active;  // those that said hello; written by the dispatcher alone
  ControlServerStatistics statistics;
  bool closing = false;
  std::thread dispatcher;
};

grpc::ServerBidiReactor<control_wire::GatewayMessage, control_wire::PlatformMessage>* ControlServer::Impl::accept(
    const grpc::CallbackServerContext& context) {
  Result<Peer> peer = identify(context);
  std::vector<SessionPtr> older;
  SessionPtr session;
  std::optional<Error> refusal;
  if (!peer) refusal = peer.error();
  {
    const std::lock_guard lock(mutex);
    if (!refusal && (closing || sessions.size() >= options.sessions_max)) {
      refusal = Error{ErrorCode::throttled, "the platform serves no more gateways at present"};
    }
    if (refusal) ++statistics.refused;
    if (!refusal) {
      std::ranges::copy_if(sessions, std::back_inserter(older),
                           [&](const SessionPtr& known) { return known->peer().gateway == peer->gateway; });
      statistics.superseded += older.size();
    }
    session = std::make_shared<ControlSession>(queue, peer ? *peer : Peer{}, options);
    sessions.push_back(session);
  }
  if (refusal) {
    log::warning(
        "rpc", "control session refused",
        {{"gateway", peer ? peer->gateway.value : 0}, {"address", address_of(context.peer())}, {"reason", *refusal}});
    session->reject(status_of(*refusal));
    return session.get();
  }
  for (const SessionPtr& old : older) old->end({ErrorCode::unavailable, "the same gateway has connected again"});
  session->begin();
  return session.get();
}

void ControlServer::Impl::dispatch() {
  while (true) {
    std::deque<ControlEvent> events = queue->take();
    if (events.empty()) return;
    for (ControlEvent& event : events) take(std::move(event));
    handler.rest();
  }
}

void ControlServer::Impl::take(ControlEvent event) {
  const SessionPtr session = std::move(event.session);
  if (!session) return;
  if (!event.message) return end_of(session);
  bool is_active = false;
  {
    const std::lock_guard lock(mutex);
    ++statistics.messages_received;
    const auto at = active.find(session->peer().gateway);
    is_active = at != active.end() && at->second == session;
  }
  if (const auto* hello = std::get_if<control::GatewayHello>(&*event.message)) {
    greet(session, *hello);
  } else if (is_active) {
    handler.received(session->peer().gateway, std::move(*event.message));
  }
  session->go_on();
}

void ControlServer::Impl::greet(const SessionPtr& session, const control::GatewayHello& hello) {
  const GatewayId gateway = session->peer().gateway;
  bool had = false;
  {
    const std::lock_guard lock(mutex);
    had = active.contains(gateway);
    active[gateway] = session;
    ++statistics.sessions_begun;
  }
  if (had) handler.disconnected(gateway);
  log::info("rpc", "control session begun", {{"gateway", gateway.value}, {"address", session->peer().address}});
  (void)session->send(control::PlatformWelcome{std::min(control::protocol_version, hello.version), clock.utc_ms()});
  handler.connected(gateway, hello);
}

void ControlServer::Impl::end_of(const SessionPtr& session) {
  const GatewayId gateway = session->peer().gateway;
  const bool malformed = session->ended_as_malformed();
  bool was_active = false;
  {
    const std::lock_guard lock(mutex);
    const auto at = active.find(gateway);
    was_active = at != active.end() && at->second == session;
    if (was_active) active.erase(at);
    if (malformed) ++statistics.messages_malformed;
  }
  if (was_active) {
    log::info("rpc", "control session over", {{"gateway", gateway.value}});
    handler.disconnected(gateway);
  }
  {
    const std::lock_guard lock(mutex);
    std::erase(sessions, session);
  }
  emptied.notify_all();
}

std::vector<SessionPtr> ControlServer::Impl::all_sessions() const {
  const std::lock_guard lock(mutex);
  return sessions;
}

void ControlServer::Impl::review(const std::function<Result<void>(const Peer&)>& admits) {
  for (const SessionPtr& session : all_sessions()) {
    const Result<void> admitted = admits(session->peer());
    if (admitted || admitted.error().code == ErrorCode::unavailable || admitted.error().code == ErrorCode::timed_out)
      continue;
    session->end(admitted.error());
  }
}

void ControlServer::Impl::disconnect(GatewayId gateway, const Error& reason) {
  for (const SessionPtr& session : all_sessions()) {
    if (session->peer().gateway == gateway) session->end(reason);
  }
}

void ControlServer::Impl::close() {
  {
    const std::lock_guard lock(mutex);
    closing = true;
  }
  for (const SessionPtr& session : all_sessions()) session->end({ErrorCode::unavailable, "the platform stops"});
}

ControlServer::ControlServer(const Clock& clock, ControlHandler& handler, const ControlServerOptions& options)
    : impl_(std::make_shared<Impl>(clock, handler, options)) {}

ControlServer::~ControlServer() { stop(); }

void ControlServer::stop() {
  if (!impl_->dispatcher.joinable()) return;
  impl_->close();
  {
    std::unique_lock lock(impl_->mutex);
    impl_->emptied.wait(lock, [&] { return impl_->sessions.empty(); });
  }
  impl_->queue->stop();
  impl_->dispatcher.join();
}

ControlService& ControlServer::service() noexcept { return *impl_; }

bool ControlServer::send(GatewayId gateway, const control::FromPlatform& message) {
  SessionPtr session;
  {
    const std::lock_guard lock(impl_->mutex);
    const auto at = impl_->active.find(gateway);
    if (at != impl_->active.end()) session = at->second;
  }
  const bool taken = session && session->send(message);
  const std::lock_guard lock(impl_->mutex);
  ++(taken ? impl_->statistics.messages_sent : impl_->statistics.messages_not_taken);
  return taken;
}

bool ControlServer::is_connected(GatewayId gateway) const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->active.contains(gateway);
}

ControlServerStatistics ControlServer::statistics() const {
  const std::lock_guard lock(impl_->mutex);
  ControlServerStatistics out = impl_->statistics;
  out.sessions_open = impl_->active.size();
  return out;
}

}  // namespace duheng::rpc
