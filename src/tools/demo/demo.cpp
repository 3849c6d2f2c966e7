#include "tools/demo/demo.hpp"

#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <ostream>
#include <set>
#include <thread>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/disk.hpp"
#include "base/log.hpp"
#include "device/ledger/ledger.hpp"
#include "platform/administration/administration.hpp"
#include "platform/history/telemetry_applier.hpp"
#include "store/telemetry/duckdb_telemetry_store.hpp"
#include "tools/demo/audit.hpp"
#include "tools/demo/demo_network.hpp"
#include "tools/demo/demo_world.hpp"
#include "tools/demo/faults.hpp"
#include "tools/demo/mixed_world.hpp"
#include "tools/demo/supervisor.hpp"
#include "tools/process/http_get.hpp"
#include "tools/process/relay.hpp"

namespace duheng::tools {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class Demo {
 public:
  Demo(const DemoOptions& options, const std::atomic<bool>& stop, std::ostream& out, std::ostream& err)
      : options_(options), stop_(stop), out_(out), err_(err), keep_data_(options.keep_data) {}
  ~Demo() {
    supervisor_.stop_all();
    if (temporary_ && !keep_data_) {
      std::error_code ignored;
      std::filesystem::remove_all(plan_.root, ignored);
    }
  }

  Result<int> run() {
    DUHENG_CHECK(prepare());
    DUHENG_CHECK(start_programs());
    DUHENG_CHECK(wait_until("every meter has answered", milliseconds(180'000), [this] { return all_meters_answer(); }));
    DUHENG_CHECK(announce());
    if (!options_.check_s) {
      while (!stop_) DUHENG_CHECK(pass(milliseconds(200)));
      stop_programs();
      return 0;
    }
    DUHENG_CHECK(options_.kills > 0 ? run_faults() : run_quietly());
    return finish_check();
  }

  /// Something failed: what can tell why stays.
  void keep_evidence() {
    keep_data_ = true;
    if (!plan_.root.empty()) err_ << fmt::format("data and logs are kept in {}\n", plan_.root);
  }

 private:
  Result<void> prepare() {
    if (options_.data_directory.empty()) {
      std::string pattern = (std::filesystem::temp_directory_path() / "duheng-demo-XXXXXX").string();
      if (::mkdtemp(pattern.data()) == nullptr)
        return fail(ErrorCode::storage_failed, "cannot make a temporary folder");
      plan_.root = pattern;
      temporary_ = true;
    } else {
      plan_.root = std::filesystem::absolute(options_.data_directory).string();
    }
    plan_.share_directory = options_.share_directory;
    plan_.meters = options_.meters;
    plan_.seed = options_.seed;
    // A check compares with the DL/T 645 meters' ledger; who looks sees every kind of device.
    plan_.mixed = !options_.check_s;
    for (const auto& directory : {plan_.platform_directory(), plan_.gateway_directory(), plan_.fleet_directory(),
                                  plan_.logs_directory(), plan_.second_site()}) {
      DUHENG_CHECK(disk_.make_directories(directory));
    }
    return configure();
  }

  /// Ports of this moment, and the programs' configuration with them.
  Result<void> configure() {
    DUHENG_CHECK(choose_ports(plan_, options_.https_port));
    if (options_.kills > 0) {
      DUHENG_TRY(relay_, Relay::start(plan_.gateways_port));
      plan_.uplink_port = relay_->port();
    }
    DUHENG_CHECK(write("platform.yaml", platform_yaml(plan_)));
    DUHENG_CHECK(write("gateway.yaml", gateway_yaml(plan_)));
    if (plan_.mixed) {
      DUHENG_CHECK(write_demo_models(disk_, options_.share_directory + "/models", plan_.models_directory()));
      DUHENG_CHECK(write("snmp-community", std::string(demo_snmp_community) + "\n"));
    }
    return write("fleet.yaml", fleet_yaml(plan_));
  }

  Result<void> write(const std::string& name, const std::string& text) {
    return write_file_atomically(disk_, plan_.root + "/" + name, as_bytes(text));
  }

  Result<void> start_programs() {
    auto started = try_to_start_programs();
    if (started || started.error().code == ErrorCode::cancelled) return started;
    // Between probing a port and listening on it another program may have taken it.
    supervisor_.stop_all();
    const auto taken = taken_port(plan_);
    if (!taken) return started;
    err_ << fmt::format("port {} was taken by another program meanwhile; once more, with other ports\n", *taken);
    supervisor_ = {};
    DUHENG_CHECK(configure());
    return try_to_start_programs();
  }

  Result<void> try_to_start_programs() {
    DUHENG_CHECK(start_fleet());
    DUHENG_CHECK(make_world());
    DUHENG_CHECK(start_platform());
    return start_gateway();
  }

  Result<std::size_t> start(const std::string& name) {
    return supervisor_.start({name,
                              {options_.programs_directory + "/duheng-" + name,
                               {"--config", plan_.root + "/" + name + ".yaml"},
                               plan_.logs_directory() + "/" + name + ".log"},
                              20'000});
  }

  Result<void> start_fleet() {
    err_ << fmt::format("starting {} virtual meters\n", plan_.meters);
    const std::string ready = plan_.fleet_directory() + "/ready";
    if (disk_.exists(ready)) DUHENG_CHECK(disk_.remove(ready));
    DUHENG_TRY(fleet_, start("fleet"));
    return timed(fleet_start_ms_, [&] {
      return wait_until("the meters listen", milliseconds(60'000), [this, ready] { return disk_.exists(ready); });
    });
  }

  /// Records are made before the platform starts; the login and the gateway's one-time code too.
  Result<void> make_world() {
    err_ << "making organisations, sites, devices and a login\n";
    DUHENG_TRY(auto administration, platform::Administration::open(plan_.platform_directory(), disk_, clock_, random_));
    if (plan_.mixed) DUHENG_CHECK(divide_fleet());
    DUHENG_TRY(const auto world, demo_world(plan_.devices_file()));
    devices_ = world.devices.size();
    DUHENG_TRY(const auto made, administration.make_world(world));
    static_cast<void>(made);
    if (plan_.mixed) DUHENG_CHECK(enter_demo_network(administration.records(), clock_, plan_.devices_file()));
    auto user = administration.create_user(user_, platform::Role::admin, "", std::nullopt, false);
    if (user) {
      password_ = user->password;
    } else if (user.error().code == ErrorCode::already_exists) {
      DUHENG_TRY(password_, administration.reset_password(user_, false));
    } else {
      return std::unexpected(user.error());
    }
    if (!disk_.exists(plan_.gateway_directory() + "/identity/chain.pem")) {
      DUHENG_TRY(const auto code, administration.make_enrolment_code(demo_gateway_name, ""));
      DUHENG_CHECK(write("enrolment-code", code + "\n"));
    }
    return {};
  }

  /// Some devices stand in the field but in nobody's list.
  Result<void> divide_fleet() {
    DUHENG_TRY(const auto all, read_file(disk_, plan_.fleet_directory() + "/devices.yaml", 64U << 20));
    DUHENG_TRY(auto divided, divide_devices(as_text(all)));
    spare_ = std::move(divided.spare);
    return write_file_atomically(disk_, plan_.devices_file(), as_bytes(divided.served_yaml));
  }

  Result<void> start_platform() {
    err_ << "starting the platform\n";
    DUHENG_TRY(platform_, start("platform"));
    return timed(platform_start_ms_, [&] {
      return wait_until("the platform is ready", milliseconds(60'000),
                        [this] { return is_ready(plan_.observability_port); });
    });
  }

  Result<void> start_gateway() {
    err_ << "starting the gateway\n";
    DUHENG_TRY(gateway_, start("gateway"));
    return timed(gateway_start_ms_, [&] {
      return wait_until("the gateway lives", milliseconds(60'000), [this] { return lives(plan_.gateway_http_port); });
    });
  }

  static bool is_ready(std::uint16_t port) {
    const auto answer = http_get(port, "/readyz", 500);
    return answer && answer->status == 200;
  }
  static bool lives(std::uint16_t port) {
    const auto answer = http_get(port, "/healthz", 500);
    return answer && answer->status == 200;
  }
  template <class Step>
  static Result<void> timed(double& ms, Step&& step) {
    const auto begin = steady_clock::now();
    auto outcome = step();
    ms = std::chrono::duration<double, std::milli>(steady_clock::now() - begin).count();
    return outcome;
  }

  /// A metric of the gateway or the platform; -1 while it cannot be had.
  double metric(std::uint16_t port, std::string_view name) {
    const auto answer = http_get(port, "/metrics", 1'000);
    if (!answer || answer->status != 200) return -1;
    return metric_value(answer->body, name).value_or(-1);
  }

  bool all_meters_answer() {
    return metric(plan_.gateway_http_port, "duheng_gateway_devices_answering") >= plan_.meters && drained();
  }
  /// What has been read has arrived, but for what was read in this very moment.
  bool drained() {
    const double waiting = metric(plan_.gateway_http_port, "duheng_gateway_spool_unacknowledged_batches");
    return waiting >= 0 && waiting <= (fleet_stopped_ ? 0 : 20);
  }

  Result<void> pass(milliseconds time) {
    std::this_thread::sleep_for(time);
    return supervisor_.tick();
  }

  template <class Condition>
  Result<void> wait_until(std::string_view what, milliseconds limit, Condition&& condition) {
    const auto deadline = steady_clock::now() + limit;
    while (!condition()) {
      if (stop_) return fail(ErrorCode::cancelled, "stopped");
      if (steady_clock::now() >= deadline) {
        return fail(ErrorCode::timed_out, fmt::format("waited in vain until {}", what));
      }
      DUHENG_CHECK(pass(milliseconds(10)));
    }
    return {};
  }

  Result<void> announce() {
    const std::string url = fmt::format("https://localhost:{}", plan_.https_port);
    if (!options_.access_file.empty()) {
      auto spare = nlohmann::json::array();
      for (const auto& device : spare_)
        spare.push_back(
            {{"uid", device.uid}, {"address", device.address}, {"model", device.model}, {"channel", device.channel}});
      const nlohmann::json access{{"url", url},
                                  {"gateway", demo_gateway_name},
                                  {"spare", spare},
                                  {"user", user_},
                                  {"password", password_},
                                  {"data_directory", plan_.root},
                                  {"observability_port", plan_.observability_port},
                                  {"gateway_http_port", plan_.gateway_http_port}};
      DUHENG_CHECK(write_file_atomically(disk_, options_.access_file, as_bytes(access.dump())));
    }
    if (options_.check_s) return {};
    out_ << fmt::format(
                "\n  Duheng runs with {} devices.\n\n    {}\n    user      {}\n    password  {}   (made for this "
                "run)\n\n"
                "  The certificate is the demo's own, so the browser will ask once. Data and logs: {}\n  Ctrl-C ends "
                "it.\n\n",
                devices_, url, user_, password_, plan_.root)
         << std::flush;
    return {};
  }

  Result<void> run_quietly() {
    err_ << fmt::format("running for {:.0f} s\n", *options_.check_s);
    const auto end = steady_clock::now() + milliseconds(static_cast<std::int64_t>(*options_.check_s * 1000));
    while (steady_clock::now() < end && !stop_) DUHENG_CHECK(pass(milliseconds(100)));
    return {};
  }

  /// Follows the plan; when it is through before the time given is over, runs on quietly.
  Result<void> run_faults() {
    const auto end = steady_clock::now() + milliseconds(static_cast<std::int64_t>(*options_.check_s * 1000));
    SeededRandom random(options_.seed);
    const auto faults = plan_faults(options_.kills, random);
    std::optional<steady_clock::time_point> mend_at;
    auto next_at = steady_clock::now();
    std::size_t done = 0;
    for (const Fault& fault : faults) {
      next_at += fault.after;
      while (steady_clock::now() < next_at && !stop_) {
        DUHENG_CHECK(pass(milliseconds(10)));
        if (mend_at && steady_clock::now() >= *mend_at) {
          relay_->mend();
          mend_at.reset();
        }
      }
      if (stop_) return fail(ErrorCode::cancelled, "stopped");
      switch (fault.kind) {
        case FaultKind::kill_platform:
          DUHENG_CHECK(kill(platform_, fault));
          break;
        case FaultKind::kill_gateway:
          DUHENG_CHECK(kill(gateway_, fault));
          break;
        case FaultKind::kill_fleet:
          DUHENG_CHECK(kill(fleet_, fault));
          break;
        case FaultKind::cut_link:
        case FaultKind::freeze_link:
          ++link_faults_;
          fault.kind == FaultKind::cut_link ? relay_->cut() : relay_->freeze();
          mend_at = steady_clock::now() + fault.lasting;
          break;
      }
      if (++done % 20 == 0) err_ << fmt::format("{} of {} faults\n", done, faults.size());
    }
    relay_->mend();
    while (steady_clock::now() < end && !stop_) DUHENG_CHECK(pass(milliseconds(100)));
    err_ << "mended; waiting until every meter answers again\n";
    return wait_until("every meter answers again", milliseconds(240'000), [this] { return all_meters_answer(); });
  }

  /// A program that is just being started again is killed as soon as it runs.
  Result<void> kill(std::size_t program, const Fault& fault) {
    DUHENG_CHECK(wait_until("a killed program is started again", milliseconds(10'000),
                            [&] { return supervisor_.running(program); }));
    supervisor_.kill(program, fault.lasting);
    ++kills_;
    return {};
  }

  void stop_programs() {
    for (const auto program : {gateway_, platform_, fleet_}) static_cast<void>(supervisor_.stop(program));
  }

  Result<int> finish_check() {
    const double fleet_memory = memory_mib(fleet_);
    err_ << "stopping the meters, draining\n";
    static_cast<void>(supervisor_.stop(fleet_));
    fleet_stopped_ = true;
    DUHENG_CHECK(wait_until("the gateway has sent everything", milliseconds(180'000), [this] { return drained(); }));
    const double gateway_memory = memory_mib(gateway_);
    const double platform_memory = memory_mib(platform_);
    static_cast<void>(supervisor_.stop(gateway_));
    static_cast<void>(supervisor_.stop(platform_));
    err_ << "comparing with the meters' ledger\n";
    DUHENG_TRY(const auto report, compare());
    DUHENG_TRY(const auto commands, command_report());
    const bool good = report.audit.sound() && report.audit.meters_with_readings == plan_.meters &&
                      report.rebuilt_equal && supervisor_.own_ends() == 0 && commands.doubled == 0;
    nlohmann::ordered_json summary{{"meters", plan_.meters},
                                   {"meters_with_readings", report.audit.meters_with_readings},
                                   {"readings", report.audit.readings},
                                   {"readings_in_telemetry", report.audit.readings_in_telemetry},
                                   {"answers", report.audit.answers},
                                   {"answers_confirmed", report.audit.answers_confirmed},
                                   {"frames", report.audit.frames},
                                   {"lost", report.audit.lost},
                                   {"doubled", report.audit.doubled},
                                   {"unknown", report.audit.unknown},
                                   {"inexact", report.audit.inexact},
                                   {"commands", commands.count},
                                   {"commands_doubled", commands.doubled},
                                   {"latency_ms_p50", report.audit.latency_ms_p50},
                                   {"latency_ms_p99", report.audit.latency_ms_p99},
                                   {"latency_ms_max", report.audit.latency_ms_max},
                                   {"telemetry_rebuilt_equal", report.rebuilt_equal},
                                   {"kills", kills_},
                                   {"link_faults", link_faults_},
                                   {"restarts", supervisor_.restarts()},
                                   {"unasked_ends", supervisor_.own_ends()},
                                   {"gateway_memory_mib", gateway_memory},
                                   {"platform_memory_mib", platform_memory},
                                   {"fleet_memory_mib", fleet_memory},
                                   {"platform_start_ms", platform_start_ms_},
                                   {"gateway_start_ms", gateway_start_ms_},
                                   {"fleet_start_ms", fleet_start_ms_},
                                   {"seconds", *options_.check_s},
                                   {"seed", options_.seed},
                                   {"good", good}};
    out_ << summary.dump() << std::endl;
    for (const auto& example : report.audit.examples) err_ << "  " << example << '\n';
    return good ? 0 : 1;
  }

  struct CommandReport {
    std::uint64_t count = 0;
    std::uint64_t doubled = 0;  ///< octet for octet the same request carried out twice by the same device
  };
  /// What the meters themselves say they have carried out; told to whoever gave the orders in `commands.json`.
  Result<CommandReport> command_report() {
    DUHENG_TRY(const auto commands, device::read_ledger_commands(disk_, plan_.fleet_directory() + "/ledger"));
    CommandReport out;
    std::set<std::pair<std::string, Bytes>> seen;
    auto list = nlohmann::json::array();
    for (const auto& command : commands) {
      ++out.count;
      if (!seen.emplace(command.address, Bytes(command.request_hash.begin(), command.request_hash.end())).second)
        ++out.doubled;
      list.push_back({{"address", command.address},
                      {"number", command.device_number},
                      {"function", command.function},
                      {"identifier", command.identifier},
                      {"utc_ms", command.utc_ms}});
    }
    DUHENG_CHECK(write("commands.json", list.dump()));
    return out;
  }

  double memory_mib(std::size_t program) {
    const auto* process = supervisor_.process(program);
    return process == nullptr ? 0 : static_cast<double>(process->resident_bytes()) / 1024 / 1024;
  }

  struct Comparison {
    AuditReport audit;
    bool rebuilt_equal = false;
  };
  Result<Comparison> compare() {
    const platform::PlatformPaths paths(plan_.platform_directory());
    DUHENG_TRY(const auto keys, crypto::LocalKeyProvider::open(disk_, random_, paths.master_key()));
    DUHENG_TRY(const auto journal, store::Journal::open(disk_, random_, *keys, {.directory = paths.journal()}));
    Comparison out;
    std::string digest;
    {
      DUHENG_TRY(const auto telemetry, open_telemetry(paths, *keys, *journal, false));
      DUHENG_TRY(digest, telemetry->digest());
      DUHENG_TRY(out.audit, audit(disk_, {plan_.fleet_directory() + "/ledger"}, *journal, *telemetry));
    }
    DUHENG_TRY(const auto rebuilt, open_telemetry(paths, *keys, *journal, true));
    DUHENG_TRY(const auto digest_rebuilt, rebuilt->digest());
    out.rebuilt_equal = digest == digest_rebuilt;
    return out;
  }

  Result<std::unique_ptr<store::TelemetryStore>> open_telemetry(const platform::PlatformPaths& paths,
                                                                crypto::KeyProvider& keys, store::Journal& journal,
                                                                bool discard) {
    store::DuckDbTelemetryOptions options;
    options.directory = paths.telemetry();
    options.discard_existing = discard;
    DUHENG_TRY(auto opened, store::DuckDbTelemetryStore::open(options, disk_, clock_, keys));
    platform::TelemetryApplier applier(journal, *opened.store, clock_);
    for (;;) {
      DUHENG_TRY(const auto applied, applier.step());
      if (applied == 0) break;
    }
    return std::unique_ptr<store::TelemetryStore>(std::move(opened.store));
  }

  const DemoOptions& options_;
  const std::atomic<bool>& stop_;
  std::ostream& out_;
  std::ostream& err_;
  PosixDisk disk_;
  SystemClock clock_;
  SystemRandom random_;
  DemoPlan plan_;
  std::vector<SpareDevice> spare_;
  std::size_t devices_ = 0;
  bool temporary_ = false;
  bool keep_data_ = false;
  bool fleet_stopped_ = false;
  std::string user_ = "admin";
  std::string password_;
  std::unique_ptr<Relay> relay_;
  Supervisor supervisor_;
  std::size_t fleet_ = 0;
  std::size_t platform_ = 0;
  std::size_t gateway_ = 0;
  double platform_start_ms_ = 0;
  double gateway_start_ms_ = 0;
  double fleet_start_ms_ = 0;
  std::uint64_t kills_ = 0;
  std::uint64_t link_faults_ = 0;
};

}  // namespace

int run_demo(const DemoOptions& options, const std::atomic<bool>& stop, std::ostream& out, std::ostream& err) {
  Demo demo(options, stop, out, err);
  const auto outcome = demo.run();
  if (outcome && *outcome == 0) return 0;
  if (!outcome && outcome.error().code == ErrorCode::cancelled) return 0;
  if (!outcome) err << "duheng demo: " << outcome.error().message << '\n';
  demo.keep_evidence();
  return outcome.value_or(2);
}

}  // namespace duheng::tools
