#include "tools/bench/peers/http_peer.hpp"

#include <chrono>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <thread>
#include <unistd.h>

namespace duheng::tools {

namespace {

/// The last lines of a server's log, for whoever has to find out why it did not start.
std::string end_of_file(const std::string& path) {
  std::ifstream in(path);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  constexpr std::size_t kept = 300;
  return text.size() <= kept ? text : text.substr(text.size() - kept);
}

}  // namespace

Result<void> HttpPeer::start_server(const PeerPlace& place, const std::string& program,
                                    const std::vector<std::string>& arguments, std::uint16_t port,
                                    const std::string& ready_target) {
  const std::string path = place.servers_directory + "/bin/" + program;
  if (!std::filesystem::exists(path))
    return fail(ErrorCode::not_found, path + " is not there; scripts/test-servers.sh fetches it");
  const std::string log = place.folder + "/" + program + ".log";
  DUHENG_TRY(auto process, ChildProcess::start({path, arguments, log}));
  process_.emplace(std::move(process));
  sessions_.clear();
  for (std::size_t i = 0; i < lanes + 1; ++i) sessions_.emplace_back(port);
  return wait_until(
      [&]() -> Result<bool> {
        if (!process_->running())
          return fail(ErrorCode::unavailable, fmt::format("{} ended: {}", program, end_of_file(log)));
        return questions().get(ready_target, 2'000).has_value();
      },
      60, program + " does not answer");
}

void HttpPeer::stop_server() {
  sessions_.clear();
  if (process_) process_->stop(60'000);
  process_.reset();
}

Result<void> HttpPeer::synchronise(const std::string& folder) {
  const int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0) return fail(ErrorCode::storage_failed, std::strerror(errno));
  const bool done = ::syncfs(handle) == 0;
  ::close(handle);
  if (!done) return fail(ErrorCode::storage_failed, "syncfs failed");
  return {};
}

Result<void> HttpPeer::wait_until(const std::function<Result<bool>()>& is_done, int timeout_s, std::string_view what) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(timeout_s);
  while (true) {
    DUHENG_TRY(const bool done, is_done());
    if (done) return {};
    if (std::chrono::steady_clock::now() > deadline) return fail(ErrorCode::timed_out, std::string(what));
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
  }
}

void append_decimal(std::string& out, std::int64_t mantissa, int decimals) {
  std::int64_t scale = 1;
  for (int i = 0; i < decimals; ++i) scale *= 10;
  if (mantissa < 0) out.push_back('-');
  const std::int64_t positive = mantissa < 0 ? -mantissa : mantissa;
  fmt::format_to(std::back_inserter(out), "{}.{:0{}}", positive / scale, positive % scale, decimals);
}

std::int64_t mantissa_of(double value, int decimals) { return std::llround(value * std::pow(10.0, decimals)); }

}  // namespace duheng::tools
