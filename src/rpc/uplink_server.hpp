#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "crypto/x509.hpp"
#include "rpc/tls_files.hpp"
#include "uplink/batch_sink.hpp"
#include "uplink/session_answers.hpp"
#include "uplink/uplink_receiver.hpp"

namespace duheng::rpc {

class ControlServer;

struct UplinkServerOptions {
  std::string listen;  ///< "0.0.0.0:7443"; port 0: any free one, see port()
  ServerIdentity identity{};
  std::string trust_root{};  ///< PEM; client certificates must come from it
  uplink::ReceiverOptions receiver{};
  std::size_t sessions_max = 10'000;
  std::size_t memory_bytes_max = 512U << 20;   ///< of gRPC's buffers, all sessions together
  std::int64_t keepalive_ms = 20'000;          ///< a silent connection is asked for a sign of life
  std::int64_t keepalive_timeout_ms = 10'000;  ///< and dropped when there is none
  std::int64_t reauthorisation_ms = 30'000;    ///< sessions of revoked gateways and expired certificates end so soon
};

/// Who is at the other end, by the certificate it proved to own.
struct Peer {
  GatewayId gateway{};
  crypto::CertificateInfo certificate{};
  std::string address{};
};

struct SessionInfo {
  uplink::SessionId session{};
  GatewayId gateway{};
  std::string address{};
  std::int64_t connected_utc_ms = 0;
  std::int64_t last_message_utc_ms = 0;
  std::int64_t certificate_not_after_utc_ms = 0;
  std::string software_version{};
  std::optional<std::int64_t> clock_offset_ms{};  ///< gateway minus platform, from Hello; the way there included
  std::optional<uplink::GatewayStatus> status{};
};

struct UplinkServerStatistics {
  std::uint64_t sessions_open = 0;
  std::uint64_t sessions_accepted = 0;
  std::uint64_t refused_unauthorised = 0;  ///< certificate in order, gateway unknown, revoked or replaced
  std::uint64_t refused_too_many = 0;
  std::uint64_t superseded = 0;  ///< the same gateway connected a second time
  std::uint64_t protocol_violations = 0;
  std::uint64_t messages = 0;
  std::uint64_t messages_malformed = 0;
  std::uint64_t broken_off = 0;            ///< ended by the peer, the network, or a message beyond gRPC's limit
  std::uint64_t handshakes_failed = 0;     ///< in this process, all ports: no certificate, no TLS, nonsense
  std::uint64_t certificates_refused = 0;  ///< foreign authority, expired, not for clients
  std::uint64_t certificates_renewed = 0;
};

/// The platform's gateway port: gRPC with mutual TLS, one session per gateway. Callback-driven: sessions share gRPC's
/// few threads. All calls are thread-safe.
class UplinkServer final : public uplink::SessionAnswers {
 public:
  /// Whether a peer may be served. Called at connecting and every `reauthorisation_ms`, from gRPC's threads: be quick.
  using Authorise = std::function<Result<void>(const Peer&)>;
  /// Makes the next certificate of an authorised gateway. Empty: renewal is answered with "unsupported".
  using Renew = std::function<Result<crypto::CertificateInfo>(const Peer&, const std::string& request_pem,
                                                              std::string& chain_pem)>;

  /// `control`, if given, serves on the same port with the same admission; it must live longer.
  /// Errors: unavailable - the address cannot be used (the port is taken); invalid_argument - key or certificate.
  [[nodiscard]] static Result<std::unique_ptr<UplinkServer>> start(uplink::BatchSink& sink, const Clock& clock,
                                                                   Authorise authorise, Renew renew,
                                                                   UplinkServerOptions options,
                                                                   ControlServer* control = nullptr);
  /// Ends all sessions and waits for them.
  ~UplinkServer() override;

  [[nodiscard]] int port() const noexcept;
  void stop();
  /// Ends the session of a gateway at once, e.g. because it was revoked.
  void disconnect(GatewayId gateway, const std::string& reason);
  [[nodiscard]] std::vector<SessionInfo> sessions() const;
  [[nodiscard]] UplinkServerStatistics statistics() const;

  void committed(uplink::SessionId session, const uplink::EpochPosition& position) override;
  void refused(uplink::SessionId session, const uplink::Refusal& refusal) override;
  void room_available() override;

  struct Impl;

 private:
  explicit UplinkServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace duheng::rpc
