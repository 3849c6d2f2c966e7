#include "platform/exports/audit_rows.hpp"

#include "base/decimal.hpp"

namespace duheng::platform {

using store::Cell;
using store::Column;
using store::ColumnType;

namespace {

std::optional<std::int64_t> some(std::int64_t number) {
  return number == 0 ? std::nullopt : std::optional<std::int64_t>{number};
}
Cell cell_of(const std::optional<std::int64_t>& number) { return number ? Cell::of(*number) : Cell{}; }
Cell cell_of(const std::optional<std::string>& text) { return text ? Cell::of(*text) : Cell{}; }

std::string value_text(std::int64_t mantissa, const Edit& edit) { return Decimal{mantissa, edit.exponent}.to_string(); }

}  // namespace

std::vector<Column> AuditRows::columns() {
  std::vector<Column> out{{"part", ColumnType::text}, {"number", ColumnType::integer}};
  const auto add = [&](ColumnType type, std::initializer_list<const char*> names) {
    for (const char* name : names) out.push_back({name, type, true});
  };
  add(ColumnType::text, {"time"});
  add(ColumnType::time, {"time_utc_ms"});
  add(ColumnType::integer, {"user_id"});
  add(ColumnType::text, {"user", "action"});
  add(ColumnType::integer, {"job_id", "order_id", "device_id"});
  add(ColumnType::text, {"outcome", "detail", "remote_address"});
  add(ColumnType::integer, {"gateway"});
  add(ColumnType::text, {"device_uid", "register", "unit"});
  add(ColumnType::time, {"value_time_utc_ms"});
  add(ColumnType::text, {"old_value", "new_value", "method", "file"});
  add(ColumnType::integer, {"next_number", "size_bytes", "closed"});
  add(ColumnType::text, {"previous_hash", "hash"});
  add(ColumnType::integer, {"hash_holds"});
  return out;
}

std::span<const Cell> AuditRows::cells_of(Line line) {
  line_ = std::move(line);
  if (line_.time_utc_ms) time_text_ = times_.text(*line_.time_utc_ms);
  cells_ = {
      Cell::of(line_.part),          Cell::of(line_.number),       line_.time_utc_ms ? Cell::of(time_text_) : Cell{},
      cell_of(line_.time_utc_ms),    cell_of(line_.user_id),       cell_of(line_.user),
      cell_of(line_.action),         cell_of(line_.job_id),        cell_of(line_.order_id),
      cell_of(line_.device_id),      cell_of(line_.outcome),       cell_of(line_.detail),
      cell_of(line_.remote_address), cell_of(line_.gateway),       cell_of(line_.device_uid),
      cell_of(line_.register_name),  cell_of(line_.unit),          cell_of(line_.value_time_utc_ms),
      cell_of(line_.old_value),      cell_of(line_.new_value),     cell_of(line_.method),
      cell_of(line_.file),           cell_of(line_.next_number),   cell_of(line_.size_bytes),
      cell_of(line_.closed),         cell_of(line_.previous_hash), cell_of(line_.hash),
      cell_of(line_.hash_holds)};
  return cells_;
}

std::span<const Cell> AuditRows::row(const ChainedOperation& operation,
                                     const std::optional<crypto::Hash256>& previous) {
  const OperationEntry& entry = operation.entry;
  Line line;
  line.part = "operation";
  line.number = entry.number;
  line.time_utc_ms = entry.at_utc_ms;
  line.user_id = some(entry.user.value);
  line.user = entry.name;
  line.action = entry.action;
  line.job_id = some(entry.job);
  line.order_id = some(entry.order);
  line.device_id = some(entry.device.value);
  line.outcome = entry.outcome;
  line.detail = entry.detail;
  line.remote_address = entry.remote_address;
  if (previous) line.previous_hash = to_hex(*previous);
  if (operation.hash) {
    line.hash = to_hex(*operation.hash);
    if (previous) line.hash_holds = operation_hash(*previous, entry) == *operation.hash ? 1 : 0;
  }
  return cells_of(std::move(line));
}

std::span<const Cell> AuditRows::row(const Edit& edit, const Result<RecordProof>& proof) {
  Line line;
  line.part = "edit";
  line.number = static_cast<std::int64_t>(edit.record_number);
  line.time_utc_ms = edit.made_utc_ms;
  line.user = edit.author;
  line.action = std::string{to_string(edit.kind)};
  line.detail = edit.reason;
  line.gateway = edit.gateway.value;
  line.device_uid = edit.device_uid;
  line.register_name = edit.register_name;
  line.unit = edit.unit;
  line.value_time_utc_ms = edit.time_utc_ms;
  if (edit.old_mantissa) line.old_value = value_text(*edit.old_mantissa, edit);
  if (edit.kind != EditKind::withdrawal) line.new_value = value_text(edit.mantissa, edit);
  line.method = edit.method;
  if (proof) {
    line.outcome = "ok";
    line.previous_hash = to_hex(proof->previous_hash);
    line.hash = to_hex(proof->hash);
    line.hash_holds = proof->verified() ? 1 : 0;
  } else {
    line.outcome = std::string{to_string(proof.error().code)};
  }
  return cells_of(std::move(line));
}

std::span<const Cell> AuditRows::row(const AuditedSegment& segment) {
  Line line;
  line.part = "segment";
  line.number = static_cast<std::int64_t>(segment.first_number);
  line.file = segment.file;
  line.next_number = static_cast<std::int64_t>(segment.next_number);
  line.size_bytes = static_cast<std::int64_t>(segment.size_bytes);
  line.closed = segment.closed ? 1 : 0;
  line.hash = to_hex(segment.hash);
  line.hash_holds = segment.hash_holds ? 1 : 0;
  return cells_of(std::move(line));
}

}  // namespace duheng::platform
