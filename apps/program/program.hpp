#pragma once
#include <csignal>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace duheng::program {

/// How a program ends. The systemd units in packaging/ and docs/operations.md rely on these.
enum ExitCode : int {
  exit_good = 0,               ///< asked to stop, and stopped
  exit_cannot_start = 1,       ///< port taken, data directory in use, disk full, damaged file: the log says which
  exit_bad_configuration = 2,  ///< starting again helps only after the file was changed
  exit_storage_failed = 74,  ///< the disk failed under way: to be started again, which opens everything anew from disk
};

struct About {
  std::string name;         ///< as the operator calls it
  std::string description;  ///< one line for --help
  std::string example;      ///< the configuration file to learn from
  std::string version;
};

/// The whole of main(): reads `--config FILE`, ignores signals that would end the program where a call can fail
/// instead, raises its limit of open files as far as the machine allows, calls `run` with the file's path and turns an
/// exception into exit_cannot_start.
[[nodiscard]] int run_main(int argc, char** argv, const About& about,
                           const std::function<int(const std::string& config_path)>& run);

/// Tells the operator at the terminal, and the log, which may be a file, why the program does not run. Returns `code`.
[[nodiscard]] int give_up(const About& about, ExitCode code, const Error& error);

/// SIGTERM and SIGINT, for programs without an event loop. Make it before any thread starts, so that all of them leave
/// these signals to wait().
class StopSignals {
 public:
  StopSignals();
  /// Until a signal comes, or stop_now() was called; the signal's number.
  [[nodiscard]] int wait();
  /// As if the service manager had asked. From any thread.
  void stop_now();

 private:
  sigset_t signals_{};
};

}  // namespace duheng::program
