#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "platform/web/http.hpp"

namespace duheng::platform::web {

/// Bounds of everything a client can make the server hold, and what happens beyond each.
struct HttpLimits {
  std::size_t connections_max = 2'000;     ///< more are closed at once
  std::size_t target_bytes_max = 4'096;    ///< 414
  std::size_t header_count_max = 64;       ///< 431
  std::size_t header_bytes_max = 8'192;    ///< of one name or value; 431
  std::size_t body_bytes_max = 16U << 20;  ///< 413; most routes take far less, see Router::Route
  /// Of all large requests together while they come in, beyond the first 128 KiB of each; 503. Bounds what peers that
  /// have not even logged in can make the server hold.
  std::size_t large_requests_bytes_max = 64U << 20;
  std::int64_t handshake_timeout_ms = 10'000;           ///< of TLS; closed
  std::int64_t request_timeout_ms = 20'000;             ///< from connecting, or the last answer, to the last octet; 408
  std::int64_t answer_timeout_ms = 60'000;              ///< for our own work; closed
  std::int64_t write_timeout_ms = 30'000;               ///< for a client that does not read; closed
  std::size_t websocket_message_bytes_max = 16U << 10;  ///< close 1009
  std::size_t websocket_pending_bytes_max = 1U << 20;   ///< for a client that does not read; closed
  std::int64_t websocket_idle_timeout_ms = 60'000;      ///< without any frame, pongs included; closed
};

struct HttpServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free one, see port()
  std::size_t io_threads = 2;
  HttpLimits limits;
  // TLS when both are given (PEM), plain HTTP when both are empty.
  std::string certificate_chain_pem;
  std::string private_key_pem;
};

/// HTTP/1.1 and WebSocket on one listening address; RESTinio over TLS 1.2 and 1.3 (or plain) inside. Thread-safe.
class HttpServer {
 public:
  /// Errors: already_exists - the port is taken; invalid_argument - address, certificate or key is unusable;
  /// storage_failed - the system refused. `handler` must outlive the server.
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>> start(const HttpServerOptions& options,
                                                                 HttpHandler& handler);
  virtual ~HttpServer() = default;

  [[nodiscard]] virtual std::uint16_t port() const noexcept = 0;
  [[nodiscard]] virtual std::size_t connections() const noexcept = 0;
  [[nodiscard]] virtual std::size_t websockets() const noexcept = 0;
  /// Takes no new connection; what runs goes on.
  virtual void stop_accepting() = 0;
  /// Closes WebSockets (1001), waits up to `drain_ms` for answers under way, then ends everything. Idempotent.
  virtual void stop(std::int64_t drain_ms) = 0;
};

}  // namespace duheng::platform::web
