// Backups and their pruning while everything goes wrong: killed at every operation, power lost, full disk, short
// writes, bit flips. What must hold: a set that is listed is whole; the next run goes on; an older set is never hurt.
#include <gtest/gtest.h>

#include "store/backup/backup_object.hpp"
#include "store/backup/backup_test_world.hpp"

namespace duheng::store {
namespace {

using testing::BackupWorld;
using testing::values;

/// Every set that is listed restores to what it was when it was made.
void expect_whole(BackupWorld& world, const std::map<std::uint64_t, std::map<std::string, Bytes>>& wanted,
                  std::uint64_t at) {
  const auto numbers = list_sets(world.place);
  ASSERT_TRUE(numbers) << numbers.error().message;
  for (const std::uint64_t number : *numbers) {
    const auto restored = world.restored(number);
    ASSERT_TRUE(restored) << "set " << number << " after operation " << at << ": " << restored.error().message;
    const auto found = wanted.find(number);
    if (found == wanted.end()) continue;
    EXPECT_EQ(*restored, found->second) << "set " << number << " after operation " << at;
  }
}

template <class Fail, class Recover>
void run_with_faults(std::uint64_t seed, const Fail& fail, const Recover& recover) {
  BackupWorld world(seed);
  world.commit(12);
  ASSERT_TRUE(world.back_up());
  std::map<std::uint64_t, std::map<std::string, Bytes>> wanted{{1, world.content()}};
  for (std::uint64_t at = 0;; ++at) {
    ASSERT_LT(at, 2'000U);
    world.commit(1);
    world.records.push_back(static_cast<char>('a' + at % 26));
    fail(world, at);
    const auto made = world.back_up();
    recover(world);
    world.open_journal();
    ASSERT_TRUE(world.journal);
    expect_whole(world, wanted, at);
    const auto next = world.back_up();
    ASSERT_TRUE(next) << "after operation " << at << ": " << next.error().message;
    wanted = {{next->manifest.number, world.content()}};
    ASSERT_EQ(world.restored(next->manifest.number).value(), world.content());
    ASSERT_EQ(next->manifest.journal_next, world.journal->next_number());
    if (made) break;  // the fault came after the last operation
    // Once in a while, as the platform does, so that the world stays small.
    if (at % 8 == 7) {
      world.clock.advance_ms(40LL * 86'400'000);
      ASSERT_TRUE(world.back_up());
      ASSERT_TRUE(prune_place(world.place, world.keys, {}, world.clock));
      wanted.clear();
    }
  }
}

TEST(BackupFaults, PowerLostAtThePlaceAtEveryOperation) {
  SeededRandom chance(11);
  run_with_faults(
      1, [](BackupWorld& world, std::uint64_t at) { world.far.lose_power_after(at); },
      [&](BackupWorld& world) { world.far.crash(chance); });
}

TEST(BackupFaults, KilledAtEveryOperationOfThePlace) {
  run_with_faults(
      2, [](BackupWorld& world, std::uint64_t at) { world.far.lose_power_after(at); },
      [](BackupWorld& world) { world.far.kill_process(); });
}

TEST(BackupFaults, PowerLostAtThePlatformAtEveryOperation) {
  SeededRandom chance(12);
  run_with_faults(
      3, [](BackupWorld& world, std::uint64_t at) { world.disk.lose_power_after(at); },
      [&](BackupWorld& world) { world.disk.crash(chance); });
}

TEST(BackupFaults, FullPlaceAtEveryRoom) {
  BackupWorld world(4);
  world.commit(12);
  ASSERT_TRUE(world.back_up());
  const auto first = world.content();
  world.commit(6);
  world.records.append("more");
  for (std::uint64_t room = 0;; room += 1'501) {
    ASSERT_LT(room, 1'000'000U);
    world.far.set_capacity_bytes(world.far.used_bytes() + room);
    const auto made = world.back_up();
    world.far.set_capacity_bytes(std::nullopt);
    if (made) break;
    EXPECT_EQ(made.error().code, ErrorCode::storage_full) << made.error().message;
    EXPECT_EQ(list_sets(world.place).value(), std::vector<std::uint64_t>{1});
    EXPECT_EQ(world.restored(1).value(), first);
  }
  EXPECT_EQ(world.restored(2).value(), world.content());
}

TEST(BackupFaults, AShortWriteIsNeverTakenForWhole) {
  for (std::size_t cut = 0;; cut += 31) {
    BackupWorld world(5);
    world.commit(12);
    world.far.cut_next_append(cut);
    const auto made = world.back_up();
    if (made) {
      // The first object is shorter than the cut.
      EXPECT_GT(cut, 80U);
      break;
    }
    EXPECT_TRUE(list_sets(world.place)->empty());
    const auto again = world.back_up();
    ASSERT_TRUE(again);
    EXPECT_EQ(world.restored(1).value(), world.content());
  }
}

/// A place whose medium changes a bit of what it was given, now and then.
class FlippingPlace final : public BackupPlace {
 public:
  FlippingPlace(BackupPlace& place, std::uint64_t which) : place_(place), which_(which) {}
  const std::string& name() const noexcept override { return place_.name(); }
  Result<void> put(const std::string& name, ByteView bytes) override {
    Bytes changed(bytes.begin(), bytes.end());
    if (count_++ == which_) changed[changed.size() / 3] ^= 0x10U;
    return place_.put(name, changed);
  }
  Result<Bytes> get(const std::string& name, std::uint64_t max) override { return place_.get(name, max); }
  Result<std::vector<PlaceEntry>> list(const std::string& folder) override { return place_.list(folder); }
  Result<void> remove(const std::string& name) override { return place_.remove(name); }
  Result<void> sweep(const std::string& folder) override { return place_.sweep(folder); }
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  BackupPlace& place_;
  const std::uint64_t which_;
  std::uint64_t count_ = 0;
};

TEST(BackupFaults, AFlippedBitIsSeenWhenItIsReadBackAndTheNextRunMendsIt) {
  for (std::uint64_t which = 0;; ++which) {
    ASSERT_LT(which, 1'000U);
    BackupWorld world(6);
    world.commit(12);
    FlippingPlace flipping(world.place, which);
    const auto made = make_backup(world.source(), flipping, world.clock, {.product = "test", .piece_bytes_max = 4'096});
    if (flipping.count() <= which) break;
    EXPECT_FALSE(made) << which;
    EXPECT_TRUE(list_sets(world.place)->empty()) << which;
    ASSERT_TRUE(world.back_up());
    EXPECT_EQ(world.restored(1).value(), world.content());
  }
}

TEST(BackupFaults, PruningCutOffAtEveryOperationHurtsNoSetThatStays) {
  for (const bool power : {true, false}) {
    SeededRandom chance(13);
    for (std::uint64_t at = 0;; ++at) {
      ASSERT_LT(at, 2'000U);
      BackupWorld world(7);
      std::map<std::uint64_t, std::map<std::string, Bytes>> wanted;
      for (int month = 0; month < 4; ++month) {
        world.commit(6);
        world.records.push_back(static_cast<char>('a' + month));
        const auto made = world.back_up();
        ASSERT_TRUE(made);
        wanted[made->manifest.number] = world.content();
        world.clock.advance_ms(month == 1 ? 90LL * 366 * 86'400'000 : 86'400'000);
      }
      world.far.lose_power_after(at);
      const auto pruned = prune_place(world.place, world.keys, {}, world.clock);
      if (power) {
        world.far.crash(chance);
      } else {
        world.far.kill_process();
      }
      expect_whole(world, wanted, at);
      const auto left = list_sets(world.place).value();
      EXPECT_EQ(left.back(), 4U);
      if (!pruned) {
        ASSERT_TRUE(prune_place(world.place, world.keys, {}, world.clock));
      }
      EXPECT_EQ(list_sets(world.place).value(), (std::vector<std::uint64_t>{3, 4}));
      expect_whole(world, wanted, at);
      std::set<std::string> needed;
      for (const std::uint64_t number : {3U, 4U}) {
        const BackupManifest manifest = load_set(world.place, number, world.keys).value();
        for (const BackupFile& file : manifest.files)
          for (const BackupPiece& piece : file.pieces) needed.insert(hash_text(piece.object));
      }
      std::set<std::string> there;
      for (const PlaceEntry& entry : values(world.place.list("objects"))) there.insert(entry.name);
      EXPECT_EQ(there, needed) << "nothing is left that nobody needs";
      if (pruned) break;
    }
  }
}

}  // namespace
}  // namespace duheng::store
