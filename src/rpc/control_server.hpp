#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/ids.hpp"
#include "rpc/control_messages.hpp"

namespace duheng::rpc {

/// What the platform does with the gateways' control streams. All calls come from one thread of ControlServer, in the
/// order in which things happened; each gateway has one message on its way at most, so whoever is slow here slows the
/// gateways down and nothing piles up.
class ControlHandler {
 public:
  virtual ~ControlHandler() = default;
  /// A gateway's session has begun; from here on ControlServer::send() reaches it.
  virtual void connected(GatewayId gateway, const control::GatewayHello& hello) = 0;
  /// Never a GatewayHello.
  virtual void received(GatewayId gateway, control::FromGateway message) = 0;
  virtual void disconnected(GatewayId gateway) = 0;
  /// Nothing more waits at the moment: what came together may be stored together.
  virtual void rest() = 0;
};

struct ControlServerOptions {
  std::size_t sessions_max = 10'000;
  std::size_t queued_messages_max = 10'000;              ///< to one gateway; beyond it send() says no
  std::size_t queued_bytes_max = std::size_t{32} << 20;  ///< likewise
};

struct ControlServerStatistics {
  std::uint64_t sessions_open = 0;
  std::uint64_t sessions_begun = 0;
  std::uint64_t refused = 0;     ///< not admitted, or too many
  std::uint64_t superseded = 0;  ///< the same gateway connected a second time
  std::uint64_t messages_received = 0;
  std::uint64_t messages_sent = 0;
  std::uint64_t messages_malformed = 0;  ///< each ended its session
  std::uint64_t messages_not_taken = 0;  ///< send() found no session, or its queue full
};

class ControlService;

/// The platform's end of the control streams. Serves on the port of an UplinkServer, with its mutual TLS and its
/// judgement of who may connect: give it to UplinkServer::start(), which opens and closes it. All calls are
/// thread-safe.
class ControlServer {
 public:
  ControlServer(const Clock& clock, ControlHandler& handler, const ControlServerOptions& options = {});
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  /// False when the gateway is not connected or its queue is full: nothing was sent, and nothing will be. True: it is
  /// on its way, which is no promise that it arrives.
  [[nodiscard]] bool send(GatewayId gateway, const control::FromPlatform& message);
  [[nodiscard]] bool is_connected(GatewayId gateway) const;
  [[nodiscard]] ControlServerStatistics statistics() const;
  /// Ends every session; after it no call of the handler comes any more. UplinkServer::stop() must have come first.
  void stop();

  /// For UplinkServer.
  [[nodiscard]] ControlService& service() noexcept;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace duheng::rpc
