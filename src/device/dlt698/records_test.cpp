// Freezes, load profile and events, read by GET Record.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "device/dlt698/calendar.hpp"
#include "device/dlt698/test_client.hpp"
#include "device/dlt698/virtual_dlt698_meter.hpp"
#include "device/meter/virtual_meter.hpp"

namespace duheng::device {
namespace {

using namespace testing;
using meter698::calendar_of;
using meter698::local_ms_in;
using meter698::local_ms_of;
using meter698::moment_node;

const dlt698::ServerAddress own = *dlt698::ServerAddress::parse("202611000001");
constexpr std::int64_t zone_ms = 8 * 3'600'000;
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t quarter_ms = 900'000;
constexpr std::int64_t now_utc_ms = 1'763'000'123'456;
constexpr Oad freeze_time{0x2021, 2, 0};
constexpr Oad freeze_number{0x2023, 2, 0};
constexpr Oad event_begin{0x201E, 2, 0};
constexpr Oad event_number{0x2022, 2, 0};

struct Meter {
  explicit Meter(std::uint64_t seed, bool three_phase = false)
      : old({.address = {}, .seed = seed, .three_phase = three_phase}),
        meter({.address = own, .seed = seed, .three_phase = three_phase, .plain_writes_allowed = true}),
        client(meter, own) {
    client.now_utc_ms = now_utc_ms;
  }
  VirtualMeter old;
  VirtualDlt698Meter meter;
  TestClient client;
};

Node between(Oad column, std::int64_t from_local_ms, std::int64_t to_local_ms, Node interval = make::null()) {
  return make::select_range(column, moment_node(from_local_ms), moment_node(to_local_ms), std::move(interval));
}
std::int64_t local(const Node& cell) { return local_ms_in(cell).value_or(INT64_MIN); }

TEST(Dlt698Records, ThirtyDaysOfQuarterHoursEqualTheCurve) {
  Meter m(21, true);
  const std::int64_t today = (now_utc_ms + zone_ms) / day_ms * day_ms;
  const std::int64_t from = today - 30 * day_ms;
  const auto rows = m.client.records(0x50020200, between(freeze_time, from, today),
                                     {freeze_time, {0x0010, 2, 1}, {0x2000, 2, 0}, {0x2004, 2, 1}});
  ASSERT_EQ(rows.size(), 30U * 96U);
  EXPECT_GT(m.client.blocks, 10U);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::int64_t moment = from + static_cast<std::int64_t>(i) * quarter_ms;
    ASSERT_EQ(rows[i].size(), 4U);
    ASSERT_EQ(local(rows[i][0]), moment);
    EXPECT_EQ(TestClient::number(rows[i][1]), m.old.energy_centikwh(moment - zone_ms, false, 0));
    const auto measured = m.old.measure(moment - zone_ms);
    ASSERT_EQ(rows[i][2].children.size(), 3U);
    EXPECT_EQ(TestClient::number(rows[i][2].children[1]), measured.voltage_decivolt[1]);
    EXPECT_EQ(TestClient::number(rows[i][3]), measured.power_active_deciwatt[0]);
  }
}

TEST(Dlt698Records, AYearIsKeptAndNoMore) {
  Meter m(5);
  const auto all = m.client.records(0x50040200, dlt698::prototype(types::rsd), {freeze_time, freeze_number});
  ASSERT_EQ(all.size(), 366U);
  const std::int64_t today = (now_utc_ms + zone_ms) / day_ms * day_ms;
  EXPECT_EQ(local(all.back()[0]), today);
  EXPECT_EQ(local(all.front()[0]), today - 365 * day_ms);
  EXPECT_EQ(TestClient::number(all.back()[1]) - TestClient::number(all.front()[1]), 365);
  const auto oldest = m.client.records(0x50020200, between(freeze_time, 0, today - 365 * day_ms), {freeze_time});
  ASSERT_FALSE(oldest.empty());
  EXPECT_GE(local(oldest.front()[0]), now_utc_ms + zone_ms - 366 * day_ms);
}

TEST(Dlt698Records, DailyFreezesAreThoseOfTheDlt645Meter) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Meter m(seed);
    for (std::uint8_t last = 1; last <= 62; ++last) {
      const auto rows =
          m.client.records(0x50040200, make::select_last(last), {freeze_time, {0x0010, 2, 0}, {0x0020, 2, 0}});
      ASSERT_EQ(rows.size(), 1U);
      const std::int64_t moment_utc_ms = ((now_utc_ms + zone_ms) / day_ms - (last - 1)) * day_ms - zone_ms;
      EXPECT_EQ(local(rows[0][0]), moment_utc_ms + zone_ms);
      ASSERT_EQ(rows[0][1].children.size(), 5U);
      for (int tariff = 0; tariff <= 4; ++tariff) {
        const auto place = static_cast<std::size_t>(tariff);
        EXPECT_EQ(TestClient::number(rows[0][1].children[place]), m.old.energy_centikwh(moment_utc_ms, false, tariff));
        EXPECT_EQ(TestClient::number(rows[0][2].children[place]), m.old.energy_centikwh(moment_utc_ms, true, tariff));
      }
    }
  }
}

