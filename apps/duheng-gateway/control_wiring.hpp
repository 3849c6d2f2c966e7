#pragma once
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "base/random.hpp"
#include "gateway/service/gateway_service.hpp"
#include "link/event_loop.hpp"
#include "rpc/control_client.hpp"

namespace duheng {

/// Joins a gateway's orders, plan, field state and taps to the platform's control stream. Made, used and destroyed on
/// the loop; the stream's own thread only posts to it.
class ControlWiring {
 public:
  ControlWiring(link::EventLoop& loop, Disk& disk, const Clock& clock, Random& random, gateway::GatewayService& service,
                rpc::ControlClientOptions options, std::string software_version);
  ~ControlWiring();
  ControlWiring(const ControlWiring&) = delete;
  ControlWiring& operator=(const ControlWiring&) = delete;

  [[nodiscard]] rpc::ControlClientStatistics statistics() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace duheng
