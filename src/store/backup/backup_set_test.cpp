#include <gtest/gtest.h>

#include "store/backup/backup_object.hpp"
#include "store/backup/backup_test_world.hpp"
#include "store/backup/trial_restore.hpp"
#include "store/records/test_database.hpp"

namespace duheng::store {
namespace {

using testing::BackupWorld;
using testing::values;

TEST(BackupSet, HoldsEverythingCommittedBeforeItAndNothingDerived) {
  BackupWorld world;
  world.commit(40);
  const auto made = world.back_up();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->manifest.number, 1U);
  EXPECT_EQ(made->manifest.based_on, 0U);
  EXPECT_EQ(made->manifest.journal_first, 1U);
  EXPECT_EQ(made->manifest.journal_next, 41U) << "the open segment is ended first";
  EXPECT_EQ(made->bytes_verified, made->bytes_sent);
  EXPECT_EQ(made->files_new, made->manifest.files.size());
  EXPECT_EQ(world.restored(1).value(), world.content());
  for (const BackupFile& file : made->manifest.files) {
    EXPECT_FALSE(file.path.starts_with("telemetry/"));
    EXPECT_FALSE(file.path.starts_with("keys/"));
  }
  EXPECT_TRUE(world.disk.list("/data/backups/staging").value().empty());
}

TEST(BackupSet, TheNextOneSendsOnlyWhatIsNew) {
  BackupWorld world;
  world.commit(60);
  const auto first = world.back_up();
  ASSERT_TRUE(first);
  const auto content_of_first = world.content();
  world.commit(10);
  world.records.append("one row more");
  const auto second = world.back_up();
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->manifest.number, 2U);
  EXPECT_EQ(second->manifest.based_on, 1U);
  EXPECT_EQ(second->manifest.journal_next, 71U);
  EXPECT_LT(second->bytes_sent, first->bytes_sent / 2);
  EXPECT_EQ(second->bytes_verified, second->bytes_sent);
  EXPECT_EQ(world.restored(2).value(), world.content());
  EXPECT_EQ(world.restored(1).value(), content_of_first) << "the older set stays what it was";
  const auto third = world.back_up();
  ASSERT_TRUE(third);
  EXPECT_EQ(third->objects_sent, 0U) << "nothing happened in between";
  EXPECT_EQ(third->files_new, 0U);
}

TEST(BackupSet, NothingAtThePlaceCanBeReadWithoutTheKey) {
  BackupWorld world;
  world.commit(10);
  ASSERT_TRUE(world.back_up());
  for (const PlaceEntry& entry : values(world.place.list("objects"))) {
    const Bytes octets = world.place.get("objects/" + entry.name, 1U << 20).value();
    EXPECT_EQ(hash_text(crypto::sha256(octets)), entry.name) << "checked by whoever keeps the place, without a key";
    EXPECT_EQ(as_text(octets).find("CERTIFICATE"), std::string_view::npos);
    EXPECT_EQ(as_text(octets).find("rrrrrrrr"), std::string_view::npos);
    EXPECT_EQ(as_text(octets).find("the key itself"), std::string_view::npos);
  }
}

TEST(BackupSet, EveryFlippedOctetIsFoundBeforeAnythingIsRestored) {
  BackupWorld world;
  world.commit(6);
  world.recovery_key = Bytes(300, 0x5A);
  const BackupManifest manifest = world.back_up()->manifest;
  EXPECT_TRUE(check_set(world.place, manifest, world.keys)->sound());
  SeededRandom random(3);
  for (const PlaceEntry& entry : values(world.place.list("objects"))) {
    for (int i = 0; i < 20; ++i) {
      const std::uint64_t at = random.below(entry.size_bytes);
      const auto bit = static_cast<unsigned>(random.below(8));
      ASSERT_TRUE(world.far.flip_bit("/second/objects/" + entry.name, at, bit));
      const auto checked = check_set(world.place, manifest, world.keys);
      ASSERT_TRUE(checked);
      EXPECT_FALSE(checked->sound()) << entry.name << " at " << at;
      EXPECT_EQ(checked->findings.front().object, parse_hash(entry.name).value());
      ASSERT_TRUE(world.far.flip_bit("/second/objects/" + entry.name, at, bit));
    }
  }
  EXPECT_TRUE(check_set(world.place, manifest, world.keys)->sound());
  ASSERT_TRUE(world.place.remove("objects/" + world.place.list("objects")->front().name));
  EXPECT_FALSE(check_set(world.place, manifest, world.keys)->sound());
}

