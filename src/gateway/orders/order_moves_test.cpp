// Orders after which a device is reached elsewhere, and what the gateway does itself.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gateway/orders/move_settling.hpp"
#include "gateway/orders/order_world.hpp"

namespace duheng::gateway {
namespace {

using drivers::NewPlace;
using drivers::Outcome;
using testing::NumberReader;
using testing::query_of;
using testing::Verb;

const NewPlace old_place{.address = "000000000001", .baud = 2'400, .parity = FieldParity::even};

/// Takes the device to the arguments "address", "speed" and "parity" (a number), as far as they are given.
class MoveOperation final : public drivers::Operation {
 public:
  explicit MoveOperation(bool reaches_all) : reaches_all_(reaches_all) {}
  [[nodiscard]] Result<std::vector<drivers::Query>> build(const drivers::OperationInputs&) const override {
    return std::vector{query_of(Verb::write, "move", true)};
  }
  [[nodiscard]] bool needs_password() const override { return false; }
  [[nodiscard]] std::optional<NewPlace> moves_to(const drivers::OperationInputs& inputs) const override {
    NewPlace out;
    out.reaches_all = reaches_all_;
    if (const auto at = inputs.arguments.find("address"); at != inputs.arguments.end()) out.address = at->second;
    if (const auto at = inputs.arguments.find("speed"); at != inputs.arguments.end())
      out.baud = static_cast<std::uint32_t>(std::stoul(at->second));
    if (const auto at = inputs.arguments.find("parity"); at != inputs.arguments.end())
      out.parity = static_cast<FieldParity>(std::stoul(at->second));
    return out;
  }

 private:
  bool reaches_all_;
};

std::shared_ptr<const drivers::DeviceModel> moving_model() {
  drivers::DeviceModel model = *testing::number_model();
  for (const bool reaches_all : {false, true}) {
    drivers::ModelCommand command;
    command.name = reaches_all ? "move_all" : "move";
    for (const char* name : {"address", "speed", "parity"}) {
      drivers::ModelArgument argument;
      argument.name = name;
      argument.required = false;
      command.arguments.push_back(argument);
    }
    command.operation = std::make_shared<MoveOperation>(reaches_all);
    model.commands.push_back(command);
  }
  return std::make_shared<const drivers::DeviceModel>(std::move(model));
}

/// One meter that is somewhere, and a gateway that asks it somewhere.
class MoveWorld final : public testing::LineBench {
 public:
  MoveWorld() { start(); }
  [[nodiscard]] bool is_spoken_to() const {
    return truth.address == line.address && truth.baud == line.baud && truth.parity == line.parity;
  }
  /// The device does what it is told, if it hears it.
  void obey(const NewPlace& wanted) {
    if (!wanted.address.empty()) truth.address = wanted.address;
    if (wanted.baud != 0) truth.baud = wanted.baud;
    if (wanted.parity) truth.parity = wanted.parity;
  }
  [[nodiscard]] bool is_change() const { return asked && is_change(*asked); }
  /// A plain question is answered by whoever is where it is put.
  void answer_as_the_line_would() { tell(is_spoken_to() && answers ? Outcome::answered : Outcome::timed_out); }
  void take(std::string name, std::vector<OrderArgument> arguments) {
    FieldOrder order;
    order.id[0] = ++last_id;
    order.device_uid = "a";
    order.kind = OrderKind::command;
    order.name = std::move(name);
    order.arguments = std::move(arguments);
    runner->take(order);
    settle();
  }
  OrderReport report() {
    settle();
    for (auto& each : runner->take_reports(100)) {
      runner->received({&each.id, 1});
      last = each;
    }
    return last;
  }

  // FieldAccess
  [[nodiscard]] std::optional<Place> find(std::string_view) const override { return Place{0, 0, model}; }
  [[nodiscard]] Line line_of(std::uint32_t) const override { return line; }
  [[nodiscard]] Result<void> move(std::uint32_t, const NewPlace& place) override {
    if (!place.address.empty()) line.address = place.address;
    if (place.baud != 0) line.baud = place.baud;
    if (place.parity) line.parity = *place.parity;
    return {};
  }
  void reopen(std::uint32_t) override {
    ++reopened;
    open = false;
  }
  [[nodiscard]] bool restart_gateway() override {
    ++restarts;
    return can_restart;
  }

  std::shared_ptr<const drivers::DeviceModel> model = moving_model();
  Line line{old_place.address, 1, old_place.baud, true};
  NewPlace truth = old_place;
  bool answers = true;
  bool can_restart = true;
  int reopened = 0;
  int restarts = 0;
  int changes_sent = 0;
  std::uint8_t last_id = 0;
  OrderReport last;

 private:
  [[nodiscard]] static bool is_change(const Asked& question) {
    return question.query.at_most_once && question.query.body.size() == 4;
  }
  void put_line_as_planned() override {
    line.address = old_place.address;
    line.baud = old_place.baud;
    line.parity = *old_place.parity;
  }
  void question_put(const Asked& question) override { changes_sent += is_change(question) ? 1 : 0; }
};

TEST(MoveSettling, TriesTheNewPlaceThenTheOldByTurns) {
  MoveSettling settling(10'000);
  for (int turn = 0; turn < 3; ++turn) {
    EXPECT_EQ(settling.place(), MoveSettling::Place::new_place);
    settling.silent(turn);
    settling.silent(turn);
    EXPECT_EQ(settling.place(), MoveSettling::Place::old_place);
    settling.silent(turn);
    settling.silent(turn);
  }
  settling.silent(10'000);
  EXPECT_EQ(settling.verdict(), MoveSettling::Verdict::lost);
  EXPECT_EQ(settling.place(), MoveSettling::Place::old_place);
}

TEST(OrderMoves, AfterTheAnswerTheDeviceIsAskedAtItsNewPlace) {
  MoveWorld world;
  world.take("move", {{"speed", "9600"}});
  ASSERT_TRUE(world.is_change());
  world.obey({"", 9'600, false});
  world.tell(Outcome::answered);
  EXPECT_FALSE(world.asked);  // it changes over first
  EXPECT_EQ(world.line.baud, 2'400U);
  world.advance_ms(1'000);
  EXPECT_EQ(world.line.baud, 9'600U);
  ASSERT_TRUE(world.asked);
  world.answer_as_the_line_would();
  EXPECT_EQ(world.report().state, OrderState::done);
  EXPECT_EQ(world.line.baud, 9'600U);
}

TEST(OrderMoves, ALostAnswerIsFoundOutByAskingAtBothPlaces) {
  for (const bool obeys : {true, false}) {
    MoveWorld world;
    world.take("move", {{"address", "000000000002"}});
    ASSERT_TRUE(world.is_change());
    if (obeys) world.obey({"000000000002", 0, false});
    world.tell(Outcome::timed_out);
    for (int i = 0; i < 20 && !is_final(world.report().state); ++i) {
      world.advance_ms(1'000);
      if (world.asked) world.answer_as_the_line_would();
    }
    const auto report = world.report();
    EXPECT_EQ(report.state, obeys ? OrderState::done : OrderState::failed);
    EXPECT_EQ(report.reason, obeys ? "" : "stays");
    EXPECT_TRUE(world.is_spoken_to());
    EXPECT_EQ(world.changes_sent, 1);
  }
}

TEST(OrderMoves, ANewParityIsFollowedAndTheSpeedStays) {
  MoveWorld world;
  world.take("move", {{"parity", "0"}});
  ASSERT_TRUE(world.is_change());
  world.obey({.address = {}, .parity = FieldParity::none});
  world.tell(Outcome::timed_out);
  for (int i = 0; i < 20 && !is_final(world.report().state); ++i) {
    world.advance_ms(1'000);
    if (world.asked) world.answer_as_the_line_would();
  }
  EXPECT_EQ(world.report().state, OrderState::done);
  EXPECT_EQ(world.report().detail, "it answers at no parity");
  EXPECT_EQ(world.line.parity, FieldParity::none);
  EXPECT_EQ(world.line.baud, 2'400U);
}

TEST(OrderMoves, WhatAnswersNowhereIsUnknownAndLookedForWhereThePlanHasIt) {
  MoveWorld world;
  world.take("move", {{"speed", "9600"}});
  world.answers = false;
  world.tell(Outcome::timed_out);
  for (int i = 0; i < 400; ++i) {
    world.advance_ms(1'000);
    if (world.asked) world.answer_as_the_line_would();
  }
  EXPECT_EQ(world.report().state, OrderState::unknown);
  EXPECT_EQ(world.line.baud, 2'400U);
}

TEST(OrderMoves, ARefusalLeavesTheDeviceWhereItIs) {
  MoveWorld world;
  world.take("move", {{"speed", "9600"}});
  world.tell(Outcome::refused, 8);
  EXPECT_EQ(world.report().state, OrderState::refused);
  EXPECT_TRUE(world.is_spoken_to());
}

TEST(OrderMoves, ASharedLineAndAPlaceOfTheFileAreRefusedBeforeAnythingIsSent) {
  MoveWorld world;
  world.line.devices = 2;
  world.take("move", {{"speed", "9600"}});
  EXPECT_EQ(world.report().reason, "line_shared");
  world.take("move_all", {{"address", "000000000002"}});
  EXPECT_EQ(world.report().reason, "line_shared");
  world.line.devices = 1;
  world.line.is_planned = false;
  world.take("move", {{"address", "000000000002"}});
  EXPECT_EQ(world.report().reason, "place_of_file");
  world.line.is_planned = true;
  world.take("move", {{"address", "this is none"}});
  EXPECT_EQ(world.report().reason, "argument_invalid");
  EXPECT_EQ(world.changes_sent, 0);
}

TEST(OrderMoves, OnSomebodyElsesLineASpeedIsOnlyAsked) {
  MoveWorld world;
  world.line.baud = 0;
  world.truth.baud = 0;
  world.take("move", {{"speed", "9600"}});
  ASSERT_TRUE(world.is_change());
  world.tell(Outcome::answered);
  EXPECT_EQ(world.report().state, OrderState::done);
  EXPECT_EQ(world.line.baud, 0U);
}

/// Whatever is lost, whenever the gateway is killed: told once, and what is said in the end is so.
RC_GTEST_PROP(OrderMoves, TellsTheTruthOverLostAnswersAndCrashes, (std::uint64_t seed)) {
  SeededRandom random(seed);
  MoveWorld world;
  NewPlace wanted{random.below(2) == 0 ? "000000000002" : "", random.below(2) == 0 ? 9'600U : 0U, false};
  if (random.below(2) == 0) wanted.parity = FieldParity::odd;
  if (wanted.address.empty() && wanted.format().says_nothing()) return;
  std::vector<OrderArgument> arguments;
  if (!wanted.address.empty()) arguments.push_back({"address", wanted.address});
  if (wanted.baud != 0) arguments.push_back({"speed", "9600"});
  if (wanted.parity) arguments.push_back({"parity", "2"});
  world.take("move", arguments);
  bool obeyed = false;
  const auto crash = [&] {
    if (world.asked && world.is_change() && random.below(2) == 0) {
      world.obey(wanted);
      obeyed = true;
    }
    world.disk.crash(random);
    world.restart();
    RC_ASSERT(world.runner != nullptr);
    world.runner->session_began();
    world.settle();
  };
  for (int i = 0; i < 60; ++i) {
    if (random.below(12) == 0) crash();
    if (world.asked && world.is_change()) {
      if (random.below(2) == 0) {
        world.obey(wanted);
        obeyed = true;
      }
      // A device that did not hear it cannot say that it did.
      world.tell(obeyed && random.below(2) == 0 ? Outcome::answered : Outcome::timed_out);
    } else if (world.asked) {
      world.answers = random.below(3) != 0;
      world.answer_as_the_line_would();
    } else {
      world.advance_ms(static_cast<std::int64_t>(random.below(2'000)));
    }
  }
  world.answers = true;
  for (int i = 0; i < 700 && !is_final(world.report().state); ++i) {
    if (world.asked && world.is_change())
      world.tell(Outcome::timed_out);
    else if (world.asked)
      world.answer_as_the_line_would();
    else
      world.advance_ms(1'000);
  }
  RC_ASSERT(world.changes_sent <= 1);
  const auto report = world.report();
  if (world.changes_sent == 0) return;  // it was lost before it was begun; the platform gives it again
  RC_ASSERT(is_final(report.state));
  if (report.state == OrderState::done) RC_ASSERT(obeyed);
  if (report.state == OrderState::failed) RC_ASSERT(report.reason == "stays" && !obeyed);
}

TEST(Maintenance, APingCountsAnswersAndRoundTrips) {
  MoveWorld world;
  world.silent = true;  // that is what a ping is for
  world.take("ping", {{"count", "3"}});
  for (const auto outcome : {Outcome::answered, Outcome::timed_out, Outcome::refused}) {
    ASSERT_TRUE(world.asked);
    EXPECT_TRUE(world.asked->query.at_most_once);  // a repetition would hide a loss
    world.tell(outcome);
  }
  const auto report = world.report();
  EXPECT_EQ(report.state, OrderState::done);
  EXPECT_EQ(report.detail, "2 of 3 answered");
  ASSERT_EQ(report.values.size(), 5U);
  EXPECT_EQ(report.values[1].mantissa, 2);
  EXPECT_EQ(report.values[3].register_name, "ping_mean");
  EXPECT_EQ(report.values[3].mantissa, 20);
  EXPECT_EQ(report.values[3].unit, "ms");
}

TEST(Maintenance, APingThatNobodyAnswersHasFailed) {
  MoveWorld world;
  world.take("ping", {});
  for (int i = 0; i < 5; ++i) world.tell(Outcome::timed_out);
  EXPECT_EQ(world.report().state, OrderState::failed);
  EXPECT_EQ(world.report().reason, "no_answer");
  world.take("ping", {{"count", "21"}});
  EXPECT_EQ(world.report().reason, "argument_invalid");
}

TEST(Maintenance, AChannelIsRestartedWhenItStandsAgain) {
  MoveWorld world;
  world.take("channel_restart", {});
  EXPECT_EQ(world.reopened, 1);
  EXPECT_EQ(world.report().state, OrderState::under_way);
  world.advance_ms(1'000);
  EXPECT_EQ(world.report().state, OrderState::under_way);
  world.open = true;
  world.runner->stir(0);
  world.settle();
  EXPECT_EQ(world.report().state, OrderState::done);
  EXPECT_EQ(world.reopened, 1);
}

TEST(Maintenance, AChannelThatDoesNotComeBackHasFailed) {
  MoveWorld world;
  world.take("channel_restart", {});
  world.advance_ms(61'000);
  EXPECT_EQ(world.report().state, OrderState::failed);
}

TEST(Maintenance, AGatewayIsRestartedOnceAndSaysSoWhenItIsBack) {
  MoveWorld world;
  world.take("gateway_restart", {});
  EXPECT_EQ(world.restarts, 1);
  EXPECT_EQ(world.report().state, OrderState::under_way);
  world.restart();
  world.settle();
  EXPECT_EQ(world.report().state, OrderState::done);
  world.restart();
  world.settle();
  EXPECT_EQ(world.restarts, 1);
}

TEST(Maintenance, WhatCannotRestartSaysSo) {
  MoveWorld world;
  world.can_restart = false;
  world.take("gateway_restart", {});
  EXPECT_EQ(world.report().state, OrderState::refused);
  EXPECT_EQ(world.report().reason, "not_supported");
}

}  // namespace
}  // namespace duheng::gateway
