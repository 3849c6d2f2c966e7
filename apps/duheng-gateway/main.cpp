// duheng-gateway: reads meters, keeps what they say, sends it to the platform. See packaging/examples/gateway.yaml.
#include "base/log.hpp"
#include "gateway/service/gateway_service.hpp"
#include "program.hpp"
#include "uplink_wiring.hpp"

namespace {

using namespace duheng;

const program::About about{"duheng-gateway", "Reads meters, keeps what they say on disk, sends it to the platform",
                           "packaging/examples/gateway.yaml", DUHENG_VERSION};

int run(const std::string& config_path) {
  auto config = gateway::load_gateway_config(config_path);
  if (!config) return program::give_up(about, program::exit_bad_configuration, config.error());
  log::configure(config->log);
  PosixDisk disk;
  SystemClock clock;
  SystemRandom random;
  link::EventLoop loop;
  const auto service = gateway::GatewayService::start(loop, disk, clock, random, std::move(*config));
  if (!service) return program::give_up(about, program::exit_cannot_start, service.error());
  const UplinkWiring uplink(loop, disk, clock, random, **service);
  log::info("gateway", "reads meters",
            {{"devices", (*service)->uplink_status().devices_configured}, {"http_port", (*service)->http_port()}});
  loop.on_terminate([&loop] { loop.stop(); });
  loop.run();
  log::info("gateway", "stopping");
  return program::exit_good;
}

}  // namespace

int main(int argc, char** argv) { return program::run_main(argc, argv, about, run); }
