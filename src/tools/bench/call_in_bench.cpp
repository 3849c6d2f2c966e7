// What it costs a gateway to hold meters that call in: the real programs, one TCP connection for each meter.
#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <sys/resource.h>
#include <thread>

#include <nlohmann/json.hpp>

#include "base/disk.hpp"
#include "tools/bench/suite.hpp"
#include "tools/process/child_process.hpp"
#include "tools/process/http_get.hpp"

namespace duheng::tools {
namespace {

constexpr std::uint32_t sessions_wanted = 50'000;
constexpr std::uint32_t descriptors_kept_back = 500;
constexpr std::chrono::minutes longest_wait{5};

/// As many as the machine's limit of open files lets one process have.
std::uint32_t sessions_possible() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max <= 2 * descriptors_kept_back) return 0;
  return static_cast<std::uint32_t>(std::min<rlim_t>(limit.rlim_max - descriptors_kept_back, sessions_wanted));
}

// Read once in ten minutes: what is measured is holding the line, not reading.
constexpr std::string_view idle_model = R"(model: {}
title: {{ en: idle, zh-CN: 静候 }}
protocol: dlt645_2007
proven: vectors
groups:
  - name: energy
    interval_ms: 600000
    items:
      - {{ register: energy_active_import_total, di: "00010000" }}
)";

Result<void> write_configuration(Disk& disk, const std::string& folder, std::uint32_t meters) {
  DUHENG_CHECK(disk.make_directories(folder + "/models"));
  for (const char* model : {"dlt645-2007-single-phase", "dlt645-2007-three-phase"})
    DUHENG_CHECK(write_file_atomically(disk, fmt::format("{}/models/{}.yaml", folder, model),
                                       as_bytes(fmt::format(fmt::runtime(idle_model), model))));
  const std::string fleet = fmt::format(
      "data_directory: {}/fleet\nmeters: {}\ntcp: {{ ports: 0 }}\nserial: {{ lines: 0 }}\ncall_in: {{ meters: {} }}\n"
      "log: {{ level: warning }}\n",
      folder, meters, meters);
  DUHENG_CHECK(write_file_atomically(disk, folder + "/fleet.yaml", as_bytes(fleet)));
  const std::string gateway =
      "data_directory: gateway\nmodels_directory: models\ndevices_files: [fleet/devices.yaml]\nlog: { level: warning "
      "}\n";
  return write_file_atomically(disk, folder + "/gateway.yaml", as_bytes(gateway));
}

Result<void> wait_for_file(Disk& disk, const std::string& path, ChildProcess& process) {
  const auto deadline = std::chrono::steady_clock::now() + longest_wait;
  while (!disk.exists(path)) {
    if (!process.running()) return fail(ErrorCode::internal, "a program ended before it was ready");
    if (std::chrono::steady_clock::now() > deadline) return fail(ErrorCode::timed_out, path + " does not come");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return {};
}

Result<std::uint16_t> status_port(Disk& disk, const std::string& run_file) {
  DUHENG_TRY(const auto text, read_file(disk, run_file, 4'096));
  return static_cast<std::uint16_t>(nlohmann::json::parse(as_text(text)).at("http_port").get<int>());
}

Result<double> metric(std::uint16_t port, std::string_view name) {
  DUHENG_TRY(const auto answer, http_get(port, "/metrics"));
  return metric_value(answer.body, name);
}

}  // namespace

Result<BenchReport> run_call_in_bench(const BenchOptions& options) {
  const std::uint32_t meters = sessions_possible();
  if (meters == 0) return fail(ErrorCode::unavailable, "the limit of open files is too low to measure anything");
  PosixDisk disk;
  const std::string folder = options.scratch_directory + "/call-in";
  DUHENG_CHECK(write_configuration(disk, folder, meters));
  const auto program = [&](const char* name, const char* config) {
    return ChildProcess::start(
        {options.programs_directory + "/" + name, {"--config", folder + "/" + config}, folder + "/" + name + ".log"});
  };
  DUHENG_TRY(auto fleet, program("duheng-fleet", "fleet.yaml"));
  DUHENG_CHECK(wait_for_file(disk, folder + "/fleet/ready", fleet));
  // The meters dial while nobody listens yet, as after a gateway's restart.
  DUHENG_TRY(auto gateway, program("duheng-gateway", "gateway.yaml"));
  const auto begun = std::chrono::steady_clock::now();
  DUHENG_CHECK(wait_for_file(disk, folder + "/gateway/run.json", gateway));
  DUHENG_TRY(const std::uint16_t port, status_port(disk, folder + "/gateway/run.json"));
  const double empty_bytes = static_cast<double>(gateway.resident_bytes());
  double open = 0;
  double elapsed_s = 0;
  double best_rate = 0;
  double last_open = 0;
  double last_s = 0;
  while (open < meters && elapsed_s < std::chrono::duration<double>(longest_wait).count()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
    DUHENG_TRY(open, metric(port, "duheng_gateway_channels_open"));
    elapsed_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    if (elapsed_s - last_s >= 1) {
      best_rate = std::max(best_rate, (open - last_open) / (elapsed_s - last_s));
      last_open = open;
      last_s = elapsed_s;
    }
  }
  std::this_thread::sleep_for(std::chrono::seconds(5));
  DUHENG_TRY(open, metric(port, "duheng_gateway_channels_open"));
  const double full_bytes = static_cast<double>(gateway.resident_bytes());
  BenchReport report;
  report.figures = {{"sessions_open", open},
                    {"sessions_dialled", static_cast<double>(meters)},
                    {"all_open_s", elapsed_s},
                    {"sessions_identified_per_s_best", best_rate},
                    {"bytes_per_session", open > 0 ? (full_bytes - empty_bytes) / open : 0},
                    {"gateway_memory_mib", full_bytes / (1 << 20)},
                    {"gateway_cpu_s", static_cast<double>(gateway.cpu_ms()) / 1'000},
                    {"fleet_memory_mib", static_cast<double>(fleet.resident_bytes()) / (1 << 20)},
                    {"fleet_cpu_s", static_cast<double>(fleet.cpu_ms()) / 1'000}};
  report.notes.push_back(fmt::format(
      "{} connections of the {} wanted: this machine's limit of open files for one process; both ends on the same two "
      "cores",
      meters, sessions_wanted));
  report.notes.push_back(
      "bytes_per_session: resident memory of duheng-gateway with all open, less that just after its start (devices and "
      "models are in both), kernel buffers not counted; the meters' back-off of up to 30 s is part of all_open_s");
  return report;
}

}  // namespace duheng::tools
