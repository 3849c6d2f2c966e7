#include "platform/completeness/day_completeness.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "model/batch.hpp"
#include "store/telemetry/memory_telemetry_store.hpp"

namespace duheng::platform {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t minute = 60'000;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t quarter = 15 * minute;

/// Five meters, read every quarter of an hour for two days, with known gaps.
class DayCompletenessTest : public ::testing::Test {
 protected:
  DayCompletenessTest() { clock_.set_utc_ms(at(day_ + 3, 0)); }
  [[nodiscard]] std::int64_t at(std::int32_t day, std::int64_t after_ms) const {
    return calendar_.day(day).after_utc_ms + after_ms;
  }
  /// One reading in a journal record of its own, which came to the platform at `came`.
  void read(const std::string& uid, std::int64_t time, std::int64_t came, Quality quality = Quality::good) {
    BatchWriter writer{time};
    Frame frame;
    frame.device_index = writer.device(uid);
    frame.received_utc_ms = time;
    const std::uint32_t index = writer.register_of({"energy_active_import_total", "kWh", -2, SeriesKind::decimal});
    writer.frame(frame);
    writer.reading({index, 1'000, time, TimeSource::gateway, quality});
    Bytes body;
    writer.finish(body);
    const std::uint64_t number = telemetry_.next_record();
    const store::TelemetryRecord record{number, GatewayId{1}, body};
    ASSERT_TRUE(telemetry_.apply({&record, 1}));
    came_[number] = came;
  }
  void read_day(const std::string& uid, std::int32_t day, const std::set<int>& missing, std::int64_t delay_ms = 1'000) {
    for (int slot = 0; slot < 96; ++slot) {
      if (missing.contains(slot)) continue;
      const std::int64_t time = at(day, (slot + 1) * quarter);
      read(uid, time, time + delay_ms);
    }
  }
  [[nodiscard]] ExpectedDevice device(const std::string& uid, std::int64_t interval_ms = quarter) const {
    ExpectedDevice out;
    out.interval_ms = interval_ms;
    const auto source = telemetry_.find_source(GatewayId{1}, uid);
    if (!source) return out;
    for (const store::Series& series : telemetry_.series_of(source->id))
      out.parts.push_back({series.id, {0, at(day_ + 1'000, 0)}});
    return out;
  }
  std::vector<DeviceDay> days(const std::vector<ExpectedDevice>& devices, std::int32_t first, std::int32_t last) {
    const auto got = questions_.device_days(calendar_, devices, first, last, {});
    EXPECT_TRUE(got) << got.error().message;
    return got.value_or(std::vector<DeviceDay>{});
  }
  std::vector<DayReadiness> readiness(const std::vector<ExpectedDevice>& devices, std::int32_t first,
                                      std::int32_t last) {
    const auto got = questions_.readiness(calendar_, devices, first, last, {});
    EXPECT_TRUE(got) << got.error().message;
    return got.value_or(std::vector<DayReadiness>{});
  }

  ManualClock clock_;
  store::CivilCalendar calendar_ = *store::CivilCalendar::open("Asia/Shanghai");
  const std::int32_t day_ = *store::CivilCalendar::parse_day("2026-03-10");
  store::MemoryTelemetryStore telemetry_;
  std::map<std::uint64_t, std::int64_t> came_;
  CompletenessQuestions questions_{telemetry_, clock_, [this](std::uint64_t record) -> std::optional<std::int64_t> {
                                     const auto at = came_.find(record);
                                     return at == came_.end() ? std::nullopt : std::optional{at->second};
                                   }};
};

TEST_F(DayCompletenessTest, KnownGapsAreFoundToTheSlot) {
  read_day("whole", day_, {});
  read_day("whole", day_ + 1, {});
  read_day("gaps", day_, {0, 17, 18, 95});
  read_day("gaps", day_ + 1, {});
  read_day("later", day_ + 1, {3});  // installed on the second day
  const std::vector<ExpectedDevice> devices{device("whole"), device("gaps"), device("later"), device("never")};
  EXPECT_THAT(days(devices, day_, day_ + 1),
              ElementsAre(DeviceDay{0, day_, 96, 96}, DeviceDay{1, day_, 96, 92}, DeviceDay{3, day_, 96, 0},
                          DeviceDay{0, day_ + 1, 96, 96}, DeviceDay{1, day_ + 1, 96, 96},
                          DeviceDay{2, day_ + 1, 96, 95}, DeviceDay{3, day_ + 1, 96, 0}));
  // A day on which something was and then nothing came.
  EXPECT_EQ(days({device("later")}, day_ + 2, day_ + 2), (std::vector{DeviceDay{0, day_ + 2, 96, 0}}));
}

TEST_F(DayCompletenessTest, TheMidnightReadingClosesItsDay) {
  read("m", at(day_, 0), 0);              // of the day before
  read("m", at(day_, 24 * hour), 0);      // of the day
  read("m", at(day_, 24 * hour + 1), 0);  // of the next
  const ExpectedDevice daily = device("m", 24 * hour);
  EXPECT_THAT(days({daily}, day_ - 1, day_ + 1),
              ElementsAre(DeviceDay{0, day_ - 1, 1, 1}, DeviceDay{0, day_, 1, 1}, DeviceDay{0, day_ + 1, 1, 1}));
  EXPECT_EQ(days({device("m", 40 * 24 * hour)}, day_, day_).front().slots_expected, 1U);
}

TEST_F(DayCompletenessTest, OfADayThatGoesOnOnlyWhatIsOverCounts) {
  read_day("m", day_, {1});
  clock_.set_utc_ms(at(day_, 2 * hour + 7 * minute));
  EXPECT_EQ(days({device("m")}, day_, day_ + 5), (std::vector{DeviceDay{0, day_, 8, 7}}));
  clock_.set_utc_ms(at(day_, 7 * minute));
  EXPECT_THAT(days({device("m")}, day_, day_), IsEmpty());
}

TEST_F(DayCompletenessTest, TheIntervalInForceCounts) {
  // Quarters until noon, then hours; the second hour is missing.
  for (int slot = 0; slot < 48; ++slot) read("m", at(day_, (slot + 1) * quarter), 0);
  for (int slot = 12; slot < 24; ++slot) {
    if (slot != 13) read("m", at(day_, (slot + 1) * hour), 0);
  }
  ExpectedDevice changed = device("m");
  changed.changes = {{at(day_, 12 * hour), hour}};
  EXPECT_EQ(days({changed}, day_, day_), (std::vector{DeviceDay{0, day_, 60, 59}}));
  clock_.set_utc_ms(at(day_, 14 * hour + 20 * minute));
  EXPECT_EQ(days({changed}, day_, day_), (std::vector{DeviceDay{0, day_, 50, 49}}));
  clock_.set_utc_ms(at(day_ + 3, 0));
  changed.changes.push_back({at(day_ + 1, 0), 24 * hour});
  EXPECT_EQ(days({changed}, day_ + 1, day_ + 1), (std::vector{DeviceDay{0, day_ + 1, 1, 0}}));
}

TEST_F(DayCompletenessTest, AnswersWithoutValueAreNotThere) {
  read_day("m", day_, {5});
  read("m", at(day_, 5 * quarter + minute), 0, Quality::no_value);
  EXPECT_EQ(days({device("m")}, day_, day_).front().slots_present, 95U);
}

TEST_F(DayCompletenessTest, ADeviceMovedToAnotherSenderIsOne) {
  read_day("old", day_,
           {48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71,
            72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95});
  read_day("new", day_, {});  // its first half was somebody else's
  ExpectedDevice moved = device("old");
  moved.parts[0].time.to_utc_ms = at(day_, 12 * hour) + 1;
  moved.parts.push_back(device("new").parts[0]);
  moved.parts[1].time.from_utc_ms = at(day_, 12 * hour) + 1;
  EXPECT_EQ(days({moved}, day_, day_), (std::vector{DeviceDay{0, day_, 96, 96}}));
}

TEST_F(DayCompletenessTest, ReadinessIsTheTimeAtWhichTheLastOfThemCame) {
  std::vector<ExpectedDevice> devices;
  const std::int64_t midnight = at(day_, 24 * hour);
  // 200 meters: 197 at once, two after 20 minutes, one after six hours. Journalled in the order of their coming.
  std::vector<std::pair<std::int64_t, std::string>> comings;
  for (int i = 0; i < 200; ++i) {
    const std::int64_t delay = i < 197 ? 5'000 + i : i < 199 ? 20 * minute + i : 6 * hour;
    comings.emplace_back(midnight + delay, "m" + std::to_string(i));
  }
  for (const auto& [came, uid] : comings) read(uid, midnight - minute, came);
  for (const auto& [came, uid] : comings) devices.push_back(device(uid));
  EXPECT_THAT(readiness(devices, day_, day_),
              ElementsAre(DayReadiness{day_, 200, 200, midnight + 20 * minute + 197, midnight + 6 * hour}));
  // A meter that is silent: 99 % came all the same, all did not. Two more, and 99 % did not either.
  devices.push_back(device("silent"));
  EXPECT_EQ(readiness(devices, day_, day_).front(),
            (DayReadiness{day_, 201, 200, midnight + 20 * minute + 198, std::nullopt}));
  devices.push_back(device("silent"));
  devices.push_back(device("silent"));
  EXPECT_EQ(readiness(devices, day_, day_).front(), (DayReadiness{day_, 203, 200, std::nullopt, std::nullopt}));
}

TEST_F(DayCompletenessTest, ReadinessKnowsItsLimits) {
  const std::int64_t midnight = at(day_, 24 * hour);
  read("early", midnight - 2 * hour, midnight - 2 * hour);  // not the day's last slot
  read("good", midnight, midnight + 5);
  EXPECT_EQ(readiness({device("early")}, day_, day_).front(), (DayReadiness{day_, 1, 0, {}, {}}));
  came_.clear();  // the journal was shortened
  EXPECT_EQ(readiness({device("good")}, day_, day_).front(), (DayReadiness{day_, 1, 1, {}, {}}));
  EXPECT_THAT(readiness({device("good")}, day_ + 3, day_ + 9), IsEmpty());  // has not ended
  EXPECT_EQ(readiness({}, day_, day_).front(), (DayReadiness{day_, 0, 0, {}, {}}));
}

TEST_F(DayCompletenessTest, EndsWhenTimeIsOver) {
  const std::vector<ExpectedDevice> devices(10, device("m"));
  EXPECT_EQ(questions_.device_days(calendar_, devices, day_, day_, {.timeout_ms = 0, .cancel = {}}).error().code,
            ErrorCode::timed_out);
  EXPECT_EQ(questions_.readiness(calendar_, devices, day_, day_, {.timeout_ms = 0, .cancel = {}}).error().code,
            ErrorCode::timed_out);
  const std::vector<ExpectedDevice> many(CompletenessQuestions::device_days_max);
  EXPECT_EQ(questions_.device_days(calendar_, many, day_, day_ + 1, {}).error().code, ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace duheng::platform
