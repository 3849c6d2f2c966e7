#include "tools/bench/running_demo.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <optional>

#include <nlohmann/json.hpp>

#include "tools/demo/demo.hpp"
#include "tools/process/child_process.hpp"

namespace duheng::tools {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
namespace fs = std::filesystem;

constexpr auto start_limit = milliseconds(300'000);

std::string contents_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string web_directory() {
  const char* given = std::getenv("DUHENG_WEB_DIRECTORY");
  return given != nullptr ? given : DUHENG_WEB_DIRECTORY;
}

}  // namespace

RunningDemo::RunningDemo(const BenchOptions& options, const std::string& scratch, std::uint32_t meters)
    : access_file_(scratch + "/access.json") {
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

Result<void> RunningDemo::wait_until_ready() {
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

Result<nlohmann::json> run_web_script(const std::string& script, const std::string& access_file, double seconds,
                                      const std::string& scratch) {
  const std::string path = web_directory() + "/e2e/" + script;
  if (!fs::exists(path))
    return fail(ErrorCode::not_found, "no " + path + "; DUHENG_WEB_DIRECTORY names the checkout's web folder");
  const std::string output = scratch + "/web-script.log";
  // The password stays in the file: a command line is for everybody to read.
  DUHENG_TRY(auto node, ChildProcess::start({"/usr/bin/env",
                                             {"DUHENG_ACCESS_FILE=" + access_file,
                                              fmt::format("DUHENG_LATENCY_SECONDS={:.0f}", seconds), "node", path},
                                             output}));
  const auto deadline = steady_clock::now() + milliseconds(static_cast<std::int64_t>(seconds * 3'000)) + start_limit;
  std::optional<int> code;
  while (!(code = node.exit_code())) {
    if (steady_clock::now() > deadline)
      return fail(ErrorCode::timed_out, script + " did not end in time: " + contents_of(output));
    std::this_thread::sleep_for(milliseconds(100));
  }
  const std::string printed = contents_of(output);
  const auto begin = printed.find('{');
  auto json =
      begin == std::string::npos ? nlohmann::json{} : nlohmann::json::parse(printed.substr(begin), nullptr, false);
  if (*code != 0 || !json.is_object())
    return fail(ErrorCode::internal, fmt::format("{} ended with {}: {}", script, *code, printed));
  return json;
}

}  // namespace duheng::tools
