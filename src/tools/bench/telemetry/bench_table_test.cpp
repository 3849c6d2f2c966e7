#include "tools/bench/telemetry/bench_table.hpp"

#include <gtest/gtest.h>

namespace duheng::tools {
namespace {

TelemetryBenchFigures two_peers() {
  TelemetryBenchFigures figures;
  figures.own.ingest_readings_per_s = 3'000'000;
  figures.own.bytes_per_reading = 0.75;
  PeerFigures fast{.key = "fast", .title = "Fast 1", .durability = "none at all", .synchronised_durability = "syncfs"};
  fast.ingest_readings_per_s = 6'000'000;
  fast.synchronised_ingest_readings_per_s = 2'400'000;
  PeerFigures safe{.key = "safe", .title = "Safe 2", .durability = "each write"};
  safe.usual_is_durable = true;
  safe.ingest_readings_per_s = 2'000'000;
  safe.error = "it fell over";
  figures.peers = {fast, safe};
  return figures;
}

TEST(BenchTable, RatiosAreAgainstTheFastest) {
  EXPECT_DOUBLE_EQ(two_peers().ingest_ratio_best_peer(), 0.5);
  EXPECT_DOUBLE_EQ(two_peers().ingest_ratio_best_durable_peer(), 1.5);
  EXPECT_DOUBLE_EQ(two_peers().ingest_ratio_best_synchronised_peer(), 1.25);
  EXPECT_EQ(TelemetryBenchFigures{}.ingest_ratio_best_peer(), 0);
}

TEST(BenchTable, NamesEachPeerItsDurabilityAndWhatWentWrong) {
  const std::string table = markdown_table(two_peers(), SampleSize{}, "2026-11-21", "2 cores");
  EXPECT_NE(table.find("| figure | Duheng | Fast 1 | Safe 2 |\n|---|---|---|---|\n"), std::string::npos) << table;
  EXPECT_NE(table.find("| ingest, readings/s, median of the parts | 3.00 M | 6.00 M | 2.00 M |"), std::string::npos);
  EXPECT_NE(table.find("| Duheng over it, both durable | 1 | 1.25 × | 1.50 × |"), std::string::npos) << table;
  EXPECT_NE(table.find("| octets a reading after settling: values, stamps, qualities | 0.75 | - | - |"),
            std::string::npos);
  EXPECT_NE(table.find("none at all; synchronised: syncfs."), std::string::npos);
  EXPECT_NE(table.find("**Not all measured**: it fell over."), std::string::npos);
  EXPECT_NE(table.find("2026-11-21, 2 cores"), std::string::npos);
}

TEST(BenchTable, ReplacesOnlyWhatStandsBetweenTheMarkers) {
  const std::string text = "a\n<!-- x:begin -->\nold\n<!-- x:end -->\nb\n";
  const auto once = with_marked_section(text, "x", "new\n");
  ASSERT_TRUE(once);
  EXPECT_EQ(*once, "a\n<!-- x:begin -->\nnew\n<!-- x:end -->\nb\n");
  const auto again = with_marked_section(*once, "x", "new\n");
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, *once);
}

TEST(BenchTable, SaysWhenTheMarkersAreNotThere) {
  for (const auto* text : {"nothing", "<!-- x:end --> <!-- x:begin -->", "<!-- x:begin -->"}) {
    const auto changed = with_marked_section(text, "x", "new");
    ASSERT_FALSE(changed) << text;
    EXPECT_EQ(changed.error().code, ErrorCode::not_found);
  }
}

}  // namespace
}  // namespace duheng::tools
