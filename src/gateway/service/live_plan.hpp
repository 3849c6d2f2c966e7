#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "gateway/plan/plan_applier.hpp"
#include "gateway/plan/plan_desk.hpp"
#include "gateway/service/call_in_lines.hpp"
#include "gateway/service/live_field.hpp"

namespace duheng::gateway {

/// The gateway's plan from the platform: takes it, keeps it in a file, brings the field to it piece by piece between
/// the other work of the loop.
class LivePlan final : public PlanDesk {
 public:
  static constexpr std::size_t steps_at_once = 250;
  static constexpr std::size_t unknown_devices_max = 1'000;  ///< told; see control.proto
  static constexpr std::size_t problems_told_max = 2'000;
  static constexpr std::size_t channels_told_max = 5'000;
  static constexpr std::int64_t save_retry_ms = 30'000;

  struct Surroundings {
    Disk& disk;
    const Clock& clock;
    std::string path;  ///< of the plan's file
    /// Runs it on the loop, later, unless the gateway is gone by then.
    std::function<void(std::function<void()>)> post;
    /// Runs the first on the thread that may wait for the disk, then the second on the loop with what it returned.
    std::function<void(std::function<Result<void>()>, std::function<void(const Result<void>&)>)> store;
    /// The core may have something new to do.
    std::function<void()> field_changed;
  };
  LivePlan(Surroundings surroundings, LiveField& field, const CallInLines& call_ins, std::vector<std::string> models,
           std::uint32_t file_devices);

  /// Before the core starts: what the file says is served at once. A damaged file is told about and left alone.
  void restore();
  /// Once a second: tells the watchers what has changed, and tries again to keep what could not be kept.
  void look_around();

  void take(FieldPlan plan) override;
  [[nodiscard]] FieldPlanReport report() const override;
  [[nodiscard]] std::vector<FieldUnknownDevice> unknown_devices() const override;
  void on_report(std::function<void()> changed) override { report_changed_ = std::move(changed); }
  void on_unknown(std::function<void()> changed) override { unknown_changed_ = std::move(changed); }

  [[nodiscard]] const PlanApplier& applier() const noexcept { return applier_; }

 private:
  void go_on();
  void in_force();
  void save();
  void save_moments();
  [[nodiscard]] std::string moments_path() const { return surroundings_.path + ".sums"; }

  Surroundings surroundings_;
  LiveField& field_;
  const CallInLines& call_ins_;
  std::vector<std::string> models_;
  std::uint32_t file_devices_;
  PlanApplier applier_;
  FieldPlanHash hash_{};  // of the plan taken last
  std::uint64_t in_force_version_ = 0;
  FieldPlanHash in_force_hash_{};
  std::function<void()> report_changed_;
  std::function<void()> unknown_changed_;
  std::uint64_t told_channels_ = 0;
  std::uint64_t told_unknown_ = 0;
  std::int64_t save_again_ms_ = INT64_MAX;
  std::int64_t save_moments_again_ms_ = INT64_MAX;
  bool going_on_ = false;
  bool news_ = false;
};

}  // namespace duheng::gateway
