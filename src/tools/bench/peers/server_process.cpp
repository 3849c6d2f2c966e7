#include "tools/bench/peers/server_process.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <map>
#include <netinet/in.h>
#include <optional>
#include <sstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace duheng::tools {

namespace fs = std::filesystem;

namespace {

constexpr uid_t unprivileged_user = 65'534;  // nobody, on every Debian

struct ProcessLine {
  std::int64_t parent = 0;
  double cpu_s = 0;
};

/// Of /proc/<id>/stat; nothing when the process is gone.
std::optional<ProcessLine> process_line(const fs::path& folder) {
  std::ifstream in(folder / "stat");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  // The program's name stands in parentheses and may hold blanks; fields are counted behind it.
  const auto close = text.rfind(')');
  if (close == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(close + 1));
  std::string state;
  ProcessLine line;
  fields >> state >> line.parent;
  std::string skipped;
  for (int i = 0; i < 9; ++i) fields >> skipped;
  // Of the process and of the children it has waited for: user, system, each.
  double ticks = 0;
  for (int i = 0; i < 4; ++i) {
    double value = 0;
    fields >> value;
    ticks += value;
  }
  line.cpu_s = ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
  return line;
}

std::uint64_t proportional_bytes(std::int64_t id) {
  std::ifstream in(fmt::format("/proc/{}/smaps_rollup", id));
  std::string word;
  while (in >> word) {
    if (word != "Pss:") continue;
    std::uint64_t kibibytes = 0;
    in >> kibibytes;
    return kibibytes * 1'024;
  }
  return 0;
}

bool descends_from(const std::map<std::int64_t, ProcessLine>& all, std::int64_t id, std::int64_t ancestor) {
  for (int depth = 0; depth < 16; ++depth) {
    if (id == ancestor) return true;
    const auto found = all.find(id);
    if (found == all.end()) return false;
    id = found->second.parent;
  }
  return false;
}

}  // namespace

Result<std::uint16_t> free_port() {
  const int handle = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (handle < 0) return fail(ErrorCode::unavailable, std::strerror(errno));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool bound = ::bind(handle, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                     ::getsockname(handle, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(handle);
  if (!bound) return fail(ErrorCode::unavailable, "no port is free on 127.0.0.1");
  return ntohs(address.sin_port);
}

std::uint64_t folder_bytes(const std::string& folder) {
  std::uint64_t sum = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, fs::directory_options::skip_permission_denied, error), end;
       !error && it != end; it.increment(error)) {
    struct stat found{};
    constexpr std::uint64_t stat_block_bytes = 512;
    if (::lstat(it->path().c_str(), &found) == 0 && S_ISREG(found.st_mode))
      sum += static_cast<std::uint64_t>(found.st_blocks) * stat_block_bytes;
  }
  return sum;
}

ProcessTreeUse process_tree_use(std::int64_t id) {
  std::map<std::int64_t, ProcessLine> all;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename().string();
    std::int64_t number = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), number).ptr != name.data() + name.size()) continue;
    if (const auto line = process_line(entry.path())) all.emplace(number, *line);
  }
  ProcessTreeUse use;
  for (const auto& [number, line] : all) {
    if (!descends_from(all, number, id)) continue;
    use.memory_bytes += proportional_bytes(number);
    use.cpu_s += line.cpu_s;
  }
  return use;
}

bool running_as_root() noexcept { return ::geteuid() == 0; }

ChildProcess::Options as_unprivileged(ChildProcess::Options options) {
  if (!running_as_root()) return options;
  const std::string user = std::to_string(unprivileged_user);
  // A change of user forgets that the process is to end with its parent: said again.
  std::vector<std::string> arguments{"--reuid",     user,   "--regid", user,           "--clear-groups",
                                     "--pdeathsig", "KILL", "--",      options.program};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  return {"/usr/bin/setpriv", std::move(arguments), options.output_path};
}

Result<void> give_to_unprivileged(const std::string& folder) {
  if (!running_as_root()) return {};
  std::error_code error;
  std::vector<fs::path> paths{folder};
  for (const auto& entry : fs::recursive_directory_iterator(folder, error)) paths.push_back(entry.path());
  for (const auto& path : paths) {
    if (::lchown(path.c_str(), unprivileged_user, unprivileged_user) != 0)
      return fail(ErrorCode::storage_failed, fmt::format("{}: {}", path.string(), std::strerror(errno)));
  }
  return {};
}

Result<void> run_to_end(const ChildProcess::Options& options, int timeout_ms) {
  DUHENG_TRY(auto process, ChildProcess::start(options));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (process.running()) {
    if (std::chrono::steady_clock::now() > deadline)
      return fail(ErrorCode::timed_out, options.program + " does not end");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  if (*process.exit_code() != 0)
    return fail(ErrorCode::internal, fmt::format("{} ended with {}", options.program, *process.exit_code()));
  return {};
}

}  // namespace duheng::tools
