#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "codec/dlt645/value.hpp"

namespace duheng::device {

/// "2007-04-01" and so on from a count of milliseconds in local time.
[[nodiscard]] dlt645::DateTime civil_time(std::int64_t local_ms) noexcept;
/// The reverse of civil_time(), for dates that exist.
[[nodiscard]] std::int64_t local_ms_of(const dlt645::DateTime& time) noexcept;

/// From `utc_ms` on the clock shows so much more than by its offset and drift alone.
struct ClockChange {
  std::int64_t utc_ms = 0;
  std::int64_t correction_ms = 0;
  std::int32_t extra_ppm = 0;  ///< and gains this much more from then on
  friend bool operator==(const ClockChange&, const ClockChange&) = default;
};

/// A meter's own clock: what it shows at any true moment, past ones too, and the way back. Its time is counted in
/// milliseconds of civil time.
class MeterClock {
 public:
  struct Options {
    std::int64_t zone_ms = 0;
    std::int64_t offset_ms = 0;
    std::int32_t drift_ppm = 0;
    std::int64_t installed_utc_ms = 0;
  };
  /// So many changes are known one by one, a correction a day for more than a year; before them it is taken to have
  /// been as right as after the oldest.
  static constexpr std::size_t changes_max = 400;
  static constexpr std::int32_t extra_ppm_max = 100'000;  ///< either way

  explicit MeterClock(const Options& options) : options_(options) {}
  [[nodiscard]] std::int64_t own_ms(std::int64_t utc_ms) const noexcept;
  /// The last moment up to `now_utc_ms` at which the clock came to show `own_ms`; nothing when it was set past it, or
  /// has not come to it yet.
  [[nodiscard]] std::optional<std::int64_t> utc_of(std::int64_t own_ms, std::int64_t now_utc_ms) const noexcept;

  [[nodiscard]] const std::vector<ClockChange>& changes() const noexcept { return changes_; }
  void restore(std::vector<ClockChange> changes) { changes_ = std::move(changes); }
  /// Makes the clock show `own_ms` at `utc_ms`.
  void set(std::int64_t utc_ms, std::int64_t own_ms);
  void set_extra_drift(std::int64_t utc_ms, std::int32_t ppm);

 private:
  [[nodiscard]] static std::int64_t extra_ms(std::int64_t length_ms, std::int32_t ppm) noexcept;
  [[nodiscard]] std::int64_t shown(std::int64_t utc_ms, const ClockChange& change) const noexcept;
  [[nodiscard]] std::int64_t solve(std::int64_t own_ms, const ClockChange& change) const noexcept;
  void add(const ClockChange& change);

  Options options_;
  std::vector<ClockChange> changes_;  // by time
};

}  // namespace duheng::device
