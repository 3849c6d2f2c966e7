#pragma once
#include <functional>
#include <vector>

#include "base/bytes.hpp"
#include "store/telemetry/reading_row.hpp"

namespace duheng::store {

/// A row of the table `reading`. `place` is its number among the readings of its journal record: with the frame it
/// names a reading for ever, so that the same record written twice makes equal rows, of which one is kept.
struct PlacedRow {
  ReadingRow row;
  std::uint32_t place = 0;
};

/// ClickHouse's RowBinary (columns in the order of the table, little-endian, without lengths or names).
inline constexpr std::size_t reading_row_bytes = 43;
/// The columns in the order in which ReadingRowReader wants them.
inline constexpr std::string_view reading_columns =
    "series, time_utc_ms, mantissa, quality, time_source, frame, place, received_utc_ms";

void write_reading_row(Bytes& out, const ReadingRow& row, std::uint32_t place);

/// What is added up over all rows of a step, to find out later whether they are all there. Wraps.
[[nodiscard]] constexpr std::uint64_t row_sum_of(std::int64_t frame, std::uint32_t place) noexcept {
  return static_cast<std::uint64_t>(frame) * 31 + place;
}
/// The same in SQL.
inline constexpr std::string_view row_sum_sql = "sum(toUInt64(frame) * 31 + place)";

/// Puts rows together from an answer that arrives in pieces of any size. Rows that name the same reading as the one
/// before them are left out: the question must be ordered by series, time, frame and place.
class ReadingRowReader {
 public:
  using OnRow = std::function<Result<void>(const ReadingRow&)>;
  explicit ReadingRowReader(OnRow on_row) : on_row_(std::move(on_row)) {}

  /// Errors: the sink's own.
  [[nodiscard]] Result<void> feed(ByteView octets);
  /// Errors: storage_failed - the answer ends within a row.
  [[nodiscard]] Result<void> finish() const;
  /// Rows that came, repeated ones included.
  [[nodiscard]] std::uint64_t rows_seen() const noexcept { return rows_seen_; }

 private:
  [[nodiscard]] Result<void> take(ByteView row);

  OnRow on_row_;
  Bytes partial_;
  PlacedRow last_;
  std::uint64_t rows_seen_ = 0;
};

}  // namespace duheng::store
