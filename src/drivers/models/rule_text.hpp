#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "drivers/models/processing_rule.hpp"

namespace duheng::drivers {

struct DeviceModel;

/// The rule as one line of JSON, which is an item of a list `processing:` as well: the same rule gives the same text
/// for ever, and parse_processing_rule() gives it back.
[[nodiscard]] std::string write_processing_rule(const ProcessingRule& rule);
/// Any item of a list `processing:`, in YAML or JSON, with the checks of a gateway's own file.
/// Errors: as base/config.hpp with "rule" for the file, e.g. "rule:1: 'into' must not be the register that is read";
/// limit_exceeded - over 2 KiB.
[[nodiscard]] Result<ProcessingRule> parse_processing_rule(std::string_view text);

struct RuleFault {
  std::string_view key;
  std::string_view reason;
};
/// What is wrong with a rule for devices of this model, if anything.
[[nodiscard]] std::optional<RuleFault> find_fault(const ProcessingRule& rule, const DeviceModel& model);

}  // namespace duheng::drivers
