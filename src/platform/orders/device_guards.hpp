#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "platform/orders/operation_log.hpp"
#include "platform/organisations/scope.hpp"
#include "store/records/database.hpp"

namespace duheng::platform {

/// What a device's commands are sent with. Secret: never logged, never answered.
struct DeviceAccess {
  std::string password;       ///< 1 to 64 octets, as its digits are written
  std::string operator_code;  ///< at most 16 octets
};

struct DeviceProtection {
  std::string reason;
  std::string by;
  std::int64_t since_utc_ms = 0;
  bool kept_supplied = false;  ///< the device itself was told to keep the supply on
};

/// Passwords of devices, and the list of customers who are not to be cut off. Kept in the records, which are encrypted.
/// Thread-safe. Needs the tables of Devices and of OrderService.
class DeviceGuards {
 public:
  DeviceGuards(records::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  /// Sets or replaces. Errors: not_found - no such device in the author's scope; invalid_argument.
  [[nodiscard]] Result<void> set_access(const Author& author, DeviceId device, const DeviceAccess& access);
  /// Nothing happens when there is none. Errors: not_found.
  [[nodiscard]] Result<void> forget_access(const Author& author, DeviceId device);
  [[nodiscard]] Result<bool> has_access(DeviceId device);

  /// Sets or replaces. Errors: not_found; invalid_argument - the reason has not 1 to 500 characters.
  [[nodiscard]] Result<void> protect(const Author& author, DeviceId device, std::string_view reason);
  [[nodiscard]] Result<void> unprotect(const Author& author, DeviceId device);
  [[nodiscard]] Result<std::optional<DeviceProtection>> protection(DeviceId device);

 private:
  records::Database& database_;
  const Clock& clock_;
};

}  // namespace duheng::platform
