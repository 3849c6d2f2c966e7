// What a client may change, what it leaves behind, and what a power cut leaves of it.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "crypto/hash.hpp"
#include "device/dlt698/calendar.hpp"
#include "device/dlt698/commands_fixture.hpp"
#include "device/dlt698/dlt698_line.hpp"
#include "device/dlt698/state.hpp"
#include "device/dlt698/test_client.hpp"
#include "device/dlt698/virtual_dlt698_meter.hpp"
#include "device/memory/ram_memory.hpp"
#include "device/meter/virtual_meter.hpp"

namespace duheng::device {
namespace {

using namespace testing;
using meter698::calendar_of;
using meter698::local_ms_in;
using meter698::moment_node;

constexpr std::int64_t zone_ms = 8 * 3'600'000;
constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::uint32_t trip_method = 0x80008100;
constexpr std::uint32_t close_method = 0x80008200;
constexpr std::uint32_t keep_method = 0x80017F00;
constexpr std::uint32_t broadcast_time_method = 0x40007F00;
constexpr Oad event_begin{0x201E, 2, 0};
constexpr Oad event_end{0x2020, 2, 0};

Node trip(std::uint8_t alarm_minutes = 0, std::uint16_t limit_minutes = 0, bool closes_itself = false) {
  return make::array(
      {make::structure({make::oad({0xF205, 2, 1}), make::number(types::unsigned_integer, alarm_minutes),
                        make::number(types::long_unsigned, limit_minutes), make::boolean(closes_itself)})});
}
Node close(bool at_once) {
  return make::array({make::structure({make::oad({0xF205, 2, 1}), make::number(types::enumeration, at_once ? 1 : 0)})});
}
Node settlement_days(std::initializer_list<std::pair<int, int>> days) {
  std::vector<Node> out;
  for (const auto& [day, hour] : days)
    out.push_back(
        make::structure({make::number(types::unsigned_integer, day), make::number(types::unsigned_integer, hour)}));
  return make::array(std::move(out));
}

TEST_F(Dlt698Commands, ClockIsSetAndTheSettingIsRemembered) {
  const std::int64_t installed = event_count(0x3016);
  const std::int64_t before = clock();
  EXPECT_EQ(before, now_utc_ms + zone_ms + 30'000);
  EXPECT_EQ(client().set(0x40000200, moment_node(now_utc_ms + zone_ms)), 0);
  EXPECT_EQ(clock(), now_utc_ms + zone_ms);
  restart();
  later(hour_ms);
  EXPECT_EQ(clock(), now_utc_ms + zone_ms + hour_ms);
  EXPECT_EQ(event_count(0x3016), installed + 1);
  const auto rows = client().records(0x30160200, make::select_last(1), {event_begin, event_end});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(local_ms_in(rows[0][0]), before);
  EXPECT_EQ(local_ms_in(rows[0][1]), now_utc_ms + zone_ms);
  // What no clock shows is refused and changes nothing.
  auto time = calendar_of(now_utc_ms);
  time.month = 13;
  EXPECT_EQ(client().set(0x40000200, make::date_time_s(time)), 8);
  EXPECT_EQ(client().set(0x40000200, make::boolean(true)), 7);
  EXPECT_EQ(event_count(0x3016), installed + 1);
}

TEST_F(Dlt698Commands, BroadcastTimeMovesAClockFiveMinutesAtMostOnceADay) {
  const auto everybody = dlt698::ServerAddress::broadcast();
  const auto tell = [&](std::int64_t local_ms) {
    TestClient all(*meter_, everybody);
    all.now_utc_ms = client().now_utc_ms;
    EXPECT_FALSE(all.act(broadcast_time_method, moment_node(local_ms)));  // nobody answers
  };
  const std::int64_t installed = event_count(0x3016);
  tell(clock() + 5 * minute_ms + 1'000);
  EXPECT_EQ(clock(), now_utc_ms + zone_ms + 30'000);
  tell(now_utc_ms + zone_ms);
  EXPECT_EQ(clock(), now_utc_ms + zone_ms);
  tell(now_utc_ms + zone_ms + 10'000);
  EXPECT_EQ(clock(), now_utc_ms + zone_ms);
  restart(false);  // no right to write is needed
  tell(now_utc_ms + zone_ms + 10'000);
  EXPECT_EQ(clock(), now_utc_ms + zone_ms);
  later(day_ms);
  tell(clock() + 10'000);
  EXPECT_EQ(clock(), now_utc_ms + zone_ms + day_ms + 10'000);
  EXPECT_EQ(event_count(0x3016), installed);
  restart();
  EXPECT_EQ(client().act(broadcast_time_method, moment_node(clock() + hour_ms)), 8);
  EXPECT_EQ(client().act(broadcast_time_method, moment_node(clock())), 3);
}

TEST_F(Dlt698Commands, TrippedRelayStopsEnergyAndPower) {
  EXPECT_NE(power(), 0);
  EXPECT_EQ(client().act(trip_method, trip()), 0);
  EXPECT_EQ(client().identifier, trip_method);
  const std::int64_t at_trip = energy();
  EXPECT_EQ(power(), 0);
  EXPECT_EQ(client().number(0x20010201), 0);
  EXPECT_EQ(client().number(0x200A0201), 1'000);
  EXPECT_GT(client().number(0x20000201), 2'000);
  EXPECT_EQ(relay_bits(), 0x80);
  EXPECT_EQ(client().get(0xF2050201)->children[1].content[0], 1);
  EXPECT_EQ(client().get(0x20140203)->content[0] & 0x0A, 0x0A);  // open, and by command
  later(7 * day_ms);
  restart();
  EXPECT_EQ(energy(), at_trip);
  EXPECT_EQ(client().act(close_method, close(true)), 0);
  EXPECT_EQ(relay_bits(), 0);
  EXPECT_EQ(energy(), at_trip);
  EXPECT_NE(power(), 0);
  later(day_ms);
  EXPECT_GT(energy(), at_trip);
  // The curve goes on where it would be; what was not drawn is missing for good.
  VirtualDlt698Meter untouched({.address = own, .seed = 12, .three_phase = true});
  const std::int64_t from = client().now_utc_ms - day_ms;
  const std::int64_t drawn =
      untouched.energy_centikwh(client().now_utc_ms, false, 0) - untouched.energy_centikwh(from, false, 0);
  EXPECT_NEAR(static_cast<double>(energy() - at_trip) / 100.0, static_cast<double>(drawn), 1.0);
  // The load profile shows the time without load.
  const auto rows = client().records(
      0x50020200,
      make::select_range({0x2021, 2, 0}, moment_node(now_utc_ms + zone_ms), moment_node(from + zone_ms), make::null()),
      {{0x0010, 2, 1}, {0x2004, 2, 1}});
  ASSERT_EQ(rows.size(), 7U * 96U);
  for (const auto& row : rows) {
    EXPECT_EQ(TestClient::number(row[0]), at_trip / 100);
    EXPECT_EQ(TestClient::number(row[1]), 0);
  }
  EXPECT_EQ(event_count(0x301F), 1);
  EXPECT_EQ(event_count(0x3020), 1);
}

TEST_F(Dlt698Commands, PermittedClosingNeedsTheKeyAtTheMeter) {
  EXPECT_EQ(client().act(trip_method, trip()), 0);
  meter_->press_key(client().now_utc_ms);
  EXPECT_FALSE(meter_->relay_is_closed());
  EXPECT_EQ(client().act(close_method, close(false)), 0);
  EXPECT_FALSE(meter_->relay_is_closed());
  restart();
  EXPECT_FALSE(meter_->relay_is_closed());
  meter_->press_key(client().now_utc_ms);
  EXPECT_TRUE(meter_->relay_is_closed());
  restart();
  EXPECT_TRUE(meter_->relay_is_closed());
  EXPECT_EQ(event_count(0x3020), 1);
}

TEST_F(Dlt698Commands, AlarmDelayAndTimeLimit) {
  EXPECT_EQ(client().act(trip_method, trip(10, 120, true)), 0);
  EXPECT_TRUE(meter_->relay_is_closed());
  EXPECT_EQ(client().get(0x80000400)->content[0], 0x80);
  EXPECT_EQ(client().get(0xF2060201)->content[0], 1);
  later(10 * minute_ms - 1);
  EXPECT_NE(power(), 0);
  restart();
  later(1 + 20 * minute_ms);
  EXPECT_EQ(power(), 0);
  EXPECT_EQ(client().get(0x80000400)->content[0], 0);
  const auto trips = client().records(0x301F0200, make::select_last(1), {event_begin});
  ASSERT_EQ(trips.size(), 1U);
  EXPECT_EQ(local_ms_in(trips[0][0]),
            now_utc_ms + zone_ms + 30'000 + 10 * minute_ms);  // when it was due, not when asked
  later(120 * minute_ms);
  EXPECT_NE(power(), 0);
  EXPECT_EQ(event_count(0x3020), 1);
  // A trip that still waits is called off by closing.
  EXPECT_EQ(client().act(trip_method, trip(10)), 0);
  EXPECT_EQ(client().act(close_method, close(true)), 0);
  later(hour_ms);
  EXPECT_NE(power(), 0);
  EXPECT_EQ(event_count(0x301F), 1);
}

TEST_F(Dlt698Commands, KeepingPowerRefusesTrips) {
  EXPECT_EQ(client().act(trip_method, trip()), 0);
  EXPECT_EQ(client().act(keep_method, make::null()), 0);
  EXPECT_TRUE(meter_->relay_is_closed());
  EXPECT_EQ(client().get(0x80010200)->content[0], 1);
  EXPECT_EQ(client().act(trip_method, trip()), 3);
  EXPECT_EQ(client().act(keep_method + 0x100, make::null()), 0);
  EXPECT_EQ(client().act(trip_method, trip()), 0);
  EXPECT_FALSE(meter_->relay_is_closed());
}

TEST_F(Dlt698Commands, WrongArgumentsAreRefused) {
  EXPECT_EQ(client().act(trip_method, make::null()), 7);
  EXPECT_EQ(client().act(trip_method, make::array({})), 8);
  EXPECT_EQ(client().act(trip_method, close(true)), 7);
  Node other = trip();
  other.children[0].children[0] = make::oad({0xF205, 2, 2});
  EXPECT_EQ(client().act(trip_method, other), 6);
  EXPECT_EQ(client().act(0x80008500, make::null()), 4);
  EXPECT_EQ(client().act(0x43000100, make::null()), 3);  // no reset from afar
  EXPECT_EQ(client().set(0x41000200, make::number(types::unsigned_integer, 7)), 8);
  EXPECT_EQ(client().set(0x41010200, make::number(types::unsigned_integer, 5)), 8);
  EXPECT_EQ(client().act(0x12340100, make::null()), 6);
  EXPECT_EQ(client().act(0x30150100, make::number(types::integer, 0)), 3);
  EXPECT_EQ(client().set(0x00100200, make::null()), 3);
  EXPECT_EQ(client().set(0x00110200, make::null()), 6);
  EXPECT_EQ(client().set(0x40010900, make::null()), 4);
  EXPECT_EQ(client().set(0x41160200, settlement_days({{29, 0}})), 8);
  EXPECT_EQ(client().set(0x41160200, settlement_days({{1, 24}})), 8);
  EXPECT_EQ(client().set(0x41160200, settlement_days({})), 8);
  EXPECT_EQ(client().set(0x44010200, make::visible_string("")), 8);
  EXPECT_EQ(memory_->octets_written(), 0U);
  EXPECT_FALSE(meter_->last_command());
}

TEST_F(Dlt698Commands, SettlementDaysHoldFromTheirChange) {
  const auto moments = [&] {
    std::vector<std::int64_t> out;
    for (const auto& row : client().records(0x50050200, dlt698::prototype(types::rsd), {{0x2021, 2, 0}}))
      out.push_back(*local_ms_in(row[0]));
    return out;
  };
  const auto before = moments();
  ASSERT_EQ(before.size(), 12U);
  EXPECT_EQ(client().set(0x41160200, settlement_days({{10, 6}, {20, 18}})), 0);
  EXPECT_EQ(client().get(0x41160200)->children.size(), 2U);
  EXPECT_EQ(moments(), before);
  restart();
  later(40 * day_ms);  // 2025-11-13 to 2025-12-23
  const auto after = moments();
  ASSERT_EQ(after.size(), 12U);
  EXPECT_EQ(after[8], before.back());
  for (std::size_t i = 9; i < 12; ++i) {
    const auto time = calendar_of(after[i]);
    EXPECT_EQ(time.day, i == 10 ? 10 : 20);
    EXPECT_EQ(time.hour, i == 10 ? 6 : 18);
  }
  EXPECT_EQ(event_count(0x301A), 1);
  EXPECT_EQ(event_count(0x3012), 2);
  const auto programmed = client().records(0x30120200, make::select_last(1), {{0x3302, 2, 6}});
  EXPECT_EQ(dlt698::read_oad(programmed[0][0].children[0].content).value(), 0x41160200U);
}

TEST_F(Dlt698Commands, EventsAreClearedAndThatIsAnEvent) {
  ASSERT_GT(event_count(0x3011), 0);
  EXPECT_EQ(client().act(0x30110100, make::number(types::integer, 0)), 0);
  EXPECT_EQ(event_count(0x3011), 0);
  EXPECT_TRUE(client().records(0x30110200, dlt698::prototype(types::rsd), {event_begin}).empty());
  EXPECT_EQ(event_count(0x3015), 1);
  EXPECT_GT(event_count(0x301C), 0);
  restart();
  EXPECT_EQ(event_count(0x3011), 0);
  EXPECT_EQ(client().act(0x43000500, make::null()), 0);
  EXPECT_EQ(event_count(0x301C), 0);
  EXPECT_EQ(event_count(0x3015), 2);
  const auto cleared = client().records(0x30150200, make::select_last(2), {{0x330C, 2, 6}});
  ASSERT_EQ(cleared.size(), 1U);
  EXPECT_EQ(dlt698::read_unsigned(cleared[0][0].children[0].content), 0x30110100U);
  later(400 * day_ms);
  EXPECT_GT(event_count(0x3011), 0);  // life goes on
}

TEST_F(Dlt698Commands, AClearedMeterBeginsAnew) {
  ASSERT_GT(energy(), 0);
  EXPECT_EQ(client().act(trip_method, trip()), 0);
  EXPECT_EQ(client().act(0x43000300, make::null()), 0);
  EXPECT_EQ(energy(), 0);
  EXPECT_EQ(event_count(0x3011), 0);
  EXPECT_EQ(event_count(0x3013), 1);
  EXPECT_FALSE(meter_->relay_is_closed());
  EXPECT_TRUE(client().records(0x50040200, dlt698::prototype(types::rsd), {}).empty());
  EXPECT_EQ(client().act(close_method, close(true)), 0);
  later(3 * day_ms);
  restart();
  VirtualDlt698Meter untouched({.address = own, .seed = 12, .three_phase = true});
  const std::int64_t drawn = untouched.energy_centikwh(client().now_utc_ms, false, 0) -
                             untouched.energy_centikwh(client().now_utc_ms - 3 * day_ms, false, 0);
  EXPECT_NEAR(static_cast<double>(energy()) / 100.0, static_cast<double>(drawn), 1.0);
  const auto days = client().records(0x50040200, dlt698::prototype(types::rsd), {{0x0010, 2, 1}});
  ASSERT_EQ(days.size(), 3U);
  EXPECT_LE(TestClient::number(days[2][0]), energy() / 100);
  // That it was cleared stays.
  EXPECT_EQ(client().act(0x30130100, make::number(types::integer, 0)), 3);
  EXPECT_EQ(client().act(0x43000500, make::null()), 0);
  EXPECT_EQ(event_count(0x3013), 1);
}

TEST_F(Dlt698Commands, DemandIsClearedAndItsPeriodIsSet) {
  later(10 * day_ms);
  const auto demand = [&] { return TestClient::number(client().get(0x10100201)->children[0]); };
  ASSERT_GT(demand(), 0);
  EXPECT_EQ(client().act(0x43000600, make::null()), 0);
  EXPECT_EQ(demand(), 0);
  EXPECT_EQ(event_count(0x3014), 1);
  later(2 * hour_ms);
  const std::int64_t by_quarters = demand();
  EXPECT_GT(by_quarters, 0);
  EXPECT_EQ(client().set(0x41000200, make::number(types::unsigned_integer, 5)), 0);
  EXPECT_EQ(client().number(0x41010200), 5);
  EXPECT_EQ(client().set(0x41010200, make::number(types::unsigned_integer, 5)), 0);
  EXPECT_GE(demand(), by_quarters);  // shorter means are higher
  restart();
  EXPECT_EQ(client().number(0x41000200), 5);
}

TEST_F(Dlt698Commands, FreezesOnCommandAreKept) {
  for (int i = 0; i < 5; ++i) {
    later(minute_ms);
    EXPECT_EQ(client().act(0x50000300, make::number(types::long_unsigned, 0)), 0);
  }
  restart();
  const auto rows = client().records(0x50000200, dlt698::prototype(types::rsd), {{0x2023, 2, 0}, {0x2021, 2, 0}});
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(TestClient::number(rows[2][0]), 4);
  EXPECT_EQ(local_ms_in(rows[2][1]), client().now_utc_ms + zone_ms);
}

TEST_F(Dlt698Commands, MoreEventsThanAreKeptAreCounted) {
  for (int i = 0; i < 14; ++i) {
    EXPECT_EQ(client().act(trip_method, trip()), 0);
    later(minute_ms);
    EXPECT_EQ(client().act(close_method, close(true)), 0);
    later(minute_ms);
  }
  EXPECT_EQ(event_count(0x301F), 14);
  const auto rows = client().records(0x301F0200, dlt698::prototype(types::rsd), {{0x2022, 2, 0}});
  ASSERT_EQ(rows.size(), 10U);
  EXPECT_EQ(TestClient::number(rows[0][0]), 4);
}

TEST_F(Dlt698Commands, OldTripsAreFoldedAndEnergyStaysExact) {
  std::int64_t before = energy();
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(client().act(trip_method, trip()), 0);
    later(hour_ms);
    const std::int64_t still = energy();
    later(hour_ms);
    EXPECT_EQ(energy(), still);
    EXPECT_EQ(client().act(close_method, close(true)), 0);
    EXPECT_EQ(energy(), still);
    EXPECT_GE(still, before);
    before = still;
    later(10 * minute_ms);
  }
  const std::int64_t shown = energy();
  restart();
  EXPECT_EQ(energy(), shown);
  // Of moments before the oldest trip remembered there is no record any more: it could not be exact.
  const auto rows = client().records(0x50040200, dlt698::prototype(types::rsd), {{0x0010, 2, 1}});
  ASSERT_FALSE(rows.empty());
  EXPECT_LT(rows.size(), 20U);
  for (std::size_t i = 1; i < rows.size(); ++i)
    EXPECT_LE(TestClient::number(rows[i - 1][0]), TestClient::number(rows[i][0]));
  EXPECT_LE(TestClient::number(rows.back()[0]), shown / 100);
}

TEST_F(Dlt698Commands, HappeningsLeaveTheirTraces) {
  using enum DeviceHappening::Kind;
  const auto happen = [&](DeviceHappening::Kind kind, std::int64_t amount) {
    meter_->happen(client().now_utc_ms, {kind, amount});
  };
  const std::int64_t before = clock();
  happen(clock_jump, 90'000);
  EXPECT_EQ(clock(), before + 90'000);
  happen(clock_drift, 1'000);
  later(1'000'000);
  EXPECT_EQ(clock(), before + 90'000 + 1'000'000 + 1'000);
  happen(clock_drift, 0);
  later(1'000'000);
  EXPECT_EQ(clock(), before + 90'000 + 2'000'000 + 1'000);

  const std::int64_t covers = event_count(0x301B);
  happen(cover, 1);
  auto rows = client().records(0x301B0200, make::select_last(1), {event_begin, event_end});
  EXPECT_EQ(rows[0][1].type, &types::null);
  later(minute_ms);
  happen(cover, 0);
  rows = client().records(0x301B0200, make::select_last(1), {event_begin, event_end});
  EXPECT_EQ(*local_ms_in(rows[0][1]) - *local_ms_in(rows[0][0]), minute_ms);
  EXPECT_EQ(event_count(0x301B), covers + 1);
  const std::int64_t magnets = event_count(0x302A);
  happen(magnetic_field, 1);
  happen(magnetic_field, 1);
  EXPECT_EQ(event_count(0x302A), magnets + 1);

  const std::int64_t energy_before = energy();
  const std::int64_t outages = event_count(0x3011);
  happen(power, 0);
  EXPECT_TRUE(client().ask(dlt698::get_request(1, Oad{0x0010, 2, 0})).empty());
  later(hour_ms);
  restart();
  EXPECT_TRUE(client().ask(dlt698::get_request(1, Oad{0x0010, 2, 0})).empty());
  happen(power, 1);
  EXPECT_EQ(energy(), energy_before);
  EXPECT_EQ(event_count(0x3011), outages + 1);
}

TEST_F(Dlt698Commands, VoltageEventsAreKeptByPhase) {
  const auto happen = [&](std::int64_t per_mille) {
    meter_->happen(client().now_utc_ms, {DeviceHappening::Kind::voltage, per_mille});
  };
  const auto counts = [&](std::uint16_t oi) {
    std::vector<std::int64_t> out;
    const auto totals = client().get({oi, 10, 0});
    for (const auto& total : totals->children) out.push_back(TestClient::number(total.children[0]));
    return out;
  };
  const auto before = counts(0x3001);
  ASSERT_EQ(before.size(), 4U);
  EXPECT_EQ(before[0], before[1] + before[2] + before[3]);
  EXPECT_EQ(counts(0x3000), (std::vector<std::int64_t>{0, 0, 0, 0}));
  const std::int64_t usual = client().number(0x20000201);
  happen(850);
  EXPECT_LT(client().number(0x20000201), usual * 900 / 1'000);
  EXPECT_NE(client().get(0x20140204)->content[0] & 0x40, 0);  // phase A: under-voltage
  later(minute_ms);
  restart();
  happen(1'000);
  EXPECT_GT(client().number(0x20000201), usual * 900 / 1'000);
  happen(300);
  EXPECT_EQ(counts(0x3000), (std::vector<std::int64_t>{3, 1, 1, 1}));
  const auto after = counts(0x3001);
  for (std::size_t phase = 1; phase <= 3; ++phase) EXPECT_EQ(after[phase], before[phase] + 1);
  for (const std::uint32_t table : {0x30010600U, 0x30010700U, 0x30010800U}) {
    const auto rows = client().records(table, make::select_last(1), {event_begin, event_end});
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(*local_ms_in(rows[0][1]) - *local_ms_in(rows[0][0]), minute_ms);
  }
  EXPECT_EQ(client().get(0x30000601)->children[2].type, &types::null);  // goes on
  EXPECT_TRUE(client().records(0x30010200, make::select_last(1), {event_begin}).empty());
  EXPECT_EQ(client().dar, 4);
  EXPECT_TRUE(client().records(0x30010900, make::select_last(1), {event_begin}).empty());
  EXPECT_EQ(client().dar, 4);
  EXPECT_EQ(client().act(0x30010100, make::number(types::integer, 0)), 0);
  EXPECT_EQ(counts(0x3001), (std::vector<std::int64_t>{0, 0, 0, 0}));
  EXPECT_EQ(counts(0x3000)[0], 3);
}

TEST_F(Dlt698Commands, EachCommandIsToldOnce) {
  std::vector<DeviceCommand> told;
  meter_->listen_to_commands([&](const DeviceCommand& command) { told.push_back(command); });
  EXPECT_EQ(client().set(0x40000200, moment_node(now_utc_ms + zone_ms)), 0);
  EXPECT_EQ(client().act(0x43000100, make::null()), 3);
  static_cast<void>(client().get(0x40000200));
  later(5'000);
  EXPECT_EQ(client().act(trip_method, trip()), 0);
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].number, 1U);
  EXPECT_EQ(told[0].function, 6);
  EXPECT_EQ(told[0].identifier, 0x40000200U);
  EXPECT_EQ(told[1].number, 2U);
  EXPECT_EQ(told[1].function, 7);
  EXPECT_EQ(told[1].identifier, trip_method);
  EXPECT_EQ(told[1].utc_ms, client().now_utc_ms);
  EXPECT_NE(told[0].request_hash, told[1].request_hash);
  restart();
  EXPECT_EQ(meter_->last_command(), told[1]);
}

TEST_F(Dlt698Commands, PowerCutAtEveryOctetLeavesTheOldOrTheNewState) {
  struct Change {
    const char* name;
    std::function<std::optional<std::uint8_t>(TestClient&)> command;
  };
  const std::vector<Change> changes{
      {"clock", [](TestClient& c) { return c.set(0x40000200, moment_node(now_utc_ms + zone_ms + hour_ms)); }},
      {"settlement", [](TestClient& c) { return c.set(0x41160200, settlement_days({{5, 5}})); }},
      {"trip", [](TestClient& c) { return c.act(trip_method, trip()); }},
      {"close", [](TestClient& c) { return c.act(close_method, close(true)); }},
      {"keep", [](TestClient& c) { return c.act(keep_method, make::null()); }},
      {"events", [](TestClient& c) { return c.act(0x43000500, make::null()); }},
      {"password", [](TestClient& c) { return c.set(0x44010200, make::visible_string("12345678")); }},
  };
  const auto picture = [&] {
    Bytes out;
    for (const std::uint32_t oad : {0x40000200U, 0x41160200U, 0x80000300U, 0x80010200U, 0x301F0701U, 0x30200701U,
                                    0x30110701U, 0x30150701U, 0x30120701U, 0x30160701U, 0x00100400U, 0x20040200U}) {
      const auto octets = dlt698::encode_tree(types::data, *client().get(oad));
      out.insert(out.end(), octets->begin(), octets->end());
    }
    return out;
  };
  std::size_t cuts = 0;
  for (const auto& change : changes) {
    later(minute_ms);
    const Bytes old_picture = picture();
    const std::int64_t old_energy = energy();
    bool done = false;
    for (std::uint64_t octets = 0; !done; octets += 7, ++cuts) {
      memory_->cut_after(octets);
      const auto result = change.command(client());
      done = memory_->is_powered();
      if (done) {
        EXPECT_EQ(result, 0) << change.name;
        break;
      }
      EXPECT_FALSE(result) << change.name;  // silent, as without power
      EXPECT_EQ(picture(), old_picture) << change.name;
      restart();
      EXPECT_EQ(picture(), old_picture) << change.name << " cut after " << octets;
      EXPECT_GE(energy(), old_energy);
    }
    const Bytes new_picture = picture();
    restart();
    EXPECT_EQ(picture(), new_picture) << change.name;
    EXPECT_GE(energy(), old_energy);
  }
  EXPECT_GT(cuts, 200U);
}

RC_GTEST_PROP(Dlt698Relay, EnergyNeverGoesBackWhateverIsCommanded, ()) {
  auto memory = std::make_shared<RamMemory>();
  const Dlt698MeterOptions options{.address = own,
                                   .seed = *rc::gen::inRange<std::uint64_t>(1, 100),
                                   .exports = *rc::gen::arbitrary<bool>(),
                                   .plain_writes_allowed = true,
                                   .memory = memory};
  auto meter = std::make_unique<VirtualDlt698Meter>(options);
  std::int64_t now = now_utc_ms;
  std::array<std::int64_t, 2> before{};
  const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(0, 7), rc::gen::inRange(0, 100'000)));
  for (const auto& [what, wait_s] : steps) {
    TestClient client(*meter, own);
    client.now_utc_ms = now;
    if (what == 0) static_cast<void>(client.act(trip_method, trip()));
    if (what == 1) static_cast<void>(client.act(close_method, close(true)));
    if (what == 2) static_cast<void>(client.act(trip_method, trip(5, 60, true)));
    if (what == 3) static_cast<void>(client.act(close_method, close(false)));
    if (what == 4) meter->press_key(now);
    if (what == 5) meter->happen(now, {DeviceHappening::Kind::power, wait_s % 2});
    if (what == 6) meter = std::make_unique<VirtualDlt698Meter>(options);
    now += wait_s * 1'000LL;
    for (const bool reverse : {false, true}) {
      const std::int64_t shown = meter->energy_centikwh(now, reverse, 0);
      RC_ASSERT(shown >= before[reverse ? 1 : 0]);
      before[reverse ? 1 : 0] = shown;
    }
  }
}

}  // namespace
}  // namespace duheng::device
