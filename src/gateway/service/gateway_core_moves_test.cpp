// Meters that are given a new address or a new speed, lines with long delays, and periods set from afar.
#include <algorithm>
#include <gtest/gtest.h>

#include "base/simulated_disk.hpp"
#include "gateway/service/simulated_field.hpp"

namespace duheng::gateway {
namespace {

const ModelLibrary& models() {
  static const ModelLibrary library = *ModelLibrary::load(std::string(DUHENG_SOURCE_DIR) + "/models");
  return library;
}

class World {
 public:
  explicit World(SimulatedFieldOptions options)
      : random(options.seed + 1),
        ledger(*device::LedgerWriter::open(ledger_disk, "ledger")),
        field(clock, *ledger, options) {
    auto core_options = field.core_options(models());
    core_options.tasks = CoreTasks{};
    core = std::make_unique<GatewayCore>(clock, random, std::move(core_options));
    field.attach(*core, [](ByteView) -> Result<void> { return {}; });
    run_ms(60'000);
  }
  void run_ms(std::int64_t ms) {
    field.run_until_ms(clock.monotonic_ms() + ms, [this] {
      if (core->orders()->take_log_write()) core->orders()->written({});
      return false;
    });
  }
  OrderReport finish(std::string name, std::vector<OrderArgument> arguments, std::size_t meter = 0) {
    FieldOrder order;
    order.id[0] = ++orders;
    order.device_uid = field.meters()[meter].uid;
    order.kind = OrderKind::command;
    order.name = std::move(name);
    order.arguments = std::move(arguments);
    core->orders()->take(order);
    OrderReport last;
    for (int i = 0; i < 600 && !is_final(last.state); ++i) {
      run_ms(1'000);
      for (auto& report : core->orders()->take_reports(10)) {
        core->orders()->received({&report.id, 1});
        last = report;
      }
    }
    return last;
  }
  [[nodiscard]] std::uint64_t readings() const { return core->statistics().readings; }
  [[nodiscard]] const device::VirtualMeter& meter(std::size_t number = 0) const {
    return *field.meters()[number].device;
  }

  ManualClock clock{1'763'712'000'000};
  SeededRandom random;
  SimulatedDisk ledger_disk;
  std::unique_ptr<device::LedgerWriter> ledger;
  SimulatedField field;
  std::unique_ptr<GatewayCore> core;
  std::uint8_t orders = 0;
};

const SimulatedFieldOptions alone{.channels = 2, .meters_per_channel = 1, .serial_lines = true, .planned_baud = 2'400};

TEST(GatewayMoves, ANewSpeedIsFollowedByItsLineAndReadingGoesOn) {
  World world(alone);
  const auto report = world.finish("speed_change", {{"speed", "9600"}});
  EXPECT_EQ(report.state, OrderState::done) << report.reason << " " << report.detail;
  EXPECT_EQ(world.meter().told_speed(), 9'600U);
  EXPECT_EQ(world.field.baud(0), 9'600U);
  EXPECT_EQ(world.field.baud(1), 2'400U);
  const auto before = world.readings();
  world.run_ms(120'000);
  EXPECT_GT(world.readings(), before + 20);
  EXPECT_EQ(world.core->statistics().devices_answering, 2U);
}

TEST(GatewayMoves, ANewAddressIsFollowedAndReadingGoesOn) {
  World world(alone);
  const auto report = world.finish("address_write", {{"address", "209900000042"}});
  EXPECT_EQ(report.state, OrderState::done) << report.reason << " " << report.detail;
  EXPECT_EQ(world.meter().address().to_string(), "209900000042");
  const auto before = world.readings();
  world.run_ms(120'000);
  EXPECT_GT(world.readings(), before + 20);
  EXPECT_EQ(world.core->statistics().devices_answering, 2U);
}

TEST(GatewayMoves, LostAnswersEndInTheTruth) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    auto options = alone;
    options.seed = seed;
    options.answers_lost_per_mille = 400;
    World world(options);
    const bool speed = seed % 2 == 0;
    const auto report = speed ? world.finish("speed_change", {{"speed", "4800"}})
                              : world.finish("address_write", {{"address", "209900000042"}});
    ASSERT_TRUE(is_final(report.state)) << seed;
    const bool has_moved =
        speed ? world.meter().told_speed() == 4'800 : world.meter().address().to_string() == "209900000042";
    if (report.state != OrderState::unknown) {
      EXPECT_EQ(report.state == OrderState::done, has_moved) << seed;
    }
    if (report.state == OrderState::done && speed) {
      EXPECT_EQ(world.field.baud(0), 4'800U);
    }
  }
}

TEST(GatewayMoves, OnASharedLineNothingIsSent) {
  auto options = alone;
  options.meters_per_channel = 3;
  World world(options);
  EXPECT_EQ(world.finish("speed_change", {{"speed", "9600"}}).reason, "line_shared");
  EXPECT_EQ(world.finish("address_write", {{"address", "209900000042"}}).reason, "line_shared");
  EXPECT_EQ(world.meter().told_speed(), 0U);
}

/// One order for each meter of the line, as the platform gives them; their last reports by meter.
std::vector<OrderReport> move_line(World& world, const std::string& speed) {
  const auto& meters = world.field.meters();
  std::vector<std::size_t> on_line;
  for (std::size_t i = 0; i < meters.size(); ++i)
    if (meters[i].line == 0) on_line.push_back(i);
  for (const std::size_t meter : on_line) {
    FieldOrder order;
    order.id[0] = static_cast<std::uint8_t>(100 + meter);
    order.device_uid = meters[meter].uid;
    order.kind = OrderKind::command;
    order.name = "speed_change";
    order.arguments = {{"speed", speed}, {"whole_line", "yes"}};
    order.lifetime_ms = 3'600'000;
    world.core->orders()->take(order);
  }
  std::vector<OrderReport> out(on_line.size());
  const auto all_over = [&] {
    return std::ranges::all_of(out, [](const OrderReport& report) { return is_final(report.state); });
  };
  for (int i = 0; i < 1'200 && !all_over(); ++i) {
    world.run_ms(1'000);
    for (auto& report : world.core->orders()->take_reports(10)) {
      world.core->orders()->received({&report.id, 1});
      out.at(report.id[0] - 100U) = report;
    }
  }
  return out;
}

const SimulatedFieldOptions shared_line{
    .channels = 2, .meters_per_channel = 4, .serial_lines = true, .planned_baud = 2'400};

TEST(GatewayLineMoves, AWholeLineChangesItsSpeedAndReadingGoesOn) {
  World world(shared_line);
  const auto reports = move_line(world, "9600");
  ASSERT_EQ(reports.size(), 4U);
  for (const auto& report : reports) EXPECT_EQ(report.state, OrderState::done) << report.reason << " " << report.detail;
  EXPECT_EQ(world.field.baud(0), 9'600U);
  EXPECT_EQ(world.field.baud(1), 2'400U);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(world.meter(i).told_speed(), 9'600U);
  world.run_ms(120'000);
  EXPECT_EQ(world.core->statistics().devices_answering, 8U);
  const auto before = world.readings();
  world.run_ms(120'000);
  EXPECT_GT(world.readings(), before + 80);
  world.orders = 50;
  EXPECT_EQ(world.finish("ping", {{"count", "2"}}).state, OrderState::done);
}

TEST(GatewayLineMoves, LostAnswersEndInTheTruthForEachMeter) {
  std::size_t done = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    auto options = shared_line;
    options.seed = seed;
    options.answers_lost_per_mille = 250;
    World world(options);
    const auto reports = move_line(world, "4800");
    for (std::size_t i = 0; i < reports.size(); ++i) {
      const auto& report = reports[i];
      ASSERT_TRUE(is_final(report.state)) << seed;
      const bool at_line = world.meter(i).told_speed() == world.field.baud(0) ||
                           (world.meter(i).told_speed() == 0 && world.field.baud(0) == 2'400);
      if (report.state == OrderState::done) {
        ++done;
        EXPECT_EQ(world.meter(i).told_speed(), 4'800U) << seed;
        EXPECT_EQ(world.field.baud(0), 4'800U) << seed;
      }
      if (report.reason == "left_behind") {
        EXPECT_FALSE(at_line) << seed;
      }
    }
  }
  EXPECT_GE(done, 30U);  // of 40: that is what being told again is for
}

TEST(GatewayMoves, AWrittenAddressAndSpeedOutliveAPowerFailureOfTheMeter) {
  World world(alone);
  ASSERT_EQ(world.finish("speed_change", {{"speed", "9600"}}).state, OrderState::done);
  const auto stored = device::encode_meter_state(world.meter().state());
  auto again = world.meter().state();
  ASSERT_TRUE(device::decode_meter_state(stored, again));
  EXPECT_NE(again.find_parameter(0x04000703), nullptr);
}

TEST(GatewayMaintenance, APingMeasuresTheLine) {
  World world(alone);
  const auto report = world.finish("ping", {{"count", "4"}});
  EXPECT_EQ(report.state, OrderState::done);
  ASSERT_EQ(report.values.size(), 5U);
  EXPECT_EQ(report.values[1].mantissa, 4);
  EXPECT_GT(report.values[3].mantissa, 0);
  EXPECT_EQ(report.frames.size(), 4U);
}

TEST(GatewayMaintenance, AChannelIsOpenedAnew) {
  World world(alone);
  EXPECT_EQ(world.finish("channel_restart", {}).state, OrderState::done);
  const auto before = world.readings();
  world.run_ms(60'000);
  EXPECT_GT(world.readings(), before);
}

TEST(GatewayMaintenance, WithoutAProgramAroundItNoGatewayRestarts) {
  World world(alone);
  EXPECT_EQ(world.finish("gateway_restart", {}).reason, "not_supported");
}

/// A carrier module (PLC): seconds from question to answer, never the same.
TEST(GatewayLines, ALineOfLongAndVaryingDelaysIsReadAndNothingIsMixedUp) {
  SimulatedFieldOptions options{.channels = 1, .meters_per_channel = 4, .serial_lines = true, .latency_ms_max = 700};
  options.answers_late_per_mille = 200;
  World world(options);
  world.run_ms(3'600'000);
  const auto figures = world.core->statistics();
  EXPECT_GT(figures.readings, 1'000U);
  EXPECT_GT(figures.exchanges_late, 0U);
  EXPECT_EQ(figures.devices_offline, 0U);
  EXPECT_EQ(figures.readings_flagged, 0U);  // another meter's or another time's value would jump
}

TEST(GatewayPeriods, AreSetWhileItRunsAndMeasured) {
  World world({.channels = 2, .meters_per_channel = 2});
  const auto& uid = world.field.meters()[0].uid;
  const auto number = *world.core->find_device(uid);
  const std::vector<FieldInterval> wanted{{"live", "", 2'000}, {"energy", "energy_active_import_total", 5'000}};
  ASSERT_TRUE(world.core->set_intervals(number, wanted));
  world.run_ms(100'000);
  const auto rounds_of = [&] {
    for (auto& state : world.core->device_states())
      if (state.uid == uid) return state.rounds;
    return std::vector<GatewayCore::RoundState>{};
  };
  auto rounds = rounds_of();
  const auto live = std::ranges::find_if(rounds, [](const auto& each) { return each.group == "live"; });
  ASSERT_NE(live, rounds.end());
  EXPECT_EQ(live->interval_ms, 2'000);
  EXPECT_GE(live->timing.samples, 45U);
  EXPECT_LE(live->timing.samples, 50U);
  EXPECT_LE(live->timing.p50_per_mille, 1'020U);
  EXPECT_EQ(live->timing.missed, 0U);
  EXPECT_TRUE(std::ranges::any_of(
      rounds, [](const auto& each) { return each.group == "energy" && each.interval_ms == 5'000; }));
  EXPECT_GT(world.core->timing().figures().samples, 0U);
  EXPECT_FALSE(world.core->channel_timings().empty());

  // What cannot be is told, and the model's own periods hold.
  const std::vector<FieldInterval> wrong{{"live", "", 10}};
  EXPECT_FALSE(world.core->set_intervals(number, wrong));
  rounds = rounds_of();
  EXPECT_EQ(rounds.size(),
            models().find(number % 3 == 0 ? "dlt645-2007-three-phase" : "dlt645-2007-single-phase")->groups.size());
  const auto before = world.readings();
  world.run_ms(60'000);
  EXPECT_GT(world.readings(), before);
}

}  // namespace
}  // namespace duheng::gateway
