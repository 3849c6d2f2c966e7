// What has to hold for every chain and every set of readings.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "store/consumption/consumption.hpp"
#include "store/consumption/telemetry_double.hpp"

namespace duheng::store {
namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t start_utc_ms = 1'750'000'000'000;

std::int64_t at(std::int64_t minute) { return start_utc_ms + minute * minute_ms; }

struct World {
  testing::TelemetryDouble store;
  PointChain chain;
};

int below(int bound) { return *rc::gen::inRange(0, bound); }

/// Readings of every kind: ups, downs, turns, flagged, without value, doubled, conflicting, edited.
void add_readings(World& world, SeriesId series, int count) {
  std::int64_t counter = below(1'000'000);
  for (int i = 0; i < count; ++i) {
    const std::int64_t time = at(below(600) - 100);
    counter = (counter + below(900)) % 1'000'000;
    const auto quality =
        below(6) == 0 ? static_cast<Quality>(1U << *rc::gen::element(0, 1, 2, 4, 5, 8)) : Quality::good;
    world.store.add(series, time, below(12) == 0 ? below(1'000'000) : counter, quality);
    if (below(10) == 0) world.store.edit(series, EditKind::correction, time, counter);
    if (below(10) == 0) world.store.edit(series, EditKind::estimate, at(below(600) - 100), counter);
    if (below(20) == 0) world.store.edit(series, EditKind::withdrawal, time, 0);
  }
}

ChainLink make_link(SeriesId series, std::int64_t from_minute, std::int64_t to_minute) {
  ChainLink link;
  link.series = series;
  link.from_utc_ms = at(from_minute);
  link.to_utc_ms = at(to_minute);
  link.exponent = -2;
  link.unit = "kWh";
  link.ratio = {1 + below(4), 1 + below(3)};
  if (below(2) == 0) link.register_digits = 6;
  if (below(3) == 0) link.rate_max_per_hour = 1 + below(60'000);
  if (below(2) == 0) link.start_mantissa = below(1'000'000);
  if (below(2) == 0) link.end_mantissa = below(1'000'000);
  return link;
}

World make_world() {
  World world;
  world.chain.unit = "kWh";
  const int series = 1 + below(3);
  for (int i = 0; i < series; ++i) add_readings(world, world.store.add_series(), below(40));
  std::int64_t begin = -100 + below(100);
  for (int i = 0, links = 1 + below(4); i < links; ++i) {
    const std::int64_t end = begin + 1 + below(300);
    world.chain.links.push_back(make_link(SeriesId{1 + below(series)}, begin, end));
    begin = end + (below(2) == 0 ? 0 : below(30));
  }
  return world;
}

Consumption ask(const World& world, std::int64_t after_minute, std::int64_t through_minute) {
  const auto got = consumption(world.store, world.chain, {at(after_minute), at(through_minute)},
                               {.gap_ms = 20 * minute_ms, .points_per_page = 3}, {});
  RC_ASSERT(got.has_value());
  return *got;
}

RC_GTEST_PROP(ConsumptionProperty, IsAdditive, ()) {
  const World world = make_world();
  std::vector<std::int64_t> cuts{below(800) - 200, below(800) - 200, below(800) - 200};
  std::ranges::sort(cuts);
  const auto whole = ask(world, cuts[0], cuts[2]);
  const auto left = ask(world, cuts[0], cuts[1]);
  const auto right = ask(world, cuts[1], cuts[2]);
  RC_ASSERT(whole.amount == left.amount + right.amount);
  RC_ASSERT(whole.estimated == left.estimated + right.estimated);
  RC_ASSERT(whole.corrected == left.corrected + right.corrected);
  RC_ASSERT(whole.over_gaps == left.over_gaps + right.over_gaps);
  RC_ASSERT(whole.value_count == left.value_count + right.value_count);
  for (const auto kind : {RemarkKind::roll_over, RemarkKind::decrease_unexplained, RemarkKind::exchange,
                          RemarkKind::ratio_change, RemarkKind::conflict, RemarkKind::ratio_change_not_split})
    RC_ASSERT(whole.count(kind) == left.count(kind) + right.count(kind));
}

RC_GTEST_PROP(ConsumptionProperty, IsNeverNegative, ()) {
  const World world = make_world();
  const int after = below(800) - 200;
  RC_ASSERT(ask(world, after, after + below(500)).amount >= 0);
}

RC_GTEST_PROP(ConsumptionProperty, StreamedOutOfTheStoreOrAtHandItIsTheSame, ()) {
  const World world = make_world();
  const int after = below(800) - 200;
  const int through = after + below(500);
  const auto streamed = ask(world, after, through);
  std::vector<std::vector<Point>> values;
  for (const ChainLink& link : world.chain.links) {
    const auto page = world.store.range(link.series, {0, open_end_utc_ms}, 100'000, {});
    RC_ASSERT(page.has_value());
    values.push_back(page->points);
  }
  const auto at_hand = consumption_over(values, world.chain, {at(after), at(through)}, {.gap_ms = 20 * minute_ms});
  RC_ASSERT(at_hand.has_value());
  RC_ASSERT(at_hand->amount == streamed.amount);
  RC_ASSERT(at_hand->status == streamed.status);
  RC_ASSERT(at_hand->remark_counts == streamed.remark_counts);
  RC_ASSERT(at_hand->start == streamed.start);
  RC_ASSERT(at_hand->end == streamed.end);
}

RC_GTEST_PROP(ConsumptionProperty, DoesNotDependOnTheOrderOfArrival, ()) {
  struct Value {
    std::int64_t minute;
    std::int64_t mantissa;
  };
  std::vector<Value> values;
  for (int i = 0, count = below(40); i < count; ++i) values.push_back({10 * i + below(10), below(100'000)});
  auto shuffled = values;
  for (std::size_t i = shuffled.size(); i > 1; --i)
    std::swap(shuffled[i - 1], shuffled[static_cast<std::size_t>(below(static_cast<int>(i)))]);
  World in_order;
  World out_of_order;
  for (World* world : {&in_order, &out_of_order}) {
    const SeriesId series = world->store.add_series();
    world->chain = {"kWh", {make_link(series, -10, 500)}};
    for (const Value& value : world == &in_order ? values : shuffled)
      world->store.add(series, at(value.minute), value.mantissa);
  }
  out_of_order.chain = in_order.chain;
  const int after = below(400);
  const int through = after + below(200);
  const auto a = ask(in_order, after, through);
  const auto b = ask(out_of_order, after, through);
  RC_ASSERT(a.amount == b.amount);
  RC_ASSERT(a.status == b.status);
  RC_ASSERT(a.remark_counts == b.remark_counts);
}

RC_GTEST_PROP(ConsumptionProperty, ARolledCounterCountsLikeTheUnrolledOne, ()) {
  World rolled;
  World unrolled;
  const SeriesId series = rolled.store.add_series();
  RC_ASSERT(unrolled.store.add_series() == series);
  auto link = make_link(series, -10, 10'000);
  link.register_digits = 4;
  link.rate_max_per_hour = 0;
  link.start_mantissa.reset();
  link.end_mantissa.reset();
  rolled.chain = {"kWh", {link}};
  link.register_digits.reset();
  unrolled.chain = {"kWh", {link}};
  std::int64_t counter = below(10'000);
  std::int64_t minute = 0;
  for (int i = 0, count = 2 + below(60); i < count; ++i) {
    // At most 10,000 in 1,500 hours, which is what a register is made for; several turns in all.
    minute += 9'000;
    counter += below(900);
    rolled.store.add(series, at(minute), counter % 10'000);
    unrolled.store.add(series, at(minute), counter);
  }
  rolled.chain.links[0].to_utc_ms = unrolled.chain.links[0].to_utc_ms = at(minute + 1);
  const std::int64_t after = below(static_cast<int>(minute));
  const auto a = ask(rolled, after, minute);
  const auto b = ask(unrolled, after, minute);
  RC_ASSERT(a.amount == b.amount);
  RC_ASSERT(a.status == b.status);
  RC_ASSERT(b.count(RemarkKind::roll_over) == 0U);
}

RC_GTEST_PROP(ConsumptionProperty, AnExchangeIsTheSumOfBothMeters, ()) {
  World world;
  const SeriesId old_meter = world.store.add_series();
  const SeriesId new_meter = world.store.add_series();
  auto first = make_link(old_meter, -10, 200);
  auto second = make_link(new_meter, 200, 1'000);
  first.start_mantissa = 0;
  second.ratio = first.ratio;
  std::int64_t counter = 0;
  for (int i = 0; i < 20; ++i) world.store.add(old_meter, at(10 * i), counter += below(50));
  first.end_mantissa = counter + below(50);
  second.start_mantissa = below(100);
  counter = *second.start_mantissa;
  for (int i = 0; i < 20; ++i) world.store.add(new_meter, at(201 + 10 * i), counter += below(50));
  world.chain = {"kWh", {first, second}};
  const auto alone = [&](const ChainLink& link) {
    world.chain.links = {link};
    const auto part = ask(world, -10, 900);
    world.chain.links = {first, second};
    return part;
  };
  const auto old_part = alone(first);
  const auto new_part = alone(second);
  const auto whole = ask(world, -10, 900);
  const Int128 common = whole.denominator / old_part.denominator;
  RC_ASSERT(whole.amount == old_part.amount * common + new_part.amount * common);
  RC_ASSERT(whole.count(RemarkKind::exchange) == 1U);
}

}  // namespace
}  // namespace duheng::store
