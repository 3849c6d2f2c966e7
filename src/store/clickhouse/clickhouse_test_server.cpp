#include "store/clickhouse/clickhouse_test_server.hpp"

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "base/test_servers.hpp"

namespace duheng::store::testing {
namespace {

using duheng::test_servers::free_port;
using duheng::test_servers::output_of;
using duheng::test_servers::servers_folder;
using duheng::test_servers::Transport;
using duheng::test_servers::unpacked;

constexpr auto start_deadline = std::chrono::seconds(90);
constexpr std::string_view password = "only-for-tests";

}  // namespace

std::string ClickHouseTestServer::unavailable() { return duheng::test_servers::unavailable("clickhouse"); }

ClickHouseTestServer* ClickHouseTestServer::shared() {
  static ClickHouseTestServer server;
  static const bool started = server.start();
  EXPECT_TRUE(started) << "ClickHouse did not start: " << unpacked("clickhouse").text;
  return started ? &server : nullptr;
}

ClickHouseTestServer::ClickHouseTestServer(Options options) : options_(options) {}

ClickHouseTestServer::~ClickHouseTestServer() { kill(); }

std::string ClickHouseTestServer::fresh_database() { return fmt::format("test_{}", ++databases_); }

ClickHouseHttpOptions ClickHouseTestServer::http_options() const {
  ClickHouseHttpOptions out;
  out.url = options_.tls ? fmt::format("https://localhost:{}/", https_port_)
                         : fmt::format("http://127.0.0.1:{}/", http_port_);
  out.password = password;
  if (options_.tls) out.ca_file = ca_file();
  return out;
}

void ClickHouseTestServer::write_configuration() {
  const std::string& f = folder();
  std::string tls;
  if (options_.tls)
    tls = fmt::format(
        "<https_port>{}</https_port><openSSL><server><certificateFile>{}/server.crt</certificateFile>"
        "<privateKeyFile>{}/server.key</privateKeyFile><verificationMode>none</verificationMode>"
        "<cacheSessions>false</cacheSessions></server></openSSL>",
        https_port_, f, f);
  std::ofstream(f + "/config.xml") << fmt::format(
      "<yandex><logger><level>warning</level><log>{0}/server.log</log><errorlog>{0}/error.log</errorlog>"
      "<size>100M</size><count>2</count></logger><listen_host>127.0.0.1</listen_host><http_port>{1}</http_port>"
      "<tcp_port>{2}</tcp_port>{3}<path>{0}/data/</path><tmp_path>{0}/tmp/</tmp_path>"
      "<mark_cache_size>67108864</mark_cache_size><users_config>users.xml</users_config>"
      "<default_profile>default</default_profile><default_database>default</default_database>"
      "<timezone>UTC</timezone></yandex>",
      f, http_port_, tcp_port_, tls);
  std::ofstream(f + "/users.xml") << fmt::format(
      "<yandex><profiles><default><max_memory_usage>2000000000</max_memory_usage>"
      "<fsync_metadata>0</fsync_metadata></default></profiles>"
      "<quotas><default/></quotas><users><default><password>{}</password><networks><ip>127.0.0.1</ip></networks>"
      "<profile>default</profile><quota>default</quota></default></users></yandex>",
      password);
  std::filesystem::create_directories(f + "/data");
  std::filesystem::create_directories(f + "/tmp");
}

bool ClickHouseTestServer::spawn() {
  const std::string program = servers_folder() + "/bin/clickhouse-server";
  const std::string config = "--config-file=" + folder() + "/config.xml";
  const std::string output = folder() + "/output.log";
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) {
    pid_ = 0;
    return false;
  }
  if (pid_ > 0) return true;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  const int log = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(log, 1);
  ::dup2(log, 2);
  ::execl(program.c_str(), program.c_str(), config.c_str(), static_cast<char*>(nullptr));
  ::_exit(127);
}

bool ClickHouseTestServer::answers() const {
  const auto transport = connect(http_options());
  if (transport == nullptr) return false;
  ClickHouseCall call;
  call.sql = "SELECT 1";
  call.timeout_ms = 2'000;
  return transport->run(call).has_value();
}

bool ClickHouseTestServer::start() {
  if (!unpacked("clickhouse").ok) return false;
  const bool first = http_port_ == 0;
  const auto deadline = std::chrono::steady_clock::now() + start_deadline;
  if (first && options_.tls &&
      !output_of(fmt::format("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext "
                             "subjectAltName=DNS:localhost -keyout '{0}/server.key' -out '{0}/server.crt' 2>&1",
                             folder()))
           .ok)
    return false;
  while (std::chrono::steady_clock::now() < deadline) {
    if (pid_ == 0) {
      // Somebody else may have taken a port in between; before the first start any other will do.
      if (first) {
        http_port_ = free_port(Transport::tcp);
        https_port_ = free_port(Transport::tcp);
        tcp_port_ = free_port(Transport::tcp);
        write_configuration();
      }
      if (!spawn()) return false;
    }
    if (answers()) return true;
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

void ClickHouseTestServer::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

std::unique_ptr<ClickHouseTransport> connect(const ClickHouseHttpOptions& options) {
  static SystemRandom random;
  auto opened = open_clickhouse_http(options, random);
  EXPECT_TRUE(opened) << opened.error().message;
  return opened ? std::move(*opened) : nullptr;
}

}  // namespace duheng::store::testing
