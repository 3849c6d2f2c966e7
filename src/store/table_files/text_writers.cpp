#include <utility>

#include "store/table_files/table_cells.hpp"

namespace duheng::store::table_files {
namespace {

/// What both formats of text share: they keep nothing between rows, so that there is no state.
class TextWriter : public TableWriter {
 public:
  explicit TextWriter(std::vector<Column> columns) : columns_(std::move(columns)) {}
  Result<void> flush(Bytes&) final { return {}; }
  Result<void> end(Bytes&) final { return {}; }
  [[nodiscard]] Bytes state() const final { return {}; }

 protected:
  const std::vector<Column> columns_;
  std::string scratch_;
};

class CsvWriter final : public TextWriter {
 public:
  CsvWriter(std::vector<Column> columns, const TableOptions& options)
      : TextWriter(std::move(columns)), byte_order_mark_(options.byte_order_mark) {}

  Result<void> begin(Bytes& out) override {
    if (byte_order_mark_) append(out, "\xEF\xBB\xBF");
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) out.push_back(',');
      field(out, columns_[i].name);
    }
    append(out, "\r\n");
    return {};
  }

  Result<void> row(std::span<const Cell> cells, Bytes& out) override {
    DUHENG_CHECK(check_row(columns_, cells));
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) out.push_back(',');
      cell(out, cells[i]);
    }
    append(out, "\r\n");
    return {};
  }

 private:
  void cell(Bytes& out, const Cell& cell) {
    switch (cell.kind) {
      case Cell::Kind::null:
        return;
      case Cell::Kind::text:
        return field(out, clean_text(cell.text, scratch_));
      case Cell::Kind::integer:
        return append_integer(out, cell.integer);
      case Cell::Kind::decimal:
        return append_decimal(out, cell.integer, cell.exponent);
      case Cell::Kind::number_text:
        return append(out, cell.text);
    }
  }

  /// What a spreadsheet would take for a formula is given a leading apostrophe: names came from outside, and the file
  /// goes to somebody else. Numbers are not texts and stay as they are.
  static void field(Bytes& out, std::string_view text) {
    constexpr std::string_view formula_begins = "=+-@\t\r";
    const bool disarm = !text.empty() && formula_begins.find(text.front()) != std::string_view::npos;
    const bool quote = text.find_first_of(",\"\r\n") != std::string_view::npos || text.starts_with(' ');
    if (quote) out.push_back('"');
    if (disarm) out.push_back('\'');
    for (const char character : text) {
      if (character == '"') out.push_back('"');
      out.push_back(static_cast<std::uint8_t>(character));
    }
    if (quote) out.push_back('"');
  }

  const bool byte_order_mark_;
};

class JsonLinesWriter final : public TextWriter {
 public:
  explicit JsonLinesWriter(std::vector<Column> columns) : TextWriter(std::move(columns)) {
    for (const Column& column : columns_) {
      Bytes key;
      text(key, column.name);
      key.push_back(':');
      keys_.push_back(std::move(key));
    }
  }

  Result<void> begin(Bytes&) override { return {}; }

  Result<void> row(std::span<const Cell> cells, Bytes& out) override {
    DUHENG_CHECK(check_row(columns_, cells));
    for (std::size_t i = 0; i < cells.size(); ++i) {
      out.push_back(i == 0 ? '{' : ',');
      out.insert(out.end(), keys_[i].begin(), keys_[i].end());
      cell(out, cells[i]);
    }
    append(out, "}\n");
    return {};
  }

 private:
  void cell(Bytes& out, const Cell& cell) {
    switch (cell.kind) {
      case Cell::Kind::null:
        return append(out, "null");
      case Cell::Kind::text:
      case Cell::Kind::number_text:
        return text(out, clean_text(cell.text, scratch_));
      case Cell::Kind::integer:
        return append_integer(out, cell.integer);
      case Cell::Kind::decimal:
        // As text: most readers of JSON make numbers floating.
        out.push_back('"');
        append_decimal(out, cell.integer, cell.exponent);
        out.push_back('"');
    }
  }

  static void text(Bytes& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    out.push_back('"');
    for (const char character : text) {
      const auto octet = static_cast<std::uint8_t>(character);
      if (character == '"' || character == '\\') out.push_back('\\');
      if (octet < 0x20) {
        append(out, "\\u00");
        out.push_back(static_cast<std::uint8_t>(digits[octet >> 4]));
        out.push_back(static_cast<std::uint8_t>(digits[octet & 0xF]));
      } else {
        out.push_back(octet);
      }
    }
    out.push_back('"');
  }

  std::vector<Bytes> keys_;
};

}  // namespace

std::unique_ptr<TableWriter> make_csv_writer(std::vector<Column> columns, const TableOptions& options) {
  return std::make_unique<CsvWriter>(std::move(columns), options);
}
std::unique_ptr<TableWriter> make_json_lines_writer(std::vector<Column> columns) {
  return std::make_unique<JsonLinesWriter>(std::move(columns));
}

}  // namespace duheng::store::table_files
