#include "store/telemetry/reopening_telemetry_store.hpp"

#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "base/clock.hpp"
#include "store/telemetry/duckdb_telemetry_store.hpp"
#include "store/telemetry/memory_telemetry_store.hpp"
#include "store/telemetry/telemetry_test_data.hpp"

namespace duheng::store {
namespace {

/// What stands on the disk and how it misbehaves; outlives the stores that are opened on it.
struct Medium {
  std::shared_ptr<MemoryTelemetryStore> content = std::make_shared<MemoryTelemetryStore>();
  std::optional<ErrorCode> apply_fails;
  std::optional<ErrorCode> open_fails;
  std::optional<ErrorCode> questions_fail;
  int open_now = 0;
  int opened = 0;
  int discarded = 0;
};

/// A memory store behind the medium's faults. A failed write leaves it unfit, as the real engine.
class FaultyStore final : public TelemetryStore {
 public:
  explicit FaultyStore(Medium& medium) : medium_(medium), content_(medium.content) { ++medium_.open_now; }
  ~FaultyStore() override { --medium_.open_now; }
  std::uint64_t next_record() const override { return content_->next_record(); }
  Result<ApplyResult> apply(std::span<const TelemetryRecord> records) override {
    if (must_reopen_) return fail(ErrorCode::storage_failed, "unfit");
    if (medium_.apply_fails) {
      must_reopen_ = true;
      return fail(*medium_.apply_fails, "the medium refuses");
    }
    return content_->apply(records);
  }
  bool must_reopen() const override { return must_reopen_; }
  std::vector<Source> sources() const override { return content_->sources(); }
  std::vector<Source> sources_of(GatewayId gateway) const override { return content_->sources_of(gateway); }
  std::optional<Source> find_source(GatewayId gateway, std::string_view uid) const override {
    return content_->find_source(gateway, uid);
  }
  std::vector<Series> series_of(SourceId source) const override { return content_->series_of(source); }
  std::optional<Series> find_series(SeriesId series) const override { return content_->find_series(series); }
  std::vector<std::optional<Point>> latest(std::span<const SeriesId> series) const override {
    return content_->latest(series);
  }
  Result<PointPage> range(SeriesId series, TimeRange range, std::size_t points_max,
                          const QueryOptions& options) const override {
    if (medium_.questions_fail) return fail(*medium_.questions_fail, "unreadable");
    return content_->range(series, range, points_max, options);
  }
  Result<std::vector<CurveBucket>> curve(SeriesId series, TimeRange range, std::size_t buckets,
                                         const QueryOptions& options) const override {
    return content_->curve(series, range, buckets, options);
  }
  Result<Completeness> completeness(SeriesId series, TimeRange range, std::int64_t interval_ms,
                                    const QueryOptions& options) const override {
    return content_->completeness(series, range, interval_ms, options);
  }
  std::uint64_t durable_record() const override { return content_->durable_record(); }
  Result<std::vector<PointVersion>> versions(SeriesId series, std::int64_t time_utc_ms,
                                             const QueryOptions& options) const override {
    return content_->versions(series, time_utc_ms, options);
  }
  Result<void> scan(SeriesSpan series, TimeRange range, const OnSeriesRows& sink,
                    const QueryOptions& options) const override {
    return content_->scan(series, range, sink, options);
  }
  std::vector<Edit> edits(SeriesId series, TimeRange range) const override { return content_->edits(series, range); }
  Result<void> settle_before(std::int32_t utc_day) override { return content_->settle_before(utc_day); }
  std::int32_t settled_before() const override { return content_->settled_before(); }
  Result<ChangePage> changes(std::size_t days_max) const override { return content_->changes(days_max); }
  Result<void> forget_changes(std::uint64_t through) override { return content_->forget_changes(through); }
  void allow_removal(std::vector<RemovableDays> removable) override { content_->allow_removal(std::move(removable)); }
  Result<bool> maintain(const std::stop_token& cancel) override { return content_->maintain(cancel); }
  Result<bool> checkpoint_if_due() override { return false; }
  Result<void> checkpoint() override { return {}; }
  TelemetryStatistics statistics() const override { return content_->statistics(); }
  Result<std::string> digest() override { return content_->digest(); }

 private:
  Medium& medium_;
  std::shared_ptr<MemoryTelemetryStore> content_;
  bool must_reopen_ = false;
};

class Reopening : public ::testing::Test {
 protected:
  Reopening() {
    for (std::int64_t i = 0; i < 12; ++i) journal_.add(1, "meter", testing::energy, {{testing::start_utc_ms + i, i}});
    auto made = ReopeningTelemetryStore::open(
        [this](bool discard) -> Result<ReopeningTelemetryStore::Opened> {
          EXPECT_EQ(medium_.open_now, 0) << "the file belongs to one store";
          if (medium_.open_fails) return fail(*medium_.open_fails, "does not open");
          ++medium_.opened;
          if (discard) {
            ++medium_.discarded;
            medium_.content = std::make_shared<MemoryTelemetryStore>();
          }
          return ReopeningTelemetryStore::Opened{std::make_unique<FaultyStore>(medium_), discard, "told"};
        },
        clock_, options_);
    store_ = std::move(*made);
  }
  /// As the applier does it: from where the store stands, a record at a time. How many went in before it stopped.
  std::size_t apply(std::size_t count = 100) {
    std::size_t done = 0;
    while (done < count && store_->next_record() < journal_.records().size()) {
      if (!store_->apply(journal_.from(store_->next_record()).first(1))) break;
      ++done;
    }
    return done;
  }
  std::string expected_digest() {
    MemoryTelemetryStore plain;
    EXPECT_TRUE(plain.apply(journal_.records()));
    return *plain.digest();
  }

