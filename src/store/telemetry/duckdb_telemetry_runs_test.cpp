// Runs, sealing, late data, rewriting of sealed files, change of keys.
#include <algorithm>
#include <set>
#include <stop_token>

#include "store/telemetry/duckdb_telemetry_test_fixture.hpp"

namespace duheng::store {
namespace {

/// Two versions of the key, the second once it is switched on.
class RotatingKeys final : public crypto::KeyProvider {
 public:
  std::uint32_t current = 1;
  std::set<std::uint32_t> lost;
  [[nodiscard]] Result<std::uint32_t> current_version(std::string_view) override { return current; }
  [[nodiscard]] Result<crypto::SecretKey> key(std::string_view, std::uint32_t version) override {
    if (lost.contains(version) || version > current) return fail(ErrorCode::key_missing, "no such version");
    return key_of(static_cast<std::uint8_t>(version));
  }
};

/// Asks the maintainer to end as soon as it asks for the key of a new file.
class StoppingKeys final : public crypto::KeyProvider {
 public:
  std::stop_source stop;
  bool armed = false;
  [[nodiscard]] Result<std::uint32_t> current_version(std::string_view) override { return 1; }
  [[nodiscard]] Result<crypto::SecretKey> key(std::string_view, std::uint32_t) override {
    if (armed) stop.request_stop();
    return key_of(1);
  }
};

constexpr std::int64_t hour_ms = 3'600'000;
// 2024-12-30 00:00 UTC
constexpr std::int64_t new_years_utc_ms = 1'735'516'800'000;

class TelemetryRuns : public DuckDbTelemetry {
 protected:
  TelemetryRuns() {
    options_.merge_runs = 3;
    options_.merge_readings_at_once = 500;
    options_.seal_readings = 1'000'000;
    clock_.set_utc_ms(new_years_utc_ms);
  }
  void open_with(crypto::KeyProvider& keys, Origin expected = Origin::opened) {
    store_.reset();
    auto opened = try_open(keys);
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(opened->origin, expected) << opened->damage;
    store_ = std::move(opened->store);
  }
  /// A day of quarter hours for some meters, from `from_utc_ms`.
  void add_day(std::int64_t from_utc_ms, int meters = 12) {
    for (int meter = 0; meter < meters; ++meter) {
      std::vector<testing::Value> values;
      for (int i = 0; i < 96; ++i)
        values.push_back({from_utc_ms + i * hour_ms / 4, from_utc_ms / hour_ms * 4 + i * (meter + 1)});
      journal_.add(1, "meter-" + std::to_string(meter), energy, values);
    }
  }
  void maintain_all() {
    bool more = true;
    for (int step = 0; more; ++step) {
      ASSERT_LT(step, 200) << "maintenance never ends";
      const auto done = store_->maintain({});
      ASSERT_TRUE(done) << done.error().message;
      more = *done;
    }
  }
  void expect_whole(const char* when) {
    EXPECT_EQ(store_->digest().value(), expected_digest()) << when;
    EXPECT_EQ(store_->sizes().readings, store_->statistics().readings) << when;
  }
  [[nodiscard]] std::vector<std::string> year_files() const {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(options_.directory)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("telemetry-") && !name.ends_with(".wal")) out.push_back(name);
    }
    std::ranges::sort(out);
    return out;
  }
};

TEST_F(TelemetryRuns, ClosedDaysMoveIntoTheirYearsFiles) {
  open(Origin::created);
  for (int day = 0; day < 4; ++day) {
    add_day(new_years_utc_ms + day * utc_day_ms);
    clock_.set_utc_ms(new_years_utc_ms + (day + 1) * utc_day_ms - 1);
    apply_all();
    maintain_all();
    expect_whole("after a day");
  }
  // The last day is open, and the one before it closed two hours after its end.
  EXPECT_EQ(year_files(), (std::vector<std::string>{"telemetry-2024-2.duckdb", "telemetry-2025-3.duckdb"}))
      << "2024 was made anew when it was over";
  EXPECT_EQ(store_->statistics().sealed_readings, 3U * 12 * 96);
  EXPECT_GT(store_->statistics().sealed_bytes, 0U);
  open_with(keys_);
  expect_whole("reopened");
  EXPECT_EQ(store_->statistics().sealed_readings, 3U * 12 * 96);
  const auto curve = store_->curve(SeriesId{3}, {new_years_utc_ms, new_years_utc_ms + 4 * utc_day_ms}, 4, {});
  ASSERT_TRUE(curve);
  ASSERT_EQ(curve->size(), 4U);
  for (const CurveBucket& bucket : *curve) EXPECT_EQ(bucket.value_count, 96U);
}

