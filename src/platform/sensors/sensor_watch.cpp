#include "platform/sensors/sensor_watch.hpp"

#include <chrono>
#include <string>

#include "base/log.hpp"

namespace duheng::platform {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

alarms::Subject subject_of(DeviceId device) { return {alarms::SubjectKind::device, std::to_string(device.value)}; }

/// Whole days until then; negative: since then.
std::int64_t days_until(std::int64_t due_utc_ms, std::int64_t now_utc_ms) {
  return due_utc_ms > now_utc_ms ? (due_utc_ms - now_utc_ms + day_ms - 1) / day_ms
                                 : -((now_utc_ms - due_utc_ms) / day_ms);
}

}  // namespace

Result<void> SensorWatch::look() {
  DUHENG_TRY(const Sensors::Standing standing, sensors_.standing());
  const std::int64_t now = clock_.utc_ms();
  // By device, and of each device the first due first.
  for (std::size_t begin = 0; begin < standing.due.size();) {
    const Sensor& first = standing.due[begin];
    std::size_t end = begin;
    while (end < standing.due.size() && standing.due[end].device == first.device) ++end;
    const bool overdue = first.state == CalibrationState::overdue;
    conditions_.raise({.kind = std::string(kind),
                       .subject = subject_of(first.device),
                       .severity = overdue ? alarms::Severity::warning : alarms::Severity::notice,
                       .facts = {{"days_left", std::to_string(days_until(first.calibration->due_utc_ms(), now))},
                                 {"sensors", std::to_string(end - begin)},
                                 {"place", first.register_name.empty() ? "-" : first.register_name},
                                 {"serial", first.details.serial_number}}});
    begin = end;
  }
  for (const DeviceId device : standing.sound) conditions_.clear(kind, subject_of(device));
  return {};
}

SensorWatchThread::SensorWatchThread(SensorWatch& watch) : watch_(watch), thread_([this] { run(); }) {}

SensorWatchThread::~SensorWatchThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void SensorWatchThread::changed() {
  {
    const std::lock_guard lock(mutex_);
    changed_ = true;
  }
  wake_.notify_all();
}

void SensorWatchThread::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    changed_ = false;
    lock.unlock();
    if (const auto looked = watch_.look(); !looked)
      log::warning("sensors", "the dates of calibration could not be looked at", {{"error", looked.error()}});
    lock.lock();
    wake_.wait_for(lock, std::chrono::milliseconds(interval_ms), [this] { return stopping_ || changed_; });
  }
}

}  // namespace duheng::platform
