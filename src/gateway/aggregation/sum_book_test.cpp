#include "gateway/aggregation/sum_book.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <rapidcheck/gtest.h>
#include <set>

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

TEST(SumBook, AnInstantBelongsToTheMembersOfItsTime) {
  SumBook book({three()});
  book.observe("a", centi, value(100, start), start);
  book.observe("b", centi, value(20, start), start);
  auto less = three();
  less.members = {"a", "b"};
  EXPECT_EQ(book.set(less, start + 60'000).value(), start + 60'000);
  // The running instant of before still waits for its third member, the next one for two.
  book.observe("a", centi, value(101, start + quarter), start + quarter);
  book.observe("b", centi, value(21, start + quarter), start + quarter);
  const auto next = book.take_due(start + quarter);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->instant_utc_ms, start + quarter);
  EXPECT_EQ(next->parts.size(), 2U);
  EXPECT_TRUE(next->complete());
  EXPECT_FALSE(has(next->quality, Quality::decreased)) << "other members are not compared";
  book.observe("c", centi, value(3, start), start + quarter);
  const auto before = book.take_due(start + quarter);
  ASSERT_TRUE(before);
  EXPECT_EQ(before->parts.size(), 3U);
  EXPECT_EQ(before->mantissa, 123);
}

TEST(SumBook, TheFormerMembersAreWaitedForAndThenForgotten) {
  SumBook book({three()});
  book.observe("a", centi, value(100, start), start);
  book.remove("sum-1", start + 60'000);
  EXPECT_FALSE(book.contains("sum-1"));
  EXPECT_FALSE(book.empty());
  const auto told = book.take_due(start + 2 * quarter);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->missing, 2U);
  EXPECT_FALSE(book.take_due(start + 5 * quarter));
  EXPECT_TRUE(book.empty());
  EXPECT_EQ(book.next_due_utc_ms(), INT64_MAX);
  book.observe("a", centi, value(100, start + quarter), start + 5 * quarter);
  EXPECT_EQ(book.next_due_utc_ms(), INT64_MAX);
}