TEST_F(TelemetryRuns, LateDataIsSeenAtOnceAndSealedLater) {
  open(Origin::created);
  add_day(new_years_utc_ms);
  clock_.set_utc_ms(new_years_utc_ms + 2 * utc_day_ms);
  apply_all();
  maintain_all();
  ASSERT_EQ(store_->statistics().sealed_readings, 12U * 96);
  journal_.add(1, "meter-3", energy, {{new_years_utc_ms + 7, 42}, {new_years_utc_ms + hour_ms, 43}});
  apply_all();
  maintain_all();
  EXPECT_EQ(store_->statistics().sealed_readings, 12U * 96) << "a trickle waits for the next day";
  EXPECT_EQ(store_->range(SeriesId{4}, {new_years_utc_ms + 7, new_years_utc_ms + 8}, 10, {})->points.size(), 1U);
  expect_whole("with late data beside");
  clock_.set_utc_ms(new_years_utc_ms + 3 * utc_day_ms);
  maintain_all();
  EXPECT_EQ(store_->statistics().sealed_readings, 12U * 96 + 2);
  expect_whole("sealed again");
}

TEST_F(TelemetryRuns, AYearThatIsOverBecomesOneRunInOneSmallFile) {
  open(Origin::created);
  for (int day = 0; day < 2; ++day) {
    add_day(new_years_utc_ms + day * utc_day_ms);
    clock_.set_utc_ms(new_years_utc_ms + (day + 1) * utc_day_ms + 3 * hour_ms);
    apply_all();
    maintain_all();
  }
  EXPECT_EQ(year_files(), (std::vector<std::string>{"telemetry-2024-2.duckdb"})) << "the year is over: made anew";
  EXPECT_EQ(store_->sizes().sealed_runs, 1U);
  expect_whole("one run");
  open_with(keys_);
  expect_whole("reopened");
}

TEST_F(TelemetryRuns, AMergeThatIsAskedToEndLeavesNothingBehindAndIsDoneLater) {
  StoppingKeys keys;
  open_with(keys, Origin::created);
  add_day(new_years_utc_ms);
  add_day(new_years_utc_ms + utc_day_ms);
  clock_.set_utc_ms(new_years_utc_ms + utc_day_ms + 3 * hour_ms);
  apply_all();
  const std::size_t tables = store_->stored_tables().value();
  keys.armed = true;
  const auto ended = store_->maintain(keys.stop.get_token());
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, ErrorCode::cancelled);
  EXPECT_TRUE(keys.stop.stop_requested()) << "the merge had begun";
  EXPECT_EQ(store_->stored_tables().value(), tables);
  EXPECT_TRUE(year_files().empty());
  EXPECT_FALSE(store_->must_reopen());
  expect_whole("given up");
  keys.armed = false;
  maintain_all();
  EXPECT_EQ(store_->statistics().sealed_readings, 12U * 96);
  EXPECT_EQ(store_->stored_tables().value(), store_->sizes().runs);
  expect_whole("done later");
}

