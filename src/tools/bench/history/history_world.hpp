#pragma once
// Registers of a fleet over years, each value known from meter and time alone, so that every answer can be checked.
#include <cstdint>
#include <optional>
#include <span>

#include "base/error.hpp"
#include "base/ids.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::tools {

class HistoryWorld {
 public:
  static constexpr std::int64_t step_ms = 900'000;
  static constexpr std::int64_t day_ms = 86'400'000;
  static constexpr std::uint32_t steps_per_day = 96;
  static constexpr std::int32_t first_day = 18'262;  ///< 2020-01-01, UTC

  HistoryWorld(std::uint32_t meters, std::uint32_t days);
  [[nodiscard]] std::uint32_t meters() const noexcept { return meters_; }
  [[nodiscard]] std::uint32_t days() const noexcept { return days_; }
  [[nodiscard]] std::uint32_t steps() const noexcept { return days_ * steps_per_day; }
  [[nodiscard]] static std::int64_t begin_utc_ms() noexcept { return first_day * day_ms; }
  [[nodiscard]] std::int64_t end_utc_ms() const noexcept { return begin_utc_ms() + days_ * day_ms; }
  [[nodiscard]] static std::int64_t time_utc_ms(std::uint32_t step) noexcept { return begin_utc_ms() + step * step_ms; }
  /// Of a cumulative register, hundredths of a kWh: never falls.
  [[nodiscard]] static std::int32_t value(std::uint32_t meter, std::uint32_t step) noexcept;

  /// A day, the last of its month, that comes late of every tenth meter. Its bucket (after, through] is missing at
  /// first: the month ends with the day before.
  [[nodiscard]] std::int32_t late_day() const noexcept { return late_day_; }
  [[nodiscard]] static bool is_late_meter(std::uint32_t meter) noexcept { return meter % 10 == 0; }
  [[nodiscard]] bool is_late(std::uint32_t meter, std::uint32_t step) const noexcept;
  [[nodiscard]] std::uint64_t late_readings() const noexcept;
  [[nodiscard]] std::uint64_t readings() const noexcept { return std::uint64_t{meters_} * steps(); }
  /// The step whose value is the last in the bucket of that day, or the last of all.
  [[nodiscard]] std::uint32_t last_step_of(std::int32_t day) const noexcept;

 private:
  std::uint32_t meters_;
  std::uint32_t days_;
  std::int32_t late_day_;
};

/// Looks at the rows of one series as they come by: strictly ordered by time, no time but those that went in, every
/// value exact.
class OrderCheck {
 public:
  OrderCheck(const HistoryWorld& world, std::uint32_t meter, bool with_late)
      : world_(world), meter_(meter), with_late_(with_late) {}
  /// Errors: conflict - out of order, or not what went in.
  [[nodiscard]] Result<void> add(std::span<const store::ReadingRow> rows);
  /// Errors: conflict - something is missing.
  [[nodiscard]] Result<void> finish() const;

 private:
  [[nodiscard]] std::uint32_t next_due(std::uint32_t step) const noexcept;
  const HistoryWorld& world_;
  std::uint32_t meter_;
  bool with_late_;
  std::uint32_t next_step_ = 0;
};

}  // namespace duheng::tools
