#include "platform/equipment/equipment_topology.hpp"

namespace duheng::platform {
namespace {

using alarms::Subject;
using alarms::SubjectKind;
using Parents = std::map<Subject, Subject>;

Subject subject_of(const Attachment& what) {
  switch (what.kind) {
    case Attachment::Kind::gateway:
      return EquipmentTopology::subject(what.gateway);
    case Attachment::Kind::channel:
      return EquipmentTopology::subject(what.gateway, what.channel);
    case Attachment::Kind::device:
      break;
  }
  return EquipmentTopology::subject(what.device);
}

/// The equipment whose port it is; nothing: it is no port.
std::optional<Subject> owner_of_port(const Subject& subject) {
  const std::size_t cut = subject.kind == SubjectKind::equipment ? subject.id.find('/') : std::string::npos;
  if (cut == std::string::npos) return std::nullopt;
  return Subject{SubjectKind::equipment, subject.id.substr(0, cut)};
}

/// Whether `ancestor` lies above `subject`.
bool is_above(const Parents& parents, const Subject& ancestor, Subject subject) {
  for (int depth = 0; depth < 2 * EquipmentLedger::depth_max + 4; ++depth) {
    const auto found = parents.find(subject);
    if (found == parents.end()) return false;
    if (found->second == ancestor) return true;
    subject = found->second;
  }
  return false;
}

}  // namespace

Subject EquipmentTopology::subject(EquipmentId id) { return {SubjectKind::equipment, std::to_string(id.value)}; }
Subject EquipmentTopology::subject(EquipmentId id, std::uint32_t port) {
  return {SubjectKind::equipment, std::to_string(id.value) + "/" + std::to_string(port)};
}
Subject EquipmentTopology::subject(DeviceId id) { return {SubjectKind::device, std::to_string(id.value)}; }
Subject EquipmentTopology::subject(GatewayId id) { return {SubjectKind::gateway, std::to_string(id.value)}; }
Subject EquipmentTopology::subject(GatewayId gateway, const std::string& channel) {
  return {SubjectKind::channel, std::to_string(gateway.value) + "/" + channel};
}

void EquipmentTopology::update(const EquipmentPicture& picture) {
  auto next = std::make_shared<State>();
  for (const auto& each : picture.on_channels)
    next->parents.emplace(subject(each.device), subject(each.gateway, each.channel));
  for (const auto& link : picture.links) {
    const auto port = port_number(link.what.port);
    const Subject above = port ? subject(link.equipment, *port) : subject(link.equipment);
    next->parents.insert_or_assign(subject_of(link.what), above);
    if (port) next->parents.insert_or_assign(above, subject(link.equipment));
  }
  // The device by which it is supervised is silent when it is: that says nothing new.
  for (const auto& check : picture.checks)
    next->parents.insert_or_assign(subject(check.device), subject(check.equipment));
  for (const auto& node : picture.nodes) {
    next->organisations.emplace(subject(node.id), node.organisation.value);
    if (node.parent) next->parents.emplace(subject(node.id), subject(node.parent));
  }
  // What has no uplink is reached from its gateway, unless the gateway itself hangs on it.
  for (const auto& node : picture.nodes) {
    if (node.parent || !node.gateway || is_above(next->parents, subject(node.id), subject(node.gateway))) continue;
    next->parents.emplace(subject(node.id), subject(node.gateway));
  }
  const std::lock_guard lock(mutex_);
  state_ = std::move(next);
}

std::shared_ptr<const EquipmentTopology::State> EquipmentTopology::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::optional<Subject> EquipmentTopology::parent(const Subject& subject) const {
  const auto known = state();
  const auto found = known->parents.find(subject);
  // Also a port on which nothing hangs.
  if (const auto owner = owner_of_port(subject); owner && found == known->parents.end()) return owner;
  return found == known->parents.end() ? below_.parent(subject) : std::optional(found->second);
}

std::int64_t EquipmentTopology::organisation(const Subject& subject) const {
  const auto known = state();
  const auto found = known->organisations.find(owner_of_port(subject).value_or(subject));
  return found == known->organisations.end() ? below_.organisation(subject) : found->second;
}

}  // namespace duheng::platform
