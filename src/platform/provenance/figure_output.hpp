#pragma once
#include <string>

#include "platform/provenance/aggregate_trace.hpp"
#include "platform/provenance/figure_trace.hpp"
#include "platform/provenance/point_trace.hpp"

namespace duheng::platform {

// A traced figure as text for people; `chinese`: in Chinese, otherwise in English.
[[nodiscard]] std::string to_text(const TracedFrame& traced, bool chinese);
[[nodiscard]] std::string to_text(const TracedEdits& traced, bool chinese);
[[nodiscard]] std::string to_text(const TracedValue& traced, bool chinese);
[[nodiscard]] std::string to_text(const TracedConsumption& traced, bool chinese);
[[nodiscard]] std::string to_text(const TracedAggregate& traced, bool chinese);
[[nodiscard]] std::string to_text(const TracedPoint& traced, bool chinese);

// The same as a JSON object for programs.
[[nodiscard]] std::string to_json_text(const TracedFrame& traced);
[[nodiscard]] std::string to_json_text(const TracedEdits& traced);
[[nodiscard]] std::string to_json_text(const TracedValue& traced);
[[nodiscard]] std::string to_json_text(const TracedConsumption& traced);
[[nodiscard]] std::string to_json_text(const TracedAggregate& traced);
[[nodiscard]] std::string to_json_text(const TracedPoint& traced);

}  // namespace duheng::platform
