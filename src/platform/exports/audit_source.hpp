#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "platform/provenance/figure_trace.hpp"
#include "store/journal/journal.hpp"
#include "store/telemetry/telemetry_store.hpp"

namespace duheng::platform {

/// One file of the journal as far as an audit needs it.
struct AuditedSegment {
  std::string file{};
  std::uint64_t first_number = 0;
  std::uint64_t next_number = 0;
  std::uint64_t size_bytes = 0;
  bool closed = false;
  crypto::Hash256 hash{};  ///< of its last block, which is bound to all before it
  bool hash_holds = false;
};

/// What an audit export tells besides the operation log: each edit with what proves it, and the journal's hashes.
class AuditSource {
 public:
  virtual ~AuditSource() = default;
  /// Edits made in a time and journalled before `as_of_record`, by journal record, series and time of the value: the
  /// same question is always answered the same.
  [[nodiscard]] virtual std::vector<Edit> edits(store::TimeRange made, std::uint64_t as_of_record) const = 0;
  /// As prove_record().
  [[nodiscard]] virtual Result<RecordProof> prove(std::uint64_t record_number) const = 0;
  /// Segments that hold records before `as_of_record`, oldest first. Errors: as Journal::place_of().
  [[nodiscard]] virtual Result<std::vector<AuditedSegment>> segments(std::uint64_t as_of_record) const = 0;
};

class JournalAuditSource final : public AuditSource {
 public:
  JournalAuditSource(const store::Journal& journal, const store::TelemetryStore& telemetry)
      : journal_(journal), telemetry_(telemetry) {}
  [[nodiscard]] std::vector<Edit> edits(store::TimeRange made, std::uint64_t as_of_record) const override;
  [[nodiscard]] Result<RecordProof> prove(std::uint64_t record_number) const override;
  [[nodiscard]] Result<std::vector<AuditedSegment>> segments(std::uint64_t as_of_record) const override;

 private:
  const store::Journal& journal_;
  const store::TelemetryStore& telemetry_;
};

}  // namespace duheng::platform
