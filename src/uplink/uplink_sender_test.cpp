#include "uplink/uplink_sender.hpp"

#include <gtest/gtest.h>

#include "uplink/test_source.hpp"

namespace duheng::uplink {
namespace {

class UplinkSenderTest : public ::testing::Test {
 protected:
  UplinkSenderTest() {
    source.start_epoch(7);
    options.backoff = {.first_ms = 500, .longest_ms = 60'000};
    options.status_interval_ms = 1'000'000;
  }
  UplinkSender& sender() {
    if (!sender_) sender_.emplace(source, clock, random, options, [] { return GatewayStatus{}; });
    return *sender_;
  }
  template <class T>
  std::optional<T> expect_next() {
    auto action = sender().next();
    if (!action || !std::holds_alternative<T>(*action)) return std::nullopt;
    return std::get<T>(std::move(*action));
  }
  /// Every batch the sender is willing to send now.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> drain() {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> sent;
    while (auto action = sender().next()) {
      if (const auto* batch = std::get_if<Batch>(&*action)) sent.emplace_back(batch->epoch, batch->sequence);
      if (const auto* close = std::get_if<UplinkSender::Close>(&*action)) {
        closed_because = close->reason;
        break;
      }
    }
    return sent;
  }
  void connect(std::vector<EpochPosition> positions = {}, std::uint32_t window = 4, std::uint64_t bytes = 1U << 20) {
    clock.advance_ms(60'000);
    ASSERT_TRUE(expect_next<UplinkSender::Connect>());
    sender().connected();
    hello = expect_next<Hello>();
    ASSERT_TRUE(hello);
    sender().received(Welcome{.positions = std::move(positions),
                              .window_batches = window,
                              .window_bytes = bytes,
                              .batch_bytes_max = 1'000,
                              .platform_utc_ms = clock.utc_ms() + 42});
    ASSERT_TRUE(expect_next<GatewayStatus>());
  }
  void acknowledge(std::uint64_t epoch, std::uint64_t next) {
    const auto& batches = source.at(epoch).batches;
    sender().received(Acknowledgement{
        {.epoch = epoch, .next_sequence = next, .last_hash = next == 0 ? crypto::Hash256{} : batches[next - 1].first}});
  }
  void append(int count) {
    for (int i = 0; i < count; ++i) source.append(Bytes(100, static_cast<std::uint8_t>(i)));
    if (sender_) sender_->new_batch();
  }
  using Sent = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

  TestSource source;
  ManualClock clock;
  SeededRandom random{1};
  SenderOptions options;
  std::optional<Hello> hello;
  std::string closed_because;

 private:
  std::optional<UplinkSender> sender_;
};

TEST_F(UplinkSenderTest, SendsWithinTheWindowAndGoesOnWithAcknowledgements) {
  append(6);
  connect();
  EXPECT_EQ(hello->epochs, (std::vector<EpochRange>{{7, 0, 6}}));
  EXPECT_EQ(drain(), (Sent{{7, 0}, {7, 1}, {7, 2}, {7, 3}}));
  acknowledge(7, 2);
  EXPECT_EQ(drain(), (Sent{{7, 4}, {7, 5}}));
  acknowledge(7, 6);
  EXPECT_EQ(source.at(7).acknowledged.next_sequence, 6U);
  EXPECT_EQ(sender().statistics().batches_acknowledged, 6U);
  EXPECT_EQ(sender().statistics().platform_clock_offset_ms, 42);
  append(1);
  EXPECT_EQ(drain(), (Sent{{7, 6}}));
}

TEST_F(UplinkSenderTest, CountsOctetsInTheWindowButAlwaysSendsOne) {
  append(3);
  connect({}, 100, 150);
  EXPECT_EQ(drain(), (Sent{{7, 0}}));
  acknowledge(7, 1);
  EXPECT_EQ(drain(), (Sent{{7, 1}}));
}

TEST_F(UplinkSenderTest, ResumesAtThePlatformsPositionAndGoesBackWithARestoredOne) {
  append(5);
  connect({{.epoch = 7, .next_sequence = 3, .last_hash = source.at(7).batches[2].first}});
  EXPECT_EQ(drain(), (Sent{{7, 3}, {7, 4}}));
  acknowledge(7, 5);
  sender().disconnected({ErrorCode::unavailable, "cut"});
  EXPECT_EQ(drain(), Sent{});
  connect({{.epoch = 7, .next_sequence = 1, .last_hash = source.at(7).batches[0].first}});
  EXPECT_EQ(source.at(7).acknowledged.next_sequence, 1U) << "the spool must keep again what the platform lost";
  EXPECT_EQ(drain(), (Sent{{7, 1}, {7, 2}, {7, 3}, {7, 4}}));
}

TEST_F(UplinkSenderTest, DrainsOlderEpochsFirst) {
  append(2);
  source.start_epoch(3);  // numbers of epochs are random, their order is the source's
  append(2);
  connect({}, 3);
  EXPECT_EQ(drain(), (Sent{{7, 0}, {7, 1}, {3, 0}}));
}

TEST_F(UplinkSenderTest, StopsAConflictingEpochKeepsItsDataAndGoesOnWithOthers) {
  append(3);
  source.on_stopped = [&](std::uint64_t) {
    source.start_epoch(8);
    source.append({1});
  };
  connect();
  EXPECT_EQ(drain().size(), 3U);
  sender().received(Refusal{.epoch = 7, .sequence = 1, .code = RefusalCode::hash_conflict, .message = "other"});
  EXPECT_NE(source.at(7).stopped, "");
  EXPECT_EQ(drain(), (Sent{{8, 0}})) << "new readings go on in a new epoch";
  EXPECT_EQ(sender().statistics().epochs_stopped, 1U);
  sender().disconnected({ErrorCode::unavailable, "cut"});
  connect();
  EXPECT_EQ(drain(), (Sent{{8, 0}})) << "not tried again while the platform stands where it stood";
}

TEST_F(UplinkSenderTest, RefusesToContinueAChainThatThePlatformHoldsDifferently) {
  append(3);
  connect({{.epoch = 7, .next_sequence = 2, .last_hash = crypto::Hash256{1}}});
  EXPECT_EQ(drain(), Sent{});
  EXPECT_NE(source.at(7).stopped, "");
}

TEST_F(UplinkSenderTest, StopsAnEpochThatThePlatformKnowsMoreOfThanTheSpool) {
  append(2);
  connect({{.epoch = 7, .next_sequence = 9}});
  EXPECT_EQ(drain(), Sent{});
  EXPECT_NE(source.at(7).stopped, "");
}

TEST_F(UplinkSenderTest, GoesBackAfterAGapAndGivesUpWhenItRepeats) {
  append(4);
  connect();
  EXPECT_EQ(drain().size(), 4U);
  for (int i = 0; i < 3; ++i) {
    sender().received(Refusal{.epoch = 7, .sequence = 2, .code = RefusalCode::gap});
    EXPECT_EQ(drain().front(), (std::pair<std::uint64_t, std::uint64_t>{7, 0}));
  }
  sender().received(Refusal{.epoch = 7, .sequence = 2, .code = RefusalCode::gap});
  EXPECT_EQ(drain(), Sent{});
  EXPECT_NE(closed_because.find("gap"), std::string::npos);
}

TEST_F(UplinkSenderTest, PausesAsLongAsThePlatformSays) {
  append(2);
  connect();
  EXPECT_EQ(drain().size(), 2U);
  sender().received(Refusal{.epoch = 7, .sequence = 0, .code = RefusalCode::storage_full, .retry_after_ms = 5'000});
  EXPECT_EQ(drain(), Sent{});
  EXPECT_EQ(sender().wake_ms(), clock.monotonic_ms() + 5'000);
  clock.advance_ms(4'999);
  EXPECT_EQ(drain(), Sent{});
  clock.advance_ms(1);
  EXPECT_EQ(drain(), (Sent{{7, 0}, {7, 1}}));
}

TEST_F(UplinkSenderTest, ConnectsAnewWhenNothingIsAcknowledged) {
  append(1);
  connect();
  EXPECT_EQ(drain().size(), 1U);
  clock.advance_ms(options.stall_timeout_ms);
  EXPECT_EQ(drain(), Sent{});
  EXPECT_NE(closed_because, "");
  sender().disconnected({ErrorCode::cancelled, "closed"});
  const auto attempt = sender().statistics().next_attempt_ms;
  ASSERT_TRUE(attempt);
  EXPECT_GE(*attempt - clock.monotonic_ms(), 250);
  EXPECT_LE(*attempt - clock.monotonic_ms(), 500);
}

TEST_F(UplinkSenderTest, WaitsLongerAfterEveryFailureUpToTheLimit) {
  std::int64_t longest = 0;
  for (int i = 0; i < 20; ++i) {
    clock.advance_ms(sender().wake_ms() - clock.monotonic_ms());
    ASSERT_TRUE(expect_next<UplinkSender::Connect>());
    sender().disconnected({ErrorCode::unavailable, "refused"});
    longest = std::max(longest, sender().wake_ms() - clock.monotonic_ms());
  }
  EXPECT_GE(longest, 30'000);
  EXPECT_LE(longest, 60'000);
  EXPECT_EQ(sender().statistics().connections_failed, 20U);
}

TEST_F(UplinkSenderTest, NoWelcomeInTimeClosesTheLink) {
  ASSERT_TRUE(expect_next<UplinkSender::Connect>());
  sender().connected();
  ASSERT_TRUE(expect_next<Hello>());
  clock.advance_ms(options.welcome_timeout_ms);
  EXPECT_TRUE(expect_next<UplinkSender::Close>());
}

TEST_F(UplinkSenderTest, AnUnreadableBatchStopsItsEpochAndABusySpoolOnlyPauses) {
  append(1);
  connect();
  source.failure = Error{ErrorCode::storage_failed, "the disk is away"};
  EXPECT_EQ(drain(), Sent{});
  EXPECT_EQ(source.at(7).stopped, "");
  source.failure.reset();
  clock.advance_ms(options.source_retry_ms);
  EXPECT_EQ(drain().size(), 1U);
  append(1);
  source.failure = Error{ErrorCode::storage_corrupt, "damaged"};
  EXPECT_EQ(drain(), Sent{});
  EXPECT_EQ(source.at(7).stopped, "damaged");
}

TEST_F(UplinkSenderTest, KeepsBackABatchLargerThanThePlatformTakes) {
  source.append(Bytes(1'001));
  connect();
  EXPECT_EQ(drain(), Sent{});
  EXPECT_NE(source.at(7).stopped.find("1001 octets"), std::string::npos);
}

TEST_F(UplinkSenderTest, AMalformedBatchRestsUntilThePlatformHasPassedIt) {
  append(3);
  connect();
  EXPECT_EQ(drain().size(), 3U);
  sender().received(Refusal{.epoch = 7, .sequence = 0, .code = RefusalCode::malformed, .message = "unreadable"});
  EXPECT_EQ(drain(), Sent{});
  acknowledge(7, 1);
  EXPECT_EQ(drain(), (Sent{{7, 1}, {7, 2}}));
}

TEST_F(UplinkSenderTest, AnAcknowledgementOfWhatWasNeverSentEndsTheConnection) {
  append(2);
  connect({}, 1);
  EXPECT_EQ(drain().size(), 1U);
  acknowledge(7, 2);
  EXPECT_EQ(drain(), Sent{});
  EXPECT_NE(closed_because.find("never sent"), std::string::npos);
}

TEST_F(UplinkSenderTest, SendsFromItsOldestBatchWhenThePlatformAsksForOlderOnes) {
  append(5);
  source.at(7).first = 3;
  connect();
  EXPECT_EQ(drain(), (Sent{{7, 3}, {7, 4}}));
  bool told = false;
  for (const SenderNotice& notice : sender().take_notices())
    told |= notice.text.find("no longer held") != std::string::npos;
  EXPECT_TRUE(told);
}

TEST_F(UplinkSenderTest, StopsForGood) {
  append(1);
  connect();
  sender().stop();
  EXPECT_TRUE(expect_next<UplinkSender::Close>());
  sender().disconnected({ErrorCode::cancelled, "closed"});
  clock.advance_ms(1'000'000);
  EXPECT_FALSE(sender().next());
  EXPECT_EQ(sender().wake_ms(), INT64_MAX);
}

}  // namespace
}  // namespace duheng::uplink
