#pragma once
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/error.hpp"

namespace duheng::tools {

/// One child process. Ended by its own id only. Not thread-safe.
class ChildProcess {
 public:
  struct Options {
    std::string program;                 ///< a path
    std::vector<std::string> arguments;  ///< without the program itself
    std::string output_path;             ///< standard output and error are appended there; empty: inherited
  };
  /// Starts the program; it gets SIGKILL from the kernel if this process dies first, so nothing outlives a test.
  /// Errors: not_found, unavailable.
  [[nodiscard]] static Result<ChildProcess> start(const Options& options);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  /// Kills what still runs and waits for it.
  ~ChildProcess();

  [[nodiscard]] pid_t id() const noexcept { return id_; }
  /// Reaps without waiting. The exit code (128 + signal when killed), or nothing while it runs.
  [[nodiscard]] std::optional<int> exit_code();
  [[nodiscard]] bool running() { return !exit_code().has_value(); }
  void signal(int signal_number);
  /// SIGKILL, and wait until it is gone.
  void kill();
  /// SIGTERM, wait up to `timeout_ms`, then SIGKILL. The exit code.
  int stop(int timeout_ms);
  /// Resident memory now, from /proc; 0 when it is gone.
  [[nodiscard]] std::uint64_t resident_bytes() const;
  /// User and system CPU time used so far, in milliseconds, from /proc.
  [[nodiscard]] std::uint64_t cpu_ms() const;

 private:
  explicit ChildProcess(pid_t id) : id_(id) {}
  pid_t id_ = -1;
  std::optional<int> exit_code_;
};

/// The folder this program lies in. Errors: internal.
[[nodiscard]] Result<std::string> own_folder();

}  // namespace duheng::tools
