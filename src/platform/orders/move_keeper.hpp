#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "model/field_order.hpp"
#include "platform/orders/job.hpp"
#include "store/records/database.hpp"

namespace duheng::platform {

/// Keeps how a device is reached when an order that changes it is done, so that its gateway's plan says the same.
class MoveKeeper {
 public:
  virtual ~MoveKeeper() = default;
  /// A command is done at a device. Within the transaction that stores the report. Returns the gateway whose plan has
  /// changed by it; 0: none. Errors: of the records; conflict - the place is another device's by now.
  [[nodiscard]] virtual Result<GatewayId> command_done(records::Transaction& t, DeviceId device,
                                                       std::string_view command,
                                                       std::span<const OrderArgument> arguments) = 0;
  /// All devices of the channel that the device is reached by, itself among them; nothing when it shares a channel with
  /// nobody, or that channel is not of a plan.
  [[nodiscard]] virtual Result<std::vector<JobTarget>> line_of(records::Transaction& t, DeviceId device) = 0;
  /// That transaction is committed.
  virtual void plan_changed(GatewayId gateway) = 0;
};

}  // namespace duheng::platform
