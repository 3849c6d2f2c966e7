// The keeper and consumption over a real telemetry store, fed with journal records as the platform feeds it.
#include <gtest/gtest.h>
#include <memory>

#include "model/batch.hpp"
#include "model/edit.hpp"
#include "store/aggregates/aggregate_test_world.hpp"
#include "store/telemetry/memory_telemetry_store.hpp"

namespace duheng::store {
namespace {

using testing::minute_ms;

class OverMemoryStore : public ::testing::Test {
 protected:
  void apply(Bytes body, TelemetryRecord::Content content) {
    const TelemetryRecord record{telemetry_.next_record(), GatewayId{1}, body, content};
    const auto applied = telemetry_.apply({&record, 1});
    ASSERT_TRUE(applied) << applied.error().message;
    ASSERT_EQ(applied->records_unreadable, 0U);
  }
  void read(std::int64_t time_utc_ms, std::int64_t mantissa) {
    BatchWriter writer(time_utc_ms);
    const auto device = writer.device("meter");
    const auto index = writer.register_of({"energy_active_import_total", "kWh", -2, SeriesKind::decimal});
    writer.frame({device, Protocol::dlt645_2007, 0, time_utc_ms + 7, {}, {}});
    writer.reading({index, mantissa, time_utc_ms, TimeSource::meter, Quality::good});
    Bytes body;
    writer.finish(body);
    apply(std::move(body), TelemetryRecord::Content::batch);
  }
  void edit(EditKind kind, std::int64_t time_utc_ms, std::int64_t mantissa) {
    Edit edit;
    edit.kind = kind;
    edit.gateway = GatewayId{1};
    edit.device_uid = "meter";
    edit.register_name = "energy_active_import_total";
    edit.unit = "kWh";
    edit.exponent = -2;
    edit.time_utc_ms = time_utc_ms;
    edit.mantissa = mantissa;
    edit.author = "lin";
    edit.reason = "read wrongly";
    if (kind == EditKind::estimate) edit.method = "linear";
    auto body = encode_edits({edit});
    ASSERT_TRUE(body) << body.error().message;
    apply(std::move(*body), TelemetryRecord::Content::edits);
  }
  void run() {
    while (true) {
      const auto done = keeper_->step();
      ASSERT_TRUE(done) << done.error().message;
      if (*done == AggregateKeeper::Work::none) return;
    }
  }
  [[nodiscard]] std::int64_t at(std::int32_t day, std::int64_t minute) const {
    return calendar_.day(day).after_utc_ms + minute * minute_ms;
  }
  [[nodiscard]] AggregateRow march() const {
    const SeriesAggregates questions(telemetry_, aggregates_, calendar_, clock_, testing::quarter_hours, first_day_);
    const std::int32_t month = CivilCalendar::month_of(day_);
    const auto months = questions.months(SeriesId{1}, month, month, {});
    EXPECT_TRUE(months) << months.error().message;
    return months && !months->empty() ? months->front().row : AggregateRow{};
  }
  [[nodiscard]] Consumption used(std::int32_t first, std::int32_t last) const {
    ChainLink link;
    link.series = SeriesId{1};
    link.exponent = -2;
    link.unit = "kWh";
    const auto got = consumption(telemetry_, {"kWh", {link}}, {at(first, 0), at(last + 1, 0)}, {}, {});
    EXPECT_TRUE(got) << got.error().message;
    return got.value_or(Consumption{});
  }

  CivilCalendar calendar_ = *CivilCalendar::open("Asia/Shanghai");
  ManualClock clock_;
  MemoryTelemetryStore telemetry_;
  MemoryAggregateStore aggregates_;
  const std::int32_t first_day_ = *CivilCalendar::parse_day("2026-02-01");
  const std::int32_t day_ = *CivilCalendar::parse_day("2026-03-01");
  std::unique_ptr<AggregateKeeper> keeper_ = std::make_unique<AggregateKeeper>(
      telemetry_, aggregates_, calendar_, clock_, testing::quarter_hours, KeeperOptions{.first_day = first_day_});
};

TEST_F(OverMemoryStore, LateDataAndEditsUpdateTheMonth) {
  for (int day = 0; day < 20; ++day) read(at(day_ + day, 12 * 60), 1'000 + 10 * day);
  clock_.set_utc_ms(at(day_ + 25, 0));
  run();
  EXPECT_EQ(march().increase, 190);
  EXPECT_EQ(used(day_, day_ + 24).amount, 190);
  // Late, for a day settled long ago.
  read(at(day_ - 3, 60), 950);
  EXPECT_EQ(march().increase, 240);
  run();
  EXPECT_EQ(march().increase, 240);
  EXPECT_EQ(march().findings, 0);
  edit(EditKind::correction, at(day_ + 19, 12 * 60), 1'195);
  EXPECT_EQ(march().increase, 245);
  run();
  EXPECT_EQ(march().increase, 245);
  EXPECT_EQ(march().corrected_count, 1U);
  EXPECT_EQ(used(day_, day_ + 24).corrected, 15);
  edit(EditKind::withdrawal, at(day_ + 19, 12 * 60), 0);
  edit(EditKind::estimate, at(day_ + 20, 12 * 60), 1'200);
  run();
  EXPECT_EQ(march().increase, 250);
  EXPECT_EQ(march().estimated_count, 1U);
  read(at(day_ + 20, 12 * 60), 1'202);
  run();
  EXPECT_EQ(march().increase, 252);
  EXPECT_EQ(march().estimated_count, 0U);
  EXPECT_TRUE(telemetry_.changes(10)->days.empty());
}

TEST_F(OverMemoryStore, EvidenceLeadsToTheFrame) {
  read(at(day_, 60), 1'000);
  read(at(day_, 120), 1'007);
  const auto used_up = used(day_, day_);
  EXPECT_EQ(used_up.start->frame, FrameReference::make(0, 0));
  EXPECT_EQ(used_up.end->frame, FrameReference::make(1, 0));
  EXPECT_EQ(used_up.exact().to_string(), "0.07");
}

}  // namespace
}  // namespace duheng::store
