#pragma once
// Internal to this folder.
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "platform/exports/audit_rows.hpp"
#include "platform/exports/bucket_rows.hpp"
#include "platform/exports/export_rows.hpp"
#include "platform/exports/export_service.hpp"
#include "platform/exports/export_tables.hpp"

namespace duheng::platform {

/// One export under way, as far as its file is.
struct ExportService::Run {
  explicit Run(export_tables::ExportWork of)
      : work(std::move(of)),
        rows(work.plan, work.about.format, work.about.time_zone),
        bucket_rows(work.plan, work.about.time_zone),
        audit_rows(work.about.time_zone),
        position(work.position),
        started(position.file.pieces > 0) {}

  [[nodiscard]] std::vector<store::Column> columns() const {
    if (work.about.is_audit) return AuditRows::columns();
    return work.about.by ? bucket_rows.columns() : rows.columns();
  }
  [[nodiscard]] const ExportPart& part() const { return work.plan.parts[static_cast<std::size_t>(position.part)]; }
  [[nodiscard]] bool is_at_end() const noexcept { return position.part >= work.about.parts; }
  void go_to_next_part() noexcept {
    ++position.part;
    position.from_utc_ms = 0;
  }

  export_tables::ExportWork work;
  ExportRows rows;
  BucketRows bucket_rows;
  AuditRows audit_rows;
  export_tables::ExportPosition position;
  std::optional<store::SealedFileWriter> file;
  std::unique_ptr<store::TableWriter> writer;
  bool started;
  std::stop_token cancel;
};

}  // namespace duheng::platform
