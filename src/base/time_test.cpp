#include "base/time.hpp"

#include <gtest/gtest.h>

namespace duheng {
namespace {

TEST(Time, FormatsAndParses) {
  EXPECT_EQ(format_utc(1'750'000'000'123), "2025-06-15T15:06:40.123Z");
  EXPECT_EQ(*parse_iso8601("2025-06-15T23:06:40.123+08:00"), 1'750'000'000'123);
  EXPECT_EQ(*parse_iso8601("2025-06-15T15:06:40Z"), 1'750'000'000'000);
  for (const char* text : {"", "2025-06-15", "2025-06-15T15:06:40", "2025-02-30T00:00:00Z", "2025-06-15T15:06:40Zx"}) {
    EXPECT_FALSE(parse_iso8601(text)) << text;
  }
}

TEST(Time, CivilDaysFollowTheZone) {
  const auto shanghai = *civil_day("2026-11-21", "Asia/Shanghai");
  EXPECT_EQ(format_utc(shanghai.begin_utc_ms), "2026-11-20T16:00:00.000Z");
  EXPECT_EQ(shanghai.end_utc_ms - shanghai.begin_utc_ms, 86'400'000);
  const auto berlin = *civil_day("2026-03-29", "Europe/Berlin");
  EXPECT_EQ(berlin.end_utc_ms - berlin.begin_utc_ms, 23 * 3'600'000);
  EXPECT_EQ(*civil_date(shanghai.begin_utc_ms - 1, "Asia/Shanghai"), "2026-11-20");
  EXPECT_EQ(civil_day("2026-11-21", "Mars/Base").error().code, ErrorCode::not_found);
  EXPECT_EQ(civil_day("2026-11-31", "Asia/Shanghai").error().code, ErrorCode::malformed);
  EXPECT_EQ(*zone_offset_ms(shanghai.begin_utc_ms, "Asia/Shanghai"), 8 * 3'600'000);
}

}  // namespace
}  // namespace duheng
