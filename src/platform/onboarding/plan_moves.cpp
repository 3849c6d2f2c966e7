#include "platform/onboarding/plan_moves.hpp"

#include <array>
#include <fmt/format.h>

#include "drivers/models/device_model.hpp"
#include "platform/orders/operation_log.hpp"

namespace duheng::platform {
namespace {

using records::Transaction;

std::optional<drivers::NewPlace> place_after(const drivers::DeviceModel& model, std::string_view command,
                                             std::span<const OrderArgument> arguments) {
  const auto* found = drivers::find_command(model, command);
  if (found == nullptr || !found->operation) return std::nullopt;
  drivers::OperationInputs inputs;
  for (const auto& argument : arguments) inputs.arguments.emplace(argument.name, argument.value);
  return found->operation->moves_to(inputs);
}

/// Returns whether anything has changed.
Result<bool> follow_address(Transaction& t, DeviceConnection connection, const std::string& address,
                            std::int64_t now_ms) {
  if (address.empty() || connection.address == address) return false;
  DUHENG_CHECK(plan_tables::end_connection(t, connection.device, now_ms));
  connection.address = address;
  connection.from_utc_ms = now_ms;
  DUHENG_CHECK(plan_tables::insert_connection(t, connection));
  DUHENG_CHECK(t.execute("UPDATE devices SET address = ?2 WHERE id = ?1", {connection.device, address}));
  return true;
}

/// Of a line that is somebody else's the plan holds neither speed nor parity.
Result<bool> follow_line(Transaction& t, const DeviceConnection& connection, const drivers::LineFormat& format) {
  std::size_t changed = 0;
  if (format.baud != 0) {
    DUHENG_TRY(const auto rows, t.execute("UPDATE gateway_channels SET baud = ?3 WHERE gateway_id = ?1 AND name = ?2"
                                          " AND kind = 'serial' AND baud <> ?3",
                                          {connection.gateway, connection.channel, format.baud}));
    changed += static_cast<std::size_t>(rows);
  }
  if (format.parity) {
    DUHENG_TRY(const auto rows,
               t.execute("UPDATE gateway_channels SET parity = ?3 WHERE gateway_id = ?1 AND name = ?2"
                         " AND kind = 'serial' AND parity <> ?3",
                         {connection.gateway, connection.channel, static_cast<std::int64_t>(*format.parity)}));
    changed += static_cast<std::size_t>(rows);
  }
  return changed > 0;
}

std::string words_of(const drivers::LineFormat& format) {
  constexpr std::array<std::string_view, 3> parities{"no parity", "even parity", "odd parity"};
  if (format.parity) return std::string(parities.at(static_cast<std::size_t>(*format.parity)));
  return fmt::format("{} bit/s", format.baud);
}

}  // namespace

Result<GatewayId> PlanMoves::command_done(Transaction& t, DeviceId device, std::string_view command,
                                          std::span<const OrderArgument> arguments) {
  DUHENG_TRY(const auto connection, plan_tables::connection(t, device));
  if (!connection) return GatewayId{};
  const auto model = models_->find(connection->model);
  if (!model) return GatewayId{};
  const auto place = place_after(*model, command, arguments);
  if (!place) return GatewayId{};
  std::string address;
  if (!place->address.empty()) {
    DUHENG_TRY(const auto known, model->driver->address(place->address, model->address_digits));
    address = model->driver->address_text(known);
  }
  const std::int64_t now_ms = clock_.utc_ms();
  DUHENG_TRY(const bool line_changed, follow_line(t, *connection, place->format()));
  DUHENG_TRY(const bool address_changed, follow_address(t, *connection, address, now_ms));
  if (!line_changed && !address_changed) return GatewayId{};
  DUHENG_CHECK(plan_tables::changed(t, connection->gateway, now_ms));
  OperationEntry entry;
  entry.at_utc_ms = now_ms;
  entry.name = "platform";
  entry.action = "change_connection";
  entry.device = device;
  entry.outcome = "ok";
  entry.detail = address_changed
                     ? fmt::format("{}: {} is {} now", command, connection->address, address)
                     : fmt::format("{}: channel '{}' at {}", command, connection->channel, words_of(place->format()));
  DUHENG_CHECK(write_operation(t, entry));
  return connection->gateway;
}

Result<std::vector<JobTarget>> PlanMoves::line_of(Transaction& t, DeviceId device) {
  DUHENG_TRY(const auto connection, plan_tables::connection(t, device));
  if (!connection) return std::vector<JobTarget>{};
  DUHENG_TRY(const bool is_line, plan_tables::has_channel(t, connection->gateway, connection->channel));
  if (!is_line) return std::vector<JobTarget>{};  // of the gateway's own file, or where devices call in
  DUHENG_TRY(const auto on_it, plan_tables::connections_on(t, connection->gateway, connection->channel));
  std::vector<JobTarget> out;
  for (const auto& each : on_it) out.push_back({each.device, each.gateway, each.uid, each.model});
  return out;
}

void PlanMoves::plan_changed(GatewayId gateway) {
  devices_.changed_elsewhere();
  plans_.plan_changed(gateway);
}

}  // namespace duheng::platform
