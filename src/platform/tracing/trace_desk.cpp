#include "platform/tracing/trace_desk.hpp"

#include <algorithm>
#include <utility>

namespace duheng::platform {

TraceDesk::TraceDesk(const Clock& clock, Send send, const Options& options)
    : clock_(clock),
      send_(std::move(send)),
      options_(options),
      // Gateways tell traces apart by number: those of a platform started anew must not meet the old ones.
      next_(static_cast<TraceNumber>(std::max<std::int64_t>(1, clock.utc_ms())) << 20) {}

Result<TraceNumber> TraceDesk::follow(const TraceSubject& subject, std::weak_ptr<TraceSink> sink) {
  if (subject.device_uid.empty() == subject.channel.empty())
    return fail(ErrorCode::invalid_argument, "a trace follows either a device or a channel");
  TraceNumber number = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto of_gateway = std::ranges::count_if(
        traces_, [&](const auto& entry) { return entry.second.subject.gateway == subject.gateway; });
    if (static_cast<std::size_t>(of_gateway) >= options_.per_gateway_max)
      return fail(ErrorCode::limit_exceeded, "enough people look at the lines of this gateway; try again later");
    number = next_++;
    traces_.emplace(number, Trace{subject, std::move(sink), clock_.monotonic_ms() + options_.lifetime_ms});
  }
  const control::TraceRequest request{number, subject.device_uid, subject.channel,
                                      static_cast<std::uint64_t>(options_.lifetime_ms)};
  if (send_(subject.gateway, request)) return number;
  const std::lock_guard lock(mutex_);
  traces_.erase(number);
  return fail(ErrorCode::unavailable, "the gateway is not connected");
}

void TraceDesk::stop(TraceNumber number) {
  GatewayId gateway;
  {
    const std::lock_guard lock(mutex_);
    const auto at = traces_.find(number);
    if (at == traces_.end()) return;
    gateway = at->second.subject.gateway;
    traces_.erase(at);
  }
  (void)send_(gateway, control::TraceStop{number});  // else its session is over, and the trace with it
}

void TraceDesk::received(GatewayId gateway, control::TraceEvents events) {
  std::shared_ptr<TraceSink> sink;
  bool is_known = false;
  {
    const std::lock_guard lock(mutex_);
    const auto at = traces_.find(events.trace);
    is_known = at != traces_.end() && at->second.subject.gateway == gateway;
    if (is_known) sink = at->second.sink.lock();
  }
  if (sink) return sink->events(std::move(events));
  if (is_known) return stop(events.trace);
  (void)send_(gateway, control::TraceStop{events.trace});  // of a platform before this one
}

void TraceDesk::ended(GatewayId gateway, const control::TraceEnded& ended) {
  std::shared_ptr<TraceSink> sink;
  {
    const std::lock_guard lock(mutex_);
    const auto at = traces_.find(ended.trace);
    if (at == traces_.end() || at->second.subject.gateway != gateway) return;
    sink = at->second.sink.lock();
    traces_.erase(at);
  }
  if (sink) sink->ended(ended.reason);
}

void TraceDesk::disconnected(GatewayId gateway) {
  std::vector<std::shared_ptr<TraceSink>> sinks;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(traces_, [&](const auto& entry) {
      if (entry.second.subject.gateway != gateway) return false;
      if (auto sink = entry.second.sink.lock()) sinks.push_back(std::move(sink));
      return true;
    });
  }
  for (const auto& sink : sinks) sink->ended("gateway_unreachable");
}

void TraceDesk::tick() {
  std::vector<std::pair<TraceNumber, std::shared_ptr<TraceSink>>> over;
  const std::int64_t now = clock_.monotonic_ms();
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, trace] : traces_) {
      auto sink = trace.sink.lock();
      if (!sink || now >= trace.until_ms) over.emplace_back(number, std::move(sink));
    }
  }
  for (const auto& [number, sink] : over) {
    stop(number);
    if (sink) sink->ended("time_over");
  }
}

std::size_t TraceDesk::open() const {
  const std::lock_guard lock(mutex_);
  return traces_.size();
}

}  // namespace duheng::platform
