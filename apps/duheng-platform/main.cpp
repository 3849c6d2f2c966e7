// duheng-platform: takes readings in, stores them, and serves the web. See packaging/examples/platform.yaml.
#include <atomic>

#include "base/log.hpp"
#include "platform.hpp"
#include "program.hpp"
#include "version.hpp"

namespace {

using namespace duheng;

const program::About about{"duheng-platform", "Duheng platform: takes readings in, stores them, and serves the web",
                           "packaging/examples/platform.yaml", std::string{platform::version}};

int run(const std::string& config_path) {
  program::StopSignals signals;
  auto configuration = platform::load_configuration(config_path);
  if (!configuration) return program::give_up(about, program::exit_bad_configuration, configuration.error());
  log::configure(configuration->log);

  std::atomic<bool> storage_failed = false;
  auto platform = platform::Platform::start(std::move(*configuration), [&] {
    storage_failed = true;
    signals.stop_now();
  });
  if (!platform) return program::give_up(about, program::exit_cannot_start, platform.error());
  const auto ports = (*platform)->ports();
  log::info("platform", "ready",
            {{"version", platform::version},
             {"https", ports.https},
             {"gateways", ports.gateways},
             {"enrolment", ports.enrolment},
             {"observability", ports.observability}});
  const int signal_number = signals.wait();
  log::info("platform", "stopping", {{"signal", signal_number}});
  (*platform)->stop();
  log::info("platform", "stopped");
  return storage_failed ? program::exit_storage_failed : program::exit_good;
}

}  // namespace

int main(int argc, char** argv) { return program::run_main(argc, argv, about, run); }
