#pragma once
// A fleet of meters of several protocols and the gateway that reads them all, as the polling benchmark has them.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.hpp"
#include "tools/bench/bench.hpp"
#include "tools/bench/poll_audit.hpp"
#include "tools/process/child_process.hpp"

namespace duheng::tools {

/// Half of them DL/T 645, three tenths CJ/T 188, two tenths Modbus RTU (behind TCP) and Modbus TCP.
struct PollWorldPlan {
  std::string folder;
  std::uint32_t meters = 10'000;
  std::uint32_t meters_per_line = 20;  ///< 1 to 247
};

/// What the gateway counted up to a moment, and what it and the fleet used.
struct PollMoment {
  double questions = 0;
  double answered = 0;
  double refused = 0;
  double timed_out = 0;
  double readings = 0;
  double rounds_skipped = 0;
  double batches = 0;
  double gateway_cpu_s = 0;
  double fleet_cpu_s = 0;
  double machine_cpu_s = 0;  ///< of all cores and everybody
  double at_s = 0;
};

/// A shipped model's text with every group read at `interval_ms`. Errors: malformed - no group has an interval.
[[nodiscard]] Result<std::string> with_interval(const std::string& model_yaml, std::int64_t interval_ms);

class PollWorld {
 public:
  /// Starts the fleet. Errors: as the programs'.
  [[nodiscard]] static Result<PollWorld> start(Disk& disk, const BenchOptions& options, PollWorldPlan plan);

  /// A gateway with a new spool that reads every group of every meter once an `interval_ms`; with `idle` one that has
  /// the models but no devices. Returns when it runs.
  [[nodiscard]] Result<void> start_gateway(std::int64_t interval_ms, bool idle = false);
  /// Ends it; its spool stays for audit().
  void stop_gateway();
  [[nodiscard]] Result<PollMoment> now() const;
  [[nodiscard]] Result<double> channels_open() const;
  [[nodiscard]] double gateway_bytes() const { return static_cast<double>(gateway_->resident_bytes()); }
  [[nodiscard]] double fleet_bytes() const { return static_cast<double>(fleet_.resident_bytes()); }
  [[nodiscard]] std::uint32_t lines() const noexcept { return lines_; }
  [[nodiscard]] const std::vector<PolledMeter>& meters() const noexcept { return meters_; }
  /// Questions that one round of all meters takes.
  [[nodiscard]] std::uint64_t questions_per_round() const noexcept { return questions_per_round_; }
  /// What the stopped gateway's spool holds. Errors: storage errors.
  [[nodiscard]] Result<PollFindings> audit(std::int64_t interval_ms, std::uint32_t rounds) const;

 private:
  PollWorld(Disk& disk, BenchOptions options, PollWorldPlan plan, ChildProcess fleet)
      : disk_(disk), options_(std::move(options)), plan_(std::move(plan)), fleet_(std::move(fleet)) {}
  [[nodiscard]] Result<void> write_models(std::int64_t interval_ms);
  [[nodiscard]] Result<void> learn_meters();
  [[nodiscard]] std::string gateway_directory() const;

  Disk& disk_;
  BenchOptions options_;
  PollWorldPlan plan_;
  ChildProcess fleet_;
  std::optional<ChildProcess> gateway_;
  std::uint32_t gateways_ = 0;  // started so far: each has a folder of its own
  std::uint16_t port_ = 0;
  std::uint32_t lines_ = 0;
  std::uint64_t questions_per_round_ = 0;
  std::vector<PolledMeter> meters_;
};

}  // namespace duheng::tools
