// Backups as an operator lives with them: a week, a missed night, a damaged place, a second machine.
#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <map>

#include <nlohmann/json.hpp>

#include "base/time.hpp"
#include "platform/backups/backup_service.hpp"
#include "store/backup/backup_object.hpp"
#include "store/backup/backup_restore.hpp"
#include "store/backup/directory_place.hpp"
#include "store/backup/record_rows.hpp"
#include "store/journal/journal_testing.hpp"
#include "store/records/test_database.hpp"

namespace duheng::platform {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t day_ms = 24 * hour_ms;

class Alarms final : public alarms::ConditionSink {
 public:
  void raise(const alarms::Condition& condition) override {
    if (standing.insert_or_assign(condition.kind, condition).second) ++raised[condition.kind];
  }
  void clear(std::string_view kind, const alarms::Subject&) override { standing.erase(std::string(kind)); }
  [[nodiscard]] bool stands(const std::string& kind) const { return standing.contains(kind); }
  std::map<std::string, alarms::Condition> standing;
  std::map<std::string, int> raised;
};

records::Migration meters[] = {{"meters", "CREATE TABLE meters (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT"}};

class Backups : public ::testing::Test {
 protected:
  Backups() {
    for (const char* const folder : {"data", "data/records", "data/authority", "data/keys", "data/backups", "second"})
      (void)disk_.make_directories(folder_.file(folder));
    keys_ = std::move(crypto::LocalKeyProvider::open(disk_, random_, folder_.file("data/keys/master.key")).value());
    (void)write_file_atomically(disk_, folder_.file("data/authority/ca.pem"), as_bytes("the authority"));
    database_ =
        std::move(records::SqliteDatabase::open({.path = folder_.file("data/records/records.db")}, *keys_).value());
    const std::vector<records::Capability> capabilities{BackupBook::migrations(), {"meters", meters}};
    EXPECT_TRUE(records::migrate(*database_, clock_, capabilities));
    journal_ = std::move(store::Journal::open(disk_, random_, *keys_,
                                              {.directory = folder_.file("data/journal"), .segment_bytes_max = 20'000})
                             .value());
    // 2026-03-02 12:00 in Shanghai, a Monday.
    clock_.set_utc_ms(*parse_iso8601("2026-03-02T12:00:00+08:00"));
    start();
  }
  void start() {
    std::vector<std::unique_ptr<store::BackupPlace>> places;
    places.push_back(std::make_unique<store::DirectoryPlace>(disk_, folder_.file("second")));
    service_ = std::make_unique<BackupService>(
        BackupParts{.database = *database_,
                    .journal = *journal_,
                    .disk = disk_,
                    .clock = clock_,
                    .random = random_,
                    .keys = *keys_,
                    .alarms = alarms_,
                    .places = std::move(places),
                    .source = [this](store::Journal& journal) { return source(journal); },
                    .master_key_file = folder_.file("data/keys/master.key"),
                    .recovery_key_file = folder_.file("data/backups/recovery.key"),
                    .drill_directory = folder_.file("data/backups/drill"),
                    .product = "test",
                    .schedule = {},
                    .recovery_cost = {.memory_kib = 64, .passes = 1}});
    EXPECT_TRUE(service_->open());
  }
  store::BackupSource source(store::Journal& journal) {
    return {.disk = disk_,
            .keys = *keys_,
            .journal = journal,
            .directory = folder_.file("data"),
            .staging = folder_.file("data/backups/staging"),
            .snapshots = {{"records/records.db", [this](const std::string& to) { return database_->backup_to(to); }}},
            .is_left_out = [](std::string_view path) {
              return path.starts_with("records/") || path.starts_with("keys/") || path.starts_with("backups/");
            }};
  }
  void live(int batches) {
    for (int i = 0; i < batches; ++i) {
      const store::JournalRecord record = sender_.next();
      ASSERT_TRUE(journal_->commit({&record, 1}));
    }
    ASSERT_TRUE(database_->write([&](records::Transaction& transaction) {
      return transaction.execute("INSERT INTO meters (name) VALUES (?1)", {"meter"});
    }));
  }
  /// As the thread does, every so often of simulated time.
  void run_for(std::int64_t ms, std::int64_t step_ms = 10 * 60'000) {
    for (std::int64_t done = 0; done < ms; done += step_ms) {
      clock_.advance_ms(step_ms);
      work();
    }
  }
  void work() {
    for (int i = 0; i < 10; ++i) {
      const auto worked = service_->step();
      ASSERT_TRUE(worked) << worked.error().message;
      if (!*worked) return;
    }
    ADD_FAILURE() << "it never comes to rest";
  }
  std::vector<BackupRun> runs(BackupKind kind = BackupKind::backup) {
    auto found = service_->list(kind, 1, 100).value().runs;
    std::ranges::reverse(found);
    return found;
  }
  std::string civil(std::int64_t utc_ms) { return format_utc(utc_ms + 8 * hour_ms).substr(0, 16); }
  void flip_at_place(const std::string& name) {
    const std::string path = folder_.file("second/" + name);
    Bytes octets = read_file(disk_, path).value();
    octets[octets.size() / 2] ^= 1U;
    ASSERT_TRUE(write_file_atomically(disk_, path, octets));
  }

  records::TemporaryFolder folder_;
  PosixDisk disk_;
  ManualClock clock_;
  SeededRandom random_{77};
  std::unique_ptr<crypto::LocalKeyProvider> keys_;
  std::unique_ptr<records::SqliteDatabase> database_;
  std::unique_ptr<store::Journal> journal_;
  store::testing::Sender sender_{5, 1};
  Alarms alarms_;
  std::unique_ptr<BackupService> service_;
};

TEST_F(Backups, AWeekWithAMissedNight) {
  // The first one at once, since there was none; then every night, and one night the second place is away.
  live(5);
  work();
  ASSERT_EQ(runs().size(), 1U);
  EXPECT_FALSE(alarms_.stands("backup_missed"));
  for (int day = 0; day < 7; ++day) {
    live(20);
    const bool away = day == 3;
    if (away) std::filesystem::rename(folder_.file("second"), folder_.file("unmounted"));
    run_for(day_ms - 2 * hour_ms);
    if (away) {
      EXPECT_TRUE(alarms_.stands("backup_missed")) << "more than two hours late";
      EXPECT_TRUE(alarms_.stands("backup_failed"));
      EXPECT_EQ(alarms_.standing.at("backup_missed").subject.id, folder_.file("second"));
      EXPECT_FALSE(disk_.exists(folder_.file("second"))) << "nothing is written below the empty mount point";
      EXPECT_TRUE(service_->overview()->places.front().is_late);
      std::filesystem::rename(folder_.file("unmounted"), folder_.file("second"));
    }
    run_for(2 * hour_ms);
    EXPECT_FALSE(alarms_.stands("backup_missed")) << "caught up, day " << day;
    EXPECT_FALSE(alarms_.stands("backup_failed"));
  }
  EXPECT_EQ(alarms_.raised["backup_missed"], 1);
  std::vector<std::string> done;
  for (const BackupRun& run : runs())
    if (run.state == BackupState::done) done.push_back(civil(run.begun_utc_ms));
  EXPECT_EQ(done,
            (std::vector<std::string>{"2026-03-02T12:00", "2026-03-03T02:30", "2026-03-04T02:30", "2026-03-05T02:30",
                                      "2026-03-06T10:10", "2026-03-07T02:30", "2026-03-08T02:30", "2026-03-09T02:30"}));
  const auto all = runs();
  EXPECT_TRUE(std::ranges::any_of(all, [](const BackupRun& run) { return run.state == BackupState::failed; }));

  // What stands at the second place now, opened with nothing but the place and the key files, is what stands here.
  store::DirectoryPlace place(disk_, folder_.file("second"));
  live(0);
  ASSERT_TRUE(service_->ask(BackupKind::backup, "tester"));
  work();
  const auto opened =
      store::open_set(place, 0, store::read_key_files(disk_, folder_.file("data/keys/master.key")).value());
  ASSERT_TRUE(opened) << opened.error().message;
  ASSERT_TRUE(store::check_set(place, opened->manifest, *opened->keys)->sound());
  ASSERT_TRUE(disk_.make_directories(folder_.file("new")));
  ASSERT_TRUE(
      store::restore_set(place, opened->manifest, *opened->keys, opened->key_files, disk_, folder_.file("new")));
  std::uint64_t compared = 0;
  for (const store::SegmentInfo& segment : journal_->segments()) {
    const std::string name = segment.path.substr(segment.path.rfind('/'));
    EXPECT_EQ(read_file(disk_, folder_.file("new/journal" + name)).value(), read_file(disk_, segment.path).value());
    ++compared;
  }
  EXPECT_GT(compared, 7U);
  for (const char* const path : {"authority/ca.pem", "keys/master.key"})
    EXPECT_EQ(read_file(disk_, folder_.file(std::string("new/") + path)).value(),
              read_file(disk_, folder_.file(std::string("data/") + path)).value());
  auto restored = records::SqliteDatabase::open({.path = folder_.file("new/records/records.db")}, *opened->keys);
  ASSERT_TRUE(restored) << restored.error().message;
  ASSERT_TRUE((*restored)->check_integrity());
  EXPECT_EQ(store::count_rows(**restored)->at("meters"), store::count_rows(*database_)->at("meters"));
  auto journal = store::Journal::open(disk_, random_, *opened->keys, {.directory = folder_.file("new/journal")});
  ASSERT_TRUE(journal) << journal.error().message;
  EXPECT_EQ((*journal)->next_number(), journal_->next_number());
  for (std::uint64_t number = 1; number < journal_->next_number(); ++number)
    ASSERT_EQ((*journal)->read(number)->record.hash, journal_->read(number)->record.hash);
}

TEST_F(Backups, DowntimeOverTheMomentAlarmsAndIsCaughtUp) {
  live(3);
  work();
  service_.reset();
  clock_.advance_ms(2 * day_ms);
  start();
  clock_.advance_ms(1'000);
  ASSERT_TRUE(service_->step());
  EXPECT_EQ(alarms_.raised["backup_missed"], 1);
  EXPECT_FALSE(alarms_.stands("backup_missed")) << "the same step caught up";
  EXPECT_EQ(runs().size(), 2U);
}

TEST_F(Backups, WhatWasUnderWayWhenThePlatformEndedIsNotTakenForDone) {
  BackupBook book(*database_);
  BackupRun under_way;
  under_way.place = folder_.file("second");
  ASSERT_TRUE(book.begin(under_way));
  start();
  ASSERT_EQ(runs().size(), 1U);
  EXPECT_EQ(runs().front().state, BackupState::failed);
}

TEST_F(Backups, TheWatermarkMovesOnlyWhenThePlaceHoldsIt) {
  live(10);
  std::filesystem::rename(folder_.file("second"), folder_.file("unmounted"));
  work();
  EXPECT_EQ(journal_->backup_watermark(), 0U);
  std::filesystem::rename(folder_.file("unmounted"), folder_.file("second"));
  run_for(hour_ms);
  EXPECT_EQ(journal_->backup_watermark(), 11U);
  EXPECT_EQ(service_->overview()->watermark, 11U);
}

TEST_F(Backups, APlaceThatLostItsSetsIsNotFilledAnewInSilence) {
  live(3);
  work();
  std::filesystem::rename(folder_.file("second"), folder_.file("unmounted"));
  ASSERT_TRUE(disk_.make_directories(folder_.file("second")));
  run_for(day_ms);
  EXPECT_TRUE(alarms_.stands("backup_failed"));
  EXPECT_NE(runs().back().reason.find("is it mounted"), std::string::npos) << runs().back().reason;
  EXPECT_TRUE(disk_.list(folder_.file("second")).value().empty());
}

TEST_F(Backups, TheFirstDrillComesWithTheFirstBackupThenEveryMonth) {
  live(10);
  work();
  ASSERT_EQ(runs(BackupKind::drill).size(), 1U);
  const BackupRun first = runs(BackupKind::drill).front();
  EXPECT_EQ(first.state, BackupState::done) << first.reason;
  const auto report = nlohmann::json::parse(first.report);
  EXPECT_EQ(report["sound"], true);
  EXPECT_EQ(report["journal_records"], 10);
  EXPECT_EQ(report["segments_compared"], 1);
  EXPECT_EQ(report["record_rows"]["meters"], 1);
  EXPECT_FALSE(disk_.exists(folder_.file("data/backups/drill")));
  run_for(31 * day_ms, 2 * hour_ms);
  EXPECT_EQ(runs(BackupKind::drill).size(), 2U);
  EXPECT_GT(runs().back().verified_utc_ms, 0);
  EXPECT_FALSE(alarms_.stands("drill_overdue"));
}

TEST_F(Backups, ADrillFindsDamageAlarmsAndTheNextBackupMendsIt) {
  live(10);
  work();
  const auto objects = disk_.list(folder_.file("second/objects")).value();
  flip_at_place("objects/" + objects.front());
  ASSERT_TRUE(service_->ask(BackupKind::drill, "tester"));
  EXPECT_EQ(service_->ask(BackupKind::drill, "tester").error().code, ErrorCode::conflict);
  ASSERT_TRUE(service_->step());
  EXPECT_TRUE(alarms_.stands("backup_damaged"));
  EXPECT_EQ(runs(BackupKind::drill).back().state, BackupState::failed);
  EXPECT_EQ(runs(BackupKind::drill).back().asked_by, "tester");
  work();
  EXPECT_FALSE(alarms_.stands("backup_damaged")) << "sent again, tried again";
  EXPECT_EQ(runs(BackupKind::drill).back().state, BackupState::done);
  EXPECT_EQ(runs().size(), 2U);
}

TEST_F(Backups, AnOverdueDrillAlarms) {
  live(3);
  work();
  // From now on drills cannot be made: the directory for them is a file that cannot be replaced by one.
  BackupSchedule schedule;
  schedule.drill_every_days = 30;
  ASSERT_TRUE(service_->set_schedule(schedule));
  std::filesystem::rename(folder_.file("second"), folder_.file("unmounted"));
  run_for(38 * day_ms, 4 * hour_ms);
  EXPECT_TRUE(alarms_.stands("drill_overdue"));
  std::filesystem::rename(folder_.file("unmounted"), folder_.file("second"));
  run_for(day_ms, hour_ms);
  EXPECT_FALSE(alarms_.stands("drill_overdue"));
}

TEST_F(Backups, ThePassphraseMakesASetThatOpensOnABareMachine) {
  live(4);
  work();
  EXPECT_TRUE(alarms_.stands("backup_key_missing"));
  EXPECT_EQ(service_->overview()->recovery_key, RecoveryKeyState::missing);
  EXPECT_EQ(service_->set_recovery_passphrase("short").error().code, ErrorCode::invalid_argument);
  ASSERT_TRUE(service_->set_recovery_passphrase("a passphrase in a safe"));
  EXPECT_EQ(service_->overview()->recovery_key, RecoveryKeyState::current);
  ASSERT_TRUE(service_->ask(BackupKind::backup, "tester"));
  work();
  EXPECT_FALSE(alarms_.stands("backup_key_missing"));
  EXPECT_TRUE(runs().back().has_recovery_key);
  store::DirectoryPlace place(disk_, folder_.file("second"));
  EXPECT_TRUE(store::open_set(place, 0, "a passphrase in a safe"));
  ASSERT_TRUE(crypto::LocalKeyProvider::add_version(disk_, random_, folder_.file("data/keys/master.key")));
  keys_ = std::move(crypto::LocalKeyProvider::open(disk_, random_, folder_.file("data/keys/master.key")).value());
  start();
  EXPECT_EQ(service_->overview()->recovery_key, RecoveryKeyState::outdated);
  ASSERT_TRUE(service_->ask(BackupKind::backup, "tester"));
  work();
  EXPECT_TRUE(alarms_.stands("backup_key_missing"));
}

TEST_F(Backups, OldSetsGoAndTheBookSaysSo) {
  live(2);
  work();
  run_for(100 * day_ms, 12 * hour_ms);
  store::DirectoryPlace place(disk_, folder_.file("second"));
  const auto there = store::list_sets(place).value();
  std::size_t listed = 0;
  const auto all = service_->list(BackupKind::backup, 1, 500).value();
  for (const BackupRun& run : all.runs) {
    const bool is_there = std::ranges::find(there, run.set_number) != there.end();
    EXPECT_EQ(run.removed_utc_ms == 0, is_there) << run.set_number;
    if (is_there) ++listed;
  }
  EXPECT_EQ(listed, there.size());
  EXPECT_LT(there.size(), 42U);
  EXPECT_GT(there.size(), 36U);
}

TEST_F(Backups, AnotherPlanHoldsAtOnceAndSurvivesARestart) {
  BackupSchedule wanted;
  wanted.minute_of_day = 13 * 60;
  wanted.time_zone = "Europe/Berlin";
  ASSERT_TRUE(service_->set_schedule(wanted));
  start();
  EXPECT_EQ(service_->overview()->schedule, wanted);
  EXPECT_EQ(format_utc(service_->overview()->next_due_utc_ms), "2026-03-02T12:00:00.000Z");
  for (const auto& spoil : std::vector<std::function<void(BackupSchedule&)>>{
           [](BackupSchedule& s) { s.minute_of_day = 1'440; }, [](BackupSchedule& s) { s.time_zone = "Nowhere"; },
           [](BackupSchedule& s) { s.monthly_keep_months = 71; }, [](BackupSchedule& s) { s.daily_keep_days = 6; },
           [](BackupSchedule& s) { s.drill_every_days = 0; }}) {
    BackupSchedule wrong;
    spoil(wrong);
    EXPECT_FALSE(service_->set_schedule(wrong));
  }
  wanted.is_enabled = false;
  ASSERT_TRUE(service_->set_schedule(wanted));
  run_for(3 * day_ms, 6 * hour_ms);
  EXPECT_TRUE(runs().empty());
  EXPECT_TRUE(alarms_.raised.empty());
}

TEST(BackupScheduleTest, MomentsFollowTheZoneOverChangesOfClocks) {
  BackupSchedule schedule;
  schedule.time_zone = "Europe/Berlin";
  schedule.minute_of_day = 210;
  const auto at = [&](const char* text) { return format_utc(*next_due_utc_ms(schedule, *parse_iso8601(text))); };
  EXPECT_EQ(at("2026-03-28T12:00:00Z"), "2026-03-29T01:30:00.000Z");
  EXPECT_EQ(at("2026-03-29T01:30:00Z"), "2026-03-30T01:30:00.000Z");
  EXPECT_EQ(at("2026-10-24T12:00:00Z"), "2026-10-25T02:30:00.000Z");
  const auto before = [&](const char* text) { return format_utc(*last_due_utc_ms(schedule, *parse_iso8601(text))); };
  EXPECT_EQ(before("2026-03-29T01:30:00Z"), "2026-03-29T01:30:00.000Z");
  EXPECT_EQ(before("2026-03-29T01:29:59Z"), "2026-03-28T02:30:00.000Z");
}

}  // namespace
}  // namespace duheng::platform
