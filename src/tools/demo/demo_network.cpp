#include "tools/demo/demo_network.hpp"

#include <algorithm>

#include "base/config.hpp"
#include "platform/equipment/equipment.hpp"
#include "tools/demo/demo_world.hpp"
#include "tools/demo/mixed_world.hpp"

namespace duheng::tools {
namespace {

using platform::Attachment;
using platform::Scope;

constexpr std::string_view switch_model = "snmp-switch";
constexpr std::size_t first_port = 2;  // 1 is the uplink; see device/snmp

struct Found {
  DeviceId watcher{};  ///< the device by which the switch is supervised
  GatewayId gateway{};
  OrganisationId organisation{};
  std::vector<Attachment> attached;
};

Result<Found> find_devices(platform::PlatformRecords& records, const std::string& devices_yaml_path) {
  DUHENG_TRY(const auto file, ConfigFile::load(devices_yaml_path, 64U << 20));
  const auto carried = switch_carries();
  Found out;
  for (const auto& node : file.root().items("devices")) {
    const bool is_switch = node.text("model") == switch_model;
    const auto place = std::ranges::find(carried, node.text("channel"));
    if (!is_switch && place == carried.end()) continue;
    DUHENG_TRY(const auto device, records.devices().find_by_uid(Scope::everything(), node.text("uid")));
    if (!device) continue;
    if (is_switch) {
      out.watcher = device->id;
      out.gateway = device->details.gateway;
      out.organisation = device->details.organisation;
      continue;
    }
    Attachment one;
    one.port = std::to_string(first_port + static_cast<std::size_t>(place - carried.begin()));
    one.kind = Attachment::Kind::device;
    one.device = device->id;
    out.attached.push_back(std::move(one));
  }
  return out;
}

}  // namespace

Result<void> enter_demo_network(platform::PlatformRecords& records, const Clock& clock,
                                const std::string& devices_yaml_path) {
  DUHENG_TRY(const Found found, find_devices(records, devices_yaml_path));
  if (!found.watcher) return {};
  platform::Author author;
  author.name = "duheng demo";
  author.role = platform::Role::admin;
  author.scope = Scope::everything();
  platform::EquipmentLedger ledger(records.database(), clock);
  platform::EquipmentDetails details;
  details.organisation = found.organisation;
  details.name = "1 号楼弱电间交换机";
  details.maker = "Duheng";
  details.model = "virtual switch";
  details.address = "127.0.0.1";
  details.gateway = found.gateway;
  const auto made = ledger.create(author, details);
  if (!made && made.error().code == ErrorCode::already_exists) return {};
  if (!made) return std::unexpected(made.error());
  DUHENG_CHECK(ledger.attach(author, *made, found.attached));
  platform::EquipmentCheck check;
  check.equipment = *made;
  check.device = found.watcher;
  check.kind = "snmp";
  return ledger.set_checks(author, *made, {check});
}

}  // namespace duheng::tools
