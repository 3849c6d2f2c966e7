#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace duheng::platform::web::testing {

/// A self-made certificate for loopback, good for one hour. For tests of the transport only.
struct CertificateAndKey {
  std::string certificate_pem;
  std::string private_key_pem;
};
[[nodiscard]] CertificateAndKey make_certificate();

struct Answer {
  int status = 0;                              ///< 0: the connection ended without an answer
  std::map<std::string, std::string> headers;  ///< names in lower case; several of one name joined by "\n"
  std::string body;
  [[nodiscard]] std::string header(const std::string& lower_case_name) const {
    const auto it = headers.find(lower_case_name);
    return it == headers.end() ? std::string{} : it->second;
  }
};

struct WebSocketFrame {
  int opcode = -1;  ///< -1: the connection ended
  std::string payload;
  /// Of a close frame; 0 when it has none.
  [[nodiscard]] int close_code() const noexcept {
    return payload.size() < 2 ? 0
                              : (static_cast<unsigned char>(payload[0]) << 8) | static_cast<unsigned char>(payload[1]);
  }
};

/// A blocking client that can do what no decent client does: send any bytes, slowly, or stop halfway. Every wait ends
/// after ten seconds.
class Client {
 public:
  /// Connects over TCP and, unless `plain`, does the TLS handshake (the certificate is not verified).
  [[nodiscard]] static std::unique_ptr<Client> connect(std::uint16_t port, bool plain = false);
  /// TCP only, although the server expects TLS.
  [[nodiscard]] static std::unique_ptr<Client> connect_without_handshake(std::uint16_t port);
  ~Client();

  /// False when the connection is gone.
  bool send(std::string_view bytes);
  /// Reads one answer. `head`: no body follows.
  [[nodiscard]] Answer read_answer(bool head = false);
  [[nodiscard]] Answer request(std::string_view method, std::string_view target, std::string_view headers = {},
                               std::string_view body = {});
  /// True when the server closed within the time.
  [[nodiscard]] bool closed_within_ms(int ms);

  /// The handshake of RFC 6455; the status is 101 when it worked.
  [[nodiscard]] Answer upgrade(std::string_view target, std::string_view origin, std::string_view headers = {});
  void send_frame(int opcode, std::string_view payload, bool final = true, bool masked = true);
  [[nodiscard]] WebSocketFrame read_frame();
  /// The next frame that is not a ping.
  [[nodiscard]] WebSocketFrame read_message();
  [[nodiscard]] int tls_version() const noexcept;
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  struct Connection;
  explicit Client(std::uint16_t port);
  bool read_more();
  std::unique_ptr<Connection> connection_;
  std::uint16_t port_;
  std::string input_;
};

}  // namespace duheng::platform::web::testing
