#pragma once
#include <functional>
#include <vector>

#include "model/field_plan.hpp"

namespace duheng::gateway {

/// Where the stream from the platform hands plans in, and what it tells the platform of the field.
/// GatewayService::plan() is one. Thread: the gateway's loop alone.
class PlanDesk {
 public:
  virtual ~PlanDesk() = default;
  /// Takes the place of whatever was in force or under way. What does not change is not disturbed. Done in pieces:
  /// on_report() tells when the gateway stands as the plan says.
  virtual void take(FieldPlan plan) = 0;
  /// Version and hash are those of the last plan that the gateway stands by: for the greeting, too.
  [[nodiscard]] virtual FieldPlanReport report() const = 0;
  [[nodiscard]] virtual std::vector<FieldUnknownDevice> unknown_devices() const = 0;
  /// `changed` is called on the loop when report() has something new: a plan is in force, a channel opened or closed.
  /// At most once a second.
  virtual void on_report(std::function<void()> changed) = 0;
  /// Likewise of unknown_devices().
  virtual void on_unknown(std::function<void()> changed) = 0;
};

}  // namespace duheng::gateway
