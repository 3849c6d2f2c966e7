#include "device/meter/load_curve.hpp"

#include <algorithm>

namespace duheng::device {
namespace {

// Draw by time of day in per mille of the profile's peak, every two hours from midnight.
constexpr std::array<std::array<int, 13>, 3> shapes{{
    {180, 140, 120, 380, 520, 330, 420, 340, 330, 620, 1000, 720, 180},  // family at home in the evening
    {90, 80, 80, 160, 700, 950, 1000, 940, 960, 900, 620, 240, 90},      // shop
    {260, 210, 190, 260, 420, 480, 560, 520, 480, 560, 780, 520, 260},   // somebody is always at home
}};
// A works with two shifts, its lunch breaks, and what runs on through the night.
constexpr std::array<int, 13> factory_shape{150, 140, 150, 480, 960, 1000, 820, 990, 950, 820, 760, 420, 160};
// Months: heating in winter, cooling in summer.
constexpr std::array<int, 12> seasons{1'150, 1'100, 950, 850, 850, 1'050, 1'300, 1'300, 1'050, 850, 900, 1'100};

/// Per mille, by day.
std::int64_t factory_factor_of(std::uint64_t seed, std::int64_t day) {
  const std::int64_t weekday = ((day + 3) % 7 + 7) % 7;  // 0 Monday; 1970-01-01 was a Thursday
  const std::int64_t working = weekday == 6 ? 180 : weekday == 5 ? 450 : 1'000;
  const auto orders = static_cast<std::int64_t>(900 + mixed(seed, 5, static_cast<std::uint64_t>(day)) % 201);
  return working * orders / 1'000;
}

std::int64_t factor_of(std::uint64_t seed, std::int64_t day) {
  const auto season = seasons[static_cast<std::size_t>(((day % 365) + 365) % 365 * 12 / 365)];
  const std::int64_t weekend = ((day + 4) % 7 + 7) % 7 % 6 == 0 ? 1'080 : 1'000;  // 1970-01-01 was a Thursday
  const auto mood = static_cast<std::int64_t>(850 + mixed(seed, 5, static_cast<std::uint64_t>(day)) % 301);
  return season * weekend * mood / 1'000'000;
}

/// Watts by slot of the day.
DayCurve::Bases bases_of(std::uint64_t seed, bool exports, LoadCurve::Use use) {
  DayCurve::Bases out{};
  const bool is_factory = use == LoadCurve::Use::factory;
  const auto& shape = is_factory ? factory_shape : shapes[mixed(seed, 1) % shapes.size()];
  const auto peak_w =
      static_cast<std::int64_t>(is_factory ? 8'000 + mixed(seed, 2) % 12'000 : 900 + mixed(seed, 2) % 2'600);
  const auto sun_peak_w = static_cast<std::int64_t>(1'500 + mixed(seed, 3) % 4'000);
  for (int slot = 0; slot < DayCurve::slots; ++slot) {
    const auto habit = static_cast<std::int64_t>(750 + mixed(seed, 4, static_cast<std::uint64_t>(slot)) % 500);
    std::int64_t net_w = std::max<std::int64_t>(peak_w * shape_at(shape, slot) * habit / 1'000'000, 15);
    if (exports && slot > 34 && slot < 94) {  // 06:30 to 17:30, a parabola with its top at noon
      const std::int64_t from_noon = slot - 64;
      net_w -= sun_peak_w * (900 - from_noon * from_noon) / 900;
    }
    out[static_cast<std::size_t>(slot)] = static_cast<std::int32_t>(net_w);
  }
  return out;
}

}  // namespace

int LoadCurve::tariff_of_slot(int slot) noexcept {
  const int hour = slot * 24 / slots;
  if (hour < 8) return 3;
  if (hour >= 19 && hour < 21) return 0;
  if (hour < 12 || (hour >= 17 && hour < 19)) return 1;
  return 2;
}

int LoadCurve::tariff_at(std::int64_t local_ms) noexcept {
  const std::int64_t into_day_ms = (local_ms % day_ms + day_ms) % day_ms;
  return tariff_of_slot(static_cast<int>(into_day_ms * slots / day_ms));
}

LoadCurve::LoadCurve(std::uint64_t seed, std::int64_t installed_day, bool exports, Use use)
    : curve_(seed, installed_day, bases_of(seed, exports, use), [seed, use](std::int64_t day) {
        return use == Use::factory ? factory_factor_of(seed, day) : factor_of(seed, day);
      }) {}

CurveEnergy LoadCurve::energy(std::int64_t local_ms) const {
  CurveEnergy out;
  curve_.integrate(local_ms, [&out](int slot, DayCurve::Wide amount) {
    const auto tariff = static_cast<std::size_t>(tariff_of_slot(slot));
    if (amount >= 0) {
      out.import_mw_ns += amount;
      out.import_by_tariff_mw_ns[tariff] += amount;
    } else {
      out.export_mw_ns -= amount;
      out.export_by_tariff_mw_ns[tariff] -= amount;
    }
  });
  return out;
}

}  // namespace duheng::device
