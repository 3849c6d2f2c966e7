// What it costs a gateway to hold meters that call in: the real programs. TCP as far as the machine's limit of open
// files goes, one connection for each meter; the others of the fifty thousand by UDP.
#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <sys/resource.h>
#include <thread>

#include <nlohmann/json.hpp>

#include "base/disk.hpp"
#include "tools/bench/bench_programs.hpp"
#include "tools/bench/suite.hpp"
#include "tools/bench/udp_callers.hpp"

namespace duheng::tools {
namespace {

constexpr std::uint32_t sessions_wanted = 50'000;
constexpr std::uint32_t descriptors_kept_back = 500;
constexpr std::uint64_t first_udp_address = 302'600'000'001;
constexpr std::chrono::minutes longest_wait{5};

/// As many as the machine's limit of open files lets one process have.
std::uint32_t connections_possible() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max <= 2 * descriptors_kept_back) return 0;
  return static_cast<std::uint32_t>(std::min<rlim_t>(limit.rlim_max - descriptors_kept_back, sessions_wanted));
}

double own_cpu_s() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  constexpr double microsecond = 1e-6;
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         microsecond * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
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

Result<void> write_configuration(Disk& disk, const std::string& folder, std::uint32_t by_tcp, std::uint32_t by_udp) {
  DUHENG_CHECK(disk.make_directories(folder + "/models"));
  for (const char* model : {"dlt645-2007-single-phase", "dlt645-2007-three-phase"})
    DUHENG_CHECK(write_file_atomically(disk, fmt::format("{}/models/{}.yaml", folder, model),
                                       as_bytes(fmt::format(fmt::runtime(idle_model), model))));
  const std::string fleet = fmt::format(
      "data_directory: {}/fleet\nmeters: {}\ntcp: {{ ports: 0 }}\nserial: {{ lines: 0 }}\ncall_in: {{ meters: {} }}\n"
      "log: {{ level: warning }}\n",
      folder, by_tcp, by_tcp);
  DUHENG_CHECK(write_file_atomically(disk, folder + "/fleet.yaml", as_bytes(fleet)));
  std::string udp =
      "listeners:\n  - { name: call-in-udp, udp: { address: 127.0.0.1, port: 0 }, unidentified_max: 100000 }\n"
      "devices:\n";
  for (std::uint32_t i = 0; i < by_udp; ++i)
    udp += fmt::format(
        "  - {{ uid: \"{0:012}\", address: \"{0:012}\", model: dlt645-2007-single-phase, channel: "
        "call-in-udp }}\n",
        first_udp_address + i);
  DUHENG_CHECK(write_file_atomically(disk, folder + "/udp.yaml", as_bytes(udp)));
  const std::string gateway =
      "data_directory: gateway\nmodels_directory: models\ndevices_files: [fleet/devices.yaml, udp.yaml]\n"
      "log: { level: warning }\n";
  return write_file_atomically(disk, folder + "/gateway.yaml", as_bytes(gateway));
}

