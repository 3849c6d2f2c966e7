#pragma once
#include "model/field_plan.hpp"

namespace duheng::platform {

/// How a gateway's last report is kept in the records.
[[nodiscard]] Bytes encode_plan_report(const FieldPlanReport& report);
/// Errors: malformed - nothing of ours; unsupported - of a later release.
[[nodiscard]] Result<FieldPlanReport> parse_plan_report(ByteView octets);

}  // namespace duheng::platform
