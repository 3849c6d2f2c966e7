#include <cstdlib>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/log.hpp"
#include "tests/simulation/world.hpp"

namespace duheng::simulation {
namespace {

/// Seeds to run: DUHENG_SIMULATION_SEED alone, or 1 to DUHENG_SIMULATION_SEEDS (usual count given).
std::vector<std::uint64_t> seeds(std::uint64_t usual_count) {
  if (const char* one = std::getenv("DUHENG_SIMULATION_SEED")) return {std::strtoull(one, nullptr, 10)};
  if (const char* count = std::getenv("DUHENG_SIMULATION_SEEDS")) usual_count = std::strtoull(count, nullptr, 10);
  std::vector<std::uint64_t> list;
  for (std::uint64_t seed = 1; seed <= usual_count; ++seed) list.push_back(seed);
  return list;
}

void expect_sound(World& world, std::uint64_t seed, std::uint64_t confirmed_min) {
  const auto report = world.audit();
  ASSERT_TRUE(report) << "seed " << seed << ": " << report.error().message;
  std::string examples;
  for (const auto& example : report->examples) examples += "\n  " + example;
  EXPECT_TRUE(report->sound()) << fmt::format(
      "seed {}: lost {} doubled {} unknown {} inexact {} of {} confirmed answers; {}{}", seed, report->lost,
      report->doubled, report->unknown, report->inexact, report->answers_confirmed, world.what(), examples);
  EXPECT_GE(report->answers_confirmed, confirmed_min)
      << "seed " << seed << ": the world hardly did anything; " << world.what();
}

class StoreAndForward : public testing::Test {
 protected:
  // Thousands of simulated faults would fill the screen.
  static void SetUpTestSuite() {
    log::configure({.level = std::getenv("DUHENG_SIMULATION_LOG") ? log::Level::info : log::Level::off,
                    .format = log::Format::text,
                    .program = "simulation",
                    .file = ""});
  }
};

TEST_F(StoreAndForward, QuietWorldLosesNothing) {
  World world({.seed = 1});
  world.run_for(600'000);
  ASSERT_TRUE(world.come_to_rest()) << world.what();
  expect_sound(world, 1, 3'000);
}

TEST_F(StoreAndForward, NothingLostNothingDoubledUnderFaults) {
  for (const std::uint64_t seed : seeds(60)) {
    World world({.seed = seed});
    for (int fault = 0; fault < 40; ++fault) {
      world.run_for(static_cast<std::int64_t>(world.random().below(30'000)));
      world.random_fault();
    }
    ASSERT_TRUE(world.come_to_rest()) << "seed " << seed << ": " << world.what();
    expect_sound(world, seed, 300);
    if (HasFailure()) return;
  }
}

TEST_F(StoreAndForward, SameSeedSameWorld) {
  const auto run = [] {
    World world({.seed = 11});
    for (int fault = 0; fault < 15; ++fault) {
      world.run_for(20'000);
      world.random_fault();
    }
    EXPECT_TRUE(world.come_to_rest());
    EXPECT_TRUE(world.platform().catch_up());
    return *world.platform().telemetry().digest();
  };
  EXPECT_EQ(run(), run());
}

TEST_F(StoreAndForward, TelemetryRebuiltFromTheJournalIsTheSame) {
  World world({.seed = 3});
  world.run_for(300'000);
  ASSERT_TRUE(world.come_to_rest()) << world.what();
  ASSERT_TRUE(world.platform().catch_up());
  const auto before = world.platform().telemetry().digest();
  store::MemoryTelemetryStore fresh;
  platform::TelemetryApplier applier(world.platform().journal(), fresh, world.platform().clock());
  while (*applier.step() > 0) {
  }
  EXPECT_EQ(*fresh.digest(), *before);
}

TEST_F(StoreAndForward, PlatformRestoredFromAnOlderBackupGetsEverythingAgain) {
  for (const std::uint64_t seed : seeds(10)) {
    World world({.seed = seed});
    world.run_for(200'000);
    const auto backup = world.platform().backup();
    world.run_for(200'000);
    world.platform().restore(backup);
    world.run_for(5'000);
    ASSERT_TRUE(world.platform().start()) << world.platform().last_error();
    world.run_for(100'000);
    ASSERT_TRUE(world.come_to_rest()) << "seed " << seed << ": " << world.what();
    expect_sound(world, seed, 2'000);
    if (HasFailure()) return;
  }
}

TEST_F(StoreAndForward, GatewayInstalledAnewSendsWhatTheOldOneHeld) {
  for (const std::uint64_t seed : seeds(10)) {
    World world({.seed = seed});
    world.run_for(100'000);
    world.gateway().forbid_uplink_until(world.queue().now_ms() + 100'000);
    world.gateway().cut_uplink();
    world.run_for(60'000);  // only the spool holds this minute
    world.gateway().reinstall();
    world.run_for(5'000);
    ASSERT_TRUE(world.gateway().start()) << world.gateway().last_error();
    world.run_for(200'000);
    ASSERT_TRUE(world.come_to_rest()) << "seed " << seed << ": " << world.what();
    expect_sound(world, seed, 1'500);
    if (HasFailure()) return;
  }
}

TEST_F(StoreAndForward, FullDisksPauseAndGoOn) {
  World world({.seed = 5});
  world.run_for(60'000);
  world.gateway().disk().set_capacity_bytes(world.gateway().disk().used_bytes() + 2'000);
  // Longer than the disk is full: what the platform acknowledges would be given up for new readings.
  world.gateway().forbid_uplink_until(world.queue().now_ms() + 145'000);
  world.gateway().cut_uplink();
  world.run_for(120'000);
  EXPECT_TRUE(world.gateway().statistics().storage_waiting);
  const auto asked = world.gateway().statistics().questions;
  world.run_for(20'000);
  EXPECT_EQ(world.gateway().statistics().questions, asked) << "a gateway that cannot store must not ask";
  world.gateway().disk().set_capacity_bytes(std::nullopt);
  world.run_for(60'000);
  EXPECT_FALSE(world.gateway().statistics().storage_waiting);
  EXPECT_GT(world.gateway().statistics().questions, asked);

  world.platform().disk().set_capacity_bytes(world.platform().disk().used_bytes() + 1'000);
  world.run_for(120'000);
  EXPECT_GT(world.platform().ingest_statistics().commits_failed, 0U);
  EXPECT_TRUE(world.platform().ingest_statistics().storage_full);
  world.platform().disk().set_capacity_bytes(std::nullopt);
  world.run_for(120'000);
  EXPECT_FALSE(world.platform().ingest_statistics().storage_full);
  ASSERT_TRUE(world.come_to_rest()) << world.what();
  expect_sound(world, 5, 500);
}

TEST_F(StoreAndForward, ClockSetBackFlagsReadingsAndLosesNone) {
  World world({.seed = 6});
  world.run_for(60'000);
  world.gateway().clock().set_offset_ms(-3'600'000 / 2);
  world.run_for(120'000);
  ASSERT_TRUE(world.come_to_rest()) << world.what();
  EXPECT_GT(world.gateway().statistics().clock_jumps_back, 0U);
  expect_sound(world, 6, 400);
  std::uint64_t suspect = 0;
  auto& telemetry = world.platform().telemetry();
  for (const auto& source : telemetry.sources()) {
    for (const auto& series : telemetry.series_of(source.id)) {
      const auto page = telemetry.range(series.id, {0, INT64_MAX / 8}, 100'000, {});
      ASSERT_TRUE(page);
      for (const auto& point : page->points) suspect += has(point.quality, Quality::clock_suspect) ? 1 : 0;
    }
  }
  EXPECT_GT(suspect, 0U);
}

}  // namespace
}  // namespace duheng::simulation
