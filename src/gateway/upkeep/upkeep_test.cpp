// What a gateway does of its own accord: memories fetched after a gap, clocks watched and corrected.
#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <set>

#include "base/random.hpp"
#include "gateway/upkeep/upkeep_test_world.hpp"

namespace duheng::gateway {
namespace {

using namespace upkeep_testing;

TEST(Upkeep, CatchesUpThirtyDaysInOrderByTurnsWithNothingMissing) {
  World world(make_model(true, false));
  const std::int64_t begin = world.clock.utc_ms();
  world.start(progress_of(world, 30 * day_ms));
  world.clock.advance_ms(900'000);
  world.serve(10'000);
  for (const auto& uid : world.uids) {
    const auto& seen = world.stamps[uid];
    ASSERT_GE(seen.size(), 30U * 96U);
    EXPECT_EQ(seen.front(), begin - 30 * day_ms + quarter_ms);
    for (std::size_t i = 1; i < seen.size(); ++i) ASSERT_EQ(seen[i], seen[i - 1] + quarter_ms);
    EXPECT_GE(seen.back(), begin);
  }
  EXPECT_EQ(world.out_of_order, 0);
  // Two devices of one line by turns, not one after the other.
  int changes = 0;
  for (std::size_t i = 1; i < 100; ++i) changes += world.order[i] != world.order[i - 1] ? 1 : 0;
  EXPECT_GT(changes, 50);
  EXPECT_EQ(world.upkeep->statistics().history_values, world.stamps["a"].size() + world.stamps["b"].size());
  EXPECT_EQ(world.upkeep->statistics().behind, 0U);
}

TEST(Upkeep, FetchesWhatIsNewAtItsInterval) {
  World world(make_model(true, false));
  world.start(progress_of(world, quarter_ms));
  world.clock.advance_ms(900'000);
  world.serve(100);
  const auto before = world.stamps["a"].size();
  for (int i = 0; i < 24 * 60; ++i) {
    world.clock.advance_ms(60'000);
    world.serve(10);
  }
  EXPECT_NEAR(static_cast<double>(world.stamps["a"].size() - before), 96.0, 5.0);
  EXPECT_LE(world.upkeep->statistics().history_questions, 2U * 27U);
}

TEST(Upkeep, AsksNothingWhileTheLineHasNoRoomOrTheDeviceIsAway) {
  World world(make_model(true, false));
  world.start(progress_of(world, day_ms));
  world.clock.advance_ms(900'000);
  world.room = false;
  EXPECT_EQ(world.serve(10), 0);
  EXPECT_LE(world.upkeep->next_wake_ms(), world.clock.monotonic_ms() + 2'000);
  world.room = true;
  world.open = false;
  world.clock.advance_ms(2'000);
  EXPECT_EQ(world.serve(10), 0);
  world.open = true;
  world.silent = 0;
  world.upkeep->stir(0);
  EXPECT_GT(world.serve(100), 0);
  EXPECT_TRUE(world.stamps["a"].empty());
  EXPECT_FALSE(world.stamps["b"].empty());
  world.silent = UINT32_MAX;
  world.upkeep->stir(0);
  EXPECT_GT(world.serve(100), 0);
  EXPECT_FALSE(world.stamps["a"].empty());
}

TEST(Upkeep, ProgressCountsOnlyWhenItsValuesAreDurable) {
  World world(make_model(true, false));
  world.uids = {"a"};
  world.stores = false;
  const auto known = progress_of(world, day_ms);
  world.start(known);
  world.clock.advance_ms(900'000);
  world.serve(1);
  EXPECT_FALSE(world.upkeep->take_save(true));
  world.upkeep->batch_closed();
  world.serve(1);
  world.upkeep->batch_stored();
  const auto saved = world.upkeep->take_save(true);
  ASSERT_TRUE(saved);
  // The second answer is in no batch that was stored.
  EXPECT_EQ(parse_progress(*saved)->at("a").at("profile"), world.stamps["a"][records_per_answer - 1]);
  EXPECT_FALSE(world.upkeep->take_save(true));
}

TEST(Upkeep, ARestartGoesOnWhereItWasSaved) {
  World world(make_model(true, false));
  world.uids = {"a"};
  world.start(progress_of(world, 10 * day_ms));
  world.clock.advance_ms(900'000);
  world.serve(20);
  const auto saved = parse_progress(*world.upkeep->take_save(true));
  ASSERT_TRUE(saved);
  world.start(*saved);
  world.clock.advance_ms(900'000);
  world.serve(1'000);
  EXPECT_EQ(world.out_of_order, 0);
  const auto& seen = world.stamps["a"];
  for (std::size_t i = 1; i < seen.size(); ++i) ASSERT_EQ(seen[i], seen[i - 1] + quarter_ms);
}

TEST(Upkeep, SavesNotMoreOftenThanItShould) {
  World world(make_model(true, false));
  world.start(progress_of(world, 10 * day_ms));
  world.clock.advance_ms(900'000);
  int saves = 0;
  for (int i = 0; i < 60; ++i) {
    world.serve(1);
    world.clock.advance_ms(1'000);
    saves += world.upkeep->take_save() ? 1 : 0;
  }
  EXPECT_EQ(saves, 2);
}

TEST(Upkeep, AsksNotFasterThanItMay) {
  World world(make_model(true, false));
  world.settings.history_questions_per_s = 10;
  world.start(progress_of(world, 30 * day_ms));
  world.clock.advance_ms(900'000);
  world.serve(10'000);
  const auto at_once = world.upkeep->statistics().history_questions;
  EXPECT_LE(at_once, 10U);
  for (int i = 0; i < 200; ++i) {
    world.clock.advance_ms(50);
    world.serve(10'000);
  }
  EXPECT_NEAR(static_cast<double>(world.upkeep->statistics().history_questions - at_once), 100.0, 2.0);
}

TEST(Upkeep, AGapIsPassedAndAFailureIsTriedAgainLater) {
  World world(make_model(true, false));
  world.uids = {"a"};
  world.start(progress_of(world, 2 * day_ms));
  world.clock.advance_ms(900'000);
  world.upkeep->work();
  ASSERT_TRUE(world.asked);
  world.answer(Outcome::refused, 2);
  world.serve(1'000);
  EXPECT_EQ(world.stamps["a"].size(), 2U * 96U + 1U - 16U);
  EXPECT_EQ(world.upkeep->statistics().history_failures, 0U);
  world.clock.advance_ms(3'600'000);
  world.upkeep->work();
  ASSERT_TRUE(world.asked);
  world.answer(Outcome::timed_out);
  world.upkeep->work();
  EXPECT_FALSE(world.asked);
  EXPECT_EQ(world.upkeep->statistics().history_failures, 1U);
  world.clock.advance_ms(60'000);
  EXPECT_EQ(world.serve(10), 1);
}

TEST(Upkeep, AQuestionLostWithItsConnectionIsAskedAgain) {
  World world(make_model(true, false));
  world.uids = {"a"};
  world.start(progress_of(world, day_ms));
  world.clock.advance_ms(900'000);
  world.upkeep->work();
  const auto first = *world.asked;
  world.asked.reset();
  world.upkeep->lost(first.ticket);
  world.upkeep->stir(0);
  world.upkeep->work();
  ASSERT_TRUE(world.asked);
  EXPECT_EQ(world.asked->query.subject, first.query.subject);
  world.upkeep->device_removed("a");
  world.asked.reset();
  world.uids = {"c"};
  world.upkeep->device_added("c");
  world.clock.advance_ms(900'000);
  EXPECT_GT(world.serve(10), 0);  // what was out for the one that went holds nobody up
}

TEST(Upkeep, WatchesClocksAndCorrectsSmallDeviationsOnceADay) {
  World world(make_model(false, true), {.clock = ClockPolicy::broadcast});
  world.uids = {"a"};
  world.offset_ms = 60'000;
  world.start();
  world.clock.advance_ms(900'000);
  world.serve(10);
  ASSERT_EQ(world.offsets.size(), 1U);
  EXPECT_NEAR(static_cast<double>(world.offsets[0]), 60'000.0, 500.0);
  EXPECT_EQ(world.broadcasts, 1);
  world.clock.advance_ms(60'000);
  world.serve(10);
  ASSERT_EQ(world.offsets.size(), 2U);
  EXPECT_NEAR(static_cast<double>(world.offsets[1]), 0.0, 500.0);
  world.offset_ms = -20'000;  // out of step again on the same day
  for (int i = 0; i < 10; ++i) {
    world.clock.advance_ms(1'800'000);
    world.serve(10);
  }
  EXPECT_EQ(world.broadcasts, 1);
  for (int i = 0; i < 24; ++i) {
    world.clock.advance_ms(1'800'000);
    world.serve(10);
  }
  EXPECT_EQ(world.broadcasts, 2);
}

TEST(Upkeep, LeavesClocksAloneThatAreTooFarOffOrWhenItMayNot) {
  World world(make_model(false, true), {.clock = ClockPolicy::broadcast});
  world.uids = {"a"};
  world.offset_ms = 400'000;
  world.start();
  world.clock.advance_ms(900'000);
  world.serve(10);
  EXPECT_EQ(world.broadcasts, 0);
  EXPECT_EQ(world.upkeep->statistics().clocks_left_alone, 1U);
  World watching(make_model(false, true), {.clock = ClockPolicy::none});
  watching.offset_ms = 60'000;
  watching.start();
  watching.clock.advance_ms(900'000);
  watching.serve(10);
  EXPECT_EQ(watching.broadcasts, 0);
  EXPECT_EQ(watching.offsets.size(), 2U);
}

TEST(ClockRule, KeepsAwayFromMidnight) {
  ClockFinding finding{60'000, 10'000, 300'000, 0, 480, false, false};
  const auto at = [&](std::int64_t hour, std::int64_t minute) {
    finding.utc_ms = 1'763'654'400'000 + (hour * 60 + minute) * 60'000;  // 21 November 2025, 00:00 in the zone
    return judge_clock(finding, ClockPolicy::broadcast);
  };
  EXPECT_EQ(at(12, 0), ClockVerdict::correct);
  EXPECT_EQ(at(23, 51), ClockVerdict::later);
  EXPECT_EQ(at(0, 9), ClockVerdict::later);
  EXPECT_EQ(at(0, 11), ClockVerdict::correct);
  EXPECT_EQ(at(23, 49), ClockVerdict::later);  // the device's clock shows 23:50
  finding.offset_ms = -60'000;
  EXPECT_EQ(at(0, 10), ClockVerdict::later);
  finding.gateway_suspect = true;
  EXPECT_EQ(at(12, 0), ClockVerdict::later);
  finding.offset_ms = 10'000;
  EXPECT_EQ(at(12, 0), ClockVerdict::in_step);
  finding.offset_ms = -300'001;
  EXPECT_EQ(at(12, 0), ClockVerdict::left_alone);
}

/// Outages, lost answers, restarts from what was saved: in the end every record was read, and none is skipped.
RC_GTEST_PROP(Upkeep, WhateverFailsNoRecordIsSkipped, (std::uint64_t seed)) {
  SeededRandom random(seed);
  World world(make_model(true, false));
  world.uids = {"a"};
  world.stores = false;
  const std::int64_t from = world.clock.utc_ms() - 5 * day_ms;
  world.start(progress_of(world, 5 * day_ms));
  HistoryProgress saved = progress_of(world, 5 * day_ms);
  std::set<std::int64_t> durable;
  std::vector<std::int64_t> closing;
  std::size_t taken = 0;
  const auto close = [&] {
    world.upkeep->batch_closed();
    auto& seen = world.stamps["a"];
    closing.insert(closing.end(), seen.begin() + static_cast<long>(taken), seen.end());
    taken = seen.size();
  };
  const auto store = [&] {
    world.upkeep->batch_stored();
    durable.insert(closing.begin(), closing.end());
    closing.clear();
  };
  for (int i = 0; i < 300; ++i) {
    world.clock.advance_ms(static_cast<std::int64_t>(random.below(600'000)));
    world.upkeep->work();
    switch (random.below(8)) {
      case 0:
        if (world.asked) world.answer(Outcome::timed_out);
        break;
      case 1:
        if (world.asked) {
          const auto ticket = world.asked->ticket;
          world.asked.reset();
          world.upkeep->lost(ticket);
          world.upkeep->stir(0);
        }
        break;
      case 2:
        close();
        break;
      case 3:
        store();
        break;
      case 4:
        if (const auto file = world.upkeep->take_save()) saved = *parse_progress(*file);
        break;
      case 5:
        if (random.below(5) != 0) break;
        closing.clear();
        taken = world.stamps["a"].size();
        world.start(saved);
        break;
      default:
        if (world.asked) world.answer();
    }
    // What is on record as read is durable.
    for (std::int64_t stamp = from + quarter_ms; stamp <= saved.at("a").at("profile"); stamp += quarter_ms)
      RC_ASSERT(durable.contains(stamp));
  }
  world.stores = true;
  for (int hour = 0; hour < 5; ++hour) {  // longer than the pause after failures
    world.clock.advance_ms(3'600'000);
    world.serve(10'000);
  }
  std::set<std::int64_t> seen(world.stamps["a"].begin(), world.stamps["a"].end());
  for (std::int64_t stamp = from + quarter_ms; stamp <= world.clock.utc_ms() - 2 * 3'600'000; stamp += quarter_ms)
    RC_ASSERT(seen.contains(stamp));
}

RC_GTEST_PROP(HistoryProgress, SurvivesItsFile, (std::map<std::string, std::map<std::string, std::int64_t>> content)) {
  HistoryProgress progress;
  for (const auto& [uid, histories] : content) progress[uid].insert(histories.begin(), histories.end());
  auto file = encode_progress(progress);
  RC_ASSERT(*parse_progress(file) == progress);
  file[*rc::gen::inRange<std::size_t>(0, file.size())] ^= 1;
  RC_ASSERT(!parse_progress(file).has_value());
}

}  // namespace
}  // namespace duheng::gateway
