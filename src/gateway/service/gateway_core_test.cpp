#include "gateway/service/gateway_core.hpp"

#include <gtest/gtest.h>
#include <map>
#include <set>

#include "base/simulated_disk.hpp"
#include "drivers/dlt645/dialect.hpp"
#include "gateway/service/simulated_field.hpp"
#include "gateway/spool/spool.hpp"

namespace duheng::gateway {
namespace {

const ModelLibrary& models() {
  static const ModelLibrary library = *ModelLibrary::load(std::string(DUHENG_SOURCE_DIR) + "/models");
  return library;
}

/// Every reading of every batch of a spool, and its frames for the comparison with the ledger.
struct SpoolContent {
  explicit SpoolContent(const Spool& spool) {
    for (const auto& range : spool.epochs())
      for (std::uint64_t sequence = range.first_sequence; sequence < range.next_sequence; ++sequence) {
        const auto batch = spool.read(range.epoch, sequence);
        EXPECT_TRUE(batch);
        const auto view = BatchView::parse(batch->body);
        EXPECT_TRUE(view) << view.error().message;
        view->for_each(
            [&](std::uint32_t, const Frame& frame) {
              frames.push_back({std::string(view->devices()[frame.device_index]),
                                Bytes(frame.response.begin(), frame.response.end()), frame.received_utc_ms});
            },
            [&](std::uint32_t, const Frame& frame, const Reading& reading) {
              const auto& r = view->registers()[reading.register_index];
              last[std::string(view->devices()[frame.device_index]) + "/" + std::string(r.name)] = reading;
              qualities[reading.quality]++;
              ++readings;
            });
      }
  }
  std::vector<device::ObservedFrame> frames;
  std::map<std::string, Reading> last;
  std::map<Quality, std::uint64_t> qualities;
  std::uint64_t readings = 0;
};

/// One gateway with its field; both disks in memory, the ledger's own (it outlives the gateway).
class World {
 public:
  explicit World(SimulatedFieldOptions options)
      : keys(crypto::SecretKey(std::array<std::uint8_t, 32>{9})),
        random(options.seed + 1),
        ledger(*device::LedgerWriter::open(ledger_disk, "ledger")),
        field(clock, *ledger, options) {}
  void start() {
    spool_options.directory = "spool";
    spool = *Spool::open(disk, random, keys, clock, spool_options);
    auto core_options = field.core_options(models());
    core_options.newest_known_utc_ms = spool->newest_created_utc_ms();
    core = std::make_unique<GatewayCore>(clock, random, std::move(core_options));
    field.attach(*core, [this](ByteView body) -> Result<void> {
      const auto sequence = spool->append(body);
      if (!sequence) return std::unexpected(sequence.error());
      return {};
    });
  }
  void kill() {
    field.detach();
    core.reset();
    spool.reset();
  }
  void run_ms(std::int64_t ms) { field.run_until_ms(clock.monotonic_ms() + ms); }
  device::LedgerComparison compare() {
    EXPECT_TRUE(ledger->flush());
    return device::compare_with_ledger(*device::read_ledger(ledger_disk, "ledger"), SpoolContent(*spool).frames);
  }

