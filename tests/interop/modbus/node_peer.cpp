#include "interop/modbus/node_peer.hpp"

#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <thread>
#include <unistd.h>

#include "interop/modbus/line.hpp"

namespace duheng::interop {

NodePeer::NodePeer(std::vector<std::string> arguments) {
  char name[] = "/tmp/duheng-interop-XXXXXX";
  const int file = ::mkstemp(name);
  if (file >= 0) ::close(file);
  output_path_ = name;
  arguments.insert(arguments.begin(), DUHENG_SOURCE_DIR "/tests/interop/modbus/peer.mjs");
  auto started = tools::ChildProcess::start({DUHENG_NODE, std::move(arguments), output_path_});
  EXPECT_TRUE(started) << (started ? "" : started.error().message);
  if (started) child_.emplace(std::move(*started));
}

NodePeer::~NodePeer() {
  child_.reset();
  ::unlink(output_path_.c_str());
}

std::string NodePeer::output() const {
  std::ifstream file(output_path_);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

template <class Condition>
auto NodePeer::wait_for(Condition&& condition) -> decltype(condition()) {
  constexpr int pause_ms = 20;
  for (int waited_ms = 0; waited_ms < 3 * step_timeout_ms; waited_ms += pause_ms) {
    if (auto found = condition()) return found;
    std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms));
  }
  return std::nullopt;
}

std::optional<std::string> NodePeer::wait_ready() {
  return wait_for([&]() -> std::optional<std::string> {
    const std::string text = output();
    const auto begin = text.find("ready");
    const auto end = begin == std::string::npos ? begin : text.find('\n', begin);
    if (end == std::string::npos) return std::nullopt;
    return text.substr(begin + 5, end - begin - 5);
  });
}

std::optional<int> NodePeer::wait_exit() {
  return wait_for([&] { return child_ ? child_->exit_code() : std::optional<int>(-1); });
}

}  // namespace duheng::interop
