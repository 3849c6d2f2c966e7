#pragma once
// What gateways are to serve, in the records. Internal to this folder, and for other capabilities' transactions.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "model/field_plan.hpp"
#include "store/records/migration.hpp"

namespace duheng::platform {

/// How a device is reached, and from when to when it was.
struct DeviceConnection {
  DeviceId device{};
  GatewayId gateway{};
  std::string channel{};
  std::string uid{};
  std::string model{};
  std::string address{};
  std::int64_t from_utc_ms = 0;
  std::optional<std::int64_t> to_utc_ms{};
};

namespace plan_tables {

[[nodiscard]] records::Capability migrations();

/// The next version of a gateway's plan: to be called in every transaction that changes it.
[[nodiscard]] Result<void> changed(records::Transaction& t, GatewayId gateway, std::int64_t now_ms);
/// 0: nothing was ever planned.
[[nodiscard]] Result<std::uint64_t> version(records::Transaction& t, GatewayId gateway);
/// Afterwards the plan's version is above `version`: a platform that was set back to an older state must not number two
/// plans alike.
[[nodiscard]] Result<void> raise_version(records::Transaction& t, GatewayId gateway, std::uint64_t version);
[[nodiscard]] Result<FieldPlan> plan(records::Transaction& t, GatewayId gateway);

/// Errors: already_exists - the name.
[[nodiscard]] Result<void> insert_channel(records::Transaction& t, GatewayId gateway, const FieldChannel& channel,
                                          std::int64_t now_ms);
/// Errors: not_found.
[[nodiscard]] Result<void> delete_channel(records::Transaction& t, GatewayId gateway, std::string_view name);
[[nodiscard]] Result<std::vector<FieldChannel>> channels(records::Transaction& t, GatewayId gateway);
[[nodiscard]] Result<bool> has_channel(records::Transaction& t, GatewayId gateway, std::string_view name);
/// Devices on it now.
[[nodiscard]] Result<std::int64_t> devices_on(records::Transaction& t, GatewayId gateway, std::string_view channel);

/// Errors: already_exists - another device has that address on that channel.
[[nodiscard]] Result<void> insert_connection(records::Transaction& t, const DeviceConnection& connection);
/// The present one, if there is one.
[[nodiscard]] Result<std::optional<DeviceConnection>> connection(records::Transaction& t, DeviceId device);
/// The present ones by that channel, by device.
[[nodiscard]] Result<std::vector<DeviceConnection>> connections_on(records::Transaction& t, GatewayId gateway,
                                                                   std::string_view channel);
/// Whether a job that takes the whole line to another speed or parity is under way there.
[[nodiscard]] Result<bool> is_line_moving(records::Transaction& t, GatewayId gateway, std::string_view channel);
[[nodiscard]] Result<std::int64_t> connections_ever(records::Transaction& t, DeviceId device);
/// Ends the present one, if there is one.
[[nodiscard]] Result<void> end_connection(records::Transaction& t, DeviceId device, std::int64_t now_ms);

}  // namespace plan_tables
}  // namespace duheng::platform
