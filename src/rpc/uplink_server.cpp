#include "rpc/uplink_server.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "base/log.hpp"
#include "duheng/enrolment/v1/enrolment.grpc.pb.h"
#include "duheng/uplink/v1/uplink.grpc.pb.h"
#include "rpc/client_verifier.hpp"
#include "rpc/control_server.hpp"
#include "rpc/control_service.hpp"
#include "rpc/grpc_common.hpp"
#include "rpc/peer_of.hpp"
#include "rpc/uplink_messages.hpp"

namespace duheng::rpc {

namespace {

/// Beyond a batch: the rest of its message. A batch somewhat too large then gets a proper refusal from the receiver.
constexpr std::size_t message_margin_bytes = 1U << 20;
constexpr auto room_poll = std::chrono::milliseconds(50);

grpc::ByteBuffer serialise(const uplink::SessionResponse& response) {
  wire::SessionResponse message;
  to_wire(response, message);
  grpc::ByteBuffer buffer;
  bool own = false;
  (void)grpc::SerializationTraits<wire::SessionResponse>::Serialize(message, &buffer, &own);
  return buffer;
}

}  // namespace

/// One stream. gRPC calls the On… functions from its threads; answers come from the committer's.
class Session final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  Session(std::shared_ptr<UplinkServer::Impl> server, Peer peer, uplink::SessionId id);
  void begin();
  void reject(const grpc::Status& status) {
    const std::lock_guard lock(mutex_);
    finish(status);
  }

  void committed(const uplink::EpochPosition& position) {
    const std::lock_guard lock(mutex_);
    receiver_.committed(position);
    pump();
  }
  void refused(const uplink::Refusal& refusal) {
    const std::lock_guard lock(mutex_);
    receiver_.refused(refusal);
    pump();
  }
  void retry() {
    const std::lock_guard lock(mutex_);
    if (!receiver_.waits_for_room()) return;
    receiver_.retry();
    pump();
  }
  void end(const Error& reason) {
    const std::lock_guard lock(mutex_);
    finish(status_of(reason));
  }
  [[nodiscard]] SessionInfo info() const;
  [[nodiscard]] const Peer& peer() const noexcept { return peer_; }
  [[nodiscard]] uplink::SessionId id() const noexcept { return id_; }

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  void pump();
  void take_message();
  void finish(const grpc::Status& status);

  const std::shared_ptr<UplinkServer::Impl> server_;
  const Peer peer_;
  const uplink::SessionId id_;
  const std::int64_t connected_utc_ms_;
  mutable std::mutex mutex_;  // guards everything below
  uplink::UplinkReceiver receiver_;
  std::int64_t last_message_utc_ms_ = 0;
  std::optional<std::int64_t> clock_offset_ms_;
  grpc::ByteBuffer incoming_;
  grpc::ByteBuffer outgoing_;
  bool begun_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool read_ended_ = false;
  bool finished_ = false;
};

using UplinkBase = wire::Uplink::WithRawCallbackMethod_Session<wire::Uplink::Service>;
using RenewalBase = enrolment::v1::Renewal::WithCallbackMethod_Renew<enrolment::v1::Renewal::Service>;

struct UplinkServer::Impl : std::enable_shared_from_this<UplinkServer::Impl> {
  Impl(uplink::BatchSink& sink_, const Clock& clock_, Authorise authorise_, Renew renew_, UplinkServerOptions options_,
       ControlServer* control_)
      : sink(sink_),
        clock(clock_),
        authorise(std::move(authorise_)),
        renew(std::move(renew_)),
        options(std::move(options_)),
        control(control_ == nullptr ? nullptr : &control_->service()) {}

  class UplinkService final : public UplinkBase {
   public:
    explicit UplinkService(Impl& impl) : impl_(impl) {}
    grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Session(
        grpc::CallbackServerContext* context) override {
      return impl_.accept(*context);
    }

   private:
    Impl& impl_;
  };
  class RenewalService final : public RenewalBase {
   public:
    explicit RenewalService(Impl& impl) : impl_(impl) {}
    grpc::ServerUnaryReactor* Renew(grpc::CallbackServerContext* context, const enrolment::v1::RenewRequest* request,
                                    enrolment::v1::RenewResponse* response) override {
      auto* reactor = context->DefaultReactor();
      reactor->Finish(impl_.renew_certificate(*context, *request, *response));
      return reactor;
    }

