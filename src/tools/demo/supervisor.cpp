#include "tools/demo/supervisor.hpp"

#include <fmt/format.h>

#include "base/log.hpp"

namespace duheng::tools {

Result<std::size_t> Supervisor::start(Program program) {
  DUHENG_TRY(auto process, ChildProcess::start(program.options));
  programs_.push_back({std::move(program), std::move(process), std::nullopt, {}});
  return programs_.size() - 1;
}

void Supervisor::kill(std::size_t program, std::chrono::milliseconds pause) {
  Running& running = programs_[program];
  if (!running.process) return;
  running.process->kill();
  running.process.reset();
  running.start_at = std::chrono::steady_clock::now() + pause;
}

Result<void> Supervisor::tick() {
  const Time now = std::chrono::steady_clock::now();
  for (Running& running : programs_) {
    if (running.process) {
      const auto code = running.process->exit_code();
      if (!code) continue;
      ++own_ends_;
      log::warning("demo", "a program ended by itself and is started again",
                   {{"name", running.program.name}, {"exit_code", *code}});
      running.process.reset();
      running.start_at = now + std::chrono::milliseconds(500);
      std::erase_if(running.own_ends, [&](const Time& time) { return now - time > std::chrono::seconds(10); });
      running.own_ends.push_back(now);
      if (running.own_ends.size() > own_ends_max) {
        return fail(ErrorCode::unavailable,
                    fmt::format("{} keeps ending with exit code {}; see {}", running.program.name, *code,
                                running.program.options.output_path));
      }
    }
    if (running.start_at && now >= *running.start_at) {
      running.start_at.reset();
      DUHENG_TRY(auto process, ChildProcess::start(running.program.options));
      running.process.emplace(std::move(process));
      ++restarts_;
    }
  }
  return {};
}

std::optional<int> Supervisor::stop(std::size_t program) {
  Running& running = programs_[program];
  running.start_at.reset();
  if (!running.process) return std::nullopt;
  const int code = running.process->stop(running.program.stop_timeout_ms);
  running.process.reset();
  return code;
}

void Supervisor::stop_all() {
  for (std::size_t program = programs_.size(); program > 0; --program) static_cast<void>(stop(program - 1));
  programs_.clear();
}

}  // namespace duheng::tools
