// duheng-fleet: virtual meters behind TCP ports and pseudo-terminals. See packaging/examples/fleet.yaml.
#include "device/fleet/fleet.hpp"
#include "program.hpp"

namespace {

using namespace duheng;

const program::About about{"duheng-fleet", "Virtual meters and field devices for tests, demonstrations and load",
                           "packaging/examples/fleet.yaml", DUHENG_VERSION};

int run(const std::string& config_path) {
  auto config = device::load_fleet_config(config_path);
  if (!config) return program::give_up(about, program::exit_bad_configuration, config.error());
  log::configure(config->log);
  PosixDisk disk;
  SystemClock clock;
  SystemRandom random;
  link::EventLoop loop;
  const auto fleet = device::Fleet::start(loop, disk, clock, random, std::move(*config));
  if (!fleet) return program::give_up(about, program::exit_cannot_start, fleet.error());
  log::info("fleet", "meters answer", {{"meters", (*fleet)->meter_count()}, {"first_port", (*fleet)->first_port()}});
  loop.on_terminate([&loop] { loop.stop(); });
  loop.run();
  log::info("fleet", "stopped", {{"answers", (*fleet)->answer_count()}});
  return program::exit_good;
}

}  // namespace

int main(int argc, char** argv) { return program::run_main(argc, argv, about, run); }