   private:
    Impl& impl_;
  };

  [[nodiscard]] Result<void> start();
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* accept(const grpc::CallbackServerContext& context);
  grpc::Status renew_certificate(const grpc::CallbackServerContext& context, const enrolment::v1::RenewRequest& request,
                                 enrolment::v1::RenewResponse& response);
  [[nodiscard]] Result<void> admit(const Peer& peer);
  [[nodiscard]] std::vector<std::shared_ptr<Session>> all_sessions() const;
  [[nodiscard]] std::shared_ptr<Session> find(uplink::SessionId id) const;
  void forget(uplink::SessionId id);
  void keep_house(const std::stop_token& stop);
  void check_authorisations();
  void wait_for_room(uplink::SessionId id);

  uplink::BatchSink& sink;
  const Clock& clock;
  const Authorise authorise;
  const Renew renew;
  const UplinkServerOptions options;
  ControlService* const control;
  UplinkService uplink_service{*this};
  RenewalService renewal_service{*this};
  int port = 0;

  mutable std::mutex
      mutex;  // guards sessions, statistics, waiting, stopping; never held while a session's lock is taken
  std::condition_variable_any woken;
  std::map<std::int64_t, std::shared_ptr<Session>> sessions;
  std::vector<uplink::SessionId> waiting;  // sessions with a batch that found no room
  bool room = false;
  bool stopping = false;
  std::int64_t next_session = 1;
  UplinkServerStatistics statistics;

  const std::shared_ptr<std::atomic<std::uint64_t>> certificates_refused =
      std::make_shared<std::atomic<std::uint64_t>>(0);
  std::unique_ptr<grpc::Server> server;
  std::jthread housekeeper;
};

// ---- Session ----

Session::Session(std::shared_ptr<UplinkServer::Impl> server, Peer peer, uplink::SessionId id)
    : server_(std::move(server)),
      peer_(std::move(peer)),
      id_(id),
      connected_utc_ms_(server_->clock.utc_ms()),
      receiver_(server_->sink, server_->clock, peer_.gateway, id, server_->options.receiver),
      last_message_utc_ms_(connected_utc_ms_) {}

void Session::begin() {
  const std::lock_guard lock(mutex_);
  begun_ = true;
  StartSendInitialMetadata();
  pump();
}

void Session::pump() {
  if (finished_ || !begun_) return;
  if (!writing_) {
    if (const auto response = receiver_.next_response()) {
      outgoing_ = serialise(*response);
      writing_ = true;
      StartWrite(&outgoing_);
    } else if (receiver_.failure()) {
      finish(status_of(*receiver_.failure()));
      return;
    } else if (read_ended_) {
      finish(grpc::Status::OK);
      return;
    }
  }
  if (!reading_ && !read_ended_ && receiver_.wants_message()) {
    reading_ = true;
    StartRead(&incoming_);
  }
  if (receiver_.waits_for_room()) server_->wait_for_room(id_);
}

void Session::finish(const grpc::Status& status) {
  if (finished_) return;
  finished_ = true;
  Finish(status);
}

void Session::OnReadDone(bool ok) {
  const std::lock_guard lock(mutex_);
  reading_ = false;
  if (ok) {
    take_message();
  } else {
    read_ended_ = true;
  }
  pump();
}

void Session::take_message() {
  last_message_utc_ms_ = server_->clock.utc_ms();
  auto message = std::make_shared<wire::SessionRequest>();
  const bool parsed = grpc::SerializationTraits<wire::SessionRequest>::Deserialize(&incoming_, message.get()).ok();
  Result<uplink::SessionRequest> converted =
      parsed ? from_wire(std::move(message))
             : Result<uplink::SessionRequest>{fail(ErrorCode::malformed, "not a session message")};
  {
    const std::lock_guard lock(server_->mutex);
    ++server_->statistics.messages;
    if (!converted) ++server_->statistics.messages_malformed;
  }
  if (!converted) {
    log::warning("rpc", "malformed message from a gateway; session ended",
                 {{"gateway", peer_.gateway.value}, {"address", peer_.address}, {"reason", converted.error()}});
    finish(status_of(converted.error()));
    return;
  }
  const auto* hello = std::get_if<uplink::Hello>(&*converted);
  if (hello != nullptr) clock_offset_ms_ = hello->gateway_utc_ms - last_message_utc_ms_;
  receiver_.received(std::move(*converted));
  if (receiver_.failure()) {
    const std::lock_guard lock(server_->mutex);
    ++server_->statistics.protocol_violations;
    log::warning("rpc", "a gateway does not keep to the session's rules; session ended",
                 {{"gateway", peer_.gateway.value}, {"address", peer_.address}, {"reason", *receiver_.failure()}});
  }
}

