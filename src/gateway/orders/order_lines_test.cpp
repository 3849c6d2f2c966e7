// A whole serial line is taken to another speed: by the pure machine, and by orders over losses and crashes.
#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gateway/orders/line_move.hpp"
#include "gateway/orders/order_world.hpp"

namespace duheng::gateway {
namespace {

using drivers::NewPlace;
using drivers::Outcome;
using testing::query_of;
using testing::Verb;

/// What a line is taken to, and how its devices are told.
enum class Kind : std::uint8_t {
  speed,
  parity,
  behind_connect,  ///< a speed, which takes a CONNECT with the password before
};
constexpr Kind all_kinds[] = {Kind::speed, Kind::parity, Kind::behind_connect};
/// Speed in bit/s, or the parity's number.
struct Settings {
  std::uint32_t before = 2'400;
  std::uint32_t after = 9'600;
};
Settings settings_of(Kind kind) { return kind == Kind::parity ? Settings{1, 2} : Settings{}; }
drivers::LineFormat format_of(Kind kind, std::uint32_t setting) {
  if (kind == Kind::parity) return {0, static_cast<FieldParity>(setting)};
  return {setting, std::nullopt};
}
std::uint32_t setting_in(const drivers::LineFormat& format) {
  return format.parity ? static_cast<std::uint32_t>(*format.parity) : format.baud;
}

class LineOperation final : public drivers::Operation {
 public:
  explicit LineOperation(Kind kind) : kind_(kind) {}
  [[nodiscard]] Result<std::vector<drivers::Query>> build(const drivers::OperationInputs& inputs) const override {
    return tell_format(wanted(inputs), inputs);
  }
  [[nodiscard]] Result<std::vector<drivers::Query>> tell_format(const drivers::LineFormat& format,
                                                                const drivers::OperationInputs& inputs) const override {
    std::vector<drivers::Query> out;
    if (needs_password()) {
      if (inputs.password.empty()) return fail(ErrorCode::forbidden, "a password is needed");
      out.push_back(query_of(Verb::connect));
    }
    out.push_back(query_of(Verb::write, std::to_string(setting_in(format)), true));
    return out;
  }
  [[nodiscard]] bool needs_password() const override { return kind_ == Kind::behind_connect; }
  [[nodiscard]] std::optional<NewPlace> moves_to(const drivers::OperationInputs& inputs) const override {
    const auto format = wanted(inputs);
    return NewPlace{
        .address = {}, .baud = format.baud, .whole_line = drivers::wants_whole_line(inputs), .parity = format.parity};
  }

