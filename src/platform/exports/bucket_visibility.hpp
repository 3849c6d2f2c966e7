#pragma once
#include <span>

#include "store/aggregates/aggregate_row.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::platform {

/// How much of a bucket is somebody's to see.
struct VisiblePart {
  bool row = false;
  bool increase = false;
};

/// A bucket is shown when nothing in it is another's: it lies in one of the periods, or at least all its values do. Its
/// increase is shown when what it starts from lies there too.
[[nodiscard]] VisiblePart visible_part(std::span<const store::TimeRange> periods,
                                       const store::AggregateRow& row) noexcept;

}  // namespace duheng::platform
