#pragma once
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "store/aggregates/civil_calendar.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::platform {

/// A device of which something is expected, and whose series carry it.
struct ExpectedDevice {
  struct Part {
    SeriesId series;
    store::TimeRange time;  ///< in which the series is this device's
  };
  /// Another interval from a moment on.
  struct Pace {
    std::int64_t from_utc_ms = 0;
    std::int64_t interval_ms = 0;
  };
  std::vector<Part> parts;             ///< empty: it was never read
  std::int64_t interval_ms = 900'000;  ///< at which values are due; longer than a day counts as a day
  std::vector<Pace> changes{};         ///< by time; before the first `interval_ms` holds
};

/// How much of a device's civil day is there.
struct DeviceDay {
  std::size_t device = 0;  ///< its place among those asked for
  std::int32_t day = 0;
  std::uint32_t slots_expected = 0;
  std::uint32_t slots_present = 0;
  [[nodiscard]] bool is_whole() const noexcept { return slots_present >= slots_expected; }
  friend bool operator==(const DeviceDay&, const DeviceDay&) = default;
};

/// When the values that a day is settled by were there.
struct DayReadiness {
  std::int32_t day = 0;
  std::uint32_t devices_expected = 0;
  std::uint32_t devices_ready = 0;
  /// When so many of a hundred devices had theirs on the platform's disk; nothing: not yet, or no longer to be told.
  std::optional<std::int64_t> ready_99_utc_ms{};
  std::optional<std::int64_t> ready_100_utc_ms{};
  friend bool operator==(const DayReadiness&, const DayReadiness&) = default;
};

/// Whether everything came, by civil day (after, through]. A day is cut into slots of the device's interval; a slot is
/// there when a good value lies in it. Of a day that goes on the slots count that are over. Before a device's first
/// value ever nothing is expected of it; of one that never had any it is.
///
/// Thread-safe. Errors of every call: the store's; timed_out, cancelled; limit_exceeded - more than device_days_max.
class CompletenessQuestions {
 public:
  static constexpr std::size_t device_days_max = 200'000;
  /// When a journal record came to the platform; nothing when the journal no longer has it.
  using ReceivedAt = std::function<std::optional<std::int64_t>(std::uint64_t record_number)>;
  CompletenessQuestions(const store::TelemetryStore& telemetry, const Clock& clock, ReceivedAt received_at)
      : telemetry_(telemetry), clock_(clock), received_at_(std::move(received_at)) {}

  /// By day, then device; those of which nothing is expected on the day are left out.
  [[nodiscard]] Result<std::vector<DeviceDay>> device_days(const store::CivilCalendar& calendar,
                                                           std::span<const ExpectedDevice> devices, std::int32_t first,
                                                           std::int32_t last, const store::QueryOptions& options);
  /// Of days that are over. A device is ready when the last slot of the day is there; when it came says the journal:
  /// records are numbered in the order of their coming.
  [[nodiscard]] Result<std::vector<DayReadiness>> readiness(const store::CivilCalendar& calendar,
                                                            std::span<const ExpectedDevice> devices, std::int32_t first,
                                                            std::int32_t last, const store::QueryOptions& options);

 private:
  class Deadline;
  struct Counted {
    std::uint32_t expected = 0;
    std::uint32_t present = 0;
  };
  [[nodiscard]] Result<Counted> count(const ExpectedDevice& device, store::ConsumptionInterval bucket,
                                      std::int64_t now_utc_ms, const store::QueryOptions& options) const;
  [[nodiscard]] Result<std::optional<std::int64_t>> first_value(const ExpectedDevice& device,
                                                                const store::QueryOptions& options);
  [[nodiscard]] Result<bool> is_expected(const ExpectedDevice& device, std::int64_t through_utc_ms,
                                         const store::QueryOptions& options);
  [[nodiscard]] Result<std::optional<std::uint64_t>> closing_record(const ExpectedDevice& device,
                                                                    store::ConsumptionInterval bucket,
                                                                    const store::QueryOptions& options) const;

  const store::TelemetryStore& telemetry_;
  const Clock& clock_;
  const ReceivedAt received_at_;
  std::mutex mutex_;                                         // guards what follows
  std::unordered_map<SeriesId, std::int64_t> first_values_;  // moves only with older data that comes late
};

}  // namespace duheng::platform
