#include "platform/completeness/day_completeness.hpp"

#include <algorithm>

#include "store/aggregates/aggregate_row.hpp"
#include "store/consumption/good_values.hpp"

namespace duheng::platform {
namespace {

constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t interval_ms_min = 1'000;

std::int64_t sound(std::int64_t interval_ms) { return std::clamp(interval_ms, interval_ms_min, day_ms); }

/// In force when a stretch that ends there ends.
std::int64_t interval_before(const ExpectedDevice& device, std::int64_t utc_ms) {
  std::int64_t interval = device.interval_ms;
  for (const ExpectedDevice::Pace& pace : device.changes) {
    if (pace.from_utc_ms < utc_ms) interval = pace.interval_ms;
  }
  return sound(interval);
}

/// A stretch of a day with one interval.
struct Piece {
  store::ConsumptionInterval time;
  std::int64_t interval_ms = 0;
};
/// Of a day that goes on the slots that are over.
std::vector<Piece> pieces_of(const ExpectedDevice& device, store::ConsumptionInterval bucket, std::int64_t now_utc_ms) {
  std::vector<Piece> out;
  std::int64_t after = bucket.after_utc_ms;
  const auto add = [&](std::int64_t through) {
    if (through <= after || after >= now_utc_ms) return;
    const std::int64_t interval = interval_before(device, through);
    std::int64_t end = through;
    if (now_utc_ms < through) end = after + (now_utc_ms - after) / interval * interval;
    if (end > after) out.push_back({{after, end}, interval});
    after = through;
  };
  for (const ExpectedDevice::Pace& pace : device.changes) {
    if (pace.from_utc_ms > bucket.after_utc_ms && pace.from_utc_ms < bucket.through_utc_ms) add(pace.from_utc_ms);
  }
  add(bucket.through_utc_ms);
  return out;
}

store::TimeRange cut(const store::TimeRange& a, const store::TimeRange& b) noexcept {
  return {std::max(a.from_utc_ms, b.from_utc_ms), std::min(a.to_utc_ms, b.to_utc_ms)};
}

/// Half-open, as the telemetry store wants it.
store::TimeRange range_of(store::ConsumptionInterval bucket) {
  return {bucket.after_utc_ms + 1, bucket.through_utc_ms + 1};
}

/// The k-th of n that reach so many percent, rounded up.
std::size_t needed(std::size_t devices, std::size_t percent) { return (devices * percent + 99) / 100; }

}  // namespace

class CompletenessQuestions::Deadline {
 public:
  Deadline(const Clock& clock, const store::QueryOptions& options)
      : clock_(clock), end_ms_(clock.monotonic_ms() + options.timeout_ms), cancel_(options.cancel) {}
  [[nodiscard]] Result<store::QueryOptions> rest() const {
    if (cancel_.stop_requested()) return fail(ErrorCode::cancelled, "the question was withdrawn");
    const std::int64_t left = end_ms_ - clock_.monotonic_ms();
    if (left <= 0) return fail(ErrorCode::timed_out, "the question took too long: ask for fewer days");
    return store::QueryOptions{left, cancel_};
  }

