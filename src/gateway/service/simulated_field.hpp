#pragma once
#include <array>
#include <functional>
#include <queue>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "gateway/service/gateway_core.hpp"
#include "gateway/service/simulated_meters.hpp"

namespace duheng::gateway {

struct SimulatedFieldOptions {
  std::uint32_t channels = 4;
  std::uint32_t meters_per_channel = 5;
  bool serial_lines = false;         ///< shared lines: no connection ends, the session settles instead
  std::int64_t latency_ms_max = 30;  ///< one way, drawn for each message
  std::uint32_t answers_lost_per_mille = 0;
  std::uint32_t answers_spoiled_per_mille = 0;  ///< one octet changed; the ledger knows
  std::uint32_t answers_late_per_mille = 0;  ///< by up to 2.6 s: after the time-out, before the line counts as settled
  std::uint32_t connections_cut_per_mille = 0;  ///< of questions
  std::uint64_t seed = 1;
  std::int32_t clock_offset_ms = 0;  ///< of the meters
  /// Not 0: lines and meters are of a platform's plan, the lines serial ones of this speed, and the meters' programming
  /// keys are pressed. A meter that was told a speed hears no other.
  std::uint32_t planned_baud = 0;
};

/// SimulatedMeters, and lines that are slow, noisy and break, around a real GatewayCore, on a clock that jumps from
/// event to event: weeks in seconds, the same for the same seed. For tests and benchmarks.
class SimulatedField final : public GatewayOutput {
 public:
  SimulatedField(ManualClock& clock, device::LedgerWriter& ledger, SimulatedFieldOptions options);

  /// Channels and devices that fit this field.
  [[nodiscard]] CoreOptions core_options(const ModelLibrary& models) const;
  /// `store` makes a batch durable, at the moment it is called.
  void attach(GatewayCore& core, std::function<Result<void>(ByteView)> store);
  /// The gateway's process is gone: its connections end, what was on the way to it is lost.
  void detach();
  /// Until the clock shows `monotonic_ms`, or `stop` says so (asked after every event).
  void run_until_ms(std::int64_t monotonic_ms, const std::function<bool()>& stop = {});
  [[nodiscard]] const std::vector<SimulatedMeters::Meter>& meters() const noexcept { return meters_.meters(); }
  [[nodiscard]] std::uint64_t answers() const noexcept { return answers_; }

  void open_channel(std::uint32_t channel) override;
  void close_channel(std::uint32_t channel) override;
  void send(std::uint32_t channel, ByteView octets) override;
  void store(ByteView body) override;
  void set_format(std::uint32_t channel, const drivers::LineFormat& format) override {
    lines_[channel].baud = format.baud;
  }
  [[nodiscard]] std::uint32_t baud(std::uint32_t channel) const { return lines_[channel].baud; }

 private:
  enum class Kind : std::uint8_t { opened, closed, to_meters, to_gateway, store };
  struct Event {
    std::int64_t at_ms;
    std::uint64_t order;
    Kind kind;
    std::uint32_t channel;
    std::uint64_t connection;
    Bytes octets;
    friend bool operator>(const Event& a, const Event& b) noexcept {
      return a.at_ms != b.at_ms ? a.at_ms > b.at_ms : a.order > b.order;
    }
  };
  struct Line {
    std::uint64_t connection = 0;
    std::array<std::int64_t, 2> last_at_ms{};  // octets of one direction do not overtake one another
    bool open = false;
    std::uint32_t baud = 0;
  };
  void push(std::int64_t delay_ms, Kind kind, std::uint32_t channel, Bytes octets = {});
  void handle(Event& event);
  void answer_questions(std::uint32_t channel, ByteView octets);
  [[nodiscard]] bool chance(std::uint32_t per_mille) { return per_mille > 0 && random_.below(1'000) < per_mille; }

  ManualClock& clock_;
  SeededRandom random_;
  SimulatedFieldOptions options_;
  SimulatedMeters meters_;
  std::vector<Line> lines_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t order_ = 0;
  GatewayCore* core_ = nullptr;
  std::function<Result<void>(ByteView)> store_;
  ByteView storing_;
  std::uint64_t answers_ = 0;
};

}  // namespace duheng::gateway
