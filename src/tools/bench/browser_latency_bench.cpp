// From the meter's answer at the gateway to the page in a browser, with the real programs and a real Chromium.
#include <algorithm>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tools/bench/bench_programs.hpp"
#include "tools/bench/running_demo.hpp"
#include "tools/bench/suite.hpp"

namespace duheng::tools {
namespace {

constexpr std::uint32_t meters = 1'000;
constexpr double measured_s_min = 60;

Result<BenchReport> measure(const BenchOptions& options, const std::string& scratch) {
  RunningDemo demo(options, scratch, meters);
  DUHENG_CHECK(demo.wait_until_ready());
  DUHENG_TRY(const auto told, run_web_script("browser_latency.mjs", demo.access_file(),
                                             std::max(options.seconds, measured_s_min), scratch));
  BenchReport report;
  for (const auto& [name, value] : told.items()) {
    if (value.is_number()) report.figures.push_back({name, value.get<double>()});
  }
  if (told.at("device_dom_samples").get<int>() == 0 || told.at("list_dom_samples").get<int>() == 0)
    return fail(ErrorCode::internal, "no reading reached the page: " + told.dump());
  report.notes = {
      fmt::format("{} meters asked every 10 s; fleet, gateway, platform and Chromium {} on one machine and clock",
                  meters, told.at("browser").get<std::string>()),
      "the clock runs from the gateway's having the last octet of the answer (received_at) until the page's script "
      "gets "
      "the WebSocket message (socket), or until a MutationObserver sees the reading in the document (dom); spool, "
      "uplink, "
      "journal and their synchronisations lie between, painting does not",
      "device: pages of single meters, every register's value; list: 200 meters in one table; overtaken: values that a "
      "newer one replaced before they were drawn",
      "goal: device_dom_latency_ms_p99 at most 200"};
  return report;
}

}  // namespace

Result<BenchReport> run_browser_latency_bench(const BenchOptions& options) {
  DUHENG_TRY(const auto scratch, ScratchFolder::make(options));
  return measure(options, scratch.path());
}

}  // namespace duheng::tools
