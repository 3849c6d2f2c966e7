// Crashes and lost sessions at any point.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "platform/orders/order_test_world.hpp"

namespace duheng::platform {
namespace {

using order_testing::must;
using order_testing::World;

std::int64_t count_orders(World& world) {
  return must(world.database->read(
                  [](records::Transaction& t) { return t.integer("SELECT COALESCE(MAX(number), 0) FROM orders"); }))
      .value_or(0);
}

/// Crashes of the platform and lost sessions at any point: each order is begun once at most, and what is said of it is
/// true.
RC_GTEST_PROP(OrderServiceProperty, NothingIsDoneTwiceAndNothingIsSaidThatIsNotSo, ()) {
  static World world;  // making one takes longer than a run
  world.disconnect(world.gateway);
  world.restart();
  world.sent.clear();
  world.confirmed.clear();
  const std::int64_t orders_before = count_orders(world);
  std::map<OrderId, OrderState> at_gateway;  // the gateway's own journal
  std::map<OrderId, int> begun;
  const auto deliver = [&] {
    for (const FieldOrder& order : world.sent[world.gateway]) {
      if (at_gateway.contains(order.id)) continue;
      at_gateway[order.id] = order.lifetime_ms > 0 ? OrderState::waiting : OrderState::expired;
    }
    world.sent[world.gateway].clear();
  };
  const std::vector<JobTarget> meters = world.many(3);
  const int steps = *rc::gen::inRange(1, 25);
  for (int i = 0; i < steps; ++i) {
    switch (*rc::gen::inRange(0, 8)) {
      case 0:
      case 1:
        (void)world.service->create(world.anna, world.read(meters));
        break;
      case 2:
        world.connect(world.gateway);
        break;
      case 3:
        world.disconnect(world.gateway);
        break;
      case 4:
        world.restart();
        break;
      case 5:
        deliver();
        for (auto& [id, state] : at_gateway) {
          if (state == OrderState::waiting) {
            ++begun[id];
            state = *rc::gen::element(OrderState::done, OrderState::failed, OrderState::unknown);
          }
        }
        break;
      case 6:
        deliver();
        if (world.connected.contains(world.gateway)) {
          for (const auto& [id, state] : at_gateway) world.report(world.gateway, id, state);
        }
        break;
      default:
        world.pass(*rc::gen::inRange(1, 2'000'000));
    }
    world.service->tick();
  }
  for (const auto& [id, times] : begun) RC_ASSERT(times == 1);
  world.pass(8 * 86'400'000LL);
  for (const Job& job : must(world.service->jobs(Scope::everything(), {.page_size = 100})).jobs) {
    RC_ASSERT(job.state == JobState::finished);
  }
  world.connect(world.gateway);
  for (const auto& [id, state] : at_gateway) world.report(world.gateway, id, state);
  const auto rows = must(world.database->read([&](records::Transaction& t) {
    return t.all("SELECT id, stage FROM orders WHERE number > ?1", {orders_before}, [](const records::Row& row) {
      OrderId id{};
      std::ranges::copy(row.blob_view(0), id.begin());
      return std::pair{id, static_cast<OrderStage>(row.integer(1))};
    });
  }));
  for (const auto& [id, stage] : rows) {
    const auto known = at_gateway.find(id);
    if (known == at_gateway.end()) {
      RC_ASSERT(stage == OrderStage::expired || stage == OrderStage::unknown);
    } else if (is_final(known->second)) {
      RC_ASSERT(stage == stage_of(known->second));
    }
  }
}

}  // namespace
}  // namespace duheng::platform
