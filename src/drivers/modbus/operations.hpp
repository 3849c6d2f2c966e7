#pragma once
// Private to this library.
#include <memory>

#include "base/config.hpp"
#include "codec/modbus/register_map.hpp"
#include "drivers/protocol/operations.hpp"

namespace duheng::drivers {

/// The keys of an item that say where a value lies and how it is written; see driver.hpp.
[[nodiscard]] modbus::RegisterDescription modbus_description(const ConfigNode& node);

/// The commands and writes of the driver; see driver.hpp for the keys.
[[nodiscard]] std::shared_ptr<const Operation> modbus_command(const ConfigNode& operation);
[[nodiscard]] std::shared_ptr<const Operation> modbus_writer(const ConfigNode& item, const ConfigNode& write);
/// As Driver::refusal_word(), of an exception code.
[[nodiscard]] std::string_view modbus_refusal_word(std::uint32_t exception) noexcept;

}  // namespace duheng::drivers
