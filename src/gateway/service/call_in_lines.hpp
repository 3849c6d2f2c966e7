#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "gateway/call_in/call_in_desk.hpp"
#include "gateway/service/gateway_config.hpp"
#include "link/event_loop.hpp"

namespace duheng::gateway {

/// The sockets behind CallInDesk: listens, keeps unidentified connections, hands identified ones over.
class CallInLines {
 public:
  /// `taken` gets a connection that is a device's, as the core channel of the plan, without handlers yet.
  using Taken = std::function<void(std::uint32_t channel, std::unique_ptr<link::Channel> connection,
                                   const CallInEvidence& evidence)>;
  CallInLines(link::EventLoop& loop, const Clock& clock, Taken taken);
  ~CallInLines();
  CallInLines(const CallInLines&) = delete;
  CallInLines& operator=(const CallInLines&) = delete;

  /// Errors: unavailable - a port cannot be had.
  [[nodiscard]] Result<void> listen(const std::vector<ListenerConfig>& listeners,
                                    const std::vector<CallInPlace>& places);
  /// Of all listeners together.
  [[nodiscard]] CallInStatistics statistics() const;
  /// {"unknown_devices":[{"listener":…,"protocol":…,"address":…,"peer":…,"first_utc_ms":…,"last_utc_ms":…,"calls":…}]}
  [[nodiscard]] std::string unknown_devices_json() const;
  /// By the order of the configuration; for tests, and where port 0 was asked for.
  [[nodiscard]] std::vector<std::uint16_t> ports() const;

 private:
  struct Door;
  link::EventLoop& loop_;
  const Clock& clock_;
  Taken taken_;
  std::vector<std::shared_ptr<Door>> doors_;
};

}  // namespace duheng::gateway
