#pragma once
// How the codec's fields become registers; private to this library.
#include <optional>

#include "codec/cjt188/value.hpp"
#include "drivers/protocol/driver.hpp"

namespace duheng::drivers {

/// A model's section `cjt188`.
struct Cjt188Settings {
  std::uint8_t meter_type = cjt188::meter_types::cold_water;
  const cjt188::Profile* profile = &cjt188::default_profile();
};
[[nodiscard]] Cjt188Settings read_cjt188_settings(const ConfigNode& model);
/// Exactly so many hexadecimal digits, at most four.
[[nodiscard]] std::optional<std::uint16_t> parse_hexadecimal(std::string_view text, std::size_t digits);
[[nodiscard]] ItemValue cjt188_item_value(std::uint32_t item, const cjt188::Value& value);

/// The commands, writes and histories of the driver; see driver.hpp for the keys.
[[nodiscard]] std::shared_ptr<const Operation> cjt188_command(const Cjt188Settings& settings,
                                                              const ConfigNode& operation);
[[nodiscard]] std::shared_ptr<const Operation> cjt188_writer(const Cjt188Settings& settings, const ConfigNode& write);
[[nodiscard]] std::shared_ptr<const HistoryPlan> cjt188_history(const Cjt188Settings& settings,
                                                                const ConfigNode& history,
                                                                const std::vector<ConfigNode>& items,
                                                                std::vector<ItemShape>& shapes);

/// `kind: events`: `di` is the newest record, each item an `event` number of the log and what it says (`code`).
[[nodiscard]] std::shared_ptr<const HistoryPlan> cjt188_event_log(const Cjt188Settings& settings,
                                                                  const ConfigNode& history,
                                                                  const std::vector<ConfigNode>& items,
                                                                  std::vector<ItemShape>& shapes);

}  // namespace duheng::drivers
