// duheng: the command line. Logic is in src/tools and src/platform/administration; here are options and exit codes.
#include <atomic>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include <CLI/CLI.hpp>

#include "base/log.hpp"
#include "commands.hpp"
#include "conformity_command.hpp"
#include "tools/bench/bench.hpp"
#include "tools/decode/decode.hpp"
#include "tools/demo/demo.hpp"
#include "tools/process/child_process.hpp"

namespace {

std::atomic<bool> stop{false};

void on_signal(int) { stop = true; }

/// models/ and web/ beside an installed program, or those of the checkout a program was built in.
std::string find_share_directory(const std::string& programs) {
  namespace fs = std::filesystem;
  if (const fs::path installed = fs::path(programs) / "../share/duheng"; fs::exists(installed / "models"))
    return fs::canonical(installed).string();
  const fs::path built = fs::path(programs) / "share";
  return built.string();
}

void add_demo(CLI::App& app, const std::string& programs, int& exit_code) {
  auto* command =
      app.add_subcommand("demo", "Start a demo world of virtual meters, a gateway and a platform on this machine");
  auto options = std::make_shared<duheng::tools::DemoOptions>();
  options->programs_directory = programs;
  options->share_directory = find_share_directory(programs);
  auto seconds = std::make_shared<double>(0);
  command->add_option("--meters", options->meters, "How many virtual meters")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command->add_option("--data", options->data_directory,
                      "Keep everything in this folder (default: a temporary one, kept only when something fails)");
  command->add_option("--port", options->https_port, "HTTPS port, 0 for a free one")->capture_default_str();
  auto* check =
      command
          ->add_option("--check", *seconds, "Run SECONDS, stop, compare with the meters' ledger, print one JSON object")
          ->check(CLI::PositiveNumber);
  command
      ->add_option("--kills", options->kills,
                   "With --check: end programs at random points and cut the link, so many times")
      ->needs(check);
  command->add_option("--seed", options->seed, "Of the meters and the faults")->capture_default_str();
  command->add_option("--access-file", options->access_file, "Write URL and login there as JSON once everything runs");
  command->add_flag("--keep", options->keep_data, "Do not remove the temporary folder");
  command->callback([options, seconds, check, &exit_code] {
    if (check->count() > 0) {
      options->check_s = *seconds;
      options->https_port = 0;
    }
    std::signal(SIGINT, on_signal);
    std::signal(SIGTERM, on_signal);
    exit_code = duheng::tools::run_demo(*options, stop, std::cout, std::cerr);
  });
}

void add_decode(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("decode", "Print what frames say, one JSON object for each");
  auto options = std::make_shared<duheng::tools::DecodeOptions>();
  command->add_option("protocol", options->protocol, "auto, dlt645, cjt188, dlt698, modbus or gdw13762");
  command->add_flag("--apdu", options->is_apdu, "The octets are a bare APDU (dlt698)");
  command->add_option("hex", options->hex, "Octets; without any, lines are read from standard input");
  command->add_option("--vectors", options->vectors_file, "Run a file of test vectors and print what passed")
      ->check(CLI::ExistingFile);
  command->callback(
      [options, &exit_code] { exit_code = duheng::tools::run_decode(*options, std::cin, std::cout, std::cerr); });
}

void add_bench(CLI::App& app, const std::string& programs, int& exit_code) {
  auto* command = app.add_subcommand("bench", "Measure and print figures");
  auto names = std::make_shared<std::vector<std::string>>();
  auto options = std::make_shared<duheng::tools::BenchOptions>();
  auto json = std::make_shared<bool>(false);
  auto list = std::make_shared<bool>(false);
  auto all = std::make_shared<bool>(false);
  options->programs_directory = programs;
  options->share_directory = find_share_directory(programs);
  command->add_option("names", *names, "Which; see --list");
  command->add_flag("--json", *json, "One JSON object for each benchmark");
  command->add_flag("--list", *list, "Name the benchmarks");
  command->add_flag("--all", *all, "All of them");
  command->add_option("--seconds", options->seconds, "Roughly how long each measurement runs")->capture_default_str();
  command->add_option("--scratch", options->scratch_directory,
                      "A folder on the disk to be measured (default: a temporary one)");
  command->add_option("--scale", options->scale, "Of what is measured; telemetry: 0.1 for a short run")
      ->check(CLI::Range(0.001, 10.0))
      ->capture_default_str();
  command->add_flag("--peers", options->peers, "telemetry: beside other databases");
  command
      ->add_option("--servers", options->servers_directory,
                   "What scripts/test-servers.sh unpacked (default: build/test-servers)")
      ->default_val("build/test-servers");
  command->add_option("--write", options->write_path, "telemetry: make the table in this file anew");
  command->callback([=, &exit_code] {
    if (*list) {
      for (const auto& bench : duheng::tools::benches()) std::cout << bench.name << "  " << bench.what << '\n';
      return;
    }
    if (names->empty() && !*all) {
      std::cerr << "name a benchmark, or --all; `duheng bench --list` names them\n";
      exit_code = 2;
      return;
    }
    exit_code = duheng::tools::run_benches(*names, *json, *options, std::cout, std::cerr);
  });
}

}  // namespace

int main(int argc, char** argv) {
  duheng::log::configure(
      {.level = duheng::log::Level::warning, .format = duheng::log::Format::text, .program = "duheng", .file = ""});
  const auto programs = duheng::tools::own_folder();
  if (!programs) {
    std::fprintf(stderr, "duheng: %s\n", programs.error().message.c_str());
    return 1;
  }
  CLI::App app{"Duheng (度衡): one platform for utility metering"};
  app.set_version_flag("--version", DUHENG_VERSION);
  app.require_subcommand(1);
  int exit_code = 0;
  add_demo(app, *programs, exit_code);
  add_decode(app, exit_code);
  add_bench(app, *programs, exit_code);
  duheng::add_administration_commands(app, exit_code);
  duheng::add_conformity_command(app, find_share_directory(*programs), exit_code);
  try {
    CLI11_PARSE(app, argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "duheng: %s\n", error.what());
    return 1;
  }
  return exit_code;
}
