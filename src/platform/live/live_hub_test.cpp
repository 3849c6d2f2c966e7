#include "platform/live/live_hub.hpp"

#include <gtest/gtest.h>
#include <thread>

#include "platform/ingest/test_batches.hpp"
#include "platform/live/live_feed.hpp"

namespace duheng::platform {
namespace {

constexpr GatewayId gateway{3};
const SourceKey meter{gateway, "000000000001"};

class LiveHubTest : public ::testing::Test {
 protected:
  CommittedBatch batch(std::int64_t utc_ms, std::int64_t mantissa, std::size_t readings = 1,
                       std::string_view device = "000000000001") {
    return {.record_number = ++record_,
            .gateway = gateway,
            .received_utc_ms = utc_ms,
            .batch = chain_.next(test_body(utc_ms, mantissa, readings, device))};
  }
  void feed(std::int64_t utc_ms, std::int64_t mantissa, std::size_t readings = 1,
            std::string_view device = "000000000001") {
    const std::vector<CommittedBatch> batches{batch(utc_ms, mantissa, readings, device)};
    hub.update(batches);
  }
  LiveHub hub;

 private:
  TestChain chain_{1};
  std::uint64_t record_ = 0;
};

TEST_F(LiveHubTest, KeepsTheNewestValueOfEachRegisterWithItsFrame) {
  EXPECT_FALSE(hub.last_heard(meter));
  feed(1'000, 11);
  feed(2'000, 12);
  const auto latest = hub.latest(meter);
  ASSERT_EQ(latest.size(), 1U);
  EXPECT_EQ(latest[0].register_name, "energy_active_import_total");
  EXPECT_EQ(latest[0].unit, "kWh");
  EXPECT_EQ(latest[0].exponent, -2);
  EXPECT_EQ(latest[0].mantissa, 12);
  EXPECT_EQ(latest[0].frame, FrameReference::make(2, 0));
  EXPECT_EQ(hub.last_heard(meter), 2'005);
  EXPECT_FALSE(hub.last_heard({GatewayId{4}, meter.device_uid}))
      << "another gateway's meter of that name is another source";
}

TEST_F(LiveHubTest, CountsTheReadingsOfTheLatestWindowsOfEachSource) {
  feed(12'000, 1, 3);
  feed(19'999, 1, 2);
  feed(20'000, 1, 4);
  feed(20'001, 1, 1, "000000000002");
  std::uint64_t change = 0;
  const auto heard = hub.heard_since(change);
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_EQ(heard[0].recent.per_second(20'500), 0.5);
  EXPECT_EQ(heard[0].recent.per_second(30'000), 0.4);
  EXPECT_EQ(heard[0].recent.per_second(40'000), 0) << "silent since";
  EXPECT_EQ(heard[0].recent.per_second(5'000), 0);
  EXPECT_EQ(heard[1].recent.per_second(39'999), 0.1);
  feed(30'000, 1, 7);  // takes the place of the window from 10 s on
  EXPECT_EQ(hub.heard_since(change).at(0).recent.per_second(40'000), 0.7);
}

TEST_F(LiveHubTest, LateDataIsHistoryNotNews) {
  feed(2'000, 12);
  feed(1'000, 11);
  EXPECT_EQ(hub.latest(meter)[0].mantissa, 12);
}

TEST_F(LiveHubTest, TellsWhoWasHeardSince) {
  std::uint64_t change = 0;
  feed(1'000, 1);
  EXPECT_EQ(hub.heard_since(change).size(), 1U);
  EXPECT_TRUE(hub.heard_since(change).empty());
  feed(2'000, 1, 1, "000000000002");
  const auto heard = hub.heard_since(change);
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_EQ(heard[0].source.device_uid, "000000000002");
}

TEST_F(LiveHubTest, ASlowClientGetsTheNewestAndLearnsWhatItMissed) {
  int notified = 0;
  const std::vector<SourceKey> sources{meter, meter};
  const auto subscription = hub.subscribe(sources, [&] { ++notified; });
  ASSERT_TRUE(subscription);
  feed(1'000, 1);
  feed(2'000, 2);
  feed(3'000, 3);
  feed(3'000, 9, 1, "000000000002");
  EXPECT_EQ(notified, 1) << "once, until it is taken";
  auto taken = (*subscription)->take(100);
  ASSERT_EQ(taken.updates.size(), 1U);
  EXPECT_EQ(taken.updates[0].value.mantissa, 3);
  EXPECT_EQ(taken.skipped, 2U);
  EXPECT_TRUE((*subscription)->take(100).updates.empty());
  feed(4'000, 4);
  EXPECT_EQ(notified, 2);
  taken = (*subscription)->take(100);
  EXPECT_EQ(taken.updates.size(), 1U);
  EXPECT_EQ(taken.skipped, 0U);
}

TEST_F(LiveHubTest, SubscriptionsEndAndAreBounded) {
  std::vector<std::unique_ptr<LiveSubscription>> kept;
  const std::vector<SourceKey> sources{meter};
  for (std::size_t i = 0; i < live_limits::subscriptions_max; ++i)
    kept.push_back(std::move(*hub.subscribe(sources, [] {})));
  EXPECT_FALSE(hub.subscribe(sources, [] {}));
  kept.clear();
  EXPECT_EQ(hub.statistics().subscriptions, 0U);
  feed(1'000, 1);
  const std::vector<SourceKey> too_many(live_limits::subscription_sources_max + 1, meter);
  EXPECT_FALSE(hub.subscribe(too_many, [] {}));
}

TEST_F(LiveHubTest, PassesOverWhatItCannotRead) {
  const Bytes garbage{9, 9, 9};
  const std::vector<CommittedBatch> batches{
      {.record_number = 1, .gateway = gateway, .received_utc_ms = 1, .batch = {.body = garbage}}};
  hub.update(batches);
  EXPECT_EQ(hub.statistics().readings, 0U);
}

TEST_F(LiveHubTest, TheFeedDeliversFromItsOwnThread) {
  LiveFeed live(hub);
  for (int i = 1; i <= 100; ++i) {
    const std::vector<CommittedBatch> batches{batch(i * 1'000, i)};
    live.push(batches);
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (hub.last_heard(meter) != 100'005 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(hub.latest(meter)[0].mantissa, 100);
}

}  // namespace
}  // namespace duheng::platform
