#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "uplink/messages.hpp"

namespace duheng::uplink {

/// Where the uplink takes batches from: the gateway's spool. Called from the uplink's thread; the owner makes it safe
/// beside its own.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  /// Every epoch still held, oldest first; the last one is being written. Durable batches only.
  [[nodiscard]] virtual std::vector<EpochRange> epochs() const = 0;
  /// A durable batch, its chain hashes as they were made when it was spooled.
  /// Errors: not_found - removed, or not written yet; storage_corrupt - the sender stops this epoch; storage_failed,
  /// key_missing - the sender tries again later.
  [[nodiscard]] virtual Result<Batch> read(std::uint64_t epoch, std::uint64_t sequence) const = 0;
  /// What the platform holds of an epoch, absolutely: it may also go back, when a platform was restored from an older
  /// copy. Everything from `next_sequence` on must then be kept again. What is below may be removed once it is also
  /// below `backed_up_sequence` and old enough.
  virtual void acknowledged(const EpochPosition& position) = 0;
  /// The sender sends nothing more of this epoch: the platform holds other content for it, it is damaged, or its
  /// batches are not acceptable. Its data are to be kept for an operator. When it is the epoch being written, the
  /// owner should start a new one, so that new readings go on arriving.
  virtual void epoch_stopped(std::uint64_t epoch, std::string_view reason) = 0;
};

}  // namespace duheng::uplink
