#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/ids.hpp"

namespace duheng::platform {

/// At which periods a device was to be read, from one moment until another.
struct IntervalSegment {
  std::int64_t from_utc_ms = 0;
  std::int64_t to_utc_ms = 0;  ///< not with it
  std::map<std::string, std::int64_t, std::less<>>
      interval_ms;  ///< by register name; the shortest where two groups read it
};

/// The one place that knows how often each register of a device is meant to be read: its model's periods, and what was
/// set in their place. Registers that only come out of a device's memory (load profile, freezes) are not in it.
class IntervalBook {
 public:
  virtual ~IntervalBook() = default;
  /// Segments without a gap from `from_utc_ms` to `to_utc_ms`, as planned: a gateway follows within seconds while it is
  /// connected. The present model holds for the past, too. Empty when the model is not known here.
  /// Errors: not_found - no such device; of the records.
  [[nodiscard]] virtual Result<std::vector<IntervalSegment>> intervals(DeviceId device, std::int64_t from_utc_ms,
                                                                       std::int64_t to_utc_ms) = 0;
};

}  // namespace duheng::platform
