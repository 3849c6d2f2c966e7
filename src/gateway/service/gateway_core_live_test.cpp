// Channels and devices that come and go while the gateway runs.
#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "base/simulated_disk.hpp"
#include "gateway/service/simulated_field.hpp"
#include "gateway/spool/spool.hpp"

namespace duheng::gateway {
namespace {

const ModelLibrary& models() {
  static const ModelLibrary library = *ModelLibrary::load(std::string(DUHENG_SOURCE_DIR) + "/models");
  return library;
}

struct LiveWorld {
  explicit LiveWorld(SimulatedFieldOptions options)
      : keys(crypto::SecretKey(std::array<std::uint8_t, 32>{9})),
        random(options.seed + 1),
        ledger(*device::LedgerWriter::open(ledger_disk, "ledger")),
        field(clock, *ledger, options),
        spool(*Spool::open(disk, random, keys, clock, {.directory = "spool"})) {
    full = field.core_options(models());
  }
  /// With those of the field's devices that `first` says; all channels.
  void start(const std::set<std::size_t>& first) {
    auto options = full;
    options.devices.clear();
    for (const auto index : first) options.devices.push_back(full.devices[index]);
    core = std::make_unique<GatewayCore>(clock, random, options);
    field.attach(*core, [this](ByteView body) -> Result<void> {
      const auto sequence = spool->append(body);
      return sequence ? Result<void>{} : std::unexpected(sequence.error());
    });
  }
  void run_ms(std::int64_t ms) { field.run_until_ms(clock.monotonic_ms() + ms); }
  /// When each frame of each device was received.
  [[nodiscard]] std::map<std::string, std::vector<std::int64_t>> frames() const {
    std::map<std::string, std::vector<std::int64_t>> out;
    for (const auto& each : observed()) out[each.address].push_back(each.received_utc_ms);
    return out;
  }
  [[nodiscard]] std::vector<device::ObservedFrame> observed() const {
    std::vector<device::ObservedFrame> out;
    for (const auto& range : spool->epochs())
      for (std::uint64_t sequence = range.first_sequence; sequence < range.next_sequence; ++sequence) {
        const auto batch = spool->read(range.epoch, sequence);
        const auto view = BatchView::parse(batch->body);
        view->for_each(
            [&](std::uint32_t, const Frame& frame) {
              out.push_back({std::string(view->devices()[frame.device_index]),
                             Bytes(frame.response.begin(), frame.response.end()), frame.received_utc_ms});
            },
            [](auto...) {});
      }
    return out;
  }
  [[nodiscard]] device::LedgerComparison compare() {
    EXPECT_TRUE(ledger->flush());
    return device::compare_with_ledger(*device::read_ledger(ledger_disk, "ledger"), observed());
  }

