// Meters behind a carrier module, over the real session and a virtual module: whatever is lost, doubled, late or begun
// anew, no answer is ever another's, each question ends once, and a command reaches its meter at most once.
#include <algorithm>
#include <gtest/gtest.h>

#include "codec/gdw13762/explain.hpp"
#include "tests/operations/carrier_world.hpp"

namespace duheng::operations {
namespace {

using device::CarrierModuleOptions;
using drivers::Outcome;

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t day_ms = 1'440 * minute_ms;

std::size_t answered(const CarrierWorld& world) {
  return static_cast<std::size_t>(std::ranges::count_if(
      world.ended(), [](const auto& one) { return one.outcome == Outcome::answered && !one.late && !one.unasked; }));
}
/// Every answer is of the meter that was asked.
void expect_nothing_mixed(const CarrierWorld& world) {
  for (const auto& one : world.ended())
    if (one.outcome == Outcome::answered && one.payload.size() > 1) {
      EXPECT_EQ(one.payload, CarrierWorld::truth(one.meter, one.tag)) << one.meter << " " << one.tag;
    }
}

TEST(CarrierSession, BringsTheModuleToWhereMetersCanBeAsked) {
  CarrierModuleOptions options;
  options.main_node = *gdw13762::NodeAddress::parse("99");
  CarrierWorld world(45, options);
  world.module().add_node(*gdw13762::NodeAddress::parse("4711"));  // of another time
  world.module().add_node(CarrierWorld::node_of(3));
  world.open();
  world.run_for(minute_ms);
  EXPECT_TRUE(world.session().is_ready());
  EXPECT_EQ(world.module().node_count(), 45U);
  EXPECT_TRUE(world.module().route_is_suspended());
  EXPECT_EQ(world.module().main_node().to_string(), "000000000099");
  EXPECT_EQ(world.session().carrier_counters().nodes_added, 44U);
  EXPECT_EQ(world.session().carrier_counters().nodes_deleted, 1U);
  EXPECT_TRUE(world.session().node(0).in_archive);
  EXPECT_FALSE(world.session().asks_several_at_once());
}

TEST(CarrierSession, GivesTheModuleItsMainNode) {
  drivers::CarrierSettings settings;
  settings.main_node = *gdw13762::NodeAddress::parse("123456789012");
  CarrierWorld world(1, {}, {}, {}, settings);
  world.open();
  world.run_for(minute_ms);
  EXPECT_EQ(world.module().main_node().to_string(), "123456789012");
  CarrierWorld nameless(1, {});
  nameless.open();
  nameless.run_for(minute_ms);
  EXPECT_EQ(nameless.module().main_node().to_string(), "000000000001");
}

TEST(CarrierSession, ReadsOneAfterTheOtherAndKeepsWhatCameOverTheLine) {
  CarrierWorld world(10, {});
  world.open();
  for (std::uint32_t meter = 0; meter < 10; ++meter)
    for (std::uint32_t tag = 1; tag <= 3; ++tag) world.ask(meter, tag);
  ASSERT_TRUE(world.run(day_ms));
  EXPECT_EQ(answered(world), 30U);
  expect_nothing_mixed(world);
  for (const auto& one : world.ended()) {
    EXPECT_TRUE(gdw13762::is_carrier_exchange(one.request));
    EXPECT_TRUE(gdw13762::is_carrier_exchange(one.response));
  }
  EXPECT_EQ(world.session().carrier_counters().denials, 0U);
  EXPECT_NE(world.session().node(4).phase, 0);
  EXPECT_NE(world.session().node(4).signal_quality, 0);
}

TEST(CarrierSession, AsksSeveralAtOnceWhereTheModuleTakesThem) {
  CarrierModuleOptions one_by_one;
  CarrierModuleOptions several;
  several.at_once_max = 5;
  std::int64_t took_ms[2] = {};
  for (int i = 0; i < 2; ++i) {
    CarrierWorld world(40, i == 0 ? one_by_one : several);
    world.open();
    world.run_for(minute_ms);
    const std::int64_t began_ms = world.now_ms();
    for (std::uint32_t meter = 0; meter < 40; ++meter) world.ask(meter, 1);
    ASSERT_TRUE(world.run(day_ms));
    EXPECT_EQ(answered(world), 40U);
    expect_nothing_mixed(world);
    took_ms[i] = world.now_ms() - began_ms;
    EXPECT_EQ(world.session().asks_several_at_once(), i == 1);
  }
  EXPECT_LT(took_ms[1] * 2, took_ms[0]);
}

TEST(CarrierSession, AnOldModuleIsAskedBitByBit) {
  CarrierModuleOptions options;
  options.tells_mode = false;
  CarrierWorld world(3, options);
  world.open();
  for (std::uint32_t meter = 0; meter < 3; ++meter) world.ask(meter, 7);
  ASSERT_TRUE(world.run(day_ms));
  EXPECT_EQ(answered(world), 3U);
}

TEST(CarrierSession, ANodeThatTheModuleForgotIsGivenToItAgain) {
  CarrierWorld world(3, {});
  world.open();
  world.run_for(minute_ms);
  world.module().forget_node(CarrierWorld::node_of(1));
  for (std::uint32_t meter = 0; meter < 3; ++meter) world.ask(meter, 7);
  ASSERT_TRUE(world.run(day_ms));
  EXPECT_EQ(answered(world), 3U);
  EXPECT_EQ(world.module().node_count(), 3U);
}

TEST(CarrierSession, MetersComeAndGoWhileItRuns) {
  CarrierWorld world(3, {});
  world.open();
  world.run_for(minute_ms);
  const auto added = world.add_meter(3);
  const auto retired = world.session().retire_meter(1);
  EXPECT_TRUE(retired.waiting.empty());
  EXPECT_FALSE(retired.under_way);
  world.ask(added, 7);
  ASSERT_TRUE(world.run(day_ms));
  EXPECT_EQ(answered(world), 1U);
  EXPECT_EQ(world.module().node_count(), 3U);
  EXPECT_EQ(world.session().meter_count(), 3U);
  EXPECT_EQ(world.add_meter(4), 1U);
}

TEST(CarrierSession, ABusyModuleIsAskedAgainAlsoForCommands) {
  CarrierModuleOptions options;
  options.busy_per_mille = 500;
  CarrierWorld world(5, options);
  world.open();
  for (std::uint32_t meter = 0; meter < 5; ++meter) {
    world.ask(meter, 1);
    world.ask(meter, 2, true);
  }
  ASSERT_TRUE(world.run(day_ms));
  EXPECT_EQ(answered(world), 10U);
  EXPECT_GT(world.session().carrier_counters().busy, 0U);
  EXPECT_EQ(world.commands().size(), 5U);
  for (const auto& [key, times] : world.commands()) EXPECT_EQ(times, 1);
}

TEST(CarrierSession, ASilentModuleEndsQuestionsAndIsTriedAgain) {
  for (const bool reopens : {false, true}) {
    drivers::SessionSettings settings;
    settings.reopen_after_timeout = reopens;
    CarrierWorld world(3, {}, {}, settings);
    world.open();
    world.run_for(minute_ms);
    world.module_dead(true);
    for (std::uint32_t meter = 0; meter < 3; ++meter) world.ask(meter, 7);
    ASSERT_TRUE(world.run(day_ms));
    EXPECT_EQ(answered(world), 0U);
    EXPECT_GT(world.session().carrier_counters().silences, 0U);
    EXPECT_EQ(world.reopened() > 0, reopens);
    world.module_dead(false);
    world.run_for(5 * minute_ms);
    EXPECT_TRUE(world.session().is_ready());
    for (std::uint32_t meter = 0; meter < 3; ++meter) world.ask(meter, 8);
    ASSERT_TRUE(world.run(day_ms));
    EXPECT_EQ(answered(world), 3U);
  }
}

TEST(CarrierSession, AModuleThatHasStartedIsBegunAnew) {
  CarrierWorld world(3, {});
  world.open();
  world.run_for(minute_ms);
  const auto starts = world.session().carrier_counters().starts;
  for (std::uint32_t meter = 0; meter < 3; ++meter) world.ask(meter, 7);
  world.run_for(10);  // the first is under way
  world.module().restart();
  ASSERT_TRUE(world.run(day_ms));
  EXPECT_EQ(answered(world), 3U);
  EXPECT_EQ(world.session().carrier_counters().module_restarts, 1U);
  EXPECT_EQ(world.session().carrier_counters().starts, starts + 1);
  EXPECT_TRUE(world.module().route_is_suspended());
}

TEST(CarrierSession, ABroadcastGoesToAllAndIsConfirmed) {
  CarrierWorld world(3, {});
  world.open();
  drivers::Query query;
  query.operation = 0x08;
  query.body = {0, 0, 12, 1, 1, 26};
  query.has_answer = false;
  world.ask(0, query, 5);
  ASSERT_TRUE(world.run(day_ms));
  ASSERT_EQ(world.ended().size(), 1U);
  EXPECT_EQ(world.ended().front().outcome, Outcome::sent);
  EXPECT_EQ(world.module().counters().broadcasts, 1U);
}

TEST(CarrierSession, WhatIsUnderWayIsNamedWhenTheChannelGoes) {
  CarrierModuleOptions options;
  options.at_once_max = 4;
  CarrierWorld world(6, options);
  world.open();
  world.run_for(minute_ms);
  for (std::uint32_t meter = 0; meter < 6; ++meter) world.ask(meter, 7, true);
  world.run_for(5);
  EXPECT_EQ(world.session().closed().size(), 4U);
  EXPECT_EQ(world.session().waiting_questions(), 0U);
  EXPECT_FALSE(world.session().is_open());
}

TEST(CarrierSession, UrgentQuestionsGoFirst) {
  CarrierWorld world(4, {});
  world.open();
  world.run_for(minute_ms);
  for (std::uint32_t meter = 0; meter < 4; ++meter) world.ask(meter, 1);
  world.ask(3, 9, true, true);
  ASSERT_TRUE(world.run(day_ms));
  // One may have been on its way before.
  const auto urgent = std::ranges::find(world.ended(), 9U, &CarrierWorld::Ended::tag);
  ASSERT_NE(urgent, world.ended().end());
  EXPECT_LE(urgent - world.ended().begin(), 1);
}

TEST(CarrierSession, SecretsWithinAreMaskedAndChecksumsMended) {
  CarrierWorld world(1, {});
  world.open();
  world.ask(0, 1);
  ASSERT_TRUE(world.run(day_ms));
  Bytes twice = world.ended().front().request;
  const Bytes once = twice;
  twice.insert(twice.end(), once.begin(), once.end());
  int frames = 0;
  drivers::mask_carried(twice, [&](Bytes& frame) {
    ++frames;
    EXPECT_EQ(frame.front(), 0x68);
    EXPECT_EQ(frame.back(), 0x16);
    frame[10] = 0;
  });
  EXPECT_EQ(frames, 2);
  EXPECT_TRUE(gdw13762::is_carrier_exchange(twice));
  Bytes bare{1, 2, 3};
  drivers::mask_carried(bare, [](Bytes& octets) { octets.assign(octets.size(), 0); });
  EXPECT_EQ(bare, (Bytes{0, 0, 0}));
}

/// Everything at once, from many seeds.
TEST(CarrierSession, NothingIsEverMixedDoubledOrForgotten) {
  std::size_t all = 0;
  std::size_t good = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom random(seed);
    CarrierModuleOptions options;
    options.seed = seed;
    options.at_once_max = static_cast<std::uint8_t>(1 + random.below(6));
    options.tells_mode = random.below(4) > 0;
    options.lost_per_mille = static_cast<std::uint32_t>(random.below(100));
    options.swallowed_per_mille = static_cast<std::uint32_t>(random.below(30));
    options.spoiled_per_mille = static_cast<std::uint32_t>(random.below(100));
    options.doubled_per_mille = static_cast<std::uint32_t>(random.below(200));
    options.late_per_mille = static_cast<std::uint32_t>(random.below(60));
    options.busy_per_mille = static_cast<std::uint32_t>(random.below(100));
    options.rerouted_per_mille = static_cast<std::uint32_t>(random.below(100));
    options.restart_per_mille = static_cast<std::uint32_t>(random.below(20));
    CarrierLineFaults faults;
    faults.noise_per_mille = static_cast<std::uint32_t>(random.below(100));
    faults.changed_per_mille = static_cast<std::uint32_t>(random.below(30));
    faults.dropped_per_mille = static_cast<std::uint32_t>(random.below(30));
    faults.torn_per_mille = static_cast<std::uint32_t>(random.below(300));
    drivers::SessionSettings settings;
    settings.reopen_after_timeout = random.below(2) == 0;
    constexpr std::uint32_t meters = 12;
    constexpr std::uint32_t reads = 4;
    CarrierWorld world(meters, options, faults, settings);
    world.open();
    for (std::uint32_t meter = 0; meter < meters; ++meter) {
      for (std::uint32_t tag = 1; tag <= reads; ++tag) world.ask(meter, tag);
      world.ask(meter, 100 + meter, true);
    }
    ASSERT_TRUE(world.run(30 * day_ms));
    expect_nothing_mixed(world);
    std::map<std::pair<std::uint32_t, std::uint32_t>, int> ends;
    for (const auto& one : world.ended())
      if (!one.late) ++ends[{one.meter, one.tag}];
    EXPECT_EQ(ends.size(), meters * (reads + 1));
    for (const auto& [key, times] : ends) EXPECT_EQ(times, 1) << key.first << " " << key.second;
    for (const auto& [key, times] : world.commands()) EXPECT_EQ(times, 1) << key.first;
    all += ends.size();
    good += answered(world);
  }
  EXPECT_GT(good * 10, all * 8);  // and most of it is read all the same
}

}  // namespace
}  // namespace duheng::operations
