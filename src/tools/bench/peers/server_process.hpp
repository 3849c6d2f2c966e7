#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "tools/process/child_process.hpp"

namespace duheng::tools {

/// A free port on 127.0.0.1, as it was a moment ago. Errors: unavailable.
[[nodiscard]] Result<std::uint16_t> free_port();
/// What all files below a folder take on the disk (holes take nothing); files that vanish meanwhile are left out.
[[nodiscard]] std::uint64_t folder_bytes(const std::string& folder);

/// Proportional memory (shared pages counted once) and processor time of a process and everything it started.
struct ProcessTreeUse {
  std::uint64_t memory_bytes = 0;
  double cpu_s = 0;
};
[[nodiscard]] ProcessTreeUse process_tree_use(std::int64_t id);

/// Whoever runs as root runs a peer as the user who owns nothing: PostgreSQL demands it.
[[nodiscard]] bool running_as_root() noexcept;
/// As `options`, but as that user when `unprivileged` and this process is root; ended with this process all the same.
[[nodiscard]] ChildProcess::Options as_unprivileged(ChildProcess::Options options);
/// Gives the folder and what is in it to that user, when running as root. Errors: storage_failed.
[[nodiscard]] Result<void> give_to_unprivileged(const std::string& folder);

/// Runs a program to its end. Errors: internal - another exit code than 0: the message names the log.
[[nodiscard]] Result<void> run_to_end(const ChildProcess::Options& options, int timeout_ms);

}  // namespace duheng::tools
