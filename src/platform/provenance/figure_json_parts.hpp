#pragma once
// Private to this folder: brings nlohmann-json in.
#include <nlohmann/json.hpp>

#include "platform/provenance/figure_trace.hpp"

namespace duheng::platform {

using Json = nlohmann::ordered_json;

[[nodiscard]] Json value_json(std::int64_t mantissa, std::int8_t exponent, SeriesKind kind, Quality quality);
/// Null for 0.
[[nodiscard]] Json time_json(std::int64_t utc_ms);
[[nodiscard]] Json series_json(const store::Source& source, const store::Series& series);
[[nodiscard]] Json value_json(const TracedValue& traced);

}  // namespace duheng::platform
