#pragma once
#include <string>
#include <string_view>

#include "platform/onboarding/gateway_sums.hpp"
#include "platform/web/order_requests.hpp"

namespace duheng::platform::web {

/// The body of changeProcessing. `rule` in JSON, to be read by drivers::parse_processing_rule(); empty: to be removed.
struct RuleRequest {
  std::vector<DeviceId> devices;
  std::optional<DeviceFilter> filter;
  std::string into;
  std::string rule;
  std::string reason;
};
/// Errors: as parse_job_request().
[[nodiscard]] Result<RuleRequest> parse_rule_request(std::string_view body);

/// The body of previewProcessing.
struct PreviewRequest {
  std::string rule;
  std::int64_t hours = 1;
};
/// Errors: as parse_job_request().
[[nodiscard]] Result<PreviewRequest> parse_preview_request(std::string_view body);

/// The body of setGatewaySum.
struct SumRequest {
  FieldSum sum;  ///< without members
  std::vector<DeviceId> devices;
  std::optional<DeviceFilter> filter;
  std::string reason;
};
/// Errors: as parse_job_request().
[[nodiscard]] Result<SumRequest> parse_sum_request(std::string_view body);
/// The body of removeGatewaySum, for sum.uid and reason.
[[nodiscard]] Result<SumRequest> parse_sum_removal(std::string_view body);

}  // namespace duheng::platform::web
