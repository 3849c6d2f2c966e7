#pragma once
// Reading the parts of a model file; private to this library.
#include <string>
#include <string_view>
#include <vector>

#include "base/config.hpp"
#include "drivers/models/device_model.hpp"

namespace duheng::drivers {

/// The registers of a model, numbered as they are first named.
class Slots {
 public:
  [[nodiscard]] std::uint16_t of(const std::string& name);
  [[nodiscard]] std::uint16_t count() const noexcept { return static_cast<std::uint16_t>(names_.size()); }

 private:
  std::vector<std::string> names_;
};

/// What is the same for the whole file while it is read.
struct ModelReader {
  const ConfigNode& root;
  DeviceModel& model;
  Slots& slots;
  std::size_t items_left = model_limits::items_max;
};

/// 1 to 64 of a-z, 0-9 and _.
[[nodiscard]] bool is_name(std::string_view text);
/// The text of `key`; rejects what is no name.
[[nodiscard]] std::string read_name(const ConfigNode& node, std::string_view key);
/// A decimal as it stands in the file; rejects what is none.
[[nodiscard]] std::optional<Decimal> read_decimal(const ConfigNode& node, std::string_view key);

/// Where one item of a list has come to stand.
struct ItemPlace {
  std::size_t question = 0;
  std::uint32_t item = 0;
};
struct PlannedItems {
  std::vector<ModelQuestion> questions;  ///< in the planner's order
  std::vector<ItemPlace> places;         ///< by the items' order in the file
};
[[nodiscard]] PlannedItems read_items(ModelReader& reader, const std::vector<ConfigNode>& nodes);
/// What a register is, of an item whose shape is known.
[[nodiscard]] ModelItem make_item(ItemShape shape, Slots* slots);
/// The parts beside the groups: commands, parameters, history, clock.
void read_operations(ModelReader& reader);

}  // namespace duheng::drivers
