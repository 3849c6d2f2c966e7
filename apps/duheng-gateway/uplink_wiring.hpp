#pragma once
#include <memory>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "base/random.hpp"
#include "gateway/service/gateway_service.hpp"
#include "link/event_loop.hpp"

namespace duheng {

/// Joins a gateway's spool to the platform: enrols once if the gateway has no certificate yet (on a thread of its own,
/// as often as it takes), then keeps the uplink. Polling goes on all the while. Made, used and destroyed on the loop.
class UplinkWiring {
 public:
  UplinkWiring(link::EventLoop& loop, Disk& disk, const Clock& clock, Random& random, gateway::GatewayService& service);
  ~UplinkWiring();
  UplinkWiring(const UplinkWiring&) = delete;
  UplinkWiring& operator=(const UplinkWiring&) = delete;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace duheng
