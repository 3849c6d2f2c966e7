#include "platform/alarms/combined_topology.hpp"

#include <algorithm>

namespace duheng::platform::alarms {

void CombinedTopology::add(const Topology& topology) {
  std::lock_guard lock{mutex_};
  topologies_.push_back(&topology);
}

void CombinedTopology::add_first(const Topology& topology) {
  std::lock_guard lock{mutex_};
  topologies_.insert(topologies_.begin(), &topology);
}

void CombinedTopology::remove(const Topology& topology) {
  std::lock_guard lock{mutex_};
  std::erase(topologies_, &topology);
}

std::optional<Subject> CombinedTopology::parent(const Subject& subject) const {
  std::lock_guard lock{mutex_};
  for (const Topology* const one : topologies_) {
    if (auto parent = one->parent(subject)) return parent;
  }
  return std::nullopt;
}

std::int64_t CombinedTopology::organisation(const Subject& subject) const {
  std::lock_guard lock{mutex_};
  for (const Topology* const one : topologies_) {
    if (const std::int64_t organisation = one->organisation(subject); organisation != 0) return organisation;
  }
  return 0;
}

}  // namespace duheng::platform::alarms
