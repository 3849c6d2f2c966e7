// Consumption out of a store: the value at the interval's start is looked for, pages are small, edits are in force.
#include <gtest/gtest.h>

#include "store/consumption/consumption.hpp"
#include "store/consumption/telemetry_double.hpp"

namespace duheng::store {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t start_utc_ms = 1'750'000'000'000;
std::int64_t at(std::int64_t hour) { return start_utc_ms + hour * hour_ms; }

class ConsumptionStore : public ::testing::Test {
 protected:
  ChainLink link(SeriesId series, std::int64_t from_hour, std::int64_t to_hour) const {
    ChainLink out;
    out.series = series;
    out.from_utc_ms = at(from_hour);
    out.to_utc_ms = at(to_hour);
    out.exponent = -2;
    out.unit = "kWh";
    return out;
  }
  Consumption over(const std::vector<ChainLink>& links, std::int64_t after, std::int64_t through,
                   ConsumptionOptions options = {.points_per_page = 7}) const {
    const auto got = consumption(store_, {"kWh", links}, {at(after), at(through)}, options, {});
    EXPECT_TRUE(got) << (got ? "" : got.error().message);
    return got ? *got : Consumption{};
  }
  testing::TelemetryDouble store_;
  SeriesId first_ = store_.add_series();
  SeriesId second_ = store_.add_series();
};

TEST_F(ConsumptionStore, LooksFarBackForTheStart) {
  store_.add(first_, at(-20'000), 100);
  store_.add(first_, at(5), 250);
  const auto got = over({link(first_, -30'000, 1'000)}, 0, 10);
  EXPECT_EQ(got.status, ConsumptionStatus::complete);
  EXPECT_EQ(got.amount, 150);
  EXPECT_EQ(got.start->time_utc_ms, at(-20'000));
}

TEST_F(ConsumptionStore, CountsNothingFromTheRegisterBeforeAnUnreadExchange) {
  store_.add(first_, at(-20), 100);
  store_.add(second_, at(-30), 7);
  store_.add(second_, at(5), 250);
  const auto got = over({link(first_, -100, -10), link(second_, -10, 1'000)}, 0, 10);
  EXPECT_EQ(got.status, ConsumptionStatus::partly);
  EXPECT_EQ(got.amount, 0);
  EXPECT_EQ(got.count(RemarkKind::no_start_value), 1U);
  // The same when the new one was not read at all: the answer names the last value that there is.
  const auto unread = over({link(first_, -100, -10), link(second_, -10, 1'000)}, 0, 4);
  EXPECT_EQ(unread.status, ConsumptionStatus::partly);
  EXPECT_EQ(unread.value_count, 0U);
  EXPECT_EQ(unread.start->mantissa, 100);
}

TEST_F(ConsumptionStore, LooksBackOverAChangeOfRatioOfTheSameRegister) {
  store_.add(first_, at(-20), 100);
  store_.add(first_, at(5), 250);
  auto after = link(first_, -10, 1'000);
  after.ratio = {2, 1};
  const auto got = over({link(first_, -100, -10), after}, 0, 10);
  EXPECT_EQ(got.amount, 300);
  EXPECT_EQ(got.count(RemarkKind::ratio_change_not_split), 1U);
}

TEST_F(ConsumptionStore, HoldsOnePageAtATime) {
  for (int i = 0; i < 500; ++i) store_.add(first_, at(i), 10 * i);
  EXPECT_EQ(over({link(first_, -100, 1'000)}, 0, 499).amount, 4'990);
  EXPECT_LE(store_.largest_page(), 7U);
}

TEST_F(ConsumptionStore, EditsInForceCountAndAreNamed) {
  store_.add(first_, at(0), 100);
  store_.add(first_, at(1), 900);
  store_.edit(first_, EditKind::estimate, at(2), 130);
  store_.add(first_, at(3), 150);
  const std::vector<ChainLink> chain{link(first_, -100, 1'000)};
  EXPECT_EQ(over(chain, 0, 3).count(RemarkKind::decrease_unexplained), 1U);
  store_.edit(first_, EditKind::correction, at(1), 120);
  const auto got = over(chain, 0, 3);
  EXPECT_EQ(got.status, ConsumptionStatus::complete);
  EXPECT_EQ(got.amount, 50);
  EXPECT_EQ(got.corrected, 20);
  EXPECT_EQ(got.estimated, 30);
  // The true value comes: the estimate gives way.
  store_.add(first_, at(2), 140);
  EXPECT_EQ(over(chain, 0, 3).estimated, 0);
}

TEST_F(ConsumptionStore, HoldsTheChainAgainstTheSeries) {
  auto wrong = link(first_, 0, 10);
  wrong.exponent = -3;
  EXPECT_EQ(consumption(store_, {"kWh", {wrong}}, {at(0), at(1)}, {}, {}).error().code, ErrorCode::invalid_argument);
  const auto unknown = link(SeriesId{77}, 0, 10);
  EXPECT_EQ(consumption(store_, {"kWh", {unknown}}, {at(0), at(1)}, {}, {}).error().code, ErrorCode::not_found);
  const SeriesId bits = store_.add_series("status_word_3", -2, "kWh", SeriesKind::bit_set);
  EXPECT_EQ(consumption(store_, {"kWh", {link(bits, 0, 10)}}, {at(0), at(1)}, {}, {}).error().code,
            ErrorCode::invalid_argument);
}

TEST_F(ConsumptionStore, PassesTheStoresErrorsOn) {
  store_.add(first_, at(0), 100);
  store_.fail_from_call(0);
  EXPECT_EQ(consumption(store_, {"kWh", {link(first_, -9, 9)}}, {at(0), at(1)}, {}, {}).error().code,
            ErrorCode::storage_failed);
}

TEST_F(ConsumptionStore, TheValueBeforeAnIntervalWithNoRegisterIsTheLastOfTheRegisterBefore) {
  store_.add(first_, at(0), 100);
  const auto got = over({link(first_, -9, 9), link(second_, 50, 90)}, 20, 30);
  EXPECT_EQ(got.start->mantissa, 100);
  EXPECT_EQ(got.amount, 0);
  EXPECT_EQ(got.count(RemarkKind::no_register), 1U);
}

}  // namespace
}  // namespace duheng::store
