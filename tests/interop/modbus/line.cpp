#include "interop/modbus/line.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pty.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

namespace duheng::interop {

namespace {

std::unexpected<Error> system_fault(const char* what) {
  return fail(ErrorCode::unavailable, std::string(what) + ": " + std::strerror(errno));
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool wait_readable(int descriptor, int timeout_ms) {
  pollfd one{descriptor, POLLIN, 0};
  return ::poll(&one, 1, timeout_ms) > 0;
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

Result<void> Line::write(ByteView octets) {
  while (!octets.empty()) {
    const auto written = ::write(descriptor_.number(), octets.data(), octets.size());
    if (written <= 0) return system_fault("write");
    octets = octets.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<Bytes> Line::read(int timeout_ms) {
  if (!wait_readable(descriptor_.number(), timeout_ms)) return Bytes{};
  Bytes octets(1024);
  const auto count = ::read(descriptor_.number(), octets.data(), octets.size());
  if (count <= 0) return fail(ErrorCode::unavailable, "the peer closed the line");
  octets.resize(static_cast<std::size_t>(count));
  return octets;
}

Result<Listener> listen_on_loopback() {
  Listener listener;
  listener.descriptor = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener.descriptor.number(), generic, size) != 0) return system_fault("bind");
  if (::listen(listener.descriptor.number(), 4) != 0) return system_fault("listen");
  if (::getsockname(listener.descriptor.number(), generic, &size) != 0) return system_fault("getsockname");
  listener.port = ntohs(address.sin_port);
  return listener;
}

Result<Line> accept_one(const Listener& listener) {
  if (!wait_readable(listener.descriptor.number(), step_timeout_ms)) {
    return fail(ErrorCode::timed_out, "nobody connected");
  }
  Descriptor accepted(::accept(listener.descriptor.number(), nullptr, nullptr));
  if (accepted.number() < 0) return system_fault("accept");
  return Line(std::move(accepted));
}

Result<Line> connect_to_loopback(std::uint16_t port) {
  constexpr int pause_ms = 20;
  for (int waited_ms = 0; waited_ms < step_timeout_ms; waited_ms += pause_ms) {
    Descriptor descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address = loopback(port);
    if (::connect(descriptor.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
      const int on = 1;
      ::setsockopt(descriptor.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return Line(std::move(descriptor));
    }
    ::poll(nullptr, 0, pause_ms);
  }
  return fail(ErrorCode::timed_out, "nobody listens on port " + std::to_string(port));
}

Result<PseudoTerminal> open_pseudo_terminal() {
  int master = -1;
  int slave = -1;
  char path[128] = {};
  termios raw{};
  ::cfmakeraw(&raw);
  ::cfsetspeed(&raw, B115200);
  raw.c_cflag |= CS8 | CREAD | CLOCAL;
  if (::openpty(&master, &slave, path, &raw, nullptr) != 0) return system_fault("openpty");
  ::fcntl(master, F_SETFD, FD_CLOEXEC);
  ::fcntl(slave, F_SETFD, FD_CLOEXEC);
  return PseudoTerminal{Descriptor(master), Descriptor(slave), path};
}

}  // namespace duheng::interop
