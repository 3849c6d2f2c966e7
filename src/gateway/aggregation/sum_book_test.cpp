#include "gateway/aggregation/sum_book.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <rapidcheck/gtest.h>

#include "gateway/aggregation/field_derivation.hpp"

namespace duheng::gateway {
namespace {

constexpr std::int64_t quarter = 900'000;
constexpr std::int64_t start = 1'767'225'600'000;  // 2026-01-01
constexpr std::string_view energy = "energy_active_import_total";
constexpr Register centi{energy, "kWh", -2};

SumRule three() {
  SumRule rule;
  rule.uid = "sum-1";
  rule.exponent = -2;
  rule.members = {"a", "b", "c"};
  return rule;
}
Reading value(std::int64_t mantissa, std::int64_t time, Quality quality = Quality::good) {
  Reading out;
  out.mantissa = mantissa;
  out.time_utc_ms = time;
  out.quality = quality;
  return out;
}

TEST(SumBook, TellsTheSumAsSoonAsTheLastMemberIsThere) {
  SumBook book({three()});
  book.observe("a", centi, value(100, start), start + 1'000);
  book.observe("b", centi, value(20, start), start + 2'000);
  book.observe("x", centi, value(7, start), start + 2'000);
  EXPECT_FALSE(book.take_due(start + 3'000));
  book.observe("c", centi, value(3, start), start + 3'000);
  EXPECT_EQ(book.next_due_utc_ms(), INT64_MIN);
  const auto sum = book.take_due(start + 3'000);
  ASSERT_TRUE(sum);
  EXPECT_TRUE(sum->complete());
  EXPECT_EQ(sum->mantissa, 123);
  EXPECT_EQ(sum->instant_utc_ms, start);
  EXPECT_EQ(sum->parts.size(), 3U);
  EXPECT_FALSE(book.take_due(start + 10 * quarter));
  EXPECT_EQ(book.next_due_utc_ms(), INT64_MAX);
}

TEST(SumBook, WhatIsMissingIsCountedAndTheLateSumIsToldAllTheSame) {
  SumBook book({three()});
  book.observe("a", centi, value(100, start), start);
  book.observe("b", centi, value(20, start), start);
  EXPECT_EQ(book.next_due_utc_ms(), start + 2 * quarter);
  EXPECT_FALSE(book.take_due(start + 2 * quarter - 1));
  const auto partial = book.take_due(start + 2 * quarter);
  ASSERT_TRUE(partial);
  EXPECT_EQ(partial->missing, 1U);
  EXPECT_EQ(partial->mantissa, 120);
  EXPECT_FALSE(partial->parts[2].present);
  EXPECT_FALSE(book.take_due(start + 9 * quarter));  // once
  book.observe("c", centi, value(3, start), start + 9 * quarter);
  const auto late = book.take_due(start + 9 * quarter);
  ASSERT_TRUE(late);
  EXPECT_TRUE(late->complete());
  EXPECT_TRUE(late->told_before);
  EXPECT_EQ(late->mantissa, 123);
}

TEST(SumBook, NobodyIsCalledMissingWhileOldProfilesStillComeIn) {
  SumBook book({three()});
  const std::int64_t now = start + 100 * quarter;
  book.observe("a", centi, value(100, start), now);
  EXPECT_FALSE(book.take_due(now + 2 * quarter - 1));
  book.observe("b", centi, value(20, start), now + 2 * quarter - 1);
  EXPECT_FALSE(book.take_due(now + 3 * quarter));
  EXPECT_TRUE(book.take_due(now + 4 * quarter));
}

TEST(SumBook, AValueThatIsNotOfTheInstantDoesNotCount) {
  SumBook exact({three()});
  auto tolerant_rule = three();
  tolerant_rule.tolerance_ms = 30'000;
  SumBook tolerant({tolerant_rule});
  for (SumBook* book : {&exact, &tolerant}) {
    book->observe("a", centi, value(100, start - 20'000), start);
    book->observe("a", centi, value(101, start + 10'000), start);  // nearer
    book->observe("a", centi, value(102, start + 15'000), start);
    book->observe("b", centi, value(20, start), start);
    book->observe("c", centi, value(3, start), start);
  }
  EXPECT_FALSE(exact.take_due(start));
  EXPECT_EQ(tolerant.take_due(start)->mantissa, 124);
}

TEST(SumBook, OtherUnitsAndFinerDigitsAreMissingNotRounded) {
  SumBook book({three()});
  book.observe("a", {energy, "Wh", 0}, value(100, start), start);
  book.observe("b", {energy, "kWh", -3}, value(20'001, start), start);
  book.observe("c", {energy, "kWh", 0}, value(3, start), start);
  EXPECT_EQ(book.statistics().values_refused, 2U);
  const auto told = book.take_due(start + 2 * quarter);
  EXPECT_EQ(told->missing, 2U);
  EXPECT_EQ(told->mantissa, 300);
}

TEST(SumBook, ARegisterThatTurnedOverIsMarkedOnTheSum) {
  SumBook book({three()});
  const auto round = [&](std::int64_t instant, std::int64_t a) {
    book.observe("a", centi, value(a, instant), instant);
    book.observe("b", centi, value(20, instant), instant);
    book.observe("c", centi, value(3, instant), instant);
    return *book.take_due(instant);
  };
  EXPECT_EQ(round(start, 99'999'999).quality, Quality::good);
  const auto turned = round(start + quarter, 5);
  EXPECT_EQ(turned.mantissa, 28);
  EXPECT_EQ(turned.quality, Quality::decreased);
  EXPECT_EQ(turned.parts[0].quality, Quality::decreased);
  EXPECT_EQ(turned.parts[1].quality, Quality::good);
  EXPECT_EQ(round(start + 2 * quarter, 6).quality, Quality::good);
}

TEST(SumBook, UnsoundValuesAreMissingAndFindingsGoOnTheSum) {
  SumBook book({three()});
  book.observe("a", centi, value(0, start, Quality::no_value), start);
  book.observe("a", centi, value(100, start, Quality::rate_exceeded), start);
  book.observe("b", centi, value(20, start), start);
  book.observe("c", centi, value(3, start), start);
  const auto sum = book.take_due(start);
  EXPECT_EQ(sum->mantissa, 123);
  EXPECT_EQ(sum->quality, Quality::rate_exceeded);
}

TEST(SumBook, MemoryIsBounded) {
  SumBook book({three()});
  for (std::int64_t i = 0; i < 5'000; ++i) book.observe("a", centi, value(i, start + i * quarter), start);
  std::size_t told = 0;
  while (book.take_due(INT64_MAX - quarter)) ++told;
  EXPECT_EQ(told, sum_limits::instants_max);
  book.observe("b", centi, value(1, start), start);
  EXPECT_EQ(book.statistics().values_too_old, 1U);
}

TEST(WriteSum, ThePartsStandInTheFrameBehindTheReading) {
  SumBook book({three()});
  for (const std::string_view uid : {"a", "b", "c"}) book.observe(uid, centi, value(250, start), start);
  BatchWriter writer(start);
  EXPECT_EQ(write_sum(*book.take_due(start), start + 5, writer), 2U);
  Bytes bytes;
  writer.finish(bytes);
  const auto view = BatchView::parse(bytes);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->devices().front(), "sum-1");
  const auto frame = view->find(0);
  EXPECT_EQ(as_text(frame->frame.response),
            "sum energy_active_import_total of 3 members at 2026-01-01T00:00:00.000Z, kWh, missing 0\n"
            "a 2.50 2026-01-01T00:00:00.000Z\nb 2.50 2026-01-01T00:00:00.000Z\nc 2.50 2026-01-01T00:00:00.000Z\n");
  ASSERT_EQ(frame->readings.size(), 2U);
  EXPECT_EQ(view->registers()[frame->readings[0].register_index].name, energy);
  EXPECT_EQ(frame->readings[0].mantissa, 750);
  EXPECT_EQ(frame->readings[0].time_utc_ms, start);
  EXPECT_EQ(view->registers()[frame->readings[1].register_index].name, missing_register);
  EXPECT_EQ(frame->readings[1].mantissa, 0);
}

TEST(WriteSum, AnIncompleteSumHasAnotherNameAndManyPartsMakeSeveralFrames) {
  auto rule = three();
  rule.members.clear();
  for (int i = 0; i < 20'000; ++i) rule.members.push_back("2026" + std::to_string(10'000'000 + i));
  SumBook book({rule});
  for (int i = 1; i < 20'000; ++i)
    book.observe(rule.members[static_cast<std::size_t>(i)], centi, value(i, start), start);
  BatchWriter writer(start);
  const auto sum = book.take_due(start + 2 * quarter);
  ASSERT_TRUE(sum);
  EXPECT_EQ(write_sum(*sum, start + 2 * quarter, writer), 2U);
  Bytes bytes;
  writer.finish(bytes);
  const auto view = BatchView::parse(bytes);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_GT(view->frame_count(), 10U);
  const auto last = view->find(static_cast<std::uint32_t>(view->frame_count() - 1));
  ASSERT_EQ(last->readings.size(), 2U);
  EXPECT_EQ(view->registers()[last->readings[0].register_index].name, "energy_active_import_total_incomplete");
  EXPECT_EQ(last->readings[0].mantissa, 20'000LL * 19'999 / 2);
  EXPECT_EQ(last->readings[1].mantissa, 1);
}

/// Members late, missing, twice, out of order, turned over: every sum equals its parts, a complete one holds all of
/// them, and how many are missing is true.
RC_GTEST_PROP(SumBookProperty, SumsEqualTheirPartsWhateverComesWhen, ()) {
  constexpr std::int64_t turns_over_at = 1'000;
  const auto members = *rc::gen::inRange<std::size_t>(1, 7);
  const auto instants = *rc::gen::inRange<std::int64_t>(1, 6);
  SumRule rule = three();
  rule.members.clear();
  for (std::size_t i = 0; i < members; ++i) rule.members.push_back("m" + std::to_string(i));
  SumBook book({rule});
  struct Event {
    std::size_t member;
    std::int64_t instant;
    std::int64_t at;
  };
  std::vector<Event> events;
  std::map<std::pair<std::size_t, std::int64_t>, std::int64_t> truth;
  for (std::size_t member = 0; member < members; ++member) {
    std::int64_t shown = *rc::gen::inRange<std::int64_t>(0, turns_over_at);
    for (std::int64_t i = 0; i < instants; ++i) {
      shown = (shown + *rc::gen::inRange<std::int64_t>(0, 400)) % turns_over_at;
      const std::int64_t instant = start + i * quarter;
      if (*rc::gen::inRange(0, 10) == 0) continue;  // never comes
      truth[{member, instant}] = shown;
      const int copies = *rc::gen::inRange(1, 3);
      for (int copy = 0; copy < copies; ++copy)
        events.push_back({member, instant, instant + *rc::gen::inRange<std::int64_t>(0, 5 * quarter)});
    }
  }
  std::ranges::sort(events, {}, &Event::at);
  std::map<std::int64_t, int> complete;
  std::map<std::int64_t, int> incomplete;
  std::map<std::int64_t, std::size_t> here;  // parts that have come, by instant
  std::map<std::pair<std::size_t, std::int64_t>, bool> came;
  std::int64_t newest = INT64_MIN;
  const auto check = [&](std::int64_t now) {
    while (const auto sum = book.take_due(now)) {
      std::int64_t expected = 0;
      bool below = false;
      for (std::size_t member = 0; member < members; ++member) {
        const auto& part = sum->parts[member];
        RC_ASSERT((part.present == came.contains({member, sum->instant_utc_ms})));
        if (!part.present) continue;
        RC_ASSERT((part.value.mantissa == truth[{member, sum->instant_utc_ms}]));
        expected += part.value.mantissa;
        if (newest != INT64_MIN && sum->instant_utc_ms > newest)
          below = below || part.value.mantissa < truth[{member, newest}];
      }
      RC_ASSERT(sum->mantissa == expected);
      RC_ASSERT(sum->missing == members - here[sum->instant_utc_ms]);
      ++(sum->complete() ? complete : incomplete)[sum->instant_utc_ms];
      if (!sum->complete()) continue;
      RC_ASSERT(has(sum->quality, Quality::decreased) == below);
      newest = std::max(newest, sum->instant_utc_ms);
    }
  };
  for (const Event& event : events) {
    check(event.at);
    if (came.insert({{event.member, event.instant}, true}).second) ++here[event.instant];
    book.observe(rule.members[event.member], centi, value(truth[{event.member, event.instant}], event.instant),
                 event.at);
    check(event.at);
  }
  check(start + 100 * quarter);
  for (const auto& [instant, count] : here) {
    RC_ASSERT(complete[instant] == (count == members ? 1 : 0));
    RC_ASSERT(incomplete[instant] <= 1);
    RC_ASSERT(complete[instant] + incomplete[instant] >= 1);
  }
}

}  // namespace
}  // namespace duheng::gateway
