#pragma once
// How the codec's fields become registers; private to this library.
#include <optional>

#include "codec/dlt645/value.hpp"
#include "drivers/protocol/driver.hpp"

namespace duheng::drivers {

/// Nothing for fields that no register can hold.
[[nodiscard]] std::optional<SeriesKind> series_kind_of(dlt645::FieldKind kind) noexcept;
[[nodiscard]] ItemState item_state_of(const dlt645::Value& value) noexcept;
/// Empty for what is no number.
[[nodiscard]] std::string_view unit_of(const dlt645::FieldFormat& format) noexcept;

/// The commands, writes and histories of the driver; see driver.hpp for the keys.
[[nodiscard]] std::shared_ptr<const Operation> dlt645_command(const ConfigNode& operation);
[[nodiscard]] std::shared_ptr<const Operation> dlt645_writer(const ConfigNode& item, const ConfigNode& write);
[[nodiscard]] std::shared_ptr<const HistoryPlan> dlt645_history(const ConfigNode& history,
                                                                const std::vector<ConfigNode>& items,
                                                                std::vector<ItemShape>& shapes);
void mask_dlt645_secrets(Bytes& request);

}  // namespace duheng::drivers
