#include "platform/administration/platform_data.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

#include "platform/alarms/alarm_book.hpp"
#include "platform/backups/backup_book.hpp"
#include "platform/completeness/outage_book.hpp"
#include "platform/edits/value_review.hpp"
#include "platform/equipment/equipment.hpp"
#include "platform/exports/export_service.hpp"
#include "platform/history_import/history_imports.hpp"
#include "platform/imports/file_imports.hpp"
#include "platform/onboarding/plan_book.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/points/metering_points.hpp"
#include "platform/sensors/sensors.hpp"
#include "platform/storage/storage_watch.hpp"
#include "platform/tariffs/tariffs.hpp"

namespace duheng::platform {

Result<DataDirectoryLock> DataDirectoryLock::take(const PlatformPaths& paths, Disk& disk) {
  DUHENG_CHECK(disk.make_directories(paths.root));
  const int descriptor = ::open(paths.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return fail(ErrorCode::storage_failed, fmt::format("cannot open {}: {}", paths.lock(), std::strerror(errno)));
  }
  DataDirectoryLock lock{descriptor};
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorCode::unavailable, fmt::format("another process works on the data directory {}", paths.root));
  }
  return lock;
}

DataDirectoryLock::DataDirectoryLock(DataDirectoryLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}
DataDirectoryLock& DataDirectoryLock::operator=(DataDirectoryLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}
DataDirectoryLock::~DataDirectoryLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<std::unique_ptr<PlatformRecords>> PlatformRecords::open(const PlatformPaths& paths, Disk& disk,
                                                               const Clock& clock, Random& random,
                                                               PeopleOptions people) {
  for (const std::string& folder : {paths.root, paths.keys(), paths.authority(), paths.records(), paths.run()}) {
    DUHENG_CHECK(disk.make_directories(folder));
  }
  auto out = std::unique_ptr<PlatformRecords>(new PlatformRecords);
  DUHENG_TRY(out->keys_, crypto::LocalKeyProvider::open(disk, random, paths.master_key()));
  DUHENG_TRY(out->issuer_, crypto::LocalCertificateIssuer::open(disk, random, clock, paths.authority()));
  DUHENG_TRY(out->database_, records::SqliteDatabase::open({.path = paths.records() + "/records.db"}, *out->keys_));
  const std::array capabilities{
      Organisations::migrations(),     Sites::migrations(),           Gateways::migrations(),
      Devices::migrations(),           People::migrations(),          OrderService::migrations(),
      PlanBook::migrations(),          ExportService::migrations(),   HistoryImportKind::migrations(),
      MeteringPoints::migrations(),    Sensors::migrations(),         ValueReview::migrations(),
      alarms::AlarmBook::migrations(), FileImports::migrations(),     storage::StorageWatch::migrations(),
      BackupBook::migrations(),        EquipmentLedger::migrations(), Tariffs::migrations(),
      OutageBook::migrations()};
  DUHENG_CHECK(records::migrate(*out->database_, clock, capabilities));
  out->organisations_ = std::make_unique<Organisations>(*out->database_, clock);
  out->sites_ = std::make_unique<Sites>(*out->database_, clock);
  out->gateways_ = std::make_unique<Gateways>(*out->database_, clock, random);
  out->devices_ = std::make_unique<Devices>(*out->database_, clock);
  out->people_ = std::make_unique<People>(*out->database_, clock, random, people);
  return out;
}

}  // namespace duheng::platform
