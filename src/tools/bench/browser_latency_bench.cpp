// From the meter's answer at the gateway to the page in a browser, with the real programs and a real Chromium.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sstream>
#include <thread>

#include <nlohmann/json.hpp>

#include "tools/bench/suite.hpp"
#include "tools/demo/demo.hpp"
#include "tools/process/child_process.hpp"

namespace duheng::tools {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
namespace fs = std::filesystem;

constexpr std::uint32_t meters = 1'000;
constexpr double measured_s_min = 60;
constexpr auto start_limit = milliseconds(120'000);

std::string contents_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The demo in a thread of its own, ended with this object.
class RunningDemo {
 public:
  RunningDemo(const BenchOptions& options, const std::string& scratch) : access_file_(scratch + "/access.json") {
    DemoOptions demo;
    demo.meters = meters;
    demo.data_directory = scratch + "/demo";
    demo.programs_directory = options.programs_directory;
    demo.share_directory = options.share_directory;
    demo.https_port = 0;
    demo.access_file = access_file_;
    thread_ = std::jthread([this, demo] {
      exit_code_ = run_demo(demo, stop_, out_, err_);
      ended_ = true;
    });
  }
  RunningDemo(const RunningDemo&) = delete;
  RunningDemo& operator=(const RunningDemo&) = delete;
  ~RunningDemo() { stop_ = true; }

  [[nodiscard]] const std::string& access_file() const noexcept { return access_file_; }
  [[nodiscard]] Result<void> wait_until_ready() {
    const auto deadline = steady_clock::now() + start_limit;
    while (!fs::exists(access_file_)) {
      if (ended_) {
        thread_.join();
        return fail(ErrorCode::internal, fmt::format("the demo ended with {}: {}", exit_code_.load(), err_.str()));
      }
      if (steady_clock::now() > deadline) return fail(ErrorCode::timed_out, "the demo did not get ready in time");
      std::this_thread::sleep_for(milliseconds(50));
    }
    return {};
  }

 private:
  const std::string access_file_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> ended_{false};
  std::atomic<int> exit_code_{0};
  std::ostringstream out_;  // the thread's until it has ended
  std::ostringstream err_;
  std::jthread thread_;  // last: it ends before what it works with
};

std::string web_directory() {
  const char* given = std::getenv("DUHENG_WEB_DIRECTORY");
  return given != nullptr ? given : DUHENG_WEB_DIRECTORY;
}

/// What the script prints, as JSON.
Result<nlohmann::json> run_browser(const std::string& access_file, double seconds, const std::string& scratch) {
  const std::string script = web_directory() + "/e2e/browser_latency.mjs";
  if (!fs::exists(script))
    return fail(ErrorCode::not_found, "no " + script + "; DUHENG_WEB_DIRECTORY names the checkout's web folder");
  const std::string output = scratch + "/browser.log";
  // The password stays in the file: a command line is for everybody to read.
  DUHENG_TRY(auto node, ChildProcess::start({"/usr/bin/env",
                                             {"DUHENG_ACCESS_FILE=" + access_file,
                                              fmt::format("DUHENG_LATENCY_SECONDS={:.0f}", seconds), "node", script},
                                             output}));
  const auto deadline = steady_clock::now() + milliseconds(static_cast<std::int64_t>(seconds * 3'000)) + start_limit;
  std::optional<int> code;
  while (!(code = node.exit_code())) {
    if (steady_clock::now() > deadline)
      return fail(ErrorCode::timed_out, "the browser did not end in time: " + contents_of(output));
    std::this_thread::sleep_for(milliseconds(100));
  }
  const std::string printed = contents_of(output);
  const auto begin = printed.find('{');
  auto json =
      begin == std::string::npos ? nlohmann::json{} : nlohmann::json::parse(printed.substr(begin), nullptr, false);
  if (*code != 0 || !json.is_object())
    return fail(ErrorCode::internal, fmt::format("the browser's script ended with {}: {}", *code, printed));
  return json;
}

Result<BenchReport> measure(const BenchOptions& options, const std::string& scratch) {
  RunningDemo demo(options, scratch);
  DUHENG_CHECK(demo.wait_until_ready());
  DUHENG_TRY(const auto told, run_browser(demo.access_file(), std::max(options.seconds, measured_s_min), scratch));
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
  const fs::path base =
      options.scratch_directory.empty() ? fs::temp_directory_path() : fs::path(options.scratch_directory);
  std::string scratch = (base / "duheng-bench-XXXXXX").string();
  if (::mkdtemp(scratch.data()) == nullptr)
    return fail(ErrorCode::storage_failed, "cannot make a scratch folder in " + base.string());
  auto report = measure(options, scratch);
  std::error_code ignored;
  fs::remove_all(scratch, ignored);
  return report;
}

}  // namespace duheng::tools
