#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/disk.hpp"
#include "store/journal/journal.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::tools {

/// What comparing a platform's stores with the fleet's own ledger found.
struct AuditReport {
  std::uint64_t meters = 0;  ///< that answered at least once, by the ledger
  std::uint64_t meters_with_readings = 0;
  std::uint64_t answers = 0;            ///< in the ledger
  std::uint64_t answers_confirmed = 0;  ///< of which the gateway said, by asking on, that they were durable
  std::uint64_t frames = 0;             ///< in the journal, with an answer
  std::uint64_t readings = 0;           ///< in the journal
  std::uint64_t readings_in_telemetry = 0;
  std::uint64_t lost = 0;     ///< answers confirmed but not in the journal, and readings not in telemetry
  std::uint64_t doubled = 0;  ///< frames or readings there more often than answered
  std::uint64_t unknown = 0;  ///< frames that no meter ever sent
  std::uint64_t inexact = 0;  ///< readings that are not the number in their frame, or differ in telemetry
  double latency_ms_p50 = 0;  ///< last octet at the gateway to committed at the platform
  double latency_ms_p99 = 0;
  double latency_ms_max = 0;
  std::vector<std::string> examples;  ///< some findings in words

  [[nodiscard]] bool sound() const noexcept { return lost == 0 && doubled == 0 && unknown == 0 && inexact == 0; }
};

/// Follows every answer of the ledgers to the journal and to telemetry, and every stored value back to the octets of
/// its frame. Errors: what the stores and ledgers report.
[[nodiscard]] Result<AuditReport> audit(Disk& disk, const std::vector<std::string>& ledger_paths,
                                        const store::Journal& journal, const store::TelemetryStore& telemetry);

}  // namespace duheng::tools
