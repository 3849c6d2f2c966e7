#pragma once
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "platform/alarms/alarm_condition.hpp"
#include "platform/storage/storage_forecast.hpp"
#include "platform/storage/storage_probe.hpp"
#include "store/records/database.hpp"
#include "store/records/migration.hpp"

namespace duheng::platform::storage {

/// What becomes of what lies there (GB/T 40693-2021, chapter 7: retention and disposal).
enum class Disposal : std::uint8_t {
  kept,     ///< nothing is ever deleted by itself
  expires,  ///< deleted after `kept_days`
  derived,  ///< may be deleted at any time: it is made anew from the journal
  rotated,  ///< the newest are kept, older ones deleted by the plan of that part
};
[[nodiscard]] std::string_view to_string(Disposal disposal) noexcept;

struct StoragePart {
  std::string name{};  ///< a word: journal, telemetry, records, exports, imports, backups ...
  std::string path{};
  Disposal disposal = Disposal::kept;
  std::int64_t kept_days = 0;  ///< of Disposal::expires
  bool is_encrypted = true;    ///< lies encrypted
};

struct PartFigures {
  StoragePart part{};
  std::uint64_t bytes = 0;
  std::optional<double> growth_bytes_per_day{};
  std::size_t file_system = 0;  ///< into StorageReport::file_systems
};
struct DiskFigures {
  std::string name{};  ///< of its first part; also the alarm's subject
  std::uint64_t total_bytes = 0;
  std::uint64_t free_bytes = 0;
  std::optional<double> growth_bytes_per_day{};  ///< of all that is used on it, other programs' files too
  std::optional<double> days_left{};
};
struct StorageReport {
  std::int64_t measured_utc_ms = 0;  ///< 0: not yet
  std::size_t days_sampled = 0;      ///< what growth is told from
  std::vector<PartFigures> parts{};
  std::vector<DiskFigures> file_systems{};
  std::string problem{};  ///< why the last measurement failed; in English
};

/// Measures what lies on the platform's disks, keeps a sample for each day in the records, tells how long the room
/// lasts, and raises `storage_filling` when that is 30 days (warning), 7 (major) or 1 (critical). It ends when the room
/// lasts for more than 33 days again. Thread-safe.
class StorageWatch {
 public:
  struct Parts {
    records::Database& database;
    const Clock& clock;
    alarms::ConditionSink& conditions;
    StorageProbe& probe;
  };
  StorageWatch(Parts parts, std::vector<StoragePart> watched, std::int64_t interval_ms = 10 * 60'000);
  ~StorageWatch();
  StorageWatch(const StorageWatch&) = delete;
  StorageWatch& operator=(const StorageWatch&) = delete;
  [[nodiscard]] static records::Capability migrations();

  /// Measures on a thread of its own; without it measure() is called by hand.
  void start();
  [[nodiscard]] Result<void> measure();
  [[nodiscard]] StorageReport report() const;

 private:
  void work(const std::stop_token& stop);
  [[nodiscard]] Result<StorageReport> look();
  [[nodiscard]] Result<void> add_growth(StorageReport& report);
  void say(const DiskFigures& disk);

  const Parts parts_;
  const std::vector<StoragePart> watched_;
  const std::int64_t interval_ms_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable_any wake_;
  StorageReport report_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace duheng::platform::storage
