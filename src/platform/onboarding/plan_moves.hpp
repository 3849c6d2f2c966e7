#pragma once
#include <memory>

#include "base/clock.hpp"
#include "platform/devices/devices.hpp"
#include "platform/onboarding/plan_book.hpp"
#include "platform/orders/move_keeper.hpp"

namespace duheng::drivers {
class ModelLibrary;
}

namespace duheng::platform {

/// A device that was given a new address or its line a new speed: its connection and its channel in the plan follow.
/// Thread-safe.
class PlanMoves final : public MoveKeeper {
 public:
  PlanMoves(const Clock& clock, Devices& devices, PlanBook& plans, std::shared_ptr<const drivers::ModelLibrary> models)
      : clock_(clock), devices_(devices), plans_(plans), models_(std::move(models)) {}
  [[nodiscard]] Result<GatewayId> command_done(records::Transaction& t, DeviceId device, std::string_view command,
                                               std::span<const OrderArgument> arguments) override;
  [[nodiscard]] Result<std::vector<JobTarget>> line_of(records::Transaction& t, DeviceId device) override;
  void plan_changed(GatewayId gateway) override;

 private:
  const Clock& clock_;
  Devices& devices_;
  PlanBook& plans_;
  std::shared_ptr<const drivers::ModelLibrary> models_;
};

}  // namespace duheng::platform
