#pragma once
// For tests only: OpenSSH's own server, unpacked from its package by scripts/test-servers.sh, on loopback, as this
// user.
#include <cstdint>
#include <string>

#include "store/backup/sftp_place.hpp"

namespace duheng::store::testing {

class SftpTestServer {
 public:
  /// Starts one; `folder` is a temporary folder of the test.
  explicit SftpTestServer(std::string folder);
  SftpTestServer(const SftpTestServer&) = delete;
  SftpTestServer& operator=(const SftpTestServer&) = delete;
  ~SftpTestServer();

  /// Why there can be none on this machine; empty when there can be one.
  [[nodiscard]] static std::string unavailable();
  [[nodiscard]] bool is_running() const noexcept { return process_ > 0; }
  /// Of a place in `folder`/place.
  [[nodiscard]] SftpOptions options() const;
  /// A key that the server does not know.
  [[nodiscard]] std::string other_key_file() const { return folder_ + "/other"; }
  [[nodiscard]] std::string place_folder() const { return folder_ + "/place"; }
  [[nodiscard]] std::string log() const;
  void stop();
  void start();

 private:
  void make_keys();
  void write_configuration() const;
  void copy_program() const;
  [[nodiscard]] bool wait_until_it_listens() const;
  std::string folder_;
  std::uint16_t port_ = 0;
  int process_ = 0;
};

}  // namespace duheng::store::testing
