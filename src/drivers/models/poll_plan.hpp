#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "drivers/models/device_model.hpp"
#include "model/field_plan.hpp"

namespace duheng::drivers {

/// Questions of one group that are asked at the same period.
struct PollRound {
  std::uint16_t group = 0;  ///< place in DeviceModel::groups
  std::int64_t interval_ms = 0;
  std::vector<std::uint16_t> questions;  ///< places in the group, rising
};

/// What of a device is asked how often. What one question reads is read together: of several periods wanted for its
/// registers the shortest holds. Immutable.
struct PollPlan {
  std::vector<PollRound> rounds;                     ///< by group, then in the order of their first questions
  std::vector<std::vector<std::uint16_t>> round_of;  ///< by group and question: place in `rounds`
};

/// Without `intervals`: the model's own periods.
/// Errors: not_found - the model has no such group, or the group no such register; invalid_argument - a period beyond
/// the group's bounds.
[[nodiscard]] Result<PollPlan> make_poll_plan(const DeviceModel& model, std::span<const FieldInterval> intervals = {});

/// The shortest period at which the register is read; nothing when no group holds it.
[[nodiscard]] std::optional<std::int64_t> interval_of(const PollPlan& plan, const DeviceModel& model,
                                                      std::string_view register_name);

}  // namespace duheng::drivers
