#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "device/meter/meter_state.hpp"

namespace duheng::device {

/// When a meter recorded: settlements, freezes and load records, by its own clock as it stood then. A moment the clock
/// was set past has no record; of one it showed twice the later record holds.
class MeterMoments {
 public:
  static constexpr std::size_t settlements_kept = 12;
  static constexpr std::size_t daily_kept = 62;
  static constexpr std::size_t hourly_kept = 254;
  static constexpr std::size_t timed_kept = 60;
  static constexpr std::int64_t load_days_kept = 400;

  /// `floor_utc_ms`: nothing is kept of before (installation, or the last clear).
  MeterMoments(const MeterState& state, std::int64_t now_utc_ms, std::int64_t floor_utc_ms)
      : state_(state), now_utc_ms_(now_utc_ms), floor_utc_ms_(floor_utc_ms) {}

  /// `last` counts from 1, the newest; in true time.
  [[nodiscard]] std::optional<std::int64_t> settlement(std::size_t last) const;
  [[nodiscard]] std::optional<std::int64_t> daily(std::size_t last) const;
  [[nodiscard]] std::optional<std::int64_t> hourly(std::size_t last) const;
  [[nodiscard]] std::optional<std::int64_t> instant(std::size_t last) const;
  [[nodiscard]] std::optional<std::int64_t> timed(std::size_t last) const;

  struct LoadMoment {
    std::int64_t utc_ms = 0;
    std::int64_t own_ms = 0;
    std::uint8_t classes = 0;  ///< bit 0: class 1 …
  };
  enum class From : std::uint8_t { oldest, given, newest };
  /// Up to `count` records in the order of time; class 0: all classes.
  [[nodiscard]] std::vector<LoadMoment> load_records(std::uint8_t record_class, From from, std::int64_t from_own_ms,
                                                     std::size_t count) const;

 private:
  [[nodiscard]] std::optional<std::int64_t> kept(std::int64_t own_ms) const;
  [[nodiscard]] std::optional<std::int64_t> stepped(std::int64_t step_ms, std::size_t last, std::size_t most) const;
  [[nodiscard]] std::vector<std::uint16_t> days_ever() const;
  [[nodiscard]] std::optional<LoadMoment> load_moment(std::uint8_t record_class, std::int64_t own_ms) const;
  [[nodiscard]] std::int64_t load_step_ms() const;

  const MeterState& state_;
  std::int64_t now_utc_ms_;
  std::int64_t floor_utc_ms_;
};

}  // namespace duheng::device
