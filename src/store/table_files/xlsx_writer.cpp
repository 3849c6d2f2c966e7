#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "store/table_files/table_cells.hpp"
#include "store/table_files/zip_stream.hpp"

namespace duheng::store::table_files {
namespace {

constexpr std::uint8_t state_version = 1;
constexpr std::string_view xml_head = R"(<?xml version="1.0" encoding="UTF-8" standalone="yes"?>)";
/// Excel keeps numbers as IEEE doubles: with more digits than these they would be rounded, and are written as text.
constexpr int exact_digits_max = 15;

/// "A", "B" … "Z", "AA": ECMA-376 Part 1, 18.3.1.4.
std::string column_name(std::size_t index) {
  std::string name;
  for (std::size_t rest = index + 1; rest > 0; rest = (rest - 1) / 26)
    name.insert(name.begin(), static_cast<char>('A' + (rest - 1) % 26));
  return name;
}

void append_escaped(Bytes& out, std::string_view text) {
  for (const char character : text) {
    const auto octet = static_cast<std::uint8_t>(character);
    if (character == '&') {
      append(out, "&amp;");
    } else if (character == '<') {
      append(out, "&lt;");
    } else if (character == '>') {
      append(out, "&gt;");
    } else if (character == '"') {
      append(out, "&quot;");
    } else if (octet < 0x20 && character != '\t' && character != '\n') {
      append(out, "\xEF\xBF\xBD");  // XML 1.0, 2.2 has no such characters
    } else {
      out.push_back(octet);
    }
  }
}

class XlsxWriter final : public TableWriter {
 public:
  XlsxWriter(std::vector<Column> columns, const TableOptions& options)
      : columns_(std::move(columns)), options_(options) {
    for (std::size_t i = 0; i < columns_.size(); ++i) names_.push_back(column_name(i));
    options_.sheet_rows_max = std::clamp<std::uint32_t>(options_.sheet_rows_max, 2, 1'048'576);
  }

  Result<void> load(ByteView state) {
    ByteReader in(state);
    if (in.u8() != state_version) return fail(ErrorCode::malformed, "this is no state of a spreadsheet");
    sheets_ = in.varint();
    rows_in_sheet_ = in.varint();
    DUHENG_CHECK(zip_.load(in));
    return {};
  }

  Result<void> begin(Bytes& out) override { return open_sheet(out); }

  Result<void> row(std::span<const Cell> cells, Bytes& out) override {
    DUHENG_CHECK(check_row(columns_, cells));
    if (rows_in_sheet_ >= options_.sheet_rows_max) {
      DUHENG_CHECK(close_sheet(out));
      DUHENG_CHECK(open_sheet(out));
    }
    begin_row();
    for (std::size_t i = 0; i < cells.size(); ++i) cell(names_[i], cells[i]);
    append(pending_, "</row>");
    return pending_.size() < pending_bytes_max ? Result<void>{} : write_pending(out);
  }

  Result<void> flush(Bytes& out) override {
    DUHENG_CHECK(write_pending(out));
    return zip_.flush(out);
  }

  Result<void> end(Bytes& out) override {
    DUHENG_CHECK(close_sheet(out));
    DUHENG_CHECK(part("xl/workbook.xml", workbook(), out));
    DUHENG_CHECK(part("xl/_rels/workbook.xml.rels", workbook_relations(), out));
    DUHENG_CHECK(part("_rels/.rels",
                      std::string{xml_head} +
                          R"(<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">)"
                          R"(<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/)"
                          R"(relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>)",
                      out));
    DUHENG_CHECK(part("[Content_Types].xml", content_types(), out));
    return zip_.finish(out);
  }

  [[nodiscard]] Bytes state() const override {
    Bytes out;
    ByteWriter writer(out);
    writer.u8(state_version);
    writer.varint(sheets_);
    writer.varint(rows_in_sheet_);
    zip_.save(writer);
    return out;
  }

 private:
  static constexpr std::size_t pending_bytes_max = 256U << 10;

  Result<void> open_sheet(Bytes& out) {
    ++sheets_;
    rows_in_sheet_ = 0;
    DUHENG_CHECK(zip_.open_entry(fmt::format("xl/worksheets/sheet{}.xml", sheets_), out));
    append(pending_, xml_head);
    append(pending_,
           R"(<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews>)"
           R"(<sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>)"
           R"(</sheetView></sheetViews><sheetData>)");
    begin_row();
    for (std::size_t i = 0; i < columns_.size(); ++i) cell(names_[i], Cell::of(columns_[i].name));
    append(pending_, "</row>");
    return {};
  }

