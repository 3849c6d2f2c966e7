#include "platform/web/live_service.hpp"

#include <algorithm>
#include <iterator>
#include <set>

#include "base/log.hpp"
#include "base/time.hpp"
#include "platform/alarms/alarm_book.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/web/alarm_json.hpp"
#include "platform/web/api_json.hpp"
#include "platform/web/order_json.hpp"
#include "platform/web/problem.hpp"
#include "platform/web/routes.hpp"
#include "platform/web/visibility.hpp"
#include "platform/web/websocket_protocol.hpp"

namespace duheng::platform::web {
namespace {

constexpr std::size_t series_cache_max = 50'000;  // sources; then the cache begins anew

std::string error_text(std::string_view code, std::string_view message) {
  return Json{{"error", {{"code", code}, {"message", message}}}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

namespace {

Result<std::vector<std::int64_t>> read_ids(const Json& list, const Error& malformed) {
  if (!list.is_array()) return std::unexpected(malformed);
  std::vector<std::int64_t> out;
  for (const Json& id : list) {
    if (!id.is_number_integer() || (id.is_number_unsigned() && id.get<std::uint64_t>() > INT64_MAX) ||
        id.get<std::int64_t>() <= 0) {
      return std::unexpected(malformed);
    }
    out.push_back(id.get<std::int64_t>());
  }
  return out;
}

}  // namespace

Result<LiveRequest> parse_subscription(std::string_view text, std::size_t devices_max) {
  const Json json = Json::parse(text, nullptr, false);
  const Error malformed{ErrorCode::malformed, R"(expected {"subscribe":{"devices":[1,2],"jobs":[3]}})"};
  if (!json.is_object() || json.size() != 1 || !json.contains("subscribe")) return std::unexpected(malformed);
  const Json& subscribe = json["subscribe"];
  if (!subscribe.is_object() || subscribe.empty()) return std::unexpected(malformed);
  LiveRequest out;
  for (const auto& [key, list] : subscribe.items()) {
    if (key != "devices" && key != "jobs") return std::unexpected(malformed);
    const std::size_t most = key == "jobs" ? live_jobs_max : devices_max;
    if (list.is_array() && list.size() > most)
      return fail(ErrorCode::limit_exceeded, "at most " + std::to_string(most) + " " + key + " at once");
    DUHENG_TRY(std::vector<std::int64_t> ids, read_ids(list, malformed));
    if (key == "jobs") {
      out.jobs = std::move(ids);
    } else {
      for (const std::int64_t id : ids) out.devices.push_back(DeviceId{id});
    }
  }
  return out;
}

/// What wakes the thread. Shared with the hub's callbacks, which may come while the service goes.
struct LiveService::Wake {
  std::mutex mutex;
  std::condition_variable condition;
  bool due = false;
  std::set<std::int64_t> jobs;  ///< that have changed
  void now() {
    {
      std::lock_guard lock{mutex};
      due = true;
    }
    condition.notify_one();
  }
  void job_changed(std::int64_t job) {
    {
      std::lock_guard lock{mutex};
      due = true;
      jobs.insert(job);
    }
    condition.notify_one();
  }
};

/// One WebSocket. The I/O side only leaves notes; the rest is the service's thread's own.
class LiveService::Client final : public WebSocketApplication {
 public:
  Client(std::shared_ptr<Wake> wake, Caller who, std::string session)
      : caller(std::move(who)), token(std::move(session)), wake_(std::move(wake)) {}

  void opened(std::shared_ptr<WebSocketPeer> peer) override {
    {
      std::lock_guard lock{mutex_};
      peer_ = std::move(peer);
    }
    wake_->now();
  }
  void received(std::string text) override {
    {
      std::lock_guard lock{mutex_};
      request_ = std::move(text);  // a newer subscription replaces one not looked at yet
    }
    wake_->now();
  }
  void closed() override {
    gone = true;
    wake_->now();
  }

  [[nodiscard]] std::shared_ptr<WebSocketPeer> peer() const {
    std::lock_guard lock{mutex_};
    return peer_;
  }
  [[nodiscard]] std::optional<std::string> take_request() {
    std::lock_guard lock{mutex_};
    return std::exchange(request_, std::nullopt);
  }

  std::atomic<bool> gone{false};
  // The thread's own from here on.
  Caller caller;
  const std::string token;
  bool ending = false;
  std::shared_ptr<std::atomic<bool>> updates_wait = std::make_shared<std::atomic<bool>>(false);
  std::unique_ptr<LiveSubscription> subscription;
  std::vector<DeviceId> devices;
  std::unordered_map<SourceKey, DeviceId, SourceKeyHash> device_of;
  std::set<std::int64_t> jobs;
  std::set<std::int64_t> jobs_due;  ///< those whose progress is to be told
  std::int64_t jobs_told_ms = INT64_MIN / 2;
  std::uint64_t alarms_told = 0;  ///< the revision
  std::int64_t alarms_told_ms = INT64_MIN / 2;
  std::int64_t worked_ms = INT64_MIN / 2;
  std::int64_t ping_due_ms = 0;
  std::int64_t check_due_ms = 0;
  std::int64_t pings = 0;

 private:
  std::shared_ptr<Wake> wake_;
  mutable std::mutex mutex_;  // guards what follows
  std::shared_ptr<WebSocketPeer> peer_;
  std::optional<std::string> request_;
};

LiveService::LiveService(ApiServices& services, LiveHub& hub, const Options& options)
    : services_(services), hub_(hub), options_(options), wake_(std::make_shared<Wake>()), thread_([this] { run(); }) {
  if (services_.orders != nullptr)
    services_.orders->on_change([wake = wake_](std::int64_t job) { wake->job_changed(job); });
  if (services_.alarms != nullptr) services_.alarms->on_change([wake = wake_] { wake->now(); });
}

LiveService::~LiveService() {
  if (services_.orders != nullptr) services_.orders->on_change({});
  if (services_.alarms != nullptr) services_.alarms->on_change({});
  thread_.request_stop();
  wake_->now();
}

void LiveService::add_routes(Router& router) {
  router.add_websocket("/api/v1/live", "live", Permission::any_session(),
                       [this](RequestContext& context) { return open(context); });
}

std::size_t LiveService::clients() const {
  std::lock_guard lock{mutex_};
  return clients_.size();
}

Result<HttpResponse> LiveService::open(RequestContext& context) {
  DUHENG_CHECK(context.query.finish());
  auto client = std::make_shared<Client>(wake_, *context.caller, std::string{context.session_token});
  // What there is already the page asks for when its socket stands.
  if (services_.alarms != nullptr) client->alarms_told = services_.alarms->revision();
  {
    std::lock_guard lock{mutex_};
    if (clients_.size() >= options_.clients_max) return fail(ErrorCode::unavailable, "too many live connections");
    clients_.push_back(client);
  }
  HttpResponse response;
  response.websocket = std::move(client);
  return response;
}

void LiveService::run() {
  const std::stop_token stop = thread_.get_stop_token();
  std::int64_t wait_ms = options_.ping_interval_ms;
  while (!stop.stop_requested()) {
    std::set<std::int64_t> jobs_changed;
    {
      std::unique_lock lock{wake_->mutex};
      wake_->condition.wait_for(lock, std::chrono::milliseconds{wait_ms}, [&] { return wake_->due; });
      wake_->due = false;
      jobs_changed.swap(wake_->jobs);
    }
    std::vector<std::shared_ptr<Client>> clients;
    {
      std::lock_guard lock{mutex_};
      std::erase_if(clients_, [](const auto& client) { return client->gone.load(); });
      clients = clients_;
    }
    const std::int64_t now = services_.clock.monotonic_ms();
    wait_ms = options_.ping_interval_ms;
    for (const auto& client : clients) {
      try {
        std::ranges::set_intersection(client->jobs, jobs_changed,
                                      std::inserter(client->jobs_due, client->jobs_due.end()));
        wait_ms = std::min(wait_ms, serve(*client, now));
        wait_ms = std::min(wait_ms, serve_jobs(*client, now));
        wait_ms = std::min(wait_ms, serve_alarms(*client, now));
      } catch (const std::exception& e) {
        log::error("web", "serving a live client failed", {{"error", e.what()}});
        client->ending = true;
        if (const auto peer = client->peer())
          peer->close(websocket::close_code::internal_error, "a fault of the platform");
      }
    }
    wait_ms = std::max<std::int64_t>(1, wait_ms);
  }
}

/// Does what is due for one client; returns in how many milliseconds something will be again.
std::int64_t LiveService::serve(Client& client, std::int64_t now_ms) {
  const std::shared_ptr<WebSocketPeer> peer = client.peer();
  if (client.check_due_ms == 0) {
    client.check_due_ms = now_ms + options_.check_interval_ms;
    client.ping_due_ms = now_ms + options_.ping_interval_ms;
  }
  if (!peer && now_ms >= client.check_due_ms) client.gone = true;  // the connection ended before it became a WebSocket
  if (!peer || client.ending || client.gone) return options_.ping_interval_ms;
  if (now_ms >= client.check_due_ms) {
    client.check_due_ms = now_ms + options_.check_interval_ms;
    if (!still_welcome(client)) return options_.ping_interval_ms;
  }
  if (now_ms >= client.ping_due_ms) {
    client.ping_due_ms = now_ms + options_.ping_interval_ms;
    peer->send_text(Json{{"ping", ++client.pings}}.dump());
  }
  const std::int64_t rest_ms = client.worked_ms + options_.push_interval_ms - now_ms;
  const bool lags = peer->pending_bytes() > options_.pending_bytes_max;
  if (rest_ms <= 0) {
    if (auto request = client.take_request()) {
      client.worked_ms = now_ms;
      subscribe(client, *request);
    } else if (!lags && client.subscription && client.updates_wait->exchange(false)) {
      client.worked_ms = now_ms;
      push(client);
    } else if (!client.updates_wait->load()) {
      return std::min(client.ping_due_ms, client.check_due_ms) - now_ms;
    }
    return options_.push_interval_ms;
  }
  return rest_ms;
}

/// Tells how far jobs are; returns in how many milliseconds something will be due again.
std::int64_t LiveService::serve_jobs(Client& client, std::int64_t now_ms) {
  const std::shared_ptr<WebSocketPeer> peer = client.peer();
  if (!peer || client.ending || client.gone || client.jobs_due.empty()) return options_.ping_interval_ms;
  const std::int64_t rest_ms = client.jobs_told_ms + options_.job_interval_ms - now_ms;
  if (rest_ms > 0) return rest_ms;
  client.jobs_told_ms = now_ms;
  if (peer->pending_bytes() > options_.pending_bytes_max) return options_.job_interval_ms;
  Json jobs = Json::array();
  for (const std::int64_t number : std::exchange(client.jobs_due, {})) {
    const Result<Job> job = services_.orders->job(client.caller.scope(), number);
    if (job) jobs.push_back(job_json(*job));
  }
  if (jobs.empty()) return options_.ping_interval_ms;
  peer->send_text(Json{{"jobs", std::move(jobs)}}.dump(-1, ' ', false, Json::error_handler_t::replace));
  messages_sent_.fetch_add(1, std::memory_order_relaxed);
  return options_.ping_interval_ms;
}

/// Tells how many alarms there are whenever one has changed; the page asks for the rest.
std::int64_t LiveService::serve_alarms(Client& client, std::int64_t now_ms) {
  const std::shared_ptr<WebSocketPeer> peer = client.peer();
  if (services_.alarms == nullptr || !peer || client.ending || client.gone) return options_.ping_interval_ms;
  const std::uint64_t revision = services_.alarms->revision();
  if (revision == client.alarms_told) return options_.ping_interval_ms;
  const std::int64_t rest_ms = client.alarms_told_ms + options_.alarm_interval_ms - now_ms;
  if (rest_ms > 0) return rest_ms;
  client.alarms_told_ms = now_ms;
  if (peer->pending_bytes() > options_.pending_bytes_max) return options_.alarm_interval_ms;
  const std::uint64_t rings = services_.alarms->rings();
  const auto counts = services_.alarms->counts(client.caller.scope());
  if (!counts) return options_.alarm_interval_ms;
  client.alarms_told = revision;
  peer->send_text(Json{{"alarms", alarm_news_json(*counts, revision, rings)}}.dump());
  messages_sent_.fetch_add(1, std::memory_order_relaxed);
  return options_.ping_interval_ms;
}

/// Their state is told at once, so that nothing is missed between a page's question and this. Errors: not_found.
Result<void> LiveService::follow_jobs(Client& client, const std::vector<std::int64_t>& jobs) {
  for (const std::int64_t number : jobs) {
    if (services_.orders == nullptr) return fail(ErrorCode::not_found, "there is no such job");
    DUHENG_CHECK(services_.orders->job(client.caller.scope(), number));
  }
  client.jobs = {jobs.begin(), jobs.end()};
  client.jobs_due = client.jobs;
  return {};
}

bool LiveService::still_welcome(Client& client) {
  const auto end = [&](std::string_view code, std::string_view message) {
    client.ending = true;
    client.subscription.reset();
    const auto peer = client.peer();
    peer->send_text(error_text(code, message));
    peer->close(websocket::close_code::policy_violation, std::string{code});
    return false;
  };
  Result<Caller> caller = authenticate(services_.people, client.token);
  if (!caller) {
    if (http_status(caller.error().code) != 401) return true;  // the records are busy: ask again next time
    return end("unauthenticated", "the session has ended; log in again");
  }
  client.caller = std::move(*caller);
  // Who may see what can change: what is followed is looked up anew.
  if (client.subscription) {
    if (const auto followed = follow(client, std::vector<DeviceId>{client.devices}); !followed) {
      if (followed.error().code == ErrorCode::not_found) return end("not_found", followed.error().message);
      log::warning("web", "cannot renew a live subscription", {{"error", followed.error()}});
    }
  }
  return true;
}

void LiveService::subscribe(Client& client, const std::string& request) {
  const Result<LiveRequest> wanted = parse_subscription(request, options_.devices_per_client_max);
  Result<void> done = wanted ? follow(client, wanted->devices) : Result<void>{std::unexpected(wanted.error())};
  if (done) done = follow_jobs(client, wanted->jobs);
  if (done) return;
  client.ending = true;
  client.subscription.reset();
  const bool ours = http_status(done.error().code) >= 500;
  if (ours) log::error("web", "a live subscription failed", {{"error", done.error()}});
  const auto peer = client.peer();
  peer->send_text(error_text(to_string(done.error().code), ours ? "a fault of the platform" : done.error().message));
  peer->close(websocket::close_code::policy_violation, std::string{to_string(done.error().code)});
}

/// Errors: not_found - a device that is not there, or not the caller's.
Result<void> LiveService::follow(Client& client, const std::vector<DeviceId>& devices) {
  DUHENG_TRY(const VisibleOrganisations visible, visible_organisations(services_, client.caller));
  DUHENG_TRY(const DeviceSnapshotPtr snapshot, services_.directory.snapshot());
  const std::int64_t now = services_.clock.utc_ms();
  std::unordered_map<SourceKey, DeviceId, SourceKeyHash> device_of;
  for (const DeviceId id : devices) {
    const DirectoryDevice* device = snapshot->find(id);
    if (device == nullptr || !sees(visible, device->device.details.organisation)) {
      return fail(ErrorCode::not_found, "there is no device " + std::to_string(id.value));
    }
    for (const DeviceSource& source : device->sources) {
      if (source.covers(now)) device_of.emplace(source.key, id);
    }
  }
  client.devices = devices;
  if (client.subscription && device_of == client.device_of) return {};
  std::vector<SourceKey> sources;
  for (const auto& [source, device] : device_of) sources.push_back(source);
  client.subscription.reset();
  client.device_of = std::move(device_of);
  client.updates_wait->store(false);
  DUHENG_TRY(client.subscription, hub_.subscribe(sources, [wake = wake_, wait = client.updates_wait] {
    wait->store(true);
    wake->now();
  }));
  return {};
}

void LiveService::push(Client& client) {
  const LiveSubscription::Taken taken = client.subscription->take(options_.updates_per_push_max);
  // The hub tells only when something waits after nothing did: a full hand means that more may be there.
  if (taken.updates.size() == options_.updates_per_push_max) client.updates_wait->store(true);
  Json readings = Json::array();
  for (const LiveUpdate& update : taken.updates) {
    const auto device = client.device_of.find(update.source);
    const auto series = series_of(update.source, update.value);
    if (device == client.device_of.end() || !series) continue;
    const LiveValue& value = update.value;
    readings.push_back({{"device_id", device->second.value},
                        {"series_id", series->value},
                        {"register", value.register_name},
                        {"reading",
                         {{"time", format_utc(value.time_utc_ms)},
                          {"received_at", format_utc(value.received_utc_ms)},
                          {"value", exact_value(value.mantissa, value.exponent, value.kind, value.quality)},
                          {"quality", to_string(value.quality)},
                          {"time_source", to_string(value.time_source)},
                          {"frame", std::to_string(value.frame.value)}}}});
  }
  if (readings.empty() && taken.skipped == 0) return;
  Json message{{"readings", std::move(readings)}};
  if (taken.skipped > 0) message["skipped"] = taken.skipped;
  client.peer()->send_text(message.dump(-1, ' ', false, Json::error_handler_t::replace));
  messages_sent_.fetch_add(1, std::memory_order_relaxed);
}

/// The store's number of the series; nothing when it has not met it yet, which it will within its lag.
std::optional<SeriesId> LiveService::series_of(const SourceKey& source, const LiveValue& value) {
  const auto among = [&](const std::vector<store::Series>& known) -> std::optional<SeriesId> {
    const auto it = std::ranges::find_if(known, [&](const store::Series& series) {
      return series.register_name == value.register_name && series.unit == value.unit &&
             series.exponent == value.exponent && series.kind == value.kind;
    });
    return it == known.end() ? std::nullopt : std::optional{it->id};
  };
  if (const auto it = series_.find(source); it != series_.end()) {
    if (const auto id = among(it->second)) return id;
  }
  const auto found = services_.telemetry.find_source(source.gateway, source.device_uid);
  if (!found) return std::nullopt;
  if (series_.size() >= series_cache_max) series_.clear();
  std::vector<store::Series>& known = series_[source];
  known = services_.telemetry.series_of(found->id);
  return among(known);
}

}  // namespace duheng::platform::web
