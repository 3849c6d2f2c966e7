#include "device/snmp/mib_view.hpp"

#include <algorithm>

namespace duheng::device {

void MibView::put(const snmp::ObjectId& object, std::uint32_t instance, snmp::Value value) {
  objects.insert(object);
  snmp::ObjectId name = object;
  name.parts.push_back(instance);
  instances.insert_or_assign(std::move(name), std::move(value));
}

snmp::Value MibView::get(const snmp::ObjectId& name) const {
  const auto found = instances.find(name);
  if (found != instances.end()) return found->second;
  const bool is_known = std::ranges::any_of(objects, [&](const snmp::ObjectId& object) {
    return name.parts.size() > object.parts.size() && name.is_within(object);
  });
  return {is_known ? snmp::tag::no_such_instance : snmp::tag::no_such_object, {}};
}

snmp::Binding MibView::next(const snmp::ObjectId& name) const {
  const auto found = instances.upper_bound(name);
  if (found == instances.end()) return {name, {snmp::tag::end_of_mib_view, {}}};
  return {found->first, found->second};
}

}  // namespace duheng::device