TEST_F(TelemetryRuns, ManyRunsBecomeFew) {
  open(Origin::created);
  clock_.set_utc_ms(new_years_utc_ms + 10 * hour_ms);
  for (int i = 0; i < 40; ++i) {
    journal_.add(1, "m", energy, {{new_years_utc_ms + i * 60'000, i}});
    apply_all();
    maintain_all();
    ASSERT_LE(store_->sizes().runs, 12U);
  }
  expect_whole("merged");
}

TEST_F(TelemetryRuns, ANewKeyIsUsedForEverySealedFileInTime) {
  RotatingKeys keys;
  open_with(keys, Origin::created);
  add_day(new_years_utc_ms);
  clock_.set_utc_ms(new_years_utc_ms + utc_day_ms + 3 * hour_ms);
  apply_all();
  maintain_all();
  const std::string before = year_files().at(0);
  keys.current = 2;
  maintain_all();
  ASSERT_EQ(year_files().size(), 1U);
  EXPECT_NE(year_files().at(0), before);
  expect_whole("with the new key");
  open_with(keys);
  expect_whole("reopened");
  // The hot file takes the new key when it is opened, so the old one is needed no longer.
  keys.lost.insert(1);
  open_with(keys);
  expect_whole("without the old key");
}

TEST_F(TelemetryRuns, AMissingOrDamagedSealedFileIsFoundAndRebuilt) {
  for (const bool missing : {true, false}) {
    SCOPED_TRACE(missing);
    options_.directory = directory_.path() + (missing ? "/missing" : "/damaged");
    open(Origin::created);
    add_day(new_years_utc_ms);
    clock_.set_utc_ms(new_years_utc_ms + utc_day_ms + 3 * hour_ms);
    apply_all();
    maintain_all();
    store_.reset();
    const std::string path = options_.directory + "/" + year_files().at(0);
    if (missing) {
      std::filesystem::remove(path);
    } else {
      std::string bytes = content(path);
      for (std::size_t i = 0; i < bytes.size(); i += 512) bytes[i] = static_cast<char>(bytes[i] ^ 0x40);
      overwrite(path, bytes);
    }
    open(Origin::replaced_damaged);
    apply_all();
    maintain_all();
    expect_whole("rebuilt");
  }
}

TEST_F(TelemetryRuns, WhatMayGoGoesAndNothingElse) {
  open(Origin::created);
  for (int day = 0; day < 3; ++day) add_day(new_years_utc_ms + day * utc_day_ms);
  clock_.set_utc_ms(new_years_utc_ms + 3 * utc_day_ms + 3 * hour_ms);
  apply_all();
  maintain_all();
  const auto first_day = static_cast<std::int32_t>(utc_day_of(new_years_utc_ms));
  store_->allow_removal({{SeriesId{2}, first_day + 1}, {SeriesId{3}, first_day + 3}, {SeriesId{77}, first_day + 3}});
  maintain_all();
  EXPECT_EQ(store_->statistics().readings_removed, 4U * 96);
  EXPECT_EQ(store_->statistics().readings, 32U * 96);
  const auto count = [&](std::int64_t series) {
    const auto got = store_->range(SeriesId{series}, {new_years_utc_ms, new_years_utc_ms + 3 * utc_day_ms}, 1'000, {});
    return got ? got->points.size() : 0;
  };
  EXPECT_EQ(count(1), 3U * 96);
  EXPECT_EQ(count(2), 2U * 96);
  EXPECT_EQ(count(3), 0U);
  open_with(keys_);
  EXPECT_EQ(store_->statistics().readings_removed, 4U * 96);
  EXPECT_EQ(count(2), 2U * 96);
  // A file of which nothing is left goes as a whole.
  std::vector<RemovableDays> everything;
  for (std::int64_t series = 1; series <= 12; ++series) everything.push_back({SeriesId{series}, first_day + 2});
  store_->allow_removal(everything);
  maintain_all();
  ASSERT_EQ(year_files().size(), 1U);
  EXPECT_TRUE(year_files().at(0).starts_with("telemetry-2025-"));
  open_with(keys_);
  EXPECT_EQ(count(1), 96U);
}

TEST_F(TelemetryRuns, EditsAndNotedChangesSurviveARestart) {
  open(Origin::created);
  const auto day = static_cast<std::int32_t>(utc_day_of(new_years_utc_ms));
  journal_.add(1, "m", energy, {{new_years_utc_ms, 5}});
  apply_all();
  ASSERT_TRUE(store_->settle_before(day + 1));
  journal_.add_edits({TestJournal::edit_of(1, "m", EditKind::correction, new_years_utc_ms, 6)});
  apply_all();
  open_with(keys_);
  EXPECT_EQ(store_->settled_before(), day + 1);
  EXPECT_EQ(store_->range(SeriesId{1}, {new_years_utc_ms, new_years_utc_ms + 1}, 1, {})->points.at(0).mantissa, 6);
  const auto changes = store_->changes(10);
  ASSERT_EQ(changes->days.size(), 1U);
  ASSERT_TRUE(store_->forget_changes(changes->through));
  open_with(keys_);
  EXPECT_TRUE(store_->changes(10)->days.empty());
  expect_whole("reopened");
}

TEST_F(TelemetryRuns, WhatIsNotFlushedComesAgainFromTheJournal) {
  options_.flush_readings = 1'000'000;
  open(Origin::created);
  add_day(new_years_utc_ms);
  apply_all();
  ASSERT_TRUE(store_->checkpoint());
  const std::uint64_t durable = store_->durable_record();
  add_day(new_years_utc_ms + utc_day_ms);
  apply_all();
  EXPECT_EQ(store_->durable_record(), durable);
  const std::string crashed = directory_.path() + "/crashed";
  copy_files_to(crashed);
  store_.reset();
  options_.directory = crashed;
  open();
  EXPECT_EQ(store_->next_record(), durable);
  apply_all();
  ASSERT_TRUE(store_->checkpoint());
  expect_whole("applied again");
}

TEST_F(TelemetryRuns, OldEnoughIsFlushedThoughNothingNewComes) {
  options_.flush_readings = 1'000'000;
  options_.flush_age_ms = 60'000;
  open(Origin::created);
  journal_.add(1, "m", energy, {{new_years_utc_ms, 5}});
  apply_all();
  maintain_all();
  EXPECT_EQ(store_->durable_record(), 0U);
  clock_.advance_ms(60'001);
  maintain_all();
  EXPECT_EQ(store_->durable_record(), 1U);
}

}  // namespace
}  // namespace duheng::store
