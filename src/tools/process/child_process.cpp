#include "tools/process/child_process.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <signal.h>
#include <sstream>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace duheng::tools {

Result<ChildProcess> ChildProcess::start(const Options& options) {
  // The pipe closes on a successful exec; otherwise it brings the error number home.
  std::array<int, 2> failure{};
  if (::pipe2(failure.data(), O_CLOEXEC) != 0) return fail(ErrorCode::unavailable, std::strerror(errno));
  std::vector<char*> arguments;
  arguments.push_back(const_cast<char*>(options.program.c_str()));
  for (const auto& argument : options.arguments) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t id = ::fork();
  if (id < 0) {
    ::close(failure[0]);
    ::close(failure[1]);
    return fail(ErrorCode::unavailable, fmt::format("fork: {}", std::strerror(errno)));
  }
  if (id == 0) {
    // Only calls that are safe after fork.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    ::setpgid(0, 0);  // a terminal's Ctrl-C reaches the parent only, which then ends its children in order
    const int input = ::open("/dev/null", O_RDONLY);
    if (input >= 0) ::dup2(input, 0);
    if (!options.output_path.empty()) {
      const int output = ::open(options.output_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      if (output >= 0) {
        ::dup2(output, 1);
        ::dup2(output, 2);
      }
    }
    ::execv(options.program.c_str(), arguments.data());
    const int number = errno;
    [[maybe_unused]] const auto written = ::write(failure[1], &number, sizeof number);
    ::_exit(127);
  }
  ::close(failure[1]);
  int number = 0;
  ssize_t got = 0;
  do {
    got = ::read(failure[0], &number, sizeof number);
  } while (got < 0 && errno == EINTR);
  ::close(failure[0]);
  if (got > 0) {
    ::waitpid(id, nullptr, 0);
    return fail(number == ENOENT ? ErrorCode::not_found : ErrorCode::unavailable,
                fmt::format("cannot start {}: {}", options.program, std::strerror(number)));
  }
  return ChildProcess{id};
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : id_(std::exchange(other.id_, -1)), exit_code_(other.exit_code_) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this != &other) {
    kill();
    id_ = std::exchange(other.id_, -1);
    exit_code_ = other.exit_code_;
  }
  return *this;
}

ChildProcess::~ChildProcess() { kill(); }

std::optional<int> ChildProcess::exit_code() {
  if (exit_code_ || id_ <= 0) return exit_code_;
  int status = 0;
  if (::waitpid(id_, &status, WNOHANG) == id_) {
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return exit_code_;
}

void ChildProcess::signal(int signal_number) {
  if (id_ > 0 && running()) ::kill(id_, signal_number);
}

void ChildProcess::kill() {
  if (id_ <= 0 || exit_code()) return;
  ::kill(id_, SIGKILL);
  int status = 0;
  while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) {
  }
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int ChildProcess::stop(int timeout_ms) {
  signal(SIGTERM);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (id_ > 0 && running()) {
    if (std::chrono::steady_clock::now() >= deadline) {
      kill();
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return exit_code_.value_or(0);
}

std::uint64_t ChildProcess::resident_bytes() const {
  std::ifstream in(fmt::format("/proc/{}/statm", id_));
  std::uint64_t total_pages = 0;
  std::uint64_t resident_pages = 0;
  in >> total_pages >> resident_pages;
  return resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t ChildProcess::cpu_ms() const {
  std::ifstream in(fmt::format("/proc/{}/stat", id_));
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  // The program's name stands in parentheses and may hold blanks; fields are counted behind it.
  const auto close = text.rfind(')');
  if (close == std::string::npos) return 0;
  std::istringstream fields(text.substr(close + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  std::uint64_t user_ticks = 0;
  std::uint64_t system_ticks = 0;
  fields >> user_ticks >> system_ticks;
  return (user_ticks + system_ticks) * 1000 / static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
}

Result<std::string> own_folder() {
  std::string path(4096, '\0');
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size <= 0) return fail(ErrorCode::internal, "cannot read /proc/self/exe");
  path.resize(static_cast<std::size_t>(size));
  return path.substr(0, path.rfind('/'));
}

}  // namespace duheng::tools