/// The UDP listener stands behind the fleet's in the gateway's run file.
Result<std::uint16_t> udp_port(Disk& disk, const std::string& run_file) {
  DUHENG_TRY(const auto text, read_file(disk, run_file, 4'096));
  const auto run = nlohmann::json::parse(as_text(text), nullptr, false);
  const auto ports = run.is_object() ? run.value("listener_ports", std::vector<int>{}) : std::vector<int>{};
  if (ports.size() != 2) return fail(ErrorCode::malformed, run_file + " does not name two listeners");
  return static_cast<std::uint16_t>(ports[1]);
}

struct Opening {
  double open = 0;
  double elapsed_s = 0;
  double best_rate_per_s = 0;
};

/// Waits until `wanted` sessions are open (or for too long), and tells how quickly they came.
Result<Opening> wait_for_sessions(std::uint16_t port, double wanted) {
  using Clock = std::chrono::steady_clock;
  const auto begun = Clock::now();
  Opening out;
  DUHENG_TRY(out.open, metric(port, "duheng_gateway_channels_open"));
  double last_open = out.open;
  double last_s = 0;
  while (out.open < wanted && Clock::now() - begun < longest_wait) {
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
    DUHENG_TRY(out.open, metric(port, "duheng_gateway_channels_open"));
    out.elapsed_s = std::chrono::duration<double>(Clock::now() - begun).count();
    if (out.elapsed_s - last_s < 1) continue;
    out.best_rate_per_s = std::max(out.best_rate_per_s, (out.open - last_open) / (out.elapsed_s - last_s));
    last_open = out.open;
    last_s = out.elapsed_s;
  }
  // Sessions that came within less than a second make no rate of their own.
  if (out.best_rate_per_s == 0 && out.elapsed_s > 0) out.best_rate_per_s = out.open / out.elapsed_s;
  return out;
}

/// A moment to come to rest, and the figures with everything open.
Result<void> hold(std::uint16_t port, const ChildProcess& gateway, const ChildProcess& fleet, double empty_bytes,
                  BenchReport& report) {
  constexpr double held_s = 20;
  const double cpu_ms = static_cast<double>(gateway.cpu_ms());
  DUHENG_TRY(const double answered_before, metric(port, "duheng_gateway_exchanges_answered_total"));
  DUHENG_TRY(const double given_up_before, metric(port, "duheng_gateway_exchanges_timed_out_total"));
  std::this_thread::sleep_for(std::chrono::duration<double>(held_s));
  DUHENG_TRY(const double open, metric(port, "duheng_gateway_channels_open"));
  DUHENG_TRY(const double answered, metric(port, "duheng_gateway_exchanges_answered_total"));
  DUHENG_TRY(const double given_up, metric(port, "duheng_gateway_exchanges_timed_out_total"));
  const double bytes = static_cast<double>(gateway.resident_bytes());
  report.figures.insert(
      report.figures.end(),
      {{"sessions_open", open},
       {"bytes_per_session", open > 0 ? (bytes - empty_bytes) / open : 0},
       {"bytes_per_session_all_in", open > 0 ? bytes / open : 0},
       {"held_s", held_s},
       {"held_gateway_cpu_percent_of_one_core", (static_cast<double>(gateway.cpu_ms()) - cpu_ms) / held_s / 10},
       {"held_answers", answered - answered_before},
       {"held_questions_given_up", given_up - given_up_before},
       {"questions_given_up_while_opening", given_up_before},
       {"gateway_memory_mib", bytes / (1 << 20)},
       {"gateway_memory_mib_before", empty_bytes / (1 << 20)},
       {"gateway_cpu_s", static_cast<double>(gateway.cpu_ms()) / 1'000},
       {"fleet_memory_mib", static_cast<double>(fleet.resident_bytes()) / (1 << 20)},
       {"fleet_cpu_s", static_cast<double>(fleet.cpu_ms()) / 1'000}});
  return {};
}

}  // namespace

Result<BenchReport> run_call_in_bench(const BenchOptions& options) {
  const std::uint32_t by_tcp = connections_possible();
  if (by_tcp == 0) return fail(ErrorCode::unavailable, "the limit of open files is too low to measure anything");
  const std::uint32_t by_udp = sessions_wanted - by_tcp;
  PosixDisk disk;
  DUHENG_TRY(const auto scratch, ScratchFolder::make(options));
  const std::string& folder = scratch.path();
  const std::string run_file = folder + "/gateway/run.json";
  DUHENG_CHECK(write_configuration(disk, folder, by_tcp, by_udp));
  DUHENG_TRY(auto fleet, start_program(options, folder, "duheng-fleet", "fleet.yaml"));
  DUHENG_CHECK(wait_for_file(disk, folder + "/fleet/ready", fleet));
  // The meters dial while nobody listens yet, as after a gateway's restart.
  DUHENG_TRY(auto gateway, start_program(options, folder, "duheng-gateway", "gateway.yaml"));
  DUHENG_CHECK(wait_for_file(disk, run_file, gateway));
  const double empty_bytes = static_cast<double>(gateway.resident_bytes());
  DUHENG_TRY(const std::uint16_t port, status_port(disk, run_file));
  DUHENG_TRY(const auto tcp, wait_for_sessions(port, by_tcp));
  const double tcp_bytes = static_cast<double>(gateway.resident_bytes());
  BenchReport report;
  report.figures = {{"tcp_sessions_dialled", static_cast<double>(by_tcp)},
                    {"tcp_sessions_open", tcp.open},
                    {"tcp_all_open_s", tcp.elapsed_s},
                    {"tcp_identified_per_s_best", tcp.best_rate_per_s},
                    {"tcp_bytes_per_session", tcp.open > 0 ? (tcp_bytes - empty_bytes) / tcp.open : 0}};
  const double cpu_before_s = own_cpu_s();
  DUHENG_TRY(const std::uint16_t datagrams, udp_port(disk, run_file));
  DUHENG_TRY(const auto callers, UdpCallers::start({by_udp, first_udp_address, datagrams}));
  DUHENG_TRY(const auto udp, wait_for_sessions(port, tcp.open + by_udp));
  const double udp_open = udp.open - tcp.open;
  const double udp_bytes = static_cast<double>(gateway.resident_bytes()) - tcp_bytes;
  report.figures.insert(report.figures.end(),
                        {{"udp_sessions_called", static_cast<double>(by_udp)},
                         {"udp_sessions_open", udp_open},
                         {"udp_all_open_s", udp.elapsed_s},
                         {"udp_identified_per_s_mean", udp.elapsed_s > 0 ? udp_open / udp.elapsed_s : 0},
                         {"udp_identified_per_s_best", udp.best_rate_per_s},
                         {"udp_bytes_per_session", udp_open > 0 ? udp_bytes / udp_open : 0}});
  DUHENG_CHECK(hold(port, gateway, fleet, empty_bytes, report));
  report.figures.push_back({"udp_meters_cpu_s", own_cpu_s() - cpu_before_s});
  report.notes.push_back(fmt::format(
      "one gateway process; {} sessions are TCP connections (this machine's limit of open files for one process, less "
      "a reserve), {} are UDP peers, which take no descriptor; the TCP meters are the fleet's, the UDP meters' side "
      "runs in this program, each peer with an address of its own; all on the same {} cores",
      by_tcp, by_udp, std::thread::hardware_concurrency()));
  report.notes.push_back(
      "bytes_per_session: resident memory of duheng-gateway with all open, less that just after its start (devices and "
      "models are in both), kernel buffers not counted; all_in: the whole of that memory over the "
      "sessions, device, schedule and the program itself included; what the TCP meters' "
      "identification gave back is used again for UDP peers; the TCP meters' back-off of up to 30 s is part of "
      "tcp_all_open_s, and UDP meters call 64 at once");
  return report;
}

}  // namespace duheng::tools
