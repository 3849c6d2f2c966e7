#include "platform/orders/order_book.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace duheng::platform {
namespace {

constexpr GatewayId east{1};
constexpr GatewayId west{2};

OpenOrder order(OrderNumber number, GatewayId gateway = east, std::int64_t deadline = 10'000) {
  OpenOrder out;
  out.number = number;
  out.id.fill(static_cast<std::uint8_t>(number));
  out.job = 1;
  out.gateway = gateway;
  out.deadline_utc_ms = deadline;
  return out;
}

using Numbers = std::vector<OrderNumber>;

TEST(OrderStage, GoesForwardOnly) {
  EXPECT_TRUE(may_follow(OrderStage::queued, OrderStage::waiting));
  EXPECT_TRUE(may_follow(OrderStage::handed_over, OrderStage::done));
  EXPECT_FALSE(may_follow(OrderStage::under_way, OrderStage::waiting));
  EXPECT_FALSE(may_follow(OrderStage::under_way, OrderStage::under_way));
  EXPECT_TRUE(may_follow(OrderStage::unknown, OrderStage::done)) << "somebody found out";
  EXPECT_FALSE(may_follow(OrderStage::unknown, OrderStage::under_way));
  for (const OrderStage over :
       {OrderStage::done, OrderStage::refused, OrderStage::failed, OrderStage::expired, OrderStage::cancelled}) {
    for (int other = 1; other <= 8; ++other) EXPECT_FALSE(may_follow(over, static_cast<OrderStage>(other)));
  }
}

TEST(OrderBook, HandsOverWithinTheWindowUrgentFirst) {
  OrderBook book({.window = 2});
  for (OrderNumber number = 1; number <= 4; ++number) book.add(order(number));
  OpenOrder urgent = order(5);
  urgent.urgent = true;
  book.add(urgent);
  EXPECT_EQ(book.ready(0, 10), Numbers{}) << "nobody is connected";
  book.connected(east);
  EXPECT_EQ(book.ready(0, 10), (Numbers{5, 1}));
  EXPECT_EQ(book.to_send(10), Numbers{}) << "nothing is sent before it is stored as handed over";
  book.handed_over(5, 1);
  book.handed_over(1, 1);
  EXPECT_EQ(book.to_send(10), (Numbers{1, 5}));
  book.sent(1);
  book.sent(5);
  EXPECT_EQ(book.ready(0, 10), Numbers{}) << "the window is full";
  book.stage(5, OrderStage::done, 2);
  EXPECT_EQ(book.ready(0, 10), (Numbers{2}));
  EXPECT_EQ(book.size(), 4U);
}

TEST(OrderBook, SendsAgainInTheNextSession) {
  OrderBook book;
  book.add(order(1));
  book.connected(east);
  book.handed_over(1, 1);
  book.sent(1);
  EXPECT_EQ(book.to_send(10), Numbers{});
  book.disconnected(east);
  book.connected(east);
  EXPECT_EQ(book.to_send(10), (Numbers{1}));
  book.stage(1, OrderStage::waiting, 2);
  EXPECT_EQ(book.to_send(10), Numbers{}) << "the gateway has it";
}

TEST(OrderBook, WhatIsToBeCancelledIsNotSentAgain) {
  OrderBook book;
  book.add(order(1));
  book.add(order(2));
  book.connected(east);
  EXPECT_TRUE(book.cancel(2)) << "nobody has it";
  book.over(2);
  book.handed_over(1, 1);
  book.sent(1);
  EXPECT_FALSE(book.cancel(1));
  EXPECT_EQ(book.to_cancel(10), (Numbers{1}));
  book.cancel_sent(1);
  EXPECT_EQ(book.to_cancel(10), Numbers{});
  book.disconnected(east);
  book.connected(east);
  EXPECT_EQ(book.to_send(10), Numbers{});
  EXPECT_EQ(book.to_cancel(10), (Numbers{1}));
}

TEST(OrderBook, GivesUpTruthfully) {
  OrderBook book({.grace_ms = 100, .under_way_ms = 5'000});
  book.add(order(1, east, 1'000));
  book.add(order(2, east, 1'000));
  book.add(order(3, east, 1'000));
  book.add(order(4, west, 1'000));
  book.connected(east);
  book.handed_over(1, 10);
  book.handed_over(2, 10);
  book.stage(2, OrderStage::under_way, 20);
  EXPECT_TRUE(book.overdue(999, 10).empty());
  const auto first = book.overdue(1'000, 10);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].number, 3);
  EXPECT_EQ(first[0].stage, OrderStage::expired);
  EXPECT_EQ(first[0].reason, "no_turn");
  EXPECT_EQ(first[1].reason, "gateway_unreachable");
  EXPECT_TRUE(book.ready(1'000, 10).empty()) << "too late to be handed over";
  book.over(3);
  book.over(4);
  const auto second = book.overdue(1'100, 10);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].number, 1);
  EXPECT_EQ(second[0].stage, OrderStage::unknown);
  book.over(1);
  EXPECT_EQ(book.next_due_ms(), 5'020);
  EXPECT_EQ(book.overdue(5'020, 10).at(0).number, 2);
}

/// A platform whose records outlive it, and gateways that may do anything, over any sequence of events.
struct World {
  static constexpr std::size_t window = 3;
  OrderBookOptions options{.window = window, .grace_ms = 50, .under_way_ms = 200};
  OrderBook book{options};
  std::map<OrderNumber, OpenOrder> records;  // the disk
  std::map<OrderNumber, int> begun;          // by the gateways, which begin each id once
  std::set<OrderNumber> known_at_gateway;
  std::set<GatewayId> connected;
  std::int64_t now = 0;
  OrderNumber next = 1;

  void store(OrderNumber number, OrderStage stage) {
    OpenOrder& row = records.at(number);
    RC_ASSERT(!is_over(row.stage) || may_follow(row.stage, stage));
    row.stage = stage;
    row.changed_utc_ms = now;
  }
  void pump(bool crash_after_storing) {
    for (const OrderNumber number : book.ready(now, 100)) {
      RC_ASSERT(records.at(number).stage == OrderStage::queued);
      RC_ASSERT(now < records.at(number).deadline_utc_ms);
      store(number, OrderStage::handed_over);
      if (!crash_after_storing) book.handed_over(number, now);
    }
    if (crash_after_storing) return restart();
    for (const OrderNumber number : book.to_send(100)) {
      const OpenOrder& row = records.at(number);
      RC_ASSERT(connected.contains(row.gateway));
      RC_ASSERT(row.stage != OrderStage::queued);
      RC_ASSERT(!is_over(row.stage));
      book.sent(number);
      if (known_at_gateway.insert(number).second && row.deadline_utc_ms > now) ++begun[number];
    }
    for (const GatewayId gateway : {east, west}) RC_ASSERT(book.handed(gateway) <= window);
  }
  void give_up() {
    for (const auto& given_up : book.overdue(now, 100)) {
      // What may have been begun is never called expired.
      if (given_up.stage == OrderStage::expired) RC_ASSERT(!known_at_gateway.contains(given_up.number));
      store(given_up.number, given_up.stage);
      book.over(given_up.number);
    }
  }
  void report(OrderNumber number, OrderStage stage) {
    if (!known_at_gateway.contains(number) || !may_follow(records.at(number).stage, stage)) return;
    store(number, stage);
    book.stage(number, stage, now);
  }
  void restart() {
    book = OrderBook{options};
    for (const auto& [number, row] : records) book.add(row);
    for (const GatewayId gateway : connected) book.connected(gateway);
  }
};

RC_GTEST_PROP(OrderBookProperty, NeverTwiceNeverBackNeverBeyondTheWindow, ()) {
  World world;
  const int steps = *rc::gen::inRange(1, 120);
  for (int i = 0; i < steps; ++i) {
    world.now += *rc::gen::inRange(0, 30);
    const GatewayId gateway = *rc::gen::element(east, west);
    switch (*rc::gen::inRange(0, 10)) {
      case 0:
      case 1:
      case 2: {
        OpenOrder made = order(world.next, gateway, world.now + *rc::gen::inRange(1, 200));
        made.urgent = *rc::gen::arbitrary<bool>();
        world.records[world.next] = made;
        world.book.add(made);
        ++world.next;
        break;
      }
      case 3:
        world.connected.insert(gateway);
        world.book.connected(gateway);
        break;
      case 4:
        world.connected.erase(gateway);
        world.book.disconnected(gateway);
        break;
      case 5:
        if (world.next > 1) {
          world.report(*rc::gen::inRange<OrderNumber>(1, world.next), static_cast<OrderStage>(*rc::gen::inRange(1, 9)));
        }
        break;
      case 6:
        world.restart();
        break;
      case 7:
        world.give_up();
        break;
      default:
        world.pump(*rc::gen::inRange(0, 5) == 0);
    }
  }
  for (const auto& [number, times] : world.begun) RC_ASSERT(times == 1);
  // In the end nothing is left open.
  world.now += 100'000;
  world.give_up();
  for (const auto& [number, row] : world.records) RC_ASSERT(is_over(row.stage));
  RC_ASSERT(world.book.size() == 0U);
}

}  // namespace
}  // namespace duheng::platform