  ManualClock clock{1'763'712'000'000};
  SimulatedDisk disk;
  SimulatedDisk ledger_disk;
  crypto::LocalKeyProvider keys;
  SeededRandom random;
  SpoolOptions spool_options;
  std::unique_ptr<device::LedgerWriter> ledger;
  SimulatedField field;
  std::unique_ptr<Spool> spool;
  std::unique_ptr<GatewayCore> core;
};

TEST(GatewayCore, ReadsEveryRegisterOfEveryMeterExactly) {
  World world({.channels = 3, .meters_per_channel = 4});
  world.start();
  world.run_ms(310'000);
  // To a moment at which nothing is on its way into the spool.
  for (int i = 0; i < 40 && world.core->statistics().readings != SpoolContent(*world.spool).readings; ++i)
    world.run_ms(37);
  const SpoolContent content(*world.spool);
  // 8 single-phase meters with 10 registers, 4 three-phase ones with 72, of which 48 are energies by tariff, reactive
  // or apparent.
  EXPECT_EQ(content.last.size(), 8U * 10U + 4U * 72U);
  EXPECT_EQ(content.qualities.size(), 1U);
  const auto statistics = world.core->statistics();
  EXPECT_EQ(statistics.devices_answering, 12U);
  EXPECT_EQ(statistics.channels_open, 3U);
  EXPECT_EQ(statistics.exchanges_timed_out, 0U);
  EXPECT_EQ(statistics.readings, content.readings);
  const auto comparison = world.compare();
  EXPECT_TRUE(comparison.sound());
  EXPECT_EQ(comparison.unknown, 0U);
  EXPECT_GT(comparison.confirmed, comparison.answers - 20);
  // The last energy reading is what the meter shows at that moment.
  const std::string uid = world.field.meters()[1].uid;
  const auto reading = content.last.at(uid + "/energy_active_import_total");
  device::VirtualMeter meter({.address = *dlt645::Address::parse(uid), .seed = 1'000'003 + 1});
  EXPECT_NEAR(static_cast<double>(meter.energy_centikwh(reading.time_utc_ms, false, 0)),
              static_cast<double>(reading.mantissa), 1);
}

TEST(GatewayCore, SlowAndNoisyLinesLoseNothingAndMixNothing) {
  for (const bool serial : {false, true}) {
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      World world({.channels = 3,
                   .meters_per_channel = 4,
                   .serial_lines = serial,
                   .latency_ms_max = 80,
                   .answers_lost_per_mille = 30,
                   .answers_spoiled_per_mille = 30,
                   .answers_late_per_mille = 40,
                   .connections_cut_per_mille = 10,
                   .seed = seed});
      world.start();
      world.run_ms(600'000);
      const auto comparison = world.compare();
      EXPECT_TRUE(comparison.sound()) << "seed " << seed << " serial " << serial << " lost " << comparison.lost
                                      << " doubled " << comparison.doubled << " unknown " << comparison.unknown
                                      << (comparison.examples.empty() ? "" : comparison.examples[0]);
      EXPECT_GT(comparison.confirmed, 500U);
      EXPECT_GT(world.core->statistics().exchanges_timed_out + world.core->statistics().frames_bad, 10U);
      // Every spoiled answer came while its meter was waited for: it stands at that meter.
      std::uint64_t at_meters = 0;
      for (const auto& device : world.core->device_states()) at_meters += device.counters.bad_frames;
      EXPECT_GT(at_meters, 0U) << "seed " << seed << " serial " << serial;
    }
  }
}

TEST(GatewayCore, KilledAtAnyMomentLosesNothingConfirmedAndDoublesNothing) {
  std::uint64_t confirmed = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    World world({.channels = 3,
                 .meters_per_channel = 3,
                 .serial_lines = seed % 2 == 0,
                 .answers_lost_per_mille = 5,
                 .answers_late_per_mille = 5,
                 .connections_cut_per_mille = 5,
                 .seed = seed});
    SeededRandom chance(seed + 1'000);
    for (int life = 0; life < 8; ++life) {
      world.start();
      if (chance.below(2) == 0) world.disk.lose_power_after(20 + chance.below(400));
      const std::int64_t until = world.clock.monotonic_ms() + 5'000 + static_cast<std::int64_t>(chance.below(30'000));
      world.field.run_until_ms(until, [&] { return world.disk.powerless(); });
      world.kill();
      world.disk.crash(world.random);
      world.clock.advance_ms(2'000);
    }
    world.start();
    const auto comparison = world.compare();
    EXPECT_TRUE(comparison.sound()) << "seed " << seed << " lost " << comparison.lost << " doubled "
                                    << comparison.doubled << " unknown " << comparison.unknown
                                    << (comparison.examples.empty() ? "" : comparison.examples[0]);
    confirmed += comparison.confirmed;
  }
  EXPECT_GT(confirmed, 5'000U);
}

TEST(GatewayCore, FullDiskPausesPollingAndGoesOnWhereItWas) {
  World world({.channels = 2, .meters_per_channel = 3});
  world.start();
  world.run_ms(60'000);
  world.disk.set_capacity_bytes(world.disk.used_bytes() + 100);
  world.run_ms(60'000);
  EXPECT_TRUE(world.core->statistics().storage_waiting);
  const std::uint64_t answers = world.field.answers();
  world.run_ms(600'000);
  EXPECT_EQ(world.field.answers(), answers);  // nothing is asked that could not be kept
  world.disk.set_capacity_bytes(std::nullopt);
  world.run_ms(60'000);
  EXPECT_FALSE(world.core->statistics().storage_waiting);
  EXPECT_GT(world.field.answers(), answers + 50);
  EXPECT_LT(world.field.answers(), answers + 400);  // missed rounds are not made up
  EXPECT_TRUE(world.compare().sound());
}

TEST(GatewayCore, ClockSetBackFlagsReadingsUntilItHasCaughtUp) {
  World world({.channels = 1, .meters_per_channel = 2});
  world.start();
  world.run_ms(60'000);
  world.clock.set_utc_ms(world.clock.utc_ms() - 90'000);
  world.run_ms(60'000);
  auto content = SpoolContent(*world.spool);
  EXPECT_GT(content.qualities[Quality::clock_suspect], 20U);
  EXPECT_EQ(world.core->statistics().clock_jumps_back, 1U);
  // Also over a restart: the spool remembers its newest stamp.
  world.kill();
  world.start();
  world.run_ms(10'000);
  EXPECT_EQ(world.core->statistics().clock_jumps_back, 1U);
  world.run_ms(120'000);
  const auto flagged = SpoolContent(*world.spool).qualities[Quality::clock_suspect];
  world.run_ms(60'000);
  EXPECT_EQ(SpoolContent(*world.spool).qualities[Quality::clock_suspect], flagged);
  EXPECT_TRUE(world.compare().sound());
}

TEST(GatewayCore, SilentMeterIsAskedLessAndLessAndDoesNotHoldUpItsBus) {
  World world({.channels = 1, .meters_per_channel = 3, .serial_lines = true});
  auto options = world.field.core_options(models());
  options.devices.push_back(
      {"nobody", drivers::bus_address(*dlt645::Address::parse("999")), models().find("dlt645-2007-single-phase"), 0});
  world.spool_options.directory = "spool";
  world.spool = *Spool::open(world.disk, world.random, world.keys, world.clock, world.spool_options);
  world.core = std::make_unique<GatewayCore>(world.clock, world.random, options);
  world.field.attach(*world.core, [&](ByteView body) -> Result<void> {
    const auto sequence = world.spool->append(body);
    return sequence ? Result<void>{} : std::unexpected(sequence.error());
  });
  world.run_ms(3'600'000);
  const auto statistics = world.core->statistics();
  EXPECT_EQ(statistics.devices_offline, 1U);
  EXPECT_EQ(statistics.devices_answering, 3U);
  EXPECT_LT(statistics.exchanges_timed_out, 40U);
  EXPECT_GT(statistics.exchanges_timed_out, 10U);
  EXPECT_GT(statistics.exchanges_answered, 3U * 360U * 3U);  // 3 meters, 360 rounds, of 3 or 4 questions each
}

TEST(GatewayCore, TenThousandMetersInSimulatedTime) {
  World world({.channels = 1'000, .meters_per_channel = 10});
  world.start();
  world.run_ms(20'000);
  const auto statistics = world.core->statistics();
  EXPECT_EQ(statistics.devices_answering, 10'000U);
  EXPECT_GT(statistics.exchanges_answered, 70'000U);
  EXPECT_LT(statistics.batches_stored, 2'000U);  // group commit: about one in ten milliseconds, not one per exchange
}

}  // namespace
}  // namespace duheng::gateway