void Session::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  writing_ = false;
  if (ok) {
    pump();
  } else {
    finish({grpc::StatusCode::UNAVAILABLE, "the stream is broken"});
  }
}

void Session::OnCancel() {
  {
    const std::lock_guard lock(server_->mutex);
    ++server_->statistics.broken_off;
  }
  const std::lock_guard lock(mutex_);
  finish({grpc::StatusCode::CANCELLED, "cancelled"});
}

void Session::OnDone() {
  if (id_) log::info("rpc", "gateway disconnected", {{"gateway", peer_.gateway.value}, {"address", peer_.address}});
  server_->forget(id_);  // drops the last reference: nothing may follow
}

SessionInfo Session::info() const {
  const std::lock_guard lock(mutex_);
  SessionInfo info{.session = id_,
                   .gateway = peer_.gateway,
                   .address = peer_.address,
                   .connected_utc_ms = connected_utc_ms_,
                   .last_message_utc_ms = last_message_utc_ms_,
                   .certificate_not_after_utc_ms = peer_.certificate.not_after_utc_ms};
  if (receiver_.hello()) info.software_version = receiver_.hello()->software_version;
  info.clock_offset_ms = clock_offset_ms_;
  if (receiver_.status()) info.status = receiver_.status()->status;
  return info;
}

// ---- UplinkServer::Impl ----

Result<void> UplinkServer::Impl::start() {
  adopt_grpc_log();
  const auto provider = std::make_shared<grpc::experimental::StaticDataCertificateProvider>(
      options.trust_root, std::vector<grpc::experimental::IdentityKeyCertPair>{
                              {options.identity.private_key, options.identity.certificate_chain}});
  grpc::experimental::TlsServerCredentialsOptions tls(provider);
  tls.watch_identity_key_cert_pairs();
  tls.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_BUT_DONT_VERIFY);  // ClientVerifier does
  tls.set_certificate_verifier(make_client_verifier(options.trust_root, clock, certificates_refused));
  tls.set_check_call_host(false);
  grpc::ServerBuilder builder;
  const auto message_max =
      static_cast<int>(std::min<std::uint64_t>(2 * options.receiver.batch_bytes_max + message_margin_bytes, 1U << 30));
  builder.SetMaxReceiveMessageSize(message_max);
  builder.SetMaxSendMessageSize(static_cast<int>(message_margin_bytes));
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // a taken port is an error, not a lottery
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 4);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(options.keepalive_ms));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, static_cast<int>(options.keepalive_timeout_ms));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 16'384);
  builder.SetResourceQuota(grpc::ResourceQuota("uplink").Resize(options.memory_bytes_max));
  builder.AddListeningPort(options.listen, grpc::experimental::TlsServerCredentials(tls), &port);
  builder.RegisterService(&uplink_service);
  builder.RegisterService(&renewal_service);
  if (control != nullptr) {
    control->open([this](const grpc::ServerContextBase& context) -> Result<Peer> {
      DUHENG_TRY(Peer peer, peer_of(context, options.trust_root, clock));
      DUHENG_CHECK(admit(peer));
      return peer;
    });
    builder.RegisterService(&control->grpc_service());
  }
  server = builder.BuildAndStart();
  if (server == nullptr || port <= 0) {
    return fail(ErrorCode::unavailable,
                fmt::format("cannot serve gateways on {}: the port is taken, or key and certificate do not fit",
                            options.listen));
  }
  housekeeper = std::jthread([this](const std::stop_token& stop) { keep_house(stop); });
  return {};
}

