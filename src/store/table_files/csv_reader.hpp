#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace duheng::store {

namespace csv_limits {
inline constexpr std::size_t fields_max = 64;
inline constexpr std::size_t field_bytes_max = 4'096;
}  // namespace csv_limits

/// A file of text as people save it: UTF-8 with or without its mark, or GB18030, as Excel in China writes it. Returns
/// UTF-8 without a mark.
/// Errors: malformed - it is neither; unsupported - UTF-16, or a NUL octet: no text.
[[nodiscard]] Result<std::string> decode_text_file(ByteView octets);

/// Reads comma-separated values (RFC 4180): fields may stand in quotes and then hold commas, ends of lines and doubled
/// quotes. Ends of lines are CR LF, LF or CR. Empty lines are skipped. Where the first line has no comma outside quotes
/// but a semicolon or a tab, that is the separator.
class CsvReader {
 public:
  /// `text` is UTF-8 and outlives the reader.
  explicit CsvReader(std::string_view text);
  /// The next record; false at the end. Errors: malformed - quotes that do not end or stand wrong, a field or a record
  /// beyond the limits; the reader goes on with the next line.
  [[nodiscard]] Result<bool> next(std::vector<std::string>& fields);
  /// Where the record of the last next() began, from 1.
  [[nodiscard]] std::size_t line() const noexcept { return record_line_; }
  /// The octets of that record, without the end of its line. Good as long as the text.
  [[nodiscard]] std::string_view octets() const noexcept { return octets_; }
  [[nodiscard]] char separator() const noexcept { return separator_; }

 private:
  [[nodiscard]] bool at_end() const noexcept { return at_ >= text_.size(); }
  [[nodiscard]] bool at_line_end() const noexcept { return at_end() || text_[at_] == '\n' || text_[at_] == '\r'; }
  void skip_line_end();
  [[nodiscard]] Result<void> read_field(std::string& field);
  [[nodiscard]] Result<void> read_quoted(std::string& field);

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t record_line_ = 0;
  std::string_view octets_;
  char separator_ = ',';
};

/// One field as CsvReader reads it back. What a spreadsheet would take for a formula is given a leading apostrophe,
/// because what is in our lists came from outside.
[[nodiscard]] std::string csv_field(std::string_view text);

}  // namespace duheng::store
