#pragma once
#include <memory>

#include "base/simulated_disk.hpp"
#include "crypto/key_provider.hpp"
#include "drivers/models/device_model.hpp"
#include "gateway/service/gateway_core.hpp"
#include "gateway/service/simulated_meters.hpp"
#include "gateway/service/uplink_source.hpp"
#include "gateway/spool/spool.hpp"
#include "tests/simulation/event_queue.hpp"
#include "tests/simulation/simulated_platform.hpp"
#include "uplink/uplink_sender.hpp"

namespace duheng::simulation {

/// A gateway program without its sockets: core, spool and uplink sender on a simulated disk, with links that take time
/// and break.
class Gateway final : private gateway::GatewayOutput {
 public:
  Gateway(EventQueue& queue, gateway::SimulatedMeters& meters, Platform& platform, GatewayId id,
          std::shared_ptr<const drivers::DeviceModel> model, std::uint64_t seed);
  ~Gateway() override;

  [[nodiscard]] bool running() const noexcept { return core_ != nullptr; }
  bool start();
  void crash(Random& random);
  /// As a technician does after replacing the program: everything but the spooled batches is new.
  void reinstall();
  void cut_uplink();
  void cut_bus(std::uint32_t bus);
  /// Until `time_ms` nothing reaches the other side; what is under way comes late.
  void hold_uplink_until(std::int64_t time_ms) { uplink_held_until_ms_ = time_ms; }
  void forbid_uplink_until(std::int64_t time_ms) { uplink_forbidden_until_ms_ = time_ms; }

  [[nodiscard]] bool drained() const;
  [[nodiscard]] SimulatedDisk& disk() noexcept { return disk_; }
  [[nodiscard]] NodeClock& clock() noexcept { return clock_; }
  [[nodiscard]] gateway::GatewayStatistics statistics() const {
    return core_ ? core_->statistics() : gateway::GatewayStatistics{};
  }
  [[nodiscard]] gateway::SpoolState spool_state() const { return spool_->state(); }
  [[nodiscard]] const std::string& last_error() const noexcept { return last_error_; }

 private:
  void open_channel(std::uint32_t channel) override;
  void close_channel(std::uint32_t channel) override;
  void send(std::uint32_t channel, ByteView octets) override;
  void store(ByteView body) override;

  void stop();
  void from_bus(std::uint32_t channel, Bytes octets);
  void wake_core();
  void pump_uplink();
  void to_platform(uplink::SessionRequest message);
  void from_platform(uplink::SessionResponse message);
  void uplink_dropped(std::string reason);
  [[nodiscard]] std::int64_t link_arrival_ms(std::int64_t& last_arrival_ms);

  EventQueue& queue_;
  gateway::SimulatedMeters& meters_;
  Platform& platform_;
  const GatewayId id_;
  std::shared_ptr<const drivers::DeviceModel> model_;
  NodeClock clock_;
  SeededRandom random_;
  SimulatedDisk disk_;
  std::unique_ptr<crypto::LocalKeyProvider> keys_;
  Generation generation_;          // of the running program
  Generation link_;                // of the connection to the platform
  std::vector<Generation> buses_;  // of each connection to a bus
  std::unique_ptr<gateway::Spool> spool_;
  std::unique_ptr<gateway::UplinkSource> source_;
  std::unique_ptr<gateway::GatewayCore> core_;
  std::unique_ptr<uplink::UplinkSender> sender_;
  std::optional<uplink::SessionId> session_;
  std::int64_t core_wake_ms_ = INT64_MAX;
  std::int64_t sender_wake_ms_ = INT64_MAX;
  std::int64_t last_up_ms_ = 0;
  std::int64_t last_down_ms_ = 0;
  std::int64_t uplink_held_until_ms_ = 0;
  std::int64_t uplink_forbidden_until_ms_ = 0;
  std::string last_error_;
};

}  // namespace duheng::simulation
