#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/error.hpp"

namespace duheng::tools {

/// A TCP relay on loopback with a thread of its own, so that a test can cut, freeze and mend a link that real programs
/// use.
class Relay {
 public:
  /// Listens on a free port and passes each connection on to 127.0.0.1:`target_port`. Errors: unavailable.
  [[nodiscard]] static Result<std::unique_ptr<Relay>> start(std::uint16_t target_port);
  ~Relay();
  [[nodiscard]] std::uint16_t port() const noexcept;
  /// Where new connections go from now on (a restarted server may listen elsewhere).
  void set_target(std::uint16_t target_port);
  /// Resets every open connection and refuses new ones until mend().
  void cut();
  /// Keeps connections open but passes nothing on: a link that is silent rather than gone.
  void freeze();
  void mend();
  [[nodiscard]] std::uint64_t bytes_passed() const noexcept;

  struct Impl;

 private:
  explicit Relay(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace duheng::tools
