// The benchmark itself works: small runs end, and what went in stands in journal and telemetry.
#include "platform/ingest/whole_path_bench.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <vector>

namespace duheng::platform {
namespace {

class WholePathBenchTest : public ::testing::Test {
 protected:
  WholePathBenchTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "duheng_whole_path_XXXXXX").string();
    directory = ::mkdtemp(pattern.data());
  }
  ~WholePathBenchTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }
  /// An environment variable makes the runs long: then the figures mean something.
  static bool full() { return std::getenv("DUHENG_BENCH") != nullptr; }
  std::string directory;
};

TEST_F(WholePathBenchTest, FromFrameOctetsToTelemetry) {
  const auto figures = run_whole_path_bench({.directory = directory, .readings = full() ? 20'000'000U : 200'000U});
  ASSERT_TRUE(figures) << figures.error().message;
  EXPECT_GE(figures->readings, 200'000U);
  EXPECT_GT(figures->readings_per_s, 0);
  EXPECT_GT(figures->cpu_telemetry_s, 0);
  std::puts(figures->to_json().c_str());
}

TEST_F(WholePathBenchTest, ReadingsOneByOne) {
  for (const std::size_t window : full() ? std::vector<std::size_t>{1, 4, 16, 32} : std::vector<std::size_t>{4}) {
    const std::string folder = directory + "/" + std::to_string(window);
    std::filesystem::create_directory(folder);
    const auto figures = run_single_reading_bench({.directory = folder, .window = window, .seconds = full() ? 5 : 0.3});
    ASSERT_TRUE(figures) << figures.error().message;
    EXPECT_GT(figures->readings, 0U);
    EXPECT_GE(figures->latency_ms_p99, figures->latency_ms_p50);
    std::printf("window %zu: %s\n", window, figures->to_json().c_str());
  }
}

}  // namespace
}  // namespace duheng::platform
