#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <sys/types.h>

#include "store/clickhouse/clickhouse_transport.hpp"
#include "store/telemetry/telemetry_test_data.hpp"

// For the tests of this folder.

namespace duheng::store::testing {

/// A true ClickHouse server of one's own: unpacked by scripts/test-servers.sh, on free loopback ports, with its data in
/// a temporary folder, ended by its process id. It also ends when the test program does.
class ClickHouseTestServer {
 public:
  /// Why there can be none on this machine; empty when there can. On a build machine (CI is set) a server is a must, so
  /// that this is empty there and the test fails.
  static std::string unavailable();
  /// One for the whole test program, started at the first call. Nothing, and a failure, when it does not start.
  static ClickHouseTestServer* shared();

  struct Options {
    bool tls = false;
  };
  ClickHouseTestServer() : ClickHouseTestServer(Options{}) {}
  explicit ClickHouseTestServer(Options options);
  ClickHouseTestServer(const ClickHouseTestServer&) = delete;
  ClickHouseTestServer& operator=(const ClickHouseTestServer&) = delete;
  ~ClickHouseTestServer();

  /// Starts, or starts again with the same data and ports, and waits until it answers.
  [[nodiscard]] bool start();
  /// The hard way (SIGKILL).
  void kill();
  [[nodiscard]] bool running() const { return pid_ > 0; }

  [[nodiscard]] ClickHouseHttpOptions http_options() const;
  [[nodiscard]] const std::string& folder() const { return folder_.path(); }
  [[nodiscard]] std::string ca_file() const { return folder() + "/server.crt"; }
  /// A database name that nobody else uses.
  [[nodiscard]] std::string fresh_database();

 private:
  void write_configuration();
  [[nodiscard]] bool answers() const;
  [[nodiscard]] bool spawn();

  Options options_;
  TemporaryDirectory folder_;
  int http_port_ = 0;
  int https_port_ = 0;
  int tcp_port_ = 0;
  pid_t pid_ = 0;
  int databases_ = 0;
};

/// The transport to a server, which is expected to work.
[[nodiscard]] std::unique_ptr<ClickHouseTransport> connect(const ClickHouseHttpOptions& options);

}  // namespace duheng::store::testing
