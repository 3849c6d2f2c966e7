#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "drivers/protocol/driver.hpp"
#include "gateway/validation/validation.hpp"
#include "model/reading.hpp"

namespace duheng::gateway {

namespace model_limits {
inline constexpr std::size_t file_bytes_max = 1U << 20;
inline constexpr std::size_t groups_max = 32;
inline constexpr std::size_t items_max = 256;  ///< of all groups together
inline constexpr std::int64_t interval_ms_min = 100;
inline constexpr std::int64_t interval_ms_max = 31LL * 24 * 3'600'000;
}  // namespace model_limits

/// One value of a meter type: where it stands in an answer, what it is, what is plausible.
struct ModelItem {
  std::string register_name;
  std::string unit;
  std::int8_t exponent = 0;
  SeriesKind kind = SeriesKind::decimal;
  std::uint16_t register_slot = 0;  ///< place among the model's registers, the same for all items of one register
  ValidationRule rule;
  [[nodiscard]] Register as_register() const noexcept { return {register_name, unit, exponent, kind}; }
};

/// One question and the values its answer holds.
struct ModelQuestion {
  drivers::Query query;
  std::shared_ptr<const drivers::AnswerReader> reader;
  std::vector<ModelItem> items;  ///< by drivers::ItemValue::item
};

struct ModelGroup {
  std::string name;
  std::int64_t interval_ms = 0;
  std::vector<ModelQuestion> questions;  ///< in the file's order
};

/// A meter type: everything the gateway must know to read it. One file under models/.
struct DeviceModel {
  std::string id;  ///< the file's name without ".yaml"
  std::string title_english;
  std::string title_chinese;
  std::string manufacturer;
  const drivers::Driver* driver = nullptr;
  std::string proven;  ///< how far it was tried: "field", "bench" or "vectors"
  std::uint8_t address_digits = 12;
  std::int64_t response_timeout_ms = 1'500;
  std::uint8_t retries = 2;
  std::uint8_t preamble_octets = 4;
  std::vector<ModelGroup> groups;
  std::uint16_t register_count = 0;
};

/// Reads one model. Every fact that the codec's table knows too (register name, unit, exponent) must agree with it.
/// Errors: as base/config.hpp, "file:line: reason".
[[nodiscard]] Result<DeviceModel> load_device_model(const std::string& path);
[[nodiscard]] Result<DeviceModel> parse_device_model(std::string_view text, const std::string& name);

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

}  // namespace duheng::gateway
