#include "platform/web/api_json.hpp"

#include <bit>
#include <fmt/format.h>

#include "base/decimal.hpp"
#include "base/time.hpp"

namespace duheng::platform::web {

HttpResponse json_answer(const Json& body) {
  HttpResponse response;
  response.content_type = "application/json";
  // Texts from devices and people may hold bytes that are not UTF-8; they must not make a page unreadable.
  response.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
  return response;
}

Json time_or_null(std::int64_t utc_ms) { return utc_ms == 0 ? Json(nullptr) : Json(format_utc(utc_ms)); }

Json named(std::int64_t id, std::string_view name) { return {{"id", id}, {"name", name}}; }

Json named_or_null(std::int64_t id, std::string_view name) { return id == 0 ? Json(nullptr) : named(id, name); }

bool wants_english(const HttpRequest& request) noexcept { return request.header("Accept-Language").starts_with("en"); }

const std::string& pick_name(bool english, const std::string& zh, const std::string& en) noexcept {
  if (english) return en.empty() ? zh : en;
  return zh.empty() ? en : zh;
}

Json exact_value(std::int64_t mantissa, std::int8_t exponent, SeriesKind kind, Quality quality) {
  if (has(quality, Quality::no_value) || has(quality, Quality::invalid_content)) return nullptr;
  if (kind == SeriesKind::ieee_bits) return fmt::format("{}", std::bit_cast<double>(mantissa));
  return Decimal{mantissa, exponent}.to_string();
}

Json reading_json(const store::Series& series, const store::Point& point) {
  Json out{{"time", format_utc(point.time_utc_ms)},
           {"received_at", format_utc(point.received_utc_ms)},
           {"value", exact_value(point.mantissa, series.exponent, series.kind, point.quality)},
           {"quality", to_string(point.quality)},
           {"time_source", to_string(point.time_source)},
           {"frame", std::to_string(point.frame.value)}};
  if (point.conflict) out["conflict"] = true;
  if (point.edit_count > 0) out["edits"] = point.edit_count;
  return out;
}

Json field_json(const codec::ExplainedField& field) {
  Json out{{"offset", field.offset},
           {"size", field.size},
           {"depth", field.depth},
           {"key", field.key},
           {"label_zh", field.label.chinese},
           {"label_en", field.label.english},
           {"meaning_zh", field.meaning.chinese},
           {"meaning_en", field.meaning.english}};
  if (!field.plain.empty()) out["plain"] = field.plain;
  if (!field.value.empty()) out["value"] = field.value;
  if (!field.unit.empty()) out["unit"] = field.unit;
  if (!field.register_name.empty()) out["register"] = field.register_name;
  if (!field.clause.empty()) out["clause"] = field.clause;
  if (field.is_fault) out["is_fault"] = true;
  return out;
}

Json device_json(const DirectoryRow& row, bool english) {
  const Device& device = row.device->device;
  const DeviceDetails& details = device.details;
  return {{"id", device.id.value},
          {"uid", details.uid},
          {"name", details.name},
          {"address", details.address},
          {"protocol", details.protocol},
          {"model", details.model},
          {"state", to_string(row.state)},
          {"last_reading_at", time_or_null(row.heard_utc_ms)},
          {"site", named_or_null(details.site.value, device.site_name)},
          {"organisation", named(details.organisation.value,
                                 pick_name(english, device.organisation_name_zh, device.organisation_name_en))},
          {"gateway", named_or_null(details.gateway.value, device.gateway_name)},
          {"interval_s", details.interval_s}};
}

}  // namespace duheng::platform::web
