#include "platform/orders/device_guards.hpp"

#include "platform/devices/device_tables.hpp"
#include "platform/organisations/text.hpp"

namespace duheng::platform {

namespace {

constexpr std::size_t password_octets_max = 64;
constexpr std::size_t operator_code_octets_max = 16;
constexpr std::size_t reason_octets_max = 2'000;

Result<void> note(records::Transaction& t, const Author& author, std::string_view action, DeviceId device,
                  std::int64_t at_utc_ms, std::string detail = {}) {
  OperationEntry entry = operation_of(author, action, at_utc_ms);
  entry.device = device;
  entry.detail = std::move(detail);
  return write_operation(t, entry);
}

}  // namespace

Result<void> DeviceGuards::set_access(const Author& author, DeviceId device, const DeviceAccess& access) {
  if (access.password.empty() || access.password.size() > password_octets_max ||
      access.operator_code.size() > operator_code_octets_max) {
    return fail(ErrorCode::invalid_argument, "a password has 1 to 64 octets, an operator code at most 16");
  }
  return database_.write([&](records::Transaction& t) -> Result<void> {
    DUHENG_CHECK(require_device(t, author.scope, device));
    DUHENG_CHECK(
        t.execute("INSERT INTO device_access (device_id, password, operator_code, set_by, set_at_ms) VALUES "
                  "(?1, ?2, ?3, ?4, ?5) ON CONFLICT (device_id) DO UPDATE SET password = ?2, operator_code = "
                  "?3, set_by = ?4, set_at_ms = ?5",
                  {device, access.password, access.operator_code, author.name, clock_.utc_ms()}));
    return note(t, author, "set_access", device, clock_.utc_ms());
  });
}

Result<void> DeviceGuards::forget_access(const Author& author, DeviceId device) {
  return database_.write([&](records::Transaction& t) -> Result<void> {
    DUHENG_CHECK(require_device(t, author.scope, device));
    DUHENG_TRY(const std::int64_t changed, t.execute("DELETE FROM device_access WHERE device_id = ?1", {device}));
    if (changed == 0) return {};
    return note(t, author, "forget_access", device, clock_.utc_ms());
  });
}

Result<bool> DeviceGuards::has_access(DeviceId device) {
  return database_.read([&](records::Transaction& t) -> Result<bool> {
    DUHENG_TRY(const auto found, t.integer("SELECT 1 FROM device_access WHERE device_id = ?1", {device}));
    return found.has_value();
  });
}

Result<void> DeviceGuards::protect(const Author& author, DeviceId device, std::string_view reason) {
  DUHENG_CHECK(check_text("reason", reason, 1, reason_octets_max));
  return database_.write([&](records::Transaction& t) -> Result<void> {
    DUHENG_CHECK(require_device(t, author.scope, device));
    DUHENG_CHECK(
        t.execute("INSERT INTO protected_devices (device_id, reason, set_by, set_at_ms, kept_supplied) VALUES "
                  "(?1, ?2, ?3, ?4, 0) ON CONFLICT (device_id) DO UPDATE SET reason = ?2, set_by = ?3, "
                  "set_at_ms = ?4, kept_supplied = 0",
                  {device, reason, author.name, clock_.utc_ms()}));
    return note(t, author, "protect", device, clock_.utc_ms(), std::string{reason});
  });
}

Result<void> DeviceGuards::unprotect(const Author& author, DeviceId device) {
  return database_.write([&](records::Transaction& t) -> Result<void> {
    DUHENG_CHECK(require_device(t, author.scope, device));
    DUHENG_TRY(const std::int64_t changed, t.execute("DELETE FROM protected_devices WHERE device_id = ?1", {device}));
    if (changed == 0) return {};
    return note(t, author, "unprotect", device, clock_.utc_ms());
  });
}

Result<std::optional<DeviceProtection>> DeviceGuards::protection(DeviceId device) {
  return database_.read([&](records::Transaction& t) {
    return t.first("SELECT reason, set_by, set_at_ms, kept_supplied FROM protected_devices WHERE device_id = ?1",
                   {device}, [](const records::Row& row) {
                     return DeviceProtection{row.text(0), row.text(1), row.integer(2), row.boolean(3)};
                   });
  });
}

}  // namespace duheng::platform
