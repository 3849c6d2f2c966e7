#include "store/table_files/table_reader.hpp"

#include <cstdio>
#include <duckdb.h>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "store/table_files/xlsx_cells.hpp"
#include "store/table_files/zip_stream.hpp"

namespace duheng::store {
namespace {

struct Row {
  std::size_t line = 0;
  std::vector<std::string> fields;  ///< of a row that cannot be used: "!" and why
  friend bool operator==(const Row&, const Row&) = default;
};
void PrintTo(const Row& row, std::ostream* out) {
  *out << row.line;
  for (const auto& field : row.fields) *out << '|' << field;
}

std::vector<Row> read_all(ByteView file) {
  auto table = open_table(file);
  if (!table) return {{0, {"!", table.error().message}}};
  std::vector<Row> out;
  std::vector<std::string> fields;
  while (out.size() < 100'000) {
    const auto read = (*table)->next(fields);
    if (!read) {
      out.push_back({(*table)->line(), {"!", read.error().message}});
      if (read.error().code != ErrorCode::malformed) break;
      if (out.size() > 1'000) break;
      continue;
    }
    if (!*read) break;
    out.push_back({(*table)->line(), fields});
  }
  return out;
}

class TemporaryFile {
 public:
  TemporaryFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "duheng-tables-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = pattern;
  }
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] std::string path() const { return folder_ + "/table"; }
  [[nodiscard]] Bytes content() const {
    std::ifstream in(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  std::string folder_;
};

Bytes file_of(TableFormat format, const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows) {
  Bytes out;
  const auto writer = make_table_writer(format, columns, {}).value();
  EXPECT_TRUE(writer->begin(out));
  for (const auto& row : rows) EXPECT_TRUE(writer->row(row, out));
  EXPECT_TRUE(writer->end(out));
  return out;
}

TEST(TableReader, ReadsASpreadsheetThatOpenpyxlWrote) {
  const TemporaryFile file;
  const std::string command =
      "/usr/bin/python3 " DUHENG_SOURCE_DIR "/src/store/table_files/write_xlsx.py " + file.path();
  ASSERT_EQ(::system(command.c_str()), 0) << "python3 with openpyxl (Debian: python3-openpyxl) must write the file";
  const Bytes content = file.content();
  EXPECT_EQ(recognise_table(content), TableFormat::xlsx);
  const std::vector<Row> rows = read_all(content);
  ASSERT_EQ(rows.size(), 8U);
  EXPECT_EQ(rows[0], (Row{1, {"device_uid", "register", "time", "value", "说明"}}));
  EXPECT_EQ(rows[1],
            (Row{2, {"000000000161", "energy_active_import_total", "2021-03-01T01:15:00", "17.25", "好, \"x\""}}));
  EXPECT_EQ(rows[2], (Row{3, {"161", "voltage_a", "2021-03-01T01:30:30", "0.3", "TRUE"}})) << "15 digits, as shown";
  EXPECT_EQ(rows[3].fields[0], "!");
  EXPECT_NE(rows[3].fields[1].find("the cell D5 holds a formula"), std::string::npos) << rows[3].fields[1];
  EXPECT_EQ(rows[4].fields[0], "!");
  EXPECT_EQ(rows[5].line, 7U);
  EXPECT_NE(rows[5].fields[1].find("A7 holds a number of more than 15 digits"), std::string::npos) << rows[5].fields[1];
  EXPECT_EQ(rows[6], (Row{9, {"", "", "", "", "", "", "far"}}));
  EXPECT_EQ(rows[7], (Row{10, {"", "", "2021-03-01T12:00:00", "44256.5"}}));
}

TEST(TableReader, ReadsWhatTheWritersWrite) {
  const std::vector<Column> columns{{"name", ColumnType::text},
                                    {"value", ColumnType::decimal, true, 3},
                                    {"at", ColumnType::time},
                                    {"note", ColumnType::text, true}};
  const std::vector<std::vector<Cell>> rows{
      {Cell::of("电表, \"1\""), Cell::decimal(-12'345, -3), Cell::of(std::int64_t{1'614'528'000'123}), {}},
      {Cell::of("two"), {}, Cell::of(std::int64_t{1'614'528'060'000}), Cell::of("n")}};
  for (const auto format : {TableFormat::csv, TableFormat::xlsx, TableFormat::parquet}) {
    const Bytes file = file_of(format, columns, rows);
    EXPECT_EQ(recognise_table(file), format);
    const std::vector<Row> read = read_all(file);
    ASSERT_EQ(read.size(), 3U) << to_string(format) << ": " << read.back().fields.back();
    EXPECT_EQ(read[0].fields, (std::vector<std::string>{"name", "value", "at", "note"}));
    EXPECT_EQ(read[1].fields[0], "电表, \"1\"");
    EXPECT_EQ(read[1].fields[1], "-12.345");
    EXPECT_EQ(read[2].fields[1], "");
    EXPECT_EQ(read[2].fields[3], "n");
    EXPECT_EQ(read[2].line, 3U);
    const bool has_times = format == TableFormat::parquet;
    EXPECT_EQ(read[1].fields[2].substr(0, 23), has_times ? "2021-02-28T16:00:00.123" : "1614528000123");
  }
}

/// Types that other programs write: by DuckDB's own writer, which shares nothing with ours.
TEST(TableReader, ReadsTheTypesOfParquet) {
  const TemporaryFile file;
  duckdb_database database = nullptr;
  duckdb_connection connection = nullptr;
  ASSERT_EQ(duckdb_open(nullptr, &database), DuckDBSuccess);
  ASSERT_EQ(duckdb_connect(database, &connection), DuckDBSuccess);
  const auto copy = [&](const std::string& select) {
    std::filesystem::remove(file.path());
    duckdb_result result{};
    const std::string sql = "COPY (" + select + ") TO '" + file.path() + "' (FORMAT parquet)";
    EXPECT_EQ(duckdb_query(connection, sql.c_str(), &result), DuckDBSuccess) << duckdb_result_error(&result);
    duckdb_destroy_result(&result);
    return file.content();
  };
  const auto rows = read_all(copy(
      "SELECT 'a' AS s, 17.250::DECIMAL(9,3) AS d, 0.1::DOUBLE AS f, 1e-7::DOUBLE AS g, 42::BIGINT AS i, true AS b, "
      "TIMESTAMP '2021-03-01 01:15:00' AS t, DATE '2021-03-01' AS y, NULL::VARCHAR AS n, "
      "epoch_ms(1614528000000)::TIMESTAMPTZ AS z, 'x''y' AS \"odd \"\" name\""));
  ASSERT_EQ(rows.size(), 2U) << rows.back().fields.back();
  EXPECT_EQ(rows[0].fields.back(), "odd \" name");
  EXPECT_EQ(rows[1].fields,
            (std::vector<std::string>{"a", "17.250", "0.1", "0.0000001", "42", "true", "2021-03-01T01:15:00.000",
                                      "2021-03-01", "", "2021-02-28T16:00:00.000Z", "x'y"}));
  EXPECT_NE(read_all(copy("SELECT [1, 2] AS l")).at(0).fields[1].find("lists"), std::string::npos);
  // A small file may unpack to as many rows as anybody likes: whoever reads stops when it is enough.
  const Bytes many = copy("SELECT 'x' AS a FROM range(5000000)");
  EXPECT_LT(many.size(), 1U << 20);
  const auto table = open_table(many);
  ASSERT_TRUE(table);
  std::vector<std::string> fields;
  for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(*(*table)->next(fields));
  const auto too_long = read_all(copy("SELECT repeat('x', 5000) AS a UNION ALL SELECT 'y'"));
  ASSERT_EQ(too_long.size(), 3U);
  EXPECT_EQ(too_long[1].fields[0], "!");
  EXPECT_EQ(too_long[2].fields[0], "y");
  Bytes damaged = copy("SELECT i, i * 2 AS j FROM range(1000) t(i)");
  for (std::size_t i = 4; i < damaged.size(); i += 101) {
    Bytes other = damaged;
    other[i] ^= 0x5A;
    EXPECT_FALSE(read_all(other).empty());
  }
  damaged.resize(damaged.size() / 2);
  EXPECT_EQ(read_all(damaged).at(0).fields[0], "!");
  duckdb_disconnect(&connection);
  duckdb_close(&database);
}

/// A spreadsheet of parts as the test says.
Bytes workbook(std::string_view sheet, std::string_view strings = {}, std::string_view workbook_xml = {}) {
  Bytes out;
  table_files::ZipStream zip;
  const auto add = [&](const char* name, std::string_view content) {
    EXPECT_TRUE(zip.open_entry(name, out));
    EXPECT_TRUE(zip.write(as_bytes(content), out));
    EXPECT_TRUE(zip.close_entry(out));
  };
  constexpr std::string_view plain =
      R"(<workbook xmlns:r="r"><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>)";
  add("xl/workbook.xml", workbook_xml.empty() ? plain : workbook_xml);
  add("xl/_rels/workbook.xml.rels",
      R"(<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>)");
  if (!strings.empty()) add("xl/sharedStrings.xml", strings);
  add("xl/worksheets/sheet1.xml", sheet);
  EXPECT_TRUE(zip.finish(out));
  return out;
}
std::string sheet_of(std::string_view rows) {
  return "<worksheet><sheetData>" + std::string{rows} + "</sheetData></worksheet>";
}

TEST(TableReader, OddSpreadsheetsAreReadOrRefused) {
  EXPECT_EQ(read_all(workbook(sheet_of(R"(<row><c t="inlineStr"><is><t>a</t></is></c><c><v>1</v></c></row>)"))),
            (std::vector<Row>{{1, {"a", "1"}}}));
  const std::string strings = R"(<sst><si><r><t>ri</t></r><r><t>ch</t></r><rPh><t>no</t></rPh></si></sst>)";
  EXPECT_EQ(read_all(workbook(sheet_of(R"(<row r="3"><c r="B3" t="s"><v>0</v></c></row>)"), strings)),
            (std::vector<Row>{{3, {"", "rich"}}}));
  const auto says = [](const Bytes& file, std::string_view what) {
    const auto rows = read_all(file);
    EXPECT_FALSE(rows.empty()) << what;
    if (rows.empty()) return;
    EXPECT_NE(rows.back().fields.back().find(what), std::string::npos) << rows.back().fields.back();
  };
  says(workbook(sheet_of(R"(<row><c t="s"><v>7</v></c></row>)"), strings), "a text that the file lacks");
  says(workbook(sheet_of(R"(<row><c r="C1" t="e"><v>#DIV/0!</v></c></row>)")), "C1 holds the error #DIV/0!");
  says(workbook(sheet_of(R"(<row><c r="XFE1"><v>1</v></c></row>)")), "cells");
  says(workbook(sheet_of(R"(<row><c r="ZZ1"><v>1</v></c></row>)")), "cells");
  says(workbook("<worksheet><sheetData><row>"), "");
  says(workbook("<!DOCTYPE x [<!ENTITY a \"b\">]><worksheet><row><c><v>&a;</v></c></row></worksheet>"), "entities");
  says(workbook(sheet_of(""), {}, "<workbook/>"), "no sheet");
  says(Bytes{'P', 'K', 3, 4, 0, 0}, "ZIP");
  const std::string_view old = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
  says(Bytes(old.begin(), old.end()), "before 2007");
}

TEST(TableReader, ABombIsEndedAtItsLimit) {
  // 300 MiB of blanks within a row, not two MiB as a file.
  std::string blanks = "<worksheet><sheetData><row><c t=\"inlineStr\"><is><t>";
  blanks.append(300U << 20, ' ');
  const Bytes bomb = workbook(blanks);
  EXPECT_LT(bomb.size(), 2U << 20);
  const auto table = open_table(bomb);
  ASSERT_TRUE(table);
  std::vector<std::string> fields;
  const auto read = (*table)->next(fields);
  ASSERT_FALSE(read);
}

TEST(TableReader, NumbersAndTimesOfSpreadsheets) {
  using namespace table_files;
  EXPECT_EQ(plain_number("17.25").value(), "17.25");
  EXPECT_EQ(plain_number("1.7999999999999999E-2").value(), "0.018");
  EXPECT_EQ(plain_number("224.39999999999998").value(), "224.4");
  EXPECT_EQ(plain_number("-1E-10").value(), "-0.0000000001");
  EXPECT_EQ(plain_number("123456789012345").value(), "123456789012345");
  EXPECT_FALSE(plain_number("1E15"));
  EXPECT_FALSE(plain_number("NaN"));
  EXPECT_FALSE(plain_number("1,5"));
  EXPECT_EQ(serial_time("44256", false).value(), "2021-03-01T00:00:00");
  EXPECT_EQ(serial_time("44256.052083333336", false).value(), "2021-03-01T01:15:00");
  EXPECT_EQ(serial_time("42794", true).value(), "2021-03-01T00:00:00");
  EXPECT_FALSE(serial_time("60", false));
  EXPECT_FALSE(serial_time("1e30", false));
  EXPECT_TRUE(is_date_format("yyyy-mm-dd") && is_date_format("[$-804]h:mm") && is_date_format(22));
  EXPECT_FALSE(is_date_format("0.00\"days\"") || is_date_format("[Red]0.0") || is_date_format("#,##0") ||
               is_date_format(2));
  EXPECT_EQ(column_of_reference("A1"), 0U);
  EXPECT_EQ(column_of_reference("AA7"), 26U);
  EXPECT_FALSE(column_of_reference("7"));
}

}  // namespace
}  // namespace duheng::store
