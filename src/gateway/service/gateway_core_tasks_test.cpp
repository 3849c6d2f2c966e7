// Orders, upkeep and traces with virtual meters that carry out what they are told, over lines that lose things.
#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "base/simulated_disk.hpp"
#include "gateway/service/simulated_field.hpp"
#include "gateway/spool/spool.hpp"

namespace duheng::gateway {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t day_ms = 24 * hour_ms;

const ModelLibrary& models() {
  static const ModelLibrary library = *ModelLibrary::load(std::string(DUHENG_SOURCE_DIR) + "/models");
  return library;
}

OrderId id_of(std::size_t number) {
  OrderId id{};
  id[0] = static_cast<std::uint8_t>(number);
  id[1] = static_cast<std::uint8_t>(number >> 8);
  return id;
}

class World {
 public:
  explicit World(SimulatedFieldOptions options)
      : keys(crypto::SecretKey(std::array<std::uint8_t, 32>{9})),
        random(options.seed + 1),
        ledger(*device::LedgerWriter::open(ledger_disk, "ledger")),
        field(clock, *ledger, options) {}
  void start() {
    spool = *Spool::open(disk, random, keys, clock, {.directory = "spool"});
    log = *OrderLog::open(disk, "orders.log");
    auto options = field.core_options(models());
    options.newest_known_utc_ms = spool->newest_created_utc_ms();
    options.tasks = CoreTasks{log->take_found(), progress, {}, upkeep};
    core = std::make_unique<GatewayCore>(clock, random, std::move(options));
    field.attach(*core, [this](ByteView body) -> Result<void> {
      const auto sequence = spool->append(body);
      return sequence ? Result<void>{} : std::unexpected(sequence.error());
    });
  }
  void kill() {
    field.detach();
    core.reset();
    log.reset();
    spool.reset();
    if (random.below(2) == 0)
      disk.crash(random);
    else
      disk.kill_process();
  }
  void run_ms(std::int64_t ms) {
    field.run_until_ms(clock.monotonic_ms() + ms, [this] {
      if (const auto write = core->orders()->take_log_write())
        core->orders()->written(write->replace ? log->replace(write->records) : log->append(write->records));
      if (const auto file = core->upkeep()->take_save()) progress = *parse_progress(*file);
      return false;
    });
  }
  /// Until the order is over, a minute at most.
  OrderReport finish(const FieldOrder& order) {
    core->orders()->take(order);
    for (int i = 0; i < 60; ++i) {
      run_ms(1'000);
      collect();
      if (const auto found = finals.find(order.id); found != finals.end()) return found->second;
    }
    return {};
  }
  void collect() {
    std::vector<OrderId> ids;
    for (auto& report : core->orders()->take_reports(10'000)) {
      ids.push_back(report.id);
      if (!is_final(report.state)) continue;
      const auto [known, is_new] = finals.try_emplace(report.id, report);
      EXPECT_EQ(known->second.state, report.state);
    }
    core->orders()->received(ids);
  }
  struct Stored {
    std::string uid;
    std::string name;
    Reading reading;
    Bytes request;
  };
  [[nodiscard]] std::vector<Stored> stored() const {
    std::vector<Stored> out;
    for (const auto& range : spool->epochs())
      for (std::uint64_t sequence = range.first_sequence; sequence < range.next_sequence; ++sequence) {
        const auto batch = spool->read(range.epoch, sequence);
        const auto view = BatchView::parse(batch->body);
        view->for_each([](auto...) {},
                       [&](std::uint32_t, const Frame& frame, const Reading& reading) {
                         out.push_back({std::string(view->devices()[frame.device_index]),
                                        std::string(view->registers()[reading.register_index].name), reading,
                                        Bytes(frame.request.begin(), frame.request.end())});
                       });
      }
    return out;
  }
  [[nodiscard]] device::LedgerComparison compare() {
    EXPECT_TRUE(ledger->flush());
    std::vector<device::ObservedFrame> frames;
    for (const auto& range : spool->epochs())
      for (std::uint64_t sequence = range.first_sequence; sequence < range.next_sequence; ++sequence) {
        const auto batch = spool->read(range.epoch, sequence);
        const auto view = BatchView::parse(batch->body);
        view->for_each(
            [&](std::uint32_t, const Frame& frame) {
              frames.push_back({std::string(view->devices()[frame.device_index]),
                                Bytes(frame.response.begin(), frame.response.end()), frame.received_utc_ms});
            },
            [](auto...) {});
      }
    return device::compare_with_ledger(*device::read_ledger(ledger_disk, "ledger"), frames);
  }
  [[nodiscard]] const SimulatedMeters::Meter& meter(std::size_t index) const { return field.meters()[index]; }
  [[nodiscard]] FieldOrder command(std::size_t number, std::size_t of_meter, std::string name) const {
    FieldOrder order;
    order.id = id_of(number);
    order.device_uid = meter(of_meter).uid;
    order.kind = OrderKind::command;
    order.name = std::move(name);
    order.password = "123456";
    return order;
  }

  ManualClock clock{1'763'712'000'000};
  SimulatedDisk disk;
  SimulatedDisk ledger_disk;
  crypto::LocalKeyProvider keys;
  SeededRandom random;
  std::unique_ptr<device::LedgerWriter> ledger;
  SimulatedField field;
  UpkeepSettings upkeep{.histories = false};
  HistoryProgress progress;
  std::map<OrderId, OrderReport> finals;
  std::unique_ptr<Spool> spool;
  std::unique_ptr<OrderLog> log;
  std::unique_ptr<GatewayCore> core;
};

TEST(GatewayOrders, ReadsOnDemandWhatTheMeterShows) {
  World world({.channels = 1, .meters_per_channel = 3});
  world.start();
  world.run_ms(5'000);
  FieldOrder order;
  order.id = id_of(1);
  order.device_uid = world.meter(1).uid;
  order.registers = {"voltage_a", "frequency"};
  const auto report = world.finish(order);
  ASSERT_EQ(report.state, OrderState::done) << report.reason;
  ASSERT_EQ(report.values.size(), 2U);
  for (const auto& value : report.values) {
    const auto shown = world.meter(1).device->measure(value.time_utc_ms);
    const bool voltage = value.register_name == "voltage_a";
    EXPECT_NEAR(value.mantissa, voltage ? shown.voltage_decivolt[0] : shown.frequency_centihertz, 20);
    EXPECT_EQ(value.quality, Quality::good);
  }
  // One item that stands in no group: the meter's own number, as a model file would write it.
  order.id = id_of(2);
  order.registers.clear();
  order.item = R"({ di: "02010100" })";
  EXPECT_EQ(world.finish(order).state, OrderState::done);
  order.id = id_of(3);
  order.item = R"({ di: "nonsense" })";
  EXPECT_EQ(world.finish(order).reason, "argument_invalid");
  EXPECT_TRUE(world.compare().sound());
}

TEST(GatewayOrders, TripsTheRelayOnlyWithTheRightPassword) {
  World world({.channels = 1, .meters_per_channel = 2});
  world.start();
  world.run_ms(5'000);
  auto order = world.command(1, 0, "relay_trip");
  order.password = "654321";
  auto report = world.finish(order);
  EXPECT_EQ(report.state, OrderState::refused);
  EXPECT_EQ(report.reason, "password_wrong");
  EXPECT_FALSE(world.meter(0).device->state().relay.open);
  order.id = id_of(2);
  order.password.clear();
  EXPECT_EQ(world.finish(order).reason, "password_needed");
  report = world.finish(world.command(3, 0, "relay_trip"));
  EXPECT_EQ(report.state, OrderState::done) << report.reason;
  EXPECT_TRUE(world.meter(0).device->state().relay.open);
  EXPECT_FALSE(world.meter(1).device->state().relay.open);
  ASSERT_FALSE(report.values.empty());
  EXPECT_TRUE(report.values[0].read_back);
  // The right password, as it travels: 56 34 12, each and 33H. In no report and in no batch.
  const Bytes secret{0x89, 0x67, 0x45};
  const auto shows = [&](ByteView octets) { return !std::ranges::search(octets, secret).empty(); };
  for (const auto& [id, final] : world.finals)
    for (const auto& frame : final.frames) EXPECT_FALSE(shows(frame.request));
  for (const auto& range : world.spool->epochs())
    for (std::uint64_t sequence = range.first_sequence; sequence < range.next_sequence; ++sequence)
      EXPECT_FALSE(shows(world.spool->read(range.epoch, sequence)->body));
  EXPECT_TRUE(world.compare().sound());
}

TEST(GatewayOrders, ANewPasswordIsShownNowhere) {
  World world({.channels = 1, .meters_per_channel = 1});
  world.start();
  world.run_ms(2'000);
  auto order = world.command(1, 0, "password_change");
  order.arguments = {{"new_password", "654321"}};
  const auto report = world.finish(order);
  ASSERT_EQ(report.state, OrderState::done) << report.reason << " " << report.detail;
  const Bytes secret{0x54, 0x76, 0x98};  // 21 43 65, each and 33H; the meter repeats it
  const auto shows = [&](ByteView octets) { return !std::ranges::search(octets, secret).empty(); };
  ASSERT_EQ(report.frames.size(), 1U);
  EXPECT_FALSE(shows(report.frames[0].request));
  EXPECT_FALSE(shows(report.frames[0].response));
  for (const auto& range : world.spool->epochs())
    for (std::uint64_t sequence = range.first_sequence; sequence < range.next_sequence; ++sequence)
      EXPECT_FALSE(shows(world.spool->read(range.epoch, sequence)->body));
  EXPECT_EQ(world.finish(world.command(2, 0, "relay_trip")).reason, "password_wrong");
  order = world.command(3, 0, "relay_trip");
  order.password = "654321";
  EXPECT_EQ(world.finish(order).state, OrderState::done);
}

TEST(GatewayOrders, WritesAParameterAndReadsItBack) {
  World world({.channels = 1, .meters_per_channel = 1});
  world.start();
  world.run_ms(2'000);
  auto order = world.command(1, 0, "load_record_interval_1");
  order.kind = OrderKind::parameter;
  order.arguments = {{"value", "30"}};
  const auto report = world.finish(order);
  EXPECT_EQ(report.state, OrderState::done) << report.reason << " " << report.detail;
  EXPECT_EQ(world.meter(0).device->state().schedule.interval_minutes(1, world.clock.utc_ms()), 30);
  order.id = id_of(2);
  order.arguments = {{"value", "soon"}};
  EXPECT_EQ(world.finish(order).reason, "argument_invalid");
}

/// Answers lost, spoiled, late; connections cut; the gateway killed and started; the platform sending everything again.
void chaos(std::uint64_t seed, bool serial) {
  World world({.channels = 4,
               .meters_per_channel = 3,
               .serial_lines = serial,
               .answers_lost_per_mille = 150,
               .answers_spoiled_per_mille = 50,
               .answers_late_per_mille = serial ? 50U : 0U,
               .connections_cut_per_mille = 50,
               .seed = seed});
  world.start();
  std::vector<FieldOrder> orders;
  std::vector<std::uint64_t> given(12);
  const char* const names[] = {"alarm_on", "alarm_off", "supply_keep", "supply_keep_end", "freeze_now"};
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 4; ++i) {
      const std::size_t meter = world.random.below(12);
      orders.push_back(world.command(orders.size() + 1, meter, names[world.random.below(5)]));
      ++given[meter];
      world.core->orders()->take(orders.back());
    }
    world.run_ms(static_cast<std::int64_t>(world.random.below(30'000)));
    world.collect();
    if (world.random.below(4) != 0) continue;
    world.kill();
    world.start();
    world.core->orders()->session_began();
    for (const auto& order : orders) world.core->orders()->take(order);
  }
  for (int i = 0; i < 40; ++i) {
    world.run_ms(30'000);
    world.collect();
  }
  EXPECT_EQ(world.core->orders()->statistics().live, 0U);
  EXPECT_EQ(world.finals.size(), orders.size());
  std::vector<std::uint64_t> may_be_done(12);
  std::size_t done = 0;
  for (const auto& order : orders) {
    const auto state = world.finals.at(order.id).state;
    const auto meter = std::ranges::find(world.field.meters(), order.device_uid, &SimulatedMeters::Meter::uid);
    if (state == OrderState::done || state == OrderState::unknown)
      ++may_be_done[static_cast<std::size_t>(meter - world.field.meters().begin())];
    done += state == OrderState::done ? 1 : 0;
  }
  EXPECT_GT(done, orders.size() / 2);
  for (std::size_t meter = 0; meter < 12; ++meter) {
    const auto last = world.meter(meter).device->last_command();
    EXPECT_LE(last ? last->number : 0, may_be_done[meter]) << "seed " << seed << " meter " << meter;
  }
  EXPECT_TRUE(world.compare().sound());
}

TEST(GatewayOrders, AtMostOnceOverConnectionsThatBreakAndAGatewayThatDies) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) chaos(seed, false);
}
TEST(GatewayOrders, AtMostOnceOverASerialLineWithLateAnswers) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) chaos(seed, true);
}

TEST(GatewayUpkeep, CatchesUpTheLoadProfileWhileLiveReadingGoesOn) {
  World world({.channels = 1, .meters_per_channel = 2, .serial_lines = true});
  world.upkeep.histories = true;
  world.upkeep.days_back_max = 30;
  world.start();
  world.run_ms(12 * hour_ms);
  std::map<std::string, std::vector<std::int64_t>> profile;
  std::size_t live = 0;
  for (const auto& each : world.stored()) {
    live += each.reading.time_source == TimeSource::gateway && each.name == "voltage_a" ? 1 : 0;
    if (each.reading.time_source == TimeSource::meter && each.name == "energy_active_import_total" &&
        each.reading.time_utc_ms % 900'000 == 0 && each.reading.time_utc_ms % day_ms != 16 * hour_ms)
      profile[each.uid].push_back(each.reading.time_utc_ms);
  }
  ASSERT_EQ(profile.size(), 2U);
  for (const auto& [uid, stamps] : profile) {
    const std::set<std::int64_t> distinct(stamps.begin(), stamps.end());
    EXPECT_GE(distinct.size(), 30U * 95U);
    EXPECT_LE(world.clock.utc_ms() - *distinct.rbegin(), 2 * hour_ms);
  }
  // 12 hours, a live round every 10 s: nothing of it was given up for the past.
  EXPECT_GE(live, 2U * 12U * 360U * 95U / 100U);
  EXPECT_EQ(world.core->upkeep()->statistics().behind, 0U);
  const auto comparison = world.compare();
  for (const auto& example : comparison.examples) ADD_FAILURE() << example;
}

TEST(GatewayUpkeep, FindsClocksOutOfStepAndSetsThemByBroadcast) {
  World world({.channels = 1, .meters_per_channel = 2, .serial_lines = true, .clock_offset_ms = 150'000});
  world.upkeep.clock = ClockPolicy::broadcast;
  world.start();
  world.run_ms(2 * hour_ms);
  std::map<std::string, std::vector<std::int64_t>> offsets;
  for (const auto& each : world.stored())
    if (each.name == "clock_offset") offsets[each.uid].push_back(each.reading.mantissa);
  ASSERT_EQ(offsets.size(), 2U);
  EXPECT_EQ(world.core->upkeep()->statistics().clock_corrections, 1U);  // one broadcast for the line
  for (const auto& [uid, found] : offsets) EXPECT_LE(std::abs(found.back()), found.size() > 1 ? 1'500 : 151'500) << uid;
  std::int64_t largest = 0;
  for (const auto& [uid, found] : offsets) largest = std::max(largest, found.front());
  EXPECT_NEAR(static_cast<double>(largest), 150'000.0, 1'500.0);
}

TEST(GatewayTaps, ShowWhatGoesOverTheLineWithoutSecrets) {
  World world({.channels = 2, .meters_per_channel = 2});
  world.start();
  world.run_ms(30'000);
  auto& taps = world.core->taps();
  ASSERT_TRUE(taps.follow(1, {.device_uid = world.meter(0).uid, .channel = ""}, 60'000, 0));
  ASSERT_TRUE(taps.follow(2, {.device_uid = "", .channel = "line-1"}, 60'000, 0));
  EXPECT_EQ(world.finish(world.command(1, 0, "alarm_on")).state, OrderState::done);
  world.run_ms(20'000);
  const Bytes secret{0x89, 0x67, 0x45};
  std::map<std::uint64_t, std::map<TapKind, int>> seen;
  bool control_seen = false;
  for (const auto& taken : taps.take(10'000))
    for (const auto& event : taken.events) {
      ++seen[taken.tap][event.kind];
      EXPECT_EQ(taken.tap == 1 ? event.device_uid : event.channel, taken.tap == 1 ? world.meter(0).uid : "line-1");
      EXPECT_TRUE(std::ranges::search(event.octets, secret).empty());
      if (event.kind == TapKind::sent && event.octets.size() > 20) control_seen = true;
    }
  EXPECT_TRUE(control_seen);
  for (const std::uint64_t tap : {1U, 2U})
    for (const auto kind : {TapKind::sent, TapKind::received, TapKind::answered}) EXPECT_GT(seen[tap][kind], 0);
}

TEST(GatewayCoreStates, TellsWhichDevicesChanged) {
  World world({.channels = 1, .meters_per_channel = 3});
  world.start();
  world.run_ms(60'000);
  auto states = world.core->take_device_changes(2);
  ASSERT_EQ(states.size(), 2U);
  EXPECT_TRUE(states[0].answering);
  EXPECT_GT(states[0].counters.answers, 10U);
  EXPECT_EQ(states[0].channel, "line-0");
  EXPECT_EQ(world.core->take_device_changes(10).size(), 1U);
  EXPECT_TRUE(world.core->take_device_changes(10).empty());
  world.core->all_devices_changed();
  EXPECT_EQ(world.core->take_device_changes(10).size(), 3U);
}

/// Under- and over-voltage of all phases, as a scenario makes them, read back to the second.
TEST(GatewayEvents, VoltageEventsOfEachPhaseAreReadWithTheTimesAtWhichTheyHappened) {
  World world({.channels = 1, .meters_per_channel = 1});
  world.start();
  world.run_ms(60'000);
  const auto& meter = world.field.meters()[0];
  ASSERT_TRUE(meter.three_phase);
  using Kind = device::DeviceHappening::Kind;
  std::map<std::string, std::vector<std::int64_t>> happened;  // begin, end
  for (const auto& [event, per_mille] : {std::pair<std::string, std::int64_t>{"under", 850}, {"over", 1'150}}) {
    happened[event].push_back(world.clock.utc_ms());
    meter.device->happen(world.clock.utc_ms(), {Kind::voltage, per_mille});
    world.run_ms(95'000);
    happened[event].push_back(world.clock.utc_ms());
    meter.device->happen(world.clock.utc_ms(), {Kind::voltage, 1'000});
    world.run_ms(30'000);
  }
  std::size_t number = 500;
  for (const std::string event : {"under", "over"})
    for (const std::string phase : {"a", "b", "c"}) {
      const std::string name = "event_" + event + "_voltage_" + phase;
      FieldOrder order;
      order.id = id_of(++number);
      order.device_uid = meter.uid;
      order.kind = OrderKind::history;
      order.name = name;
      order.from_utc_ms = happened["under"].front() - 60'000;
      order.to_utc_ms = world.clock.utc_ms();
      const auto report = world.finish(order);
      EXPECT_EQ(report.state, OrderState::done) << name << " " << report.reason;
      ASSERT_EQ(report.values.size(), 2U) << name;
      for (const auto& value : report.values) {
        EXPECT_EQ(value.register_name, name);
        const std::int64_t moment = happened[event][value.mantissa == 1 ? 0 : 1];
        EXPECT_EQ(value.time_utc_ms, moment / 1'000 * 1'000) << name << " " << value.mantissa;
      }
    }
}

/// Loss of voltage by group 10H: its times to the second and what the meter had counted and measured then.
TEST(GatewayEvents, ALossOfVoltageIsReadWithItsTimesAndValues) {
  World world({.channels = 1, .meters_per_channel = 1});
  world.start();
  world.run_ms(60'000);
  const auto& meter = world.field.meters()[0];
  using Kind = device::DeviceHappening::Kind;
  const std::int64_t begin = world.clock.utc_ms();
  meter.device->happen(begin, {Kind::voltage, 700});
  world.run_ms(600'000);
  const std::int64_t end = world.clock.utc_ms();
  meter.device->happen(end, {Kind::voltage, 1'000});
  world.run_ms(30'000);
  FieldOrder order;
  order.id = id_of(600);
  order.device_uid = meter.uid;
  order.kind = OrderKind::history;
  order.name = "loss_of_voltage_values_b";
  order.from_utc_ms = begin - 60'000;
  order.to_utc_ms = world.clock.utc_ms();
  const auto report = world.finish(order);
  ASSERT_EQ(report.state, OrderState::done) << report.reason;
  std::map<std::string, OrderValue> by_name;
  for (const auto& value : report.values)
    by_name[value.register_name + (value.kind == SeriesKind::event ? std::to_string(value.mantissa) : "")] = value;
  ASSERT_EQ(by_name.size(), 6U);
  const auto expect = [&](const std::string& name, std::int64_t mantissa, std::int64_t moment) {
    ASSERT_TRUE(by_name.contains(name)) << name;
    EXPECT_EQ(by_name[name].mantissa, mantissa) << name;
    EXPECT_EQ(by_name[name].time_utc_ms, moment / 1'000 * 1'000) << name;
  };
  expect("event_loss_of_voltage_b1", 1, begin);
  expect("event_loss_of_voltage_b0", 0, end);
  expect("loss_of_voltage_b_energy_begin", meter.device->energy_centikwh(begin, false, 0), begin);
  expect("loss_of_voltage_b_energy_end", meter.device->energy_centikwh(end, false, 0), end);
  expect("loss_of_voltage_b_voltage", meter.device->measure(begin).voltage_decivolt[1], begin);
  expect("loss_of_voltage_b_current", meter.device->measure(begin).current_ma[1], begin);
}

}  // namespace
}  // namespace duheng::gateway
