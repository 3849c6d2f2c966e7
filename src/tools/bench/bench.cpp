#include "tools/bench/bench.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <ostream>

#include <nlohmann/json.hpp>

#include "tools/bench/suite.hpp"

namespace duheng::tools {

const std::vector<Bench>& benches() {
  static const std::vector<Bench> list{
      {"dlt645", "DL/T 645 answers decoded and verified on one core", run_dlt645_bench},
      {"cjt188", "CJ/T 188 answers decoded and verified on one core", run_cjt188_bench},
      {"dlt698", "DL/T 698.45 answers decoded and verified on one core", run_dlt698_bench},
      {"modbus", "Modbus answers decoded and verified on one core, beside libmodbus", run_modbus_bench},
      {"recogniser", "which of six protocols a byte stream speaks, in noise and on busy lines", run_recogniser_bench},
      {"whole-path", "frame octets to durable journal and telemetry, readings per second and CPU by stage",
       run_whole_path_bench},
      {"single-readings", "readings arriving one by one, each durable before it is acknowledged",
       run_single_readings_bench},
      {"telemetry", "the whole path, sizes and questions; with --peers beside four other databases",
       run_telemetry_bench},
      {"history", "five years of a fleet: order, sizes and questions before and after compression, late data",
       run_history_bench},
      {"browser-latency", "from a meter's answer at the gateway to the page in a real browser",
       run_browser_latency_bench},
      {"polling", "10,000 meters polled once a minute by one gateway: CPU, memory, jitter, and how often it could",
       run_polling_bench},
      {"call-in", "meters that call in: sessions held open by one gateway, memory for each, accept rate",
       run_call_in_bench},
      {"start-up", "from start to ready, each program", run_start_up_bench},
      {"memory", "resident memory of each program at 1,000 and 10,000 meters", run_memory_bench},
  };
  return list;
}

namespace {

nlohmann::ordered_json to_json(const Bench& bench, const BenchReport& report) {
  nlohmann::ordered_json out;
  out["benchmark"] = bench.name;
  for (const auto& figure : report.figures) out[figure.name] = figure.value;
  out["notes"] = report.notes;
  if (!report.failed.empty()) out["failed"] = report.failed;
  return out;
}

void print_text(const Bench& bench, const BenchReport& report, std::ostream& out) {
  out << fmt::format("{} - {}\n", bench.name, bench.what);
  for (const auto& figure : report.figures) {
    out << fmt::format(
        "  {:<36} {:>18}\n", figure.name,
        figure.value >= 1000 ? fmt::format("{:.0f}", figure.value) : fmt::format("{:.3f}", figure.value));
  }
  for (const auto& note : report.notes) out << "  (" << note << ")\n";
  out << '\n';
}

}  // namespace

int run_benches(const std::vector<std::string>& names, bool as_json, const BenchOptions& options, std::ostream& out,
                std::ostream& err) {
  int exit_code = 0;
  for (const auto& name : names) {
    bool known = false;
    for (const Bench& bench : benches()) known = known || bench.name == name;
    if (!known) {
      err << fmt::format("no benchmark '{}'; `duheng bench --list` names them\n", name);
      return 2;
    }
  }
  for (const Bench& bench : benches()) {
    if (!names.empty() && std::find(names.begin(), names.end(), bench.name) == names.end()) continue;
    const auto report = bench.run(options);
    if (!report) {
      err << fmt::format("{}: {}\n", bench.name, report.error().message);
      exit_code = 1;
      continue;
    }
    if (as_json) {
      out << to_json(bench, *report).dump() << std::endl;
    } else {
      print_text(bench, *report, out);
    }
    if (!report->failed.empty()) {
      err << fmt::format("{}: {}\n", bench.name, report->failed);
      exit_code = 1;
    }
  }
  return exit_code;
}

}  // namespace duheng::tools