  Result<void> close_sheet(Bytes& out) {
    append(pending_, "</sheetData></worksheet>");
    DUHENG_CHECK(write_pending(out));
    return zip_.close_entry(out);
  }

  void begin_row() {
    ++rows_in_sheet_;
    row_number_ = std::to_string(rows_in_sheet_);
    append(pending_, R"(<row r=")");
    append(pending_, row_number_);
    append(pending_, R"(">)");
  }

  void cell(std::string_view column, const Cell& cell) {
    if (cell.kind == Cell::Kind::null) return;
    const bool number = cell.kind == Cell::Kind::integer || cell.kind == Cell::Kind::decimal;
    append(pending_, R"(<c r=")");
    append(pending_, column);
    append(pending_, row_number_);
    if (number && significant_digits(cell.integer) <= exact_digits_max) {
      append(pending_, R"("><v>)");
      append_number(cell);
      return append(pending_, "</v></c>");
    }
    append(pending_, R"(" t="inlineStr"><is><t xml:space="preserve">)");
    if (number) {
      append_number(cell);
    } else {
      append_escaped(pending_, clean_text(cell.text, scratch_));
    }
    append(pending_, "</t></is></c>");
  }

  void append_number(const Cell& cell) {
    if (cell.kind == Cell::Kind::integer) return append_integer(pending_, cell.integer);
    append_decimal(pending_, cell.integer, cell.exponent);
  }

  Result<void> write_pending(Bytes& out) {
    const auto written = zip_.write(pending_, out);
    pending_.clear();
    return written;
  }

  Result<void> part(std::string name, const std::string& content, Bytes& out) {
    DUHENG_CHECK(zip_.open_entry(std::move(name), out));
    DUHENG_CHECK(zip_.write(as_bytes(content), out));
    return zip_.close_entry(out);
  }

  [[nodiscard]] std::string workbook() const {
    std::string text = std::string{xml_head} +
                       R"(<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" )"
                       R"(xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>)";
    for (std::uint64_t i = 1; i <= sheets_; ++i) {
      Bytes name;
      append_escaped(name, options_.sheet_name);
      if (i > 1) append(name, fmt::format(" {}", i));
      text += fmt::format(R"(<sheet name="{}" sheetId="{}" r:id="rId{}"/>)", as_text(name), i, i);
    }
    return text + "</sheets></workbook>";
  }

  [[nodiscard]] std::string workbook_relations() const {
    std::string text = std::string{xml_head} +
                       R"(<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">)";
    for (std::uint64_t i = 1; i <= sheets_; ++i) {
      text += fmt::format(R"(<Relationship Id="rId{}" Type="http://schemas.openxmlformats.org/officeDocument/2006/)"
                          R"(relationships/worksheet" Target="worksheets/sheet{}.xml"/>)",
                          i, i);
    }
    return text + "</Relationships>";
  }

  [[nodiscard]] std::string content_types() const {
    std::string text =
        std::string{xml_head} +
        R"(<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">)"
        R"(<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>)"
        R"(<Default Extension="xml" ContentType="application/xml"/>)"
        R"(<Override PartName="/xl/workbook.xml" ContentType=)"
        R"("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>)";
    for (std::uint64_t i = 1; i <= sheets_; ++i) {
      text += fmt::format(R"(<Override PartName="/xl/worksheets/sheet{}.xml" ContentType=)"
                          R"("application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>)",
                          i);
    }
    return text + "</Types>";
  }

  const std::vector<Column> columns_;
  TableOptions options_;
  std::vector<std::string> names_;
  ZipStream zip_;
  std::uint64_t sheets_ = 0;
  std::uint64_t rows_in_sheet_ = 0;
  std::string row_number_;
  Bytes pending_;
  std::string scratch_;
};

}  // namespace

Result<std::unique_ptr<TableWriter>> make_xlsx_writer(std::vector<Column> columns, const TableOptions& options,
                                                      ByteView state) {
  auto writer = std::make_unique<XlsxWriter>(std::move(columns), options);
  if (!state.empty()) DUHENG_CHECK(writer->load(state));
  return std::unique_ptr<TableWriter>{std::move(writer)};
}

}  // namespace duheng::store::table_files
