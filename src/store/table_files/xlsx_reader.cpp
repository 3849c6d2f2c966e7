// Spreadsheets from outside (ECMA-376-1, SpreadsheetML): the first sheet, row by row.
#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <map>

#include "store/table_files/foreign_tables.hpp"
#include "store/table_files/xlsx_cells.hpp"
#include "store/table_files/xml_part.hpp"

namespace duheng::store::table_files {
namespace {

constexpr const char* workbook_part = "xl/workbook.xml";
constexpr std::size_t small_part_bytes_max = 16U << 20;
constexpr std::size_t strings_max = 2'000'000;
constexpr std::size_t rows_max = 1'048'576;  ///< of a sheet, ECMA-376-1

std::size_t number_of(std::string_view text, std::size_t otherwise) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? value : otherwise;
}

Result<std::unique_ptr<XmlPart>> open_part(const ZipReader& zip, std::string_view name, std::size_t bytes_max) {
  DUHENG_TRY(auto entry, zip.entry(name, bytes_max));
  return std::make_unique<XmlPart>(std::move(entry));
}

/// What the other parts say that a sheet needs.
struct Workbook {
  std::string sheet_part;
  bool since_1904 = false;
  std::vector<std::string> strings;
  std::vector<bool> date_styles;  ///< by style number
};

Result<std::string> first_sheet(const ZipReader& zip, Workbook& book) {
  DUHENG_TRY(const auto part, open_part(zip, workbook_part, small_part_bytes_max));
  std::string id;
  while (true) {
    DUHENG_TRY(const bool more, part->next());
    if (!more) break;
    if (part->starts("workbookPr")) {
      const std::string flag = part->attribute("date1904");
      book.since_1904 = flag == "1" || flag == "true";
    }
    if (part->starts("sheet") && id.empty()) id = part->attribute("r:id");
  }
  if (id.empty()) return fail(ErrorCode::malformed, "the file holds no sheet");
  return id;
}

Result<void> find_sheet(const ZipReader& zip, Workbook& book) {
  if (!zip.has(workbook_part)) return fail(ErrorCode::malformed, "the file is no spreadsheet (.xlsx)");
  DUHENG_TRY(const std::string id, first_sheet(zip, book));
  DUHENG_TRY(const auto part, open_part(zip, "xl/_rels/workbook.xml.rels", small_part_bytes_max));
  while (true) {
    DUHENG_TRY(const bool more, part->next());
    if (!more) return fail(ErrorCode::malformed, "the file names a sheet that it does not hold");
    if (!part->starts("Relationship") || part->attribute("Id") != id) continue;
    const std::string target = part->attribute("Target");
    book.sheet_part = target.starts_with("/") ? target.substr(1) : "xl/" + target;
    return {};
  }
}

Result<void> read_strings(const ZipReader& zip, Workbook& book) {
  constexpr const char* name = "xl/sharedStrings.xml";
  if (!zip.has(name)) return {};
  DUHENG_TRY(const auto part, open_part(zip, name, table_read_limits::content_bytes_max));
  bool in_text = false;
  int phonetic = 0;  // how a text is read aloud, beside the text
  while (true) {
    DUHENG_TRY(const bool more, part->next());
    if (!more) return {};
    if (part->starts("si")) {
      if (book.strings.size() == strings_max)
        return fail(ErrorCode::limit_exceeded, "the file holds too many different texts");
      book.strings.emplace_back();
    }
    if (part->starts("rPh")) ++phonetic;
    if (part->ends("rPh")) --phonetic;
    if (part->starts("t")) in_text = phonetic == 0 && !book.strings.empty();
    if (part->ends("t")) in_text = false;
    if (in_text && part->kind() == XmlPart::Kind::text) book.strings.back() += part->text();
  }
}

Result<void> read_styles(const ZipReader& zip, Workbook& book) {
  constexpr const char* name = "xl/styles.xml";
  if (!zip.has(name)) return {};
  DUHENG_TRY(const auto part, open_part(zip, name, small_part_bytes_max));
  std::map<std::size_t, bool> own_formats;
  bool in_cell_formats = false;
  while (true) {
    DUHENG_TRY(const bool more, part->next());
    if (!more) return {};
    if (part->starts("numFmt"))
      own_formats[number_of(part->attribute("numFmtId"), 0)] = is_date_format(part->attribute("formatCode"));
    if (part->starts("cellXfs")) in_cell_formats = true;
    if (part->ends("cellXfs")) in_cell_formats = false;
    if (!in_cell_formats || !part->starts("xf")) continue;
    const std::size_t id = number_of(part->attribute("numFmtId"), 0);
    const auto own = own_formats.find(id);
    book.date_styles.push_back(own != own_formats.end() ? own->second
                                                        : id < 1'000 && is_date_format(static_cast<int>(id)));
  }
}

/// A cell as the file has it.
struct RawCell {
  std::string reference;
  std::string type;
  std::size_t style = 0;
  std::string value;
  bool has_formula = false;
  bool has_value = false;
};

class XlsxTable final : public TableReader {
 public:
  XlsxTable(Workbook book, std::unique_ptr<XmlPart> sheet) : book_(std::move(book)), sheet_(std::move(sheet)) {}

  Result<bool> next(std::vector<std::string>& fields) override {
    while (true) {
      DUHENG_TRY(const bool more, advance());
      if (!more) return false;
      if (!sheet_->starts("row")) continue;
      DUHENG_TRY(const bool holds, read_row(fields));
      if (holds) return true;
    }
  }
  [[nodiscard]] std::size_t line() const noexcept override { return line_; }
  [[nodiscard]] std::string_view octets() const noexcept override { return octets_; }

 private:
  /// What is wrong with the part itself is wrong with all that follows, not with a row.
  Result<bool> advance() {
    auto more = sheet_->next();
    if (!more && more.error().code == ErrorCode::malformed) return fail(ErrorCode::truncated, more.error().message);
    return more;
  }

  /// False: nothing stands in it.
  Result<bool> read_row(std::vector<std::string>& fields) {
    // A file may count backwards; ours only rise, so that every line is told apart.
    const std::size_t told = number_of(sheet_->attribute("r"), 0);
    line_ = std::max(line_ + 1, told <= rows_max ? told : 0);
    fields.clear();
    std::string fault;
    while (true) {
      DUHENG_TRY(const bool more, advance());
      if (!more) return fail(ErrorCode::truncated, "the sheet is cut off");
      if (sheet_->ends("row")) break;
      if (!sheet_->starts("c")) continue;
      DUHENG_TRY(const RawCell cell, read_cell());
      if (const auto placed = place(cell, fields); !placed && fault.empty()) fault = placed.error().message;
    }
    octets_ = as_line(fields);
    content_bytes_ += octets_.size();
    if (content_bytes_ > table_read_limits::content_bytes_max)
      return fail(ErrorCode::limit_exceeded, "the sheet holds more than is taken");
    if (octets_.size() > table_read_limits::octets_max) {
      octets_.clear();
      fault = "the row is too long";
    }
    if (!fault.empty()) return fail(ErrorCode::malformed, std::move(fault));
    return std::ranges::any_of(fields, [](const std::string& field) { return !field.empty(); });
  }

  Result<RawCell> read_cell() {
    RawCell cell;
    cell.reference = sheet_->attribute("r");
    cell.type = sheet_->attribute("t");
    cell.style = number_of(sheet_->attribute("s"), 0);
    bool in_value = false;
    while (true) {
      DUHENG_TRY(const bool more, advance());
      if (!more) return fail(ErrorCode::truncated, "the sheet is cut off");
      if (sheet_->ends("c")) return cell;
      if (sheet_->starts("f")) cell.has_formula = true;
      if (sheet_->starts("v") || sheet_->starts("t")) in_value = cell.has_value = true;
      if (sheet_->ends("v") || sheet_->ends("t")) in_value = false;
      if (!in_value || sheet_->kind() != XmlPart::Kind::text) continue;
      if (cell.value.size() <= table_read_limits::field_bytes_max) cell.value += sheet_->text();
    }
  }

  Result<void> place(const RawCell& cell, std::vector<std::string>& fields) const {
    const auto column = cell.reference.empty() ? std::optional{fields.size()} : column_of_reference(cell.reference);
    auto text = text_of(cell);
    if (!text) return fail(ErrorCode::malformed, fmt::format("the cell {} {}", cell.reference, text.error().message));
    if (text->empty()) return {};
    if (!column || *column >= table_read_limits::fields_max)
      return fail(ErrorCode::malformed, fmt::format("a row has more than {} cells", table_read_limits::fields_max));
    if (text->size() > table_read_limits::field_bytes_max)
      return fail(ErrorCode::malformed, fmt::format("the cell {} holds too long a text", cell.reference));
    if (fields.size() <= *column) fields.resize(*column + 1);
    fields[*column] = std::move(*text);
    return {};
  }

  Result<std::string> text_of(const RawCell& cell) const {
    if (cell.type == "e") return fail(ErrorCode::malformed, "holds the error " + cell.value);
    if (cell.has_formula && (!cell.has_value || cell.value.empty()) && cell.type != "str") {
      return fail(
          ErrorCode::malformed,
          "holds a formula whose result the file lacks: open and save it in a spreadsheet program, or put in values");
    }
    if (!cell.has_value) return std::string{};
    if (cell.type == "s") {
      const std::size_t at = number_of(cell.value, strings_max);
      if (at >= book_.strings.size()) return fail(ErrorCode::malformed, "holds a text that the file lacks");
      return book_.strings[at];
    }
    if (cell.type == "b") return cell.value == "1" ? "TRUE" : "FALSE";
    if (cell.type == "str" || cell.type == "inlineStr" || cell.type == "d") return cell.value;
    if (cell.value.empty()) return std::string{};
    const bool is_date = cell.style < book_.date_styles.size() && book_.date_styles[cell.style];
    return is_date ? serial_time(cell.value, book_.since_1904) : plain_number(cell.value);
  }

  const Workbook book_;
  std::unique_ptr<XmlPart> sheet_;
  std::size_t line_ = 0;
  std::string octets_;
  std::size_t content_bytes_ = 0;
};

}  // namespace

std::string as_line(const std::vector<std::string>& fields) {
  std::string out;
  for (const std::string& field : fields) {
    if (&field != fields.data()) out += ',';
    const bool plain = field.find_first_of(",\"\r\n") == std::string::npos;
    if (plain) {
      out += field;
      continue;
    }
    out += '"';
    for (const char c : field) {
      if (c == '"') out += '"';
      out += c;
    }
    out += '"';
  }
  return out;
}

Result<std::unique_ptr<TableReader>> open_xlsx(ByteView file) {
  DUHENG_TRY(ZipReader zip, ZipReader::open(file));
  Workbook book;
  DUHENG_CHECK(find_sheet(zip, book));
  DUHENG_CHECK(read_strings(zip, book));
  DUHENG_CHECK(read_styles(zip, book));
  DUHENG_TRY(auto sheet, open_part(zip, book.sheet_part, table_read_limits::content_bytes_max * 2));
  return std::make_unique<XlsxTable>(std::move(book), std::move(sheet));
}

}  // namespace duheng::store::table_files
