#include "rpc/tls_probe.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace duheng::rpc {

namespace {

using Moment = std::chrono::steady_clock::time_point;

class Socket {
 public:
  explicit Socket(int handle) : handle_(handle) {}
  Socket(Socket&& other) noexcept : handle_(std::exchange(other.handle_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (handle_ >= 0) ::close(handle_);
  }
  [[nodiscard]] int handle() const noexcept { return handle_; }

 private:
  int handle_;
};

Result<void> wait_for(int handle, short events, Moment deadline) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  pollfd entry{.fd = handle, .events = events, .revents = 0};
  const int ready = ::poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
  if (ready > 0) return {};
  if (ready < 0 && errno == EINTR) return wait_for(handle, events, deadline);
  return fail(ErrorCode::timed_out, "no answer in time");
}

Result<Socket> connect_to(const addrinfo& target, Moment deadline) {
  Socket socket(::socket(target.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.handle() < 0) return fail(ErrorCode::unavailable, std::strerror(errno));
  if (::connect(socket.handle(), target.ai_addr, target.ai_addrlen) != 0) {
    if (errno != EINPROGRESS) return fail(ErrorCode::unavailable, std::strerror(errno));
    DUHENG_CHECK(wait_for(socket.handle(), POLLOUT, deadline));
    int error = 0;
    socklen_t size = sizeof(error);
    ::getsockopt(socket.handle(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return fail(ErrorCode::unavailable, std::strerror(error));
  }
  return socket;
}

Result<Socket> connect_to(const HostAndPort& address, Moment deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &found); error != 0) {
    return fail(ErrorCode::unavailable, fmt::format("{}: {}", address.host, ::gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  Error last{ErrorCode::unavailable, "the name has no address"};
  for (const addrinfo* target = found; target != nullptr; target = target->ai_next) {
    Result<Socket> socket = connect_to(*target, deadline);
    if (socket) return socket;
    last = socket.error();
  }
  return std::unexpected(Error{last.code, fmt::format("{} port {}: {}", address.host, address.port, last.message)});
}

Result<std::string> chain_of(SSL* tls) {
  const STACK_OF(X509)* chain = SSL_get_peer_cert_chain(tls);
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> out(BIO_new(BIO_s_mem()), &BIO_free_all);
  for (int i = 0; chain != nullptr && i < sk_X509_num(chain); ++i)
    PEM_write_bio_X509(out.get(), sk_X509_value(chain, i));
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  if (size <= 0) return fail(ErrorCode::unavailable, "the server shows no certificate");
  return std::string(text, static_cast<std::size_t>(size));
}

}  // namespace

Result<HostAndPort> HostAndPort::parse(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == address.size()) {
    return fail(ErrorCode::invalid_argument, fmt::format("\"{}\" is not host:port", address));
  }
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return HostAndPort{std::move(host), address.substr(colon + 1)};
}

Result<std::string> fetch_server_chain(const std::string& address, std::int64_t timeout_ms) {
  const Moment deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  DUHENG_TRY(const HostAndPort target, HostAndPort::parse(address));
  DUHENG_TRY(const Socket socket, connect_to(target, deadline));
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  // The chain is judged by the caller, against the fingerprint in the code; until then the server is a stranger.
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  static constexpr unsigned char http2[] = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(context.get(), http2, sizeof(http2));
  const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context.get()), &SSL_free);
  SSL_set_fd(tls.get(), socket.handle());
  SSL_set_tlsext_host_name(tls.get(), target.host.c_str());
  while (true) {
    const int outcome = SSL_connect(tls.get());
    if (outcome == 1) break;
    const int reason = SSL_get_error(tls.get(), outcome);
    if (reason == SSL_ERROR_WANT_READ) {
      DUHENG_CHECK(wait_for(socket.handle(), POLLIN, deadline));
    } else if (reason == SSL_ERROR_WANT_WRITE) {
      DUHENG_CHECK(wait_for(socket.handle(), POLLOUT, deadline));
    } else {
      ERR_clear_error();
      return fail(ErrorCode::unavailable,
                  fmt::format("{} answers, but does not speak TLS as an enrolment port does", address));
    }
  }
  Result<std::string> chain = chain_of(tls.get());
  SSL_shutdown(tls.get());
  ERR_clear_error();
  return chain;
}

}  // namespace duheng::rpc