Result<void> UplinkServer::Impl::admit(const Peer& peer) {
  if (peer.certificate.not_after_utc_ms <= clock.utc_ms()) {
    return fail(ErrorCode::expired, "the gateway's certificate has expired; enrol the gateway again");
  }
  return authorise(peer);
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* UplinkServer::Impl::accept(
    const grpc::CallbackServerContext& context) {
  Result<Peer> peer = peer_of(context, options.trust_root, clock);
  Result<void> admitted = peer ? admit(*peer) : Result<void>{std::unexpected(peer.error())};
  std::vector<std::shared_ptr<Session>> older;
  std::shared_ptr<Session> session;
  {
    const std::lock_guard lock(mutex);
    if (admitted && (stopping || sessions.size() >= options.sessions_max)) {
      ++statistics.refused_too_many;
      admitted = fail(ErrorCode::throttled, "the platform serves no more gateways at present");
    } else if (!admitted) {
      ++statistics.refused_unauthorised;
    } else {
      ++statistics.sessions_accepted;
      for (const auto& [id, known] : sessions) {
        if (known->peer().gateway == peer->gateway) older.push_back(known);
      }
      statistics.superseded += older.size();
    }
    const std::int64_t id = next_session++;
    session = std::make_shared<Session>(shared_from_this(), peer ? *peer : Peer{}, uplink::SessionId{id});
    sessions.emplace(id, session);
  }
  if (!admitted) {
    log::warning("rpc", "gateway refused",
                 {{"gateway", peer ? peer->gateway.value : 0},
                  {"address", address_of(context.peer())},
                  {"reason", admitted.error()}});
    session->reject(status_of(admitted.error()));
    return session.get();
  }
  for (const auto& old : older) {
    log::warning(
        "rpc", "a gateway connected again; its older session ends",
        {{"gateway", peer->gateway.value}, {"older_address", old->peer().address}, {"address", peer->address}});
    old->end({ErrorCode::unavailable, "the same gateway has connected again"});
  }
  log::info("rpc", "gateway connected", {{"gateway", peer->gateway.value}, {"address", peer->address}});
  session->begin();
  return session.get();
}

grpc::Status UplinkServer::Impl::renew_certificate(const grpc::CallbackServerContext& context,
                                                   const enrolment::v1::RenewRequest& request,
                                                   enrolment::v1::RenewResponse& response) {
  const Result<Peer> peer = peer_of(context, options.trust_root, clock);
  if (!peer) return status_of(peer.error());
  if (!renew) return {grpc::StatusCode::UNIMPLEMENTED, "this platform renews no certificates"};
  std::string chain_pem;
  Result<void> admitted = admit(*peer);
  Result<crypto::CertificateInfo> made = admitted ? renew(*peer, request.certificate_signing_request(), chain_pem)
                                                  : Result<crypto::CertificateInfo>{std::unexpected(admitted.error())};
  if (!made) {
    log::warning("rpc", "certificate not renewed", {{"gateway", peer->gateway.value}, {"reason", made.error()}});
    return status_of(made.error());
  }
  {
    const std::lock_guard lock(mutex);
    ++statistics.certificates_renewed;
  }
  log::info("rpc", "certificate renewed", {{"gateway", peer->gateway.value}, {"serial", made->serial_hex}});
  response.set_certificate_chain(chain_pem);
  response.set_not_after_utc_ms(made->not_after_utc_ms);
  return grpc::Status::OK;
}

std::vector<std::shared_ptr<Session>> UplinkServer::Impl::all_sessions() const {
  const std::lock_guard lock(mutex);
  std::vector<std::shared_ptr<Session>> all;
  all.reserve(sessions.size());
  for (const auto& [id, session] : sessions) all.push_back(session);
  return all;
}

std::shared_ptr<Session> UplinkServer::Impl::find(uplink::SessionId id) const {
  const std::lock_guard lock(mutex);
  const auto at = sessions.find(id.value);
  return at == sessions.end() ? nullptr : at->second;
}

void UplinkServer::Impl::forget(uplink::SessionId id) {
  std::shared_ptr<Session> last;  // released after the lock
  {
    const std::lock_guard lock(mutex);
    const auto at = sessions.find(id.value);
    if (at == sessions.end()) return;
    last = std::move(at->second);
    sessions.erase(at);
  }
  woken.notify_all();
}

void UplinkServer::Impl::wait_for_room(uplink::SessionId id) {
  {
    const std::lock_guard lock(mutex);
    if (std::ranges::find(waiting, id) == waiting.end()) waiting.push_back(id);
  }
  woken.notify_all();
}

void UplinkServer::Impl::keep_house(const std::stop_token& stop) {
  std::int64_t check_at_ms = clock.monotonic_ms() + options.reauthorisation_ms;
  while (!stop.stop_requested()) {
    std::vector<uplink::SessionId> retry;
    {
      std::unique_lock lock(mutex);
      // Without waiting sessions only the next check of authorisations is due; with them, also their time-outs.
      woken.wait_for(lock, stop, waiting.empty() ? std::chrono::milliseconds(500) : room_poll,
                     [&] { return room && !waiting.empty(); });
      room = false;
      retry.swap(waiting);
    }
    for (const uplink::SessionId id : retry) {
      if (const auto session = find(id)) session->retry();
    }
    if (clock.monotonic_ms() >= check_at_ms) {
      check_authorisations();
      check_at_ms = clock.monotonic_ms() + options.reauthorisation_ms;
    }
  }
}

void UplinkServer::Impl::check_authorisations() {
  for (const auto& session : all_sessions()) {
    const Result<void> admitted = admit(session->peer());
    // A store that cannot answer now is no reason to throw a gateway out.
    if (admitted || admitted.error().code == ErrorCode::unavailable || admitted.error().code == ErrorCode::timed_out)
      continue;
    log::warning("rpc", "gateway no longer admitted; session ended",
                 {{"gateway", session->peer().gateway.value}, {"reason", admitted.error()}});
    session->end(admitted.error());
  }
  if (control != nullptr) control->review([this](const Peer& peer) { return admit(peer); });
}

// ---- UplinkServer ----

UplinkServer::UplinkServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<UplinkServer>> UplinkServer::start(uplink::BatchSink& sink, const Clock& clock,
                                                          Authorise authorise, Renew renew, UplinkServerOptions options,
                                                          ControlServer* control) {
  auto impl = std::make_shared<Impl>(sink, clock, std::move(authorise), std::move(renew), std::move(options), control);
  DUHENG_CHECK(impl->start());
  return std::unique_ptr<UplinkServer>(new UplinkServer(std::move(impl)));
}

UplinkServer::~UplinkServer() { stop(); }

void UplinkServer::stop() {
  {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->stopping) return;
    impl_->stopping = true;
  }
  for (const auto& session : impl_->all_sessions()) session->end({ErrorCode::unavailable, "the platform stops"});
  if (impl_->control != nullptr) impl_->control->close();
  impl_->server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(2));
  impl_->server->Wait();
  impl_->housekeeper.request_stop();
  impl_->housekeeper.join();
  std::unique_lock lock(impl_->mutex);
  impl_->woken.wait(lock, [&] { return impl_->sessions.empty(); });
}

