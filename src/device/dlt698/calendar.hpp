#pragma once
#include <cstdint>
#include <optional>

#include "codec/dlt698/node.hpp"
#include "codec/dlt698/value.hpp"

namespace duheng::device::meter698 {

inline constexpr std::int64_t day_ms = 86'400'000;

/// Days in local time, moments in milliseconds of local time since 1970-01-01 00:00.
[[nodiscard]] dlt698::CalendarTime calendar_of(std::int64_t local_ms) noexcept;
/// The reverse, for moments that exist.
[[nodiscard]] std::int64_t local_ms_of(const dlt698::CalendarTime& time) noexcept;
/// A date_time_s or date_time; nothing for other types and for moments that do not exist.
[[nodiscard]] std::optional<std::int64_t> local_ms_in(const dlt698::Node& data) noexcept;
/// A date_time_s.
[[nodiscard]] dlt698::Node moment_node(std::int64_t local_ms);

/// Months since year 0 of the calendar, rounded down.
[[nodiscard]] std::int64_t month_of(std::int64_t local_ms) noexcept;
/// The first moment of that day of that month; days from 1.
[[nodiscard]] std::int64_t month_day_ms(std::int64_t month, unsigned day = 1) noexcept;

}  // namespace duheng::device::meter698
