#pragma once
#include "tools/bench/bench.hpp"
#include "tools/bench/telemetry/telemetry_bench.hpp"

namespace duheng::tools {

// One function for each benchmark; bench.cpp lists them.
[[nodiscard]] Result<BenchReport> run_call_in_bench(const BenchOptions& options);
[[nodiscard]] Result<BenchReport> run_cjt188_bench(const BenchOptions& options);
[[nodiscard]] Result<BenchReport> run_dlt645_bench(const BenchOptions& options);
[[nodiscard]] Result<BenchReport> run_dlt698_bench(const BenchOptions& options);
[[nodiscard]] Result<BenchReport> run_history_bench(const BenchOptions& options);
[[nodiscard]] Result<BenchReport> run_modbus_bench(const BenchOptions& options);
[[nodiscard]] Result<BenchReport> run_polling_bench(const BenchOptions& options);
[[nodiscard]] Result<BenchReport> run_recogniser_bench(const BenchOptions& options);
[[nodiscard]] Result<BenchReport> run_whole_path_bench(const BenchOptions& options);
[[nodiscard]] Result<BenchReport> run_single_readings_bench(const BenchOptions& options);
[[nodiscard]] Result<BenchReport> run_browser_latency_bench(const BenchOptions& options);
[[nodiscard]] Result<BenchReport> run_start_up_bench(const BenchOptions& options);
[[nodiscard]] Result<BenchReport> run_memory_bench(const BenchOptions& options);

}  // namespace duheng::tools
