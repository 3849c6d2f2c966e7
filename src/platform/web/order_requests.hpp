#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/orders/job.hpp"
#include "platform/web/device_directory.hpp"

namespace duheng::platform::web {

struct DeviceFilter {
  std::string search;
  std::optional<DeviceState> state;
  std::string model;
  SiteId site;
  OrganisationId organisation;
  GatewayId gateway;
};

/// The body of createJob: which devices, either way, and what is asked of them.
struct JobRequest {
  NewJob job;  ///< without targets; may hold a password: never log one
  std::vector<DeviceId> devices;
  std::optional<DeviceFilter> filter;
};
/// Errors: malformed - not such an object; invalid_argument, limit_exceeded - naming the field.
[[nodiscard]] Result<JobRequest> parse_job_request(std::string_view body);
/// The body of changeSampling: which devices, and at which period what is read.
struct SamplingRequest {
  std::vector<DeviceId> devices;
  std::optional<DeviceFilter> filter;
  std::string group;
  std::string register_name;
  std::int64_t interval_ms = 0;
  std::string reason;
};
/// Errors: as parse_job_request().
[[nodiscard]] Result<SamplingRequest> parse_sampling_request(std::string_view body);
/// The body of restartGateway.
struct RestartRequest {
  std::string channel;  ///< only this one
  std::string reason;
};
/// Errors: as parse_job_request().
[[nodiscard]] Result<RestartRequest> parse_restart_request(std::string_view body);
/// Errors: as parse_job_request().
[[nodiscard]] Result<DeviceAccess> parse_device_access(std::string_view body);

}  // namespace duheng::platform::web