  ManualClock clock{1'763'712'000'000};
  SimulatedDisk disk;
  SimulatedDisk ledger_disk;
  crypto::LocalKeyProvider keys;
  SeededRandom random;
  std::unique_ptr<device::LedgerWriter> ledger;
  SimulatedField field;
  std::unique_ptr<Spool> spool;
  std::unique_ptr<GatewayCore> core;
  CoreOptions full;
};

std::set<std::size_t> all_of(std::size_t count) {
  std::set<std::size_t> out;
  for (std::size_t i = 0; i < count; ++i) out.insert(i);
  return out;
}

TEST(GatewayCoreLive, ADeviceThatComesIsReadAtOnceAndOneThatGoesFallsSilent) {
  LiveWorld world({.channels = 2, .meters_per_channel = 3});
  world.start({0, 1, 3, 4});
  world.run_ms(120'000);
  const auto added = world.core->add_device(world.full.devices[2], world.field);
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_EQ(world.core->find_device(world.full.devices[2].uid), *added);
  const std::int64_t added_utc_ms = world.clock.utc_ms();
  world.run_ms(3'000);
  // All of its groups, also those whose interval is minutes.
  const auto model = world.full.devices[2].model;
  std::size_t questions = 0;
  for (const auto& group : model->groups) questions += group.questions.size();
  EXPECT_GE(world.frames()[world.full.devices[2].uid].size(), questions);
  EXPECT_GE(world.frames()[world.full.devices[2].uid].front(), added_utc_ms);
  EXPECT_EQ(world.core->statistics().devices, 5U);
  EXPECT_EQ(world.core->statistics().devices_answering, 5U);

  const auto gone = world.full.devices[4].uid;
  world.core->remove_device(*world.core->find_device(gone), world.field);
  EXPECT_FALSE(world.core->find_device(gone));
  world.run_ms(1'000);
  const auto count = world.frames()[gone].size();
  world.run_ms(120'000);
  EXPECT_EQ(world.frames()[gone].size(), count);
  EXPECT_EQ(world.core->device_states().size(), 4U);
  EXPECT_TRUE(world.compare().sound());
}

TEST(GatewayCoreLive, WhatIsWrongIsRefusedAndNothingChanges) {
  LiveWorld world({.channels = 2, .meters_per_channel = 2});
  world.start(all_of(4));
  world.run_ms(30'000);
  EXPECT_EQ(world.core->add_device(world.full.devices[0], world.field).error().code, ErrorCode::already_exists);
  auto same_address = world.full.devices[0];
  same_address.uid = "another";
  EXPECT_EQ(world.core->add_device(same_address, world.field).error().code, ErrorCode::already_exists);
  auto nowhere = same_address;
  nowhere.channel = 99;
  EXPECT_EQ(world.core->add_device(nowhere, world.field).error().code, ErrorCode::not_found);
  auto other_protocol = same_address;
  other_protocol.model = models().find("cjt188-cold-water");
  EXPECT_EQ(world.core->add_device(other_protocol, world.field).error().code, ErrorCode::conflict);
  EXPECT_FALSE(world.core->find_device("another"));
  world.run_ms(30'000);
  EXPECT_EQ(world.core->statistics().devices_answering, 4U);
}

TEST(GatewayCoreLive, AChannelThatGoesTakesItsDevicesAndItsNumberServesAgain) {
  LiveWorld world({.channels = 3, .meters_per_channel = 2});
  world.start(all_of(6));
  world.run_ms(60'000);
  world.core->remove_channel(1, world.field);
  EXPECT_EQ(world.core->statistics().channels, 2U);
  EXPECT_EQ(world.core->statistics().devices, 4U);
  EXPECT_FALSE(world.core->is_open(1));
  world.run_ms(60'000);
  EXPECT_EQ(world.core->add_channel(world.full.channels[1], world.field), 1U);
  for (const auto& device : world.full.devices) {
    if (device.channel == 1) {
      ASSERT_TRUE(world.core->add_device(device, world.field));
    }
  }
  world.run_ms(60'000);
  EXPECT_EQ(world.core->statistics().devices_answering, 6U);
  const auto comparison = world.compare();
  EXPECT_TRUE(comparison.sound()) << comparison.lost << " lost " << comparison.doubled << " doubled";
}

TEST(GatewayCoreLive, AnEmptyChannelTakesTheProtocolOfItsFirstDevice) {
  LiveWorld world({.channels = 1, .meters_per_channel = 1});
  world.full.channels[0].driver = models().find("cjt188-cold-water")->driver;
  world.start({});
  world.run_ms(5'000);
  ASSERT_TRUE(world.core->is_open(0));
  ASSERT_TRUE(world.core->add_device(world.full.devices[0], world.field));
  world.run_ms(30'000);
  EXPECT_EQ(world.core->statistics().devices_answering, 1U);
}

/// Random changes all the time, on lines that are cut and lose answers: at the end exactly the devices that are there
/// are read, what the field's ledger says was confirmed is in the spool, and devices nobody touched never noticed.
void change_at_random(bool serial, std::uint64_t seed) {
  constexpr std::size_t per_channel = 4;
  LiveWorld world({.channels = 4,
                   .meters_per_channel = per_channel,
                   .serial_lines = serial,
                   .answers_lost_per_mille = serial ? 0U : 10U,
                   .connections_cut_per_mille = serial ? 0U : 5U,
                   .seed = seed});
  // Line 0 with its meters is never touched; the others are.
  std::set<std::size_t> present = all_of(world.full.devices.size());
  world.start(present);
  SeededRandom chance(seed + 77);
  for (int step = 0; step < 120; ++step) {
    world.run_ms(static_cast<std::int64_t>(chance.below(3'000)));
    const std::size_t index = per_channel + chance.below(world.full.devices.size() - per_channel);
    const auto& device = world.full.devices[index];
    if (chance.below(10) == 0) {
      const auto channel = device.channel;
      world.core->remove_channel(channel, world.field);
      ASSERT_EQ(world.core->add_channel(world.full.channels[channel], world.field), channel);
      std::erase_if(present, [&](std::size_t each) { return world.full.devices[each].channel == channel; });
    } else if (present.erase(index) > 0) {
      world.core->remove_device(*world.core->find_device(device.uid), world.field);
    } else {
      ASSERT_TRUE(world.core->add_device(device, world.field));
      present.insert(index);
    }
  }
  world.run_ms(5'000);
  const std::int64_t settled_utc_ms = world.clock.utc_ms();
  world.run_ms(120'000);
  std::set<std::string> heard;
  for (const auto& [uid, times] : world.frames())
    if (times.back() > settled_utc_ms) heard.insert(uid);
  std::set<std::string> expected;
  for (const auto index : present) expected.insert(world.full.devices[index].uid);
  EXPECT_EQ(heard, expected) << "seed " << seed;
  EXPECT_EQ(world.core->statistics().devices, present.size());
  const auto comparison = world.compare();
  EXPECT_TRUE(comparison.sound()) << "seed " << seed << " serial " << serial << " lost " << comparison.lost
                                  << " doubled " << comparison.doubled << " unknown " << comparison.unknown
                                  << (comparison.examples.empty() ? "" : comparison.examples[0]);
  if (!serial) return;
  // An untouched line without disturbances is read at every round, whatever happens on the others.
  for (std::size_t index = 0; index < per_channel; ++index) {
    const auto times = world.frames()[world.full.devices[index].uid];
    std::int64_t shortest_ms = INT64_MAX;
    for (const auto& group : world.full.devices[index].model->groups)
      shortest_ms = std::min(shortest_ms, group.interval_ms);
    for (std::size_t i = 1; i < times.size(); ++i)
      ASSERT_LE(times[i] - times[i - 1], shortest_ms * 3 / 2) << "seed " << seed;
  }
}

TEST(GatewayCoreLive, WhateverComesAndGoesTheStateIsRightAndNothingConfirmedIsLost) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) change_at_random(seed % 2 == 0, seed);
}

TEST(GatewayCoreLive, NumbersAndMemoryDoNotGrowWithChanges) {
  LiveWorld world({.channels = 2, .meters_per_channel = 2});
  world.start(all_of(4));
  world.run_ms(10'000);
  for (int round = 0; round < 2'000; ++round) {
    const auto& device = world.full.devices[3];
    world.core->remove_device(*world.core->find_device(device.uid), world.field);
    const auto added = world.core->add_device(device, world.field);
    ASSERT_TRUE(added);
    EXPECT_LE(*added, 5U);
    if (round % 100 == 0) world.run_ms(100);
  }
  world.run_ms(60'000);
  EXPECT_EQ(world.core->statistics().devices_answering, 4U);
  EXPECT_TRUE(world.compare().sound());
}

}  // namespace
}  // namespace duheng::gateway
