#pragma once
#include <memory>
#include <span>

#include "platform/live/live_hub.hpp"

namespace duheng::platform {

/// Feeds a LiveHub from a thread of its own, so that the committer never waits for it. When it cannot keep up, the
/// oldest batches are passed over: newer values are on their way, and telemetry has them all.
class LiveFeed {
 public:
  explicit LiveFeed(LiveHub& hub, std::size_t batches_max = 4'096);
  ~LiveFeed();
  LiveFeed(const LiveFeed&) = delete;
  LiveFeed& operator=(const LiveFeed&) = delete;

  /// The listener for IngestService. Copies handles, not bodies.
  void push(std::span<const CommittedBatch> batches);
  [[nodiscard]] std::uint64_t batches_skipped() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace duheng::platform
