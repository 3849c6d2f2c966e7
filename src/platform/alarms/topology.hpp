#pragma once
#include <cstdint>
#include <optional>

#include "platform/alarms/alarm_condition.hpp"

namespace duheng::platform::alarms {

/// What hangs on what: device -> channel -> gateway -> network equipment. Asked for every alarm, so answers must come
/// from memory. Thread-safe. Loops are harmless: the walk ends after `AlarmMachine::ancestors_max` steps.
class Topology {
 public:
  virtual ~Topology() = default;
  /// The one thing without which this one cannot be heard. Empty: none, or not known.
  [[nodiscard]] virtual std::optional<Subject> parent(const Subject& subject) const = 0;
  /// Whose it is; 0 when it belongs to the platform as a whole or is not known. Floods are gathered for each.
  [[nodiscard]] virtual std::int64_t organisation(const Subject& subject) const = 0;
};

/// Nothing hangs on anything.
class NoTopology final : public Topology {
 public:
  [[nodiscard]] std::optional<Subject> parent(const Subject&) const override { return std::nullopt; }
  [[nodiscard]] std::int64_t organisation(const Subject&) const override { return 0; }
};

}  // namespace duheng::platform::alarms
