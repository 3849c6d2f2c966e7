#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "platform/edits/edit_service.hpp"
#include "platform/points/metering_points.hpp"

namespace duheng::platform::web {

/// The body of editReadings; values become mantissas of the series' exponent. Errors: malformed - not such an object;
/// invalid_argument, limit_exceeded - naming the field.
[[nodiscard]] Result<EditCommand> parse_edit_request(std::string_view body, std::int8_t exponent);

struct EstimateRequest {
  EstimateCommand command;  ///< without counts_up; interval 0: the planned one
  bool is_preview = true;
  std::string reason;
  std::string fingerprint;
};
/// Errors: as parse_edit_request().
[[nodiscard]] Result<EstimateRequest> parse_estimate_request(std::string_view body);

/// What somebody decides about a value that a rule objects to.
struct FindingDecision {
  enum class Action : std::uint8_t { confirm, correct, estimate };
  Action action = Action::confirm;
  std::string reason;                              ///< may be empty in a preview
  std::optional<Decimal> value;                    ///< correct
  EstimateMethod method = EstimateMethod::linear;  ///< estimate
  bool is_preview = false;                         ///< estimate: tell the value, write nothing
};
/// Errors: as parse_edit_request().
[[nodiscard]] Result<FindingDecision> parse_finding_decision(std::string_view body);

struct PointRequest {
  PointDetails details;
  std::optional<PointInstallation> first;
};
/// Errors: as parse_edit_request().
[[nodiscard]] Result<PointRequest> parse_point_request(std::string_view body);

/// What happens at a point: an exchange, or nothing is there any more.
struct ExchangeRequest {
  std::int64_t at_utc_ms = 0;
  std::optional<PointInstallation> installation;  ///< nothing: the device is taken away
  std::vector<EndReading> ends;
  std::string reason;
};
/// Errors: as parse_edit_request().
[[nodiscard]] Result<ExchangeRequest> parse_exchange_request(std::string_view body);

}  // namespace duheng::platform::web
