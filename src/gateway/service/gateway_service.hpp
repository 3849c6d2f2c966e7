#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "base/random.hpp"
#include "crypto/key_provider.hpp"
#include "gateway/plan/plan_desk.hpp"
#include "gateway/service/gateway_config.hpp"
#include "gateway/spool/spool.hpp"
#include "link/event_loop.hpp"
#include "uplink/batch_source.hpp"

namespace duheng::gateway {

/// What the uplink (wired in by the program, because it needs gRPC) tells the status page. Called on the loop.
struct UplinkHealth {
  bool enrolled = false;
  bool online = false;
  std::uint64_t batches_acknowledged = 0;
  std::uint64_t connections = 0;
  std::int64_t last_acknowledged_utc_ms = 0;
  std::string last_error;
};

/// The gateway's core with real channels, a real spool and a status port.
///
/// Threads: the loop (core, channels, status port) and one storage thread that alone appends to the spool and tidies
/// it, so that a slow disk never holds up the lines. The cost is one hand-over each way for every batch (some ten
/// microseconds).
class GatewayService {
 public:
  /// Takes the data directory, opens the spool, begins polling. `random` must be fit for several threads
  /// (SystemRandom). Errors: unavailable - another gateway has the directory, or the status port is taken; storage and
  /// key errors.
  [[nodiscard]] static Result<std::unique_ptr<GatewayService>> start(link::EventLoop& loop, Disk& disk,
                                                                     const Clock& clock, Random& random,
                                                                     GatewayConfig config);
  /// Stops polling, waits for the batch under way, joins the storage thread.
  ~GatewayService();
  GatewayService(const GatewayService&) = delete;
  GatewayService& operator=(const GatewayService&) = delete;

  [[nodiscard]] Spool& spool();
  /// The spool as the uplink sees it.
  [[nodiscard]] uplink::BatchSource& batch_source();
  /// At most a second old; any thread.
  [[nodiscard]] uplink::GatewayStatus uplink_status() const;
  /// Channels and devices that the platform adds. On the loop only.
  [[nodiscard]] PlanDesk& plan();

  // For the stream from the platform; on the loop only.
  [[nodiscard]] OrderDesk& orders();
  /// What waits at the traces; begin one with follow().
  [[nodiscard]] TapBoard& taps();
  /// Errors: as TapBoard::follow(); not_found - there is no such device or channel.
  [[nodiscard]] Result<void> follow(std::uint64_t tap, TapBoard::Subject subject, std::int64_t lifetime_ms);
  /// As GatewayCore::take_device_changes().
  [[nodiscard]] std::vector<GatewayCore::DeviceState> take_device_changes(std::size_t count_max);
  /// As GatewayCore::channel_timings(); the views end with the next call of any kind.
  [[nodiscard]] std::vector<GatewayCore::ChannelTiming> channel_timings() const;
  /// All of them are given again: a new session with the platform begins.
  void all_devices_changed();
  /// `restart` is called on the loop when an operator wants this gateway ended and begun anew; without it such orders
  /// are refused.
  void on_restart(std::function<void()> restart);
  void set_uplink_health(std::function<UplinkHealth()> health);
  [[nodiscard]] const GatewayConfig& config() const;
  [[nodiscard]] std::uint16_t http_port() const;
  /// Of the listeners for devices that call in, in the configuration's order.
  [[nodiscard]] std::vector<std::uint16_t> listener_ports() const;

 private:
  struct Impl;
  explicit GatewayService(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace duheng::gateway
