#pragma once
// Private to the handlers.
#include "platform/alarms/alarm_book.hpp"
#include "platform/web/api_json.hpp"

namespace duheng::platform::web {

[[nodiscard]] Json alarm_counts_json(const alarms::AlarmCounts& counts);
/// What open pages are told when something has changed.
[[nodiscard]] Json alarm_news_json(const alarms::AlarmCounts& counts, std::uint64_t revision, std::uint64_t rings);

}  // namespace duheng::platform::web
