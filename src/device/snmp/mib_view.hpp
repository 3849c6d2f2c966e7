#pragma once
#include <map>
#include <set>

#include "codec/snmp/pdu.hpp"

namespace duheng::device {

/// The managed objects that an agent shows at one moment, in the order of their names.
struct MibView {
  std::map<snmp::ObjectId, snmp::Value> instances{};
  /// Objects without their instance: an instance missing below one of these is noSuchInstance, any other name
  /// noSuchObject. RFC 3416, 4.2.1.
  std::set<snmp::ObjectId> objects{};

  void put(const snmp::ObjectId& object, std::uint32_t instance, snmp::Value value);
  /// What GET says of a name.
  [[nodiscard]] snmp::Value get(const snmp::ObjectId& name) const;
  /// What GETNEXT says of a name: the next instance, or the name itself with endOfMibView.
  [[nodiscard]] snmp::Binding next(const snmp::ObjectId& name) const;
};

}  // namespace duheng::device
