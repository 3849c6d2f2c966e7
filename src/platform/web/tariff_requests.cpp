#include "platform/web/tariff_requests.hpp"

#include "platform/web/body_reader.hpp"

namespace duheng::platform::web {
namespace {

std::optional<std::int32_t> read_day(BodyReader& reader, const char* key) {
  if (reader.find(key) == nullptr) return std::nullopt;
  const auto day = store::CivilCalendar::parse_day(reader.text(key, 10));
  if (!day) {
    reader.reject(key, "must be a day such as 2026-11-21");
    return std::nullopt;
  }
  return *day;
}

std::int32_t needed_day(BodyReader& reader, const char* key) {
  const auto day = read_day(reader, key);
  if (!day) reader.reject(key, "is needed");
  return day.value_or(0);
}

}  // namespace

Result<TariffRequest> parse_tariff_request(std::string_view body, bool is_change) {
  DUHENG_TRY(const Json json, parse_body(body));
  TariffRequest out;
  const auto read = [&out](BodyReader& reader) -> Result<void> {
    out.details.code = reader.text("code", 32);
    out.details.name_zh = reader.text("name_zh", 100);
    out.details.name_en = reader.text("name_en", 100);
    const auto utility = utility_of(reader.text("utility", 16));
    if (!utility) reader.reject("utility", "must be electricity, water, gas or heat");
    out.details.utility = utility.value_or(Utility::electricity);
    out.details.first_day = needed_day(reader, "valid_from");
    out.details.last_day = read_day(reader, "valid_to");
    return reader.finish();
  };
  if (!is_change) {
    BodyReader reader{json, {"code", "name_zh", "name_en", "utility", "valid_from", "valid_to"}};
    DUHENG_CHECK(read(reader));
    return out;
  }
  BodyReader reader{json, {"code", "name_zh", "name_en", "utility", "valid_from", "valid_to", "version", "reason"}};
  out.version = reader.integer("version", 1, INT64_MAX, 0);
  if (out.version == 0) reader.reject("version", "is needed");
  out.reason = reader.text("reason", tariff_limits::reason_octets_max);
  DUHENG_CHECK(read(reader));
  return out;
}

Result<TariffChange> parse_tariff_change(std::string_view body) {
  DUHENG_TRY(const Json json, parse_body(body));
  BodyReader reader{json, {"tariff_id", "from", "reason"}};
  TariffChange out;
  out.tariff = TariffId{reader.integer("tariff_id", 1, INT64_MAX, 0)};
  out.from_day = needed_day(reader, "from");
  out.reason = reader.text("reason", tariff_limits::reason_octets_max);
  DUHENG_CHECK(reader.finish());
  return out;
}

Result<std::string> parse_withdrawal(std::string_view body) {
  DUHENG_TRY(const Json json, parse_body(body));
  BodyReader reader{json, {"reason"}};
  std::string out = reader.text("reason", tariff_limits::reason_octets_max);
  DUHENG_CHECK(reader.finish());
  return out;
}

Result<TariffId> asked_tariff(const TariffDesk& desk, const std::string& code) {
  const auto found = desk.points.named(code);
  if (!found && found.error().code == ErrorCode::not_found)
    return fail(ErrorCode::invalid_argument, "there is no tariff with the code \"tariff\" names");
  return found;
}

}  // namespace duheng::platform::web
