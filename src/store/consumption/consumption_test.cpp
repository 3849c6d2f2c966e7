#include "store/consumption/consumption.hpp"

#include <gtest/gtest.h>

namespace duheng::store {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr SeriesId first_series{1};
constexpr SeriesId second_series{2};

Point point(std::int64_t hour, std::int64_t mantissa, Quality quality = Quality::good) {
  Point out;
  out.time_utc_ms = hour * hour_ms;
  out.mantissa = mantissa;
  out.quality = quality;
  out.frame = FrameReference::make(static_cast<std::uint64_t>(hour + 1), 3);
  return out;
}
ChainLink link(SeriesId series, std::int64_t from_hour, std::int64_t to_hour) {
  ChainLink out;
  out.series = series;
  out.from_utc_ms = from_hour * hour_ms;
  out.to_utc_ms = to_hour * hour_ms;
  out.exponent = -2;
  return out;
}
using Values = std::vector<std::vector<Point>>;

Consumption over(const std::vector<ChainLink>& links, const Values& values, std::int64_t after_hour,
                 std::int64_t through_hour, ConsumptionOptions options = {}) {
  const auto got = consumption_over(values, {"kWh", links}, {after_hour * hour_ms, through_hour * hour_ms}, options);
  EXPECT_TRUE(got) << (got ? "" : got.error().message);
  return got ? *got : Consumption{};
}

TEST(Consumption, IsTheDifferenceOfTheLastValuesAtOrBeforeItsEnds) {
  const auto got =
      over({link(first_series, 0, 100)}, {{point(1, 100), point(5, 160), point(9, 250), point(12, 300)}}, 6, 10);
  EXPECT_EQ(got.status, ConsumptionStatus::complete);
  EXPECT_EQ(got.exact().to_string(), "0.90");
  EXPECT_EQ(got.start->mantissa, 160);
  EXPECT_EQ(got.start->frame, FrameReference::make(6, 3));
  EXPECT_EQ(got.end->mantissa, 250);
  EXPECT_EQ(got.value_count, 1U);
  EXPECT_TRUE(got.remarks.empty());
}

TEST(Consumption, AValueStampedAtTheEndBelongsToTheInterval) {
  const Values values{{point(1, 100), point(2, 110), point(3, 130)}};
  const std::vector<ChainLink> chain{link(first_series, 0, 100)};
  EXPECT_EQ(over(chain, values, 1, 2).amount, 10);
  EXPECT_EQ(over(chain, values, 2, 3).amount, 20);
}

TEST(Consumption, NamesWhatItCannotKnowAtTheStart) {
  const auto got = over({link(first_series, -10, 100)}, {{point(3, 100), point(5, 160)}}, 0, 10);
  EXPECT_EQ(got.status, ConsumptionStatus::partly);
  EXPECT_EQ(got.amount, 60);
  EXPECT_EQ(got.count(RemarkKind::no_start_value), 1U);
  EXPECT_EQ(got.remarks[0].from_utc_ms, 0);
  EXPECT_EQ(got.remarks[0].to_utc_ms, 3 * hour_ms);
  EXPECT_EQ(got.start->mantissa, 100);
}

TEST(Consumption, SaysSoWhenNothingWasRead) {
  const auto got = over({link(first_series, -10, 100)}, {{point(11, 100)}}, 0, 10);
  EXPECT_EQ(got.status, ConsumptionStatus::not_determinable);
  EXPECT_FALSE(got.reason.empty());
  EXPECT_EQ(got.count(RemarkKind::no_start_value), 1U);
}

TEST(Consumption, OfAPowerIsNotDeterminable) {
  auto power = link(first_series, 0, 100);
  power.behaviour = RegisterBehaviour::instantaneous;
  const auto got = over({power}, {{point(1, 100), point(5, 160)}}, 1, 10);
  EXPECT_EQ(got.status, ConsumptionStatus::not_determinable);
  EXPECT_EQ(got.amount, 0);
}

TEST(Consumption, LeavesOutWhatHasNoValueOrNoTrueTime) {
  const auto got = over({link(first_series, 0, 100)},
                        {{point(1, 100), point(2, 9'999, Quality::no_value), point(3, 9'999, Quality::invalid_content),
                          point(4, 9'999, Quality::time_implausible), point(5, 160)}},
                        1, 10);
  EXPECT_EQ(got.status, ConsumptionStatus::complete);
  EXPECT_EQ(got.amount, 60);
}

TEST(Consumption, NeverBillsAReturnOfTheRegister) {
  const auto got = over({link(first_series, 0, 100)}, {{point(1, 100), point(3, 40), point(5, 70)}}, 1, 10);
  EXPECT_EQ(got.status, ConsumptionStatus::partly);
  EXPECT_EQ(got.amount, 30);
  ASSERT_EQ(got.remarks.size(), 1U);
  EXPECT_EQ(got.remarks[0].kind, RemarkKind::decrease_unexplained);
  EXPECT_EQ(got.remarks[0].from->mantissa, 100);
  EXPECT_EQ(got.remarks[0].to->mantissa, 40);
  EXPECT_EQ(got.remarks[0].to->frame, FrameReference::make(4, 3));
}

TEST(Consumption, TakesARollOverAsSuch) {
  auto meter = link(first_series, 0, 100);
  meter.register_digits = 6;
  const auto got = over({meter}, {{point(1, 999'990), point(3, 20), point(5, 30)}}, 1, 10);
  EXPECT_EQ(got.status, ConsumptionStatus::complete);
  EXPECT_EQ(got.amount, 40);
  EXPECT_EQ(got.count(RemarkKind::roll_over), 1U);
  EXPECT_EQ(got.remarks[0].amount, 30);
}

TEST(Consumption, TakesTheFirstOfConflictingValuesAndNamesIt) {
  const auto got =
      over({link(first_series, 0, 100)}, {{point(1, 100), point(3, 130), point(3, 140), point(5, 150)}}, 1, 3);
  EXPECT_EQ(got.amount, 30);
  EXPECT_EQ(got.count(RemarkKind::conflict), 1U);
  EXPECT_EQ(got.status, ConsumptionStatus::complete);
}

TEST(Consumption, TellsTheSharesOfEstimatesCorrectionsAndGaps) {
  const auto got = over({link(first_series, 0, 100)},
                        {{point(1, 100), point(2, 110, Quality::estimated), point(3, 130),
                          point(4, 170, Quality::corrected), point(5, 250), point(50, 400)}},
                        1, 50, {.gap_ms = 2 * hour_ms});
  EXPECT_EQ(got.amount, 300);
  EXPECT_EQ(got.estimated, 30);
  EXPECT_EQ(got.corrected, 120);
  EXPECT_EQ(got.over_gaps, 150);
  EXPECT_EQ(got.count(RemarkKind::estimated), 1U);
  EXPECT_EQ(got.count(RemarkKind::corrected), 1U);
  EXPECT_EQ(got.count(RemarkKind::gap), 1U);
  EXPECT_EQ(got.status, ConsumptionStatus::complete);
}

TEST(Consumption, SaysWhenTheEndWasNotRead) {
  const std::vector<ChainLink> chain{link(first_series, 0, 100)};
  const Values values{{point(1, 100), point(5, 160)}};
  EXPECT_EQ(over(chain, values, 1, 10, {.gap_ms = 4 * hour_ms}).count(RemarkKind::not_read_to_end), 1U);
  EXPECT_EQ(over(chain, values, 1, 10, {.gap_ms = 5 * hour_ms}).status, ConsumptionStatus::complete);
}

TEST(Consumption, GoesOverAnExchangeReadByAPerson) {
  auto old_meter = link(first_series, 0, 10);
  old_meter.end_mantissa = 180;
  auto new_meter = link(second_series, 10, 100);
  new_meter.start_mantissa = 7;
  const auto got =
      over({old_meter, new_meter}, {{point(1, 100), point(9, 160)}, {point(11, 20), point(20, 60)}}, 1, 20);
  EXPECT_EQ(got.status, ConsumptionStatus::complete);
  EXPECT_EQ(got.amount, 80 + 53);
  ASSERT_EQ(got.count(RemarkKind::exchange), 1U);
  EXPECT_EQ(got.remarks[0].from->mantissa, 180);
  EXPECT_EQ(got.remarks[0].from->origin, ChainValue::Origin::removal);
  EXPECT_EQ(got.remarks[0].to->mantissa, 7);
}

TEST(Consumption, SaysWhatAnUnreadExchangeLost) {
  const auto got = over({link(first_series, 0, 10), link(second_series, 10, 100)},
                        {{point(1, 100), point(9, 160)}, {point(11, 20), point(20, 60)}}, 1, 20);
  EXPECT_EQ(got.status, ConsumptionStatus::partly);
  EXPECT_EQ(got.amount, 60 + 40);
  EXPECT_EQ(got.count(RemarkKind::no_removal_value), 1U);
  EXPECT_EQ(got.count(RemarkKind::no_installation_value), 1U);
}

TEST(Consumption, LeavesOutReadingsOfAMeterThatIsNotThere) {
  auto old_meter = link(first_series, 0, 10);
  old_meter.end_mantissa = 160;
  auto new_meter = link(second_series, 10, 100);
  new_meter.start_mantissa = 0;
  const auto got = over({old_meter, new_meter},
                        {{point(1, 100), point(10, 160), point(12, 500)}, {point(5, 0), point(20, 60)}}, 1, 30);
  EXPECT_EQ(got.amount, 120);
  EXPECT_EQ(got.status, ConsumptionStatus::complete);
}

TEST(Consumption, ChangesTheRatioMidWay) {
  auto before = link(first_series, 0, 10);
  before.ratio = {20, 1};
  auto after = link(first_series, 10, 100);
  after.ratio = {40, 1};
  after.start_mantissa = 150;
  const Values values{{point(1, 100), point(9, 140), point(11, 160)}, {point(1, 100), point(9, 140), point(11, 160)}};
  const auto got = over({before, after}, values, 1, 11);
  EXPECT_EQ(got.status, ConsumptionStatus::complete);
  EXPECT_EQ(got.amount, 50 * 20 + 10 * 40);
  EXPECT_EQ(got.count(RemarkKind::ratio_change), 1U);

  after.start_mantissa.reset();
  const auto unread = over({before, after}, values, 1, 11);
  EXPECT_EQ(unread.status, ConsumptionStatus::partly);
  EXPECT_EQ(unread.amount, 40 * 20 + 20 * 40);
  EXPECT_EQ(unread.count(RemarkKind::ratio_change_not_split), 1U);
}

TEST(Consumption, AReadingAtTheChangeOfTheRatioSplitsTheStep) {
  auto before = link(first_series, 0, 10);
  auto after = link(first_series, 10, 100);
  after.ratio = {3, 2};
  const Values values{{point(1, 100), point(10, 140), point(11, 160)}, {point(1, 100), point(10, 140), point(11, 160)}};
  const auto got = over({before, after}, values, 1, 11);
  EXPECT_EQ(got.status, ConsumptionStatus::complete);
  EXPECT_EQ(got.denominator, 2);
  EXPECT_EQ(got.exact().to_string(), "0.70");
}

TEST(Consumption, ResetsWhereTheChainSaysSo) {
  auto before = link(first_series, 0, 10);
  before.end_mantissa = 180;
  auto after = link(first_series, 10, 100);
  after.start_mantissa = 0;
  const Values values{{point(1, 100)}, {point(11, 5)}};
  const auto got = over({before, after}, values, 1, 11);
  EXPECT_EQ(got.status, ConsumptionStatus::complete);
  EXPECT_EQ(got.amount, 85);
  EXPECT_EQ(got.count(RemarkKind::reset), 1U);
}

TEST(Consumption, JoinsSeriesOfDifferentExponents) {
  auto coarse = link(first_series, 0, 10);
  coarse.end_mantissa = 200;
  auto fine = link(second_series, 10, 100);
  fine.exponent = -3;
  fine.start_mantissa = 0;
  const auto got = over({coarse, fine}, {{point(1, 100)}, {point(20, 55)}}, 1, 30);
  EXPECT_EQ(got.exact().to_string(), "1.055");
}

TEST(Consumption, SaysWhenNothingStoodThere) {
  auto old_meter = link(first_series, 0, 10);
  old_meter.end_mantissa = 160;
  auto new_meter = link(second_series, 20, 30);
  new_meter.start_mantissa = 0;
  new_meter.end_mantissa = 9;
  const Values values{{point(1, 100)}, {point(25, 5)}};
  const auto got = over({old_meter, new_meter}, values, 1, 40);
  EXPECT_EQ(got.amount, 69);
  EXPECT_EQ(got.status, ConsumptionStatus::partly);
  EXPECT_EQ(got.count(RemarkKind::no_register), 2U);
  const auto between = over({old_meter, new_meter}, values, 12, 18);
  EXPECT_EQ(between.amount, 0);
  EXPECT_EQ(between.start->mantissa, 160);
  EXPECT_EQ(over({old_meter, new_meter}, values, -5, 10).count(RemarkKind::no_register), 1U);
}

TEST(Consumption, CountsAllRemarksAndTellsSome) {
  std::vector<Point> values;
  for (int i = 1; i <= 50; ++i) values.push_back(point(i, 1'000 - i));
  const auto got = over({link(first_series, 0, 100)}, {values}, 1, 50, {.remarks_max = 10});
  EXPECT_EQ(got.remarks.size(), 10U);
  EXPECT_EQ(got.count(RemarkKind::decrease_unexplained), 49U);
}

TEST(Consumption, RefusesAChainThatCannotBe) {
  const auto refused = [](std::vector<ChainLink> links) {
    const auto got = consumption_over({}, {"kWh", std::move(links)}, {0, 1}, {});
    return !got && got.error().code == ErrorCode::invalid_argument;
  };
  EXPECT_TRUE(refused({}));
  EXPECT_TRUE(refused({link(first_series, 10, 10)}));
  EXPECT_TRUE(refused({link(first_series, 0, 11), link(second_series, 10, 20)}));
  EXPECT_TRUE(refused({link(SeriesId{}, 0, 11)}));
  auto ratio = link(first_series, 0, 10);
  ratio.ratio = {0, 1};
  EXPECT_TRUE(refused({ratio}));
  auto digits = link(first_series, 0, 10);
  digits.register_digits = 19;
  EXPECT_TRUE(refused({digits}));
}

TEST(Consumption, RefusesRatiosWithoutACommonRepresentation) {
  auto first = link(first_series, 0, 10);
  first.ratio = {1, 999'999'937};
  auto second = link(second_series, 10, 20);
  second.ratio = {1, 999'999'929};
  const auto got = consumption_over({}, {"kWh", {first, second}}, {0, 1}, {});
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::limit_exceeded);
}

TEST(Consumption, RefusesValuesOutOfOrder) {
  auto walk = ConsumptionWalk::begin({"kWh", {link(first_series, 0, 100)}}, {0, 100 * hour_ms}, {});
  ASSERT_TRUE(walk);
  const std::vector<Point> later{point(5, 10)};
  const std::vector<Point> earlier{point(4, 10)};
  ASSERT_TRUE(walk->add(0, later));
  EXPECT_EQ(walk->add(0, earlier).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(walk->add(1, earlier).error().code, ErrorCode::invalid_argument);
}

TEST(Consumption, NamesItsRemarks) {
  EXPECT_EQ(to_string(RemarkKind::roll_over), "roll_over");
  EXPECT_EQ(to_string(RemarkKind::no_register), "no_register");
  EXPECT_EQ(to_string(RemarkKind::not_read_to_end), "not_read_to_end");
  EXPECT_EQ(to_string(ConsumptionStatus::partly), "partly");
}

}  // namespace
}  // namespace duheng::store
