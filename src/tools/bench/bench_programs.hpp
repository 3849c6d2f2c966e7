#pragma once
// The product's programs as benchmarks run them: in a scratch folder, on loopback.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/disk.hpp"
#include "tools/bench/bench.hpp"
#include "tools/process/child_process.hpp"

namespace duheng::tools {

/// A folder of the benchmark's own, gone with this object.
class ScratchFolder {
 public:
  /// In `options.scratch_directory`; where none is named, among the machine's temporary files. Errors: storage_failed.
  [[nodiscard]] static Result<ScratchFolder> make(const BenchOptions& options);
  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder();
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

/// `<programs>/<name> --config <folder>/<config>`; what it prints goes to `<folder>/<name>.log`.
[[nodiscard]] Result<ChildProcess> start_program(const BenchOptions& options, const std::string& folder,
                                                 const std::string& name, const std::string& config);
/// Until the file is there. Errors: internal - the program ended before; timed_out - after five minutes.
[[nodiscard]] Result<void> wait_for_file(Disk& disk, const std::string& path, ChildProcess& process);
/// Of a gateway's run file.
[[nodiscard]] Result<std::uint16_t> status_port(Disk& disk, const std::string& run_file);
/// One sample of a program's /metrics.
[[nodiscard]] Result<double> metric(std::uint16_t port, std::string_view name);

}  // namespace duheng::tools