 private:
  const Clock& clock_;
  std::int64_t end_ms_;
  std::stop_token cancel_;
};

Result<std::optional<std::int64_t>> CompletenessQuestions::first_value(const ExpectedDevice& device,
                                                                       const store::QueryOptions& options) {
  std::optional<std::int64_t> first;
  for (const ExpectedDevice::Part& part : device.parts) {
    std::optional<std::int64_t> of_part;
    {
      const std::lock_guard lock{mutex_};
      if (const auto known = first_values_.find(part.series); known != first_values_.end()) of_part = known->second;
    }
    if (!of_part) {
      const store::TimeRange time = cut(part.time, {0, clock_.utc_ms() + day_ms});  // an open end is no range
      if (time.from_utc_ms >= time.to_utc_ms) continue;
      DUHENG_TRY(const store::PointPage page, telemetry_.range(part.series, time, 1, options));
      if (page.points.empty()) continue;
      of_part = page.points.front().time_utc_ms;
      const std::lock_guard lock{mutex_};
      first_values_[part.series] = *of_part;
    }
    first = std::min(first.value_or(*of_part), *of_part);
  }
  return first;
}

Result<bool> CompletenessQuestions::is_expected(const ExpectedDevice& device, std::int64_t through_utc_ms,
                                                const store::QueryOptions& options) {
  if (device.parts.empty()) return true;
  DUHENG_TRY(const auto first, first_value(device, options));
  return !first || *first <= through_utc_ms;
}

Result<CompletenessQuestions::Counted> CompletenessQuestions::count(const ExpectedDevice& device,
                                                                    store::ConsumptionInterval bucket,
                                                                    std::int64_t now_utc_ms,
                                                                    const store::QueryOptions& options) const {
  Counted out;
  for (const Piece& piece : pieces_of(device, bucket, now_utc_ms)) {
    const std::uint32_t slots = store::slots_in(piece.time, piece.interval_ms);
    std::uint64_t present = 0;
    for (const ExpectedDevice::Part& part : device.parts) {
      const store::TimeRange range = cut(range_of(piece.time), part.time);
      if (range.from_utc_ms >= range.to_utc_ms) continue;
      DUHENG_TRY(const store::Completeness found,
                 telemetry_.completeness(part.series, range, piece.interval_ms, options));
      present += found.present;
    }
    out.expected += slots;
    out.present += static_cast<std::uint32_t>(std::min<std::uint64_t>(present, slots));
  }
  return out;
}

Result<std::vector<DeviceDay>> CompletenessQuestions::device_days(const store::CivilCalendar& calendar,
                                                                  std::span<const ExpectedDevice> devices,
                                                                  std::int32_t first, std::int32_t last,
                                                                  const store::QueryOptions& options) {
  const Deadline deadline(clock_, options);
  const std::int64_t now = clock_.utc_ms();
  last = std::min(last, calendar.day_of(now));
  std::vector<DeviceDay> out;
  if (first > last) return out;
  if (devices.size() * static_cast<std::size_t>(last - first + 1) > device_days_max)
    return fail(ErrorCode::limit_exceeded, "so many devices and days: ask for fewer days");
  for (std::int32_t day = first; day <= last; ++day) {
    const store::ConsumptionInterval bucket = calendar.day(day);
    for (std::size_t i = 0; i < devices.size(); ++i) {
      DUHENG_TRY(const store::QueryOptions rest, deadline.rest());
      DUHENG_TRY(const Counted counted, count(devices[i], bucket, now, rest));
      const auto& [expected, present] = counted;
      if (expected == 0) continue;
      if (present == 0) {
        DUHENG_TRY(const bool expects, is_expected(devices[i], std::min(now, bucket.through_utc_ms), rest));
        if (!expects) continue;
      }
      out.push_back({i, day, expected, present});
    }
  }
  return out;
}

/// The journal record that brought the first good value of the day's last slot.
Result<std::optional<std::uint64_t>> CompletenessQuestions::closing_record(const ExpectedDevice& device,
                                                                           store::ConsumptionInterval bucket,
                                                                           const store::QueryOptions& options) const {
  const store::TimeRange slot{bucket.through_utc_ms - interval_before(device, bucket.through_utc_ms) + 1,
                              bucket.through_utc_ms + 1};
  std::optional<std::uint64_t> record;
  for (const ExpectedDevice::Part& part : device.parts) {
    std::optional<std::int64_t> next = cut(slot, part.time).from_utc_ms;
    const std::int64_t to = cut(slot, part.time).to_utc_ms;
    while (next && *next < to) {
      DUHENG_TRY(const store::PointPage page, telemetry_.range(part.series, {*next, to}, 1'000, options));
      for (const store::Point& point : page.points) {
        if (!store::is_usable(point.quality)) continue;
        const std::uint64_t number = point.frame.record_number();
        record = std::min(record.value_or(number), number);
      }
      next = page.next_from_utc_ms;
    }
  }
  return record;
}

Result<std::vector<DayReadiness>> CompletenessQuestions::readiness(const store::CivilCalendar& calendar,
                                                                   std::span<const ExpectedDevice> devices,
                                                                   std::int32_t first, std::int32_t last,
                                                                   const store::QueryOptions& options) {
  const Deadline deadline(clock_, options);
  last = std::min(last, calendar.day_of(clock_.utc_ms()) - 1);
  std::vector<DayReadiness> out;
  if (first > last) return out;
  if (devices.size() * static_cast<std::size_t>(last - first + 1) > device_days_max)
    return fail(ErrorCode::limit_exceeded, "so many devices and days: ask for fewer days");
  for (std::int32_t day = first; day <= last; ++day) {
    const store::ConsumptionInterval bucket = calendar.day(day);
    DayReadiness one{.day = day};
    std::vector<std::uint64_t> records;
    for (const ExpectedDevice& device : devices) {
      DUHENG_TRY(const store::QueryOptions rest, deadline.rest());
      DUHENG_TRY(const auto record, closing_record(device, bucket, rest));
      if (record) records.push_back(*record);
      if (!record) {
        DUHENG_TRY(const bool expects, is_expected(device, bucket.through_utc_ms, rest));
        if (!expects) continue;
      }
      ++one.devices_expected;
    }
    one.devices_ready = static_cast<std::uint32_t>(records.size());
    std::ranges::sort(records);
    const auto when = [&](std::size_t percent) -> std::optional<std::int64_t> {
      const std::size_t count = needed(one.devices_expected, percent);
      if (count == 0 || records.size() < count) return std::nullopt;
      return received_at_(records[count - 1]);
    };
    one.ready_99_utc_ms = when(99);
    one.ready_100_utc_ms = when(100);
    out.push_back(one);
  }
  return out;
}

}  // namespace duheng::platform
