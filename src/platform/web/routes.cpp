#include "platform/web/routes.hpp"

namespace duheng::platform::web {

Router make_router(ApiServices& services) {
  Router router;
  add_session_routes(router, services);
  add_overview_routes(router, services);
  add_device_routes(router, services);
  add_series_routes(router, services);
  add_frame_routes(router, services);
  add_figure_routes(router, services);
  add_source_routes(router, services);
  add_organisation_routes(router, services);
  add_gateway_routes(router, services);
  add_status_routes(router, services);
  add_storage_routes(router, services);
  add_analyser_routes(router, services);
  add_model_routes(router, services);
  add_onboarding_routes(router, services);
  add_import_routes(router, services);
  add_backup_routes(router, services);
  add_export_routes(router, services);
  add_edit_routes(router, services);
  add_edit_review_routes(router, services);
  add_completeness_routes(router, services);
  add_point_routes(router, services);
  add_tariff_routes(router, services);
  add_consumption_routes(router, services);
  add_aggregate_routes(router, services);
  add_fleet_routes(router, services);
  add_order_routes(router, services);
  add_sampling_routes(router, services);
  add_processing_routes(router, services);
  add_sum_routes(router, services);
  add_maintenance_routes(router, services);
  add_alarm_routes(router, services);
  add_operation_routes(router, services);
  add_guard_routes(router, services);
  add_equipment_routes(router, services);
  add_sensor_routes(router, services);
  add_condition_routes(router, services);
  return router;
}

}  // namespace duheng::platform::web
