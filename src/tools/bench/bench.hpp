#pragma once
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace duheng::tools {

struct BenchOptions {
  double seconds = 3;              ///< roughly how long each measurement runs
  std::string scratch_directory;   ///< a folder of the benchmark's own, on the disk to be measured
  std::string programs_directory;  ///< where duheng-platform and the others lie
  std::string share_directory;     ///< models/ and web/
  double scale = 1;                ///< of what is measured, where a benchmark has a full size: 0.1 for a short run
  bool peers = false;              ///< beside other products, where a benchmark can
  std::string servers_directory;   ///< what scripts/test-servers.sh unpacked, for peers
  std::string write_path;          ///< a file whose table is to be made anew, where a benchmark makes one
};

/// One figure. The unit ends the name: "frames_per_s", "latency_ms_p99".
struct Figure {
  std::string name;
  double value = 0;
};
struct BenchReport {
  std::vector<Figure> figures;
  std::vector<std::string> notes;  ///< what a reader must know: durability, sizes, what was left out
  std::string failed{};            ///< what ended a later part; the figures of the earlier ones stand. Empty: nothing
};

struct Bench {
  std::string_view name;
  std::string_view what;
  std::function<Result<BenchReport>(const BenchOptions&)> run;
};
[[nodiscard]] const std::vector<Bench>& benches();

/// `duheng bench`: the named ones (all when empty) as one JSON object each, or as text. Returns the exit code.
int run_benches(const std::vector<std::string>& names, bool as_json, const BenchOptions& options, std::ostream& out,
                std::ostream& err);

}  // namespace duheng::tools
