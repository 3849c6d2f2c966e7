#pragma once
#include <functional>
#include <map>

#include "base/clock.hpp"
#include "device/carrier/virtual_carrier_module.hpp"
#include "device/ledger/ledger.hpp"
#include "link/event_loop.hpp"

namespace duheng::device {

/// A carrier module at the end of a fleet's line; its meters' answers are proven each by itself. Internal to this
/// folder.
class CarrierEnd {
 public:
  struct Surroundings {
    link::EventLoop& loop;
    const Clock& clock;
    LedgerWriter& ledger;
    /// What came of writing an answer into the ledger: false keeps the meter silent.
    std::function<bool(const Result<void>&)> note_outcome;
    /// Writes down what a meter said unasked.
    std::function<Result<void>(const BusAnswer&)> enter;
  };
  CarrierEnd(Surroundings around, DeviceBus& bus, const CarrierModuleOptions& options,
             std::function<void(ByteView)> send);
  CarrierEnd(const CarrierEnd&) = delete;
  CarrierEnd& operator=(const CarrierEnd&) = delete;

  void octets(ByteView said);
  /// The master went away.
  void cut() { module_.cut(); }
  void push_reports() { module_.push_reports(around_.clock.utc_ms()); }

 private:
  [[nodiscard]] LedgerTrail& trail_of(const gdw13762::NodeAddress& node) {
    return trails_.try_emplace(node, around_.ledger).first->second;
  }
  void work();

  Surroundings around_;
  std::map<gdw13762::NodeAddress, LedgerTrail> trails_;
  VirtualCarrierModule module_;
  link::Timer due_;
};

}  // namespace duheng::device
