#pragma once
#include <map>
#include <string>
#include <string_view>

#include "platform/orders/operation_log.hpp"
#include "platform/web/api_services.hpp"
#include "platform/web/router.hpp"

namespace duheng::platform::web {

// Each adds the routes of one feature of api/openapi.yaml; handlers keep a reference to `services`.
void add_session_routes(Router& router, ApiServices& services);
void add_overview_routes(Router& router, ApiServices& services);
void add_device_routes(Router& router, ApiServices& services);
void add_series_routes(Router& router, ApiServices& services);
void add_frame_routes(Router& router, ApiServices& services);
void add_figure_routes(Router& router, ApiServices& services);
void add_source_routes(Router& router, ApiServices& services);
void add_organisation_routes(Router& router, ApiServices& services);
void add_gateway_routes(Router& router, ApiServices& services);
void add_status_routes(Router& router, ApiServices& services);
void add_storage_routes(Router& router, ApiServices& services);
void add_analyser_routes(Router& router, ApiServices& services);
void add_model_routes(Router& router, ApiServices& services);
void add_onboarding_routes(Router& router, ApiServices& services);
void add_import_routes(Router& router, ApiServices& services);
void add_backup_routes(Router& router, ApiServices& services);
void add_export_routes(Router& router, ApiServices& services);
void add_edit_routes(Router& router, ApiServices& services);
void add_edit_review_routes(Router& router, ApiServices& services);
void add_completeness_routes(Router& router, ApiServices& services);
void add_point_routes(Router& router, ApiServices& services);
void add_tariff_routes(Router& router, ApiServices& services);
void add_consumption_routes(Router& router, ApiServices& services);
void add_aggregate_routes(Router& router, ApiServices& services);
void add_fleet_routes(Router& router, ApiServices& services);
void add_order_routes(Router& router, ApiServices& services);
void add_sampling_routes(Router& router, ApiServices& services);
void add_processing_routes(Router& router, ApiServices& services);
void add_sum_routes(Router& router, ApiServices& services);
void add_maintenance_routes(Router& router, ApiServices& services);
void add_alarm_routes(Router& router, ApiServices& services);
void add_operation_routes(Router& router, ApiServices& services);
void add_guard_routes(Router& router, ApiServices& services);
void add_equipment_routes(Router& router, ApiServices& services);
void add_sensor_routes(Router& router, ApiServices& services);
void add_condition_routes(Router& router, ApiServices& services);

/// All of them; the live socket adds its own (LiveService::add_routes).
[[nodiscard]] Router make_router(ApiServices& services);

struct LogIn {
  std::string name;
  std::string password;
};
/// Reads the body of a login. Errors: malformed - not such an object; invalid_argument - a text is too long.
[[nodiscard]] Result<LogIn> parse_log_in(std::string_view body);

struct PasswordChange {
  std::string old_password;
  std::string new_password;
};
/// Reads the body of a change of password. Errors: as parse_log_in().
[[nodiscard]] Result<PasswordChange> parse_password_change(std::string_view body);

struct AnalysisQuestion {
  std::string text;
  std::string protocol;
  bool is_apdu = false;
};
/// Reads the body of an analysis. Errors: malformed - not such an object.
[[nodiscard]] Result<AnalysisQuestion> parse_analysis_question(std::string_view body);

/// Which frame to make. May hold a password: never log one.
struct FrameOrder {
  std::string protocol;
  std::string kind;
  std::map<std::string, std::string, std::less<>> parameters;
};
/// Errors: malformed - not such an object, or over 50 parameters.
[[nodiscard]] Result<FrameOrder> parse_frame_order(std::string_view body);

/// Whoever asks, for the operation log. The route needs a session.
[[nodiscard]] Author author_of(const RequestContext& context);

/// The check behind every route that needs a session.
[[nodiscard]] Result<Caller> authenticate(People& people, std::string_view session_token);

}  // namespace duheng::platform::web
