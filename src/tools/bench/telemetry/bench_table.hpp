#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "tools/bench/telemetry/store_run.hpp"

namespace duheng::tools {

/// Everything one run of the telemetry benchmark saw.
struct TelemetryBenchFigures {
  StoreFigures own;
  double single_readings_per_s = 0;
  double single_latency_ms_p99 = 0;
  std::vector<PeerFigures> peers;  ///< empty: not asked for
  /// Ours, always durable, over the fastest peer as it comes, however it keeps its data; 0 without peers.
  [[nodiscard]] double ingest_ratio_best_peer() const;
  /// Over the fastest peer that is durable by its own means.
  [[nodiscard]] double ingest_ratio_best_durable_peer() const;
  /// Over the fastest whose answers were durable, be it that the benchmark synchronised the file system for it.
  [[nodiscard]] double ingest_ratio_best_synchronised_peer() const;
};

/// The table for docs/performance.md, with what a reader must know under it. `day` and `machine` head it.
[[nodiscard]] std::string markdown_table(const TelemetryBenchFigures& figures, const SampleSize& size,
                                         std::string_view day, std::string_view machine);

/// `text` with what stands between `<!-- name:begin -->` and `<!-- name:end -->` replaced. Errors: not_found - the
/// markers are not there, or not in this order.
[[nodiscard]] Result<std::string> with_marked_section(const std::string& text, std::string_view name,
                                                      std::string_view section);

}  // namespace duheng::tools
