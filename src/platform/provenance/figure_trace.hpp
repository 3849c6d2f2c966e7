#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "platform/provenance/provenance.hpp"
#include "store/consumption/consumption.hpp"
#include "store/journal/journal.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::platform {

/// What proves one journal record: its place on the disk and every hash, computed again when asked for.
struct RecordProof {
  std::uint64_t record_number = 0;
  store::JournalRecordType type = store::JournalRecordType::batch;
  GatewayId gateway;
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;
  std::int64_t journalled_utc_ms = 0;
  crypto::Hash256 hash{};           ///< as the record states it
  crypto::Hash256 previous_hash{};  ///< of the batch before it in the same epoch
  bool hash_holds = false;          ///< computed again over the body
  store::EntryPlace place;
  [[nodiscard]] bool verified() const noexcept { return hash_holds && place.hash_holds && place.authentic; }
};
/// Errors: not_found - removed by retention; otherwise as Journal::read().
[[nodiscard]] Result<RecordProof> prove_record(const store::Journal& journal, std::uint64_t number);

/// A frame with the proof of its record.
struct TracedFrame {
  Provenance frame;
  RecordProof proof;
  [[nodiscard]] bool verified() const noexcept { return proof.verified(); }
};
/// Errors: as trace().
[[nodiscard]] Result<TracedFrame> trace_frame(const store::Journal& journal, FrameReference reference);

/// A journal record of edits, with the proof of it: who changed what, when, why, from what to what.
struct TracedEdits {
  std::vector<Edit> edits;
  RecordProof proof;
  [[nodiscard]] bool verified() const noexcept { return proof.verified(); }
};
/// Errors: not_found - no such record, or it holds frames; otherwise as Journal::read().
[[nodiscard]] Result<TracedEdits> trace_edits(const store::Journal& journal, std::uint64_t record_number);

/// The series of a device's register: of several (another exponent, say) the one heard of last. `gateway` may be left
/// out when one gateway only has sent the device. Errors: not_found; invalid_argument - several gateways, named in the
/// message.
[[nodiscard]] Result<store::Series> find_series(const store::TelemetryStore& telemetry,
                                                std::optional<GatewayId> gateway, std::string_view device_uid,
                                                std::string_view register_name);

/// A series and who sends it. Errors: not_found.
[[nodiscard]] Result<std::pair<store::Source, store::Series>> describe_series(const store::TelemetryStore& telemetry,
                                                                              SeriesId id);

/// One thing that was ever said about a value: a reading with its frame, or an edit with its record.
struct TracedVersion {
  store::PointVersion version;
  std::optional<Provenance> frame;  ///< of a reading
  std::optional<RecordProof> proof;
  std::string missing;              ///< why frame or proof cannot be had, e.g. removed by retention; else empty
  std::int64_t frame_after_us = 0;  ///< how long it took from the reading to its frame
};

/// A value with everything that stands behind it.
struct TracedValue {
  store::Source source;
  store::Series series;
  std::int64_t time_utc_ms = 0;
  std::vector<TracedVersion> versions;  ///< in the order of their arrival
  [[nodiscard]] bool verified() const;
};
/// Errors: not_found - no such series, or nothing at that time; otherwise as TelemetryStore::versions().
[[nodiscard]] Result<TracedValue> trace_value(const store::Journal& journal, const store::TelemetryStore& telemetry,
                                              SeriesId series, std::int64_t time_utc_ms);

/// What a register counted in an interval, computed anew, and the values on which that stands.
struct TracedConsumption {
  store::Source source;
  store::Series series;
  store::ConsumptionInterval interval;
  store::Consumption consumption;
  std::vector<TracedValue> values;  ///< the value that it starts from and the one it ends with
  [[nodiscard]] bool verified() const;
};
/// Errors: as trace_value() and store::consumption().
[[nodiscard]] Result<TracedConsumption> trace_consumption(const store::Journal& journal,
                                                          const store::TelemetryStore& telemetry, SeriesId series,
                                                          store::ConsumptionInterval interval);

}  // namespace duheng::platform
