#include "platform/web/completeness_requests.hpp"

#include "platform/web/body_reader.hpp"
#include "store/aggregates/aggregate_store.hpp"
#include "store/aggregates/civil_calendar.hpp"

namespace duheng::platform::web {

Result<RereadRequest> parse_reread_request(std::string_view body) {
  DUHENG_TRY(const Json json, parse_body(body));
  BodyReader reader{json, {"register", "day", "cause"}};
  RereadRequest out;
  out.register_name = reader.text("register", 100);
  if (out.register_name.empty()) reader.reject("register", "is needed");
  const auto day = store::CivilCalendar::parse_day(reader.text("day", 10));
  if (!day || *day < store::aggregate_limits::first_day_min || *day >= store::aggregate_limits::day_max)
    reader.reject("day", "must be a day that there is, such as 2026-11-21");
  out.day = day.value_or(0);
  if (reader.find("cause") != nullptr) {
    out.cause = missing_cause_of(reader.text("cause", 32));
    if (!out.cause) reader.reject("cause", "must be link, collector, meter, key or plan");
  }
  DUHENG_CHECK(reader.finish());
  return out;
}

}  // namespace duheng::platform::web
