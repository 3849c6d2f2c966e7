// Questions beside applying, their time limit, and what SQL may reach.
#include <algorithm>
#include <atomic>
#include <thread>

#include "store/telemetry/duckdb_engine.hpp"
#include "store/telemetry/duckdb_telemetry_test_fixture.hpp"

namespace duheng::store {
namespace {

TEST_F(DuckDbTelemetry, QuestionsRunBesideApplyingAndAreNeverWrong) {
  std::uint64_t checkpoints = 0;
  for (int life = 0; life < 8; ++life) {
    TestJournal journal;
    options_.directory = directory_.path() + "/life" + std::to_string(life);
    options_.log_bytes_due = 20'000;
    options_.log_bytes_ceiling = 60'000;  // low enough for questions to be kept waiting as well
    open(Origin::created);
    journal.add(1, "a", energy, {{0, 0}});
    ASSERT_TRUE(store_->apply(journal.records()));
    std::atomic<bool> finished = false;
    std::atomic<int> asked = 0;
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i) {
      readers.emplace_back([&] {
        std::size_t seen = 0;
        while (!finished) {
          const auto got =
              store_->range(SeriesId{1}, {0, 1'000'000'000}, 100'000, {.timeout_ms = 20'000, .cancel = {}});
          ASSERT_TRUE(got) << got.error().message;
          ASSERT_GE(got->points.size(), seen) << "what was seen once stays";
          seen = got->points.size();
          // Value k stands at place k: a hole, a repetition or a wrong order would show.
          for (std::size_t k = 0; k < seen; ++k) ASSERT_EQ(got->points[k].mantissa, static_cast<std::int64_t>(k));
          const SeriesId id{1};
          ASSERT_TRUE(store_->latest({&id, 1})[0]);
          ++asked;
        }
      });
    }
    std::jthread maintainer([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) ASSERT_TRUE(store_->maintain({}));
    });
    std::int64_t next = 1;
    while (next < 10'000) {
      std::vector<testing::Value> values;
      for (int i = 0; i < 200; ++i, ++next) values.push_back({next * 10, next});
      journal.add(1, "a", energy, values);
      const auto applied = store_->apply(journal.from(store_->next_record()));
      EXPECT_TRUE(applied);
      const auto made = store_->checkpoint_if_due();
      EXPECT_TRUE(made);
      if (!applied || !made) break;
    }
    finished = true;
    for (auto& reader : readers) reader.join();
    maintainer.request_stop();
    maintainer.join();
    EXPECT_GE(asked, 5);
    checkpoints += store_->statistics().checkpoints;
    MemoryTelemetryStore memory;
    ASSERT_TRUE(memory.apply(journal.records()));
    EXPECT_EQ(store_->digest().value(), memory.digest().value());
    store_.reset();
  }
  EXPECT_GT(checkpoints, 0U);
}

/// Every look at it takes it one step forward.
class SteppingClock final : public Clock {
 public:
  explicit SteppingClock(std::int64_t step_ms) : step_ms_(step_ms) {}
  [[nodiscard]] std::int64_t utc_ms() const override { return start_utc_ms; }
  [[nodiscard]] std::int64_t monotonic_ns() const override { return now_ms_.fetch_add(step_ms_) * 1'000'000; }

 private:
  std::int64_t step_ms_;
  mutable std::atomic<std::int64_t> now_ms_ = 0;
};

TEST_F(DuckDbTelemetry, AQuestionThatIsOverItsTimeEndsAndLeavesNothingBehind) {
  const SteppingClock clock(10);
  auto opened = DuckDbTelemetryStore::open(options_, disk_, clock, keys_);
  ASSERT_TRUE(opened);
  store_ = std::move(opened->store);
  std::vector<testing::Value> values;
  for (int i = 0; i < 60'000; ++i) values.push_back({i, i});
  for (int i = 0; i < 4; ++i) journal_.add(1, "m", energy, values);
  apply_all();
  int timed_out = 0;
  for (int i = 0; i < 20; ++i) {
    const auto got = store_->range(SeriesId{1}, {0, 60'000}, 1'000, {.timeout_ms = 5 + 4 * i, .cancel = {}});
    if (got) continue;
    EXPECT_EQ(got.error().code, ErrorCode::timed_out);
    ++timed_out;
  }
  EXPECT_GT(timed_out, 0);
  // No transaction of a question that was broken off may hold up a checkpoint, and the sessions still work.
  ASSERT_TRUE(store_->checkpoint());
  EXPECT_EQ(store_->statistics().write_ahead_log_bytes, 0U);
  const auto got = store_->range(SeriesId{1}, {0, 60'000}, 60'000, {.timeout_ms = 1'000'000'000, .cancel = {}});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->points.at(0).evidence_count, 4U);
  EXPECT_GE(got->points.size(), 15'000U);
}

TEST_F(DuckDbTelemetry, NothingButItsOwnFileCanBeReached) {
  std::filesystem::create_directories(options_.directory);
  const std::string secret = directory_.path() + "/secret.csv";
  overwrite(secret, "a,b\n1,2\n");
  const auto engine = DuckDbEngine::open(options_, file(), options_.directory + "/temporary", key_of(9));
  ASSERT_TRUE(engine) << engine.error().error.message;
  const auto session = (*engine)->connect();
  ASSERT_TRUE(session);
  ASSERT_TRUE((*session)->run("CREATE TABLE hot.t AS SELECT 1 AS one"));
  const std::vector<std::string> forbidden{
      "SELECT * FROM read_csv('" + secret + "')",
      "SELECT * FROM '" + secret + "'",
      "SELECT * FROM read_text('/etc/hostname')",
      "COPY hot.t TO '" + directory_.path() + "/out.csv'",
      "ATTACH '" + directory_.path() + "/other.duckdb' AS other",
      "LOAD httpfs",
      "INSTALL httpfs",
      "SET GLOBAL enable_external_access = true",
      "SET memory_limit = '100GB'",
      "SET GLOBAL temp_file_encryption = false",
  };
  for (const std::string& statement : forbidden) EXPECT_FALSE((*session)->run(statement)) << statement;
  EXPECT_FALSE(std::filesystem::exists(directory_.path() + "/out.csv"));
  EXPECT_FALSE(std::filesystem::exists(directory_.path() + "/other.duckdb"));
  EXPECT_TRUE((*session)->run("CHECKPOINT hot"));
  std::string encrypted;
  ASSERT_TRUE((*session)->stream("SELECT current_setting('temp_file_encryption')::VARCHAR::BLOB",
                                 [&](const Chunk& chunk) -> Result<void> {
                                   encrypted = chunk.blob(0, 0);
                                   return {};
                                 }));
  EXPECT_EQ(encrypted, "true");
}

TEST_F(DuckDbTelemetry, ABrokenSqlTextNeverQuotesTheKey) {
  const auto key = key_of(0x5A);
  const auto engine = DuckDbEngine::open(options_, directory_.path() + "/no such folder/x.duckdb",
                                         directory_.path() + "/temporary", key);
  ASSERT_FALSE(engine);
  EXPECT_FALSE(engine.error().damaged) << "a missing folder is no damage";
  EXPECT_EQ(engine.error().error.message.find("WlpaWlpa"), std::string::npos);
}

TEST(ReaderGate, LetsReadersOutBeforeItCloses) {
  const SystemClock clock;
  ReaderGate gate;
  ASSERT_TRUE(gate.enter(Deadline(clock, 1'000, {})));
  EXPECT_FALSE(gate.try_close());
  EXPECT_FALSE(gate.close(1)) << "somebody is inside";
  ASSERT_TRUE(gate.enter(Deadline(clock, 1'000, {}))) << "after giving up it is open again";
  gate.leave();
  std::thread closer([&] { EXPECT_TRUE(gate.close(60'000)); });
  gate.leave();
  closer.join();
  const auto refused = gate.enter(Deadline(clock, 20, {}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::timed_out);
  std::thread waiting([&] {
    EXPECT_TRUE(gate.enter(Deadline(clock, 60'000, {})));
    gate.leave();
  });
  gate.open();
  waiting.join();
  EXPECT_TRUE(gate.try_close());
}

}  // namespace
}  // namespace duheng::store
