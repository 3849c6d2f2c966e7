#pragma once
#include <cstdint>
#include <functional>
#include <memory>

#include "configuration.hpp"

namespace duheng::platform {

/// The server: opens everything, serves, and closes in order. One per process and data directory.
class Platform {
 public:
  struct Ports {
    std::uint16_t https = 0, gateways = 0, enrolment = 0, observability = 0;
  };
  /// Opens the stores, starts every listener and writes run/ports.json. Errors: the message says what is wrong in words
  /// fit for the operator: port taken, key file readable by others, data directory in use, disk full, damaged file.
  /// `storage_failed` is called once, from a thread of the platform, when the journal can take nothing more in this
  /// process: stop and start anew, which opens the journal from disk. Nothing is acknowledged from then on.
  [[nodiscard]] static Result<std::unique_ptr<Platform>> start(Configuration configuration,
                                                               std::function<void()> storage_failed = {});
  /// Stops if that was not done.
  ~Platform();

  [[nodiscard]] Ports ports() const noexcept;
  /// Takes nothing new, commits what has come, answers what was asked, closes. Idempotent.
  void stop();

 private:
  struct Parts;
  explicit Platform(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace duheng::platform