TEST(BackupSet, WhatWasDamagedThereIsSentAgain) {
  BackupWorld world;
  world.commit(30);
  const BackupManifest manifest = world.back_up()->manifest;
  std::set<crypto::Hash256> damaged;
  for (const PlaceEntry& entry : values(world.place.list("objects"))) {
    ASSERT_TRUE(world.far.flip_bit("/second/objects/" + entry.name, entry.size_bytes / 2, 3));
    damaged.insert(parse_hash(entry.name).value());
  }
  ASSERT_FALSE(check_set(world.place, manifest, world.keys)->sound());
  const auto again = world.back_up(damaged);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(check_set(world.place, again->manifest, world.keys)->sound());
  EXPECT_TRUE(check_set(world.place, manifest, world.keys)->sound()) << "the older set is whole again as well";
}

TEST(BackupSet, AnObjectThatWasLostOrCutThereIsSentAgainByItself) {
  BackupWorld world;
  world.commit(30);
  ASSERT_TRUE(world.back_up());
  const auto entries = world.place.list("objects").value();
  ASSERT_TRUE(world.place.remove("objects/" + entries[0].name));
  ASSERT_TRUE(world.place.put("objects/" + entries[1].name, as_bytes("cut")));
  const auto again = world.back_up();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->objects_sent, 2U);
  EXPECT_TRUE(check_set(world.place, again->manifest, world.keys)->sound());
}

TEST(BackupSet, ADamagedListIsToldAndTheNextSetDoesNotStandOnIt) {
  BackupWorld world;
  world.commit(30);
  ASSERT_TRUE(world.back_up());
  ASSERT_TRUE(world.back_up());
  ASSERT_TRUE(world.far.flip_bit("/second/" + set_name(2), 300, 1));
  EXPECT_EQ(load_set(world.place, 2, world.keys).error().code, ErrorCode::storage_corrupt);
  const auto third = world.back_up();
  ASSERT_TRUE(third);
  EXPECT_EQ(third->manifest.number, 3U);
  EXPECT_EQ(third->manifest.based_on, 1U);
  EXPECT_EQ(third->damaged_sets, std::vector<std::uint64_t>{2});
  // Nobody knows what set 2 needs, so nothing goes.
  EXPECT_EQ(prune_place(world.place, world.keys, {}, world.clock).error().code, ErrorCode::storage_corrupt);
}

TEST(BackupSet, ADamagedSegmentIsNotBackedUpAsIfItWereWhole) {
  BackupWorld world;
  world.commit(40);
  ASSERT_TRUE(world.disk.flip_bit(world.journal->segments().front().path, 900, 2));
  const auto made = world.back_up();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::storage_corrupt);
  EXPECT_TRUE(list_sets(world.place)->empty());
}

TEST(BackupSet, AnotherJournalsSegmentOfTheSameNameIsNotTakenForIt) {
  BackupWorld world;
  world.commit(20);
  ASSERT_TRUE(world.back_up());
  const auto before = world.content();
  // Restored from an older state, the journal goes on differently under the same names.
  for (const std::string& name : values(world.disk.list("/data/journal")))
    ASSERT_TRUE(world.disk.remove("/data/journal/" + name));
  world.sender = testing::Sender(8, 2);
  world.open_journal();
  world.commit(20);
  ASSERT_TRUE(world.back_up());
  EXPECT_EQ(world.restored(2).value(), world.content());
  EXPECT_EQ(world.restored(1).value(), before);
}

TEST(BackupSet, IsStoppedAndGoneOnWith) {
  BackupWorld world;
  world.commit(40);
  int calls = 0;
  const BackupOptions options{.product = "test",
                              .on_progress = [&](const BackupProgress&) { return ++calls < 12; },
                              .distrusted = {},
                              .piece_bytes_max = 4'096};
  EXPECT_EQ(make_backup(world.source(), world.place, world.clock, options).error().code, ErrorCode::cancelled);
  EXPECT_TRUE(list_sets(world.place)->empty());
  const std::size_t there = world.place.list("objects")->size();
  EXPECT_GT(there, 0U);
  const auto made = world.back_up();
  ASSERT_TRUE(made);
  EXPECT_EQ(made->objects_sent + there, world.place.list("objects")->size());
  EXPECT_GT(made->bytes_verified, made->bytes_sent) << "what the stopped run had sent is read back too";
}

TEST(BackupSet, RestoresIntoAnEmptyDirectoryOnly) {
  BackupWorld world;
  const BackupManifest manifest = world.back_up()->manifest;
  ASSERT_TRUE(world.far.make_directories("/new"));
  ASSERT_TRUE(write_file_atomically(world.far, "/new/mine", as_bytes("x")));
  EXPECT_EQ(restore_set(world.place, manifest, world.keys, {}, world.far, "/new").error().code,
            ErrorCode::already_exists);
}

TEST(BackupSet, OpensWithThePassphraseAlone) {
  BackupWorld world;
  world.commit(5);
  // Keys from a file, as a platform has them.
  SimulatedDisk key_disk;
  const auto keys = crypto::LocalKeyProvider::open(key_disk, world.random, "master.key").value()->key("x", 1);
  auto provider = std::move(crypto::LocalKeyProvider::open(key_disk, world.random, "master.key").value());
  const auto files = read_key_files(key_disk, "master.key").value();
  const std::string passphrase = "a passphrase in a safe";
  const Bytes sealed = seal_recovery_key(files, mark_of_keys(*provider).value(), passphrase, world.random,
                                         {.memory_kib = 64, .passes = 1})
                           .value();
  auto journal = std::move(Journal::open(world.disk, world.random, *provider, {.directory = "/other/journal"}).value());
  const BackupSource source{.disk = world.disk,
                            .keys = *provider,
                            .journal = *journal,
                            .directory = "/other",
                            .staging = "/other/staging",
                            .recovery_key = sealed};
  ASSERT_TRUE(make_backup(source, world.place, world.clock, {.product = "test"}));
  const auto opened = open_set(world.place, 0, passphrase);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened->key_files, files);
  EXPECT_EQ(opened->manifest.number, 1U);
  EXPECT_TRUE(check_set(world.place, opened->manifest, *opened->keys)->sound());
  EXPECT_EQ(open_set(world.place, 0, "another passphrase here").error().code, ErrorCode::unauthenticated);
  EXPECT_EQ(open_set(world.place, 9, passphrase).error().code, ErrorCode::not_found);
}

