#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/crc32.hpp"
#include "base/simulated_disk.hpp"
#include "device/memory/fleet_memory.hpp"
#include "device/memory/ram_memory.hpp"

namespace duheng::device {
namespace {

const Bytes old_value{1, 2, 3, 4, 5};
const Bytes new_value{9, 8, 7, 6, 5, 4, 3};
constexpr std::string_view file = "fleet/memory";

TEST(Crc32, HasThePublicCheckValue) { EXPECT_EQ(crc32(as_bytes("123456789")), 0xCBF43926U); }

TEST(RamMemory, KeepsTheNewestValueOfEachKey) {
  RamMemory memory;
  EXPECT_FALSE(memory.load("a"));
  ASSERT_TRUE(memory.store("a", old_value));
  ASSERT_TRUE(memory.store("b", new_value));
  EXPECT_EQ(memory.load("a"), old_value);
  ASSERT_TRUE(memory.store("a", new_value));
  ASSERT_TRUE(memory.store("a", {}));
  EXPECT_EQ(memory.load("a"), Bytes{});
  EXPECT_EQ(memory.load("b"), new_value);
}

TEST(RamMemory, APowerCutAtAnyOctetLeavesTheOldValueOrTheNew) {
  bool finished = false;
  std::uint64_t cuts = 0;
  for (std::uint64_t n = 0; !finished; ++n) {
    RamMemory memory;
    ASSERT_TRUE(memory.store("a", new_value));
    ASSERT_TRUE(memory.store("a", old_value));
    memory.cut_after(n);
    finished = memory.store("a", new_value).has_value();
    if (!finished) {
      ++cuts;
      EXPECT_FALSE(memory.is_powered());
      EXPECT_EQ(memory.store("a", new_value).error().code, ErrorCode::unavailable);
    }
    memory.restart();
    EXPECT_EQ(memory.load("a"), finished ? new_value : old_value) << "cut after " << n;
    ASSERT_TRUE(memory.store("a", new_value));
    EXPECT_EQ(memory.load("a"), new_value);
  }
  EXPECT_EQ(cuts, 12 + new_value.size());
}

TEST(RamMemory, NothingIsThereAfterACutOfTheFirstWrite) {
  RamMemory memory;
  memory.cut_after(3);
  EXPECT_FALSE(memory.store("a", new_value));
  memory.restart();
  EXPECT_FALSE(memory.load("a"));
}

class Fleet : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(disk_.make_directories("fleet")); }
  std::unique_ptr<FleetMemory> open(std::uint64_t slack = 1 << 20) {
    auto memory = FleetMemory::open(disk_, std::string(file), slack);
    EXPECT_TRUE(memory) << memory.error().message;
    return std::move(*memory);
  }
  SimulatedDisk disk_;
};

TEST_F(Fleet, GivesEachDeviceItsOwnAndKeepsItOverAKill) {
  {
    auto memory = open();
    const auto first = memory->of("202600000001");
    const auto second = memory->of("202600000002");
    ASSERT_TRUE(first->store("state", old_value));
    ASSERT_TRUE(second->store("state", new_value));
    ASSERT_TRUE(first->store("state", new_value));
    ASSERT_TRUE(first->store("other", {}));
    EXPECT_EQ(first->load("state"), new_value);
  }
  disk_.kill_process();
  auto memory = open();
  EXPECT_EQ(memory->device_count(), 2U);
  EXPECT_EQ(memory->of("202600000001")->load("state"), new_value);
  EXPECT_EQ(memory->of("202600000001")->load("other"), Bytes{});
  EXPECT_EQ(memory->of("202600000002")->load("state"), new_value);
  EXPECT_FALSE(memory->of("202600000003")->load("state"));
  EXPECT_FALSE(memory->of("202600000002")->load("other"));
}

TEST_F(Fleet, CutsARecordThatWasNotFinishedAtAnyOctet) {
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  {
    auto memory = open();
    ASSERT_TRUE(memory->of("1")->store("state", old_value));
    before = memory->size_bytes();
    ASSERT_TRUE(memory->of("1")->store("state", new_value));
    after = memory->size_bytes();
  }
  const Bytes whole = *read_file(disk_, std::string(file));
  for (std::uint64_t size = 0; size <= after; ++size) {
    ASSERT_TRUE(disk_.remove(std::string(file)));
    {
      auto out = *disk_.open(std::string(file), OpenMode::append);
      ASSERT_TRUE(out->append(ByteView(whole).first(size)));
    }
    auto memory = open();
    const auto value = memory->of("1")->load("state");
    if (size < before)
      EXPECT_FALSE(value) << size;
    else
      EXPECT_EQ(value, size < after ? old_value : new_value) << size;
    ASSERT_TRUE(memory->of("1")->store("state", new_value));
    memory.reset();
    EXPECT_EQ(open()->of("1")->load("state"), new_value) << size;
  }
}