int UplinkServer::port() const noexcept { return impl_->port; }

void UplinkServer::disconnect(GatewayId gateway, const std::string& reason) {
  for (const auto& session : impl_->all_sessions()) {
    if (session->peer().gateway == gateway) session->end({ErrorCode::forbidden, reason});
  }
  if (impl_->control != nullptr) impl_->control->disconnect(gateway, {ErrorCode::forbidden, reason});
}

std::vector<SessionInfo> UplinkServer::sessions() const {
  std::vector<SessionInfo> infos;
  for (const auto& session : impl_->all_sessions()) infos.push_back(session->info());
  return infos;
}

UplinkServerStatistics UplinkServer::statistics() const {
  const std::lock_guard lock(impl_->mutex);
  UplinkServerStatistics statistics = impl_->statistics;
  statistics.sessions_open = impl_->sessions.size();
  statistics.handshakes_failed = handshakes_failed();
  statistics.certificates_refused = *impl_->certificates_refused;
  return statistics;
}

void UplinkServer::committed(uplink::SessionId session, const uplink::EpochPosition& position) {
  if (const auto found = impl_->find(session)) found->committed(position);
}

void UplinkServer::refused(uplink::SessionId session, const uplink::Refusal& refusal) {
  if (const auto found = impl_->find(session)) found->refused(refusal);
}

void UplinkServer::room_available() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->room = true;
    if (impl_->waiting.empty()) return;
  }
  impl_->woken.notify_all();
}

}  // namespace duheng::rpc
