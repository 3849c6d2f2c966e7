#include "base/simulated_disk.hpp"

#include <gtest/gtest.h>
#include <set>

namespace duheng {
namespace {

Bytes text(std::string_view value) { return {as_bytes(value).begin(), as_bytes(value).end()}; }

void write_synced(SimulatedDisk& disk, const std::string& path, ByteView bytes) {
  const auto file = disk.open(path, OpenMode::append);
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_TRUE((*file)->append(bytes));
  ASSERT_TRUE((*file)->sync());
}

class Simulated : public testing::Test {
 protected:
  Simulated() { EXPECT_TRUE(disk_.make_directories("/d/e")); }
  SimulatedDisk disk_;
};

TEST_F(Simulated, BehavesAsADiskWhileNothingFails) {
  write_synced(disk_, "/d/b", text("beta"));
  write_synced(disk_, "/d/a", text("alpha"));
  EXPECT_EQ(disk_.list("/d").value(), (std::vector<std::string>{"a", "b", "e"}));
  EXPECT_EQ(disk_.open("/d/a", OpenMode::create_new).error().code, ErrorCode::already_exists);
  EXPECT_EQ(disk_.open("/d/absent", OpenMode::read).error().code, ErrorCode::not_found);
  EXPECT_EQ(disk_.open("/absent/a", OpenMode::append).error().code, ErrorCode::not_found);
  ASSERT_TRUE(disk_.rename("/d/a", "/d/b"));
  EXPECT_EQ(read_file(disk_, "/d/b").value(), text("alpha"));
  EXPECT_FALSE(disk_.exists("/d/a"));
  const auto file = disk_.open("/d/b", OpenMode::append).value();
  EXPECT_EQ(file->read_at(3, 100).value(), text("ha"));
  EXPECT_EQ(file->read_at(5, 1).value(), Bytes{});
  ASSERT_TRUE(file->truncate(2));
  EXPECT_EQ(file->size().value(), 2U);
  ASSERT_TRUE(disk_.remove("/d/b"));
  EXPECT_EQ(disk_.remove("/d/b").error().code, ErrorCode::not_found);
}

TEST_F(Simulated, SyncedOctetsSurviveEveryCrashAndTheRestHasManyFates) {
  std::set<Bytes> outcomes;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SimulatedDisk disk;
    SeededRandom random(seed);
    ASSERT_TRUE(disk.make_directories("/d"));
    write_synced(disk, "/d/f", Bytes(700, 0x11));
    ASSERT_TRUE(disk.sync_directory("/d"));
    ASSERT_TRUE(disk.open("/d/f", OpenMode::append).value()->append(Bytes(1000, 0x22)));
    disk.crash(random);
    const Bytes content = read_file(disk, "/d/f").value();
    ASSERT_GE(content.size(), 700U);
    ASSERT_LE(content.size(), 1700U);
    ASSERT_EQ(Bytes(content.begin(), content.begin() + 700), Bytes(700, 0x11));
    for (std::size_t at = 700; at < content.size(); ++at) ASSERT_TRUE(content[at] == 0 || content[at] == 0x22);
    outcomes.insert(Bytes(content.begin() + 700, content.end()));
  }
  EXPECT_TRUE(outcomes.contains(Bytes{}));
  EXPECT_TRUE(outcomes.contains(Bytes(1000, 0x22)));
  EXPECT_TRUE(outcomes.contains(Bytes(1000, 0)));
  EXPECT_GT(outcomes.size(), 100U);
}

TEST_F(Simulated, AnUnsyncedTruncationHappenedOrNot) {
  int old_states = 0;
  int new_states = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SimulatedDisk disk;
    SeededRandom random(seed);
    ASSERT_TRUE(disk.make_directories("/d"));
    write_synced(disk, "/d/f", text("abcdef"));
    ASSERT_TRUE(disk.sync_directory("/d"));
    ASSERT_TRUE(disk.open("/d/f", OpenMode::append).value()->truncate(2));
    disk.crash(random);
    const Bytes content = read_file(disk, "/d/f").value();
    old_states += content == text("abcdef") ? 1 : 0;
    new_states += content == text("ab") ? 1 : 0;
  }
  EXPECT_EQ(old_states + new_states, 100);
  EXPECT_GT(old_states, 10);
  EXPECT_GT(new_states, 10);
}

