#include "device/meter/load_curve.hpp"

#include <algorithm>

namespace duheng::device {
namespace {

constexpr std::int64_t floor_divide(std::int64_t a, std::int64_t b) noexcept {
  return a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}

// Draw by time of day in per mille of the profile's peak, every two hours from midnight.
constexpr std::array<std::array<int, 13>, 3> shapes{{
    {180, 140, 120, 380, 520, 330, 420, 340, 330, 620, 1000, 720, 180},  // family at home in the evening
    {90, 80, 80, 160, 700, 950, 1000, 940, 960, 900, 620, 240, 90},      // shop
    {260, 210, 190, 260, 420, 480, 560, 520, 480, 560, 780, 520, 260},   // somebody is always at home
}};
// Months: heating in winter, cooling in summer.
constexpr std::array<int, 12> seasons{1'150, 1'100, 950, 850, 850, 1'050, 1'300, 1'300, 1'050, 850, 900, 1'100};

}  // namespace

std::uint64_t mixed(std::uint64_t seed, std::uint64_t a, std::uint64_t b) noexcept {
  std::uint64_t z = seed + a * 0x9E3779B97F4A7C15ULL + b * 0xD1B54A32D192ED03ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

std::int64_t wander(std::uint64_t seed, std::int64_t time_ms, std::int64_t step_ms, std::int64_t amplitude) noexcept {
  const std::int64_t step = floor_divide(time_ms, step_ms);
  const auto drawn = [&](std::int64_t at) {
    const auto span = static_cast<std::uint64_t>(2 * amplitude + 1);
    return static_cast<std::int64_t>(mixed(seed, static_cast<std::uint64_t>(at)) % span) - amplitude;
  };
  const std::int64_t from = drawn(step);
  return from + (drawn(step + 1) - from) * (time_ms - step * step_ms) / step_ms;
}

int LoadCurve::tariff_of_slot(int slot) noexcept {
  const int hour = slot * 24 / slots;
  if (hour < 8) return 3;
  if (hour >= 19 && hour < 21) return 0;
  if (hour < 12 || (hour >= 17 && hour < 19)) return 1;
  return 2;
}

LoadCurve::LoadCurve(std::uint64_t seed, std::int64_t installed_day, bool exports)
    : seed_(seed), installed_day_(installed_day), cached_day_(installed_day) {
  const auto& shape = shapes[mixed(seed, 1) % shapes.size()];
  const auto peak_w = static_cast<std::int64_t>(900 + mixed(seed, 2) % 2'600);
  const auto sun_peak_w = static_cast<std::int64_t>(1'500 + mixed(seed, 3) % 4'000);
  for (int slot = 0; slot < slots; ++slot) {
    const int place = slot * 12;  // 0 to 12 two-hour steps over the day, in 1/128
    const int step = place / slots;
    const std::int64_t between =
        shape[static_cast<std::size_t>(step)] +
        (shape[static_cast<std::size_t>(step) + 1] - shape[static_cast<std::size_t>(step)]) * (place % slots) / slots;
    const auto habit = static_cast<std::int64_t>(750 + mixed(seed, 4, static_cast<std::uint64_t>(slot)) % 500);
    std::int64_t net_w = std::max<std::int64_t>(peak_w * between * habit / 1'000'000, 15);
    if (exports && slot > 34 && slot < 94) {  // 06:30 to 17:30, a parabola with its top at noon
      const std::int64_t from_noon = slot - 64;
      net_w -= sun_peak_w * (900 - from_noon * from_noon) / 900;
    }
    base_w_[static_cast<std::size_t>(slot)] = static_cast<std::int32_t>(net_w);
  }
}

std::int64_t LoadCurve::factor_per_mille(std::int64_t day) const {
  const auto season = seasons[static_cast<std::size_t>(((day % 365) + 365) % 365 * 12 / 365)];
  const std::int64_t weekend = ((day + 4) % 7 + 7) % 7 % 6 == 0 ? 1'080 : 1'000;  // 1970-01-01 was a Thursday
  const auto mood = static_cast<std::int64_t>(850 + mixed(seed_, 5, static_cast<std::uint64_t>(day)) % 301);
  return season * weekend * mood / 1'000'000;
}

LoadCurve::Walk LoadCurve::walk(std::int64_t day, int slot, std::int64_t within_ns) const {
  std::int64_t mean_mw = base_w_[static_cast<std::size_t>(slot)] * factor_per_mille(day);
  Walk out;
  std::int64_t length_ns = slot_ns;
  std::uint64_t node = 1;
  const std::uint64_t slot_seed =
      mixed(seed_, static_cast<std::uint64_t>(day) * slots + static_cast<std::uint64_t>(slot), 6);
  for (int level = 0; level < halvings; ++level) {
    // At most 14 % per halving: the sign never changes within a slot, so that import and export never mix in one.
    const auto share = static_cast<std::int64_t>(mixed(slot_seed, node) % 287) - 143;
    const std::int64_t given = mean_mw * share / 1'024;
    length_ns /= 2;
    node *= 2;
    if (within_ns < length_ns) {
      mean_mw += given;
    } else {
      out.energy_mw_ns += static_cast<CurveEnergy::Wide>(mean_mw + given) * length_ns;
      within_ns -= length_ns;
      mean_mw -= given;
      ++node;
    }
  }
  out.energy_mw_ns += static_cast<CurveEnergy::Wide>(mean_mw) * within_ns;
  out.power_mw = mean_mw;
  return out;
}

std::int64_t LoadCurve::power_mw(std::int64_t local_ms) const {
  const std::int64_t day = floor_divide(local_ms, day_ms);
  if (day < installed_day_) return 0;
  const std::int64_t in_day_ns = (local_ms - day * day_ms) * 1'000'000;
  return walk(day, static_cast<int>(in_day_ns / slot_ns), in_day_ns % slot_ns).power_mw;
}

void LoadCurve::add_slots(CurveEnergy& energy, std::int64_t factor_sum, int from, int to) const {
  for (int slot = from; slot < to; ++slot) {
    const CurveEnergy::Wide amount =
        static_cast<CurveEnergy::Wide>(base_w_[static_cast<std::size_t>(slot)]) * factor_sum * slot_ns;
    if (amount >= 0) {
      energy.import_mw_ns += amount;
      energy.import_by_tariff_mw_ns[static_cast<std::size_t>(tariff_of_slot(slot))] += amount;
    } else {
      energy.export_mw_ns -= amount;
    }
  }
}

CurveEnergy LoadCurve::energy(std::int64_t local_ms) const {
  CurveEnergy out;
  const std::int64_t day = floor_divide(local_ms, day_ms);
  if (day < installed_day_) return out;
  if (day < cached_day_) {
    cached_day_ = installed_day_;
    cached_factor_sum_ = 0;
  }
  for (; cached_day_ < day; ++cached_day_) cached_factor_sum_ += factor_per_mille(cached_day_);
  add_slots(out, cached_factor_sum_, 0, slots);
  const std::int64_t in_day_ns = (local_ms - day * day_ms) * 1'000'000;
  const int slot = static_cast<int>(in_day_ns / slot_ns);
  add_slots(out, factor_per_mille(day), 0, slot);
  const auto part = walk(day, slot, in_day_ns % slot_ns).energy_mw_ns;
  if (part >= 0) {
    out.import_mw_ns += part;
    out.import_by_tariff_mw_ns[static_cast<std::size_t>(tariff_of_slot(slot))] += part;
  } else {
    out.export_mw_ns -= part;
  }
  return out;
}

}  // namespace duheng::device
