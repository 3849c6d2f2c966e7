// A job for one meter of a shared serial line, when it is for the whole line.
#include <algorithm>
#include <gtest/gtest.h>

#include "platform/onboarding/plan_moves.hpp"
#include "platform/onboarding/testing/onboarding_world.hpp"

namespace duheng::platform {
namespace {

const Scope all = Scope::everything();

class LineJobsTest : public ::testing::Test {
 protected:
  LineJobsTest() {
    for (const GatewayId gateway : {world_.gateway_east, world_.gateway_west}) {
      world_.plans.reported(gateway, world_.report());
      world_.plans.connected(gateway, 0, {});
    }
    EXPECT_TRUE(service_.load());
    service_.keep_moves(moves_);
    service_.connected(world_.gateway_east);
  }
  DeviceId on_line(const std::string& address, const std::string& model = "dlt645-2007-single-phase",
                   OrganisationId owner = {}) {
    auto wanted = world_.meter(address, "line");
    wanted.model = model;
    if (owner) wanted.organisation = owner;
    if (!has_line_)
      wanted.new_channel = FieldChannel{"line", FieldSerial{"/dev/ttyS4", 2'400, 8, FieldParity::even, 1}};
    has_line_ = true;
    const auto added = world_.onboarding.add(world_.author(), wanted);
    EXPECT_TRUE(added);
    return added.value_or(DeviceId{});
  }
  Result<JobNumber> order(DeviceId device, std::vector<OrderArgument> arguments, const Author& author) {
    const auto details = world_.devices.get(all, device).value().details;
    NewJob job;
    job.content.kind = OrderKind::command;
    job.content.name = "speed_change";
    job.content.arguments = std::move(arguments);
    job.targets = {{device, world_.gateway_east, details.uid, details.model}};
    auto made = service_.create(author, job);
    service_.tick();
    return made;
  }
  Result<JobNumber> order_line(DeviceId device, const std::string& speed = "9600") {
    return order(device, {{"speed", speed}, {"whole_line", "yes"}}, world_.author());
  }
  void report(const FieldOrder& order, OrderState state, std::string reason = {}) {
    OrderReport out;
    out.id = order.id;
    out.state = state;
    out.reason = std::move(reason);
    service_.reported(world_.gateway_east, std::move(out));
    service_.flush();
    service_.tick();
  }
  std::uint32_t planned_baud() {
    world_.plans.tick();
    return std::get<FieldSerial>(world_.received[world_.gateway_east].back().channels.at(0).way).baud;
  }

  testing::OnboardingWorld world_;
  SystemRandom random_;
  std::vector<FieldOrder> sent_;
  OrderService service_{*world_.database,
                        world_.clock,
                        random_,
                        world_.models,
                        [this](GatewayId, const control::FromPlatform& message) {
                          if (const auto* given = std::get_if<FieldOrder>(&message)) sent_.push_back(*given);
                          return true;
                        },
                        {}};
  PlanMoves moves_{world_.clock, world_.devices, world_.plans, world_.models};
  bool has_line_ = false;
};

TEST_F(LineJobsTest, OneMeterStandsForItsWholeLineAndEachHasItsResult) {
  const auto first = on_line("1");
  on_line("2");
  on_line("3", "dlt645-2007-three-phase");
  ASSERT_TRUE(world_.onboarding.add(world_.author(), world_.meter("4")));  // elsewhere
  const auto number = order_line(first);
  ASSERT_TRUE(number) << number.error().message;
  EXPECT_EQ(service_.job(all, *number)->devices, 3);
  ASSERT_EQ(sent_.size(), 3U);
  for (const auto& each : sent_) {
    EXPECT_EQ(each.name, "speed_change");
    EXPECT_EQ(each.arguments.size(), 2U);
  }
  report(sent_[0], OrderState::done);
  report(sent_[1], OrderState::unknown, "read_back_no_answer");
  report(sent_[2], OrderState::failed, "left_behind");
  const auto job = service_.job(all, *number).value();
  EXPECT_EQ(job.state, JobState::finished);
  EXPECT_EQ(job.counts.of(OrderStage::done), 1);
  EXPECT_EQ(job.counts.of(OrderStage::unknown), 1);
  EXPECT_EQ(job.counts.of(OrderStage::failed), 1);
  EXPECT_EQ(planned_baud(), 9'600U);  // the line is where the meter that answers is
}

TEST_F(LineJobsTest, NobodyJoinsALineThatIsBeingChanged) {
  const auto first = on_line("1");
  ASSERT_TRUE(order_line(first));
  ASSERT_EQ(sent_.size(), 1U);
  const auto late = world_.onboarding.add(world_.author(), world_.meter("2", "line"));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().error.code, ErrorCode::conflict);
  EXPECT_EQ(late.error().field, "channel");
  EXPECT_TRUE(world_.onboarding.add(world_.author(), world_.meter("3"))) << "elsewhere everything goes on";
  report(sent_[0], OrderState::done);
  EXPECT_TRUE(world_.onboarding.add(world_.author(), world_.meter("2", "line")));
  ASSERT_TRUE(order(first, {{"speed", "2400"}, {"whole_line", "no"}}, world_.author()));
  EXPECT_TRUE(world_.onboarding.add(world_.author(), world_.meter("4", "line"))) << "an order for one device alone";
}

TEST_F(LineJobsTest, ALineThatWasTurnedBackStaysInThePlan) {
  const auto first = on_line("1");
  on_line("2");
  ASSERT_TRUE(order_line(first));
  ASSERT_EQ(sent_.size(), 2U);
  report(sent_[0], OrderState::failed, "line_turned_back");
  report(sent_[1], OrderState::refused, "refused");
  EXPECT_EQ(planned_baud(), 2'400U);
}

TEST_F(LineJobsTest, AMeterThatCannotDoItIsNamedAndNobodyIsTold) {
  const auto first = on_line("1");
  const auto other = on_line("2", "dlt698-single-phase");
  const auto uid = world_.devices.get(all, other).value().details.uid;
  const auto number = order_line(first, "600");  // a speed that the other model has not
  ASSERT_FALSE(number);
  EXPECT_EQ(number.error().code, ErrorCode::conflict);
  EXPECT_NE(number.error().message.find(uid), std::string::npos) << number.error().message;
  EXPECT_TRUE(sent_.empty());
  EXPECT_FALSE(order_line(first, "300"));  // no speed of its model
}

TEST_F(LineJobsTest, ALineWithOtherPeoplesMetersIsNotMoved) {
  const auto first = on_line("1");
  on_line("2", "dlt645-2007-single-phase", world_.west);
  const auto number = order(first, {{"speed", "9600"}, {"whole_line", "yes"}}, world_.author(world_.east));
  ASSERT_FALSE(number);
  EXPECT_EQ(number.error().code, ErrorCode::forbidden);
  EXPECT_TRUE(sent_.empty());
}

TEST_F(LineJobsTest, WithoutTheWordItIsForOneMeterAlone) {
  const auto first = on_line("1");
  on_line("2");
  const auto number = order(first, {{"speed", "9600"}}, world_.author());
  ASSERT_TRUE(number) << number.error().message;
  EXPECT_EQ(sent_.size(), 1U);
  ASSERT_TRUE(order(first, {{"speed", "9600"}, {"whole_line", "no"}}, world_.author()));
  EXPECT_EQ(sent_.size(), 2U);
}

}  // namespace
}  // namespace duheng::platform
