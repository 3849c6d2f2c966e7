#pragma once
// Internal to this folder: what the value of a spreadsheet's cell is as text.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace duheng::store::table_files {

/// A number as the file writes it (a double: "17.25", "1.7999999999999999E-2") in plain notation with at most 15
/// digits, which is what a spreadsheet shows and keeps (ECMA-376-1, 18.3.1.96; IEEE 754 binary64). Errors: malformed -
/// none, or of more than 15 digits before the point: such a number was rounded when it was typed.
[[nodiscard]] Result<std::string> plain_number(std::string_view text);

/// "1.5e-07" as "0.00000015"; a number without an exponent as it is.
[[nodiscard]] std::string without_exponent(std::string_view text);

/// A serial date (ECMA-376-1, 18.17.4.1) as "2026-11-21T17:15:00", to the millisecond. Errors: malformed - no number,
/// before March 1900, after 9999.
[[nodiscard]] Result<std::string> serial_time(std::string_view text, bool since_1904);

/// Whether a number format shows a date or a time (ECMA-376-1, 18.8.30): one of the built-in ones, or a code with a
/// letter for day, month, year, hour or second outside quotes and brackets.
[[nodiscard]] bool is_date_format(int id) noexcept;
[[nodiscard]] bool is_date_format(std::string_view code) noexcept;

/// "C5" is column 2. Nothing when it is no reference, or beyond column 16,384.
[[nodiscard]] std::optional<std::size_t> column_of_reference(std::string_view reference) noexcept;

}  // namespace duheng::store::table_files
