// Jobs and orders over real records: rules, hand-over, reports, restarts.
#include "platform/orders/order_service.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "platform/orders/order_test_world.hpp"

namespace duheng::platform {
namespace {

using order_testing::must;

class OrderServiceTest : public ::testing::Test, public order_testing::World {};

TEST_F(OrderServiceTest, ReadsAtOnceAndKeepsWhatCame) {
  connect(gateway);
  const JobNumber number = must(service->create(anna, read({device()})));
  service->tick();
  ASSERT_EQ(sent[gateway].size(), 1U);
  const FieldOrder order = sent[gateway][0];
  EXPECT_EQ(order.kind, OrderKind::read);
  EXPECT_EQ(order.registers, std::vector<std::string>{"voltage_a"});
  EXPECT_EQ(order.device_uid, "meter-1");
  EXPECT_EQ(order.lifetime_ms, 60'000);
  EXPECT_EQ(order.password, "");
  EXPECT_EQ(job(number).counts.of(OrderStage::handed_over), 1);
  report(gateway, order.id, OrderState::waiting);
  report(gateway, order.id, OrderState::under_way);
  EXPECT_EQ(only_order(number).stage, OrderStage::under_way);
  report(gateway, order.id, OrderState::done);
  EXPECT_EQ(confirmed, (std::vector<OrderId>{order.id, order.id, order.id}));
  const Job finished = job(number);
  EXPECT_EQ(finished.state, JobState::finished);
  EXPECT_EQ(finished.counts.of(OrderStage::done), 1);
  EXPECT_EQ(finished.device_name, "meter-1");
  const OrderRow row = must(service->order(Scope::everything(), only_order(number).number));
  ASSERT_EQ(row.values.size(), 1U);
  EXPECT_EQ(row.values[0].mantissa, 16);
  EXPECT_TRUE(row.values[0].read_back);
  ASSERT_EQ(row.frames.size(), 1U);
  EXPECT_EQ(row.frames[0].request, Bytes{0x68});
  report(gateway, order.id, OrderState::failed);
  EXPECT_EQ(only_order(number).stage, OrderStage::done) << "what is over stays";
  EXPECT_EQ(confirmed.size(), 4U) << "but is confirmed, so that it does not come again";
}

TEST_F(OrderServiceTest, RefusesWhatMakesNoSense) {
  NewJob nothing = read({device()});
  nothing.content.registers.clear();
  EXPECT_EQ(refusal(service->create(anna, nothing)), ErrorCode::invalid_argument);
  EXPECT_EQ(refusal(service->create(anna, read({}))), ErrorCode::invalid_argument);
  EXPECT_EQ(refusal(service->create(vera, read({device()}))), ErrorCode::forbidden);
  NewJob unknown = read({device()});
  unknown.content.registers = {"colour"};
  EXPECT_EQ(refusal(service->create(anna, unknown)), ErrorCode::invalid_argument);
  EXPECT_EQ(refusal(service->create(anna, command_job("dance", {device()}))), ErrorCode::invalid_argument);
  NewJob day;
  day.content.kind = OrderKind::parameter;
  day.content.name = "settlement_day";
  day.content.arguments = {{"value", "29"}};
  day.targets = {device()};
  EXPECT_EQ(refusal(service->create(anna, day)), ErrorCode::invalid_argument);
  day.content.arguments = {{"value", "28"}};
  EXPECT_TRUE(service->create(anna, day));
  NewJob trip_without_reason = trip({device()});
  trip_without_reason.reason.clear();
  EXPECT_EQ(refusal(service->create(anna, trip_without_reason)), ErrorCode::invalid_argument);
  EXPECT_EQ(job(1).content.name, "settlement_day") << "nothing of the others was kept";
}

TEST_F(OrderServiceTest, OneSupplyCommandIsConfirmedByItsAuthorInTime) {
  connect(gateway);
  const JobNumber number = must(service->create(anna, trip({device()})));
  service->tick();
  EXPECT_EQ(job(number).state, JobState::awaiting_confirmation);
  EXPECT_TRUE(sent[gateway].empty());
  EXPECT_EQ(refusal(service->confirm(bert, number)), ErrorCode::forbidden);
  EXPECT_EQ(refusal(service->confirm(vera, number)), ErrorCode::forbidden);
  must(service->confirm(anna, number));
  service->tick();
  ASSERT_EQ(sent[gateway].size(), 1U);
  EXPECT_EQ(sent[gateway][0].password, "02000000");
  EXPECT_EQ(sent[gateway][0].operator_code, "00000001");
  EXPECT_EQ(refusal(service->confirm(anna, number)), ErrorCode::conflict);
  report(gateway, sent[gateway][0].id, OrderState::refused, "password_wrong");
  EXPECT_EQ(only_order(number).reason, "password_wrong");

  const JobNumber late = must(service->create(anna, trip({device()})));
  pass(5 * 60'000);
  EXPECT_EQ(refusal(service->confirm(anna, late)), ErrorCode::conflict);
  EXPECT_EQ(job(late).state, JobState::lapsed);
  EXPECT_EQ(only_order(late).reason, "not_confirmed");
  EXPECT_EQ(sent[gateway].size(), 1U);
}

TEST_F(OrderServiceTest, SeveralNeedASecondPersonWhoSeesThemAll) {
  connect(gateway);
  connect(other_gateway);
  const JobNumber number = must(service->create(anna, trip({device(), device(other_gateway, west)})));
  EXPECT_TRUE(job(number).needs_second_person);
  EXPECT_EQ(refusal(service->confirm(anna, number)), ErrorCode::forbidden);
  EXPECT_EQ(refusal(service->confirm(eastern, number)), ErrorCode::forbidden) << "one device is not theirs";
  EXPECT_EQ(refusal(service->cancel(eastern, number)), ErrorCode::forbidden);
  must(service->confirm(bert, number));
  service->tick();
  EXPECT_EQ(job(number).confirmed_by_name, "bert");
  EXPECT_EQ(sent[gateway].size(), 1U);
  EXPECT_EQ(sent[other_gateway].size(), 1U);
  std::vector<std::string> outcomes;
  for (const OperationEntry& entry : must(service->operations(Scope::everything(), 10)))
    outcomes.push_back(entry.name + " " + entry.action + " " + entry.outcome);
  EXPECT_EQ(outcomes, (std::vector<std::string>{"bert confirm_job ok", "eastern confirm_job forbidden",
                                                "anna confirm_job forbidden", "anna create_job ok"}));
}

TEST_F(OrderServiceTest, ProtectedCustomersAreNotCutOff) {
  connect(gateway);
  const JobTarget hospital = device();
  must(guards.protect(anna, hospital.device, "hospital"));
  const JobNumber alone = must(service->create(anna, trip({hospital})));
  EXPECT_EQ(job(alone).state, JobState::finished) << "nothing to confirm";
  EXPECT_EQ(only_order(alone).stage, OrderStage::refused);
  EXPECT_EQ(only_order(alone).reason, "protected");
  NewJob give = command_job("relay_close", {hospital});
  give.access = DeviceAccess{"1", ""};
  EXPECT_EQ(job(must(service->create(anna, give))).state, JobState::awaiting_confirmation)
      << "giving supply back is allowed";

  // Protected between confirmation and hand-over.
  disconnect(gateway);
  const JobTarget school = device();
  const JobNumber waiting = must(service->create(anna, trip({school})));
  must(service->confirm(anna, waiting));
  must(guards.protect(bert, school.device, "school"));
  connect(gateway);
  EXPECT_EQ(only_order(waiting).reason, "protected");
  EXPECT_TRUE(sent[gateway].empty());
  EXPECT_EQ(must(guards.protection(school.device))->by, "bert");
  must(guards.unprotect(bert, school.device));
  EXPECT_FALSE(must(guards.protection(school.device)));
}

TEST_F(OrderServiceTest, AMeterToldToKeepTheSupplyIsProtected) {
  connect(gateway);
  const JobTarget meter = device();
  must(service->create(anna, command_job("supply_keep", {meter})));
  service->tick();
  EXPECT_FALSE(must(guards.protection(meter.device)));
  report(gateway, sent[gateway].at(0).id, OrderState::done);
  ASSERT_TRUE(must(guards.protection(meter.device)));
  EXPECT_TRUE(must(guards.protection(meter.device))->kept_supplied);
  EXPECT_EQ(only_order(must(service->create(anna, trip({meter})))).reason, "protected");
  must(service->create(anna, command_job("supply_keep_end", {meter})));
  service->tick();
  report(gateway, sent[gateway].at(1).id, OrderState::done);
  EXPECT_FALSE(must(guards.protection(meter.device)));
}

TEST_F(OrderServiceTest, UsesTheDevicesOwnPasswordAndNeverTellsIt) {
  connect(gateway);
  const JobTarget meter = device();
  NewJob without = command_job("relay_trip", {meter});
  const JobNumber refused = must(service->create(anna, without));
  EXPECT_EQ(only_order(refused).reason, "password_missing");
  must(guards.set_access(anna, meter.device, {"02123456", "00000009"}));
  EXPECT_EQ(refusal(guards.set_access(eastern, device(other_gateway, west).device, {"1", ""})), ErrorCode::not_found);
  EXPECT_EQ(refusal(guards.set_access(anna, meter.device, {"", ""})), ErrorCode::invalid_argument);
  EXPECT_TRUE(must(guards.has_access(meter.device)));
  const JobNumber number = must(service->create(anna, without));
  must(service->confirm(anna, number));
  restart();  // a kept password survives
  service->tick();
  ASSERT_EQ(sent[gateway].size(), 1U);
  EXPECT_EQ(sent[gateway][0].password, "02123456");
  for (const OperationEntry& entry : must(service->operations(Scope::everything(), 100)))
    EXPECT_EQ(entry.detail.find("02123456"), std::string::npos);
  must(guards.forget_access(anna, meter.device));
  EXPECT_FALSE(must(guards.has_access(meter.device)));
}

TEST_F(OrderServiceTest, AGivenPasswordDoesNotSurviveARestart) {
  NewJob change = command_job("password_change", {device(), device()});
  change.access = DeviceAccess{"02000000", ""};
  change.content.arguments = {{"new_password", "13572468"}};
  const JobNumber number = must(service->create(anna, change));
  EXPECT_EQ(job(number).content.arguments.at(0).value, "") << "secret: not stored, not told";
  connect(gateway);
  ASSERT_EQ(sent[gateway].size(), 2U);
  EXPECT_EQ(sent[gateway][0].arguments.at(0).value, "13572468");
  EXPECT_EQ(sent[gateway][0].password, "02000000");

  disconnect(gateway);
  const JobNumber second = must(service->create(anna, change));
  restart();
  connect(gateway);
  EXPECT_EQ(job(second).counts.of(OrderStage::refused), 2);
  EXPECT_EQ(only_order(second).reason, "password_lost");
}

TEST_F(OrderServiceTest, KeepsTheWindowAndGoesOnAsReportsCome) {
  connect(gateway);
  const JobNumber number = must(service->create(anna, read(many(20))));
  service->tick();
  std::size_t answered = 0;
  while (answered < 20) {
    ASSERT_LE(sent[gateway].size(), answered + 3) << "window of 3";
    ASSERT_GT(sent[gateway].size(), answered);
    report(gateway, sent[gateway][answered].id, answered % 5 == 0 ? OrderState::failed : OrderState::done);
    ++answered;
    EXPECT_EQ(job(number).counts.of(OrderStage::done) + job(number).counts.of(OrderStage::failed),
              static_cast<std::int64_t>(answered));
  }
  EXPECT_EQ(job(number).state, JobState::finished);
  std::set<OrderId> ids;
  for (const FieldOrder& order : sent[gateway]) ids.insert(order.id);
  EXPECT_EQ(ids.size(), 20U);
}

TEST_F(OrderServiceTest, SaysWhatItKnowsWhenAGatewayIsSilent) {
  const JobNumber never = must(service->create(anna, read({device()})));
  pass(60'000);
  EXPECT_EQ(only_order(never).stage, OrderStage::expired);
  EXPECT_EQ(only_order(never).reason, "gateway_unreachable");

  connect(gateway);
  const JobNumber silent = must(service->create(anna, read({device()})));
  service->tick();
  disconnect(gateway);
  pass(60'999);
  EXPECT_EQ(only_order(silent).stage, OrderStage::handed_over);
  pass(1);
  EXPECT_EQ(only_order(silent).stage, OrderStage::unknown);
  EXPECT_EQ(job(silent).state, JobState::finished);
  connect(gateway);
  report(gateway, sent[gateway].at(0).id, OrderState::done);
  EXPECT_EQ(only_order(silent).stage, OrderStage::done) << "the gateway knew after all";
  report(gateway, sent[gateway].at(0).id, OrderState::failed);
  EXPECT_EQ(only_order(silent).stage, OrderStage::done);
}

TEST_F(OrderServiceTest, AsksAgainAfterTheDeadlineWithoutALifetime) {
  options.book.grace_ms = 1'000'000;
  restart();
  connect(gateway);
  must(service->create(anna, read({device()})));
  service->tick();
  disconnect(gateway);
  pass(70'000);
  connect(gateway);
  ASSERT_EQ(sent[gateway].size(), 2U);
  EXPECT_EQ(sent[gateway][0].id, sent[gateway][1].id);
  EXPECT_EQ(sent[gateway][1].lifetime_ms, 0);
}

TEST_F(OrderServiceTest, CancelsWhatIsNotBegun) {
  connect(gateway);
  const JobNumber number = must(service->create(anna, read(many(5))));
  service->tick();
  ASSERT_EQ(sent[gateway].size(), 3U);
  must(service->cancel(anna, number));
  service->tick();
  EXPECT_EQ(job(number).counts.of(OrderStage::cancelled), 2);
  EXPECT_EQ(job(number).state, JobState::running);
  EXPECT_EQ(cancelled.size(), 3U);
  report(gateway, sent[gateway][0].id, OrderState::cancelled);
  report(gateway, sent[gateway][1].id, OrderState::cancelled);
  disconnect(gateway);
  restart();
  connect(gateway);
  EXPECT_EQ(sent[gateway].size(), 3U) << "not sent again";
  EXPECT_EQ(cancelled.size(), 4U) << "the cancellation is";
  report(gateway, sent[gateway][2].id, OrderState::done);
  EXPECT_EQ(job(number).state, JobState::cancelled);
  EXPECT_EQ(job(number).counts.of(OrderStage::done), 1) << "it had begun";
  EXPECT_EQ(refusal(service->cancel(anna, number)), ErrorCode::conflict);

  const JobNumber unconfirmed = must(service->create(anna, trip({device()})));
  must(service->cancel(anna, unconfirmed));
  EXPECT_EQ(job(unconfirmed).state, JobState::cancelled);
}

TEST_F(OrderServiceTest, EverybodySeesTheirOwnPart) {
  const JobNumber both = must(service->create(anna, read({device(), device(other_gateway, west)})));
  const JobNumber western = must(service->create(anna, read({device(other_gateway, west)})));
  const Scope scope = eastern.scope;
  EXPECT_EQ(must(service->jobs(scope, {})).total, 1);
  const Job seen = must(service->job(scope, both));
  EXPECT_EQ(seen.devices, 2);
  EXPECT_EQ(seen.counts.of(OrderStage::queued), 1);
  EXPECT_EQ(must(service->orders(scope, both, {})).total, 1);
  EXPECT_FALSE(service->job(scope, western));
  EXPECT_FALSE(service->orders(scope, western, {}));
  EXPECT_FALSE(service->order(scope, only_order(western).number));
  EXPECT_EQ(must(service->jobs(Scope::everything(), {})).total, 2);
  JobQuery of_device;
  of_device.device = only_order(western).device;
  EXPECT_EQ(must(service->jobs(Scope::everything(), of_device)).jobs.at(0).number, western);
  JobQuery finished;
  finished.state = JobState::finished;
  EXPECT_EQ(must(service->jobs(Scope::everything(), finished)).total, 0);
}

TEST_F(OrderServiceTest, TellsApartDevicesThatCannot) {
  connect(gateway);
  const JobNumber number = must(service->create(
      anna, read({device(), device(gateway, east, "sensor"), device(GatewayId{}, east), device(gateway, east, "?")})));
  std::map<std::string, int> reasons;
  for (const OrderRow& row : must(service->orders(Scope::everything(), number, {})).orders) ++reasons[row.reason];
  EXPECT_EQ(reasons,
            (std::map<std::string, int>{{"", 1}, {"unsupported", 1}, {"no_gateway", 1}, {"unknown_model", 1}}));
}

TEST_F(OrderServiceTest, ForeignReportsChangeNothing) {
  connect(gateway);
  connect(other_gateway);
  const JobNumber number = must(service->create(anna, read({device()})));
  service->tick();
  report(other_gateway, sent[gateway].at(0).id, OrderState::done);
  EXPECT_EQ(only_order(number).stage, OrderStage::handed_over);
  OrderId nobodys{};
  nobodys.fill(0xEE);
  report(gateway, nobodys, OrderState::done);
  EXPECT_EQ(service->statistics().reports_foreign, 2U);
  EXPECT_EQ(confirmed.size(), 2U) << "so that they are not told for ever";
}

TEST_F(OrderServiceTest, TheOperationLogIsFoundByWhatOneKnows) {
  connect(gateway);
  const JobTarget meter = device();
  const JobNumber first = must(service->create(anna, read({meter})));
  service->tick();
  report(gateway, sent[gateway].at(0).id, OrderState::done);
  pass(60'000);
  const std::int64_t later = database.clock.utc_ms();
  const JobNumber second = must(service->create(anna, read({device()})));
  const auto count = [&](const OperationQuery& query, const Scope& scope = Scope::everything()) {
    return must(service->operations(scope, query)).total;
  };
  const std::int64_t all = count({});
  EXPECT_EQ(all, 2);
  EXPECT_EQ(count({.job = first}) + count({.job = second}), all);
  EXPECT_EQ(count({.to_utc_ms = later}) + count({.from_utc_ms = later}), all);
  EXPECT_EQ(count({.from_utc_ms = later}), count({.job = second}));
  EXPECT_EQ(count({.action = "create_job"}), 2);
  EXPECT_EQ(count({.action = "create_job", .outcome = "ok"}), 2);
  EXPECT_EQ(count({.device = meter.device}), 0) << "reading is no step of its own for each device";
  EXPECT_EQ(count({.name = anna.name.substr(1, 2)}), 2);
  EXPECT_EQ(count({.name = "%"}), 0) << "no wildcard";
  EXPECT_EQ(count({}, Scope::below(west)), 0) << "others' devices";
  const auto newest = must(service->operations(Scope::everything(), {.page_size = 1}));
  ASSERT_EQ(newest.entries.size(), 1U);
  EXPECT_EQ(newest.entries[0].job, second);
  const auto rest =
      must(service->operations(Scope::everything(), {.before_number = newest.entries[0].number, .page_size = 100}));
  EXPECT_EQ(static_cast<std::int64_t>(rest.entries.size()), all - 1);
  for (const auto& entry : rest.entries) EXPECT_EQ(entry.device_name, entry.device ? "meter-1" : "");
}

TEST_F(OrderServiceTest, WhatHasBeenOverForLongIsDeletedAndNothingElse) {
  options.keep_ms = 10'000'000;
  start();
  connect(gateway);
  const JobNumber old_one = must(service->create(anna, read(many(700))));  // more than one slice
  const JobNumber open_one = must(service->create(anna, read({device(other_gateway, east)})));
  service->tick();
  for (std::size_t reported = 0; reported < 700;) {
    service->tick();
    ASSERT_LT(reported, sent[gateway].size()) << "no more is handed over";
    while (reported < sent[gateway].size()) report(gateway, OrderId(sent[gateway][reported++].id), OrderState::done);
  }
  ASSERT_EQ(job(old_one).state, JobState::finished);
  const std::int64_t logged = must(service->operations(Scope::everything(), OperationQuery{})).total;
  pass(5'000'000);
  EXPECT_EQ(job(old_one).counts.of(OrderStage::done), 700);
  EXPECT_EQ(service->statistics().jobs_deleted, 0U);
  const JobNumber fresh = must(service->create(anna, read({device()})));
  for (int i = 0; i < 10; ++i) pass(1'000'000);
  for (int i = 0; i < 10; ++i) pass(2'000);
  EXPECT_EQ(service->statistics().jobs_deleted, 1U);
  EXPECT_FALSE(service->job(Scope::everything(), old_one));
  EXPECT_TRUE(service->job(Scope::everything(), open_one));
  EXPECT_TRUE(service->job(Scope::everything(), fresh));
  const auto log = must(service->operations(Scope::everything(), OperationQuery{.page_size = 5'000}));
  EXPECT_GE(log.total, logged) << "the log stays";
  EXPECT_TRUE(std::ranges::any_of(log.entries, [&](const OperationEntry& entry) { return entry.job == old_one; }));
  restart();
  EXPECT_TRUE(service->job(Scope::everything(), open_one));
}

}  // namespace
}  // namespace duheng::platform
