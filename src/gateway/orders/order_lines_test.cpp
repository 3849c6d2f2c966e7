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

constexpr std::uint32_t slow = 2'400;
constexpr std::uint32_t fast = 9'600;

class LineSpeedOperation final : public drivers::Operation {
 public:
  [[nodiscard]] Result<std::vector<drivers::Query>> build(const drivers::OperationInputs& inputs) const override {
    return speed(baud_of(inputs), inputs);
  }
  [[nodiscard]] Result<std::vector<drivers::Query>> speed(std::uint32_t baud,
                                                          const drivers::OperationInputs&) const override {
    return std::vector{query_of(Verb::write, std::to_string(baud), true)};
  }
  [[nodiscard]] bool needs_password() const override { return false; }
  [[nodiscard]] std::optional<NewPlace> moves_to(const drivers::OperationInputs& inputs) const override {
    return NewPlace{.address = {}, .baud = baud_of(inputs), .whole_line = drivers::wants_whole_line(inputs)};
  }

 private:
  static std::uint32_t baud_of(const drivers::OperationInputs& inputs) {
    return static_cast<std::uint32_t>(std::stoul(inputs.arguments.at("speed")));
  }
};

std::shared_ptr<const drivers::DeviceModel> line_model() {
  drivers::DeviceModel model = *testing::number_model();
  drivers::ModelCommand command;
  command.name = "speed_change";
  for (const std::string_view name : {std::string_view("speed"), drivers::whole_line_argument}) {
    drivers::ModelArgument argument;
    argument.name = name;
    argument.required = false;
    command.arguments.push_back(argument);
  }
  command.operation = std::make_shared<LineSpeedOperation>();
  model.commands.push_back(command);
  return std::make_shared<const drivers::DeviceModel>(std::move(model));
}

struct Meter {
  std::uint32_t baud = slow;
  bool dead = false;     ///< answers nobody
  bool refuses = false;  ///< says no to a speed
  bool ignores = false;  ///< says yes, and stays
  int obeyed = 0;        ///< how often it changed its speed
  std::vector<OrderReport> finals{};
};

