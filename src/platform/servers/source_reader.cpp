#include "platform/servers/source_reader.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace duheng::platform::servers {
namespace {

using Steady = std::chrono::steady_clock;

Result<std::string> read_text(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return fail(errno == ENOENT || errno == ENOTDIR ? ErrorCode::not_found : ErrorCode::unavailable,
                path + " cannot be read");
  std::string out;
  std::array<char, 16'384> buffer{};
  ssize_t size = 0;
  while ((size = ::read(descriptor, buffer.data(), buffer.size())) > 0 && out.size() <= SourceReader::text_octets_max)
    out.append(buffer.data(), static_cast<std::size_t>(size));
  ::close(descriptor);
  if (size < 0) return fail(ErrorCode::unavailable, path + " cannot be read");
  if (out.size() > SourceReader::text_octets_max) return fail(ErrorCode::limit_exceeded, path + " is too long");
  return out;
}

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> out;
  std::error_code error;
  for (auto it = std::filesystem::directory_iterator(path, error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error))
    out.push_back(it->path().filename().string());
  std::ranges::sort(out);
  return out;
}

struct Pipe {
  std::array<int, 2> ends{-1, -1};
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    for (const int end : ends)
      if (end >= 0) ::close(end);
  }
  [[nodiscard]] bool open() { return ::pipe2(ends.data(), O_CLOEXEC) == 0; }
  void close_writer() {
    ::close(ends[1]);
    ends[1] = -1;
  }
};

/// A program with its output into `output`; 0 or less: it cannot be started (negative errno).
pid_t start(const std::vector<std::string>& words, const Pipe& output) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  std::array<std::string, 2> environment{"PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin", "LC_ALL=C"};
  std::array<char*, 3> environment_words{environment[0].data(), environment[1].data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output.ends[1], 1);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // A group of its own: whatever it starts ends with it.
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t process = 0;
  const int error =
      ::posix_spawnp(&process, words[0].c_str(), &actions, &attributes, arguments.data(), environment_words.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error == 0 ? process : -error;
}

/// Waits for its end until `deadline`, then ends it. Its exit code; -1 when it was ended.
int reap(pid_t process, Steady::time_point deadline) {
  int status = 0;
  while (::waitpid(process, &status, WNOHANG) == 0) {
    if (Steady::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      continue;
    }
    ::kill(-process, SIGKILL);
    ::waitpid(process, &status, 0);
    return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// What comes until the end, the deadline or too much. False: not until its end.
bool read_output(int descriptor, Steady::time_point deadline, std::string& out) {
  std::array<char, 16'384> buffer{};
  while (out.size() <= SourceReader::text_octets_max) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Steady::now()).count();
    pollfd wait{descriptor, POLLIN, 0};
    if (left <= 0 || ::poll(&wait, 1, static_cast<int>(left)) <= 0) return false;
    const ssize_t size = ::read(descriptor, buffer.data(), buffer.size());
    if (size <= 0) return size == 0;
    out.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return false;
}

}  // namespace

Result<std::string> MachineReader::file(const std::string& path) { return read_text(path); }
std::vector<std::string> MachineReader::folder(const std::string& path) { return names_in(path); }

Result<std::string> MachineReader::command(const std::vector<std::string>& words) {
  if (words.empty()) return fail(ErrorCode::not_found, "no program is configured");
  Pipe output;
  if (!output.open()) return fail(ErrorCode::unavailable, "no pipe can be had");
  const auto deadline = Steady::now() + std::chrono::milliseconds(timeout_ms_);
  const pid_t process = start(words, output);
  if (process <= 0)
    return fail(process == -ENOENT ? ErrorCode::not_found : ErrorCode::unavailable, words[0] + " cannot be started");
  output.close_writer();
  std::string text;
  const bool is_whole = read_output(output.ends[0], deadline, text);
  const bool is_long = text.size() > text_octets_max;
  const int code = reap(process, is_whole ? deadline : Steady::now());
  if (is_long) return fail(ErrorCode::limit_exceeded, words[0] + " prints too much");
  if (!is_whole || code < 0) return fail(ErrorCode::timed_out, words[0] + " took too long and was ended");
  // smartctl says by its exit code what it found, and prints all the same. 127: there is no such program.
  if (code == 127) return fail(ErrorCode::not_found, words[0] + " cannot be started");
  if (text.empty() && code != 0) return fail(ErrorCode::unavailable, words[0] + " failed");
  return text;
}

std::string FolderReader::command_file(const std::vector<std::string>& words) {
  std::string out = "commands/";
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += '_';
    for (const char c : i == 0 ? std::filesystem::path(words[0]).filename().string() : words[i])
      if (c != '/' || (!out.ends_with('_') && !out.ends_with('/'))) out += c == '/' ? '_' : c;
  }
  return out;
}
Result<std::string> FolderReader::file(const std::string& path) { return read_text(folder_ + path); }
Result<std::string> FolderReader::command(const std::vector<std::string>& words) {
  if (words.empty()) return fail(ErrorCode::not_found, "no program is configured");
  return read_text(folder_ + "/" + command_file(words));
}
std::vector<std::string> FolderReader::folder(const std::string& path) { return names_in(folder_ + path); }

}  // namespace duheng::platform::servers
