#pragma once
// Private to the handlers: brings nlohmann-json in.
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "codec/common/explained_field.hpp"
#include "platform/web/api_services.hpp"
#include "platform/web/http.hpp"

namespace duheng::platform::web {

using Json = nlohmann::ordered_json;

[[nodiscard]] HttpResponse json_answer(const Json& body);
/// "2026-11-21T09:12:55.123Z", or null for 0.
[[nodiscard]] Json time_or_null(std::int64_t utc_ms);
[[nodiscard]] Json named(std::int64_t id, std::string_view name);
/// Null for an id of 0.
[[nodiscard]] Json named_or_null(std::int64_t id, std::string_view name);

/// Whether the caller's browser asks for English; otherwise names are given in Chinese where there are both.
[[nodiscard]] bool wants_english(const HttpRequest& request) noexcept;
[[nodiscard]] const std::string& pick_name(bool english, const std::string& zh, const std::string& en) noexcept;

/// The exact value in plain notation; null when the quality says that the mantissa means nothing.
[[nodiscard]] Json exact_value(std::int64_t mantissa, std::int8_t exponent, SeriesKind kind, Quality quality);
[[nodiscard]] Json reading_json(const store::Series& series, const store::Point& point);

/// One field of a frame.
[[nodiscard]] Json field_json(const codec::ExplainedField& field);

/// A device as in the list.
[[nodiscard]] Json device_json(const DirectoryRow& row, bool english);

}  // namespace duheng::platform::web