TEST(SumBook, AnInstantCompleteBeforeItsTimeIsNotToldAgainByOthers) {
  auto tolerant = three();
  tolerant.tolerance_ms = 60'000;
  SumBook book({tolerant});
  const std::int64_t early = start + quarter - 30'000;
  for (const char* member : {"a", "b", "c"}) book.observe(member, centi, value(1, early), early);
  ASSERT_TRUE(book.take_due(early));
  auto less = tolerant;
  less.members = {"a"};
  EXPECT_EQ(book.set(less, early + 1'000).value(), start + quarter);
  book.observe("a", centi, value(1, start + quarter + 1'000), start + quarter + 1'000);
  EXPECT_FALSE(book.take_due(start + quarter + 1'000));
}

TEST(SumBook, TheSameSumAgainChangesNothingAndTooManyMembersAreRefused) {
  SumBook book({});
  EXPECT_EQ(book.set(three(), start).value(), start);
  book.observe("a", centi, value(1, start + quarter), start + quarter);
  EXPECT_EQ(book.set(three(), start + 2 * quarter).value(), start);
  EXPECT_EQ(book.next_due_utc_ms(), start + 3 * quarter);
  std::vector<std::string> many(sum_limits::members_max);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = std::to_string(i);
  auto large = three();
  large.members = many;
  bool is_refused = false;
  for (int i = 0; i < 60 && !is_refused; ++i) {
    large.uid = "large-" + std::to_string(i);
    is_refused = !book.set(large, start).has_value();
  }
  EXPECT_TRUE(is_refused);
  EXPECT_FALSE(book.contains(large.uid));
}

/// Sums that change, go and come at arbitrary moments while values come late, twice or never: whatever is told as
/// complete is the exact sum of the members that were the sum's at that instant, and no instant is told complete twice.
RC_GTEST_PROP(SumBookProperty, ACompleteSumIsThatOfTheMembersOfItsInstantWheneverTheyChange, ()) {
  const auto meters = *rc::gen::inRange<std::size_t>(1, 6);
  const auto instants = *rc::gen::inRange<std::int64_t>(1, 8);
  const std::int64_t tolerance = *rc::gen::element<std::int64_t>(0, 60'000);
  const auto rule_of = [&](unsigned mask) {
    SumRule rule = three();
    rule.tolerance_ms = tolerance;
    rule.members.clear();
    for (std::size_t i = 0; i < meters; ++i)
      if ((mask >> i & 1U) != 0) rule.members.push_back("m" + std::to_string(i));
    return rule;
  };
  struct Event {
    std::int64_t at;
    std::size_t meter;       // or a change, when it is `meters`
    std::int64_t instant;    // or the new members; 0: removed
    std::int64_t shift = 0;  // of the value's own time
  };
  std::vector<Event> events;
  for (std::size_t meter = 0; meter < meters; ++meter)
    for (std::int64_t i = 0; i < instants; ++i) {
      const int copies = *rc::gen::inRange(0, 3);
      for (int copy = 0; copy < copies; ++copy) {
        const std::int64_t shift = tolerance == 0 ? 0 : *rc::gen::inRange<std::int64_t>(-50'000, 50'001);
        const std::int64_t instant = start + i * quarter;
        events.push_back({instant + shift + *rc::gen::inRange<std::int64_t>(0, 4 * quarter), meter, instant, shift});
      }
    }
  const int changes = *rc::gen::inRange(0, 6);
  for (int i = 0; i < changes; ++i)
    events.push_back({start + *rc::gen::inRange<std::int64_t>(-quarter, (instants + 3) * quarter), meters,
                      *rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << meters)});
  std::ranges::sort(events, {}, &Event::at);
  const auto amount = [](std::size_t meter, std::int64_t instant) {
    return static_cast<std::int64_t>(meter + 1) * 1'000'000 + (instant - start) / quarter;
  };
  SumBook book({});
  unsigned present = (1U << meters) - 1;
  // Since when which members count; the first entry at or before an instant is the one that holds.
  std::map<std::int64_t, unsigned> in_force{{start - 10 * quarter, present}};
  RC_ASSERT(book.set(rule_of(present), start - 10 * quarter).has_value());
  std::set<std::int64_t> complete;
  std::map<std::pair<std::size_t, std::int64_t>, bool> came;
  const auto check = [&](std::int64_t now) {
    while (const auto sum = book.take_due(now)) {
      auto holds = in_force.lower_bound(sum->instant_utc_ms);  // an instant at the change is still the former's
      RC_ASSERT(holds != in_force.begin());
      const unsigned members = std::prev(holds)->second;
      RC_ASSERT(sum->parts.size() == rule_of(members).members.size());
      std::int64_t expected = 0;
      for (const auto& part : sum->parts) {
        const auto meter = static_cast<std::size_t>(part.uid[1] - '0');
        RC_ASSERT((members >> meter & 1U) == 1U);
        if (!part.present) continue;
        RC_ASSERT((came.contains({meter, sum->instant_utc_ms})));
        RC_ASSERT(part.value.mantissa == amount(meter, sum->instant_utc_ms));
        expected += part.value.mantissa;
      }
      RC_ASSERT(sum->mantissa == expected);
      if (sum->complete()) RC_ASSERT(complete.insert(sum->instant_utc_ms).second);
    }
  };
  for (const Event& event : events) {
    check(event.at);
    if (event.meter < meters) {
      came[{event.meter, event.instant}] = true;
      book.observe("m" + std::to_string(event.meter), centi,
                   value(amount(event.meter, event.instant), event.instant + event.shift), event.at);
    } else {
      const auto next = static_cast<unsigned>(event.instant);
      if (next == 0) {
        book.remove("sum-1", event.at);
      } else {
        const std::int64_t after = book.set(rule_of(next), event.at).value();
        // Nothing that holds is put in question: what was set for later instants has told none.
        in_force.erase(in_force.upper_bound(after), in_force.end());
        if (next != present) in_force[after] = next;
      }
      present = next;
    }
    check(event.at);
  }
  check(start + 100 * quarter);
  book.remove("sum-1", start + 100 * quarter);
  check(start + 200 * quarter);
  RC_ASSERT(book.empty());
}

}  // namespace
}  // namespace duheng::gateway
