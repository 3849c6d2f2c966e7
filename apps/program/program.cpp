#include "program.hpp"

#include <cstdio>
#include <exception>
#include <fmt/format.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "base/log.hpp"

namespace duheng::program {

namespace {

/// Every connection is an open file; what the machine allows a service is allowed on purpose.
void raise_open_files_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  // Refused, the lower limit holds, and whoever needs more says so when it starts.
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit));
}

}  // namespace

int run_main(int argc, char** argv, const About& about, const std::function<int(const std::string&)>& run) {
  CLI::App app{about.description};
  std::string config_path;
  app.add_option("--config", config_path, fmt::format("Configuration (YAML); see {}", about.example))->required();
  app.set_version_flag("--version", about.version);
  CLI11_PARSE(app, argc, argv);
  // A peer that is gone and a file that may not grow are errors of one call, not the end of the program.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  raise_open_files_limit();
  try {
    return run(config_path);
  } catch (const std::exception& error) {
    return give_up(about, exit_cannot_start, {ErrorCode::internal, error.what()});
  }
}

int give_up(const About& about, ExitCode code, const Error& error) {
  log::error("program", "cannot start",
             {{"code", to_string(error.code)}, {"error", error}, {"exit_code", static_cast<int>(code)}});
  fmt::print(stderr, "{}: {}\n", about.name, error.message);
  return code;
}

StopSignals::StopSignals() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGTERM);
  sigaddset(&signals_, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

int StopSignals::wait() {
  int signal_number = 0;
  sigwait(&signals_, &signal_number);
  return signal_number;
}

void StopSignals::stop_now() { ::kill(::getpid(), SIGTERM); }

}  // namespace duheng::program
