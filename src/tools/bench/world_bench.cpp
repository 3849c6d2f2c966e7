// Figures of the whole product, from real processes on loopback: start-up and memory.
#include <atomic>
#include <fmt/format.h>
#include <sstream>

#include <nlohmann/json.hpp>

#include "tools/bench/suite.hpp"
#include "tools/demo/demo.hpp"

namespace duheng::tools {
namespace {

Result<nlohmann::json> run_world(const BenchOptions& options, std::uint32_t meters, double seconds) {
  DemoOptions demo;
  demo.meters = meters;
  demo.programs_directory = options.programs_directory;
  demo.share_directory = options.share_directory;
  demo.https_port = 0;
  demo.check_s = seconds;
  std::ostringstream out;
  std::ostringstream err;
  const std::atomic<bool> stop{false};
  if (const int code = run_demo(demo, stop, out, err); code != 0) {
    return fail(ErrorCode::internal,
                fmt::format("the world of {} meters ended with {}: {}{}", meters, code, out.str(), err.str()));
  }
  return nlohmann::json::parse(out.str());
}

}  // namespace

Result<BenchReport> run_start_up_bench(const BenchOptions& options) {
  DUHENG_TRY(const auto summary, run_world(options, 1'000, 1));
  return BenchReport{{{"platform_ready_ms", summary.at("platform_start_ms")},
                      {"gateway_ready_ms", summary.at("gateway_start_ms")},
                      {"fleet_ready_ms", summary.at("fleet_start_ms")}},
                     {"new data directories, 1,000 meters; the gateway's includes its enrolment's start, the "
                      "platform's the making of keys and certificates"}};
}

Result<BenchReport> run_memory_bench(const BenchOptions& options) {
  BenchReport report;
  for (const std::uint32_t meters : {1'000U, 10'000U}) {
    DUHENG_TRY(const auto summary, run_world(options, meters, 60));
    for (const char* program : {"platform", "gateway", "fleet"}) {
      report.figures.push_back(
          {fmt::format("{}_mib_at_{}_meters", program, meters), summary.at(fmt::format("{}_memory_mib", program))});
    }
    report.figures.push_back({fmt::format("latency_ms_p99_at_{}_meters", meters), summary.at("latency_ms_p99")});
  }
  report.notes.push_back(
      "resident memory after a minute of polling; latency is from the answer's last octet at the gateway to the "
      "platform's journal");
  return report;
}

}  // namespace duheng::tools
