#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "base/random.hpp"
#include "link/backoff.hpp"
#include "rpc/control_messages.hpp"
#include "rpc/uplink_client.hpp"

namespace duheng::rpc {

struct ControlClientOptions {
  std::string address;      ///< host:port of the platform's gateway port
  std::string server_name;  ///< the name the platform's certificate must bear; empty: the host of `address`
  IdentityFiles identity;   ///< read anew at every connection, so that a renewed certificate needs no restart
  link::BackoffRule backoff{.first_ms = 500, .longest_ms = 60'000};
  std::int64_t welcome_timeout_ms = 15'000;
  std::int64_t stable_after_ms = 10'000;  ///< a session older than this resets the back-off
  std::int64_t keepalive_ms = 20'000;
  std::int64_t keepalive_timeout_ms = 10'000;
  std::size_t queued_messages_max = 5'000;               ///< beyond it send() says no
  std::size_t queued_bytes_max = std::size_t{16} << 20;  ///< likewise
};

struct ControlClientStatistics {
  bool online = false;
  std::uint64_t sessions = 0;
  std::uint64_t failures = 0;  ///< attempts and sessions that ended
  std::uint64_t messages_sent = 0;
  std::uint64_t messages_received = 0;
  std::int64_t platform_clock_offset_ms = 0;  ///< platform minus gateway, as the last welcome said
  std::string last_error;
};

/// The gateway's end of the control stream: connects, greets, comes back with back-off, for as long as it lives. Runs
/// one thread of its own, which alone calls the handlers and `random`. All calls are thread-safe.
class ControlClient {
 public:
  struct Handlers {
    std::function<control::GatewayHello()> hello;  ///< version and clock are filled in by the client
    std::function<void()> connected;               ///< welcomed: send() works from here on
    /// Never a PlatformWelcome. While it runs, the platform's next message waits on the way.
    std::function<void(control::FromPlatform)> received;
    std::function<void()> disconnected;  ///< after each `connected`
  };
  ControlClient(const Clock& clock, Disk& disk, Random& random, Handlers handlers, ControlClientOptions options);
  /// Ends the stream and joins the thread; `disconnected` comes first, if due.
  ~ControlClient();
  ControlClient(const ControlClient&) = delete;
  ControlClient& operator=(const ControlClient&) = delete;

  /// False when there is no session or the queue is full: nothing was taken. What was taken and not yet sent when a
  /// session ends is dropped: whatever must arrive is sent again in the next.
  [[nodiscard]] bool send(const control::FromGateway& message);
  [[nodiscard]] ControlClientStatistics statistics() const;

 private:
  struct Shell;
  std::unique_ptr<Shell> shell_;
};

}  // namespace duheng::rpc
