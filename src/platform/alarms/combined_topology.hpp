#pragma once
#include <mutex>
#include <vector>

#include "platform/alarms/topology.hpp"

namespace duheng::platform::alarms {

/// Asks several, in the order in which they were added; the first that knows answers. Thread-safe.
class CombinedTopology final : public Topology {
 public:
  /// `topology` outlives this, or is removed before it goes.
  void add(const Topology& topology);
  /// The same, to be asked before all that are there already: for who knows more of the same things.
  void add_first(const Topology& topology);
  void remove(const Topology& topology);
  [[nodiscard]] std::optional<Subject> parent(const Subject& subject) const override;
  [[nodiscard]] std::int64_t organisation(const Subject& subject) const override;

 private:
  mutable std::mutex mutex_;
  std::vector<const Topology*> topologies_;
};

}  // namespace duheng::platform::alarms
