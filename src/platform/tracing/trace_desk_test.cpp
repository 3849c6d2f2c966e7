#include "platform/tracing/trace_desk.hpp"

#include <gtest/gtest.h>
#include <set>

namespace duheng::platform {
namespace {

constexpr GatewayId east{1};
constexpr GatewayId west{2};

struct Sink final : TraceSink {
  void events(control::TraceEvents events) override {
    count += events.events.size();
    dropped += events.dropped;
  }
  void ended(const std::string& reason) override { reasons.push_back(reason); }
  std::size_t count = 0;
  std::uint64_t dropped = 0;
  std::vector<std::string> reasons;
};

class TraceDeskTest : public ::testing::Test {
 protected:
  control::TraceEvents two_events(TraceNumber number) {
    control::TraceEvents out;
    out.trace = number;
    out.events.resize(2);
    out.dropped = 5;
    return out;
  }
  ManualClock clock;
  std::set<GatewayId> connected{east};
  std::vector<control::TraceRequest> requests;
  std::vector<TraceNumber> stops;
  TraceDesk desk{clock,
                 [this](GatewayId gateway, const control::FromPlatform& message) {
                   if (!connected.contains(gateway)) return false;
                   if (const auto* request = std::get_if<control::TraceRequest>(&message)) requests.push_back(*request);
                   if (const auto* stop = std::get_if<control::TraceStop>(&message)) stops.push_back(stop->trace);
                   return true;
                 },
                 {.per_gateway_max = 2, .lifetime_ms = 1'000}};
  std::shared_ptr<Sink> sink = std::make_shared<Sink>();
};

TEST_F(TraceDeskTest, RelaysWhatTheGatewaySaysUntilItIsStopped) {
  const auto number = desk.follow({east, "meter-1", ""}, sink);
  ASSERT_TRUE(number);
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].trace, *number);
  EXPECT_EQ(requests[0].device_uid, "meter-1");
  EXPECT_EQ(requests[0].lifetime_ms, 1'000U);
  desk.received(east, two_events(*number));
  EXPECT_EQ(sink->count, 2U);
  EXPECT_EQ(sink->dropped, 5U);
  connected.insert(west);
  desk.received(west, two_events(*number));
  EXPECT_EQ(sink->count, 2U) << "another gateway cannot speak for it";
  stops.clear();
  desk.stop(*number);
  EXPECT_EQ(stops, std::vector<TraceNumber>{*number});
  EXPECT_TRUE(sink->reasons.empty());
  desk.received(east, two_events(*number));
  EXPECT_EQ(stops.size(), 2U) << "what nobody follows is stopped again";
}

TEST_F(TraceDeskTest, EndsWithTheSessionTheTimeOrTheGatewaysWord) {
  const auto first = desk.follow({east, "meter-1", ""}, sink);
  desk.ended(east, {*first, "no such device"});
  EXPECT_EQ(sink->reasons, std::vector<std::string>{"no such device"});
  const auto second = desk.follow({east, "", "line-1"}, sink);
  ASSERT_TRUE(second);
  EXPECT_NE(*first, *second);
  desk.disconnected(east);
  EXPECT_EQ(sink->reasons.back(), "gateway_unreachable");
  ASSERT_TRUE(desk.follow({east, "", "line-1"}, sink));
  clock.advance_ms(1'000);
  desk.tick();
  EXPECT_EQ(sink->reasons.back(), "time_over");
  EXPECT_EQ(desk.open(), 0U);
}

TEST_F(TraceDeskTest, ForgetsWhoWentAway) {
  ASSERT_TRUE(desk.follow({east, "meter-1", ""}, sink));
  sink.reset();
  desk.tick();
  EXPECT_EQ(desk.open(), 0U);
  EXPECT_EQ(stops.size(), 1U);
}

TEST_F(TraceDeskTest, RefusesTooManyAndTheUnreachable) {
  EXPECT_EQ(desk.follow({west, "meter-1", ""}, sink).error().code, ErrorCode::unavailable);
  EXPECT_EQ(desk.follow({east, "", ""}, sink).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(desk.follow({east, "a", "b"}, sink).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(desk.open(), 0U);
  ASSERT_TRUE(desk.follow({east, "meter-1", ""}, sink));
  ASSERT_TRUE(desk.follow({east, "meter-2", ""}, sink));
  EXPECT_EQ(desk.follow({east, "meter-3", ""}, sink).error().code, ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace duheng::platform
