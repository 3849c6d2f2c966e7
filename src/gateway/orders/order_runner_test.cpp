#include "gateway/orders/order_runner.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "gateway/orders/order_world.hpp"

namespace duheng::gateway {
namespace {

using drivers::Outcome;
using testing::OrderWorld;
using testing::Verb;

OrderId id_of(std::int64_t number) {
  OrderId id{};
  id[0] = static_cast<std::uint8_t>(number);
  return id;
}
FieldOrder write_order(std::int64_t number, std::string kind = "set", std::string uid = "a") {
  FieldOrder order;
  order.id = id_of(number);
  order.device_uid = std::move(uid);
  order.kind = kind == "number" ? OrderKind::parameter : OrderKind::command;
  order.name = std::move(kind);
  order.arguments = {{"value", std::to_string(number)}};
  order.password = "SECRET77";
  return order;
}
FieldOrder read_order(std::int64_t number, std::string uid = "a") {
  FieldOrder order;
  order.id = id_of(number);
  order.device_uid = std::move(uid);
  order.kind = OrderKind::read;
  order.registers = {"number"};
  return order;
}
OrderReport last_report(OrderWorld& world) {
  const auto reports = world.reports();
  return reports.empty() ? OrderReport{} : reports.back();
}

TEST(OrderRunner, ReadsOnDemandAndReportsTheValue) {
  OrderWorld world;
  world.devices[0].number = 42;
  world.runner->take(read_order(1));
  EXPECT_EQ(last_report(world).state, OrderState::under_way);
  world.carry_out(0);
  const auto report = last_report(world);
  EXPECT_EQ(report.state, OrderState::done);
  ASSERT_EQ(report.values.size(), 1U);
  EXPECT_EQ(report.values[0].mantissa, 42);
  EXPECT_EQ(report.frames.size(), 1U);
  EXPECT_TRUE(world.reports().empty());
}

TEST(OrderRunner, ACommandConnectsWritesAndReadsBack) {
  OrderWorld world;
  world.runner->take(write_order(7));
  world.settle();
  EXPECT_EQ(world.asked_on(0)->query.operation, static_cast<int>(Verb::connect));
  world.carry_out(0);
  EXPECT_EQ(world.asked_on(0)->query.operation, static_cast<int>(Verb::write));
  world.carry_out(0);
  EXPECT_EQ(last_report(world).reason, "reading_back");
  EXPECT_EQ(world.asked_on(0), nullptr);
  world.advance_ms(1'000);
  EXPECT_EQ(world.asked_on(0)->query.operation, static_cast<int>(Verb::read));
  world.carry_out(0);
  const auto report = last_report(world);
  EXPECT_EQ(report.state, OrderState::done);
  EXPECT_TRUE(report.values.at(0).read_back);
  EXPECT_EQ(report.frames.size(), 3U);
  EXPECT_EQ(world.executed[7], 1);
}

TEST(OrderRunner, NothingLeavesBeforeTheLogIsDurableAndNoPasswordIsInIt) {
  OrderWorld world;
  world.runner->take(write_order(7, "number"));
  world.runner->work();
  EXPECT_EQ(world.asked_on(0), nullptr);
  const auto write = world.runner->take_log_write();
  ASSERT_TRUE(write);
  EXPECT_EQ(as_text(write->records).find("SECRET77"), std::string_view::npos);
  EXPECT_NE(as_text(write->records).find("number"), std::string_view::npos);
  world.runner->work();
  EXPECT_EQ(world.asked_on(0), nullptr);
  world.runner->written(fail(ErrorCode::storage_full, "full"));
  world.runner->work();
  EXPECT_EQ(world.asked_on(0), nullptr);
  EXPECT_FALSE(world.runner->take_log_write());  // after a pause
  world.advance_ms(1'000);
  EXPECT_NE(world.asked_on(0), nullptr);
}

TEST(OrderRunner, ALostAnswerIsSettledByReadBackAndNeverAskedAgain) {
  for (const bool did_it : {true, false}) {
    OrderWorld world;
    world.runner->take(write_order(7, "number"));
    world.settle();
    world.count_sending(*world.asked_on(0));
    if (did_it) world.execute(*world.asked_on(0));
    world.answer(0, Outcome::timed_out);
    EXPECT_EQ(last_report(world).reason, "no_answer");
    for (int i = 0; i < 40; ++i) {
      world.advance_ms(1'000);
      if (world.asked_on(0) == nullptr) continue;
      EXPECT_EQ(world.asked_on(0)->query.operation, static_cast<int>(Verb::read));
      world.carry_out(0);
    }
    const auto report = last_report(world);
    EXPECT_EQ(report.state, did_it ? OrderState::done : OrderState::failed);
    EXPECT_EQ(report.reason, did_it ? "" : "read_back_differs");
    EXPECT_EQ(world.sent[7], 1);
  }
}

TEST(OrderRunner, WithoutReadBackALostAnswerStaysUnknown) {
  OrderWorld world;
  world.runner->take(write_order(7, "set_blind"));
  world.settle();
  world.carry_out(0);
  world.answer(0, Outcome::timed_out);
  const auto report = last_report(world);
  EXPECT_EQ(report.state, OrderState::unknown);
  EXPECT_EQ(report.reason, "no_answer");
}

TEST(OrderRunner, ALateRefusalSettlesWhatWasUnknown) {
  OrderWorld world;
  world.runner->take(write_order(7, "number"));
  world.settle();
  const auto question = *world.asked_on(0);
  world.answer(0, Outcome::timed_out);
  world.answer(0, Outcome::refused, 0x04, true, question);
  const auto report = last_report(world);
  EXPECT_EQ(report.state, OrderState::refused);
  EXPECT_EQ(report.reason, "password_wrong");
}

TEST(OrderRunner, ARefusalNamesItsReason) {
  OrderWorld world;
  world.runner->take(write_order(7, "number"));
  world.settle();
  world.answer(0, Outcome::refused, 0x04);
  EXPECT_EQ(last_report(world).reason, "password_wrong");
  auto order = write_order(8);
  order.password.clear();
  world.runner->take(order);
  EXPECT_EQ(last_report(world).reason, "password_needed");
  order = write_order(9);
  order.arguments[0].value = "many";
  world.runner->take(order);
  EXPECT_EQ(last_report(world).reason, "argument_invalid");
  world.runner->take(write_order(10, "explode"));
  EXPECT_EQ(last_report(world).reason, "not_in_model");
  world.runner->take(write_order(11, "set", "z"));
  EXPECT_EQ(last_report(world).reason, "device_unknown");
}

TEST(OrderRunner, WaitsForAClosedChannelUntilItsLifetimeEnds) {
  OrderWorld world;
  world.close(0, false);
  world.runner->take(write_order(7));
  world.runner->take(write_order(8));
  world.advance_ms(59'000);
  world.reopen(0);
  world.settle();
  EXPECT_NE(world.asked_on(0), nullptr);  // the first
  world.advance_ms(2'000);
  auto reports = world.reports();
  const auto expired = std::ranges::find(reports, id_of(8), &OrderReport::id);
  ASSERT_NE(expired, reports.end());
  EXPECT_EQ(expired->state, OrderState::expired);
  EXPECT_EQ(world.executed.size(), 0U);
}

TEST(OrderRunner, ProbesASilentDeviceAndSendsItNoCommand) {
  OrderWorld world;
  world.devices[0].silent = true;
  world.runner->take(write_order(7));
  for (int i = 0; i < 20; ++i) world.advance_ms(1'000);
  EXPECT_EQ(world.probes, 4);  // at once, then every 5 s
  EXPECT_EQ(world.asked_on(0), nullptr);
  world.devices[0].silent = false;
  world.runner->stir(0);
  world.settle();
  EXPECT_NE(world.asked_on(0), nullptr);
}

TEST(OrderRunner, AnUnsentCommandWaitsForTheNextConnection) {
  OrderWorld world;
  world.runner->take(write_order(7, "number"));
  world.settle();
  world.close(0, false);
  world.settle();
  world.reopen(0);
  world.settle();
  ASSERT_NE(world.asked_on(0), nullptr);
  EXPECT_EQ(world.asked_on(0)->query.operation, static_cast<int>(Verb::write));
  world.carry_out(0);
  EXPECT_EQ(world.sent[7], 1);
}

TEST(OrderRunner, ASentCommandIsReadBackAfterTheConnectionEnded) {
  OrderWorld world;
  world.runner->take(write_order(7, "number"));
  world.settle();
  world.execute(*world.asked_on(0));
  world.close(0, true);
  world.advance_ms(30'000);
  world.reopen(0);
  world.advance_ms(1'000);
  ASSERT_NE(world.asked_on(0), nullptr);
  EXPECT_EQ(world.asked_on(0)->query.operation, static_cast<int>(Verb::read));
  world.carry_out(0);
  EXPECT_EQ(last_report(world).state, OrderState::done);
  EXPECT_EQ(world.sent[7], 1);
}

TEST(OrderRunner, TheSameOrderAgainGetsTheSameReportAlsoAfterARestart) {
  OrderWorld world;
  world.runner->take(write_order(7, "set_blind"));
  world.settle();
  world.carry_out(0);
  world.carry_out(0);
  const auto first = last_report(world);
  EXPECT_EQ(first.state, OrderState::done);
  world.runner->take(write_order(7, "set_blind"));
  EXPECT_EQ(last_report(world).utc_ms, first.utc_ms);
  world.advance_ms(10'000);  // confirmations are written when it suits
  world.restart();
  EXPECT_TRUE(world.reports().empty());  // confirmed before
  world.runner->take(write_order(7, "set_blind"));
  const auto again = last_report(world);
  EXPECT_EQ(again.state, OrderState::done);
  EXPECT_EQ(again.utc_ms, first.utc_ms);
  EXPECT_EQ(again.frames.size(), first.frames.size());
  EXPECT_EQ(world.sent[7], 1);
}

TEST(OrderRunner, AfterARestartWhatWasUnderWayIsSettledByReadBack) {
  for (const bool did_it : {true, false}) {
    OrderWorld world;
    world.runner->take(write_order(7));
    world.settle();
    world.carry_out(0);
    world.count_sending(*world.asked_on(0));
    if (did_it) world.execute(*world.asked_on(0));
    world.restart();
    world.runner->take(write_order(7));  // the platform sends it again
    EXPECT_EQ(last_report(world).reason, "restarted");
    for (int i = 0; i < 40; ++i) {
      if (world.asked_on(0) != nullptr) world.carry_out(0);
      world.advance_ms(1'000);
    }
    EXPECT_EQ(last_report(world).state, did_it ? OrderState::done : OrderState::failed);
    EXPECT_EQ(world.sent[7], 1);
  }
}

TEST(OrderRunner, AfterARestartWithoutReadBackOrWithoutTheDeviceItIsUnknown) {
  OrderWorld world;
  world.runner->take(write_order(7, "set_blind"));
  world.settle();
  world.restart();
  EXPECT_EQ(last_report(world).state, OrderState::unknown);
  world.runner->take(write_order(8, "set", "c"));
  world.settle();
  world.devices.pop_back();
  world.restart();
  EXPECT_EQ(last_report(world).state, OrderState::under_way);
  for (int i = 0; i < 100; ++i) world.advance_ms(5'000);
  EXPECT_EQ(last_report(world).reason, "read_back_no_answer");
}

TEST(OrderRunner, OnlyWhatHasNotBegunIsCancelled) {
  OrderWorld world;
  world.runner->take(write_order(7));
  world.settle();
  world.runner->take(write_order(8));
  world.runner->cancel(id_of(7));
  world.runner->cancel(id_of(8));
  const auto reports = world.reports();
  ASSERT_EQ(reports.size(), 2U);
  for (const auto& report : reports)
    EXPECT_EQ(report.state, report.id == id_of(7) ? OrderState::under_way : OrderState::cancelled);
}

TEST(OrderRunner, WhatComesTooLateOrAfterItsCancellingIsNeverBegun) {
  OrderWorld world;
  auto order = write_order(7);
  order.lifetime_ms = 0;
  world.runner->take(order);
  EXPECT_EQ(last_report(world).state, OrderState::expired);
  world.runner->cancel(id_of(8));
  EXPECT_EQ(last_report(world).state, OrderState::cancelled);
  world.restart();
  world.runner->take(write_order(7));
  world.runner->take(write_order(8));
  for (const auto& report : world.reports())
    EXPECT_EQ(report.state, report.id == id_of(7) ? OrderState::expired : OrderState::cancelled);
  EXPECT_EQ(world.asked_on(0), nullptr);
}

TEST(OrderRunner, OneQuestionOnAChannelAtATimeAndHistoriesGiveWay) {
  OrderWorld world;
  FieldOrder history;
  history.id = id_of(1);
  history.device_uid = "a";
  history.kind = OrderKind::history;
  history.name = "profile";
  history.to_utc_ms = 300;
  world.room = false;
  world.runner->take(history);
  world.advance_ms(10'000);
  EXPECT_EQ(world.asked_on(0), nullptr);
  world.room = true;
  world.advance_ms(2'000);
  world.runner->take(read_order(2));
  world.runner->take(read_order(3, "b"));
  std::vector<std::uint16_t> order;
  while (world.asked_on(0) != nullptr) {
    order.push_back(world.asked_on(0)->query.operation);
    world.carry_out(0);
  }
  EXPECT_EQ(order, (std::vector<std::uint16_t>{5, 2, 2, 5, 5}));
  EXPECT_FALSE(world.two_at_once);
  const auto reports = world.reports();
  const auto report = std::ranges::find(reports, id_of(1), &OrderReport::id);
  EXPECT_EQ(report->state, OrderState::done);
  EXPECT_EQ(report->values.size(), 3U);
  EXPECT_EQ(report->values[2].time_utc_ms, 300);
}

TEST(OrderRunner, QueuesAreBounded) {
  OrderWorld world;
  world.close(0, false);
  for (std::int64_t i = 1; i <= 70; ++i) world.runner->take(read_order(i));
  int busy = 0;
  for (const auto& report : world.reports()) busy += report.reason == "busy" ? 1 : 0;
  EXPECT_EQ(busy, 70 - static_cast<int>(order_limits::waiting_per_device_max));
}

TEST(OrderRunner, AReportOnItsWayIsHandedOutAgainInTheNextSession) {
  OrderWorld world;
  int ready = 0;
  world.runner->on_reports([&] { ++ready; });
  world.runner->take(read_order(1));
  EXPECT_EQ(ready, 1);
  auto reports = world.runner->take_reports(10);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].state, OrderState::waiting);
  world.settle();
  world.carry_out(0);
  EXPECT_TRUE(world.runner->take_reports(10).empty());  // the first is not confirmed
  world.runner->session_began();
  reports = world.runner->take_reports(10);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].state, OrderState::done);
  world.restart();
  EXPECT_EQ(world.runner->take_reports(10).size(), 1U);  // never confirmed
}

}  // namespace
}  // namespace duheng::gateway
