#pragma once
// How a point becomes a row. Internal to this folder.
#include <span>
#include <string>
#include <vector>

#include "platform/exports/export.hpp"

namespace duheng::platform {

/// Local times with their offset, e.g. "2026-11-21T17:12:55.123+08:00". Asks for the zone's offset once a quarter of an
/// hour of data: no zone changes within one.
class LocalTimes {
 public:
  explicit LocalTimes(std::string zone) : zone_(std::move(zone)) {}
  /// Good until the next call. In UTC when the machine knows no such zone.
  [[nodiscard]] std::string_view text(std::int64_t utc_ms);

 private:
  const std::string zone_;
  std::int64_t quarter_ = -1;
  std::int64_t offset_ms_ = 0;
  std::string text_;
};

class ExportRows {
 public:
  ExportRows(const ExportPlan& plan, store::TableFormat format, std::string zone)
      : plan_(plan), parquet_(format == store::TableFormat::parquet), times_(std::move(zone)) {}

  /// The same for the same plan.
  [[nodiscard]] std::vector<store::Column> columns() const;
  /// The row of a point; `edit` is the one in force, or null. Good until the next call.
  [[nodiscard]] std::span<const store::Cell> row(const ExportPart& part, const store::Point& point, const Edit* edit);

 private:
  [[nodiscard]] store::Cell value_cell(const ExportPart& part, std::int64_t mantissa, Quality quality,
                                       std::string& scratch) const;

  const ExportPlan& plan_;
  const bool parquet_;
  LocalTimes times_;
  std::vector<store::Cell> cells_;
  std::string quality_text_;
  Quality quality_of_text_ = Quality::good;
  std::string value_text_;
  std::string read_text_;
};

}  // namespace duheng::platform