  ManualClock clock_;
  ReopeningOptions options_;
  Medium medium_;
  testing::TestJournal journal_;
  std::unique_ptr<ReopeningTelemetryStore> store_;
};

TEST_F(Reopening, AFullDiskIsWaitedForWithBackOffAndThenNothingIsMissingOrDoubled) {
  EXPECT_EQ(apply(5), 5U);
  medium_.apply_fails = ErrorCode::storage_full;
  EXPECT_EQ(apply(), 0U);
  EXPECT_TRUE(store_->status().broken);
  EXPECT_EQ(store_->status().retry_in_ms, 1'000);
  EXPECT_EQ(store_->sources().size(), 1U) << "it answers still";
  std::int64_t waited_ms = 0;
  for (std::int64_t expected : {1'000, 2'000, 4'000, 8'000, 16'000, 32'000, 60'000, 60'000}) {
    EXPECT_EQ(store_->status().retry_in_ms, expected);
    clock_.advance_ms(expected - 1);
    const int opened = medium_.opened;
    EXPECT_EQ(store_->apply(journal_.from(5)).error().code, ErrorCode::unavailable);
    EXPECT_EQ(medium_.opened, opened) << "too early";
    clock_.advance_ms(1);
    EXPECT_EQ(store_->apply(journal_.from(5)).error().code, ErrorCode::unavailable);
    EXPECT_EQ(medium_.opened, opened + 1);
    EXPECT_EQ(store_->apply(journal_.from(5)).error().code, ErrorCode::storage_full) << "opened, and full again";
    waited_ms += expected;
  }
  medium_.apply_fails.reset();
  clock_.advance_ms(60'000);
  EXPECT_EQ(apply(), 0U);
  EXPECT_EQ(apply(), 7U);
  EXPECT_FALSE(store_->status().broken);
  EXPECT_FALSE(store_->status().error);
  EXPECT_EQ(store_->status().rebuilds, 0U);
  EXPECT_EQ(*store_->digest(), expected_digest());
  // The next failure begins with the short wait.
  journal_.add(1, "meter", testing::energy, {{testing::start_utc_ms + 99, 99}});
  medium_.apply_fails = ErrorCode::storage_failed;
  EXPECT_EQ(apply(), 0U);
  EXPECT_EQ(store_->status().retry_in_ms, 1'000);
}

TEST_F(Reopening, CorruptIsRebuiltFromTheJournalAndGivenUpWhenItComesAgainAndAgain) {
  for (std::size_t round = 0; round < options_.discards_max; ++round) {
    EXPECT_GT(apply(7), 0U);
    medium_.apply_fails = ErrorCode::storage_corrupt;
    EXPECT_EQ(apply(), 0U);
    medium_.apply_fails.reset();
    clock_.advance_ms(60'000);
    EXPECT_EQ(apply(), 0U);
    EXPECT_EQ(store_->next_record(), 0U);
    EXPECT_EQ(store_->status().rebuilds, round + 1);
  }
  EXPECT_EQ(apply(), 12U);
  EXPECT_EQ(*store_->digest(), expected_digest());
  medium_.questions_fail = ErrorCode::storage_corrupt;
  const auto series = store_->series_of(SourceId{1});
  ASSERT_EQ(series.size(), 1U);
  EXPECT_FALSE(store_->range(series[0].id, {0, INT64_MAX / 8}, 10, {}));
  journal_.add(1, "meter", testing::energy, {{testing::start_utc_ms + 99, 99}});
  EXPECT_EQ(apply(), 0U);
  EXPECT_TRUE(store_->status().given_up);
  EXPECT_EQ(medium_.open_now, 0);
  clock_.advance_ms(3'600'000);
  EXPECT_EQ(store_->apply(journal_.from(12)).error().code, ErrorCode::storage_corrupt);
  EXPECT_EQ(store_->range(series[0].id, {0, INT64_MAX / 8}, 10, {}).error().code, ErrorCode::storage_corrupt);
  EXPECT_EQ(store_->next_record(), 12U) << "where it stood";
  EXPECT_EQ(medium_.discarded, static_cast<int>(options_.discards_max));
}

TEST_F(Reopening, AQuestionThatFindsDamageHasTheStoreRebuilt) {
  EXPECT_EQ(apply(), 12U);
  const auto series = store_->series_of(SourceId{1});
  ASSERT_EQ(series.size(), 1U);
  medium_.questions_fail = ErrorCode::storage_corrupt;
  EXPECT_FALSE(store_->range(series[0].id, {0, INT64_MAX / 8}, 10, {}));
  medium_.questions_fail.reset();
  journal_.add(1, "meter", testing::energy, {{testing::start_utc_ms + 99, 99}});
  EXPECT_EQ(apply(), 0U);
  EXPECT_EQ(apply(), 13U);
  EXPECT_EQ(*store_->digest(), expected_digest());
}

TEST_F(Reopening, WhatDoesNotOpenIsTriedAgainWhileQuestionsAreRefused) {
  EXPECT_EQ(apply(5), 5U);
  medium_.apply_fails = ErrorCode::storage_failed;
  medium_.open_fails = ErrorCode::storage_failed;
  EXPECT_EQ(apply(), 0U);
  clock_.advance_ms(1'000);
  EXPECT_EQ(apply(), 0U);
  EXPECT_EQ(store_->status().failed, 1U);
  EXPECT_EQ(store_->status().retry_in_ms, 2'000);
  EXPECT_TRUE(store_->must_reopen());
  EXPECT_TRUE(store_->sources().empty());
  EXPECT_EQ(store_->next_record(), 5U);
  EXPECT_EQ(store_->range(SeriesId{1}, {0, 1}, 10, {}).error().code, ErrorCode::unavailable);
  EXPECT_TRUE(store_->checkpoint());
  medium_.apply_fails.reset();
  medium_.open_fails.reset();
  clock_.advance_ms(2'000);
  EXPECT_EQ(apply(), 0U);
  EXPECT_EQ(apply(), 7U);
  EXPECT_EQ(*store_->digest(), expected_digest());
}

/// No file of this process may grow beyond what it is given, as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(std::uint64_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST(ReopeningDuckDb, TheRealEngineIsMendedInOneProcess) {
  testing::TemporaryDirectory directory;
  PosixDisk disk;
  ManualClock clock;
  crypto::LocalKeyProvider keys{crypto::SecretKey{}};
  DuckDbTelemetryOptions options;
  options.directory = directory.path() + "/telemetry";
  options.flush_readings = 1;
  auto made = ReopeningTelemetryStore::open(
      [&](bool discard) -> Result<ReopeningTelemetryStore::Opened> {
        options.discard_existing = discard;
        DUHENG_TRY(auto opened, DuckDbTelemetryStore::open(options, disk, clock, keys));
        const bool anew = opened.needs_rebuild();
        return ReopeningTelemetryStore::Opened{std::move(opened.store), anew, opened.damage};
      },
      clock);
  ASSERT_TRUE(made) << made.error().message;
  ReopeningTelemetryStore& store = **made;
  testing::TestJournal journal;
  MemoryTelemetryStore plain;
  const auto grow = [&](std::uint64_t records) {
    for (std::uint64_t number = 0; number < records; ++number)
      journal.add_body(GatewayId{1}, testing::made_record(journal.records().size(), 50));
    ASSERT_TRUE(plain.apply(journal.from(plain.next_record())));
  };
  const auto apply = [&] { return store.apply(journal.from(store.next_record())); };
  grow(20);
  ASSERT_TRUE(apply());
  ASSERT_TRUE(store.checkpoint());

  // No room: the engine is unfit afterwards. Room again: opened as it is, nothing missing, nothing doubled.
  grow(40);
  const auto fail_for_want_of_room = [&] {
    const FileSizeLimit full(1'000);
    return apply();
  };
  ASSERT_FALSE(fail_for_want_of_room());
  EXPECT_TRUE(store.status().broken);
  clock.advance_ms(1'000);
  EXPECT_EQ(apply().error().code, ErrorCode::unavailable);
  EXPECT_EQ(store.status().reopened, 1U);
  EXPECT_EQ(store.status().rebuilds, 0U);
  ASSERT_TRUE(apply());
  EXPECT_EQ(store.digest().value(), plain.digest().value());

  // The same with a file that was damaged meanwhile: put aside, made anew from the journal.
  ASSERT_TRUE(store.checkpoint());
  grow(40);
  ASSERT_FALSE(fail_for_want_of_room());
  {
    std::fstream damage(options.directory + "/telemetry.duckdb", std::ios::in | std::ios::out | std::ios::binary);
    ASSERT_TRUE(damage);
    damage.seekp(0);
    damage << std::string(3 * 4'096, 'x');
  }
  clock.advance_ms(1'000);
  EXPECT_EQ(apply().error().code, ErrorCode::unavailable);
  EXPECT_EQ(store.status().rebuilds, 1U);
  EXPECT_EQ(store.next_record(), 0U);
  ASSERT_TRUE(apply());
  EXPECT_EQ(store.digest().value(), plain.digest().value());
}

}  // namespace
}  // namespace duheng::store
