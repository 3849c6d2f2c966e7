// Hours and days beside a telemetry store: kept over restarts, made anew when they have to be, readings let go by rule.
#include "aggregate_wiring.hpp"

#include <fstream>
#include <gtest/gtest.h>

#include "model/batch.hpp"
#include "store/aggregates/aggregate_store.hpp"
#include "store/aggregates/series_aggregates.hpp"
#include "store/records/test_database.hpp"
#include "store/telemetry/memory_telemetry_store.hpp"

namespace duheng::platform {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;

class AggregateWiringTest : public ::testing::Test {
 protected:
  AggregateWiringTest() {
    clock_.set_utc_ms(at(first_ + 20, 12));
    for (std::int32_t day = first_; day < first_ + 20; ++day) {
      for (int hour = 1; hour <= 24; ++hour) add(at(day, hour), 100 * (day - first_) + 4 * hour, 2'200 + hour);
    }
  }
  [[nodiscard]] std::int64_t at(std::int32_t day, int hour) const {
    return calendar_.day(day).after_utc_ms + hour * hour_ms;
  }
  void add(std::int64_t time_utc_ms, std::int64_t energy, std::int64_t voltage) {
    BatchWriter writer{time_utc_ms};
    Frame frame;
    frame.device_index = writer.device("1");
    frame.sent_utc_ms = frame.received_utc_ms = time_utc_ms;
    const auto energies = writer.register_of({"energy_active_import_total", "kWh", -2, SeriesKind::decimal});
    const auto voltages = writer.register_of({"voltage_a", "V", -1, SeriesKind::decimal});
    writer.frame(frame);
    writer.reading({energies, energy, time_utc_ms, TimeSource::gateway, Quality::good});
    writer.reading({voltages, voltage, time_utc_ms, TimeSource::gateway, Quality::good});
    Bytes body;
    writer.finish(body);
    const store::TelemetryRecord record{telemetry_.next_record(), GatewayId{1}, body};
    ASSERT_TRUE(telemetry_.apply({&record, 1}));
  }
  [[nodiscard]] std::unique_ptr<AggregateWiring> open(std::string_view zone = "Asia/Shanghai") {
    AggregateWiringOptions options;
    options.directory = folder_.file("aggregates");
    options.time_zone = zone;
    options.keeper.retention = retention_;
    auto opened = AggregateWiring::open(options, telemetry_, keys_, disk_, clock_, [this] { return ready_; });
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
  /// All there is to do. Returns the steps it took, -1 after an error.
  static int run(AggregateWiring& wiring) {
    for (int steps = 0; steps < 10'000; ++steps) {
      const auto more = wiring.step();
      if (!more) return -1;
      if (!*more) return steps;
    }
    return -1;
  }
  [[nodiscard]] static std::size_t rows_kept(const AggregateWiring& wiring) {
    const auto answers = wiring.answers();
    if (!answers) return 0;
    const auto rows = answers->rows.days(SeriesId{1}, store::aggregate_limits::first_day_min, 1 << 17);
    return rows ? rows->size() : 0;
  }
  /// Overwrites the last page: rows, not what opening looks at.
  void damage() {
    const std::string path = folder_.file("aggregates/aggregates.db");
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    constexpr int page_bytes = 4'096;
    file.seekg(0, std::ios::end);
    ASSERT_GT(file.tellg(), 4 * page_bytes);
    file.seekp(-page_bytes, std::ios::end);
    file << std::string(page_bytes, 'x');
  }

  records::TemporaryFolder folder_;
  PosixDisk disk_;
  crypto::LocalKeyProvider keys_{records::test_key()};
  ManualClock clock_;
  store::CivilCalendar calendar_ = *store::CivilCalendar::open("Asia/Shanghai");
  const std::int32_t first_ = *store::CivilCalendar::parse_day("2026-03-01");
  store::MemoryTelemetryStore telemetry_;
  std::vector<store::RetentionRule> retention_;
  bool ready_ = true;
};

TEST_F(AggregateWiringTest, SettlesDaysAndGoesOnAfterARestart) {
  {
    auto wiring = open();
    EXPECT_TRUE(wiring->status().open);
    EXPECT_EQ(wiring->status().settled_through, store::KeeperState::none);
    EXPECT_GT(run(*wiring), 0);
    const AggregateStatus status = wiring->status();
    // At noon of the 20th the UTC day that yesterday ended in is over.
    EXPECT_EQ(status.settled_through, first_ + 19);
    EXPECT_EQ(status.settled_through_utc_ms, calendar_.day(first_ + 19).through_utc_ms);
    EXPECT_FALSE(status.changes_waiting);
    EXPECT_FALSE(status.error);
    EXPECT_EQ(rows_kept(*wiring), 20U);
    EXPECT_EQ(aggregate_finding(status).state, status::State::ok);
    EXPECT_NE(aggregate_finding(status).detail_en.find("2026-03-20"), std::string::npos);
  }
  auto again = open();
  EXPECT_EQ(again->status().settled_through, first_ + 19);
  EXPECT_EQ(rows_kept(*again), 20U);
  EXPECT_EQ(run(*again), 0);
  EXPECT_EQ(again->status().made_anew, 0U);
}

TEST_F(AggregateWiringTest, TakesInWhatComesLate) {
  auto wiring = open();
  ASSERT_GT(run(*wiring), 0);
  add(at(first_ + 3, 2) + 60'000, 311, 9'999);
  EXPECT_EQ(run(*wiring), 1);
  const auto rows = wiring->answers()->rows.days(SeriesId{2}, first_ + 3, first_ + 3);
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->front().row.maximum.mantissa, 9'999);
  EXPECT_FALSE(wiring->status().changes_waiting);
}

TEST_F(AggregateWiringTest, WaitsWhileTelemetryIsMadeAgain) {
  auto wiring = open();
  ready_ = false;
  EXPECT_EQ(run(*wiring), 0);
  EXPECT_EQ(wiring->status().settled_through, store::KeeperState::none);
  EXPECT_EQ(telemetry_.settled_before(), store::MemoryTelemetryStore{}.settled_before());
  ready_ = true;
  EXPECT_GT(run(*wiring), 0);
}

TEST_F(AggregateWiringTest, AnotherTimeZoneIsMadeAnew) {
  {
    auto wiring = open();
    ASSERT_GT(run(*wiring), 0);
  }
  auto moved = open("Europe/Berlin");
  EXPECT_EQ(moved->status().made_anew, 1U);
  EXPECT_EQ(rows_kept(*moved), 0U);
  EXPECT_GT(run(*moved), 0);
  EXPECT_GE(rows_kept(*moved), 20U);
  EXPECT_TRUE(disk_.exists(folder_.file("aggregates/aggregates.db.set-aside")));
  AggregateWiringOptions nowhere;
  nowhere.time_zone = "Asia/Nowhere";
  const auto refused = AggregateWiring::open(nowhere, telemetry_, keys_, disk_, clock_, [] { return true; });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::not_found);
}

TEST_F(AggregateWiringTest, AFileThatIsDamagedAtOpeningIsSetAside) {
  ASSERT_TRUE(disk_.make_directories(folder_.file("aggregates")));
  std::ofstream(folder_.file("aggregates/aggregates.db"), std::ios::binary) << std::string(8'192, 'x');
  auto wiring = open();
  EXPECT_EQ(wiring->status().made_anew, 1U);
  EXPECT_GT(run(*wiring), 0);
  EXPECT_EQ(rows_kept(*wiring), 20U);
}

TEST_F(AggregateWiringTest, AFileThatIsDamagedWhileItRunsIsMadeAnewWhenNobodyHoldsIt) {
  {
    auto wiring = open();
    ASSERT_GT(run(*wiring), 0);
  }
  damage();
  auto wiring = open();
  auto held = wiring->answers();
  ASSERT_TRUE(held);
  ASSERT_EQ(wiring->status().made_anew, 0U);
  held->damage_seen = true;
  EXPECT_TRUE(*wiring->step());
  // Closed for newcomers; the question under way still has it.
  EXPECT_EQ(wiring->answers(), nullptr);
  EXPECT_FALSE(wiring->status().open);
  EXPECT_EQ(aggregate_finding(wiring->status()).state, status::State::degraded);
  const auto waits = wiring->step();
  ASSERT_FALSE(waits);
  EXPECT_EQ(waits.error().code, ErrorCode::unavailable);
  held.reset();
  EXPECT_GT(run(*wiring), 0);
  EXPECT_EQ(wiring->status().made_anew, 1U);
  EXPECT_EQ(rows_kept(*wiring), 20U);
}

TEST_F(AggregateWiringTest, ADirectoryThatCannotBeMadeIsTriedAgain) {
  std::ofstream(folder_.file("aggregates")) << "a file in the way";
  auto wiring = open();
  EXPECT_EQ(wiring->answers(), nullptr);
  EXPECT_EQ(aggregate_finding(wiring->status()).state, status::State::degraded);
  EXPECT_FALSE(wiring->step());
  ASSERT_TRUE(disk_.remove(folder_.file("aggregates")));
  EXPECT_GT(run(*wiring), 0);
  EXPECT_EQ(rows_kept(*wiring), 20U);
}

TEST_F(AggregateWiringTest, LetsReadingsGoByRuleAndKeepsTheirHours) {
  retention_ = {{"voltage_*", 10, 0}};
  auto wiring = open();
  ASSERT_GT(run(*wiring), 0);
  while (*telemetry_.maintain({})) {
  }
  const store::TimeRange early{at(first_, 0), at(first_ + 5, 0)};
  EXPECT_TRUE(telemetry_.range(SeriesId{2}, early, 100, {})->points.empty());
  EXPECT_FALSE(telemetry_.range(SeriesId{1}, early, 100, {})->points.empty());
  const auto hours = wiring->answers()->series.hours(SeriesId{2}, first_, first_ + 4, {});
  ASSERT_TRUE(hours);
  ASSERT_EQ(hours->size(), 5U);
  EXPECT_EQ(hours->front().hours.size(), 24U);
  EXPECT_EQ(hours->front().hours[1].minimum.mantissa, 2'202);
}

TEST(AggregateFinding, SaysWhenItIsBehind) {
  AggregateStatus status;
  status.open = true;
  status.today = 20'600;
  EXPECT_EQ(aggregate_finding(status).state, status::State::ok);
  status.settled_through = 20'500;
  status.catching_up = true;
  EXPECT_EQ(aggregate_finding(status).state, status::State::degraded);
  EXPECT_NE(aggregate_finding(status).detail_en.find("catching up"), std::string::npos);
  status.settled_through = 20'598;
  EXPECT_EQ(aggregate_finding(status).state, status::State::ok);
  status.changes_waiting = true;
  EXPECT_NE(aggregate_finding(status).detail_en.find("late data"), std::string::npos);
  status.error = Error{ErrorCode::storage_full, "no space left"};
  EXPECT_EQ(aggregate_finding(status).state, status::State::degraded);
  EXPECT_NE(aggregate_finding(status).detail_en.find("no space left"), std::string::npos);
}

}  // namespace
}  // namespace duheng::platform
