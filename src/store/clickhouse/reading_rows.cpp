#include "store/clickhouse/reading_rows.hpp"

#include <algorithm>

namespace duheng::store {

void write_reading_row(Bytes& out, const ReadingRow& row, std::uint32_t place) {
  ByteWriter writer(out);
  writer.u32(row.series);
  writer.u64(static_cast<std::uint64_t>(row.time_utc_ms));
  writer.u64(static_cast<std::uint64_t>(row.mantissa));
  writer.u16(row.quality);
  writer.u8(row.time_source);
  writer.u64(static_cast<std::uint64_t>(row.frame));
  writer.u32(place);
  writer.u64(static_cast<std::uint64_t>(row.received_utc_ms));
}

Result<void> ReadingRowReader::take(ByteView octets) {
  ByteReader in(octets);
  PlacedRow now;
  now.row.series = in.u32();
  now.row.time_utc_ms = static_cast<std::int64_t>(in.u64());
  now.row.mantissa = static_cast<std::int64_t>(in.u64());
  now.row.quality = in.u16();
  now.row.time_source = in.u8();
  now.row.frame = static_cast<std::int64_t>(in.u64());
  now.place = in.u32();
  now.row.received_utc_ms = static_cast<std::int64_t>(in.u64());
  const auto name = [](const PlacedRow& r) {
    return std::tuple(r.row.series, r.row.time_utc_ms, r.row.frame, r.place);
  };
  const bool repeated = rows_seen_++ > 0 && name(now) == name(last_);
  last_ = now;
  return repeated ? Result<void>{} : on_row_(now.row);
}

Result<void> ReadingRowReader::feed(ByteView octets) {
  if (!partial_.empty()) {
    const std::size_t wanted = std::min(reading_row_bytes - partial_.size(), octets.size());
    partial_.insert(partial_.end(), octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(wanted));
    octets = octets.subspan(wanted);
    if (partial_.size() < reading_row_bytes) return {};
    DUHENG_CHECK(take(partial_));
    partial_.clear();
  }
  for (; octets.size() >= reading_row_bytes; octets = octets.subspan(reading_row_bytes))
    DUHENG_CHECK(take(octets.first(reading_row_bytes)));
  partial_.assign(octets.begin(), octets.end());
  return {};
}

Result<void> ReadingRowReader::finish() const {
  if (partial_.empty()) return {};
  return fail(ErrorCode::storage_failed, "ClickHouse's answer ends within a row");
}

}  // namespace duheng::store
