#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "platform/web/http.hpp"

namespace duheng::platform::web::websocket {

/// RFC 6455, 5.2.
enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// RFC 6455, 7.4.1.
namespace close_code {
inline constexpr std::uint16_t normal = 1000;
inline constexpr std::uint16_t going_away = 1001;
inline constexpr std::uint16_t protocol_error = 1002;
inline constexpr std::uint16_t unsupported_data = 1003;
inline constexpr std::uint16_t no_status = 1005;  ///< never sent
inline constexpr std::uint16_t invalid_payload = 1007;
inline constexpr std::uint16_t policy_violation = 1008;
inline constexpr std::uint16_t too_large = 1009;
inline constexpr std::uint16_t internal_error = 1011;
}  // namespace close_code

/// What came from a client.
struct Event {
  enum class Kind : std::uint8_t {
    text,       ///< a whole message in `payload`
    ping,       ///< answer with a pong of the same payload
    pong,       ///< nothing to do
    close,      ///< the client ends with `code`; answer with a close frame and disconnect
    violation,  ///< answer with a close frame of `code` (reason in `payload`) and disconnect
  };
  Kind kind = Kind::violation;
  std::string payload;
  std::uint16_t code = 0;
};

/// Takes the octets a client sends apart into events. Sans-I/O; holds at most one message of `message_bytes_max` octets
/// (a longer one is a violation as soon as a header announces it, before anything is stored).
class Reader {
 public:
  explicit Reader(std::size_t message_bytes_max) : message_bytes_max_(message_bytes_max) {}
  /// After a close or a violation the rest is ignored.
  void feed(ByteView octets, const std::function<void(Event)>& on_event);
  [[nodiscard]] bool ended() const noexcept { return ended_; }

 private:
  struct FrameHeader;
  void header_octet(std::uint8_t octet, const std::function<void(Event)>& on_event);
  void header_complete(const std::function<void(Event)>& on_event);
  void frame_complete(const std::function<void(Event)>& on_event);
  void control_complete(const std::function<void(Event)>& on_event);
  void violation(std::uint16_t code, std::string reason, const std::function<void(Event)>& on_event);

  std::size_t message_bytes_max_;
  std::uint8_t header_[14] = {};
  std::size_t header_bytes_ = 0;
  std::size_t header_bytes_needed_ = 2;
  bool in_payload_ = false;
  bool ended_ = false;
  bool final_ = false;
  bool message_open_ = false;
  Opcode opcode_ = Opcode::continuation;
  std::uint8_t mask_[4] = {};
  std::uint64_t payload_bytes_ = 0;
  std::uint64_t payload_taken_ = 0;
  std::string message_;
  std::string control_;
};

/// A server's frame: unmasked, not fragmented.
[[nodiscard]] std::string frame(Opcode opcode, std::string_view payload);
[[nodiscard]] std::string close_frame(std::uint16_t code, std::string_view reason);

/// Sec-WebSocket-Accept for a client's key (RFC 6455, 4.2.2).
[[nodiscard]] std::string accept_value(std::string_view client_key);
/// Whether the request is a WebSocket handshake (RFC 6455, 4.2.1). Errors: unsupported - another version (answer 426);
/// malformed - not one at all.
[[nodiscard]] Result<void> check_handshake(const HttpRequest& request);

}  // namespace duheng::platform::web::websocket
