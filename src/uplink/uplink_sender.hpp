#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "link/backoff.hpp"
#include "uplink/batch_source.hpp"
#include "uplink/messages.hpp"

namespace duheng::uplink {

struct SenderOptions {
  std::string software_version{};
  link::BackoffRule backoff{.first_ms = 500, .longest_ms = 60'000};
  std::int64_t welcome_timeout_ms = 15'000;  ///< from Connect to Welcome
  std::int64_t stall_timeout_ms = 30'000;    ///< batches under way, none acknowledged: connect anew
  std::int64_t status_interval_ms = 10'000;
  std::int64_t stable_after_ms = 10'000;     ///< a connection older than this resets the back-off even when idle
  std::int64_t source_retry_ms = 5'000;      ///< after the spool could not be read
  std::uint32_t window_batches_max = 1'024;  ///< our own ceilings; the platform's windows may be smaller
  std::uint64_t window_bytes_max = 32U << 20;
};

/// What the sender found worth telling; the shell logs it.
struct SenderNotice {
  log::Level level = log::Level::info;
  std::string text{};
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;
};

struct SenderStatistics {
  bool online = false;  ///< welcomed and not closed since
  std::uint64_t connections = 0;
  std::uint64_t connections_failed = 0;
  std::uint64_t batches_sent = 0;
  std::uint64_t batches_acknowledged = 0;
  std::uint64_t batches_under_way = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t gaps = 0;
  std::uint64_t throttled = 0;
  std::uint64_t epochs_stopped = 0;               ///< at present
  std::int64_t last_acknowledged_utc_ms = 0;      ///< our clock; 0 before the first
  std::int64_t platform_clock_offset_ms = 0;      ///< platform minus gateway, as the last Welcome said
  std::optional<std::int64_t> next_attempt_ms{};  ///< monotonic; while waiting
  std::string last_error{};
};

/// The gateway's end of a session as a pure state machine: time and events in, actions out. Not thread-safe.
///
/// The shell calls next() after every event, whenever it is able to send (one message at a time, so that the link's
/// back-pressure reaches the sender), and at wake_ms(); it does what the action says and reports what happens.
///
/// Older epochs go first. Sending starts where the platform says it stands and goes back when the platform does. An
/// epoch that the platform holds differently (hash_conflict), that is damaged or unacceptable is stopped with a notice,
/// its data kept; the others go on. It is tried again only when the platform's position of it has changed.
class UplinkSender {
 public:
  struct Connect {};
  struct Close {
    std::string reason{};
  };
  /// SendHello, SendBatch, SendStatus: hand the message to the link.
  using Action = std::variant<Connect, Hello, Batch, GatewayStatus, Close>;

  /// `status` fills in what the gateway knows of itself; called when a Status is due.
  UplinkSender(BatchSource& source, const Clock& clock, Random& random, SenderOptions options,
               std::function<GatewayStatus()> status);

  /// The link stands; Hello can be sent. Also right when a link cannot tell: Welcome is the proof that counts.
  void connected();
  void received(const SessionResponse& message);
  /// After Close, or when the link ended or could not be made.
  void disconnected(const Error& reason);
  /// New batches are durable in the source.
  void new_batch() { ranges_stale_ = true; }
  /// Ends for good: next() gives Close if a link stands, then nothing.
  void stop();

  /// What to do next. While the link takes nothing (`can_send` is false) only Connect and Close are given.
  [[nodiscard]] std::optional<Action> next(bool can_send = true);
  /// Monotonic milliseconds at which next() may give an action without an event; INT64_MAX for never.
  [[nodiscard]] std::int64_t wake_ms() const;

  [[nodiscard]] std::vector<SenderNotice> take_notices();
  [[nodiscard]] SenderStatistics statistics() const;

 private:
  enum class State : std::uint8_t { waiting, connecting, greeting, streaming, closing, stopped };
  struct Epoch {
    EpochRange range{};
    EpochPosition position{};  ///< what the platform holds
    std::uint64_t send_next = 0;
    std::uint64_t sent_end = 0;        ///< behind the last batch sent on this connection
    bool check_previous_hash = false;  ///< the next batch must follow position.last_hash
    unsigned fruitless_gaps = 0;
    std::optional<std::uint64_t> stopped_at{};  ///< platform's position when the epoch was stopped
    std::optional<std::uint64_t> malformed{};   ///< sequence refused as malformed; stopped until it is passed
  };
  struct UnderWay {
    std::uint64_t epoch = 0;
    std::uint64_t sequence = 0;
    std::uint64_t bytes = 0;
  };

  void on(const Welcome& welcome);
  void on(const Acknowledgement& acknowledgement);
  void on(const Refusal& refusal);
  void enter_position(Epoch& epoch, const EpochPosition& position);
  void rewind(Epoch& epoch);
  void forget_under_way(std::uint64_t epoch, std::uint64_t below_sequence);
  void stop_epoch(Epoch& epoch, std::uint64_t sequence, const std::string& reason);
  void refresh_ranges();
  [[nodiscard]] Epoch* find(std::uint64_t epoch);
  [[nodiscard]] std::optional<Action> next_streaming(std::int64_t now_ms, bool can_send);
  [[nodiscard]] std::optional<Action> next_batch(std::int64_t now_ms);
  [[nodiscard]] bool window_open() const;
  [[nodiscard]] Action close(std::string reason);
  [[nodiscard]] Hello hello();
  void notice(log::Level level, std::string text, std::uint64_t epoch = 0, std::uint64_t sequence = 0);

  BatchSource& source_;
  const Clock& clock_;
  Random& random_;
  SenderOptions options_;
  std::function<GatewayStatus()> status_;
  link::Backoff backoff_;

  State state_ = State::waiting;
  bool hello_sent_ = false;
  bool stopping_ = false;
  bool ranges_stale_ = true;
  std::optional<std::string> close_wanted_{};
  std::int64_t connect_at_ms_ = 0;
  std::int64_t deadline_ms_ = 0;
  std::int64_t connected_at_ms_ = 0;
  std::int64_t progress_at_ms_ = 0;
  std::int64_t status_at_ms_ = 0;
  std::int64_t paused_until_ms_ = 0;
  std::int64_t retry_floor_ms_ = 0;  ///< the platform asked to stay away at least so long
  std::uint32_t window_batches_ = 1;
  std::uint64_t window_bytes_ = 1;
  std::uint64_t batch_bytes_max_ = 0;
  std::vector<Epoch> epochs_{};  ///< oldest first
  std::deque<UnderWay> under_way_;
  std::uint64_t under_way_bytes_ = 0;
  std::vector<SenderNotice> notices_{};
  SenderStatistics statistics_;
};

}  // namespace duheng::uplink
