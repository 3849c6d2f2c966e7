#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/ids.hpp"
#include "rpc/control_messages.hpp"

namespace duheng::platform {

using TraceNumber = std::uint64_t;

struct TraceSubject {
  GatewayId gateway{};
  std::string device_uid;  ///< one of the two
  std::string channel;
};

/// Who looks. Called from the control stream's thread, or from whoever stops the trace: be quick, call nothing back.
class TraceSink {
 public:
  virtual ~TraceSink() = default;
  virtual void events(control::TraceEvents events) = 0;
  /// The last call: "time_over", "gateway_unreachable", or the gateway's own reason.
  virtual void ended(const std::string& reason) = 0;
};

/// What goes over a line in the field, for people who look at it now. Nothing is stored. Thread-safe.
class TraceDesk {
 public:
  struct Options {
    std::size_t per_gateway_max = 10;
    std::int64_t lifetime_ms = 15 * 60'000;
  };
  using Send = std::function<bool(GatewayId, const control::FromPlatform&)>;
  TraceDesk(const Clock& clock, Send send, const Options& options);
  TraceDesk(const Clock& clock, Send send) : TraceDesk(clock, std::move(send), Options{}) {}

  /// Errors: unavailable - the gateway is not connected; limit_exceeded - enough people look at this gateway;
  /// invalid_argument - neither or both of device and channel.
  [[nodiscard]] Result<TraceNumber> follow(const TraceSubject& subject, std::weak_ptr<TraceSink> sink);
  /// Nobody looks any more; the sink hears nothing of it. Nothing when there is no such trace.
  void stop(TraceNumber number);

  // What the gateways say.
  void received(GatewayId gateway, control::TraceEvents events);
  void ended(GatewayId gateway, const control::TraceEnded& ended);
  void disconnected(GatewayId gateway);
  /// Ends traces whose time is over, and those whose sink is gone; call once a second or so.
  void tick();

  [[nodiscard]] std::size_t open() const;

 private:
  struct Trace {
    TraceSubject subject;
    std::weak_ptr<TraceSink> sink;
    std::int64_t until_ms = 0;  ///< monotonic
  };
  const Clock& clock_;
  const Send send_;
  const Options options_;
  mutable std::mutex mutex_;  // guards what follows; never held while a sink or `send_` is called
  std::map<TraceNumber, Trace> traces_;
  TraceNumber next_ = 1;
};

}  // namespace duheng::platform