TEST_F(Fleet, TellsDamageBeforeTheEndAndFilesOfAnotherKind) {
  {
    auto memory = open();
    ASSERT_TRUE(memory->of("1")->store("state", old_value));
    ASSERT_TRUE(memory->of("1")->store("state", new_value));
  }
  ASSERT_TRUE(disk_.flip_bit(std::string(file), 20, 3));
  EXPECT_EQ(FleetMemory::open(disk_, std::string(file)).error().code, ErrorCode::storage_corrupt);
  {
    auto out = *disk_.open("fleet/other", OpenMode::append);
    ASSERT_TRUE(out->append(as_bytes("something else")));
  }
  EXPECT_EQ(FleetMemory::open(disk_, "fleet/other").error().code, ErrorCode::storage_corrupt);
}

TEST_F(Fleet, AFullDiskKeepsTheOldValueAndGoesOnLater) {
  auto memory = open();
  const auto part = memory->of("1");
  ASSERT_TRUE(part->store("state", old_value));
  disk_.set_capacity_bytes(disk_.used_bytes() + 5);
  EXPECT_EQ(part->store("state", new_value).error().code, ErrorCode::storage_full);
  EXPECT_EQ(part->load("state"), old_value);
  disk_.set_capacity_bytes(std::nullopt);
  ASSERT_TRUE(part->store("state", new_value));
  memory.reset();
  EXPECT_EQ(open()->of("1")->load("state"), new_value);
}

TEST_F(Fleet, IsRewrittenWhenMostOfItIsOld) {
  auto memory = open(1'000);
  const auto first = memory->of("1");
  ASSERT_TRUE(memory->of("2")->store("state", old_value));
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(first->store("state", Bytes{static_cast<std::uint8_t>(i), 7}));
  EXPECT_GT(memory->compaction_count(), 2U);
  EXPECT_LT(memory->size_bytes(), 2'000U);
  memory.reset();
  memory = open(1'000);
  EXPECT_EQ(memory->of("1")->load("state"), (Bytes{static_cast<std::uint8_t>(499), 7}));
  EXPECT_EQ(memory->of("2")->load("state"), old_value);
}

TEST_F(Fleet, LosesNothingWhenKilledWhileItIsRewritten) {
  for (std::uint64_t operations = 0; operations < 12; ++operations) {
    const std::string path = "fleet/memory-" + std::to_string(operations);
    auto memory = *FleetMemory::open(disk_, path, 60);
    ASSERT_TRUE(memory->of("2")->store("state", old_value));
    std::uint8_t stored = 0;
    disk_.lose_power_after(20 + operations);
    for (std::uint8_t i = 1; i < 100; ++i) {
      if (!memory->of("1")->store("state", Bytes{i})) break;
      stored = i;
    }
    memory.reset();
    disk_.kill_process();
    memory = *FleetMemory::open(disk_, path, 60);
    const auto value = memory->of("1")->load("state");
    ASSERT_TRUE(value);
    EXPECT_GE(value->at(0), stored);
    EXPECT_LE(value->at(0), stored + 1);
    EXPECT_EQ(memory->of("2")->load("state"), old_value);
  }
}

RC_GTEST_PROP(FleetMemoryProperty, HoldsWhatAMapWouldHold, (std::vector<std::pair<std::uint8_t, Bytes>> writes)) {
  SimulatedDisk disk;
  RC_ASSERT(disk.make_directories("fleet").has_value());
  std::map<std::string, Bytes> expected;
  auto memory = *FleetMemory::open(disk, std::string(file), 40);
  for (const auto& [device, value] : writes) {
    const std::string uid = std::to_string(device % 4);
    RC_ASSERT(memory->of(uid)->store("state", value).has_value());
    expected[uid] = value;
    if (device % 8 == 0) {
      memory.reset();
      memory = *FleetMemory::open(disk, std::string(file), 40);
    }
  }
  for (const auto& [uid, value] : expected) RC_ASSERT(memory->of(uid)->load("state") == value);
}

}  // namespace
}  // namespace duheng::device
