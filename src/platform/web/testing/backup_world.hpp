#pragma once
// For tests only: backups of a small journal into a directory, asked for and worked off by hand.
#include <memory>
#include <string>
#include <vector>

#include "platform/backups/backup_service.hpp"
#include "store/backup/directory_place.hpp"
#include "store/journal/journal_testing.hpp"
#include "store/records/test_database.hpp"

namespace duheng::platform::web::testing {

class BackupWorld {
 public:
  BackupWorld() {
    for (const char* const folder : {"data", "data/keys", "data/backups", "second"})
      (void)disk_.make_directories(folder_.file(folder));
    keys_ = std::move(crypto::LocalKeyProvider::open(disk_, random_, folder_.file("data/keys/master.key")).value());
    journal_ =
        std::move(store::Journal::open(disk_, random_, *keys_, {.directory = folder_.file("data/journal")}).value());
    const store::JournalRecord record = sender_.next();
    (void)journal_->commit({&record, 1});
    std::vector<std::unique_ptr<store::BackupPlace>> places;
    places.push_back(std::make_unique<store::DirectoryPlace>(disk_, folder_.file("second")));
    BackupSchedule schedule;
    schedule.is_enabled = false;  // only what is asked for
    service_ = std::make_unique<BackupService>(
        BackupParts{.database = *database_,
                    .journal = *journal_,
                    .disk = disk_,
                    .clock = clock_,
                    .random = random_,
                    .keys = *keys_,
                    .alarms = alarms_,
                    .places = std::move(places),
                    .source =
                        [this](store::Journal& journal) {
                          return store::BackupSource{.disk = disk_,
                                                     .keys = *keys_,
                                                     .journal = journal,
                                                     .directory = folder_.file("data"),
                                                     .staging = folder_.file("data/backups/staging"),
                                                     .is_left_out = [](std::string_view path) {
                                                       return path.starts_with("keys/") || path.starts_with("backups/");
                                                     }};
                        },
                    .master_key_file = folder_.file("data/keys/master.key"),
                    .recovery_key_file = folder_.file("data/backups/recovery.key"),
                    .drill_directory = folder_.file("data/backups/drill"),
                    .product = "test",
                    .schedule = schedule,
                    .recovery_cost = {.memory_kib = 64, .passes = 1}});
  }
  [[nodiscard]] BackupService& service() noexcept { return *service_; }
  [[nodiscard]] std::string place() const { return folder_.file("second"); }
  /// What was asked for, until nothing is left.
  void work() {
    for (int i = 0; i < 5 && service_->step().value_or(false); ++i) continue;
  }

 private:
  class NoAlarms final : public alarms::ConditionSink {
   public:
    void raise(const alarms::Condition&) override {}
    void clear(std::string_view, const alarms::Subject&) override {}
  };
  records::TemporaryFolder folder_;
  PosixDisk disk_;
  SystemClock clock_;
  SeededRandom random_{3};
  records::TestDatabase database_{BackupBook::migrations()};
  std::unique_ptr<crypto::LocalKeyProvider> keys_;
  std::unique_ptr<store::Journal> journal_;
  store::testing::Sender sender_{1, 1};
  NoAlarms alarms_;
  std::unique_ptr<BackupService> service_;
};

}  // namespace duheng::platform::web::testing
