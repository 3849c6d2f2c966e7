#pragma once
#include <cstdint>
#include <memory>

#include "base/error.hpp"

namespace duheng::tools {

/// Tens of thousands of virtual DL/T 645 meters that call in by UDP, each from a loopback address of its own
/// (127.1.0.0 and up) over one socket and on one thread of this process: for the gateway each is a peer of its own.
/// A meter sends a wake-up octet until it is asked who it is, and answers every question like any other meter.
class UdpCallers {
 public:
  struct Options {
    std::uint32_t meters = 0;  ///< up to 1,000,000
    std::uint64_t first_address = 302'600'000'001;
    std::uint16_t gateway_port = 0;  ///< on 127.0.0.1
    std::uint32_t at_once = 64;      ///< that have called and were not asked yet: the kernel's buffers are short
  };
  /// Begins to call. Errors: unavailable - no socket.
  [[nodiscard]] static Result<std::unique_ptr<UdpCallers>> start(const Options& options);
  ~UdpCallers();
  UdpCallers(const UdpCallers&) = delete;
  UdpCallers& operator=(const UdpCallers&) = delete;

  /// Meters that were asked for their address and have answered.
  [[nodiscard]] std::uint32_t introduced() const noexcept;
  [[nodiscard]] std::uint64_t answers() const noexcept;

 private:
  struct Impl;
  explicit UdpCallers(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace duheng::tools
