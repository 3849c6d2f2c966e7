#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "link/event_loop.hpp"

namespace duheng::link {

/// What a channel tells its owner, always from the loop and never from inside a call of the owner.
struct ChannelHandlers {
  std::function<void()> opened;
  std::function<void(ByteView)> octets;      ///< the view ends with the call
  std::function<void(const Error&)> closed;  ///< once for each open() that failed or ended by itself
};

/// Moves octets and knows no meter. Not thread-safe: lives on its loop.
class Channel {
 public:
  virtual ~Channel() = default;
  virtual void set_handlers(ChannelHandlers handlers) = 0;
  /// Begins to open; `opened` or `closed` follows. Does nothing while open or opening.
  virtual void open() = 0;
  /// Ends it at once; no `closed` follows, for the owner knows. Octets not yet written are dropped.
  virtual void close() = 0;
  /// Ends it once everything queued is written; `closed` follows (code cancelled). For servers that answer and go.
  virtual void close_when_written() = 0;
  [[nodiscard]] virtual bool is_open() const = 0;
  /// Queues octets, in order. Errors: unavailable - not open; limit_exceeded - `write_queue_bytes_max` are waiting
  /// already, the peer does not read: close and open again.
  [[nodiscard]] virtual Result<void> write(ByteView octets) = 0;
  /// For logs: "tcp 127.0.0.1:7001", "serial /dev/ttyS0".
  [[nodiscard]] virtual std::string name() const = 0;

  static constexpr std::size_t write_queue_bytes_max = 256U << 10;
};

struct TcpEndpoint {
  std::string host;
  std::uint16_t port = 0;
  std::int64_t connect_timeout_ms = 5'000;
};
/// Dials out. A connection of a socket to itself (a loopback port that nobody serves) counts as refused.
[[nodiscard]] std::unique_ptr<Channel> make_tcp_client(EventLoop& loop, const TcpEndpoint& endpoint);

struct UdpEndpoint {
  std::string host;
  std::uint16_t port = 0;
};
/// Datagrams to and from one peer: each write() is one, each `octets` is one. Opening asks nobody: that the peer is
/// there shows only when it answers; when its machine says that nobody listens, `closed` follows.
[[nodiscard]] std::unique_ptr<Channel> make_udp_client(EventLoop& loop, const UdpEndpoint& endpoint);

enum class Parity : std::uint8_t { none, even, odd };
struct SerialSettings {
  std::string path;
  std::uint32_t baud = 2'400;    ///< DL/T 645-2007 starts at 2400; see serial_baud_supported()
  Parity parity = Parity::even;  ///< DL/T 645-2007: 8 data bits, even parity, 1 stop bit
  std::uint8_t stop_bits = 1;
};
[[nodiscard]] bool serial_baud_supported(std::uint32_t baud) noexcept;
/// A serial line in raw mode, taken for this process alone (TIOCEXCL); what the driver held from before is flushed. A
/// pseudo-terminal carries no parity and is taken without it.
[[nodiscard]] std::unique_ptr<Channel> make_serial(EventLoop& loop, const SerialSettings& settings);

/// Takes connections on a TCP port; each becomes an open channel. For the device side and for status pages.
class Listener {
 public:
  virtual ~Listener() = default;
  [[nodiscard]] virtual std::uint16_t port() const = 0;
};
/// `port` 0 lets the machine choose. Errors: unavailable - the address cannot be had, the message says why.
[[nodiscard]] Result<std::unique_ptr<Listener>> listen_tcp(EventLoop& loop, const std::string& address,
                                                           std::uint16_t port,
                                                           std::function<void(std::unique_ptr<Channel>)> accepted);

struct UdpListenOptions {
  std::size_t peers_max = 100'000;  ///< further peers' datagrams are dropped and counted
};
/// Takes datagrams on a UDP port; each peer (address and port) becomes an open channel with its first one. UDP tells of
/// no end: the owner closes peers that have been silent for too long.
class DatagramListener : public Listener {
 public:
  [[nodiscard]] virtual std::size_t peers() const = 0;
  [[nodiscard]] virtual std::uint64_t refused_datagrams() const = 0;
};
[[nodiscard]] Result<std::unique_ptr<DatagramListener>> listen_udp(
    EventLoop& loop, const std::string& address, std::uint16_t port, const UdpListenOptions& options,
    std::function<void(std::unique_ptr<Channel>)> accepted);

/// The device side of a serial line that exists only in this machine. Clients open path(); the kernel's packet mode
/// tells in order with the data when a client has opened the line afresh (it flushes), so that `reopened` is never
/// missed.
class PseudoTerminal {
 public:
  virtual ~PseudoTerminal() = default;
  [[nodiscard]] virtual const std::string& path() const = 0;
  /// At what the other side has set the line, in bit/s; 0: at nothing usual.
  [[nodiscard]] virtual std::uint32_t baud() const = 0;
  virtual void set_handlers(std::function<void(ByteView)> octets, std::function<void()> reopened) = 0;
  [[nodiscard]] virtual Result<void> write(ByteView octets) = 0;
};
/// Errors: unavailable - the machine gives no pseudo-terminal.
[[nodiscard]] Result<std::unique_ptr<PseudoTerminal>> open_pseudo_terminal(EventLoop& loop);

}  // namespace duheng::link
