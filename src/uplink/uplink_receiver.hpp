#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "uplink/batch_sink.hpp"
#include "uplink/messages.hpp"

namespace duheng::uplink {

struct ReceiverOptions {
  std::uint32_t window_batches = 256;
  std::uint64_t window_bytes = 16U << 20;
  std::uint64_t batch_bytes_max = 4U << 20;
  std::int64_t throttle_after_ms = 2'000;  ///< a batch that finds no room for so long is refused as throttled
  std::uint64_t throttle_pause_ms = 1'000;
  std::size_t epochs_max = 1'024;  ///< of one Hello
};

/// The platform's end of one session as a pure state machine. Not thread-safe.
///
/// The shell reads the next message only while wants_message() says so; it sends what next_response() gives, in order;
/// it ends the session when failure() is set. While waits_for_room() holds it calls retry() now and then.
class UplinkReceiver {
 public:
  UplinkReceiver(BatchSink& sink, const Clock& clock, GatewayId gateway, SessionId session, ReceiverOptions options);

  void received(SessionRequest message);
  /// Offers the batch that found no room again.
  void retry();
  /// Batches of this session up to the position are durable.
  void committed(const EpochPosition& position);
  /// A queued batch was not taken.
  void refused(const Refusal& refusal);

  [[nodiscard]] bool wants_message() const noexcept { return !held_ && !failure_ && responses_.size() < responses_max; }
  [[nodiscard]] bool waits_for_room() const noexcept { return held_.has_value() && !failure_; }
  [[nodiscard]] std::optional<SessionResponse> next_response();
  /// Why the session must end: the peer does not keep to the protocol.
  [[nodiscard]] const std::optional<Error>& failure() const noexcept { return failure_; }

  [[nodiscard]] GatewayId gateway() const noexcept { return gateway_; }
  [[nodiscard]] SessionId session() const noexcept { return session_; }
  [[nodiscard]] const std::optional<Hello>& hello() const noexcept { return hello_; }
  /// The latest Status, and when it came.
  struct Heard {
    GatewayStatus status{};
    std::int64_t received_utc_ms = 0;
  };
  [[nodiscard]] const std::optional<Heard>& status() const noexcept { return status_; }

 private:
  static constexpr std::size_t responses_max = 4'096;
  struct UnderWay {
    std::uint64_t epoch = 0;
    std::uint64_t sequence = 0;
    std::uint64_t bytes = 0;
  };

  void on(Hello&& hello);
  void on(Batch&& batch);
  void on(GatewayStatus&& status);
  void offer(const Batch& batch);
  void acknowledge(const EpochPosition& position);
  void refuse(const Refusal& refusal);
  void settle(std::uint64_t epoch, std::uint64_t below_sequence);
  void fail_with(ErrorCode code, std::string message) { failure_ = Error{code, std::move(message)}; }

  BatchSink& sink_;
  const Clock& clock_;
  const GatewayId gateway_;
  const SessionId session_;
  const ReceiverOptions options_;
  std::optional<Hello> hello_;
  std::optional<Heard> status_;
  std::optional<Error> failure_;
  std::optional<Batch> held_;  ///< found no room
  std::int64_t held_since_ms_ = 0;
  std::deque<SessionResponse> responses_;
  std::deque<UnderWay> under_way_;
  std::uint64_t under_way_bytes_ = 0;
  /// Epochs whose last batches were refused: what follows in the window falls into the same gap and is passed over in
  /// silence until the sender has gone back.
  struct Skipping {
    std::uint64_t epoch = 0;
    std::uint64_t from_sequence = 0;
  };
  std::vector<Skipping> skipping_{};
};

}  // namespace duheng::uplink
