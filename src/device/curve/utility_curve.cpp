#include "device/curve/utility_curve.hpp"

#include "device/curve/climate.hpp"

namespace duheng::device {
namespace {

using Wide = DayCurve::Wide;

// By time of day in per mille of the peak, every two hours from midnight.
constexpr std::array<int, 13> water_shape{40, 8, 4, 420, 900, 320, 380, 340, 260, 420, 1'000, 640, 40};
constexpr std::array<int, 13> cooking_shape{0, 0, 0, 520, 140, 300, 900, 60, 180, 1'000, 380, 40, 0};
constexpr std::array<int, 13> boiler_shape{620, 600, 640, 960, 1'000, 820, 740, 720, 780, 900, 980, 860, 620};
constexpr std::array<int, 13> cooling_shape{520, 460, 420, 430, 600, 820, 960, 1'000, 980, 900, 780, 640, 520};

constexpr std::int64_t weekend_per_mille(std::int64_t day) {  // 1970-01-01 was a Thursday
  return ((day + 4) % 7 + 7) % 7 % 6 == 0 ? 1'120 : 1'000;
}
std::int64_t mood_per_mille(std::uint64_t seed, std::int64_t day) {
  return static_cast<std::int64_t>(820 + mixed(seed, 5, static_cast<std::uint64_t>(day)) % 361);
}

/// `peak_millilitre_h` at 1000 per mille; each slot has its household's habit.
DayCurve::Bases bases_of(const std::array<int, 13>& shape, std::uint64_t seed, std::int64_t peak_millilitre_h) {
  DayCurve::Bases out{};
  for (int slot = 0; slot < DayCurve::slots; ++slot) {
    const auto habit = static_cast<std::int64_t>(800 + mixed(seed, 4, static_cast<std::uint64_t>(slot)) % 401);
    out[static_cast<std::size_t>(slot)] =
        static_cast<std::int32_t>(peak_millilitre_h * shape_at(shape, slot) * habit / 1'000'000);
  }
  return out;
}

constexpr std::int64_t millilitre_a_litre = 1'000;
constexpr std::int64_t heat_milliwatt_hour_per_litre_kelvin = 1'163;  // water: 4.187 kJ/(kg K), 1 kg/l
constexpr std::int64_t ns_a_hour = 3'600'000'000'000;
constexpr std::int64_t idle_centidegree = 2'150;
constexpr std::int64_t cool_water_decidegree = 200;  // above it people wash and water more

}  // namespace

std::int64_t installed_day_of(std::uint64_t seed) noexcept {
  return 19'000 + static_cast<std::int64_t>(mixed(seed, 11) % 1'000);
}

WaterCurve::WaterCurve(std::uint64_t seed, std::int64_t installed_day, bool leaks)
    : curve_(seed, installed_day,
             bases_of(water_shape, seed, static_cast<std::int64_t>(28 + mixed(seed, 2) % 45) * millilitre_a_litre),
             [seed](std::int64_t day) {
               const std::int64_t warm = outdoor_mean_decidegree(day) > cool_water_decidegree ? 1'100 : 1'000;
               return warm * weekend_per_mille(day) / 1'000 * mood_per_mille(seed, day) / 1'000;
             }),
      leak_microlitre_h_(leaks ? static_cast<std::int64_t>(2 + mixed(seed, 3) % 9) * 1'000'000 : 0) {}

std::int64_t WaterCurve::flow_microlitre_h(std::int64_t local_ms) const {
  const bool installed = day_of(local_ms) >= curve_.installed_day();
  return curve_.rate(local_ms) + (installed ? leak_microlitre_h_ : 0);
}
Wide WaterCurve::volume(std::int64_t local_ms) const {
  const std::int64_t age_ms = local_ms - curve_.installed_day() * DayCurve::day_ms;
  if (age_ms < 0) return 0;
  return curve_.integral(local_ms) + static_cast<Wide>(leak_microlitre_h_) * age_ms * 1'000'000;
}

GasCurve::GasCurve(std::uint64_t seed, std::int64_t installed_day)
    : cooking_(seed, installed_day,
               bases_of(cooking_shape, seed, static_cast<std::int64_t>(40 + mixed(seed, 2) % 60) * millilitre_a_litre),
               [seed](std::int64_t day) { return weekend_per_mille(day) * mood_per_mille(seed, day) / 1'000; }),
      boiler_(mixed(seed, 7), installed_day,
              bases_of(boiler_shape, mixed(seed, 7),
                       static_cast<std::int64_t>(350 + mixed(seed, 8) % 500) * millilitre_a_litre),
              [](std::int64_t day) { return heating_need_per_mille(day); }) {}

std::int64_t GasCurve::flow_microlitre_h(std::int64_t local_ms) const {
  return cooking_.rate(local_ms) + boiler_.rate(local_ms);
}
Wide GasCurve::volume(std::int64_t local_ms) const { return cooking_.integral(local_ms) + boiler_.integral(local_ms); }

ThermalCurve::ThermalCurve(std::uint64_t seed, std::int64_t installed_day, Purpose purpose,
                           std::int32_t flow_full_litre_h)
    : seed_(seed),
      purpose_(purpose),
      curve_(seed, installed_day,
             bases_of(purpose == Purpose::heating ? boiler_shape : cooling_shape, seed,
                      flow_full_litre_h * millilitre_a_litre),
             purpose == Purpose::heating ? heating_need_per_mille : cooling_need_per_mille) {
  const bool heats = purpose == Purpose::heating;
  const auto least = static_cast<std::int64_t>((heats ? 900 : 380) + mixed(seed, 9) % (heats ? 500 : 120));
  for (int slot = 0; slot < DayCurve::slots; ++slot)
    difference_centikelvin_[static_cast<std::size_t>(slot)] =
        static_cast<std::int16_t>(least + shape_at(heats ? boiler_shape : cooling_shape, slot) * least / 2'000);
}

std::int64_t ThermalCurve::difference_centikelvin(std::int64_t local_ms) const {
  if (flow_microlitre_h(local_ms) == 0) return 0;
  return difference_centikelvin_[static_cast<std::size_t>(DayCurve::slot_of(local_ms))];
}

std::int64_t ThermalCurve::power_mw(std::int64_t local_ms) const {
  // µl/h x 0.01 K x mWh/(l K): 10^-6 x 10^-2 of a milliwatt.
  const auto product = static_cast<Wide>(flow_microlitre_h(local_ms)) * difference_centikelvin(local_ms);
  return static_cast<std::int64_t>(product * heat_milliwatt_hour_per_litre_kelvin / 100'000'000);
}

std::int64_t ThermalCurve::energy_centikwh(std::int64_t local_ms) const {
  Wide sum = 0;
  curve_.integrate(local_ms, [&](int slot, Wide amount) {
    sum += amount * difference_centikelvin_[static_cast<std::size_t>(slot)];
  });
  // µl/h x ns x 0.01 K x mWh/(l K) are 10^-8 mW ns; 0.01 kWh are 10^4 mW x an hour.
  constexpr Wide centikwh = static_cast<Wide>(100'000'000) * 10'000 * ns_a_hour;
  return static_cast<std::int64_t>(sum * heat_milliwatt_hour_per_litre_kelvin / centikwh);
}

ThermalCurve::Temperatures ThermalCurve::temperatures(std::int64_t local_ms) const {
  const std::int64_t difference = difference_centikelvin(local_ms);
  if (difference == 0) {  // water that stands takes the room's temperature
    const std::int64_t room = idle_centidegree + wander(mixed(seed_, 10), local_ms, 3'600'000, 80);
    return {room, room};
  }
  const std::int64_t drift = wander(mixed(seed_, 12), local_ms, 600'000, 60);
  if (purpose_ == Purpose::cooling) {
    const std::int64_t supply = 750 + drift;
    return {supply, supply + difference};
  }
  // The colder it is outside, the warmer the water: 4 K more for every 10 K.
  const std::int64_t back = 3'600 + (1'500 - outdoor_centidegree(local_ms)) * 4 / 10 + drift;
  return {back + difference, back};
}

}  // namespace duheng::device
