#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "crypto/hash.hpp"

namespace duheng::uplink {

/// The only version of the session protocol so far (api/duheng/uplink/v1/uplink.proto).
inline constexpr std::uint32_t protocol_version = 1;

/// The messages of a session, free of any wire library. Their meaning is told in uplink.proto.
struct EpochRange {
  std::uint64_t epoch = 0;
  std::uint64_t first_sequence = 0;  ///< oldest batch still held
  std::uint64_t next_sequence = 0;   ///< number the next new batch will get
  friend bool operator==(const EpochRange&, const EpochRange&) = default;
};

struct Hello {
  std::uint32_t version = protocol_version;
  std::string software_version{};
  std::vector<EpochRange> epochs{};  ///< oldest first; the last one is being written
  std::int64_t gateway_utc_ms = 0;
};

/// One batch on its way. `body` stays valid as long as `owner` (or a copy of this) lives, so that nothing is copied.
struct Batch {
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;
  crypto::Hash256 previous_hash{};
  crypto::Hash256 hash{};
  ByteView body{};
  std::shared_ptr<const void> owner{};
};

struct GatewayStatus {
  std::int64_t gateway_utc_ms = 0;
  std::uint64_t spooled_batches = 0;
  std::uint64_t spooled_bytes = 0;
  std::uint64_t spool_free_bytes = 0;
  std::uint32_t channels_open = 0;
  std::uint32_t devices_configured = 0;
  std::uint32_t devices_answering = 0;
  std::uint64_t frames_bad = 0;
  double autonomy_hours = 0;
};

/// What the platform holds of one epoch.
struct EpochPosition {
  std::uint64_t epoch = 0;
  std::uint64_t next_sequence = 0;       ///< everything below is committed
  std::uint64_t backed_up_sequence = 0;  ///< everything below has passed the backup watermark
  crypto::Hash256 last_hash{};           ///< of batch next_sequence - 1; zeros when next_sequence is 0
  friend bool operator==(const EpochPosition&, const EpochPosition&) = default;
};

struct Welcome {
  std::uint32_t version = protocol_version;
  GatewayId gateway{};
  std::vector<EpochPosition> positions{};
  std::uint32_t window_batches = 0;
  std::uint64_t window_bytes = 0;
  std::uint64_t batch_bytes_max = 0;
  std::int64_t platform_utc_ms = 0;
};

struct Acknowledgement {
  EpochPosition position{};
};

/// Numbered as in uplink.proto.
enum class RefusalCode : std::uint8_t {
  unspecified = 0,
  malformed = 1,
  too_large = 2,
  hash_conflict = 3,
  gap = 4,
  throttled = 5,
  storage_full = 6,
  version = 7,
};
[[nodiscard]] std::string_view to_string(RefusalCode code) noexcept;

struct Refusal {
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;
  RefusalCode code = RefusalCode::unspecified;
  std::string message{};
  std::uint64_t retry_after_ms = 0;
};

using SessionRequest = std::variant<Hello, Batch, GatewayStatus>;
using SessionResponse = std::variant<Welcome, Acknowledgement, Refusal>;

/// SHA-256(previous_hash | epoch u64 LE | sequence u64 LE | body): what links batches of one epoch. The chain starts
/// with 32 zero octets.
[[nodiscard]] crypto::Hash256 batch_hash(const crypto::Hash256& previous_hash, std::uint64_t epoch,
                                         std::uint64_t sequence, ByteView body);

}  // namespace duheng::uplink
