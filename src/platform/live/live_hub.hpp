#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "model/reading.hpp"
#include "platform/ingest/ingest_core.hpp"

namespace duheng::platform {

/// Who sends a device's readings; see Source in store/telemetry.
struct SourceKey {
  GatewayId gateway{};
  std::string device_uid{};
  friend auto operator<=>(const SourceKey&, const SourceKey&) = default;
};

/// The newest value of one register of one source.
struct LiveValue {
  std::string register_name{};
  std::string unit{};
  std::int8_t exponent = 0;
  SeriesKind kind = SeriesKind::decimal;
  std::int64_t mantissa = 0;
  std::int64_t time_utc_ms = 0;
  TimeSource time_source = TimeSource::gateway;
  Quality quality = Quality::good;
  std::int64_t received_utc_ms = 0;  ///< when its frame came to the gateway
  FrameReference frame{};
};

struct LiveUpdate {
  SourceKey source{};
  LiveValue value{};
};

/// How many readings became durable in the latest windows of ten seconds, by the platform's clock.
class RecentReadings {
 public:
  static constexpr std::int64_t window_ms = 10'000;

  void count(std::int64_t utc_ms) noexcept {
    Window& window = windows_[static_cast<std::size_t>(utc_ms / window_ms % 2)];
    if (window.number != utc_ms / window_ms) window = {utc_ms / window_ms, 0};
    ++window.readings;
  }
  /// Readings per second over the last whole window before `now_utc_ms`.
  [[nodiscard]] double per_second(std::int64_t now_utc_ms) const noexcept {
    const std::int64_t whole = now_utc_ms / window_ms - 1;
    if (whole < 0) return 0;
    const Window& window = windows_[static_cast<std::size_t>(whole % 2)];
    return window.number == whole ? static_cast<double>(window.readings) * 1'000.0 / window_ms : 0.0;
  }

 private:
  struct Window {
    std::int64_t number = -1;
    std::uint32_t readings = 0;
  };
  std::array<Window, 2> windows_{};  // by the window's number, even and odd
};

struct LastHeard {
  SourceKey source{};
  std::int64_t received_utc_ms = 0;  ///< of its latest frame with readings
  RecentReadings recent{};
};

namespace live_limits {
inline constexpr std::size_t sources_max = 200'000;
inline constexpr std::size_t registers_per_source_max = 256;
inline constexpr std::size_t registers_max = 4'096;  ///< different ones, all sources together
inline constexpr std::size_t subscription_sources_max = 1'000;
inline constexpr std::size_t subscription_updates_max =
    8'192;  ///< waiting; beyond it the oldest is dropped and counted
inline constexpr std::size_t subscriptions_max = 1'000;
}  // namespace live_limits

struct LiveStatistics {
  std::uint64_t sources = 0;
  std::uint64_t subscriptions = 0;
  std::uint64_t readings = 0;
  std::uint64_t updates_skipped = 0;  ///< replaced or dropped before their client took them
  std::uint64_t over_limit = 0;       ///< sources or registers beyond the limits: stored, but not live
};

class LiveHub;

/// What one client follows. Ends with the object, which must not outlive the hub. Thread-safe.
class LiveSubscription {
 public:
  ~LiveSubscription();
  LiveSubscription(const LiveSubscription&) = delete;
  LiveSubscription& operator=(const LiveSubscription&) = delete;

  struct Taken {
    std::vector<LiveUpdate> updates{};  ///< oldest first; of one register the newest only
    std::uint64_t skipped = 0;          ///< older values replaced since the last take()
  };
  /// At most `updates_max`; the rest waits.
  [[nodiscard]] Taken take(std::size_t updates_max);

 private:
  friend class LiveHub;
  struct State;
  LiveSubscription(LiveHub& hub, std::shared_ptr<State> state) : hub_(hub), state_(std::move(state)) {}
  LiveHub& hub_;
  std::shared_ptr<State> state_;
};

/// The newest values in memory, fed with what has just become durable. Derived and lossy by design: who needs
/// everything asks the telemetry store. Thread-safe.
class LiveHub {
 public:
  LiveHub();
  ~LiveHub();
  LiveHub(const LiveHub&) = delete;
  LiveHub& operator=(const LiveHub&) = delete;

  /// Batches as committed; unreadable ones are passed over.
  void update(std::span<const CommittedBatch> batches);

  /// Nothing when the source was not heard since this process started.
  [[nodiscard]] std::optional<std::int64_t> last_heard(const SourceKey& source) const;
  /// Sources heard after `change`; sets `change` so that the next call gives only what came since. Start with 0.
  [[nodiscard]] std::vector<LastHeard> heard_since(std::uint64_t& change) const;
  /// The newest value of each register; empty for a source not heard.
  [[nodiscard]] std::vector<LiveValue> latest(const SourceKey& source) const;

  /// Follows the sources given (also ones not heard yet). `notify` is called, from the feeding thread with nothing
  /// locked, when updates wait and none waited before: hand it on, do not take() in it. Errors: limit_exceeded - too
  /// many sources or subscriptions.
  [[nodiscard]] Result<std::unique_ptr<LiveSubscription>> subscribe(std::span<const SourceKey> sources,
                                                                    std::function<void()> notify);
  [[nodiscard]] LiveStatistics statistics() const;

 private:
  friend class LiveSubscription;
  void unsubscribe(const std::shared_ptr<LiveSubscription::State>& state);
  [[nodiscard]] LiveSubscription::Taken take(LiveSubscription::State& state, std::size_t updates_max);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace duheng::platform
