#pragma once
// What an audit export says of each thing, as a row. Internal to this folder.
#include <span>
#include <string>
#include <vector>

#include "platform/exports/audit_source.hpp"
#include "platform/exports/export_rows.hpp"
#include "platform/orders/operation_chain.hpp"
#include "store/table_files/table_writer.hpp"

namespace duheng::platform {

/// Fields are described in docs/data-schema/audit-row.schema.json.
class AuditRows {
 public:
  explicit AuditRows(std::string zone) : times_(std::move(zone)) {}

  [[nodiscard]] static std::vector<store::Column> columns();
  /// Rows are good until the next call. `previous`: hash of the entry before, as stored.
  [[nodiscard]] std::span<const store::Cell> row(const ChainedOperation& operation,
                                                 const std::optional<crypto::Hash256>& previous);
  [[nodiscard]] std::span<const store::Cell> row(const Edit& edit, const Result<RecordProof>& proof);
  [[nodiscard]] std::span<const store::Cell> row(const AuditedSegment& segment);

 private:
  /// What a row may hold; what is nothing is a null.
  struct Line {
    std::string_view part;
    std::int64_t number = 0;
    std::optional<std::int64_t> time_utc_ms{};
    std::optional<std::int64_t> user_id{};
    std::optional<std::string> user{};
    std::optional<std::string> action{};
    std::optional<std::int64_t> job_id{}, order_id{}, device_id{};
    std::optional<std::string> outcome{}, detail{}, remote_address{};
    std::optional<std::int64_t> gateway{};
    std::optional<std::string> device_uid{}, register_name{}, unit{};
    std::optional<std::int64_t> value_time_utc_ms{};
    std::optional<std::string> old_value{}, new_value{}, method{};
    std::optional<std::string> file{};
    std::optional<std::int64_t> next_number{}, size_bytes{}, closed{};
    std::optional<std::string> previous_hash{}, hash{};
    std::optional<std::int64_t> hash_holds{};
  };
  [[nodiscard]] std::span<const store::Cell> cells_of(Line line);

  LocalTimes times_;
  Line line_;  // cells look into it
  std::string time_text_;
  std::vector<store::Cell> cells_;
};

}  // namespace duheng::platform
