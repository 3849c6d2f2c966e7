#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "store/table_files/table_writer.hpp"

namespace duheng::store {

/// What a table that comes from outside may have, whatever its file says of itself.
namespace table_read_limits {
inline constexpr std::size_t fields_max = 64;
inline constexpr std::size_t field_bytes_max = 4'096;
inline constexpr std::size_t octets_max = 8'192;              ///< of one row as text
inline constexpr std::size_t content_bytes_max = 128U << 20;  ///< of all rows; of each part of a spreadsheet unpacked
}  // namespace table_read_limits

/// Rows of a file that people or other programs made: texts, whatever the format. Numbers stand in plain notation,
/// exact where the format is (a spreadsheet's numbers have 15 digits); a time with a known zone is ISO 8601 in UTC
/// ("2026-11-21T09:15:00Z"), one without a zone lacks the offset ("2026-11-21T17:15:00").
class TableReader {
 public:
  virtual ~TableReader() = default;
  /// The next row; false after the last. Empty rows are passed over. Errors: malformed - this row cannot be used, the
  /// next call goes on with the one after it; anything else (truncated, limit_exceeded) - the file cannot be read on.
  [[nodiscard]] virtual Result<bool> next(std::vector<std::string>& fields) = 0;
  /// Of the row of the last next(), from 1: its line in a text, its number in a sheet; in Parquet the names are row 1.
  [[nodiscard]] virtual std::size_t line() const noexcept = 0;
  /// The row of the last next() as text, for evidence: of a text its very octets without the end of the line, of other
  /// formats its fields as comma-separated values. Good until the next call. At most octets_max.
  [[nodiscard]] virtual std::string_view octets() const noexcept = 0;
};

/// What a file is, by how it begins: a ZIP archive is taken for XLSX, "PAR1" for Parquet, anything else for text.
[[nodiscard]] TableFormat recognise_table(ByteView file) noexcept;

/// Opens CSV (UTF-8 or GB18030), XLSX (the first sheet) or Parquet (flat columns) by how the file begins. `file`
/// outlives the reader. Nothing is ever written to a disk. Errors: malformed - it is damaged, or none of them;
/// unsupported - of a kind that is not read (UTF-16, encrypted, nested columns); limit_exceeded.
[[nodiscard]] Result<std::unique_ptr<TableReader>> open_table(ByteView file);

}  // namespace duheng::store
