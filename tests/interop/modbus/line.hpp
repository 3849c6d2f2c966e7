#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace duheng::interop {

/// How long a peer may take for one step; far more than any needs, so that only a hang runs into it.
inline constexpr int step_timeout_ms = 10'000;

/// A file descriptor that is closed when its owner goes.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();
  [[nodiscard]] int number() const noexcept { return number_; }

 private:
  int number_ = -1;
};

/// Octets to and from a peer over a socket or a pseudo-terminal.
class Line {
 public:
  explicit Line(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
  /// Errors: unavailable - the peer is gone.
  [[nodiscard]] Result<void> write(ByteView octets);
  /// What is there, waiting up to `timeout_ms` for the first octet; empty when none came.
  /// Errors: unavailable - the peer is gone.
  [[nodiscard]] Result<Bytes> read(int timeout_ms);

 private:
  Descriptor descriptor_;
};

struct Listener {
  Descriptor descriptor;
  std::uint16_t port = 0;
};
/// On loopback, a port that is free.
[[nodiscard]] Result<Listener> listen_on_loopback();
/// Errors: timed_out.
[[nodiscard]] Result<Line> accept_one(const Listener& listener);
/// Tries until somebody listens there. Errors: timed_out.
[[nodiscard]] Result<Line> connect_to_loopback(std::uint16_t port);

struct PseudoTerminal {
  Descriptor master;
  Descriptor slave;  ///< kept open, so that the master does not see an end of file before the peer opens it
  std::string slave_path;
};
/// Raw: octets go through unchanged.
[[nodiscard]] Result<PseudoTerminal> open_pseudo_terminal();

}  // namespace duheng::interop
