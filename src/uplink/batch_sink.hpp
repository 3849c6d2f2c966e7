#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "base/ids.hpp"
#include "uplink/messages.hpp"

namespace duheng::uplink {

/// Tells sessions apart, so that answers reach the one that asked. Never reused within a process.
using SessionId = StrongId<struct SessionTag>;

/// Where the platform's end puts batches. Thread-safe.
class BatchSink {
 public:
  virtual ~BatchSink() = default;

  struct Queued {};  ///< the answer comes later, through UplinkReceiver::committed() or refused()
  struct Full {};    ///< no room: stop reading from the stream and offer the same batch again later
  /// A known batch came again: acknowledge the position (again).
  struct Duplicate {
    EpochPosition position{};
  };
  using Offered = std::variant<Queued, Full, Duplicate, Refusal>;

  /// What is held of each epoch; of epochs never seen, sequence 0. `ranges` also says what the gateway no longer holds:
  /// when that is more than is held here, the missing part is recorded as lost once the next batch comes.
  [[nodiscard]] virtual std::vector<EpochPosition> positions(GatewayId gateway, std::span<const EpochRange> ranges) = 0;
  [[nodiscard]] virtual Offered offer(GatewayId gateway, SessionId session, const Batch& batch) = 0;
};

}  // namespace duheng::uplink
