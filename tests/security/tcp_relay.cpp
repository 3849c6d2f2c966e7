#include "tcp_relay.hpp"

#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace duheng::security {
namespace {

constexpr int poll_ms = 50;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool send_all(int to, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(to, data, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

}  // namespace

TcpRelay::TcpRelay(std::uint16_t to_port) : to_port_(to_port), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, generic, &size) != 0)
    throw std::runtime_error("the relay cannot listen");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this] { accept_all(); });
}

TcpRelay::~TcpRelay() {
  stopping_ = true;
  acceptor_.join();
  carriers_.clear();
  ::close(listener_);
}

std::string TcpRelay::captured() const {
  const std::lock_guard lock(mutex_);
  std::string out;
  for (const std::string& piece : pieces_) out += piece;
  return out;
}

void TcpRelay::accept_all() {
  while (!stopping_) {
    pollfd waiting{listener_, POLLIN, 0};
    if (::poll(&waiting, 1, poll_ms) <= 0) continue;
    const int client = ::accept(listener_, nullptr, nullptr);
    if (client < 0) continue;
    const std::lock_guard lock(mutex_);
    carriers_.emplace_back([this, client] { carry(client); });
  }
}

/// Each direction is kept apart, so that what belongs together stands together.
void TcpRelay::carry(int client) {
  const int server = ::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = loopback(to_port_);
  bool open = ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  std::array<std::string, 2> seen;
  std::array<char, 65'536> buffer{};
  while (open && !stopping_) {
    std::array<pollfd, 2> ends{pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
    if (::poll(ends.data(), ends.size(), poll_ms) <= 0) continue;
    for (std::size_t from = 0; open && from < ends.size(); ++from) {
      if (ends[from].revents == 0) continue;
      const ssize_t size = ::recv(ends[from].fd, buffer.data(), buffer.size(), 0);
      open = size > 0 && send_all(ends[1 - from].fd, buffer.data(), static_cast<std::size_t>(size));
      if (size > 0) seen[from].append(buffer.data(), static_cast<std::size_t>(size));
    }
  }
  ::close(client);
  ::close(server);
  const std::lock_guard lock(mutex_);
  for (std::string& direction : seen) pieces_.push_back(std::move(direction));
}

}  // namespace duheng::security
