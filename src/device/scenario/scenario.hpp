#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "device/bus/device_bus.hpp"
#include "device/scenario/scenario_plan.hpp"

namespace duheng::device {

/// Both clocks at the moment from which a scenario's times count.
struct ScenarioStart {
  std::int64_t utc_ms = 0;        ///< for devices, which live by the wall clock
  std::int64_t monotonic_ms = 0;  ///< for lines
};

/// A plan under way: who is concerned by what. Everything it draws follows from the plan's seed and from who is asked
/// when. One for a whole fleet; must outlive its devices and lines. Not thread-safe.
class Scenario {
 public:
  using Kind = ScenarioRule::Kind;
  Scenario(ScenarioPlan plan, ScenarioStart start) : plan_(std::move(plan)), start_(start) {}
  Scenario(const Scenario&) = delete;
  Scenario& operator=(const Scenario&) = delete;

  /// To be put on the bus in place of `device`, which must not be there already: the same device, to which happens what
  /// the plan has for it. `model` is what rules may name besides the uid.
  [[nodiscard]] std::shared_ptr<VirtualDevice> seat(std::shared_ptr<VirtualDevice> device, std::string_view model);
  /// After the last device. Errors: invalid_argument - a rule names a device or model that nobody is.
  [[nodiscard]] Result<void> check_names() const;

  [[nodiscard]] const ScenarioPlan& plan() const noexcept { return plan_; }
  [[nodiscard]] const ScenarioStart& start() const noexcept { return start_; }
  /// Places in the plan's rules, in their order; empty for a device that was not seated.
  [[nodiscard]] const std::vector<std::uint32_t>& rules_of(std::string_view uid) const;
  /// How often a kind was applied: to answers, or to devices.
  [[nodiscard]] std::uint64_t applied(Kind kind) const noexcept { return applied_[static_cast<std::size_t>(kind)]; }
  void count(Kind kind) noexcept { ++applied_[static_cast<std::size_t>(kind)]; }
  /// A number for the draws of the next line.
  [[nodiscard]] std::uint64_t next_line() noexcept { return ++lines_; }

 private:
  [[nodiscard]] bool concerns(std::size_t rule, std::string_view uid, std::string_view model) const;
  ScenarioPlan plan_;
  ScenarioStart start_;
  std::map<std::string, std::vector<std::uint32_t>, std::less<>> rules_by_uid_;
  std::set<std::string, std::less<>> models_;
  std::array<std::uint64_t, ScenarioRule::kinds> applied_{};
  std::uint64_t lines_ = 0;
};

}  // namespace duheng::device
