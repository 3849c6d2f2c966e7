#include "tools/process/http_get.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace duheng::tools {
namespace {

class Socket {
 public:
  Socket() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace

Result<HttpAnswer> http_get(std::uint16_t port, std::string_view path, int timeout_ms) {
  constexpr std::size_t answer_bytes_max = 16U << 20;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  const auto wait = [&](int descriptor, short events) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    pollfd entry{descriptor, events, 0};
    return left > 0 && ::poll(&entry, 1, static_cast<int>(left)) == 1;
  };
  const Socket socket;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto unavailable = [&] {
    return fail(ErrorCode::unavailable, fmt::format("127.0.0.1:{}: {}", port, std::strerror(errno)));
  };
  const auto timed_out = [&] {
    return fail(ErrorCode::timed_out, fmt::format("127.0.0.1:{}{} did not answer in time", port, path));
  };
  if (::connect(socket.descriptor(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS) {
    return unavailable();
  }
  if (!wait(socket.descriptor(), POLLOUT)) return timed_out();
  const std::string request = fmt::format("GET {} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n", path);
  if (::send(socket.descriptor(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    return unavailable();
  std::string answer;
  std::array<char, 65536> buffer{};
  for (;;) {
    if (!wait(socket.descriptor(), POLLIN)) return timed_out();
    const ssize_t got = ::recv(socket.descriptor(), buffer.data(), buffer.size(), 0);
    if (got == 0) break;
    if (got < 0) {
      if (errno == EAGAIN || errno == EINTR) continue;
      return unavailable();
    }
    answer.append(buffer.data(), static_cast<std::size_t>(got));
    if (answer.size() > answer_bytes_max) return fail(ErrorCode::limit_exceeded, "answer larger than 16 MiB");
  }
  const auto head_end = answer.find("\r\n\r\n");
  HttpAnswer out;
  const auto blank = answer.find(' ');
  if (!answer.starts_with("HTTP/") || head_end == std::string::npos || blank == std::string::npos ||
      std::from_chars(answer.data() + blank + 1, answer.data() + answer.size(), out.status).ec != std::errc{}) {
    return fail(ErrorCode::malformed, "not an HTTP answer");
  }
  out.body = answer.substr(head_end + 4);
  return out;
}

Result<double> metric_value(std::string_view metrics_text, std::string_view name) {
  double sum = 0;
  bool found = false;
  while (!metrics_text.empty()) {
    const auto end = metrics_text.find('\n');
    const auto line = metrics_text.substr(0, end);
    metrics_text.remove_prefix(end == std::string_view::npos ? metrics_text.size() : end + 1);
    if (!line.starts_with(name) || line.size() == name.size()) continue;
    if (line[name.size()] != ' ' && line[name.size()] != '{') continue;
    const auto blank = line.rfind(' ');
    sum += std::strtod(std::string{line.substr(blank + 1)}.c_str(), nullptr);
    found = true;
  }
  if (!found) return fail(ErrorCode::not_found, fmt::format("no metric {}", name));
  return sum;
}

}  // namespace duheng::tools