/// On the machine's own disk, with a true encrypted database.
class Drill : public ::testing::Test {
 protected:
  Drill() {
    for (const char* const folder : {"data", "second"}) (void)disk_.make_directories(folder_.file(folder));
    (void)disk_.make_directories(folder_.file("data/records"));
    journal_ = std::move(Journal::open(disk_, random_, keys_, {.directory = folder_.file("data/journal")}).value());
    database_ =
        std::move(records::SqliteDatabase::open({.path = folder_.file("data/records/records.db")}, keys_).value());
    (void)database_->write([](records::Transaction& transaction) {
      return transaction.run_script("CREATE TABLE meters (id INTEGER PRIMARY KEY); INSERT INTO meters VALUES (1), (2)");
    });
    for (int i = 0; i < 25; ++i) {
      const JournalRecord record = sender_.next();
      (void)journal_->commit({&record, 1});
    }
    const BackupSource source{
        .disk = disk_,
        .keys = keys_,
        .journal = *journal_,
        .directory = folder_.file("data"),
        .staging = folder_.file("data/staging"),
        .snapshots = {{"records/records.db", [this](const std::string& to) { return database_->backup_to(to); }}},
        .is_left_out = [](std::string_view path) { return path.starts_with("records/"); }};
    auto made = make_backup(source, place_, clock_, {.product = "test"});
    if (made) manifest_ = made->manifest;
  }
  Result<TrialReport> drill() {
    return try_restore(place_, manifest_, keys_,
                       {.disk = disk_, .clock = clock_, .directory = folder_.file("drill"), .running = journal_.get()});
  }
  records::TemporaryFolder folder_;
  PosixDisk disk_;
  SystemClock clock_;
  SeededRandom random_{9};
  crypto::LocalKeyProvider keys_{records::test_key()};
  testing::Sender sender_{3, 1};
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<records::SqliteDatabase> database_;
  DirectoryPlace place_{disk_, folder_.file("second")};
  BackupManifest manifest_;
};

TEST_F(Drill, RestoresOpensComparesAndCleansUp) {
  const auto report = drill();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->sound()) << report->findings.front();
  EXPECT_EQ(report->journal_records, 25U);
  EXPECT_EQ(report->segments, 1U);
  EXPECT_EQ(report->segments_compared, 1U);
  EXPECT_EQ(report->record_rows.at("meters"), 2);
  EXPECT_EQ(report->files, manifest_.files.size());
  EXPECT_FALSE(disk_.exists(folder_.file("drill")));
}

TEST_F(Drill, FindsAFlippedOctetAndNamesTheObject) {
  const auto entries = place_.list("objects").value();
  const std::string name = "objects/" + entries.back().name;
  Bytes octets = place_.get(name, 1U << 24).value();
  octets[octets.size() / 2] ^= 1U;
  ASSERT_TRUE(place_.put(name, octets));
  const auto report = drill();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_FALSE(report->sound());
  ASSERT_EQ(report->damaged_objects.size(), 1U);
  EXPECT_EQ(hash_text(report->damaged_objects.front()), entries.back().name);
  EXPECT_FALSE(disk_.exists(folder_.file("drill"))) << "nothing is written of a damaged set";
}

}  // namespace
}  // namespace duheng::store
