#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace duheng::platform::web {

class WebSocketApplication;

enum class Method : std::uint8_t { get, head, post, put, patch, remove, options, other };
[[nodiscard]] std::string_view to_string(Method method) noexcept;

struct HttpHeader {
  std::string name;
  std::string value;
};

/// One request, whole: header and body have been read within the limits before anybody sees it.
struct HttpRequest {
  Method method = Method::other;
  std::string target;  ///< as sent, e.g. "/api/v1/devices?page=2"
  std::vector<HttpHeader> headers;
  std::string body;
  std::string remote_address;  ///< without the port
  bool secure = false;         ///< came over TLS

  /// The first header of that name (any case); empty when missing.
  [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
};

/// A body made while it is sent: for what is too large to be held whole.
class BodySource {
 public:
  virtual ~BodySource() = default;
  /// Known before, so that a client notices when the end is missing.
  [[nodiscard]] virtual std::uint64_t size_bytes() const noexcept = 0;
  /// The next part, best some hundred KiB; empty at the end. Asked for when the network has taken the part before, on a
  /// thread that may wait for the disk. After an error the connection is cut.
  [[nodiscard]] virtual Result<std::string> next() = 0;
};

struct HttpResponse {
  int status = 200;
  std::string content_type;  ///< empty: no body
  std::string body;
  /// Stands in for `body` when set: bytes that many responses share (static files).
  std::shared_ptr<const Bytes> shared_body;
  /// Stands in for both when set.
  std::shared_ptr<BodySource> streamed_body;
  std::vector<HttpHeader> headers;
  bool close_connection = false;
  /// When set, the connection becomes a WebSocket (RFC 6455) of this application and the rest is ignored.
  std::shared_ptr<WebSocketApplication> websocket;

  [[nodiscard]] std::uint64_t body_bytes() const noexcept {
    return streamed_body ? streamed_body->size_bytes() : shared_body ? shared_body->size() : body.size();
  }
};

[[nodiscard]] std::string_view reason_phrase(int status) noexcept;
/// ASCII letters compared without case.
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

/// Called once, from any thread. Copies share the one answer.
using Responder = std::function<void(HttpResponse)>;

/// Whoever answers requests. Called on an I/O thread: must not block; slow work goes elsewhere and answers later.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  virtual void handle(HttpRequest request, Responder respond) = 0;
  /// A request or connection that never became a request: "malformed", "target_too_large", "header_too_large",
  /// "body_too_large", "large_requests", "request_timeout", "handshake_failed", "handshake_timeout", "connections".
  virtual void refused(std::string_view reason) = 0;
};

/// The server's end of one WebSocket. Thread-safe; calls after the end do nothing.
class WebSocketPeer {
 public:
  virtual ~WebSocketPeer() = default;
  virtual void send_text(std::string text) = 0;
  /// Sends a close frame (RFC 6455, 7.4) and ends the connection when it is out, or after the write time-out.
  virtual void close(std::uint16_t code, std::string reason) = 0;
  /// Octets handed over and not yet taken by the network; a slow client shows here.
  [[nodiscard]] virtual std::size_t pending_bytes() const noexcept = 0;
};

/// What a WebSocket does. The calls of one connection never overlap; they come on an I/O thread and must not block.
class WebSocketApplication {
 public:
  virtual ~WebSocketApplication() = default;
  virtual void opened(std::shared_ptr<WebSocketPeer> peer) = 0;
  /// A whole text message within the size limit.
  virtual void received(std::string text) = 0;
  /// The last call, also when the peer vanished.
  virtual void closed() = 0;
};

}  // namespace duheng::platform::web
