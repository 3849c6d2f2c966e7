// duheng-gateway: reads meters, keeps what they say, sends it to the platform. See packaging/examples/gateway.yaml.
#include "base/log.hpp"
#include "gateway/service/gateway_service.hpp"
#include "program.hpp"
#include "store/seal/directory_lock.hpp"
#include "store/seal/seal.hpp"
#include "uplink_wiring.hpp"

namespace {

using namespace duheng;

const program::About about{"duheng-gateway", "Reads meters, keeps what they say on disk, sends it to the platform",
                           "packaging/examples/gateway.yaml", DUHENG_VERSION};

/// Everything is closed: what stands in the data directory now is what `duheng verify` will compare with.
void seal(Disk& disk, Random& random, const std::string& directory) {
  const auto lock = store::DirectoryLock::take(directory);
  if (!lock) return;  // another gateway has already started there
  const auto keys = crypto::LocalKeyProvider::open(disk, random, directory + "/master.key");
  const auto sealed = keys ? store::seal_directory(disk, **keys, directory, store::is_left_out_of_gateway_seal)
                           : Result<store::Seal>(std::unexpected(keys.error()));
  if (!sealed) log::warning("gateway", "the data directory is not sealed", {{"error", sealed.error()}});
}

/// An operator asked for it: what runs next reads its configuration anew.
constexpr int exit_restart = -1;

int serve(gateway::GatewayConfig config, Disk& disk, Random& random) {
  SystemClock clock;
  link::EventLoop loop;
  const auto service = gateway::GatewayService::start(loop, disk, clock, random, std::move(config));
  if (!service) return program::give_up(about, program::exit_cannot_start, service.error());
  const UplinkWiring uplink(loop, disk, clock, random, **service);
  log::info("gateway", "reads meters",
            {{"devices", (*service)->uplink_status().devices_configured}, {"http_port", (*service)->http_port()}});
  bool restarts = false;
  (*service)->on_restart([&] {
    restarts = true;
    loop.stop();
  });
  loop.on_terminate([&] {
    restarts = false;
    loop.stop();
  });
  loop.run();
  log::info("gateway", restarts ? "starting anew, as an operator asked" : "stopping");
  return restarts ? exit_restart : program::exit_good;
}

int run_once(const std::string& config_path) {
  auto config = gateway::load_gateway_config(config_path);
  if (!config) return program::give_up(about, program::exit_bad_configuration, config.error());
  log::configure(config->log);
  PosixDisk disk;
  SystemRandom random;
  const std::string directory = config->data_directory;
  if (const auto broken = store::break_seal(disk, directory); !broken)
    return program::give_up(about, program::exit_cannot_start, broken.error());
  const int code = serve(std::move(*config), disk, random);
  if (code == program::exit_good) seal(disk, random, directory);
  return code;
}

int run(const std::string& config_path) {
  int code = run_once(config_path);
  while (code == exit_restart) code = run_once(config_path);
  return code;
}

}  // namespace

int main(int argc, char** argv) { return program::run_main(argc, argv, about, run); }
