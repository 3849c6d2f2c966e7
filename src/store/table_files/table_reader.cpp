#include "store/table_files/table_reader.hpp"

#include <utility>

#include "store/table_files/csv_reader.hpp"
#include "store/table_files/foreign_tables.hpp"

namespace duheng::store {
namespace {

class TextTable final : public TableReader {
 public:
  explicit TextTable(std::string text) : text_(std::move(text)), reader_(text_) {}
  Result<bool> next(std::vector<std::string>& fields) override {
    auto read = reader_.next(fields);
    if (read && *read && reader_.octets().size() > table_read_limits::octets_max)
      return fail(ErrorCode::malformed, "the line is too long");
    return read;
  }
  [[nodiscard]] std::size_t line() const noexcept override { return reader_.line(); }
  [[nodiscard]] std::string_view octets() const noexcept override { return reader_.octets(); }

 private:
  const std::string text_;
  CsvReader reader_;
};

}  // namespace

TableFormat recognise_table(ByteView file) noexcept {
  const std::string_view text = as_text(file);
  if (text.starts_with("PK\x03\x04")) return TableFormat::xlsx;
  if (text.starts_with("PAR1")) return TableFormat::parquet;
  return TableFormat::csv;
}

Result<std::unique_ptr<TableReader>> open_table(ByteView file) {
  switch (recognise_table(file)) {
    case TableFormat::xlsx:
      return table_files::open_xlsx(file);
    case TableFormat::parquet:
      return table_files::open_parquet(file);
    default:
      break;
  }
  if (as_text(file).starts_with("\xD0\xCF\x11\xE0")) {
    return fail(ErrorCode::unsupported,
                "the file is an Excel workbook of before 2007, or protected by a password: save it as .xlsx or CSV");
  }
  DUHENG_TRY(std::string text, decode_text_file(file));
  return std::make_unique<TextTable>(std::move(text));
}

}  // namespace duheng::store
