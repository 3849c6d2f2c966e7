#include "platform/ingest/ingest_service.hpp"

#include <condition_variable>
#include <gtest/gtest.h>
#include <map>
#include <mutex>
#include <thread>

#include "base/simulated_disk.hpp"
#include "platform/ingest/test_batches.hpp"

namespace duheng::platform {
namespace {

class Answers final : public uplink::SessionAnswers {
 public:
  void committed(uplink::SessionId session, const uplink::EpochPosition& position) override {
    const std::lock_guard lock(mutex_);
    committed_[session.value] = position.next_sequence;
    changed_.notify_all();
  }
  void refused(uplink::SessionId session, const uplink::Refusal& refusal) override {
    const std::lock_guard lock(mutex_);
    refused_[session.value] = refusal.code;
    changed_.notify_all();
  }
  void room_available() override {
    const std::lock_guard lock(mutex_);
    ++rooms_;
    changed_.notify_all();
  }
  bool wait_for_position(std::int64_t session, std::uint64_t next_sequence) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return committed_[session] >= next_sequence; });
  }
  bool wait_for_room() {
    std::unique_lock lock(mutex_);
    const auto before = rooms_;
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return rooms_ != before; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::int64_t, std::uint64_t> committed_;
  std::map<std::int64_t, uplink::RefusalCode> refused_;
  std::uint64_t rooms_ = 0;
};

TEST(IngestService, CommitsForManySessionsAtOnceAndAnswersEach) {
  SimulatedDisk disk;
  SeededRandom random{1};
  crypto::LocalKeyProvider keys{crypto::SecretKey{}};
  SystemClock clock;
  auto journal = store::Journal::open(disk, random, keys, {.directory = "journal"});
  ASSERT_TRUE(journal);
  std::mutex mutex;
  std::vector<std::uint64_t> heard;  // record numbers
  Answers answers;
  IngestService service(**journal, clock, {.pending_batches_max = 64}, [&](std::span<const CommittedBatch> batches) {
    const std::lock_guard lock(mutex);
    for (const CommittedBatch& batch : batches) heard.push_back(batch.record_number);
  });
  service.set_answers(&answers);
  constexpr std::int64_t gateways = 4;
  constexpr std::uint64_t batches_each = 200;
  std::vector<std::jthread> threads;
  for (std::int64_t id = 1; id <= gateways; ++id) {
    threads.emplace_back([&, id] {
      TestChain chain(9);
      for (std::uint64_t i = 0; i < batches_each; ++i) {
        const uplink::Batch batch = chain.next(test_body(1'000, static_cast<std::int64_t>(i)));
        while (std::holds_alternative<uplink::BatchSink::Full>(
            service.offer(GatewayId{id}, uplink::SessionId{id}, batch))) {
          ASSERT_TRUE(answers.wait_for_room());
        }
      }
    });
  }
  threads.clear();
  for (std::int64_t id = 1; id <= gateways; ++id) EXPECT_TRUE(answers.wait_for_position(id, batches_each));
  const IngestStatistics statistics = service.statistics();
  EXPECT_EQ(statistics.batches, gateways * batches_each);
  EXPECT_EQ((*journal)->next_number(), store::Journal::first_record_number + gateways * batches_each);
  service.set_answers(nullptr);
}

TEST(IngestService, CommitsWhatWaitsBeforeItEnds) {
  SimulatedDisk disk;
  SeededRandom random{1};
  crypto::LocalKeyProvider keys{crypto::SecretKey{}};
  SystemClock clock;
  auto journal = store::Journal::open(disk, random, keys, {.directory = "journal"});
  ASSERT_TRUE(journal);
  {
    IngestService service(**journal, clock, {});
    TestChain chain(9);
    for (int i = 0; i < 50; ++i)
      (void)service.offer(GatewayId{1}, uplink::SessionId{1}, chain.next(test_body(1'000, i)));
  }
  EXPECT_EQ((*journal)->next_number(), store::Journal::first_record_number + 50);
}

}  // namespace
}  // namespace duheng::platform