TEST(Dlt698Records, MonthsHoursSettlementsAndAnswersWithoutColumns) {
  Meter m(9);
  const auto months = m.client.records(0x50060200, make::select_last(1), {freeze_time, {0x0010, 2, 1}});
  ASSERT_EQ(months.size(), 1U);
  const auto time = calendar_of(local(months[0][0]));
  EXPECT_EQ(time.day, 1);
  EXPECT_EQ(time.hour, 0);
  EXPECT_EQ(time.month, calendar_of(now_utc_ms + zone_ms).month);
  EXPECT_EQ(TestClient::number(months[0][1]), m.old.energy_centikwh(local(months[0][0]) - zone_ms, false, 0));
  // Settlements are at the beginning of the month until somebody sets another day.
  const auto settled = m.client.records(0x50050200, make::select_last(1), {freeze_time});
  ASSERT_EQ(settled.size(), 1U);
  EXPECT_EQ(local(settled[0][0]), local(months[0][0]));
  // What was not frozen is NULL; without columns come number, time and what is linked.
  const auto missing = m.client.records(0x50040200, make::select_last(1), {freeze_time, {0x2000, 2, 0}});
  EXPECT_EQ(missing[0][1].type, &types::null);
  const auto whole = m.client.records(0x50040200, make::select_last(2), {});
  ASSERT_EQ(whole.size(), 1U);
  EXPECT_EQ(whole[0].size(), 5U);
  const auto single = m.client.get(0x50040202);
  ASSERT_TRUE(single && single->type == &types::structure);
  EXPECT_EQ(single->children, whole[0]);
  const auto links = m.client.get(0x50040300);
  EXPECT_EQ(links->children.size(), 3U);
  const std::int64_t hour = (now_utc_ms + zone_ms) / 3'600'000 * 3'600'000;
  const auto hours = m.client.records(0x50030200, between(freeze_time, hour - 3'600'000, hour + 1), {freeze_time});
  EXPECT_EQ(hours.size(), 1U);  // the end is outside
}