/// Meters on one line, and a gateway that is somewhere, too.
class LineWorld final : public FieldAccess {
 public:
  explicit LineWorld(std::size_t count) : meters(count), orders(count) {
    for (std::size_t i = 0; i < count; ++i) {
      auto& order = orders[i];
      order.id[0] = static_cast<std::uint8_t>(i + 1);
      order.device_uid = uid(i);
      order.kind = OrderKind::command;
      order.name = "speed_change";
      order.arguments = {{"speed", std::to_string(fast)}, {std::string(drivers::whole_line_argument), "1"}};
      order.lifetime_ms = 3'600'000;
    }
    start();
  }
  static std::string uid(std::size_t meter) { return fmt::format("m{}", meter); }
  void start() {
    auto opened = OrderLog::open(disk, "orders.log");
    log = opened ? std::move(*opened) : nullptr;
    if (log) runner = std::make_unique<OrderRunner>(clock, *this, log->take_found());
    asked.reset();
    line_baud = slow;  // what the plan says
  }
  void restart() {
    runner.reset();
    log.reset();
    start();
    runner->session_began();
  }
  /// The platform gives what it knows no end of, also again.
  void give(std::size_t from = 0) {
    for (std::size_t i = from; i < orders.size(); ++i)
      if (meters[i].finals.empty()) runner->take(orders[i]);
    settle();
  }
  void settle() {
    for (int i = 0; i < 200; ++i) {
      runner->work();
      if (const auto write = runner->take_log_write())
        runner->written(write->replace ? log->replace(write->records) : log->append(write->records));
      else if (runner->next_wake_ms() > clock.monotonic_ms())
        break;
    }
    for (auto& report : runner->take_reports(100)) {
      runner->received({&report.id, 1});
      if (is_final(report.state)) meters.at(report.id[0] - 1U).finals.push_back(report);
    }
  }
  void advance_ms(std::int64_t ms) {
    clock.advance_ms(ms);
    settle();
  }
  [[nodiscard]] bool is_tell() const { return asked->query.at_most_once; }
  /// What the meter does on hearing what is out; whether it would answer, and how.
  Outcome hear() {
    auto& meter = meters.at(asked->device);
    if (meter.dead || meter.baud != line_baud) return Outcome::timed_out;
    if (!is_tell()) return Outcome::answered;
    if (meter.refuses) return Outcome::refused;
    const auto wanted = static_cast<std::uint32_t>(std::stoul(std::string(as_text(asked->query.body))));
    EXPECT_NE(wanted, meter.baud) << "told what it does already";
    if (meter.ignores) return Outcome::answered;
    meter.baud = wanted;
    ++meter.obeyed;
    return Outcome::answered;
  }
  void tell(Outcome outcome) {
    const Asked question = *asked;
    asked.reset();
    Bytes payload;
    ByteWriter(payload).u64(7);
    drivers::Exchange exchange;
    exchange.query = &question.query;
    exchange.outcome = outcome;
    exchange.error = outcome == Outcome::refused ? 0x20 : 0;
    if (outcome == Outcome::answered) exchange.payload = payload;
    exchange.sent_utc_ms = clock.utc_ms();
    clock.advance_ms(outcome == Outcome::timed_out ? 500 : 20);
    exchange.received = {clock.monotonic_ms(), clock.utc_ms()};
    runner->exchange(question.ticket, exchange, {Protocol::dlt645_2007, {1}, {2}, clock.utc_ms(), clock.utc_ms()});
    runner->stir(0);
    settle();
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
          EXPECT_EQ(meter.baud, fast);
          EXPECT_EQ(line_baud, fast);
        }
        if (report.reason == "stays" || report.reason == "line_turned_back" || report.state == OrderState::refused) {
          EXPECT_EQ(meter.baud, slow);
          EXPECT_EQ(line_baud, slow);
        }
        if (report.reason == "left_behind") {
          EXPECT_NE(meter.baud, line_baud);
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
  [[nodiscard]] Readiness readiness(std::uint32_t) const override { return open ? Readiness::ready : Readiness::away; }
  [[nodiscard]] bool has_room(std::uint32_t) const override { return true; }
  [[nodiscard]] bool ask(std::uint32_t device, const drivers::Query& query, std::uint32_t ticket) override {
    EXPECT_FALSE(asked.has_value()) << "two questions at once on one line";
    asked = Asked{device, query, ticket};
    tells_sent += is_tell() ? 1 : 0;
    return true;
  }
  void probe(std::uint32_t) override {}
  [[nodiscard]] Line line_of(std::uint32_t) const override {
    return {"000000000001", static_cast<std::uint32_t>(meters.size()), line_baud, true};
  }
  [[nodiscard]] std::vector<std::string> line_members(std::uint32_t) const override {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < meters.size(); ++i) out.push_back(uid(i));
    return out;
  }
  [[nodiscard]] Result<void> move(std::uint32_t, const NewPlace& place) override {
    if (place.baud != 0) line_baud = place.baud;
    return {};
  }
  [[nodiscard]] bool note(const drivers::ModelQuestion&, const drivers::Exchange&, std::vector<OrderValue>&) override {
    return true;
  }
  void note_history(const std::vector<drivers::ModelItem>&, std::span<const drivers::HistoryValue>,
                    std::vector<OrderValue>*) override {}
  void note_finding(const Register&, std::int64_t, std::int64_t) override {}
  [[nodiscard]] bool clock_suspect() const override { return false; }

  struct Asked {
    std::uint32_t device = 0;
    drivers::Query query;
    std::uint32_t ticket = 0;
  };
  ManualClock clock{1'763'712'000'000};
  SimulatedDisk disk;
  std::shared_ptr<const drivers::DeviceModel> model = line_model();
  std::vector<Meter> meters;
  std::vector<FieldOrder> orders;
  std::uint32_t line_baud = slow;
  bool open = true;
  int tells_sent = 0;
  std::optional<Asked> asked;
  std::unique_ptr<OrderLog> log;
  std::unique_ptr<OrderRunner> runner;
};

