#include "platform/web/trace_service.hpp"

#include <algorithm>
#include <atomic>

#include "base/log.hpp"
#include "base/time.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/problem.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/visibility.hpp"
#include "platform/web/websocket_protocol.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::size_t channel_characters_max = 64;

std::string error_text(std::string_view code, std::string_view message) {
  return Json{{"error", {{"code", code}, {"message", message}}}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json event_json(const control::TraceEvent& event) {
  return {{"time", format_utc(event.utc_ms)}, {"kind", event.kind},       {"hex", to_hex(event.octets)},
          {"device_uid", event.device_uid},   {"channel", event.channel}, {"note", event.note}};
}

/// Which devices' octets a caller may see on a line that others' devices share.
struct Sight {
  VisibleOrganisations visible;
  DeviceSnapshotPtr snapshot;
  GatewayId gateway;
  [[nodiscard]] bool admits(const control::TraceEvent& event, std::int64_t now_utc_ms) const {
    if (!visible || event.device_uid.empty()) return !visible || event.octets.empty();
    const DirectoryDevice* device = snapshot->owner({gateway, event.device_uid}, now_utc_ms);
    return device != nullptr && sees(visible, device->device.details.organisation);
  }
};

}  // namespace

/// One WebSocket, and the sink of its trace.
class TraceService::Client final : public WebSocketApplication,
                                   public TraceSink,
                                   public std::enable_shared_from_this<Client> {
 public:
  Client(TraceService& service, TraceSubject subject, std::optional<Sight> sight, std::string session)
      : token(std::move(session)), service_(service), subject_(std::move(subject)), sight_(std::move(sight)) {}

  // ---- the browser ----

  void opened(std::shared_ptr<WebSocketPeer> peer) override {
    {
      const std::lock_guard lock(mutex_);
      peer_ = std::move(peer);
    }
    const Result<TraceNumber> number = service_.desk_.follow(subject_, shared_from_this());
    if (!number) {
      const bool unreachable = number.error().code == ErrorCode::unavailable;
      return end(unreachable ? "gateway_unreachable" : to_string(number.error().code), number.error().message);
    }
    number_ = *number;
    if (gone) service_.desk_.stop(number_);
  }
  /// Nothing is asked over this socket.
  void received(std::string) override { end("malformed", "nothing is to be sent here"); }
  void closed() override {
    gone = true;
    if (number_ != 0) service_.desk_.stop(number_);
  }

  // ---- the gateway ----

  void events(control::TraceEvents given) override {
    const std::shared_ptr<WebSocketPeer> to = peer();
    if (!to) return;
    const std::lock_guard lock(events_mutex_);
    dropped_ += given.dropped;
    if (to->pending_bytes() > service_.options_.pending_bytes_max) {
      dropped_ += given.events.size();
      return;
    }
    const std::int64_t now = service_.services_.clock.utc_ms();
    Json list = Json::array();
    for (const control::TraceEvent& event : given.events) {
      if (!sight_ || sight_->admits(event, now)) list.push_back(event_json(event));
    }
    if (list.empty() && dropped_ == 0) return;
    to->send_text(Json{{"events", std::move(list)}, {"dropped", std::exchange(dropped_, 0)}}.dump(
        -1, ' ', false, Json::error_handler_t::replace));
  }
  void ended(const std::string& reason) override { end(reason, "the trace is over"); }

  // ---- the service's thread ----

  void look_after(std::int64_t now_ms) {
    if (born_ms_ == 0) {
      born_ms_ = now_ms;
      ping_due_ms_ = now_ms + service_.options_.ping_interval_ms;
      check_due_ms_ = now_ms + service_.options_.check_interval_ms;
    }
    const std::shared_ptr<WebSocketPeer> to = peer();
    if (!to) {  // the connection ended before it became a WebSocket
      if (now_ms - born_ms_ > service_.options_.check_interval_ms) gone = true;
      return;
    }
    if (now_ms >= check_due_ms_) {
      check_due_ms_ = now_ms + service_.options_.check_interval_ms;
      const Result<Caller> caller = authenticate(service_.services_.people, token);
      if (!caller && http_status(caller.error().code) == 401)
        return end("unauthenticated", "the session has ended; log in again");
      if (caller && caller->role < Role::operator_) return end("forbidden", "your role may not do this any more");
    }
    if (now_ms >= ping_due_ms_) {
      ping_due_ms_ = now_ms + service_.options_.ping_interval_ms;
      to->send_text(Json{{"ping", ++pings_}}.dump());
    }
  }

  std::atomic<bool> gone{false};
  const std::string token;

 private:
  [[nodiscard]] std::shared_ptr<WebSocketPeer> peer() const {
    const std::lock_guard lock(mutex_);
    return peer_;
  }
  void end(std::string_view code, std::string_view message) {
    const std::shared_ptr<WebSocketPeer> to = peer();
    if (number_ != 0) service_.desk_.stop(number_);
    if (!to || ended_.exchange(true)) return;
    to->send_text(error_text(code, message));
    to->close(websocket::close_code::policy_violation, std::string{code});
  }

  TraceService& service_;
  const TraceSubject subject_;
  const std::optional<Sight> sight_;  ///< none: sees everything that is asked for
  std::atomic<TraceNumber> number_{0};
  std::atomic<bool> ended_{false};
  mutable std::mutex mutex_;  // guards peer_
  std::shared_ptr<WebSocketPeer> peer_;
  std::mutex events_mutex_;  // guards dropped_
  std::uint64_t dropped_ = 0;
  // The service's thread's own.
  std::int64_t born_ms_ = 0;
  std::int64_t ping_due_ms_ = 0;
  std::int64_t check_due_ms_ = 0;
  std::int64_t pings_ = 0;
};

TraceService::TraceService(ApiServices& services, TraceDesk& desk, const Options& options)
    : services_(services),
      desk_(desk),
      options_(options),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

TraceService::~TraceService() {
  thread_.request_stop();
  woken_.notify_all();
}

void TraceService::add_routes(Router& router) {
  router.add_websocket("/api/v1/trace", "trace", Permission::at_least(Role::operator_),
                       [this](RequestContext& context) { return open(context); });
}

std::size_t TraceService::clients() const {
  const std::lock_guard lock(mutex_);
  return clients_.size();
}

Result<HttpResponse> TraceService::open(RequestContext& context) {
  const DeviceId device{context.query.optional_id("device_id").value_or(0)};
  const GatewayId gateway{context.query.optional_id("gateway_id").value_or(0)};
  const std::string channel = context.query.text("channel", channel_characters_max);
  DUHENG_CHECK(context.query.finish());
  TraceSubject subject;
  std::optional<Sight> sight;
  if (device && !gateway && channel.empty()) {
    DUHENG_TRY(const VisibleDevice found, visible_device(services_, *context.caller, device));
    const std::int64_t now = services_.clock.utc_ms();
    subject.gateway = found.device->device.details.gateway;
    subject.device_uid = found.device->device.details.uid;
    for (const DeviceSource& source : found.device->sources) {
      if (!source.covers(now)) continue;
      subject.gateway = source.key.gateway;
      subject.device_uid = source.key.device_uid;
    }
    if (!subject.gateway) return fail(ErrorCode::not_found, "no gateway reads this device");
  } else if (!device && gateway && !channel.empty()) {
    DUHENG_CHECK(services_.gateways.get(context.caller->scope(), gateway));
    subject.gateway = gateway;
    subject.channel = channel;
    Sight made;
    made.gateway = gateway;
    DUHENG_TRY(made.visible, visible_organisations(services_, *context.caller));
    DUHENG_TRY(made.snapshot, services_.directory.snapshot());
    sight = std::move(made);
  } else {
    return fail(ErrorCode::invalid_argument, "either device_id, or gateway_id and channel");
  }
  auto client =
      std::make_shared<Client>(*this, std::move(subject), std::move(sight), std::string{context.session_token});
  {
    const std::lock_guard lock(mutex_);
    if (clients_.size() >= options_.clients_max) return fail(ErrorCode::unavailable, "too many traces");
    clients_.push_back(client);
  }
  HttpResponse response;
  response.websocket = std::move(client);
  return response;
}

void TraceService::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(wake_mutex_);
      woken_.wait_for(lock, stop, std::chrono::milliseconds(options_.tick_ms), [] { return false; });
    }
    std::vector<std::shared_ptr<Client>> clients;
    {
      const std::lock_guard lock(mutex_);
      std::erase_if(clients_, [](const auto& client) { return client->gone.load(); });
      clients = clients_;
    }
    desk_.tick();
    const std::int64_t now = services_.clock.monotonic_ms();
    for (const auto& client : clients) client->look_after(now);
  }
}

}  // namespace duheng::platform::web
