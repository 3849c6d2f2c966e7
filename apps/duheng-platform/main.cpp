#include <csignal>
#include <cstdio>
#include <pthread.h>

#include <CLI/CLI.hpp>

#include "base/log.hpp"
#include "platform.hpp"
#include "version.hpp"

namespace {

constexpr int exit_bad_configuration = 2;
constexpr int exit_cannot_start = 1;

/// To the operator at the terminal as well as to the log, which may be a file.
int give_up(int code, const duheng::Error& error) {
  duheng::log::error("platform", "cannot start", {{"code", duheng::to_string(error.code)}, {"error", error}});
  std::fprintf(stderr, "duheng-platform: %s\n", error.message.c_str());
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Duheng platform: takes readings in, stores them, and serves the web"};
  std::string configuration_file;
  app.add_option("--config", configuration_file, "Configuration (YAML); see packaging/examples/platform.yaml")
      ->required();
  app.set_version_flag("--version", std::string{duheng::platform::version});
  CLI11_PARSE(app, argc, argv);

  // Before any thread starts, so that all of them leave these signals to sigwait() below.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  auto configuration = duheng::platform::load_configuration(configuration_file);
  if (!configuration) return give_up(exit_bad_configuration, configuration.error());
  duheng::log::configure(configuration->log);

  auto platform = duheng::platform::Platform::start(std::move(*configuration));
  if (!platform) return give_up(exit_cannot_start, platform.error());
  const auto ports = (*platform)->ports();
  duheng::log::info("platform", "ready",
                    {{"version", duheng::platform::version},
                     {"https", ports.https},
                     {"gateways", ports.gateways},
                     {"enrolment", ports.enrolment},
                     {"observability", ports.observability}});
  int signal = 0;
  sigwait(&signals, &signal);
  duheng::log::info("platform", "stopping", {{"signal", signal}});
  (*platform)->stop();
  duheng::log::info("platform", "stopped");
  return 0;
}
