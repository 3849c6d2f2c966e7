#pragma once
#include <optional>

#include "device/scenario/scenario.hpp"

namespace duheng::device {

/// A device to which a scenario happens. It is told of everything due, with the time at which it happened, before it
/// hears a question: nobody could have noticed it earlier. Without supply it hears nothing.
class ScenarioDevice final : public VirtualDevice {
 public:
  /// `rules`: places of the plan's rules about the device itself.
  ScenarioDevice(Scenario& scenario, std::shared_ptr<VirtualDevice> device, const std::vector<std::uint32_t>& rules);
  [[nodiscard]] const std::string& uid() const noexcept override { return device_->uid(); }
  [[nodiscard]] std::uint64_t bus_key() const noexcept override { return device_->bus_key(); }
  [[nodiscard]] std::optional<DeviceAnswer> answer(std::int64_t utc_ms, ByteView question) override;
  [[nodiscard]] std::optional<DeviceAnswer> report(std::int64_t utc_ms) override;
  [[nodiscard]] std::uint32_t line_speed() const override { return device_->line_speed(); }
  [[nodiscard]] std::optional<FieldParity> line_parity() const override { return device_->line_parity(); }
  [[nodiscard]] std::optional<DeviceCommand> last_command() const override { return device_->last_command(); }
  void listen_to_commands(CommandListener listener) override { device_->listen_to_commands(std::move(listener)); }
  void happen(std::int64_t utc_ms, const DeviceHappening& happening) override { device_->happen(utc_ms, happening); }

 private:
  struct Due {
    std::int64_t elapsed_ms = 0;
    DeviceHappening happening;
  };
  struct Course {
    const ScenarioRule* rule;
    std::int64_t step = 0;  // the next one
  };
  [[nodiscard]] static std::optional<Due> step_of(const ScenarioRule& rule, std::int64_t step);
  void catch_up(std::int64_t elapsed_ms);
  [[nodiscard]] bool changes_supply(bool comes_back);

  Scenario& scenario_;
  std::shared_ptr<VirtualDevice> device_;
  std::vector<Course> courses_;
  int cuts_ = 0;
};

}  // namespace duheng::device
