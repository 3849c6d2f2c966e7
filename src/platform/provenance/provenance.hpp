#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codec/common/explained_field.hpp"
#include "crypto/hash.hpp"
#include "store/journal/journal.hpp"

namespace duheng::platform {

/// One value that was read out of a frame.
struct ProvenReading {
  std::string register_name{};
  std::string unit{};
  std::int8_t exponent = 0;
  SeriesKind kind = SeriesKind::decimal;
  std::int64_t mantissa = 0;
  std::int64_t time_utc_ms = 0;
  TimeSource time_source = TimeSource::gateway;
  Quality quality = Quality::good;
};

/// Where a value comes from: the frame's octets with every field explained, who sent it, when it went which part of its
/// way, and what proves that it was not changed since.
struct Provenance {
  FrameReference reference{};
  GatewayId gateway{};
  std::string device_uid{};
  Protocol protocol = Protocol::unknown;
  std::int64_t sent_utc_ms = 0;        ///< gateway's clock; 0 when the device spoke unasked
  std::int64_t received_utc_ms = 0;    ///< gateway's clock
  std::int64_t spooled_utc_ms = 0;     ///< gateway's clock: when the batch was begun
  std::int64_t journalled_utc_ms = 0;  ///< platform's clock
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;
  crypto::Hash256 batch_hash{};
  crypto::Hash256 previous_hash{};
  bool hash_holds = false;  ///< computed again now over what is stored
  Bytes request{};
  Bytes response{};
  std::vector<codec::ExplainedField> request_fields{};
  std::vector<codec::ExplainedField> response_fields{};
  std::vector<ProvenReading> readings{};
};

/// A frame's octets, every field explained; nothing for no octets. `is_request`: what was asked, not what was answered.
[[nodiscard]] std::vector<codec::ExplainedField> explain_frame(Protocol protocol, ByteView octets, bool is_request);

/// Follows a value's frame reference back. Thread-safe. Errors: not_found - no such frame, or removed by retention;
/// otherwise as Journal::frame().
[[nodiscard]] Result<Provenance> trace(const store::Journal& journal, FrameReference reference);

}  // namespace duheng::platform
