#pragma once
#include <string_view>

#include "base/clock.hpp"
#include "platform/tariffs/point_tariffs.hpp"
#include "platform/web/api_services.hpp"
#include "store/records/database.hpp"

namespace duheng::platform {

/// Customers' tariffs. Before it ends nobody may use the services.
class TariffWiring {
 public:
  /// Errors: as CivilCalendar::open().
  [[nodiscard]] static Result<std::unique_ptr<TariffWiring>> open(records::Database& database, const Clock& clock,
                                                                  std::string_view time_zone);
  void give_to(web::ApiServices& services) { services.tariffs = &desk_; }
  [[nodiscard]] TariffDesk& desk() noexcept { return desk_; }

 private:
  TariffWiring(records::Database& database, const Clock& clock, store::CivilCalendar calendar)
      : calendar_(std::move(calendar)), tariffs_(database, clock), points_(database, clock, calendar_) {}
  store::CivilCalendar calendar_;
  Tariffs tariffs_;
  PointTariffs points_;
  TariffDesk desk_{tariffs_, points_};
};

}  // namespace duheng::platform
