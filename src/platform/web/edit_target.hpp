#pragma once
#include "platform/edits/edit_service.hpp"
#include "platform/web/visibility.hpp"

namespace duheng::platform::web {

/// The one place that says whose values a caller may say something about.
[[nodiscard]] Result<EditTarget> edit_target_of(const ApiServices& services, const VisibleSeries& found);
/// As the device's model says; without a model by the quantity, which a unit of energy or volume tells.
[[nodiscard]] bool value_counts_up(const ApiServices& services, const EditTarget& target);

}  // namespace duheng::platform::web
