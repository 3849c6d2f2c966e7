#include "store/aggregates/bucket_listing.hpp"

#include <gtest/gtest.h>

#include "store/aggregates/aggregate_test_world.hpp"

namespace duheng::store {
namespace {

using testing::World;

class BucketListing : public ::testing::Test {
 protected:
  void SetUp() override {
    for (std::int32_t day = first_; day <= last_; ++day) {
      for (int hour = 1; hour <= 24; ++hour) world_.telemetry.add(series_, world_.at(day, 60 * hour), value_ += 10);
    }
    world_.set_now(last_ + 1, 60);
    ASSERT_TRUE(world_.run());
  }
  [[nodiscard]] std::vector<ListedBucket> list(BucketSize size, std::string_view first, std::string_view last) const {
    const auto got = list_buckets(world_.questions(), series_, size, {world_.day(first), world_.day(last)}, {});
    EXPECT_TRUE(got);
    return got.value_or(std::vector<ListedBucket>{});
  }
  World world_;
  const std::int32_t first_ = world_.day("2025-12-29");
  const std::int32_t last_ = world_.day("2026-02-01");
  const SeriesId series_ = world_.telemetry.add_series();
  std::int64_t value_ = 0;
};

TEST_F(BucketListing, HasALabelForEverySize) {
  const auto hours = list(BucketSize::hour, "2025-12-31", "2025-12-31");
  ASSERT_EQ(hours.size(), 24U);
  EXPECT_EQ(hours.back().label, "2025-12-31");
  EXPECT_EQ(hours.back().row.increase, 10);
  EXPECT_EQ(list(BucketSize::day, "2025-12-31", "2026-01-02")[1].label, "2026-01-01");
  const auto weeks = list(BucketSize::week, "2026-01-01", "2026-01-05");
  ASSERT_EQ(weeks.size(), 2U);
  EXPECT_EQ(weeks[0].label, "2026-W01");
  EXPECT_EQ(weeks[0].days_with_values, 7) << "from Monday, 2025-12-29";
  const auto months = list(BucketSize::month, "2025-12-31", "2026-01-01");
  ASSERT_EQ(months.size(), 2U);
  EXPECT_EQ(months[0].label, "2025-12");
  EXPECT_EQ(months[0].days_with_values, 3);
  EXPECT_EQ(months[1].last_day, world_.day("2026-01-31"));
  EXPECT_EQ(months[1].row.increase, 31 * 240);
  const auto years = list(BucketSize::year, "2025-12-31", "2026-02-01");
  ASSERT_EQ(years.size(), 2U);
  EXPECT_EQ(years[1].label, "2026");
  EXPECT_EQ(years[1].row.increase, 32 * 240);
}

TEST_F(BucketListing, PagesOfSpansAreTheWholeOfThem) {
  for (const BucketSize size :
       {BucketSize::hour, BucketSize::day, BucketSize::week, BucketSize::month, BucketSize::year}) {
    EXPECT_EQ(bucket_size_of(to_string(size)), size);
    const auto all = bucket_spans(size, first_, last_, SIZE_MAX);
    std::vector<DaySpan> pages;
    for (std::int32_t day = first_; day <= last_; day = pages.back().last + 1) {
      const auto page = bucket_spans(size, day, last_, 2);
      pages.insert(pages.end(), page.begin(), page.end());
    }
    EXPECT_EQ(pages, all) << to_string(size);
    EXPECT_LE(all.front().first, first_);
    EXPECT_GE(all.back().last, last_);
  }
  EXPECT_EQ(bucket_size_of("decade"), std::nullopt);
}

TEST_F(BucketListing, SaysWhatIsMissingAndWhatIsEstimated) {
  AggregateRow day = list(BucketSize::day, "2026-01-01", "2026-01-01").at(0).row;
  constexpr std::int64_t hour_ms = 3'600'000;
  EXPECT_EQ(values_expected(day, hour_ms), 24U);
  EXPECT_EQ(completeness_basis_points(day, hour_ms), 10'000);
  EXPECT_EQ(completeness_basis_points(day, hour_ms / 4), 2'500);
  EXPECT_EQ(completeness_basis_points(day, hour_ms / 60), 166) << "cut off";
  EXPECT_EQ(completeness_basis_points(day, 2 * hour_ms), 10'000) << "more than expected is whole";
  EXPECT_EQ(completeness_basis_points(day, 25 * hour_ms), std::nullopt);
  EXPECT_EQ(completeness_basis_points(day, 0), std::nullopt);
  EXPECT_EQ(estimated_basis_points(day), 0);
  day.estimated_count = 1;
  EXPECT_EQ(estimated_basis_points(day), 417) << "rounded up";
  day.value_count = 0;
  EXPECT_EQ(estimated_basis_points(day), std::nullopt);
}

}  // namespace
}  // namespace duheng::store
