// The parts of an audit: the operation log with its chain, edits with what proves them, the journal's hashes.
#include <algorithm>

#include "platform/exports/export_run.hpp"

namespace duheng::platform {

using records::Transaction;

namespace {

/// Stored with an export's position: append, never renumber.
enum class AuditPart : std::uint8_t { operations = 0, edits = 1, segments = 2 };

struct OperationsPage {
  std::optional<crypto::Hash256> previous;
  std::vector<ChainedOperation> entries;
};

Result<OperationsPage> operations_page(Transaction& t, const store::TimeRange& range, std::int64_t after,
                                       std::int64_t rows_max) {
  OperationsPage out;
  DUHENG_TRY(const auto span, operations_between(t, range.from_utc_ms, range.to_utc_ms));
  if (!span) return out;
  const std::int64_t from = std::max(after, span->first - 1);
  DUHENG_TRY(const auto before, chained_operations(t, from - 1, from, 1));
  if (!before.empty()) out.previous = before.front().hash;
  if (from == 0) out.previous = crypto::Hash256{};
  DUHENG_TRY(out.entries, chained_operations(t, from, span->last, rows_max));
  return out;
}

}  // namespace

/// Some rows of the part whose turn it is. The position is, in the place of a time, the last operation told, how many
/// edits were told, or the segment to begin with.
Result<void> ExportService::gather_audit(Run& run, std::size_t rows_max, Bytes& out) {
  if (audit_ == nullptr) return fail(ErrorCode::unsupported, "nothing is audited here any more");
  switch (static_cast<AuditPart>(run.position.part)) {
    case AuditPart::operations:
      return gather_operations(run, rows_max, out);
    case AuditPart::edits:
      return gather_edits(run, rows_max, out);
    case AuditPart::segments:
      return gather_segments(run, out);
  }
  return fail(ErrorCode::internal, "an audit has no such part");
}

Result<void> ExportService::gather_operations(Run& run, std::size_t rows_max, Bytes& out) {
  DUHENG_TRY(OperationsPage page, database_.read([&](Transaction& t) {
    return operations_page(t, run.work.about.range, run.position.from_utc_ms, static_cast<std::int64_t>(rows_max));
  }));
  if (page.entries.empty()) {
    run.go_to_next_part();
    return {};
  }
  for (const ChainedOperation& entry : page.entries) {
    DUHENG_CHECK(run.writer->row(run.audit_rows.row(entry, page.previous), out));
    page.previous = entry.hash;
  }
  run.position.rows += page.entries.size();
  run.position.from_utc_ms = page.entries.back().entry.number;
  return {};
}

Result<void> ExportService::gather_edits(Run& run, std::size_t rows_max, Bytes& out) {
  const std::vector<Edit> edits = audit_->edits(run.work.about.range, run.work.as_of_record);
  const auto told = static_cast<std::size_t>(run.position.from_utc_ms);
  // Each record's block is read from the disk to be proved: small pieces let a cancel through.
  constexpr std::size_t edits_per_piece = 500;
  const std::size_t end = std::min(edits.size(), told + std::min(rows_max, edits_per_piece));
  std::optional<Result<RecordProof>> proof;
  std::uint64_t proved = 0;
  for (std::size_t i = told; i < end; ++i) {
    if (!proof || proved != edits[i].record_number) {
      proved = edits[i].record_number;
      proof.emplace(audit_->prove(proved));
    }
    DUHENG_CHECK(run.writer->row(run.audit_rows.row(edits[i], *proof), out));
    ++run.position.rows;
  }
  run.position.from_utc_ms = static_cast<std::int64_t>(end);
  if (end >= edits.size()) run.go_to_next_part();
  return {};
}

Result<void> ExportService::gather_segments(Run& run, Bytes& out) {
  DUHENG_TRY(const auto segments, audit_->segments(run.work.as_of_record));
  for (const AuditedSegment& segment : segments) {
    DUHENG_CHECK(run.writer->row(run.audit_rows.row(segment), out));
    ++run.position.rows;
  }
  run.go_to_next_part();
  return {};
}

}  // namespace duheng::platform
