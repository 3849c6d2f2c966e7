#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "gateway/orders/order_world.hpp"

namespace duheng::gateway {
namespace {

using drivers::Outcome;
using testing::OrderWorld;
using testing::Verb;

/// The platform's side and everything that can go wrong, from a seed. Every write carries a value of its own, so that
/// the devices' state tells which order did it.
class Chaos {
 public:
  explicit Chaos(std::uint64_t seed, bool with_crashes) : random_(seed), with_crashes_(with_crashes) {}

  void step() {
    switch (random_.below(16)) {
      case 0:
      case 1:
        return take_new();
      case 2:
        return take_again();
      case 3:
        return world_.runner->cancel(id_of(any_number()));
      case 4:
        return world_.close(channel(), random_.below(2) == 0);
      case 5:
      case 6:
        return world_.reopen(channel());
      case 7: {
        auto& device = world_.devices[random_.below(world_.devices.size())];
        device.silent = random_.below(3) == 0;
        return world_.runner->stir(device.channel);
      }
      case 8:
        return crash();
      case 9:
        return hand_over();
      case 10:
        world_.clock.advance_ms(static_cast<std::int64_t>(random_.below(20'000)));
        return;
      case 11:
        std::ignore = world_.write_log();
        return;
      case 12:
        return late_answer();
      default:
        world_.runner->work();
        return fate(channel());
    }
  }
  /// Everything works again: all that was begun comes to its end.
  void heal() {
    if (with_crashes_) restart();
    for (auto& device : world_.devices) device.silent = false;
    for (std::uint32_t i = 0; i < 2; ++i) world_.reopen(i);
    for (int i = 0; i < 2'000; ++i) {
      world_.advance_ms(1'000);
      for (std::uint32_t c = 0; c < 2; ++c)
        if (world_.asked_on(c) != nullptr) world_.carry_out(c);
      hand_over();
    }
    RC_ASSERT(world_.runner->statistics().live == 0U);
  }
  void check() {
    RC_ASSERT(!world_.two_at_once);
    for (const auto& [value, times] : world_.sent) RC_ASSERT(times == 1);
    for (const auto& [value, times] : world_.executed) RC_ASSERT(times == 1);
  }
  void check_log_is_secret() {
    const auto file = read_file(world_.disk, "orders.log");
    RC_ASSERT(file.has_value());
    RC_ASSERT(as_text(*file).find("SECRET77") == std::string_view::npos);
  }
  [[nodiscard]] std::size_t finals() const { return finals_.size(); }

 private:
  static OrderId id_of(std::int64_t number) {
    OrderId id{};
    for (int i = 0; i < 4; ++i) id[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(number >> (8 * i));
    return id;
  }
  [[nodiscard]] std::uint32_t channel() { return static_cast<std::uint32_t>(random_.below(2)); }
  [[nodiscard]] std::int64_t any_number() { return 1 + static_cast<std::int64_t>(random_.below(orders_.size() + 1)); }

  void take_new() {
    FieldOrder order;
    const auto number = static_cast<std::int64_t>(orders_.size()) + 1;
    order.id = id_of(number);
    order.device_uid = world_.devices[random_.below(world_.devices.size())].uid;
    order.password = "SECRET77";
    order.lifetime_ms = 1 + static_cast<std::int64_t>(random_.below(120'000));
    switch (random_.below(5)) {
      case 0:
        order.kind = OrderKind::read;
        order.registers = {"number"};
        break;
      case 1:
        order.kind = OrderKind::parameter;
        order.name = "number";
        break;
      case 2:
        order.kind = OrderKind::history;
        order.name = "profile";
        order.to_utc_ms = 300;
        break;
      default:
        order.kind = OrderKind::command;
        order.name = random_.below(2) == 0 ? "set" : "set_blind";
        break;
    }
    if (order.kind != OrderKind::read && order.kind != OrderKind::history)
      order.arguments = {{"value", std::to_string(number)}};
    orders_.push_back(order);
    world_.runner->take(order);
  }
  void take_again() {
    if (!orders_.empty()) world_.runner->take(orders_[random_.below(orders_.size())]);
  }
  /// A question leaves, and one thing or another becomes of it.
  void fate(std::uint32_t c) {
    const auto* asked = world_.asked_on(c);
    if (asked == nullptr) return;
    const auto question = *asked;
    world_.count_sending(question);
    switch (random_.below(6)) {
      case 0:
        lost_.push_back(question);
        return world_.answer(c, Outcome::timed_out);
      case 1:
        world_.execute(question);
        lost_.push_back(question);
        return world_.answer(c, Outcome::timed_out);
      case 2:
        return world_.answer(c, Outcome::refused, static_cast<std::uint32_t>(random_.below(8)));
      default:
        world_.execute(question);
        return world_.answer(c, Outcome::answered);
    }
  }
  /// The device did what was asked after all, and says so too late.
  void late_answer() {
    if (lost_.empty()) return;
    const auto question = lost_.back();
    lost_.pop_back();
    if (static_cast<Verb>(question.query.operation) != Verb::write) return;
    const std::int64_t value = std::stoll(std::string(as_text(question.query.body)));
    const bool did_it = world_.executed.contains(value);
    world_.answer(0, did_it ? Outcome::answered : Outcome::refused, 1, true, question);
  }
  void crash() {
    if (!with_crashes_) return;
    if (random_.below(3) == 0) return world_.disk.lose_power_after(random_.below(6));
    restart();
  }
  void restart() {
    lost_.clear();  // what its process had asked is gone with it
    if (random_.below(2) == 0 || world_.disk.powerless())
      world_.disk.crash(random_);
    else
      world_.disk.kill_process();
    for (auto& [c, asked] : world_.asked) {
      // It may have left before the process ended, and have been done.
      if (random_.below(2) == 0) continue;
      world_.count_sending(asked);
      if (random_.below(2) == 0) world_.execute(asked);
    }
    world_.restart();
    RC_ASSERT(world_.runner != nullptr);
    world_.runner->session_began();
  }
  void hand_over() {
    const auto reports = world_.runner->take_reports(1 + random_.below(20));
    std::vector<OrderId> ids;
    for (const auto& report : reports) {
      judge(report);
      if (random_.below(8) != 0) ids.push_back(report.id);
    }
    if (ids.size() != reports.size()) world_.runner->session_began();
    world_.runner->received(ids);
  }
  void judge(const OrderReport& report) {
    if (!is_final(report.state)) return;
    const std::int64_t number = report.id[0] | report.id[1] << 8;
    if (static_cast<std::size_t>(number) > orders_.size()) return;  // cancelled before it came
    const auto& order = orders_.at(static_cast<std::size_t>(number - 1));
    const auto [known, is_new] = finals_.try_emplace(number, report.state);
    RC_ASSERT(known->second == report.state);  // a final state never changes
    if (order.kind == OrderKind::read || order.kind == OrderKind::history) return;
    const bool executed = world_.executed.contains(number);
    const bool says_done = report.state == OrderState::done;
    const bool says_unknown = report.state == OrderState::unknown;
    RC_ASSERT(says_unknown || executed == says_done);  // the truth, or nothing
    if (report.state == OrderState::expired || report.state == OrderState::cancelled)
      RC_ASSERT(!world_.sent.contains(number));
  }

  SeededRandom random_;
  bool with_crashes_;
  OrderWorld world_;
  std::vector<FieldOrder> orders_;
  std::vector<OrderWorld::Asked> lost_;
  std::map<std::int64_t, OrderState> finals_;
};

RC_GTEST_PROP(OrderRunner, NeverSendsTwiceAndNeverSaysMoreThanIsTrue, (std::uint64_t seed)) {
  Chaos chaos(seed, false);
  for (int i = 0; i < 300; ++i) {
    chaos.step();
    chaos.check();
  }
  chaos.heal();
  chaos.check();
  RC_ASSERT(chaos.finals() > 0U);
}

RC_GTEST_PROP(OrderRunner, NorOverCrashesAtAnyWrite, (std::uint64_t seed)) {
  Chaos chaos(seed, true);
  for (int i = 0; i < 300; ++i) {
    chaos.step();
    chaos.check();
  }
  chaos.heal();
  chaos.check();
  chaos.check_log_is_secret();
}

}  // namespace
}  // namespace duheng::gateway
