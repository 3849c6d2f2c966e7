#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "crypto/hash.hpp"

namespace duheng::store {

/// Stored: append, never renumber.
enum class JournalRecordType : std::uint8_t {
  batch = 1,             ///< accepted: its frames and readings are part of the truth
  refused_evidence = 2,  ///< kept because of what it says about its sender, e.g. the same offset with another hash
  edits = 3,             ///< the platform's own: what people and rules said about values (model/edit.hpp)
};

namespace journal_limits {
inline constexpr std::size_t reason_bytes_max = 1024;
inline constexpr std::size_t body_bytes_max = 8U << 20;
}  // namespace journal_limits

/// One record of the journal. Records that the platform makes itself (edits) belong to no gateway's chain: gateway,
/// epoch and sequence are 0, `hash` is the SHA-256 of the body, `previous_hash` is empty; what chains them is the
/// journal's own block chain. Reason and body are views: into the caller's memory when committed, into the entry when
/// read.
struct JournalRecord {
  JournalRecordType type = JournalRecordType::batch;
  GatewayId gateway;
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;
  crypto::Hash256 hash{};            ///< of this batch, as the sender and the platform computed it
  crypto::Hash256 previous_hash{};   ///< of the batch before it in the same epoch
  std::int64_t received_utc_ms = 0;  ///< platform's clock
  std::string_view reason;           ///< of refused evidence
  ByteView body;                     ///< the batch, octet for octet as the gateway made it
};

/// The record that journals edits (model/edit.hpp, encode_edits()); `body` must outlive it.
[[nodiscard]] JournalRecord edits_record(ByteView body, std::int64_t now_utc_ms);

/// Layout, version 1: u8 version · u8 type · zigzag gateway · u64 epoch · u64 sequence · 32 hash · 32 previous hash ·
/// u64 received · v length + reason · body up to the end.
/// Errors: limit_exceeded - the reason or the body is too long.
[[nodiscard]] Result<Bytes> encode_record(const JournalRecord& record);
/// The views of the result point into `bytes`. Errors: malformed; unsupported - a later version.
[[nodiscard]] Result<JournalRecord> parse_record(ByteView bytes);

/// How far the journal has a gateway's epoch.
struct SourcePosition {
  GatewayId gateway;
  std::uint64_t epoch = 0;
  std::uint64_t next_sequence = 0;  ///< of the batch expected next
  crypto::Hash256 last_hash{};      ///< what that batch must name as its previous hash
  std::int64_t last_received_utc_ms = 0;
  friend bool operator==(const SourcePosition&, const SourcePosition&) = default;
};

[[nodiscard]] Bytes encode_positions(const std::vector<SourcePosition>& positions);
/// Errors: malformed, unsupported.
[[nodiscard]] Result<std::vector<SourcePosition>> parse_positions(ByteView bytes);

}  // namespace duheng::store
