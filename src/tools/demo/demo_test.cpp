#include "tools/demo/demo.hpp"

#include <arpa/inet.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <set>
#include <sstream>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/demo/demo_world.hpp"

namespace duheng::tools {
namespace {

namespace fs = std::filesystem;

/// Somebody else's server.
class Listener {
 public:
  explicit Listener(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int one = 1;
    ::setsockopt(descriptor_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listens_ = ::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
               ::listen(descriptor_, 1) == 0;
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { ::close(descriptor_); }
  [[nodiscard]] bool listens() const noexcept { return listens_; }

 private:
  int descriptor_;
  bool listens_ = false;
};

class DemoTest : public ::testing::Test {
 protected:
  DemoTest() {
    std::string pattern = (fs::temp_directory_path() / "duheng-demo-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = pattern;
    fs::create_directories(folder_ / "models");
    ::setenv("TMPDIR", folder_.c_str(), 1);
  }
  ~DemoTest() override {
    ::unsetenv("TMPDIR");
    fs::remove_all(folder_);
  }
  /// A program of the demo that writes a line and ends with `exit_code`.
  void write_program(const std::string& name, int exit_code) {
    const fs::path path = folder_ / ("duheng-" + name);
    std::ofstream(path) << fmt::format("#!/bin/sh\necho the reason\nexit {}\n", exit_code);
    fs::permissions(path, fs::perms::owner_all);
  }
  DemoOptions options() const {
    DemoOptions out;
    out.meters = 2;
    out.programs_directory = folder_.string();
    out.share_directory = folder_.string();
    out.https_port = 0;
    return out;
  }
  fs::path folder_;
  std::atomic<bool> stop_{false};
  std::ostringstream out_, err_;
};

TEST_F(DemoTest, KeepsItsLogsAndSaysWhereWhenAProgramKeepsEnding) {
  write_program("fleet", 1);
  EXPECT_EQ(run_demo(options(), stop_, out_, err_), 2);
  const std::string said = err_.str();
  EXPECT_NE(said.find("fleet keeps ending with exit code 1"), std::string::npos) << said;
  const std::string before = "data and logs are kept in ";
  const auto at = said.find(before);
  ASSERT_NE(at, std::string::npos) << said;
  const fs::path kept = said.substr(at + before.size(), said.find('\n', at) - at - before.size());
  std::ifstream log(kept / "logs" / "fleet.log");
  std::string line;
  EXPECT_TRUE(std::getline(log, line)) << kept;
  EXPECT_EQ(line, "the reason");
}

TEST_F(DemoTest, RemovesItsTemporaryFolderWhenItIsStopped) {
  write_program("fleet", 0);
  stop_ = true;
  EXPECT_EQ(run_demo(options(), stop_, out_, err_), 0);
  for (const auto& entry : fs::directory_iterator(folder_))
    EXPECT_TRUE(entry.path().filename() == "duheng-fleet" || entry.path().filename() == "models")
        << entry.path() << " is left behind";
}

TEST_F(DemoTest, SaysAtOnceThatThePortAskedForIsTaken) {
  const auto port = find_free_port();
  ASSERT_TRUE(port) << port.error().message;
  const Listener other(*port);
  ASSERT_TRUE(other.listens());
  auto with_port = options();
  with_port.https_port = *port;
  EXPECT_EQ(run_demo(with_port, stop_, out_, err_), 2);
  EXPECT_NE(err_.str().find(fmt::format("port {} is taken by another program", *port)), std::string::npos)
      << err_.str();
}

TEST(DemoPorts, AreFreeAndDifferentAndATakenOneIsFound) {
  DemoPlan plan;
  ASSERT_TRUE(choose_ports(plan, 0));
  const std::set<std::uint16_t> ports{plan.https_port, plan.gateways_port, plan.enrolment_port, plan.observability_port,
                                      plan.gateway_http_port};
  EXPECT_EQ(ports.size(), 5U);
  EXPECT_EQ(plan.uplink_port, plan.gateways_port);
  EXPECT_EQ(taken_port(plan), std::nullopt);
  const Listener other(plan.enrolment_port);
  ASSERT_TRUE(other.listens());
  EXPECT_EQ(taken_port(plan), plan.enrolment_port);
}

}  // namespace
}  // namespace duheng::tools
