#include "journal_watch.hpp"

#include <gtest/gtest.h>

#include "base/simulated_disk.hpp"
#include "crypto/key_provider.hpp"
#include "platform/ingest/ingest_core.hpp"
#include "platform/ingest/test_batches.hpp"

namespace duheng::platform {
namespace {

/// The life of a platform around a disk that loses one synchronisation: what it acknowledged is there after the next
/// start and after a loss of power, what it did not comes again from the gateway and stands there once.
TEST(JournalWatch, APoisonedJournalEndsTheProcessAndTheNextStartGoesOnWithoutLossOrDouble) {
  SimulatedDisk disk;
  SeededRandom random(5);
  crypto::LocalKeyProvider keys{crypto::SecretKey(std::array<std::uint8_t, 32>{7})};
  ManualClock clock;
  const GatewayId gateway{1};
  ASSERT_TRUE(disk.make_directories("journal"));
  const auto open = [&] {
    auto journal = store::Journal::open(disk, random, keys, {.directory = "journal"});
    EXPECT_TRUE(journal) << (journal ? "" : journal.error().message);
    return std::move(*journal);
  };
  TestChain chain(77);
  std::vector<uplink::Batch> sent;
  for (int i = 0; i < 8; ++i) sent.push_back(chain.next(test_body(clock.utc_ms() + i, i)));

  int ends = 0;
  std::uint64_t acknowledged = 0;
  {
    const auto journal = open();
    IngestCore ingest(*journal, clock, {});
    JournalWatch watch(*journal, [&] { ++ends; });
    const auto offer = [&](std::uint64_t sequence) {
      (void)ingest.offer(gateway, {}, check_batch(sent.at(sequence), 1U << 20));
      const auto outcome = ingest.commit_pending();
      for (const auto& [session, position] : outcome.committed) acknowledged = position.next_sequence;
      return outcome.refused.size();
    };
    for (std::uint64_t i = 0; i < 3; ++i) EXPECT_EQ(offer(i), 0U);
    watch.look();
    EXPECT_EQ(ends, 0);
    disk.fail_next_syncs(1);
    EXPECT_EQ(offer(3), 1U);
    EXPECT_EQ(acknowledged, 3U);
    EXPECT_EQ(offer(3), 1U) << "the disk answers again, the journal does not trust it";
    EXPECT_TRUE(ingest.statistics().storage_failed);
    watch.look();
    watch.look();
    EXPECT_EQ(ends, 1) << "once";
    EXPECT_EQ(acknowledged, 3U);
  }
  for (const bool power_lost : {false, true}) {
    SCOPED_TRACE(power_lost ? "and power lost" : "started again");
    if (power_lost) disk.crash(random);
    const auto journal = open();
    EXPECT_FALSE(journal->poisoned());
    IngestCore ingest(*journal, clock, {});
    const auto position = journal->position(gateway, 77);
    ASSERT_TRUE(position);
    EXPECT_GE(position->next_sequence, acknowledged);
    for (std::uint64_t i = position->next_sequence; i < position->next_sequence + 2; ++i)
      (void)ingest.offer(gateway, {}, check_batch(sent.at(i), 1U << 20));
    for (const auto& [session, committed] : ingest.commit_pending().committed) acknowledged = committed.next_sequence;
    EXPECT_EQ(acknowledged, position->next_sequence + 2);
    auto cursor = journal->cursor(store::Journal::first_record_number);
    std::uint64_t expected = 0;
    while (true) {
      const auto record = cursor.next();
      ASSERT_TRUE(record) << record.error().message;
      if (!*record) break;
      EXPECT_EQ((*record)->record.sequence, expected);
      EXPECT_EQ((*record)->record.hash, sent.at(expected).hash);
      ++expected;
    }
    EXPECT_EQ(expected, acknowledged);
  }
}

}  // namespace
}  // namespace duheng::platform
