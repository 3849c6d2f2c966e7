#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"

namespace duheng::store {

/// Stored: append, never renumber.
enum class TableFormat : std::uint8_t {
  csv = 1,         ///< RFC 4180, CR LF, UTF-8
  xlsx = 2,        ///< ECMA-376 (Office Open XML spreadsheet), as many sheets as it takes
  parquet = 3,     ///< Apache Parquet 2, data pages version 1, zstd
  json_lines = 4,  ///< one JSON object (RFC 8259) a line
};
[[nodiscard]] std::string_view to_string(TableFormat format) noexcept;
[[nodiscard]] std::optional<TableFormat> table_format_of(std::string_view name) noexcept;
/// Without the dot, e.g. "jsonl".
[[nodiscard]] std::string_view file_extension(TableFormat format) noexcept;
[[nodiscard]] std::string_view media_type(TableFormat format) noexcept;

enum class ColumnType : std::uint8_t {
  text,
  integer,
  decimal,  ///< exact; never written by way of floating point
  time,     ///< UTC milliseconds; a Parquet TIMESTAMP, an integer elsewhere
};

struct Column {
  std::string name;
  ColumnType type = ColumnType::text;
  bool nullable = false;
  std::uint8_t scale = 0;  ///< of a decimal in Parquet: digits after the point, at most 38
};

/// One value. Texts are views and need only live until row() returns.
struct Cell {
  enum class Kind : std::uint8_t { null, text, integer, decimal, number_text };
  Kind kind = Kind::null;
  std::int8_t exponent = 0;
  std::int64_t integer = 0;  ///< the mantissa of a decimal
  std::string_view text{};

  [[nodiscard]] static Cell of(std::string_view text) noexcept { return {Kind::text, 0, 0, text}; }
  [[nodiscard]] static Cell of(std::int64_t value) noexcept { return {Kind::integer, 0, value, {}}; }
  [[nodiscard]] static Cell decimal(std::int64_t mantissa, std::int8_t exponent) noexcept {
    return {Kind::decimal, exponent, mantissa, {}};
  }
  /// A number in a decimal column that is no decimal of 63 bits, as its text. Null in Parquet.
  [[nodiscard]] static Cell number(std::string_view text) noexcept { return {Kind::number_text, 0, 0, text}; }
};

struct TableOptions {
  bool byte_order_mark = false;              ///< CSV: so that Excel takes the file for UTF-8
  std::string sheet_name = "data";           ///< XLSX; a number is added from the second sheet on
  std::uint32_t sheet_rows_max = 1'048'576;  ///< XLSX, header included: what Excel opens; smaller in tests
};

/// Makes a file of a table, piece by piece, and can go on after a restart: state() after flush() holds all that another
/// writer with the same columns and options needs to append the very same octets. Pure: no files, no clock. Memory:
/// Parquet gathers the rows between two flushes; the others nothing.
class TableWriter {
 public:
  virtual ~TableWriter() = default;
  /// What the file begins with. Once, before the first row.
  [[nodiscard]] virtual Result<void> begin(Bytes& out) = 0;
  /// One cell for each column. Errors: invalid_argument - another number of cells, or a null where none may be;
  /// limit_exceeded - the format holds no more: use another.
  [[nodiscard]] virtual Result<void> row(std::span<const Cell> cells, Bytes& out) = 0;
  /// Ends a piece: all rows so far stand in `out`.
  [[nodiscard]] virtual Result<void> flush(Bytes& out) = 0;
  /// Flushes and ends the file.
  [[nodiscard]] virtual Result<void> end(Bytes& out) = 0;
  /// After flush().
  [[nodiscard]] virtual Bytes state() const = 0;
};

/// Errors: invalid_argument - no columns, or more than 1,000.
[[nodiscard]] Result<std::unique_ptr<TableWriter>> make_table_writer(TableFormat format, std::vector<Column> columns,
                                                                     const TableOptions& options);
/// Goes on where state() was taken. Errors: as above; malformed - no such state.
[[nodiscard]] Result<std::unique_ptr<TableWriter>> resume_table_writer(TableFormat format, std::vector<Column> columns,
                                                                       const TableOptions& options, ByteView state);

}  // namespace duheng::store
