#include "tools/trace/platform_client.hpp"

#include <array>
#include <cctype>
#include <charconv>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <nlohmann/json.hpp>

namespace duheng::tools {
namespace {

constexpr std::size_t answer_bytes_max = 64U << 20;
constexpr std::string_view scheme = "https://";
constexpr std::string_view usual_port = "443";
constexpr int timeout_s = 60;

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeConnection {
  void operator()(BIO* connection) const { BIO_free_all(connection); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;
using Connection = std::unique_ptr<BIO, FreeConnection>;

std::unexpected<Error> unavailable(const std::string& what) {
  std::array<char, 256> reason{};
  const unsigned long code = ERR_peek_last_error();
  ERR_error_string_n(code, reason.data(), reason.size());
  ERR_clear_error();
  return fail(ErrorCode::unavailable, code == 0 ? what : fmt::format("{}: {}", what, reason.data()));
}

bool is_plain(char character) {
  return std::isalnum(static_cast<unsigned char>(character)) != 0 || std::string_view("-._~").contains(character);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& character : out) character = static_cast<char>(std::tolower(static_cast<unsigned char>(character)));
  return out;
}

/// Puts a chunked body together (RFC 9112, 7.1).
Result<std::string> unchunked(std::string_view text) {
  std::string body;
  while (true) {
    const std::size_t end = text.find("\r\n");
    const std::string_view head = text.substr(0, end);
    std::size_t size = 0;
    const auto parsed = std::from_chars(head.data(), head.data() + head.size(), size, 16);
    if (end == std::string_view::npos || parsed.ec != std::errc{} || text.size() - end - 2 < size)
      return fail(ErrorCode::malformed, "the platform's answer is cut short");
    if (size == 0) return body;
    body += text.substr(end + 2, size);
    text.remove_prefix(std::min(text.size(), end + 2 + size + 2));
  }
}

}  // namespace

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char character : text) {
    if (is_plain(character)) {
      out += character;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(character));
    }
  }
  return out;
}

Result<RawAnswer> parse_answer(std::string_view text) {
  const auto malformed = [] { return fail(ErrorCode::malformed, "this is no answer of a platform"); };
  const std::size_t head_end = text.find("\r\n\r\n");
  if (!text.starts_with("HTTP/1.1 ") || head_end == std::string_view::npos || head_end < 12) return malformed();
  RawAnswer answer;
  if (std::from_chars(text.data() + 9, text.data() + 12, answer.status).ec != std::errc{}) return malformed();
  std::string_view head = text.substr(0, head_end + 2);
  answer.body = text.substr(head_end + 4);
  head.remove_prefix(head.find("\r\n") + 2);
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string name = lower(line.substr(0, colon));
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "set-cookie" && answer.cookie.empty()) answer.cookie = value.substr(0, value.find(';'));
    if (name == "transfer-encoding" && lower(value).contains("chunked")) {
      DUHENG_TRY(answer.body, unchunked(answer.body));
    }
  }
  return answer;
}

struct PlatformClient::State {
  std::string host;
  std::string port;
  Context context;
  std::string cookie;

  Result<void> take_address(std::string_view url) {
    if (!url.starts_with(scheme)) return fail(ErrorCode::invalid_argument, "the address must begin with https://");
    url.remove_prefix(scheme.size());
    url = url.substr(0, url.find('/'));
    const std::size_t colon = url.rfind(':');
    host = url.substr(0, colon);
    port = colon == std::string_view::npos ? usual_port : url.substr(colon + 1);
    if (host.empty() || port.empty()) return fail(ErrorCode::invalid_argument, "the address names no host");
    return {};
  }
  Result<void> trust(const std::string& authority_file) {
    context.reset(SSL_CTX_new(TLS_client_method()));
    if (!context) return unavailable("TLS cannot be used");
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    const int trusted = authority_file.empty()
                            ? SSL_CTX_set_default_verify_paths(context.get())
                            : SSL_CTX_load_verify_locations(context.get(), authority_file.c_str(), nullptr);
    if (trusted != 1) return unavailable("the authorities to be trusted cannot be read");
    return {};
  }
  Result<Connection> connect() const {
    Connection connection(BIO_new_ssl_connect(context.get()));
    if (!connection) return unavailable("no connection can be made");
    BIO_set_conn_hostname(connection.get(), host.c_str());
    BIO_set_conn_port(connection.get(), port.c_str());
    SSL* tls = nullptr;
    BIO_get_ssl(connection.get(), &tls);
    SSL_set_tlsext_host_name(tls, host.c_str());
    // A certificate may name an address instead of a name.
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host.c_str()) != 1) SSL_set1_host(tls, host.c_str());
    if (BIO_do_connect(connection.get()) != 1) return unavailable(fmt::format("{}:{} cannot be reached", host, port));
    const timeval patience{timeout_s, 0};
    const int descriptor = static_cast<int>(BIO_get_fd(connection.get(), nullptr));
    (void)::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    return connection;
  }
  Result<RawAnswer> ask(std::string_view method, std::string_view target, std::string_view headers,
                        std::string_view body) const {
    DUHENG_TRY(const Connection connection, connect());
    const std::string request = fmt::format(
        "{} {} HTTP/1.1\r\nHost: {}:{}\r\nConnection: close\r\n{}{}Content-Length: {}\r\n\r\n{}", method, target, host,
        port, headers, cookie.empty() ? "" : fmt::format("Cookie: {}\r\n", cookie), body.size(), body);
    if (BIO_write(connection.get(), request.data(), static_cast<int>(request.size())) !=
        static_cast<int>(request.size()))
      return unavailable("the question could not be sent");
    std::string text;
    std::array<char, 16'384> part{};
    while (true) {
      const int size = BIO_read(connection.get(), part.data(), static_cast<int>(part.size()));
      if (size <= 0) break;
      text.append(part.data(), static_cast<std::size_t>(size));
      if (text.size() > answer_bytes_max) return fail(ErrorCode::limit_exceeded, "the platform's answer is too long");
    }
    ERR_clear_error();
    return parse_answer(text);
  }
};

PlatformClient::PlatformClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
PlatformClient::PlatformClient(PlatformClient&&) noexcept = default;
PlatformClient& PlatformClient::operator=(PlatformClient&&) noexcept = default;
PlatformClient::~PlatformClient() {
  if (state_ && !state_->cookie.empty()) (void)state_->ask("DELETE", "/api/v1/session", "X-Duheng-Request: 1\r\n", {});
}

Result<PlatformClient> PlatformClient::log_in(const PlatformAccess& access) {
  auto state = std::make_unique<State>();
  DUHENG_CHECK(state->take_address(access.url));
  DUHENG_CHECK(state->trust(access.authority_file));
  const std::string body = nlohmann::json{{"name", access.user}, {"password", access.password}}.dump();
  DUHENG_TRY(const RawAnswer answer,
             state->ask("POST", "/api/v1/session", "Content-Type: application/json\r\nX-Duheng-Request: 1\r\n", body));
  if (answer.status != 200 || answer.cookie.empty())
    return fail(ErrorCode::unauthenticated, fmt::format("the platform refused the login ({})", answer.status));
  state->cookie = answer.cookie;
  return PlatformClient(std::move(state));
}

Result<PlatformClient::Answer> PlatformClient::get(std::string_view target, std::string_view language) {
  DUHENG_TRY(RawAnswer answer, state_->ask("GET", target, fmt::format("Accept-Language: {}\r\n", language), {}));
  return Answer{answer.status, std::move(answer.body)};
}

}  // namespace duheng::tools
