#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace duheng::gateway {

namespace tap_limits {
inline constexpr std::size_t taps_max = 10;
inline constexpr std::int64_t lifetime_ms_max = 15 * 60'000;
inline constexpr std::size_t events_max = 1'000;    ///< waiting, of one tap; the oldest go first and are counted
inline constexpr std::size_t bytes_max = 1U << 20;  ///< likewise
}  // namespace tap_limits

enum class TapKind : std::uint8_t { sent, received, answered, refused, timed_out, opened, closed };
/// As in control.proto, TraceEvent::kind.
[[nodiscard]] std::string_view to_string(TapKind kind) noexcept;

struct TapEvent {
  std::int64_t utc_ms = 0;
  TapKind kind = TapKind::sent;
  Bytes octets;            ///< secrets overwritten
  std::string device_uid;  ///< where it is known
  std::string channel;
  std::string note;
};

/// What goes over a line, while somebody looks: follows one device or one channel. Costs one test of a flag when nobody
/// follows. Pure; times are monotonic milliseconds. Thread: the gateway's loop alone.
class TapBoard {
 public:
  struct Subject {
    std::string device_uid;  ///< one of the two
    std::string channel;
  };
  /// Errors: already_exists - the number is in use; limit_exceeded - `taps_max` follow already; invalid_argument -
  /// neither or both subjects. Whether there is such a device or channel is the caller's to know.
  [[nodiscard]] Result<void> follow(std::uint64_t tap, Subject subject, std::int64_t lifetime_ms, std::int64_t now_ms);
  void stop(std::uint64_t tap);
  void stop_all();

  struct Taken {
    std::uint64_t tap = 0;
    std::vector<TapEvent> events;
    std::uint64_t dropped = 0;  ///< since the last take: the queue was full
  };
  /// What waits, oldest first, at most `events_max` for each tap; taps without news are left out.
  [[nodiscard]] std::vector<Taken> take(std::size_t events_max);
  /// Taps whose time is over since the last call; their last events were in take() before.
  [[nodiscard]] std::vector<std::uint64_t> take_ended(std::int64_t now_ms);

  [[nodiscard]] std::size_t size() const noexcept { return taps_.size(); }
  [[nodiscard]] bool active() const noexcept { return !taps_.empty(); }
  /// Whether anybody follows the channel, or the device on it (empty: not known).
  [[nodiscard]] bool follows(std::string_view channel, std::string_view device_uid) const;
  void note(const TapEvent& event);

 private:
  struct Tap {
    Subject subject;
    std::int64_t until_ms = 0;
    std::deque<TapEvent> waiting;
    std::size_t waiting_bytes = 0;
    std::uint64_t dropped = 0;
  };
  static bool matches(const Tap& tap, std::string_view channel, std::string_view device_uid);
  std::map<std::uint64_t, Tap> taps_;
};

}  // namespace duheng::gateway
