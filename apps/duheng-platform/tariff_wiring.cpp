#include "tariff_wiring.hpp"

namespace duheng::platform {

Result<std::unique_ptr<TariffWiring>> TariffWiring::open(records::Database& database, const Clock& clock,
                                                         std::string_view time_zone) {
  DUHENG_TRY(store::CivilCalendar calendar, store::CivilCalendar::open(time_zone));
  return std::unique_ptr<TariffWiring>(new TariffWiring(database, clock, std::move(calendar)));
}

}  // namespace duheng::platform
