#pragma once
#include <cstdint>
#include <optional>

#include "base/error.hpp"
#include "platform/history/telemetry_applier.hpp"
#include "platform/ingest/ingest_core.hpp"
#include "platform/status/health.hpp"
#include "store/telemetry/reopening_telemetry_store.hpp"

namespace duheng::platform {

struct JournalCondition {
  bool poisoned = false;
  std::uint64_t records = 0;
  std::optional<std::uint64_t> free_bytes;  ///< empty: cannot be told
};
/// Failed while nothing can be committed: the disk is full or broken. Degraded below `free_bytes_warning`.
[[nodiscard]] status::Finding journal_finding(const JournalCondition& journal, const IngestStatistics& ingest,
                                              std::uint64_t free_bytes_warning);
/// Failed when nothing is applied, or too late.
[[nodiscard]] status::Finding telemetry_finding(const ApplierStatus& applier, const store::ReopeningStatus& store,
                                                std::int64_t lag_ms_max);
/// Degraded for the last 30 days, failed when expired.
[[nodiscard]] status::Finding certificate_finding(std::int64_t not_after_utc_ms, std::int64_t now_utc_ms);

}  // namespace duheng::platform
