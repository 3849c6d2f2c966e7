#include "tools/bench/bench_programs.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include <nlohmann/json.hpp>

#include "tools/process/http_get.hpp"

namespace duheng::tools {

namespace fs = std::filesystem;

Result<ScratchFolder> ScratchFolder::make(const BenchOptions& options) {
  const fs::path base =
      options.scratch_directory.empty() ? fs::temp_directory_path() : fs::path(options.scratch_directory);
  std::string path = (base / "duheng-bench-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr)
    return fail(ErrorCode::storage_failed, "cannot make a scratch folder in " + base.string());
  return ScratchFolder(std::move(path));
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

Result<ChildProcess> start_program(const BenchOptions& options, const std::string& folder, const std::string& name,
                                   const std::string& config) {
  return ChildProcess::start(
      {options.programs_directory + "/" + name, {"--config", folder + "/" + config}, folder + "/" + name + ".log"});
}

Result<void> wait_for_file(Disk& disk, const std::string& path, ChildProcess& process) {
  constexpr std::chrono::minutes longest_wait{5};
  const auto deadline = std::chrono::steady_clock::now() + longest_wait;
  while (!disk.exists(path)) {
    if (!process.running()) return fail(ErrorCode::internal, "a program ended before " + path + " was there");
    if (std::chrono::steady_clock::now() > deadline) return fail(ErrorCode::timed_out, path + " does not come");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return {};
}

Result<std::uint16_t> status_port(Disk& disk, const std::string& run_file) {
  DUHENG_TRY(const auto text, read_file(disk, run_file, 4'096));
  const auto run = nlohmann::json::parse(as_text(text), nullptr, false);
  if (!run.is_object() || !run.contains("http_port"))
    return fail(ErrorCode::malformed, run_file + " names no HTTP port");
  return static_cast<std::uint16_t>(run.at("http_port").get<int>());
}

Result<double> metric(std::uint16_t port, std::string_view name) {
  DUHENG_TRY(const auto answer, http_get(port, "/metrics", 10'000));
  return metric_value(answer.body, name);
}

}  // namespace duheng::tools