TEST(Dlt698Records, SelectionByNumberIntervalAndLists) {
  Meter m(9);
  const std::int64_t noon = (now_utc_ms + zone_ms) / day_ms * day_ms - day_ms / 2;
  const auto hourly = m.client.records(
      0x50020200, between(freeze_time, noon, noon + 4 * 3'600'000, make::interval(2, 1)), {freeze_time, freeze_number});
  ASSERT_EQ(hourly.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(local(hourly[i][0]), noon + static_cast<std::int64_t>(i) * 3'600'000);
  const std::int64_t number = TestClient::number(hourly[0][1]);
  const auto u32 = [](std::int64_t value) { return make::number(types::double_long_unsigned, value); };
  const auto numbered = m.client.records(
      0x50020200, make::select_range(freeze_number, u32(number), u32(number + 2), make::null()), {freeze_time});
  ASSERT_EQ(numbered.size(), 2U);
  EXPECT_EQ(local(numbered[0][0]), noon);
  EXPECT_TRUE(m.client.records(0x50020200, between(freeze_time, noon + 1'000, noon + 2'000), {freeze_time}).empty());
  EXPECT_EQ(m.client.dar, 0);
  EXPECT_TRUE(m.client.records(0x50020200, between(freeze_time, noon, noon - 1), {freeze_time}).empty());
  // Equality takes the whole second.
  Node equal = dlt698::prototype(types::rsd);
  equal.selector = 1;
  equal.children[0] = dlt698::prototype(*types::rsd.alternative(1)->type);
  equal.children[0].children[0] = make::oad(freeze_time);
  equal.children[0].children[1] = moment_node(noon);
  EXPECT_EQ(m.client.records(0x50020200, equal, {freeze_time}).size(), 1U);
  // The last five.
  Node last = dlt698::prototype(types::rsd);
  last.selector = 10;
  last.children[0] = dlt698::prototype(*types::rsd.alternative(10)->type);
  last.children[0].children[0] = make::number(types::unsigned_integer, 5);
  const auto newest = m.client.records(0x50020200, last, {freeze_time});
  ASSERT_EQ(newest.size(), 5U);
  EXPECT_EQ(local(newest.back()[0]), (now_utc_ms + zone_ms) / quarter_ms * quarter_ms);
}

TEST(Dlt698Records, RefusalsOfSelections) {
  Meter m(9);
  const auto refused = [&](std::uint32_t table, Node selector) {
    EXPECT_TRUE(m.client.records(table, std::move(selector), {freeze_time}).empty());
    return m.client.dar;
  };
  const Node null = make::null();
  EXPECT_EQ(refused(0x50010200, make::select_last(1)), 6);  // second freeze
  EXPECT_EQ(refused(0x00100200, make::select_last(1)), 4);  // no table
  EXPECT_EQ(refused(0x50040300, make::select_last(1)), 4);
  EXPECT_EQ(refused(0x50040200, make::select_range({0x2000, 2, 0}, moment_node(0), moment_node(1), null)), 4);
  EXPECT_EQ(refused(0x50040200, make::select_range(freeze_time, make::boolean(true), moment_node(1), null)), 7);
  EXPECT_EQ(refused(0x50040200, between(freeze_time, 0, 1, make::interval(2, 1))), 8);  // hours of days
  EXPECT_EQ(refused(0x50020200, between(freeze_time, 0, 1, make::interval(9, 1))), 8);
  Node by_store_time = dlt698::prototype(types::rsd);
  by_store_time.selector = 5;
  by_store_time.children[0] = dlt698::prototype(*types::rsd.alternative(5)->type);
  EXPECT_EQ(refused(0x50040200, by_store_time), 8);
  EXPECT_TRUE(m.client.records(0x50040200, make::select_last(0), {freeze_time}).empty());
}

TEST(Dlt698Records, EventsComeFromTheSeedAndAreCounted) {
  std::int64_t power_downs = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Meter m(seed);
    const auto rows =
        m.client.records(0x30110200, dlt698::prototype(types::rsd), {event_number, event_begin, {0x2020, 2, 0}});
    const auto present = m.client.get(0x30110701);
    ASSERT_TRUE(present);
    const std::int64_t count = TestClient::number(present->children[1].children[0]);
    ASSERT_LE(rows.size(), 10U);
    ASSERT_EQ(rows.size(), std::min<std::size_t>(10, static_cast<std::size_t>(count)));
    EXPECT_EQ(m.client.number(0x30110400), static_cast<std::int64_t>(rows.size()));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(TestClient::number(rows[i][0]), count - static_cast<std::int64_t>(rows.size() - i));
      EXPECT_LT(local(rows[i][1]), local(rows[i][2]));
      EXPECT_LE(local(rows[i][2]) - local(rows[i][1]), 50'000);
      if (i > 0) {
        EXPECT_LT(local(rows[i - 1][1]), local(rows[i][1]));
      }
      // Never at a freeze.
      EXPECT_EQ(local(rows[i][1]) / quarter_ms, local(rows[i][2]) / quarter_ms);
    }
    power_downs += count;
    // The newest is number one, by GET and by record.
    if (count > 0) {
      const auto newest = m.client.get(0x30110201);
      ASSERT_TRUE(newest && newest->type == &types::structure);
      EXPECT_EQ(newest->children[1], rows.back()[1]);
      const auto second = m.client.records(0x30110200, make::select_last(1), {event_begin});
      ASSERT_EQ(second.size(), 1U);
      EXPECT_EQ(second[0][0], rows.back()[1]);
    }
    // Installed by somebody, who opened the terminal cover and set clock and address.
    const auto programmed = m.client.records(0x30120200, dlt698::prototype(types::rsd), {event_begin, {0x3302, 2, 6}});
    ASSERT_EQ(programmed.size(), 1U);
    ASSERT_EQ(programmed[0][1].children.size(), 1U);
    EXPECT_EQ(dlt698::read_oad(programmed[0][1].children[0].content).value(), 0x40010200U);
    EXPECT_FALSE(m.client.records(0x301C0200, make::select_last(1), {event_begin}).empty());
    EXPECT_TRUE(m.client.records(0x301F0200, make::select_last(1), {event_begin}).empty());
  }
  EXPECT_GT(power_downs, 60);
}

