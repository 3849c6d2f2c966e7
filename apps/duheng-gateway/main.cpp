// duheng-gateway: reads meters, keeps what they say, sends it to the platform. See packaging/examples/gateway.yaml.
#include <cstdio>
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/log.hpp"
#include "gateway/service/gateway_service.hpp"
#include "uplink_wiring.hpp"

namespace {

int run(const std::string& config_path) {
  using namespace duheng;
  auto config = gateway::load_gateway_config(config_path);
  if (!config) {
    fmt::print(stderr, "duheng-gateway: {}\n", config.error().message);
    return 2;
  }
  log::configure(config->log);
  PosixDisk disk;
  SystemClock clock;
  SystemRandom random;
  link::EventLoop loop;
  const auto service = gateway::GatewayService::start(loop, disk, clock, random, std::move(*config));
  if (!service) {
    log::error("gateway", "cannot start", {{"error", service.error()}});
    return 1;
  }
  const UplinkWiring uplink(loop, disk, clock, random, **service);
  log::info("gateway", "reads meters",
            {{"devices", (*service)->uplink_status().devices_configured}, {"http_port", (*service)->http_port()}});
  loop.on_terminate([&loop] { loop.stop(); });
  loop.run();
  log::info("gateway", "stopping");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Reads meters, keeps what they say on disk, sends it to the platform"};
  std::string config_path;
  app.add_option("--config", config_path, "YAML file, see packaging/examples/gateway.yaml")->required();
  CLI11_PARSE(app, argc, argv);
  try {
    return run(config_path);
  } catch (const std::exception& error) {
    fmt::print(stderr, "duheng-gateway: {}\n", error.what());
    return 1;
  }
}
