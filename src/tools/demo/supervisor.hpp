#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "tools/process/child_process.hpp"

namespace duheng::tools {

/// Keeps a handful of programs running: one that ends by itself is started again, as a service manager would. Not
/// thread-safe.
class Supervisor {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Program {
    std::string name;
    ChildProcess::Options options;
    int stop_timeout_ms = 20'000;
  };

  /// Returns its number. Errors: as ChildProcess::start.
  [[nodiscard]] Result<std::size_t> start(Program program);
  /// SIGKILL; started again after `pause`.
  void kill(std::size_t program, std::chrono::milliseconds pause);
  /// Starts what is due. A program that ends by itself more than `own_ends_max` times in ten seconds is an error.
  [[nodiscard]] Result<void> tick();
  /// SIGTERM and wait; it is not started again. The exit code; nothing when it was not running.
  std::optional<int> stop(std::size_t program);
  /// The same for all, the last started first; their numbers mean nothing any more.
  void stop_all();
  [[nodiscard]] bool running(std::size_t program) {
    return programs_[program].process && programs_[program].process->running();
  }
  [[nodiscard]] ChildProcess* process(std::size_t program) {
    return programs_[program].process ? &*programs_[program].process : nullptr;
  }
  /// Starts after the first, by kill() or of its own.
  [[nodiscard]] std::uint64_t restarts() const noexcept { return restarts_; }
  /// Ends that nobody asked for.
  [[nodiscard]] std::uint64_t own_ends() const noexcept { return own_ends_; }

 private:
  static constexpr std::size_t own_ends_max = 5;
  struct Running {
    Program program;
    std::optional<ChildProcess> process;
    std::optional<Time> start_at;
    std::vector<Time> own_ends;
  };
  std::vector<Running> programs_;
  std::uint64_t restarts_ = 0;
  std::uint64_t own_ends_ = 0;
};

}  // namespace duheng::tools