TEST(Dlt698Records, PhasesThatAreNotThereHaveNoTables) {
  Meter one(3);
  Meter three(3, true);
  for (const std::uint32_t table : {0x30010600U, 0x30010700U, 0x30010800U}) {
    static_cast<void>(three.client.records(table, make::select_last(1), {}));
    EXPECT_EQ(three.client.dar, 0);
    static_cast<void>(one.client.records(table, make::select_last(1), {}));
    EXPECT_EQ(one.client.dar, table == 0x30010600U ? 0 : 4);
  }
  EXPECT_EQ(one.client.get(0x30010A00)->children.size(), 2U);  // total and A
  EXPECT_EQ(three.client.get(0x30010300)->children.size(), 3U);
}

TEST(Dlt698Records, EventsAreSelectedByTimeAndCarryTheEnergyOfTheMoment) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Meter m(seed);
    const auto all = m.client.records(0x30110200, dlt698::prototype(types::rsd), {event_begin, {0x0010, 2, 1}});
    if (all.size() < 3) continue;
    const std::int64_t from = local(all[1][0]);
    const auto some = m.client.records(0x30110200, between(event_begin, from, local(all[2][0]) + 1'000), {event_begin});
    EXPECT_EQ(some.size(), 2U);
    for (const auto& row : all)
      EXPECT_EQ(TestClient::number(row[1]), m.old.energy_centikwh(local(row[0]) - zone_ms, false, 0));
  }
}

RC_GTEST_PROP(Dlt698Records, AnyRangeGivesExactlyItsQuarters, ()) {
  Meter m(*rc::gen::inRange<std::uint64_t>(1, 50));
  const std::int64_t now_local = now_utc_ms + zone_ms;
  const std::int64_t from = now_local - *rc::gen::inRange<std::int64_t>(0, 40 * day_ms);
  const std::int64_t to = from + *rc::gen::inRange<std::int64_t>(0, 3 * day_ms);
  // Whole seconds, as a date_time_s has them.
  const std::int64_t from_s = from / 1'000 * 1'000;
  const std::int64_t to_s = to / 1'000 * 1'000;
  const auto rows = m.client.records(0x50020200, between(freeze_time, from_s, to_s), {freeze_time, {0x0010, 2, 1}});
  std::vector<std::int64_t> expected;
  for (std::int64_t quarter = (from_s + quarter_ms - 1) / quarter_ms * quarter_ms;
       quarter < to_s && quarter <= now_local; quarter += quarter_ms)
    expected.push_back(quarter);
  RC_ASSERT(rows.size() == expected.size());
  std::int64_t before = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    RC_ASSERT(local(rows[i][0]) == expected[i]);
    RC_ASSERT(TestClient::number(rows[i][1]) >= before);
    before = TestClient::number(rows[i][1]);
  }
}

}  // namespace
}  // namespace duheng::device
