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
#include "model/field_plan.hpp"

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
  /// A device of the listener of that number, from now on and at any time.
  void expect(const CallInPlace& place);
  /// It is a stranger again; a call of it that was about to be taken is hung up on.
  void forget(const CallInPlace& place);
  /// Of all listeners together.
  [[nodiscard]] CallInStatistics statistics() const;
  /// {"unknown_devices":[{"listener":…,"protocol":…,"address":…,"peer":…,"first_utc_ms":…,"last_utc_ms":…,"calls":…}]}
  [[nodiscard]] std::string unknown_devices_json() const;
  /// Of all listeners, the newest call first, at most `count_max`.
  [[nodiscard]] std::vector<FieldUnknownDevice> unknown_devices(std::size_t count_max) const;
  /// Grows whenever unknown_devices() changes.
  [[nodiscard]] std::uint64_t unknown_revision() const;
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
