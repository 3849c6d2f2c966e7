#pragma once
// Internal to this folder.
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/table_files/table_writer.hpp"

namespace duheng::store::table_files {

/// Errors: invalid_argument.
[[nodiscard]] Result<void> check_row(std::span<const Column> columns, std::span<const Cell> cells);

/// `text` when it is UTF-8; otherwise a copy in `scratch` with U+FFFD for each octet that is not.
[[nodiscard]] std::string_view clean_text(std::string_view text, std::string& scratch);

inline void append(Bytes& out, std::string_view text) { out.insert(out.end(), text.begin(), text.end()); }
void append_integer(Bytes& out, std::int64_t value);
/// Plain notation with exactly -exponent digits after the point.
void append_decimal(Bytes& out, std::int64_t mantissa, std::int8_t exponent);
/// Without a sign, leading zeros and point.
[[nodiscard]] int significant_digits(std::int64_t mantissa) noexcept;

[[nodiscard]] std::unique_ptr<TableWriter> make_csv_writer(std::vector<Column> columns, const TableOptions& options);
[[nodiscard]] std::unique_ptr<TableWriter> make_json_lines_writer(std::vector<Column> columns);
/// An empty state begins anew. Errors: malformed.
[[nodiscard]] Result<std::unique_ptr<TableWriter>> make_xlsx_writer(std::vector<Column> columns,
                                                                    const TableOptions& options, ByteView state);
[[nodiscard]] Result<std::unique_ptr<TableWriter>> make_parquet_writer(std::vector<Column> columns, ByteView state);

}  // namespace duheng::store::table_files