TEST(LineMove, TellsEachThenLooksForEach) {
  LineMove move(2, LineMove::Begin::afresh, 100'000);
  using Kind = LineMove::Step::Kind;
  for (std::size_t i = 0; i < 2; ++i) {
    const auto step = move.next(0);
    EXPECT_EQ(step.kind, Kind::tell);
    EXPECT_EQ(step.member, i);
    EXPECT_EQ(step.at, LineMove::Place::old_place);
    move.answered(0);
  }
  EXPECT_EQ(move.next(0).kind, Kind::wait);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto step = move.next(LineMove::change_over_ms);
    EXPECT_EQ(step.kind, Kind::look);
    EXPECT_EQ(step.at, LineMove::Place::new_place);
    EXPECT_EQ(step.member, i);
    move.answered(0);
  }
  EXPECT_EQ(move.next(2'000).kind, Kind::over);
  EXPECT_EQ(move.final_place(), LineMove::Place::new_place);
}

TEST(LineMove, ItsTimeEnds) {
  LineMove move(1, LineMove::Begin::anew, 10'000);
  EXPECT_EQ(move.next(9'999).kind, LineMove::Step::Kind::look);
  EXPECT_EQ(move.next(10'000).kind, LineMove::Step::Kind::over);
  EXPECT_EQ(move.final_place(), LineMove::Place::old_place);
}

TEST(OrderLines, AllFollowAndTheLineWithThem) {
  LineWorld world(3);
  world.give();
  world.run_to_the_end();
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(world.final_of(i).state, OrderState::done) << world.final_of(i).detail;
    EXPECT_EQ(world.meters[i].obeyed, 1);
  }
  EXPECT_EQ(world.line_baud, fast);
  EXPECT_EQ(world.tells_sent, 3);
  world.check_truth();
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
  LineWorld world(4);
  world.meters[2].refuses = true;
  world.give();
  world.run_to_the_end();
  EXPECT_EQ(world.line_baud, slow);
  for (const auto& meter : world.meters) EXPECT_EQ(meter.baud, slow);
  EXPECT_EQ(world.final_of(2).state, OrderState::refused);
  EXPECT_EQ(world.final_of(0).reason, "line_turned_back");
  EXPECT_EQ(world.meters[0].obeyed, 2);
  EXPECT_EQ(world.meters[3].obeyed, 0);
  world.check_truth();
}

TEST(OrderLines, OneThatAgreesAndStaysTurnsTheWholeLineBack) {
  LineWorld world(3);
  world.meters[1].ignores = true;
  world.give();
  world.run_to_the_end();
  EXPECT_EQ(world.line_baud, slow);
  EXPECT_EQ(world.final_of(1).reason, "stays");
  EXPECT_EQ(world.final_of(0).reason, "line_turned_back");
  world.check_truth();
}

TEST(OrderLines, OneThatIsSilentHoldsNobodyUpAndIsNamed) {
  LineWorld world(3);
  world.meters[1].dead = true;
  world.give();
  world.run_to_the_end();
  EXPECT_EQ(world.line_baud, fast);
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

TEST(OrderLines, ADeadLineStaysWhereItWas) {
  LineWorld world(3);
  for (auto& meter : world.meters) meter.dead = true;
  world.give();
  world.run_to_the_end();
  EXPECT_EQ(world.line_baud, slow);
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
  LineWorld world(1 + random.below(5));
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
    world.give();
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
  world.check_truth();
  for (const auto& meter : world.meters) {
    const auto& end = meter.finals.front();
    RC_TAG(std::string(to_string(end.state)) + " " + end.reason);
  }
  RC_ASSERT(!::testing::Test::HasFailure());
}

}  // namespace
}  // namespace duheng::gateway
