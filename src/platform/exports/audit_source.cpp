#include "platform/exports/audit_source.hpp"

#include <algorithm>
#include <tuple>

namespace duheng::platform {

std::vector<Edit> JournalAuditSource::edits(store::TimeRange made, std::uint64_t as_of_record) const {
  std::vector<Edit> out;
  for (const store::Source& source : telemetry_.sources()) {
    for (const store::Series& series : telemetry_.series_of(source.id)) {
      for (Edit& edit : telemetry_.edits(series.id, {INT64_MIN, INT64_MAX})) {
        if (edit.made_utc_ms < made.from_utc_ms || edit.made_utc_ms >= made.to_utc_ms) continue;
        if (edit.record_number < as_of_record) out.push_back(std::move(edit));
      }
    }
  }
  const auto place = [](const Edit& edit) {
    return std::tie(edit.record_number, edit.gateway.value, edit.device_uid, edit.register_name, edit.time_utc_ms);
  };
  std::ranges::sort(out, [&](const Edit& a, const Edit& b) { return place(a) < place(b); });
  return out;
}

Result<RecordProof> JournalAuditSource::prove(std::uint64_t record_number) const {
  return prove_record(journal_, record_number);
}

Result<std::vector<AuditedSegment>> JournalAuditSource::segments(std::uint64_t as_of_record) const {
  std::vector<AuditedSegment> out;
  for (const store::SegmentInfo& segment : journal_.segments()) {
    if (segment.first_number >= as_of_record || segment.next_number <= segment.first_number) continue;
    // Of the one still being written: as far as the audit goes.
    const std::uint64_t next = segment.closed ? segment.next_number : std::min(segment.next_number, as_of_record);
    const auto place = journal_.place_of(next - 1);
    if (!place && place.error().code == ErrorCode::not_found) continue;  // removed by retention meanwhile
    if (!place) return std::unexpected(place.error());
    out.push_back({segment.path.substr(segment.path.rfind('/') + 1), segment.first_number,
                   place->block_first_number + place->block_entries, segment.size_bytes, segment.closed,
                   place->block_hash, place->hash_holds && place->authentic});
  }
  return out;
}

}  // namespace duheng::platform
