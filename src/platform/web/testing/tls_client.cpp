#include "platform/web/testing/tls_client.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <csignal>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace duheng::platform::web::testing {
namespace {

std::string read_all(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

int connect_tcp(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval wait{10, 0};
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(socket);
    throw std::runtime_error("cannot connect");
  }
  return socket;
}

}  // namespace

CertificateAndKey make_certificate() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_sign(certificate, key, EVP_sha256());
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate);
  CertificateAndKey out;
  out.certificate_pem = read_all(bio);
  BIO_free(bio);
  bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  out.private_key_pem = read_all(bio);
  BIO_free(bio);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return out;
}

struct Client::Connection {
  int socket = -1;
  SSL_CTX* context = nullptr;
  SSL* tls = nullptr;
  ~Connection() {
    SSL_free(tls);
    SSL_CTX_free(context);
    if (socket >= 0) close(socket);
  }
};

Client::Client(std::uint16_t port) : connection_(std::make_unique<Connection>()), port_(port) {
  // A server that closes first is an answer as well. OpenSSL writes without MSG_NOSIGNAL, so the signal itself has to
  // go.
  static const auto ignored = std::signal(SIGPIPE, SIG_IGN);
  static_cast<void>(ignored);
  connection_->socket = connect_tcp(port);
}
Client::~Client() = default;

std::unique_ptr<Client> Client::connect_without_handshake(std::uint16_t port) {
  return std::unique_ptr<Client>(new Client(port));
}

std::unique_ptr<Client> Client::connect(std::uint16_t port, bool plain) {
  auto client = connect_without_handshake(port);
  if (plain) return client;
  Connection& connection = *client->connection_;
  connection.context = SSL_CTX_new(TLS_client_method());
  connection.tls = SSL_new(connection.context);
  SSL_set_fd(connection.tls, connection.socket);
  if (SSL_connect(connection.tls) != 1) {
    SSL_free(std::exchange(connection.tls, nullptr));
    return nullptr;
  }
  return client;
}

int Client::tls_version() const noexcept { return SSL_version(connection_->tls); }

bool Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const int sent = connection_->tls != nullptr
                         ? SSL_write(connection_->tls, bytes.data(), static_cast<int>(bytes.size()))
                         : static_cast<int>(::send(connection_->socket, bytes.data(), bytes.size(), MSG_NOSIGNAL));
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Client::read_more() {
  char buffer[16'384];
  const int got = connection_->tls != nullptr ? SSL_read(connection_->tls, buffer, sizeof buffer)
                                              : static_cast<int>(::recv(connection_->socket, buffer, sizeof buffer, 0));
  if (got <= 0) return false;
  input_.append(buffer, static_cast<std::size_t>(got));
  return true;
}

Answer Client::read_answer(bool head) {
  std::size_t end = 0;
  while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
    if (!read_more()) return {};
  }
  Answer answer;
  std::string_view text = std::string_view{input_}.substr(0, end + 2);
  answer.status = std::stoi(std::string{text.substr(9, 3)});
  text.remove_prefix(text.find("\r\n") + 2);
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find("\r\n"));
    text.remove_prefix(line.size() + 2);
    const std::size_t colon = line.find(": ");
    std::string name{line.substr(0, colon)};
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    std::string& value = answer.headers[name];
    if (!value.empty()) value += '\n';
    value += line.substr(colon + 2);
  }
  input_.erase(0, end + 4);
  const auto length = answer.headers.find("content-length");
  const std::size_t size = length == answer.headers.end() || head ? 0 : std::stoul(length->second);
  while (input_.size() < size) {
    if (!read_more()) return {};
  }
  answer.body = input_.substr(0, size);
  input_.erase(0, size);
  return answer;
}

Answer Client::request(std::string_view method, std::string_view target, std::string_view headers,
                       std::string_view body) {
  std::string text = std::string{method} + " " + std::string{target} +
                     " HTTP/1.1\r\nHost: localhost:" + std::to_string(port_) + "\r\n" + std::string{headers};
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  text += "\r\n" + std::string{body};
  if (!send(text)) return {};
  return read_answer(method == "HEAD");
}

bool Client::closed_within_ms(int ms) {
  timeval wait{ms / 1000, (ms % 1000) * 1000};
  setsockopt(connection_->socket, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  while (true) {
    char buffer[4096];
    const auto got = ::recv(connection_->socket, buffer, sizeof buffer, 0);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return true;
    if (got < 0) return false;
  }
}

Answer Client::upgrade(std::string_view target, std::string_view origin, std::string_view headers) {
  return request("GET", target,
                 "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: " +
                     std::string{origin} + "\r\n" + std::string{headers});
}

void Client::send_frame(int opcode, std::string_view payload, bool final, bool masked) {
  std::string frame;
  frame.push_back(static_cast<char>((final ? 0x80 : 0) | opcode));
  const char mask_bit = masked ? '\x80' : '\0';
  if (payload.size() < 126) {
    frame.push_back(static_cast<char>(mask_bit | static_cast<char>(payload.size())));
  } else {
    frame.push_back(static_cast<char>(mask_bit | 126));
    frame.push_back(static_cast<char>(payload.size() >> 8));
    frame.push_back(static_cast<char>(payload.size()));
  }
  const char mask[4] = {'\x12', '\x34', '\x56', '\x78'};
  if (masked) frame.append(mask, 4);
  for (std::size_t i = 0; i < payload.size(); ++i) {
    frame.push_back(masked ? static_cast<char>(payload[i] ^ mask[i % 4]) : payload[i]);
  }
  send(frame);
}

WebSocketFrame Client::read_frame() {
  const auto need = [&](std::size_t octets) {
    while (input_.size() < octets) {
      if (!read_more()) return false;
    }
    return true;
  };
  if (!need(2)) return {};
  WebSocketFrame frame;
  std::size_t length = static_cast<unsigned char>(input_[1]) & 0x7F;
  std::size_t header = 2;
  const std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (!need(2 + extra)) return {};
  if (extra > 0) {
    length = 0;
    for (std::size_t i = 0; i < extra; ++i) length = length << 8 | static_cast<unsigned char>(input_[2 + i]);
    header += extra;
  }
  if (!need(header + length)) return {};
  frame.opcode = static_cast<unsigned char>(input_[0]) & 0x0F;
  frame.payload = input_.substr(header, length);
  input_.erase(0, header + length);
  return frame;
}

WebSocketFrame Client::read_message() {
  while (true) {
    WebSocketFrame frame = read_frame();
    if (frame.opcode != 9) return frame;
  }
}

}  // namespace duheng::platform::web::testing
