#pragma once
// The measured values that every side of the telemetry benchmark gets: the same numbers in the same order.
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace duheng::tools {

/// What a block's values are. The whole path and every peer get them under these names.
enum class SampleKind : std::uint8_t {
  energy,    ///< cumulative register of a meter, kWh, two decimals, every 15 minutes
  analogue,  ///< voltage, current, power or frequency of a sensor, every minute
  daily,     ///< what a meter used in a day, kWh, two decimals
};

/// How many of each; scaled() keeps the days and takes fewer meters.
struct SampleSize {
  std::uint32_t meters = 10'000;
  std::uint32_t meter_days = 30;
  std::uint32_t sensors = 2'000;
  std::uint32_t sensor_days = 7;
  std::uint32_t ten_year_meters = 1'000;
  std::uint32_t ten_year_days = 3'653;  ///< 2015 to 2024
  std::uint32_t fleet_meters = 100'000;
  std::uint32_t fleet_days = 30;
  [[nodiscard]] static SampleSize scaled(double scale);
  [[nodiscard]] std::uint64_t readings() const noexcept {
    return std::uint64_t{meters} * meter_days * 96 + std::uint64_t{sensors} * sensor_days * 1'440;
  }
  [[nodiscard]] std::uint64_t daily_values() const noexcept {
    return std::uint64_t{ten_year_meters} * ten_year_days + std::uint64_t{fleet_meters} * fleet_days;
  }
};

namespace sample_times {
inline constexpr std::int64_t day_ms = 86'400'000;
inline constexpr std::int64_t start_utc_ms = 1'746'057'600'000;            ///< 2025-05-01, of energy and fleet days
inline constexpr std::int64_t ten_years_start_utc_ms = 1'420'070'400'000;  ///< 2015-01-01
}  // namespace sample_times

/// All series of one kind over some consecutive steps, step by step as they arrive.
struct SampleBlock {
  SampleKind kind = SampleKind::energy;
  std::uint32_t first_series = 0;  ///< series are numbered from 0 within their kind
  std::uint32_t series_count = 0;
  std::uint32_t steps = 0;
  std::int64_t first_utc_ms = 0;
  std::int64_t step_ms = 0;
  std::vector<std::int32_t> mantissas{};  ///< [step x series_count + series - first_series]
  [[nodiscard]] std::uint64_t readings() const noexcept { return std::uint64_t{series_count} * steps; }
  [[nodiscard]] std::int64_t time_utc_ms(std::uint32_t step) const noexcept { return first_utc_ms + step * step_ms; }
  [[nodiscard]] std::int32_t mantissa(std::uint32_t step, std::uint32_t series_in_block) const noexcept {
    return mantissas[std::size_t{step} * series_count + series_in_block];
  }
};

/// What a sensor measures: series modulo four.
enum class AnalogueQuantity : std::uint8_t { voltage, current, power, frequency };
[[nodiscard]] constexpr AnalogueQuantity quantity_of(std::uint32_t sensor) noexcept {
  return static_cast<AnalogueQuantity>(sensor % 4);
}
/// Digits behind the point of a series' values.
[[nodiscard]] int decimals_of(SampleKind kind, std::uint32_t series) noexcept;
/// Name of the table, measurement or metric.
[[nodiscard]] std::string_view table_of(SampleKind kind) noexcept;

/// For checking answers: what one series should give.
struct SampleTruth {
  std::uint64_t count = 0;
  std::int64_t mantissa_sum = 0;
  friend bool operator==(const SampleTruth&, const SampleTruth&) = default;
};

/// Energy and analogue values in the order of their arrival: a day of all meters, and in the last days three blocks of
/// eight hours of all sensors behind it. The same for every run of one size.
class SampleFeed {
 public:
  explicit SampleFeed(const SampleSize& size);
  /// Nothing at the end.
  [[nodiscard]] std::optional<SampleBlock> next();
  /// Of what next() has given so far.
  [[nodiscard]] SampleTruth truth(SampleKind kind, std::uint32_t series) const;

 private:
  struct Meter {
    std::uint64_t noise = 0;
    std::int32_t register_mantissa = 0;
    std::int32_t mean_step = 0;  ///< hundredths of a kWh in 15 minutes
    std::uint8_t profile = 0;
  };
  struct Sensor {
    std::uint64_t noise = 0;
    std::int32_t value = 0;
    std::int32_t centre = 0;
    std::int32_t walk = 0;  ///< of one minute at most
  };
  [[nodiscard]] SampleBlock energy_day();
  [[nodiscard]] SampleBlock analogue_hours();
  [[nodiscard]] std::int32_t energy_step(Meter& meter, std::uint32_t step, std::uint32_t day);
  SampleSize size_;
  std::vector<Meter> meters_;
  std::vector<Sensor> sensors_;
  std::vector<SampleTruth> meter_truth_;
  std::vector<SampleTruth> sensor_truth_;
  std::uint32_t day_ = 0;
  std::uint32_t third_ = 0;  ///< of the day's sensor blocks: 0 before the meters' block
};

/// Daily values: ten years of some meters (series 0 to ten_year_meters - 1), then a month of many (the series behind
/// them), a hundred days at a time.
class DailyFeed {
 public:
  explicit DailyFeed(const SampleSize& size) : size_(size) {}
  [[nodiscard]] std::optional<SampleBlock> next();

 private:
  [[nodiscard]] SampleBlock block(std::uint32_t first_series, std::uint32_t series, std::uint32_t first_day,
                                  std::uint32_t days, std::int64_t start_utc_ms) const;
  SampleSize size_;
  std::uint32_t day_ = 0;
  bool fleet_ = false;
};
/// What a meter of DailyFeed used on a day, in hundredths of a kWh.
[[nodiscard]] std::int32_t daily_total(std::uint32_t series, std::uint32_t day) noexcept;

}  // namespace duheng::tools
