#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "model/field_plan.hpp"

namespace duheng::gateway {

/// The field as a plan changes it. What the gateway's own file names is not in reach.
class PlannedField {
 public:
  virtual ~PlannedField() = default;
  /// Errors: why it cannot be, for the operator.
  [[nodiscard]] virtual Result<void> add_channel(const FieldChannel& channel) = 0;
  virtual void remove_channel(std::string_view name) = 0;
  [[nodiscard]] virtual Result<void> add_device(const FieldDevice& device) = 0;
  virtual void remove_device(std::string_view uid) = 0;
  /// Of a device that is served: how often it is read, and nothing else, has changed. Errors: the model has no such
  /// group or register, or a period is out of bounds; it is read at the model's own periods then.
  [[nodiscard]] virtual Result<void> set_intervals(const FieldDevice& device) = 0;
  /// All rules for one device, in place of those it had; none: it has none any more. What is the same goes on
  /// undisturbed. Returns what cannot be; the other rules hold.
  [[nodiscard]] virtual std::vector<FieldPlanProblem> set_rules(std::string_view uid,
                                                                std::span<const FieldRule> rules) = 0;
  /// Adds the sum or puts it in the place of the one with its uid; the same one goes on undisturbed.
  /// Errors: why it cannot be; the one before it is removed then.
  [[nodiscard]] virtual Result<void> set_sum(const FieldSum& sum) = 0;
  virtual void remove_sum(std::string_view uid) = 0;
};

/// Brings a field from what it serves to what a plan says, in pieces of bounded time, and touches nothing that is the
/// same in both. What cannot be done is told and left out; the rest serves. A new plan may come at any time, also while
/// the last one is under way. Pure.
class PlanApplier {
 public:
  explicit PlanApplier(PlannedField& field) : field_(field) {}

  /// Errors: as check_field_plan(); nothing changes then.
  [[nodiscard]] Result<void> take(FieldPlan plan);
  /// Does at most `steps_max` changes; sums with many members count for more than one. False when nothing is left to
  /// do.
  bool advance(std::size_t steps_max);
  [[nodiscard]] bool busy() const noexcept { return next_ < steps_.size(); }

  [[nodiscard]] const FieldPlan& plan() const noexcept { return plan_; }
  /// Complete when busy() is false.
  [[nodiscard]] const std::vector<FieldPlanProblem>& problems() const noexcept { return problems_; }
  [[nodiscard]] std::size_t channels_served() const noexcept { return channels_.size(); }
  [[nodiscard]] std::size_t devices_served() const noexcept { return devices_.size(); }

 private:
  struct RemoveDevice {
    std::string uid;
  };
  struct RemoveChannel {
    std::string name;
  };
  struct AddChannel {
    std::size_t index;  // in plan_
  };
  struct AddDevice {
    std::size_t index;
  };
  struct SetIntervals {
    std::size_t index;
  };
  struct SetRules {
    std::string uid;
    std::size_t first;  // in plan_
    std::size_t count;
  };
  struct RemoveSum {
    std::string uid;
  };
  struct SetSum {
    std::size_t index;
  };
  using Step =
      std::variant<RemoveDevice, RemoveChannel, AddChannel, AddDevice, SetIntervals, SetRules, RemoveSum, SetSum>;
  void plan_steps();
  void take_step(const RemoveDevice& step);
  void take_step(const RemoveChannel& step);
  void take_step(const AddChannel& step);
  void take_step(const AddDevice& step);
  void take_step(const SetIntervals& step);
  void take_step(const SetRules& step);
  void take_step(const RemoveSum& step);
  void take_step(const SetSum& step);
  void plan_derivation();
  [[nodiscard]] std::size_t cost_of(const Step& step) const;
  void set_intervals(const FieldDevice& device);

  PlannedField& field_;
  FieldPlan plan_;
  std::vector<Step> steps_;
  std::size_t next_ = 0;
  std::vector<FieldPlanProblem> problems_;
  std::map<std::string, FieldChannel, std::less<>> channels_;  // served now
  std::map<std::string, FieldDevice, std::less<>> devices_;
  std::set<std::string, std::less<>> ruled_;  // devices that were given rules
  std::set<std::string, std::less<>> sums_;
};

}  // namespace duheng::gateway
