#include "uplink/uplink_receiver.hpp"

#include <gtest/gtest.h>

namespace duheng::uplink {
namespace {

class FakeSink final : public BatchSink {
 public:
  [[nodiscard]] std::vector<EpochPosition> positions(GatewayId, std::span<const EpochRange> ranges) override {
    std::vector<EpochPosition> out;
    for (const EpochRange& range : ranges) out.push_back({.epoch = range.epoch, .next_sequence = 5});
    return out;
  }
  [[nodiscard]] Offered offer(GatewayId, SessionId, const Batch& batch) override {
    offered.push_back(batch.sequence);
    return answer;
  }
  Offered answer = Queued{};
  std::vector<std::uint64_t> offered;
};

class UplinkReceiverTest : public ::testing::Test {
 protected:
  FakeSink sink;
  ManualClock clock;
  UplinkReceiver receiver{
      sink,
      clock,
      GatewayId{3},
      SessionId{1},
      {.window_batches = 3, .window_bytes = 1'000, .batch_bytes_max = 500, .throttle_after_ms = 100}};
  Bytes body = Bytes(100);

  Batch batch(std::uint64_t sequence) { return {.epoch = 7, .sequence = sequence, .body = body}; }
  void greet() {
    receiver.received(Hello{.epochs = {{7, 0, 9}}});
    const auto response = receiver.next_response();
    ASSERT_TRUE(response && std::holds_alternative<Welcome>(*response));
    EXPECT_EQ(std::get<Welcome>(*response).positions[0].next_sequence, 5U);
  }
};

TEST_F(UplinkReceiverTest, AcknowledgesCumulativelyWithOneMessage) {
  greet();
  for (std::uint64_t i = 5; i < 8; ++i) receiver.received(batch(i));
  receiver.committed({.epoch = 7, .next_sequence = 6});
  receiver.committed({.epoch = 7, .next_sequence = 8});
  const auto response = receiver.next_response();
  ASSERT_TRUE(response);
  EXPECT_EQ(std::get<Acknowledgement>(*response).position.next_sequence, 8U);
  EXPECT_FALSE(receiver.next_response());
}

TEST_F(UplinkReceiverTest, EndsSessionsThatDoNotKeepToTheProtocol) {
  receiver.received(batch(0));
  ASSERT_TRUE(receiver.failure());
  EXPECT_EQ(receiver.failure()->code, ErrorCode::malformed);

  UplinkReceiver other{sink, clock, GatewayId{3}, SessionId{2}, {}};
  other.received(Hello{});
  other.received(Hello{});
  ASSERT_TRUE(other.failure());

  UplinkReceiver newer{sink, clock, GatewayId{3}, SessionId{3}, {}};
  newer.received(Hello{.version = 99});
  ASSERT_TRUE(newer.failure());
  EXPECT_EQ(std::get<Refusal>(*newer.next_response()).code, RefusalCode::version);

  UplinkReceiver reversed{sink, clock, GatewayId{3}, SessionId{4}, {}};
  reversed.received(Hello{.epochs = {{1, 5, 4}}});
  EXPECT_TRUE(reversed.failure());
}

TEST_F(UplinkReceiverTest, EndsSessionsThatOverrunTheWindow) {
  greet();
  for (std::uint64_t i = 5; i < 8; ++i) receiver.received(batch(i));
  EXPECT_FALSE(receiver.failure());
  receiver.received(batch(8));
  ASSERT_TRUE(receiver.failure());
  EXPECT_EQ(receiver.failure()->code, ErrorCode::limit_exceeded);
}

TEST_F(UplinkReceiverTest, StopsReadingWhileThereIsNoRoomThenThrottles) {
  greet();
  sink.answer = BatchSink::Full{};
  receiver.received(batch(5));
  EXPECT_FALSE(receiver.wants_message());
  EXPECT_TRUE(receiver.waits_for_room());
  clock.advance_ms(99);
  receiver.retry();
  EXPECT_TRUE(receiver.waits_for_room());
  clock.advance_ms(1);
  receiver.retry();
  EXPECT_TRUE(receiver.wants_message());
  EXPECT_EQ(std::get<Refusal>(*receiver.next_response()).code, RefusalCode::throttled);
}

TEST_F(UplinkReceiverTest, TakesTheHeldBatchOnceThereIsRoom) {
  greet();
  sink.answer = BatchSink::Full{};
  receiver.received(batch(5));
  sink.answer = BatchSink::Queued{};
  receiver.retry();
  EXPECT_TRUE(receiver.wants_message());
  EXPECT_FALSE(receiver.next_response());
  EXPECT_EQ(sink.offered, (std::vector<std::uint64_t>{5, 5}));
}

TEST_F(UplinkReceiverTest, PassesOverWhatFollowsARefusalUntilTheSenderHasGoneBack) {
  greet();
  sink.answer = Refusal{.epoch = 7, .sequence = 6, .code = RefusalCode::gap};
  receiver.received(batch(6));
  receiver.received(batch(7));
  receiver.received(batch(8));
  EXPECT_EQ(sink.offered, (std::vector<std::uint64_t>{6}));
  EXPECT_TRUE(receiver.next_response());
  EXPECT_FALSE(receiver.next_response()) << "one refusal for one gap";
  sink.answer = BatchSink::Queued{};
  receiver.received(batch(5));
  receiver.received(batch(6));
  EXPECT_EQ(sink.offered, (std::vector<std::uint64_t>{6, 5, 6}));
}

TEST_F(UplinkReceiverTest, ARefusalAfterQueueingFreesTheWindow) {
  greet();
  for (std::uint64_t i = 5; i < 8; ++i) receiver.received(batch(i));
  receiver.refused({.epoch = 7, .sequence = 5, .code = RefusalCode::storage_full});
  for (std::uint64_t i = 5; i < 8; ++i) receiver.received(batch(i));
  EXPECT_FALSE(receiver.failure());
}

TEST_F(UplinkReceiverTest, KeepsTheLatestStatus) {
  greet();
  receiver.received(GatewayStatus{.devices_answering = 12});
  ASSERT_TRUE(receiver.status());
  EXPECT_EQ(receiver.status()->status.devices_answering, 12U);
}

}  // namespace
}  // namespace duheng::uplink
