#include "tools/bench/peers/sample_world.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace duheng::tools {

namespace {

constexpr std::uint32_t steps_per_day = 96;
constexpr std::uint32_t minutes_per_block = 480;
constexpr std::uint32_t days_per_block = 100;

/// SplitMix64: one addition and a few shifts a number, so that making values does not take longer than measuring.
std::uint64_t next_noise(std::uint64_t& state) noexcept {
  state += 0x9E3779B97F4A7C15U;
  std::uint64_t z = state;
  z = (z ^ z >> 30U) * 0xBF58476D1CE4E5B9U;
  z = (z ^ z >> 27U) * 0x94D049BB133111EBU;
  return z ^ z >> 31U;
}
std::int32_t below(std::uint64_t& state, std::int32_t bound) noexcept {
  return bound <= 0 ? 0 : static_cast<std::int32_t>(next_noise(state) % static_cast<std::uint64_t>(bound));
}
std::uint64_t seed_of(std::uint64_t stream, std::uint64_t number) noexcept {
  std::uint64_t state = stream * 0x5851F42D4C957F2DU + number;
  return next_noise(state);
}

enum Profile : std::uint8_t { household, industry, photovoltaic };
// Per mille of the mean, by hour of the day.
constexpr std::array<std::array<std::int32_t, 24>, 3> day_shapes{{
    {450,   380,   340, 320, 330,   450,   900,   1'300, 1'100, 900,   850,   950,
     1'200, 1'000, 850, 850, 1'000, 1'400, 2'000, 2'200, 2'000, 1'600, 1'100, 700},
    {500,   500,   500,   500,   500,   600,   1'000, 1'500, 1'600, 1'600, 1'600, 1'400,
     1'400, 1'600, 1'600, 1'600, 1'500, 1'200, 900,   700,   600,   500,   500,   500},
    // What a house with a roof of its own takes from the grid: nothing while the sun shines.
    {700, 600, 550, 500, 500, 600, 700, 300, 50, 0, 0, 0, 0, 0, 0, 0, 0, 200, 1'200, 2'000, 2'000, 1'700, 1'300, 900},
}};

std::uint32_t scaled_count(std::uint32_t count, double scale) {
  return std::max<std::uint32_t>(8, static_cast<std::uint32_t>(std::lround(count * scale)));
}

}  // namespace

SampleSize SampleSize::scaled(double scale) {
  SampleSize size;
  size.meters = scaled_count(size.meters, scale);
  size.sensors = scaled_count(size.sensors, scale);
  size.ten_year_meters = scaled_count(size.ten_year_meters, scale);
  size.fleet_meters = std::max<std::uint32_t>(200, scaled_count(size.fleet_meters, scale));
  return size;
}

int decimals_of(SampleKind kind, std::uint32_t series) noexcept {
  if (kind != SampleKind::analogue) return 2;
  switch (quantity_of(series)) {
    case AnalogueQuantity::voltage:
      return 1;
    case AnalogueQuantity::current:
      return 3;
    case AnalogueQuantity::power:
      return 4;
    case AnalogueQuantity::frequency:
      break;
  }
  return 2;
}

std::string_view table_of(SampleKind kind) noexcept {
  switch (kind) {
    case SampleKind::energy:
      return "energy";
    case SampleKind::analogue:
      return "analogue";
    case SampleKind::daily:
      break;
  }
  return "daily";
}

SampleFeed::SampleFeed(const SampleSize& size)
    : size_(size),
      meters_(size.meters),
      sensors_(size.sensors),
      meter_truth_(size.meters),
      sensor_truth_(size.sensors) {
  for (std::uint32_t i = 0; i < size.meters; ++i) {
    Meter& meter = meters_[i];
    meter.noise = seed_of(1, i);
    const std::int32_t draw = below(meter.noise, 100);
    meter.profile = draw < 3 ? industry : draw < 8 ? photovoltaic : household;
    meter.mean_step =
        meter.profile == industry ? 500 + below(meter.noise, 4'500) : 5 + below(meter.noise, 25);  // 0.2 to 1.2 kW
    meter.register_mantissa = below(meter.noise, 5'000'000);
  }
  // Centre and greatest step of voltage, current, power, frequency.
  constexpr std::array<std::array<std::int32_t, 2>, 4> shapes{{{2'300, 6}, {5'000, 120}, {11'000, 400}, {5'000, 2}}};
  for (std::uint32_t i = 0; i < size.sensors; ++i) {
    Sensor& sensor = sensors_[i];
    sensor.noise = seed_of(2, i);
    const auto& shape = shapes[i % 4];
    sensor.centre = sensor.value = shape[0];
    sensor.walk = shape[1];
  }
}

std::int32_t SampleFeed::energy_step(Meter& meter, std::uint32_t step, std::uint32_t day) {
  std::int32_t mean = meter.mean_step * day_shapes[meter.profile][step / 4] / 1'000;
  const bool weekend = day % 7 == 2 || day % 7 == 3;  // the first day is a Thursday
  if (meter.profile == industry && weekend) mean /= 3;
  // Around the mean, with kettles and idle hours.
  std::int32_t used = mean / 2 + below(meter.noise, mean + 2);
  if (meter.profile != industry && below(meter.noise, 40) == 0) used += below(meter.noise, 50);
  return used;
}

SampleBlock SampleFeed::energy_day() {
  SampleBlock block{.kind = SampleKind::energy,
                    .first_series = 0,
                    .series_count = size_.meters,
                    .steps = steps_per_day,
                    .first_utc_ms = sample_times::start_utc_ms + day_ * sample_times::day_ms,
                    .step_ms = sample_times::day_ms / steps_per_day};
  block.mantissas.reserve(block.readings());
  for (std::uint32_t step = 0; step < steps_per_day; ++step) {
    for (std::uint32_t i = 0; i < size_.meters; ++i) {
      meters_[i].register_mantissa += energy_step(meters_[i], step, day_);
      block.mantissas.push_back(meters_[i].register_mantissa);
      ++meter_truth_[i].count;
      meter_truth_[i].mantissa_sum += meters_[i].register_mantissa;
    }
  }
  return block;
}

SampleBlock SampleFeed::analogue_hours() {
  constexpr std::int64_t minute_ms = 60'000;
  SampleBlock block{.kind = SampleKind::analogue,
                    .first_series = 0,
                    .series_count = size_.sensors,
                    .steps = minutes_per_block,
                    .first_utc_ms = sample_times::start_utc_ms + day_ * sample_times::day_ms +
                                    (third_ - 1) * minutes_per_block * minute_ms,
                    .step_ms = minute_ms};
  block.mantissas.reserve(block.readings());
  for (std::uint32_t step = 0; step < minutes_per_block; ++step) {
    for (std::uint32_t i = 0; i < size_.sensors; ++i) {
      Sensor& sensor = sensors_[i];
      // A random walk that is drawn back to its centre.
      sensor.value += below(sensor.noise, 2 * sensor.walk + 1) - sensor.walk - (sensor.value - sensor.centre) / 64;
      block.mantissas.push_back(sensor.value);
      ++sensor_truth_[i].count;
      sensor_truth_[i].mantissa_sum += sensor.value;
    }
  }
  return block;
}

std::optional<SampleBlock> SampleFeed::next() {
  if (day_ >= size_.meter_days) return std::nullopt;
  SampleBlock block = third_ == 0 ? energy_day() : analogue_hours();
  const bool with_sensors = day_ + size_.sensor_days >= size_.meter_days;
  if (with_sensors && third_ < 3) {
    ++third_;
  } else {
    third_ = 0;
    ++day_;
  }
  return block;
}

SampleTruth SampleFeed::truth(SampleKind kind, std::uint32_t series) const {
  const auto& all = kind == SampleKind::energy ? meter_truth_ : sensor_truth_;
  return kind == SampleKind::daily || series >= all.size() ? SampleTruth{} : all[series];
}

std::int32_t daily_total(std::uint32_t series, std::uint32_t day) noexcept {
  std::uint64_t noise = seed_of(3, series);
  // Homes, and a few shops; ten years of either fit the register's eight digits.
  const bool shop = below(noise, 100) < 3;
  const std::int32_t mean = shop ? 6'000 + below(noise, 6'000) : 400 + below(noise, 2'000);
  // Heating or cooling: a slow wave over the year.
  const std::int32_t season = static_cast<std::int32_t>(std::abs(static_cast<std::int32_t>(day % 182) - 91)) * 8;
  std::uint64_t of_day = seed_of(4, std::uint64_t{series} << 20U | day);
  return mean * (600 + season) / 1'000 + below(of_day, mean / 2);
}

SampleBlock DailyFeed::block(std::uint32_t first_series, std::uint32_t series, std::uint32_t first_day,
                             std::uint32_t days, std::int64_t start_utc_ms) const {
  SampleBlock out{.kind = SampleKind::daily,
                  .first_series = first_series,
                  .series_count = series,
                  .steps = days,
                  .first_utc_ms = start_utc_ms + first_day * sample_times::day_ms,
                  .step_ms = sample_times::day_ms};
  out.mantissas.reserve(out.readings());
  for (std::uint32_t day = first_day; day < first_day + days; ++day) {
    for (std::uint32_t i = 0; i < series; ++i) out.mantissas.push_back(daily_total(first_series + i, day));
  }
  return out;
}

std::optional<SampleBlock> DailyFeed::next() {
  if (!fleet_) {
    const std::uint32_t days = std::min(days_per_block, size_.ten_year_days - day_);
    SampleBlock out = block(0, size_.ten_year_meters, day_, days, sample_times::ten_years_start_utc_ms);
    day_ += days;
    if (day_ == size_.ten_year_days) {
      fleet_ = true;
      day_ = 0;
    }
    return out;
  }
  if (day_ == size_.fleet_days) return std::nullopt;
  const std::uint32_t days = std::min<std::uint32_t>(10, size_.fleet_days - day_);
  SampleBlock out = block(size_.ten_year_meters, size_.fleet_meters, day_, days, sample_times::start_utc_ms);
  day_ += days;
  return out;
}

}  // namespace duheng::tools
