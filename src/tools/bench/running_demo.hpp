#pragma once
// A demo world for benchmarks that look at the whole product from outside.
#include <atomic>
#include <cstdint>
#include <sstream>
#include <string>
#include <thread>

#include <nlohmann/json_fwd.hpp>

#include "tools/bench/bench.hpp"

namespace duheng::tools {

/// The demo in a thread of its own, ended with this object.
class RunningDemo {
 public:
  /// Its data and its access file lie in `scratch`.
  RunningDemo(const BenchOptions& options, const std::string& scratch, std::uint32_t meters);
  RunningDemo(const RunningDemo&) = delete;
  RunningDemo& operator=(const RunningDemo&) = delete;
  ~RunningDemo() { stop_ = true; }

  [[nodiscard]] const std::string& access_file() const noexcept { return access_file_; }
  /// Until every meter has answered. Errors: internal - the demo ended before; timed_out - after five minutes.
  [[nodiscard]] Result<void> wait_until_ready();

 private:
  const std::string access_file_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> ended_{false};
  std::atomic<int> exit_code_{0};
  std::ostringstream out_;  // the thread's until it has ended
  std::ostringstream err_;
  std::jthread thread_;  // last: it ends before what it works with
};

/// Runs `<web>/e2e/<script>` with node, which is told by DUHENG_ACCESS_FILE where the world is and by
/// DUHENG_LATENCY_SECONDS how long to measure; returns the JSON object it prints.
/// Errors: not_found - no such script; internal - it failed; timed_out.
[[nodiscard]] Result<nlohmann::json> run_web_script(const std::string& script, const std::string& access_file,
                                                    double seconds, const std::string& scratch);

}  // namespace duheng::tools
