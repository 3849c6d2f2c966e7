#include "platform/equipment/equipment_supervision.hpp"

#include <fmt/format.h>

#include "base/time.hpp"

namespace duheng::platform {
namespace {

constexpr std::uint16_t echo_port = 7;  // a gateway takes a UDP channel to it as ICMP echo; see src/link/icmp.hpp

}  // namespace

Checked<DeviceId> EquipmentSupervision::add(const Author& author, const Equipment& equipment, std::string_view kind,
                                            const std::string& model, const std::string& address, std::uint16_t port) {
  // A supervision begun again makes devices anew: what the former ones read stays theirs.
  const std::string name =
      fmt::format("equipment-{}-{}-{}", equipment.id.value, kind, onboarding_.clock().utc_ms() / 1'000);
  NewDevice device;
  device.uid = name;
  device.name = fmt::format("{} ({})", equipment.details.name, kind).substr(0, 200);
  device.address = address;
  device.model = model;
  device.gateway = equipment.details.gateway;
  device.channel = name;
  device.new_channel = FieldChannel{name, FieldUdp{equipment.details.address, port}};
  device.organisation = equipment.details.organisation;
  device.site = equipment.details.site;
  return onboarding_.add(author, device);
}

Checked<void> EquipmentSupervision::begin(const Author& author, EquipmentId id, const Supervision& how) {
  const auto equipment = ledger_.get(author.scope, id);
  if (!equipment) return fault("", equipment.error());
  if (!equipment->details.gateway)
    return fault("gateway", ErrorCode::invalid_argument, "say first which gateway supervises it");
  if (equipment->details.address.empty())
    return fault("address", ErrorCode::invalid_argument, "it has no address to be asked at");
  if (!how.ping && !how.snmp) return fault("ping", ErrorCode::invalid_argument, "ping, SNMP, or both");
  const auto present = ledger_.checks(author.scope, id);
  if (!present) return fault("", present.error());
  if (!present->empty()) return fault("", ErrorCode::conflict, "it is supervised already: end that first");
  std::vector<EquipmentCheck> checks;
  if (how.snmp) {
    const auto made = add(author, *equipment, "snmp", how.snmp_model, how.snmp_credential, how.snmp_port);
    if (!made) return std::unexpected(made.error());
    checks.push_back({id, *made, "snmp", {}, {}, 0});
  }
  if (how.ping) {
    const auto made = add(author, *equipment, "ping", "icmp-echo", "echo", echo_port);
    if (!made) {
      for (const auto& check : checks) static_cast<void>(onboarding_.retire(author, check.device));
      return std::unexpected(made.error());
    }
    checks.push_back({id, *made, "ping", {}, {}, 0});
  }
  if (const auto stored = ledger_.set_checks(author, id, checks); !stored) return fault("", stored.error());
  return {};
}

Result<void> EquipmentSupervision::end(const Author& author, EquipmentId id) {
  DUHENG_TRY(const auto checks, ledger_.checks(author.scope, id));
  for (const auto& check : checks) DUHENG_CHECK(onboarding_.retire(author, check.device));
  return ledger_.set_checks(author, id, {});
}

}  // namespace duheng::platform
