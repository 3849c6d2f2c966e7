// What goes to each peer is right, and a peer that is not there does not stop the others. With the servers unpacked
// (below the build folder, or where DUHENG_TEST_SERVERS says) each is started, loaded and asked.
#include "tools/bench/peers/peer_bench.hpp"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "base/test_servers.hpp"
#include "tools/bench/peers/http_peer.hpp"
#include "tools/bench/peers/server_process.hpp"

namespace duheng::tools {
namespace {

const SampleSize tiny{.meters = 20,
                      .meter_days = 9,
                      .sensors = 8,
                      .sensor_days = 1,
                      .ten_year_meters = 8,
                      .ten_year_days = 400,
                      .fleet_meters = 300,
                      .fleet_days = 10};

class PeerBenchTest : public ::testing::Test {
 protected:
  PeerBenchTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "duheng_peers_XXXXXX").string();
    directory = ::mkdtemp(pattern.data());
    std::filesystem::permissions(directory, std::filesystem::perms(0755));
  }
  ~PeerBenchTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }
  PeerBenchOptions options(std::string servers) const {
    return {.size = tiny,
            .servers_directory = std::move(servers),
            .scratch_directory = directory,
            .parts = 4,
            .series_asked = 5,
            .times_asked = 2};
  }
  std::string directory;
};

SampleBlock two_by_two() {
  return {.kind = SampleKind::energy,
          .first_series = 0,
          .series_count = 2,
          .steps = 2,
          .first_utc_ms = 1'746'057'600'000,
          .step_ms = 900'000,
          .mantissas = {101, 20'005, 102, 20'007}};
}

TEST(PeerBodies, VictoriaMetricsGetsOneLineForEachSeries) {
  EXPECT_EQ(make_victoria_metrics()->bodies(two_by_two()),
            (std::vector<std::string>{
                "{\"metric\":{\"__name__\":\"energy\",\"meter\":\"0\"},\"values\":[1.01,1.02],\"timestamps\":["
                "1746057600000,1746058500000]}\n"
                "{\"metric\":{\"__name__\":\"energy\",\"meter\":\"1\"},\"values\":[200.05,200.07],\"timestamps\":["
                "1746057600000,1746058500000]}\n"}));
}

TEST(PeerBodies, InfluxDbGetsLinesInTheOrderOfArrival) {
  EXPECT_EQ(make_influxdb()->bodies(two_by_two()),
            (std::vector<std::string>{"energy,meter=0 mantissa=101i 1746057600\nenergy,meter=1 mantissa=20005i "
                                      "1746057600\nenergy,meter=0 mantissa=102i 1746058500\nenergy,meter=1 "
                                      "mantissa=20007i 1746058500\n"}));
}

