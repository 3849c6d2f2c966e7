// duheng-fleet: virtual meters behind TCP ports and pseudo-terminals. See packaging/examples/fleet.yaml.
#include <cstdio>
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "device/fleet/fleet.hpp"

namespace {

int run(const std::string& config_path) {
  using namespace duheng;
  auto config = device::load_fleet_config(config_path);
  if (!config) {
    fmt::print(stderr, "duheng-fleet: {}\n", config.error().message);
    return 2;
  }
  log::configure(config->log);
  PosixDisk disk;
  SystemClock clock;
  SystemRandom random;
  link::EventLoop loop;
  const auto fleet = device::Fleet::start(loop, disk, clock, random, std::move(*config));
  if (!fleet) {
    log::error("fleet", "cannot start", {{"error", fleet.error()}});
    return 1;
  }
  log::info("fleet", "meters answer", {{"meters", (*fleet)->meter_count()}, {"first_port", (*fleet)->first_port()}});
  loop.on_terminate([&loop] { loop.stop(); });
  loop.run();
  log::info("fleet", "stopped", {{"answers", (*fleet)->answer_count()}});
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Virtual DL/T 645 meters for tests, demonstrations and load"};
  std::string config_path;
  app.add_option("--config", config_path, "YAML file, see packaging/examples/fleet.yaml")->required();
  CLI11_PARSE(app, argc, argv);
  try {
    return run(config_path);
  } catch (const std::exception& error) {
    fmt::print(stderr, "duheng-fleet: {}\n", error.what());
    return 1;
  }
}
