#pragma once
#include <span>
#include <string_view>

#include "drivers/models/device_model.hpp"

namespace duheng::drivers {

/// What every gateway can do about any device beside what the device's model says, as commands with reserved names:
///   ping             asks the model's shortest question several times, each once: round-trip times and losses.
///                    Argument "count", 1 to 20, 5 unless given.
///   channel_restart  closes the device's channel and opens it again; done when it stands.
///   gateway_restart  ends the gateway's work and begins it anew; done when it is back.
/// They have no operation and change nothing at the device. Lives as long as the program.
[[nodiscard]] std::span<const ModelCommand> maintenance_commands();

/// The question of the groups with the fewest values, the first of several; null when the model asks nothing.
[[nodiscard]] const ModelQuestion* shortest_question(const DeviceModel& model) noexcept;

}  // namespace duheng::drivers