TEST_F(Simulated, NamesSurviveOnlyWhenTheDirectoryWasSynced) {
  int created = 0;
  int removed = 0;
  int renamed = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SimulatedDisk disk;
    SeededRandom random(seed);
    ASSERT_TRUE(disk.make_directories("/d"));
    for (const char* name : {"/d/kept", "/d/doomed", "/d/old"}) write_synced(disk, name, text(name));
    ASSERT_TRUE(disk.sync_directory("/d"));
    write_synced(disk, "/d/fresh", text("fresh"));
    ASSERT_TRUE(disk.remove("/d/doomed"));
    ASSERT_TRUE(disk.rename("/d/old", "/d/new"));
    disk.crash(random);
    ASSERT_TRUE(disk.exists("/d/kept"));
    ASSERT_NE(disk.exists("/d/old"), disk.exists("/d/new"));
    created += disk.exists("/d/fresh") ? 1 : 0;
    removed += disk.exists("/d/doomed") ? 0 : 1;
    renamed += disk.exists("/d/new") ? 1 : 0;
    if (disk.exists("/d/new")) {
      ASSERT_EQ(read_file(disk, "/d/new").value(), text("/d/old"));
    }
  }
  for (const int count : {created, removed, renamed}) {
    EXPECT_GT(count, 20);
    EXPECT_LT(count, 80);
  }
}

TEST_F(Simulated, AtomicWritesAreOldOrNewAfterACrashAtAnyOperation) {
  int replaced = 0;
  int lost_power = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    SimulatedDisk disk;
    SeededRandom random(seed);
    ASSERT_TRUE(disk.make_directories("/d"));
    ASSERT_TRUE(write_file_atomically(disk, "/d/f", text("the old content")));
    disk.lose_power_after(seed % 7);
    const bool written = write_file_atomically(disk, "/d/f", Bytes(900, 0x33)).has_value();
    lost_power += disk.powerless() ? 1 : 0;
    disk.crash(random);
    const Bytes content = read_file(disk, "/d/f").value();
    ASSERT_TRUE(content == text("the old content") || content == Bytes(900, 0x33)) << "seed " << seed;
    if (written) {
      ASSERT_EQ(content, Bytes(900, 0x33));
    }
    replaced += content == Bytes(900, 0x33) ? 1 : 0;
    ASSERT_TRUE(write_file_atomically(disk, "/d/f", text("after")));
  }
  EXPECT_GT(replaced, 50);
  EXPECT_LT(replaced, 350);
  EXPECT_GT(lost_power, 200);
}

TEST_F(Simulated, WithoutPowerNothingWorksUntilTheCrash) {
  write_synced(disk_, "/d/f", text("a"));
  ASSERT_TRUE(disk_.sync_directory("/d"));
  const auto file = disk_.open("/d/f", OpenMode::append).value();
  disk_.lose_power_after(1);
  ASSERT_TRUE(file->append(text("b")));
  EXPECT_EQ(file->append(text("c")).error().code, ErrorCode::storage_failed);
  EXPECT_EQ(file->read_at(0, 1).error().code, ErrorCode::storage_failed);
  EXPECT_EQ(disk_.list("/d").error().code, ErrorCode::storage_failed);
  SeededRandom random(1);
  disk_.crash(random);
  EXPECT_FALSE(file->size());  // a handle from before
  EXPECT_TRUE(disk_.list("/d"));
}

