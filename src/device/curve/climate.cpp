#include "device/curve/climate.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "device/curve/day_curve.hpp"

namespace duheng::device {
namespace {

constexpr std::uint64_t weather_seed = 188;  // the same for everybody
constexpr std::int64_t days_a_week = 7;
// Means of the months, in 0.1 °C, each in the month's middle.
constexpr std::array<int, 12> months_decidegree{-31, -2, 62, 143, 204, 247, 266, 255, 205, 131, 47, -12};
// What a time of day adds, in 0.01 °C; sums up to nearly nothing over the day.
constexpr std::array<int, 13> day_centidegree{-250, -320, -380, -340, -60, 200, 330, 390, 330, 150, 10, -120, -250};
constexpr std::int64_t indoor_decidegree = 180;
constexpr std::int64_t coldest_decidegree = -90;
constexpr std::int64_t cool_from_decidegree = 200;
constexpr std::int64_t hottest_decidegree = 350;
constexpr std::int64_t need_min_per_mille = 150;
constexpr std::int64_t need_max_per_mille = 1'200;

std::chrono::year_month_day date_of(std::int64_t day) {
  return std::chrono::year_month_day{std::chrono::sys_days{std::chrono::days{day}}};
}
/// Month and day as one number, e.g. 1115.
unsigned month_and_day(std::int64_t day) {
  const auto date = date_of(day);
  return static_cast<unsigned>(date.month()) * 100 + static_cast<unsigned>(date.day());
}

}  // namespace

std::int64_t outdoor_mean_decidegree(std::int64_t day) {
  const auto date = date_of(day);
  const auto month = static_cast<std::size_t>(static_cast<unsigned>(date.month()) - 1);
  const auto in_month = static_cast<std::int64_t>(static_cast<unsigned>(date.day()));
  constexpr std::int64_t middle = 15;
  constexpr std::int64_t length = 30;
  const std::int64_t from_middle = std::clamp<std::int64_t>(in_month - middle, -middle, middle);
  const int own = months_decidegree[month];
  const int neighbour = months_decidegree[from_middle < 0 ? (month + 11) % 12 : (month + 1) % 12];
  const std::int64_t distance = from_middle < 0 ? -from_middle : from_middle;
  return own + (neighbour - own) * distance / length +
         wander(weather_seed, day * DayCurve::day_ms, days_a_week * DayCurve::day_ms / 2, 45);
}

std::int64_t outdoor_centidegree(std::int64_t local_ms) {
  const std::int64_t day = day_of(local_ms);
  const std::int64_t in_day_ms = local_ms - day * DayCurve::day_ms;
  // Between the middles of two days, so that midnight makes no step.
  const std::int64_t from_noon_ms = in_day_ms - DayCurve::day_ms / 2;
  const std::int64_t own = outdoor_mean_decidegree(day) * 10;
  const std::int64_t other = outdoor_mean_decidegree(from_noon_ms < 0 ? day - 1 : day + 1) * 10;
  const std::int64_t away_ms = from_noon_ms < 0 ? -from_noon_ms : from_noon_ms;
  return own + (other - own) * away_ms / DayCurve::day_ms + shape_at(day_centidegree, DayCurve::slot_of(local_ms));
}

bool is_heating_season(std::int64_t day) {
  const unsigned date = month_and_day(day);
  return date >= 1'115 || date <= 315;
}
bool is_cooling_season(std::int64_t day) {
  const unsigned date = month_and_day(day);
  return date >= 601 && date <= 915;
}

std::int64_t heating_need_per_mille(std::int64_t day) {
  if (!is_heating_season(day)) return 0;
  const std::int64_t lacking = indoor_decidegree - outdoor_mean_decidegree(day);
  return std::clamp(lacking * 1'000 / (indoor_decidegree - coldest_decidegree), need_min_per_mille, need_max_per_mille);
}
std::int64_t cooling_need_per_mille(std::int64_t day) {
  if (!is_cooling_season(day)) return 0;
  const std::int64_t above = outdoor_mean_decidegree(day) - cool_from_decidegree;
  return std::clamp(above * 1'000 / (hottest_decidegree - cool_from_decidegree), need_min_per_mille,
                    need_max_per_mille);
}

}  // namespace duheng::device
