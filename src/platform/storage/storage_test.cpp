#include <cmath>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>

#include "platform/storage/storage_watch.hpp"
#include "store/records/test_database.hpp"

namespace duheng::platform::storage {
namespace {

constexpr std::uint64_t mib = 1U << 20;
constexpr std::int64_t day_ms = 86'400'000;

class FakeProbe final : public StorageProbe {
 public:
  Result<std::uint64_t> bytes_below(const std::string& path) override { return bytes[path]; }
  Result<FileSystemFigures> file_system_of(const std::string& path) override {
    if (broken) return fail(ErrorCode::storage_failed, "gone");
    return path.starts_with("/backup") ? backup : data;
  }
  std::map<std::string, std::uint64_t> bytes;
  FileSystemFigures data{1, 100'000 * mib, 60'000 * mib};
  FileSystemFigures backup{2, 50'000 * mib, 40'000 * mib};
  bool broken = false;
};

class Sink final : public alarms::ConditionSink {
 public:
  void raise(const alarms::Condition& condition) override { standing[condition.subject.id] = condition; }
  void clear(std::string_view, const alarms::Subject& subject) override { standing.erase(subject.id); }
  std::map<std::string, alarms::Condition> standing;
};

class StorageTest : public testing::Test {
 protected:
  StorageTest() { database.clock.set_utc_ms(20'000 * day_ms); }
  void measure() { ASSERT_TRUE(watch.measure()); }
  /// A day passes; that much more lies there.
  void grow(std::uint64_t more) {
    database.clock.advance_ms(day_ms);
    probe.bytes["/data/journal"] += more;
    probe.data.free_bytes -= std::min(more, probe.data.free_bytes);
    measure();
  }
  records::TestDatabase database{StorageWatch::migrations()};
  FakeProbe probe;
  Sink sink;
  StorageWatch watch{{*database, database.clock, sink, probe},
                     {{"journal", "/data/journal"},
                      {"exports", "/data/exports", Disposal::expires, 7},
                      {"backups", "/backup", Disposal::rotated}}};
};

TEST(StorageForecast, OneOddDayHardlyMovesIt) {
  std::vector<DailySample> samples;
  for (std::int64_t day = 0; day < 30; ++day)
    samples.push_back({day, 1'000'000 + static_cast<std::uint64_t>(day) * 100});
  EXPECT_DOUBLE_EQ(growth_bytes_per_day(samples).value(), 100);
  samples[20].bytes = 0;           // a disk that was away
  samples[7].bytes = 900'000'000;  // a large export that was deleted the day after
  samples.erase(samples.begin() + 3);
  EXPECT_NEAR(growth_bytes_per_day(samples).value(), 100, 1);
  samples.assign({{0, 500}, {10, 400}});
  EXPECT_DOUBLE_EQ(growth_bytes_per_day(samples).value(), -10);
  EXPECT_FALSE(days_left(1'000, -10.0));
  EXPECT_DOUBLE_EQ(days_left(1'000, 10.0).value(), 100);
  EXPECT_FALSE(days_left(1'000'000'000, 0.001)) << "over a century says nothing";
  samples.assign({{7, 1}});
  EXPECT_FALSE(growth_bytes_per_day(samples));
}

TEST_F(StorageTest, AFillingDiskIsToldThirtySevenAndOneDayAhead) {
  measure();
  EXPECT_EQ(watch.report().parts.size(), 3U);
  EXPECT_EQ(watch.report().file_systems.size(), 2U);
  EXPECT_FALSE(watch.report().file_systems[0].days_left) << "one day says nothing of growth";
  std::map<int, alarms::Severity> told;  // by days left, when it changed
  std::optional<alarms::Severity> last;
  for (int day = 0; day < 60; ++day) {
    grow(1'000 * mib);
    const auto disk = watch.report().file_systems[0];
    const auto standing = sink.standing.find("disk:journal");
    const auto severity = standing == sink.standing.end() ? std::nullopt : std::optional{standing->second.severity};
    if (severity != last && severity) told[static_cast<int>(std::lround(disk.days_left.value()))] = *severity;
    last = severity;
    if (!severity) continue;
    EXPECT_EQ(standing->second.facts.at("growth_mib_per_day"), "1000");
  }
  EXPECT_EQ(told, (std::map<int, alarms::Severity>{
                      {30, alarms::Severity::warning}, {7, alarms::Severity::major}, {1, alarms::Severity::critical}}));
  EXPECT_EQ(sink.standing.at("disk:journal").facts.at("days_left"), "0");
  EXPECT_FALSE(sink.standing.contains("disk:backups"));
  // Somebody adds a disk.
  probe.data.free_bytes = 90'000 * mib;
  probe.data.total_bytes = 200'000 * mib;
  grow(0);
  EXPECT_TRUE(sink.standing.empty());
}

TEST_F(StorageTest, ThePartsTellWhereItGrows) {
  for (int day = 0; day < 10; ++day) grow(20 * mib);
  const StorageReport report = watch.report();
  EXPECT_EQ(report.parts[0].bytes, 200 * mib);
  EXPECT_DOUBLE_EQ(report.parts[0].growth_bytes_per_day.value(), 20.0 * mib);
  EXPECT_DOUBLE_EQ(report.parts[1].growth_bytes_per_day.value(), 0);
  EXPECT_EQ(report.parts[2].file_system, 1U);
  EXPECT_EQ(report.days_sampled, 10U);
  // Several measurements of a day are one sample; a restart knows the days before it.
  StorageWatch again{{*database, database.clock, sink, probe}, {{"journal", "/data/journal"}}};
  ASSERT_TRUE(again.measure());
  ASSERT_TRUE(again.measure());
  EXPECT_DOUBLE_EQ(again.report().parts[0].growth_bytes_per_day.value(), 20.0 * mib);
}

TEST_F(StorageTest, ADiskThatCannotBeMeasuredIsToldAndTheLastFiguresStay) {
  measure();
  probe.broken = true;
  EXPECT_FALSE(watch.measure());
  EXPECT_EQ(watch.report().problem, "gone");
  EXPECT_EQ(watch.report().parts.size(), 3U);
}

TEST(StorageProbe, MeasuresFoldersAsTheyAre) {
  const records::TemporaryFolder folder;
  std::filesystem::create_directories(folder.file("a/b"));
  std::ofstream(folder.file("a/b/c")) << std::string(100'000, 'x');
  PosixStorageProbe probe;
  const auto bytes = probe.bytes_below(folder.file("a"));
  ASSERT_TRUE(bytes);
  EXPECT_GE(*bytes, 100'000U);
  EXPECT_LT(*bytes, 300'000U);
  EXPECT_EQ(probe.bytes_below(folder.file("none")).value(), 0U);
  const auto disk = probe.file_system_of(folder.file("none/deeper"));
  ASSERT_TRUE(disk);
  EXPECT_GT(disk->total_bytes, disk->free_bytes);
  EXPECT_EQ(disk->device, probe.file_system_of(folder.file("a"))->device);
}

}  // namespace
}  // namespace duheng::platform::storage
