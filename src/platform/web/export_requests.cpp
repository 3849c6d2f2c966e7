#include "platform/web/export_requests.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/time.hpp"

namespace duheng::platform::web {
namespace {

using Json = nlohmann::json;

constexpr std::size_t items_max = 10'000;
constexpr std::array<std::string_view, 11> known_fields{
    "name",      "format",     "byte_order_mark", "time_zone",  "from", "to",
    "registers", "device_ids", "site_ids",        "series_ids", "by"};

std::unexpected<Error> wrong(std::string_view field, std::string_view what) {
  return fail(ErrorCode::invalid_argument, fmt::format("\"{}\" {}", field, what));
}

const Json* find(const Json& body, const char* field) {
  const auto at = body.find(field);
  return at == body.end() || at->is_null() ? nullptr : &*at;
}

Result<std::string> text(const Json& body, const char* field, std::size_t octets_max) {
  const Json* found = find(body, field);
  if (found == nullptr) return std::string{};
  if (!found->is_string() || found->get_ref<const std::string&>().size() > octets_max)
    return wrong(field, fmt::format("must be a text of at most {} octets", octets_max));
  return found->get<std::string>();
}

Result<std::int64_t> time(const Json& body, const char* field) {
  DUHENG_TRY(const std::string given, text(body, field, 64));
  const auto utc_ms = parse_iso8601(given);
  if (!utc_ms || *utc_ms < 0) return wrong(field, "must be a time with an offset, not before 1970");
  return *utc_ms;
}

Result<bool> flag(const Json& body, const char* field) {
  const Json* found = find(body, field);
  if (found == nullptr) return false;
  if (!found->is_boolean()) return wrong(field, "must be true or false");
  return found->get<bool>();
}

/// A list with one reader for each of its items.
template <class Item, class Read>
Result<std::vector<Item>> list(const Json& body, const char* field, Read&& read) {
  std::vector<Item> out;
  const Json* found = find(body, field);
  if (found == nullptr) return out;
  if (!found->is_array() || found->size() > items_max)
    return wrong(field, fmt::format("must be a list of at most {}", items_max));
  for (const Json& item : *found) {
    std::optional<Item> one = read(item);
    if (!one) return wrong(field, "holds what is none");
    out.push_back(std::move(*one));
  }
  std::ranges::sort(out);
  const auto again = std::ranges::unique(out);
  out.erase(again.begin(), again.end());
  return out;
}

template <class Id>
Result<std::vector<Id>> ids(const Json& body, const char* field) {
  DUHENG_TRY(const std::vector<std::int64_t> numbers,
             (list<std::int64_t>(body, field, [](const Json& item) -> std::optional<std::int64_t> {
               if (!item.is_number_integer()) return std::nullopt;
               if (item.is_number_unsigned() && item.get<std::uint64_t>() > INT64_MAX) return std::nullopt;
               const auto number = item.get<std::int64_t>();
               return number > 0 ? std::optional{number} : std::nullopt;
             })));
  std::vector<Id> out;
  for (const std::int64_t number : numbers) out.push_back(Id{number});
  return out;
}

Result<void> check_fields(const Json& body) {
  for (const auto& [field, value] : body.items()) {
    if (field != "all_devices" && std::ranges::find(known_fields, field) == known_fields.end())
      return wrong(field, "is not known here");
  }
  return {};
}

}  // namespace

Result<ExportRequest> parse_export_request(std::string_view octets) {
  const Json body = Json::parse(octets, nullptr, false);
  if (!body.is_object()) return fail(ErrorCode::malformed, "the body must be an object");
  DUHENG_CHECK(check_fields(body));
  ExportRequest out;
  DUHENG_TRY(out.name, text(body, "name", 200));
  DUHENG_TRY(const std::string format, text(body, "format", 20));
  const auto known = store::table_format_of(format);
  if (!known) return wrong("format", "must be csv, xlsx, parquet or json_lines");
  out.format = *known;
  DUHENG_TRY(const std::string by, text(body, "by", 20));
  out.by = store::bucket_size_of(by);
  out.is_audit = by == "audit";
  if (!out.by && !out.is_audit && !by.empty() && by != "reading")
    return wrong("by", "must be reading, hour, day, week, month, year or audit");
  DUHENG_TRY(out.byte_order_mark, flag(body, "byte_order_mark"));
  DUHENG_TRY(out.all_devices, flag(body, "all_devices"));
  DUHENG_TRY(out.time_zone, text(body, "time_zone", 64));
  if (out.time_zone.empty()) out.time_zone = "UTC";
  DUHENG_TRY(out.range.from_utc_ms, time(body, "from"));
  DUHENG_TRY(out.range.to_utc_ms, time(body, "to"));
  DUHENG_TRY(out.devices, ids<DeviceId>(body, "device_ids"));
  DUHENG_TRY(out.sites, ids<SiteId>(body, "site_ids"));
  DUHENG_TRY(out.series, ids<SeriesId>(body, "series_ids"));
  DUHENG_TRY(out.registers, (list<std::string>(body, "registers", [](const Json& item) -> std::optional<std::string> {
               if (!item.is_string() || item.get_ref<const std::string&>().size() > 64) return std::nullopt;
               return item.get<std::string>();
             })));
  if (!out.is_audit && !out.all_devices && out.devices.empty() && out.sites.empty() && out.series.empty())
    return fail(ErrorCode::invalid_argument, "choose devices, sites or series, or all_devices");
  return out;
}

}  // namespace duheng::platform::web