 private:
  [[nodiscard]] drivers::LineFormat wanted(const drivers::OperationInputs& inputs) const {
    return format_of(kind_, static_cast<std::uint32_t>(std::stoul(inputs.arguments.at("setting"))));
  }
  Kind kind_;
};

std::shared_ptr<const drivers::DeviceModel> line_model(Kind kind) {
  drivers::DeviceModel model = *testing::number_model();
  drivers::ModelCommand command;
  command.name = "line_change";
  for (const std::string_view name : {std::string_view("setting"), drivers::whole_line_argument}) {
    drivers::ModelArgument argument;
    argument.name = name;
    argument.required = false;
    command.arguments.push_back(argument);
  }
  command.operation = std::make_shared<LineOperation>(kind);
  model.commands.push_back(command);
  return std::make_shared<const drivers::DeviceModel>(std::move(model));
}

struct Meter {
  std::uint32_t setting = 0;
  bool dead = false;     ///< answers nobody
  bool refuses = false;  ///< says no, to a change or to the password
  bool ignores = false;  ///< says yes, and stays
  int obeyed = 0;        ///< how often it changed
  std::vector<OrderReport> finals{};
};

/// Meters on one line, and a gateway that is somewhere, too.
class LineWorld final : public testing::LineBench {
 public:
  explicit LineWorld(std::size_t count, Kind wanted = Kind::speed)
      : kind(wanted),
        before(settings_of(wanted).before),
        after(settings_of(wanted).after),
        model(line_model(wanted)),
        meters(count, Meter{.setting = before}),
        orders(count) {
    for (std::size_t i = 0; i < count; ++i) {
      auto& order = orders[i];
      order.id[0] = static_cast<std::uint8_t>(i + 1);
      order.device_uid = uid(i);
      order.kind = OrderKind::command;
      order.name = "line_change";
      order.arguments = {{"setting", std::to_string(after)}, {std::string(drivers::whole_line_argument), "1"}};
      if (kind == Kind::behind_connect) order.password = "secret";
      order.lifetime_ms = 3'600'000;
    }
    start();
  }
  static std::string uid(std::size_t meter) { return fmt::format("m{}", meter); }
  void restart() {
    LineBench::restart();
    if (runner) runner->session_began();
  }
  /// The platform gives what it knows no end of, also again; without its password, when that is lost.
  void give(bool with_password = true) {
    for (std::size_t i = 0; i < orders.size(); ++i) {
      if (!meters[i].finals.empty()) continue;
      auto order = orders[i];
      if (!with_password) order.password.clear();
      runner->take(order);
    }
    settle();
  }
  [[nodiscard]] bool is_tell() const { return asked->query.at_most_once; }
  [[nodiscard]] bool is_connect() const { return asked->query.operation == static_cast<std::uint16_t>(Verb::connect); }
  /// What the meter does on hearing what is out; whether it would answer, and how.
  Outcome hear() {
    auto& meter = meters.at(asked->device);
    if (meter.dead || meter.setting != line_setting) return Outcome::timed_out;
    if (is_connect()) {
      connected = meter.refuses ? std::nullopt : std::optional(asked->device);
      return meter.refuses ? Outcome::refused : Outcome::answered;
    }
    if (!is_tell()) return Outcome::answered;
    if (kind == Kind::behind_connect) {
      EXPECT_EQ(connected, asked->device) << "told without its password";
    }
    if (meter.refuses) return Outcome::refused;
    const auto wanted = static_cast<std::uint32_t>(std::stoul(std::string(as_text(asked->query.body))));
    EXPECT_NE(wanted, meter.setting) << "told what it does already";
    if (meter.ignores) return Outcome::answered;
    meter.setting = wanted;
    ++meter.obeyed;
    return Outcome::answered;
  }
  [[nodiscard]] bool all_over() const {
    return std::ranges::none_of(meters, [](const Meter& meter) { return meter.finals.empty(); });
  }
  void run_to_the_end() {
    for (int i = 0; i < 5'000 && !all_over(); ++i) {
      if (asked)
        tell(hear());
      else
        advance_ms(1'000);
    }
    ASSERT_TRUE(all_over());
    EXPECT_FALSE(two_at_once);
  }
  [[nodiscard]] const OrderReport& final_of(std::size_t meter) const { return meters.at(meter).finals.front(); }
  /// What was said of each meter is so.
  void check_truth() const {
    for (std::size_t i = 0; i < meters.size(); ++i) {
      const auto& meter = meters[i];
      for (const auto& report : meter.finals) {
        SCOPED_TRACE(fmt::format("meter {}: {} {} {}", i, to_string(report.state), report.reason, report.detail));
        EXPECT_EQ(report.state, meter.finals.front().state);
        if (report.state == OrderState::done) {
          EXPECT_EQ(meter.setting, after);
          EXPECT_EQ(line_setting, after);
        }
        if (report.reason == "stays" || report.reason == "line_turned_back" || report.state == OrderState::refused) {
          EXPECT_EQ(meter.setting, before);
          EXPECT_EQ(line_setting, before);
        }
        if (report.reason == "left_behind") {
          EXPECT_NE(meter.setting, line_setting);
        }
      }
    }
  }

  // FieldAccess
  [[nodiscard]] std::optional<Place> find(std::string_view device_uid) const override {
    for (std::uint32_t i = 0; i < meters.size(); ++i)
      if (device_uid == uid(i)) return Place{i, 0, model};
    return std::nullopt;
  }
  [[nodiscard]] Line line_of(std::uint32_t) const override {
    Line out{"000000000001", static_cast<std::uint32_t>(meters.size()), 2'400, true};
    const auto format = format_of(kind, line_setting);
    if (format.baud != 0) out.baud = format.baud;
    if (format.parity) out.parity = *format.parity;
    return out;
  }
  [[nodiscard]] std::vector<std::string> line_members(std::uint32_t) const override {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < meters.size(); ++i) out.push_back(uid(i));
    return out;
  }
  [[nodiscard]] Result<void> move(std::uint32_t, const NewPlace& place) override {
    if (!place.format().says_nothing()) line_setting = setting_in(place.format());
    connected.reset();
    return {};
  }

  Kind kind;
  std::uint32_t before;
  std::uint32_t after;
  std::shared_ptr<const drivers::DeviceModel> model;
  std::vector<Meter> meters;
  std::vector<FieldOrder> orders;
  std::uint32_t line_setting = 0;
  std::optional<std::uint32_t> connected;
  int tells_sent = 0;

 private:
  void put_line_as_planned() override {
    line_setting = before;
    connected.reset();
  }
  void question_put(const Asked& question) override { tells_sent += question.query.at_most_once ? 1 : 0; }
  void look_at_reports() override {
    for (auto& report : runner->take_reports(100)) {
      runner->received({&report.id, 1});
      if (is_final(report.state) && report.id[0] <= meters.size()) meters[report.id[0] - 1U].finals.push_back(report);
    }
  }
};

TEST(LineMove, TellsEachThenLooksForEach) {
  LineMove move(2, LineMove::Begin::afresh, 100'000);
  using Does = LineMove::Step::Kind;
  for (std::size_t i = 0; i < 2; ++i) {
    const auto step = move.next(0);
    EXPECT_EQ(step.kind, Does::tell);
    EXPECT_EQ(step.member, i);
    EXPECT_EQ(step.at, LineMove::Place::old_place);
    move.answered(0);
  }
  EXPECT_EQ(move.next(0).kind, Does::wait);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto step = move.next(LineMove::change_over_ms);
    EXPECT_EQ(step.kind, Does::look);
    EXPECT_EQ(step.at, LineMove::Place::new_place);
    EXPECT_EQ(step.member, i);
    move.answered(0);
  }
  EXPECT_EQ(move.next(2'000).kind, Does::over);
  EXPECT_EQ(move.final_place(), LineMove::Place::new_place);
}

TEST(LineMove, ItsTimeEnds) {
  LineMove move(1, LineMove::Begin::anew, 10'000);
  EXPECT_EQ(move.next(9'999).kind, LineMove::Step::Kind::look);
  EXPECT_EQ(move.next(10'000).kind, LineMove::Step::Kind::over);
  EXPECT_EQ(move.final_place(), LineMove::Place::old_place);
}

TEST(OrderLines, AllFollowAndTheLineWithThem) {
  for (const Kind kind : all_kinds) {
    LineWorld world(3, kind);
    world.give();
    world.run_to_the_end();
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(world.final_of(i).state, OrderState::done) << world.final_of(i).detail;
      EXPECT_EQ(world.meters[i].obeyed, 1);
    }
    EXPECT_EQ(world.line_setting, world.after);
    EXPECT_EQ(world.tells_sent, 3);
    world.check_truth();
  }
}

TEST(OrderLines, NobodyIsToldBeforeAllOrdersAreHereAndInTheLog) {
  LineWorld world(3);
  world.runner->take(world.orders[0]);
  world.runner->take(world.orders[1]);
  world.settle();
  world.advance_ms(10'000);
  EXPECT_FALSE(world.asked);
  world.runner->take(world.orders[2]);
  world.runner->work();
  EXPECT_FALSE(world.asked);  // the log does not know of it yet
  world.settle();
  EXPECT_TRUE(world.asked);
  world.run_to_the_end();
  world.check_truth();
}

TEST(OrderLines, WithoutAnOrderForEachDeviceNothingIsDone) {
  LineWorld world(3);
  world.runner->take(world.orders[0]);
  world.runner->take(world.orders[1]);
  for (int i = 0; i < 400; ++i) world.advance_ms(1'000);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(world.final_of(i).state, OrderState::refused);
    EXPECT_EQ(world.final_of(i).reason, "line_incomplete");
    EXPECT_NE(world.final_of(i).detail.find("m2"), std::string::npos) << world.final_of(i).detail;
  }
  EXPECT_EQ(world.tells_sent, 0);
}

TEST(OrderLines, OneThatRefusesTurnsTheWholeLineBack) {
  for (const Kind kind : all_kinds) {
    LineWorld world(4, kind);
    world.meters[2].refuses = true;
    world.give();
    world.run_to_the_end();
    EXPECT_EQ(world.line_setting, world.before);
    for (const auto& meter : world.meters) EXPECT_EQ(meter.setting, world.before);
    EXPECT_EQ(world.final_of(2).state, OrderState::refused);
    EXPECT_EQ(world.final_of(0).reason, "line_turned_back");
    EXPECT_EQ(world.meters[0].obeyed, 2);
    EXPECT_EQ(world.meters[3].obeyed, 0);
    world.check_truth();
  }
}

TEST(OrderLines, OneThatAgreesAndStaysTurnsTheWholeLineBack) {
  LineWorld world(3);
  world.meters[1].ignores = true;
  world.give();
  world.run_to_the_end();
  EXPECT_EQ(world.line_setting, world.before);
  EXPECT_EQ(world.final_of(1).reason, "stays");
  EXPECT_EQ(world.final_of(0).reason, "line_turned_back");
  world.check_truth();
}

TEST(OrderLines, OneThatIsSilentHoldsNobodyUpAndIsNamed) {
  LineWorld world(3);
  world.meters[1].dead = true;
  world.give();
  world.run_to_the_end();
  EXPECT_EQ(world.line_setting, world.after);
  EXPECT_EQ(world.final_of(0).state, OrderState::done);
  EXPECT_EQ(world.final_of(1).state, OrderState::unknown);
  EXPECT_NE(world.final_of(1).detail.find("on the spot"), std::string::npos);
  EXPECT_EQ(world.final_of(2).state, OrderState::done);
}

TEST(OrderLines, OneThatIsDeafForAWhileIsToldAgain) {
  LineWorld world(3);
  world.give();
  world.meters[0].dead = true;
  world.tell(world.hear());
  world.meters[0].dead = false;
  world.run_to_the_end();
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(world.final_of(i).state, OrderState::done);
  EXPECT_EQ(world.tells_sent, 4);
}

TEST(OrderLines, ADeviceThatDoesNotAnswerItsConnectWasToldNothing) {
  LineWorld world(2, Kind::behind_connect);
  world.give();
  ASSERT_TRUE(world.is_connect());
  world.tell(Outcome::timed_out);
  ASSERT_TRUE(world.is_connect());
  EXPECT_EQ(world.asked->device, 0U);
  world.tell(world.hear());
  EXPECT_TRUE(world.is_tell());
  world.run_to_the_end();
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(world.final_of(i).state, OrderState::done);
  EXPECT_EQ(world.tells_sent, 2);
}

TEST(OrderLines, AfterARestartThePasswordComesAgainWithTheOrder) {
  LineWorld world(3, Kind::behind_connect);
  world.give();
  for (int i = 0; i < 4; ++i) world.tell(world.hear());  // two of three are told
  ASSERT_EQ(world.tells_sent, 2);
  SeededRandom random(3);
  world.disk.crash(random);
  world.restart();
  world.advance_ms(10'000);
  EXPECT_FALSE(world.asked) << "it cannot say anything, and waits";
  world.give();
  world.run_to_the_end();
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(world.final_of(i).state, OrderState::done) << world.final_of(i).detail;
  world.check_truth();
}

TEST(OrderLines, WithoutItsPasswordALineIsFoundWhereMostOfItIs) {
  LineWorld world(3, Kind::behind_connect);
  world.give();
  for (int i = 0; i < 4; ++i) world.tell(world.hear());
  SeededRandom random(3);
  world.disk.crash(random);
  world.restart();
  world.give(false);
  world.run_to_the_end();
  EXPECT_EQ(world.tells_sent, 2);
  EXPECT_EQ(world.line_setting, world.after);
  EXPECT_EQ(world.final_of(0).state, OrderState::done);
  EXPECT_EQ(world.final_of(1).state, OrderState::done);
  EXPECT_EQ(world.final_of(2).reason, "left_behind");
  world.check_truth();
}

TEST(OrderLines, ADeadLineStaysWhereItWas) {
  LineWorld world(3);
  for (auto& meter : world.meters) meter.dead = true;
  world.give();
  world.run_to_the_end();
  EXPECT_EQ(world.line_setting, world.before);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(world.final_of(i).state, OrderState::unknown);
}

TEST(OrderLines, ACancelledOrderLeavesTheOthersUndone) {
  LineWorld world(3);
  world.runner->take(world.orders[0]);
  world.runner->take(world.orders[1]);
  world.runner->cancel(world.orders[1].id);
  world.runner->take(world.orders[2]);
  for (int i = 0; i < 400 && !world.all_over(); ++i) world.advance_ms(1'000);
  EXPECT_EQ(world.final_of(1).state, OrderState::cancelled);
  EXPECT_EQ(world.final_of(0).reason, "line_incomplete");
  EXPECT_EQ(world.final_of(2).reason, "line_incomplete");
  EXPECT_EQ(world.tells_sent, 0);
}

TEST(OrderLines, AnotherOrderOfTheLineIsDoneBeforeAndAfter) {
  LineWorld world(2);
  FieldOrder reading;
  reading.id[0] = 200;
  reading.device_uid = "m1";
  reading.kind = OrderKind::read;
  reading.registers = {"number"};
  world.runner->take(world.orders[0]);
  world.runner->take(reading);  // the line waits for its other order; this one does not
  world.runner->work();
  ASSERT_TRUE(world.asked);
  EXPECT_FALSE(world.is_tell());
  world.runner->take(world.orders[1]);
  const auto ticket = world.asked->ticket;
  world.runner->work();
  EXPECT_EQ(world.asked->ticket, ticket);
}

/// Wherever it is killed, whatever is lost: what is said of each meter is so, each is told anew only where it was
/// heard, and with all meters sound and the line quiet in the end no meter is left at another speed than its line.
RC_GTEST_PROP(OrderLines, TellsTheTruthOverLossesAndCrashes, (std::uint64_t seed)) {
  SeededRandom random(seed);
  LineWorld world(1 + random.below(5), all_kinds[random.below(std::size(all_kinds))]);
  const bool all_sound = random.below(2) == 0;
  for (auto& meter : world.meters) {
    if (all_sound) break;
    meter.refuses = random.below(8) == 0;
    meter.ignores = random.below(8) == 0;
    meter.dead = random.below(8) == 0;
  }
  world.give();
  const auto crash = [&] {
    if (world.asked && random.below(2) == 0) static_cast<void>(world.hear());
    world.disk.crash(random);
    world.restart();
    RC_ASSERT(world.runner != nullptr);
    if (random.below(2) == 0) world.advance_ms(5'000);
    world.give(random.below(4) != 0);
  };
  const std::uint64_t crashes_one_in = 8 + random.below(30);
  for (int i = 0; i < 120 && !world.all_over(); ++i) {
    if (random.below(crashes_one_in) == 0) {
      crash();
    } else if (!world.asked) {
      world.advance_ms(static_cast<std::int64_t>(random.below(2'000)));
    } else if (random.below(4) == 0) {
      world.tell(Outcome::timed_out);  // the question was lost
    } else {
      const auto outcome = world.hear();
      world.tell(random.below(4) == 0 ? Outcome::timed_out : outcome);
    }
  }
  world.give();
  for (int i = 0; i < 3'000 && !world.all_over(); ++i) {
    if (world.asked)
      world.tell(world.hear());
    else
      world.advance_ms(1'000);
  }
  RC_ASSERT(world.all_over());
  RC_ASSERT(!world.two_at_once);
  world.check_truth();
  for (const auto& meter : world.meters) {
    const auto& end = meter.finals.front();
    RC_TAG(std::string(to_string(end.state)) + " " + end.reason);
  }
  RC_ASSERT(!::testing::Test::HasFailure());
}

}  // namespace
}  // namespace duheng::gateway