TEST_F(Simulated, AKilledProcessLeavesWhatItWroteButNotDurably) {
  write_synced(disk_, "/d/f", text("a"));
  ASSERT_TRUE(disk_.sync_directory("/d"));
  const auto file = disk_.open("/d/f", OpenMode::append).value();
  ASSERT_TRUE(file->append(text("b")));
  disk_.kill_process();
  EXPECT_FALSE(file->size());
  EXPECT_EQ(read_file(disk_, "/d/f").value(), text("ab"));
  int lost = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SimulatedDisk disk;
    SeededRandom random(seed);
    ASSERT_TRUE(disk.make_directories("/d"));
    ASSERT_TRUE(disk.open("/d/f", OpenMode::append).value()->append(text("b")));
    disk.kill_process();
    ASSERT_TRUE(disk.exists("/d/f"));
    disk.crash(random);
    lost += disk.exists("/d/f") ? 0 : 1;
  }
  EXPECT_GT(lost, 10);
}

TEST_F(Simulated, AFullDiskTakesWhatFits) {
  disk_.set_capacity_bytes(10);
  const auto file = disk_.open("/d/f", OpenMode::append).value();
  ASSERT_TRUE(file->append(text("12345678")));
  EXPECT_EQ(file->append(text("abcd")).error().code, ErrorCode::storage_full);
  EXPECT_EQ(file->read_at(0, 100).value(), text("12345678ab"));
  EXPECT_EQ(disk_.free_bytes("/d").value(), 0U);
  EXPECT_EQ(disk_.open("/d/g", OpenMode::append).error().code, ErrorCode::storage_full);
  ASSERT_TRUE(file->truncate(8));
  EXPECT_EQ(disk_.free_bytes("/d").value(), 2U);
  disk_.set_capacity_bytes(std::nullopt);
  EXPECT_TRUE(file->append(Bytes(100, 1)));
}

TEST_F(Simulated, WhatAFailedSyncDroppedIsZeroAfterACrashAlthoughLaterSyncsSucceed) {
  write_synced(disk_, "/d/f", text("good"));
  ASSERT_TRUE(disk_.sync_directory("/d"));
  const auto file = disk_.open("/d/f", OpenMode::append).value();
  ASSERT_TRUE(file->append(text("lost")));
  disk_.fail_next_syncs(1);
  EXPECT_EQ(file->sync().error().code, ErrorCode::storage_failed);
  ASSERT_TRUE(file->append(text("late")));
  ASSERT_TRUE(file->sync());
  EXPECT_EQ(file->read_at(0, 100).value(), text("goodlostlate"));
  SeededRandom random(7);
  disk_.crash(random);
  EXPECT_EQ(read_file(disk_, "/d/f").value(), text(std::string_view("good\0\0\0\0late", 12)));
}

TEST_F(Simulated, ReadOnlyCutAppendsAndFlippedBits) {
  write_synced(disk_, "/d/f", text("abc"));
  const auto file = disk_.open("/d/f", OpenMode::append).value();
  disk_.set_read_only(true);
  EXPECT_EQ(file->append(text("d")).error().code, ErrorCode::storage_failed);
  EXPECT_EQ(disk_.remove("/d/f").error().code, ErrorCode::storage_failed);
  disk_.set_read_only(false);
  disk_.cut_next_append(1);
  EXPECT_EQ(file->append(text("de")).error().code, ErrorCode::storage_failed);
  EXPECT_TRUE(file->append(text("f")));
  ASSERT_TRUE(disk_.flip_bit("/d/f", 0, 1));
  EXPECT_EQ(read_file(disk_, "/d/f").value(), text("cbcdf"));
  EXPECT_FALSE(disk_.flip_bit("/d/f", 5, 0));
  EXPECT_EQ(disk_.open("/d/f", OpenMode::read).value()->append(text("x")).error().code, ErrorCode::storage_failed);
}

}  // namespace
}  // namespace duheng
