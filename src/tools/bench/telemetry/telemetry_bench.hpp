#pragma once
#include "tools/bench/bench.hpp"

namespace duheng::tools {

/// `duheng bench telemetry`: the whole path, sizes and questions, with `options.peers` beside four other databases;
/// with `options.write_path` the table in that file is made anew. A peer that fails is told of in the notes.
[[nodiscard]] Result<BenchReport> run_telemetry_bench(const BenchOptions& options);

}  // namespace duheng::tools