TEST(PeerBodies, ClickHouseGetsRowsOfSixteenOctets) {
  const auto bodies = make_clickhouse()->bodies(two_by_two());
  ASSERT_EQ(bodies.size(), 1U);
  ASSERT_EQ(bodies[0].size(), 4U * 16);
  std::uint32_t series = 0;
  std::uint32_t seconds = 0;
  std::int64_t mantissa = 0;
  std::memcpy(&series, bodies[0].data() + 48, 4);
  std::memcpy(&seconds, bodies[0].data() + 52, 4);
  std::memcpy(&mantissa, bodies[0].data() + 56, 8);
  EXPECT_EQ(series, 1U);
  EXPECT_EQ(seconds, 1'746'058'500U);
  EXPECT_EQ(mantissa, 20'007);
}

TEST(PeerBodies, PostgreSqlGetsABinaryCopy) {
  const auto bodies = make_postgresql()->bodies(two_by_two());
  ASSERT_EQ(bodies.size(), 1U);
  ASSERT_EQ(bodies[0].size(), 19U + 4 * 34 + 2);
  EXPECT_EQ(bodies[0].substr(0, 11), std::string("PGCOPY\n\377\r\n\0", 11));
  // The first row's time: microseconds since 2000.
  std::uint64_t time_us = 0;
  for (std::size_t i = 0; i < 8; ++i) time_us = time_us << 8U | static_cast<unsigned char>(bodies[0][19 + 14 + i]);
  EXPECT_EQ(time_us, (1'746'057'600ULL - 946'684'800ULL) * 1'000'000);
  EXPECT_EQ(bodies[0].substr(bodies[0].size() - 2), "\377\377");
}

TEST(PeerText, DecimalsAreExact) {
  const auto text = [](std::int64_t mantissa, int decimals) {
    std::string out;
    append_decimal(out, mantissa, decimals);
    return out;
  };
  EXPECT_EQ(text(123'456, 2), "1234.56");
  EXPECT_EQ(text(5, 3), "0.005");
  EXPECT_EQ(text(-70, 1), "-7.0");
  EXPECT_EQ(mantissa_of(1234.56, 2), 123'456);
  EXPECT_EQ(mantissa_of(0.0049999999, 4), 50);
}

TEST(PeerText, SpreadIsMedianAndNinetyNinth) {
  std::vector<double> samples;
  for (int i = 100; i > 0; --i) samples.push_back(i);
  EXPECT_EQ(spread_of(samples).median, 51);
  EXPECT_EQ(spread_of(samples).p99, 100);
  EXPECT_EQ(spread_of({}).median, 0);
}

TEST(PeerText, TrueTopIsInOrderAndOfTheFleet) {
  const auto top = true_top(tiny, 3);
  ASSERT_EQ(top.size(), 100U);
  for (std::size_t i = 0; i < top.size(); ++i) {
    EXPECT_GE(top[i].series, tiny.ten_year_meters);
    EXPECT_EQ(top[i].mantissa, daily_total(top[i].series, 3));
    if (i > 0) {
      EXPECT_LE(top[i].mantissa, top[i - 1].mantissa);
    }
  }
}

TEST_F(PeerBenchTest, APeerThatIsNotThereSaysSoAndTheOthersGoOn) {
  const auto figures = run_peers(options(directory + "/nothing"));
  ASSERT_EQ(figures.size(), 4U);
  for (const auto& peer : figures) {
    EXPECT_NE(peer.error.find("test-servers.sh"), std::string::npos) << peer.key << ": " << peer.error;
    EXPECT_EQ(peer.ingest_readings_per_s, 0);
  }
}

TEST_F(PeerBenchTest, ProcessesAreSeenWithWhatTheyStarted) {
  auto shell = ChildProcess::start({"/bin/sh", {"-c", "sleep 30 & wait"}, directory + "/log"});
  ASSERT_TRUE(shell);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  // Two programs take more than one of them.
  const auto alone = [&] { return process_tree_use(shell->id()).memory_bytes; };
  while (alone() == 0 && std::chrono::steady_clock::now() < deadline) {
  }
  EXPECT_GT(alone(), 0U);
  EXPECT_EQ(process_tree_use(-5).memory_bytes, 0U);
}

TEST_F(PeerBenchTest, EachPeerIsLoadedAndAnswersRightly) {
  const auto reason = duheng::test_servers::unavailable("clickhouse victoria-metrics influxdb postgresql");
  if (!reason.empty()) GTEST_SKIP() << reason;
  PeerBenchOptions chosen = options(duheng::test_servers::servers_folder());
  chosen.progress = [](const std::string& what) { std::puts(what.c_str()); };
  if (const char* only = std::getenv("DUHENG_BENCH_PEER")) chosen.only = {only};
  for (const auto& peer : run_peers(chosen)) {
    SCOPED_TRACE(peer.key);
    EXPECT_EQ(peer.error, "");
    EXPECT_GT(peer.ingest_readings_per_s, 0);
    EXPECT_GT(peer.durable_readings_per_s(), 0);
    EXPECT_GT(peer.bytes_per_reading, 0);
    EXPECT_GT(peer.memory_mib, 1);
    EXPECT_GT(peer.series_month_ms.median, 0);
    EXPECT_GT(peer.daily_ten_years_ms.median, 0);
    EXPECT_GT(peer.fleet_top100_ms.median, 0);
    std::printf("%s: %.0f/s, durable %.0f/s, %.2f B, %.0f MiB, ping %.3f, month %.3f, ten years %.3f, top %.3f ms\n",
                peer.key.c_str(), peer.ingest_readings_per_s, peer.durable_readings_per_s(), peer.bytes_per_reading,
                peer.memory_mib, peer.ping_ms.median, peer.series_month_ms.median, peer.daily_ten_years_ms.median,
                peer.fleet_top100_ms.median);
  }
}

}  // namespace
}  // namespace duheng::tools
