#include "platform/storage/storage_watch.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fmt/format.h>

#include "base/log.hpp"

namespace duheng::platform::storage {

using records::Row;
using records::Transaction;

namespace {

constexpr const char* kind = "storage_filling";
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t days_for_growth = 31;
constexpr std::int64_t days_kept = 800;
constexpr double warning_days = 30;
constexpr double major_days = 7;
constexpr double critical_days = 1;
constexpr double clear_days = 33;

constexpr records::Migration steps[] = {
    {"storage_samples",
     "CREATE TABLE storage_samples ("
     // A part's name, or "disk:" and the name of a file system.
     " subject TEXT NOT NULL,"
     " day INTEGER NOT NULL,"
     " bytes INTEGER NOT NULL,"
     " PRIMARY KEY (subject, day)) WITHOUT ROWID;"},
};

std::string disk_subject(const DiskFigures& disk) { return "disk:" + disk.name; }

Result<void> keep(Transaction& t, const std::string& subject, std::int64_t day, std::uint64_t bytes) {
  DUHENG_CHECK(
      t.execute("INSERT INTO storage_samples (subject, day, bytes) VALUES (?1, ?2, ?3) ON CONFLICT (subject, day) DO "
                "UPDATE SET bytes = excluded.bytes",
                {subject, day, bytes}));
  return {};
}

Result<std::vector<DailySample>> samples(Transaction& t, const std::string& subject, std::int64_t from_day) {
  return t.all("SELECT day, bytes FROM storage_samples WHERE subject = ?1 AND day >= ?2 ORDER BY day",
               {subject, from_day},
               [](const Row& row) { return DailySample{row.integer(0), static_cast<std::uint64_t>(row.integer(1))}; });
}

}  // namespace

std::string_view to_string(Disposal disposal) noexcept {
  switch (disposal) {
    case Disposal::kept:
      return "kept";
    case Disposal::expires:
      return "expires";
    case Disposal::derived:
      return "derived";
    case Disposal::rotated:
      return "rotated";
  }
  return "kept";
}

StorageWatch::StorageWatch(Parts parts, std::vector<StoragePart> watched, std::int64_t interval_ms)
    : parts_(parts), watched_(std::move(watched)), interval_ms_(interval_ms) {}

StorageWatch::~StorageWatch() {
  thread_.request_stop();
  wake_.notify_all();
}

records::Capability StorageWatch::migrations() { return {"storage", steps}; }

void StorageWatch::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

void StorageWatch::work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (const auto done = measure(); !done)
      log::warning("storage", "the disks cannot be measured", {{"error", done.error()}});
    std::unique_lock lock{mutex_};
    wake_.wait_for(lock, stop, std::chrono::milliseconds{interval_ms_}, [] { return false; });
  }
}

StorageReport StorageWatch::report() const {
  const std::lock_guard lock{mutex_};
  return report_;
}

Result<void> StorageWatch::measure() {
  auto seen = look();
  if (seen) {
    if (const auto grown = add_growth(*seen); !grown) seen = std::unexpected(grown.error());
  }
  if (!seen) {
    const std::lock_guard lock{mutex_};
    report_.problem = seen.error().message;
    return std::unexpected(seen.error());
  }
  for (const DiskFigures& disk : seen->file_systems) say(disk);
  const std::lock_guard lock{mutex_};
  report_ = std::move(*seen);
  return {};
}

Result<StorageReport> StorageWatch::look() {
  StorageReport out;
  out.measured_utc_ms = parts_.clock.utc_ms();
  std::vector<std::uint64_t> devices;
  for (const StoragePart& part : watched_) {
    DUHENG_TRY(const FileSystemFigures disk, parts_.probe.file_system_of(part.path));
    const auto known = std::ranges::find(devices, disk.device);
    PartFigures figures;
    figures.part = part;
    figures.file_system = static_cast<std::size_t>(known - devices.begin());
    if (known == devices.end()) {
      devices.push_back(disk.device);
      out.file_systems.push_back({part.name, disk.total_bytes, disk.free_bytes, {}, {}});
    }
    DUHENG_TRY(figures.bytes, parts_.probe.bytes_below(part.path));
    out.parts.push_back(std::move(figures));
  }
  return out;
}

/// Keeps the day's sample and tells growth from those of the last month.
Result<void> StorageWatch::add_growth(StorageReport& report) {
  const std::int64_t day = report.measured_utc_ms / day_ms;
  return parts_.database.write([&](Transaction& t) -> Result<void> {
    for (PartFigures& part : report.parts) {
      DUHENG_CHECK(keep(t, part.part.name, day, part.bytes));
      DUHENG_TRY(const auto known, samples(t, part.part.name, day - days_for_growth));
      part.growth_bytes_per_day = growth_bytes_per_day(known);
    }
    for (DiskFigures& disk : report.file_systems) {
      const std::uint64_t used = disk.total_bytes - std::min(disk.free_bytes, disk.total_bytes);
      DUHENG_CHECK(keep(t, disk_subject(disk), day, used));
      DUHENG_TRY(const auto known, samples(t, disk_subject(disk), day - days_for_growth));
      disk.growth_bytes_per_day = growth_bytes_per_day(known);
      disk.days_left = days_left(disk.free_bytes, disk.growth_bytes_per_day);
      report.days_sampled = std::max(report.days_sampled, known.size());
    }
    DUHENG_CHECK(t.execute("DELETE FROM storage_samples WHERE day < ?1", {day - days_kept}));
    return {};
  });
}

void StorageWatch::say(const DiskFigures& disk) {
  using alarms::Severity;
  const alarms::Subject subject{alarms::SubjectKind::storage, disk_subject(disk)};
  if (!disk.days_left || *disk.days_left > clear_days) return parts_.conditions.clear(kind, subject);
  // Between the two it stays as it is: neither raised anew nor ended.
  if (*disk.days_left > warning_days) return;
  const Severity severity = *disk.days_left <= critical_days ? Severity::critical
                            : *disk.days_left <= major_days  ? Severity::major
                                                             : Severity::warning;
  parts_.conditions.raise({kind,
                           subject,
                           severity,
                           {{"days_left", fmt::format("{:.0f}", std::floor(*disk.days_left))},
                            {"free_mib", fmt::format("{}", disk.free_bytes >> 20)},
                            {"growth_mib_per_day", fmt::format("{:.0f}", *disk.growth_bytes_per_day / (1 << 20))}}});
}

}  // namespace duheng::platform::storage
