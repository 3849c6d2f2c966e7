#pragma once
#include <condition_variable>
#include <mutex>
#include <thread>

#include "platform/alarms/alarm_condition.hpp"
#include "platform/sensors/sensors.hpp"

namespace duheng::platform {

/// Raises `calibration_overdue` for each device with a sensor whose date comes within 30 days (notice) or is past
/// (warning), and clears it when none is left. Facts: days_left of the first (negative: days past), sensors (how many),
/// place (its register, or "-"), serial.
class SensorWatch {
 public:
  static constexpr std::string_view kind = "calibration_overdue";
  SensorWatch(Sensors& sensors, alarms::ConditionSink& conditions, const Clock& clock)
      : sensors_(sensors), conditions_(conditions), clock_(clock) {}
  /// One look. Errors: the records'.
  [[nodiscard]] Result<void> look();

 private:
  Sensors& sensors_;
  alarms::ConditionSink& conditions_;
  const Clock& clock_;
};

/// Looks now, every hour, and soon after somebody changed something.
class SensorWatchThread {
 public:
  static constexpr std::int64_t interval_ms = 3'600'000;
  explicit SensorWatchThread(SensorWatch& watch);
  ~SensorWatchThread();
  SensorWatchThread(const SensorWatchThread&) = delete;
  SensorWatchThread& operator=(const SensorWatchThread&) = delete;
  void changed();

 private:
  void run();
  SensorWatch& watch_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool changed_ = true;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace duheng::platform
