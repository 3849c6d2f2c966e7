#pragma once
// How the objects' elements become registers; private to this library.
#include <optional>
#include <string_view>

#include "codec/dlt698/message.hpp"
#include "codec/dlt698/objects/object_table.hpp"
#include "drivers/protocol/driver.hpp"

namespace duheng::drivers {

/// Where a register stands: element of an attribute, counted flat from 0.
struct Dlt698Place {
  dlt698::Oad oad;
  std::uint8_t element = 0;
  SeriesKind kind = SeriesKind::decimal;
  std::int8_t exponent = 0;
  std::string_view unit;
  friend bool operator==(const Dlt698Place& a, const Dlt698Place& b) {
    return a.oad == b.oad && a.element == b.element;
  }
};
/// Eight hexadecimal digits.
[[nodiscard]] std::optional<dlt698::Oad> parse_oad(std::string_view text);
/// Reads `oad` and `element`, fills in what the object table knows and rejects a file that says otherwise.
/// `any_name`: the register may be called otherwise than in the table, as histories do.
[[nodiscard]] Dlt698Place read_place(const ConfigNode& node, ItemShape& shape, bool any_name = false);
/// What one element says; `item` is the caller's.
[[nodiscard]] ItemValue item_value(std::uint32_t item, const Dlt698Place& place, const dlt698::Element& element);
/// Calls on_value(place, element) for each value of a Data, counted flat: those of arrays and structures in the order
/// they stand.
template <class OnValue>
void for_each_flat(ByteView data, OnValue&& on_value) {
  dlt698::Reader reader(dlt698::types::data, data);
  for (std::uint32_t place = 0; reader.step() && reader.current().event != dlt698::Element::Event::finished;) {
    if (reader.current().event != dlt698::Element::Event::value) continue;
    on_value(place, reader.current());
    ++place;
  }
}

/// A question of an APDU built by codec/dlt698/message.hpp.
[[nodiscard]] Query dlt698_query(const dlt698::Node& apdu, bool at_most_once);

/// The commands, writes and histories of the driver; see driver.hpp for the keys.
[[nodiscard]] std::shared_ptr<const Operation> dlt698_command(const ConfigNode& operation);
[[nodiscard]] std::shared_ptr<const Operation> dlt698_writer(const ConfigNode& item, const ConfigNode& write);
[[nodiscard]] std::shared_ptr<const HistoryPlan> dlt698_history(const ConfigNode& history,
                                                                const std::vector<ConfigNode>& items,
                                                                std::vector<ItemShape>& shapes);
void mask_dlt698_secrets(Bytes& request);

}  // namespace duheng::drivers
