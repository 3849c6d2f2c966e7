#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "drivers/models/model_operations.hpp"
#include "drivers/models/model_sensor.hpp"
#include "drivers/models/processing_rule.hpp"
#include "drivers/models/validation_rule.hpp"
#include "drivers/protocol/driver.hpp"
#include "model/reading.hpp"

namespace duheng::drivers {

namespace model_limits {
inline constexpr std::size_t file_bytes_max = 1U << 20;
inline constexpr std::size_t groups_max = 32;
inline constexpr std::size_t items_max = 256;      ///< of all groups together
inline constexpr std::size_t operations_max = 64;  ///< commands, parameters and histories, of each
inline constexpr std::int64_t interval_ms_min = 100;
inline constexpr std::int64_t interval_ms_max = 31LL * 24 * 3'600'000;
}  // namespace model_limits

struct ModelGroup {
  std::string name;
  std::int64_t interval_ms = 0;
  std::vector<ModelQuestion> questions;  ///< in the file's order
  /// What may be asked for in place of `interval_ms`.
  std::int64_t interval_ms_min = model_limits::interval_ms_min;
  std::int64_t interval_ms_max = model_limits::interval_ms_max;
};

/// A meter type: everything that must be known to read it, to set it and to command it. One file under models/.
struct DeviceModel {
  std::string id;  ///< the file's name without ".yaml"
  std::string title_english;
  std::string title_chinese;
  std::string manufacturer;
  const Driver* driver = nullptr;
  std::string proven;  ///< how far it was tried: "field", "bench" or "vectors"
  std::uint8_t address_digits = 12;
  std::int64_t response_timeout_ms = 1'500;
  std::uint8_t retries = 2;
  std::uint8_t preamble_octets = 4;
  std::int32_t zone_offset_minutes = 480;  ///< of the civil time that its clock keeps
  std::vector<ModelGroup> groups;
  std::vector<ModelCommand> commands;
  std::vector<ModelParameter> parameters;
  std::vector<ModelHistory> histories;
  std::optional<ModelClock> clock;
  std::vector<ProcessingRule> processing;  ///< what the gateway makes of its values
  std::vector<ModelSensor> sensors;
  /// Of the groups' and all other items' slots together.
  std::uint16_t register_count = 0;
  std::shared_ptr<const std::string> text;  ///< the file, for parse_item()
};

/// Reads one model. Every fact that the codec's table knows too (register name, unit, exponent) must agree with it.
/// Errors: as base/config.hpp, "file:line: reason".
[[nodiscard]] Result<DeviceModel> load_device_model(const std::string& path);
[[nodiscard]] Result<DeviceModel> parse_device_model(std::string_view text, const std::string& name);

/// Where a register stands: `question->items[item]`.
struct RegisterPlace {
  const ModelQuestion* question = nullptr;
  std::uint32_t item = 0;
};
/// Any register of the groups, parameters or the clock; nothing when the model has none of that name. Lives as long as
/// the model.
[[nodiscard]] std::optional<RegisterPlace> find_register(const DeviceModel& model, std::string_view name);

/// The model's own, or one of maintenance_commands(). Null when there is none of that name.
[[nodiscard]] const ModelCommand* find_command(const DeviceModel& model, std::string_view name);
[[nodiscard]] const ModelParameter* find_parameter(const DeviceModel& model, std::string_view name);
[[nodiscard]] const ModelHistory* find_history(const DeviceModel& model, std::string_view name);

/// One item as a model file writes it, e.g. `{ di: "00010000" }` or `{ table: input, address: 3, type: int16 }`; the
/// register's name is the protocol's own where it has one and the item does not say. Its items have no slot among the
/// model's registers (ModelItem::no_slot).
/// Errors: as base/config.hpp, with "item" for the file; limit_exceeded - over 4 KiB.
[[nodiscard]] Result<ModelQuestion> parse_item(const DeviceModel& model, std::string_view yaml);

/// All models of a folder. A file that is wrong is left out and told about; the others serve.
class ModelLibrary {
 public:
  /// Errors: not_found - no such folder.
  [[nodiscard]] static Result<ModelLibrary> load(const std::string& directory);
  void add(DeviceModel model);
  /// Null when there is none of that name.
  [[nodiscard]] std::shared_ptr<const DeviceModel> find(std::string_view id) const;
  [[nodiscard]] std::size_t size() const noexcept { return models_.size(); }
  [[nodiscard]] std::vector<std::string> ids() const;
  /// One for each file that was refused.
  [[nodiscard]] const std::vector<Error>& errors() const noexcept { return errors_; }

 private:
  std::map<std::string, std::shared_ptr<const DeviceModel>, std::less<>> models_;
  std::vector<Error> errors_;
};

}  // namespace duheng::drivers
