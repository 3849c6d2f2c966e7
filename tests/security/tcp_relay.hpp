#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace duheng::security {

/// Somebody in between: takes connections on a free loopback port, passes their octets on to another port, both ways,
/// and keeps a copy of all of them.
class TcpRelay {
 public:
  explicit TcpRelay(std::uint16_t to_port);
  ~TcpRelay();
  TcpRelay(const TcpRelay&) = delete;
  TcpRelay& operator=(const TcpRelay&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// Everything that was seen so far, both directions, one connection's pieces in their order.
  [[nodiscard]] std::string captured() const;

 private:
  void accept_all();
  void carry(int client);

  const std::uint16_t to_port_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;  // guards what follows
  std::vector<std::string> pieces_;
  std::vector<std::jthread> carriers_;
  std::jthread acceptor_;
};

}  // namespace duheng::security
