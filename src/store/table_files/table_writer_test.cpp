#include "store/table_files/table_writer.hpp"

#include <array>
#include <cstdio>
#include <duckdb.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <nlohmann/json.hpp>

#include "base/decimal.hpp"
#include "store/table_files/table_cells.hpp"

namespace duheng::store {
namespace {

struct TestRow {
  std::string device;
  std::int64_t time_utc_ms = 0;
  std::int64_t mantissa = 0;
  std::int8_t exponent = 0;
  bool has_value = true;
  std::string note;
};

std::vector<Column> columns() {
  return {{"device", ColumnType::text},
          {"time", ColumnType::time},
          {"value", ColumnType::decimal, true, 4},
          {"frame", ColumnType::integer},
          {"note", ColumnType::text, true}};
}

/// A table with what is hard: signs, nulls, quotes, letters of the world, formulas, the ends of 63 bits.
std::vector<TestRow> rows(std::size_t count) {
  const std::array<std::string, 6> notes{"", "plain", "a,b \"c\"\r\nd", "=HYPERLINK(\"http://x\")", "东区表 <&>", "-1"};
  std::vector<TestRow> out;
  for (std::size_t i = 0; i < count; ++i) {
    TestRow row;
    row.device = "meter " + std::to_string(i % 7);
    row.time_utc_ms = 1'750'000'000'000 + static_cast<std::int64_t>(i) * 900'000;
    row.mantissa = static_cast<std::int64_t>(i) * 7 - 50;
    row.exponent = static_cast<std::int8_t>(-static_cast<int>(i % 4));
    row.has_value = i % 11 != 3;
    row.note = notes[i % notes.size()];
    out.push_back(row);
  }
  if (count > 3) {
    out[1].mantissa = 9'223'372'036'854'775'807;
    out[2].mantissa = -9'223'372'036'854'775'807 - 1;
  }
  return out;
}

std::array<Cell, 5> cells(const TestRow& row, std::int64_t frame) {
  return {Cell::of(row.device), Cell::of(row.time_utc_ms),
          row.has_value ? Cell::decimal(row.mantissa, row.exponent) : Cell{}, Cell::of(frame),
          row.note.empty() ? Cell{} : Cell::of(row.note)};
}

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// The file in one go, or with another writer after every `piece` rows.
Bytes file_of(TableFormat format, const std::vector<TestRow>& data, const TableOptions& options, std::size_t piece,
              bool restart) {
  Bytes out;
  auto writer = must(make_table_writer(format, columns(), options));
  must(writer->begin(out));
  for (std::size_t i = 0; i < data.size(); ++i) {
    must(writer->row(cells(data[i], static_cast<std::int64_t>(i) + 1), out));
    if ((i + 1) % piece != 0) continue;
    must(writer->flush(out));
    if (restart) writer = must(resume_table_writer(format, columns(), options, writer->state()));
  }
  must(writer->end(out));
  return out;
}

std::string text_file(TableFormat format, const std::vector<TestRow>& data, const TableOptions& options = {}) {
  return std::string{as_text(file_of(format, data, options, 1'000, false))};
}

class TemporaryFile {
 public:
  TemporaryFile(const Bytes& content, const std::string& extension) {
    std::string pattern = (std::filesystem::temp_directory_path() / "duheng-table-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = pattern;
    path_ = folder_ + "/table." + extension;
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
  }
  ~TemporaryFile() { std::filesystem::remove_all(folder_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string folder_;
  std::string path_;
};

using TextRows = std::vector<std::vector<std::string>>;

/// What DuckDB answers, every value as text; "∅" for null.
TextRows ask_duckdb(const std::string& sql) {
  duckdb_database database = nullptr;
  duckdb_connection connection = nullptr;
  EXPECT_EQ(duckdb_open(nullptr, &database), DuckDBSuccess);
  EXPECT_EQ(duckdb_connect(database, &connection), DuckDBSuccess);
  duckdb_result result{};
  TextRows out;
  if (duckdb_query(connection, sql.c_str(), &result) != DuckDBSuccess) {
    ADD_FAILURE() << sql << ": " << duckdb_result_error(&result);
  } else {
    for (idx_t row = 0; row < duckdb_row_count(&result); ++row) {
      std::vector<std::string> line;
      for (idx_t column = 0; column < duckdb_column_count(&result); ++column) {
        char* text = duckdb_value_varchar(&result, column, row);
        line.emplace_back(text == nullptr ? "∅" : text);
        duckdb_free(text);
      }
      out.push_back(std::move(line));
    }
  }
  duckdb_destroy_result(&result);
  duckdb_disconnect(&connection);
  duckdb_close(&database);
  return out;
}

/// The independent reader of spreadsheets: openpyxl, which Debian installs for its own Python.
nlohmann::json ask_openpyxl(const std::string& path) {
  const std::string command =
      "/usr/bin/python3 " DUHENG_SOURCE_DIR "/src/store/table_files/read_xlsx.py '" + path + "'";
  FILE* pipe = ::popen(command.c_str(), "r");
  std::string text;
  std::array<char, 65'536> buffer{};
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe)) text.append(buffer.data(), got);
  EXPECT_EQ(::pclose(pipe), 0) << "python3 with openpyxl (Debian: python3-openpyxl) must read the file";
  return nlohmann::json::parse(text);
}

TEST(TableWriter, ResumedFilesAreTheSameOctets) {
  const auto data = rows(500);
  for (const TableFormat format :
       {TableFormat::csv, TableFormat::json_lines, TableFormat::xlsx, TableFormat::parquet}) {
    TableOptions options;
    options.sheet_rows_max = 101;
    for (const std::size_t piece : {1UZ, 17UZ, 100UZ, 499UZ}) {
      EXPECT_EQ(file_of(format, data, options, piece, true), file_of(format, data, options, piece, false))
          << to_string(format) << " with pieces of " << piece;
    }
  }
}

TEST(TableWriter, RefusesRowsThatDoNotFit) {
  auto writer = must(make_table_writer(TableFormat::csv, columns(), {}));
  Bytes out;
  const std::array<Cell, 1> too_few{Cell::of("x")};
  EXPECT_EQ(writer->row(too_few, out).error().code, ErrorCode::invalid_argument);
  const std::array<Cell, 5> null_device{Cell{}, Cell::of(1), Cell{}, Cell::of(1), Cell{}};
  EXPECT_EQ(writer->row(null_device, out).error().code, ErrorCode::invalid_argument);
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(make_table_writer(TableFormat::csv, {}, {}).error().code, ErrorCode::invalid_argument);
  const Bytes nonsense{9, 9, 9};
  EXPECT_EQ(resume_table_writer(TableFormat::parquet, columns(), {}, nonsense).error().code, ErrorCode::malformed);
  EXPECT_EQ(resume_table_writer(TableFormat::xlsx, columns(), {}, nonsense).error().code, ErrorCode::malformed);
}

TEST(TableWriter, NamesAreFound) {
  for (const TableFormat format : {TableFormat::csv, TableFormat::json_lines, TableFormat::xlsx, TableFormat::parquet})
    EXPECT_EQ(table_format_of(to_string(format)), format);
  EXPECT_FALSE(table_format_of("docx"));
  EXPECT_EQ(file_extension(TableFormat::json_lines), "jsonl");
}

TEST(CsvWriter, DisarmsFormulasAndQuotes) {
  std::vector<TestRow> data{
      {"=1+1", 1, -150, -2, true, "+a,b"}, {"@x", 2, 0, 0, false, "\tq"}, {"-2", 3, 5, -3, true, ""}};
  EXPECT_EQ(text_file(TableFormat::csv, data),
            "device,time,value,frame,note\r\n"
            "'=1+1,1,-1.50,1,\"'+a,b\"\r\n"
            "'@x,2,,2,'\tq\r\n"
            "'-2,3,0.005,3,\r\n");
  TableOptions marked;
  marked.byte_order_mark = true;
  EXPECT_TRUE(text_file(TableFormat::csv, {}, marked)
                  .starts_with("\xEF\xBB\xBF"
                               "device,"));
}

TEST(CsvWriter, IsReadBackByDuckDb) {
  const auto data = rows(300);
  const TemporaryFile file(file_of(TableFormat::csv, data, {}, 1'000, false), "csv");
  const auto read = ask_duckdb("SELECT device, value, note FROM read_csv('" + file.path() +
                               "', all_varchar=true, header=true, strict_mode=true)");
  ASSERT_EQ(read.size(), data.size());
  for (std::size_t i = 0; i < data.size(); ++i) {
    EXPECT_EQ(read[i][0], data[i].device);
    EXPECT_EQ(read[i][1], data[i].has_value ? (Decimal{data[i].mantissa, data[i].exponent}.to_string()) : "∅");
    const bool formula = data[i].note.starts_with('=') || data[i].note.starts_with('-');
    EXPECT_EQ(read[i][2], data[i].note.empty() ? "∅" : (formula ? "'" : "") + data[i].note);
  }
}

TEST(JsonLinesWriter, IsReadBack) {
  auto data = rows(100);
  data[5].note = std::string("bad \xC3( \x01 \\ \"", 12);
  const std::string text = text_file(TableFormat::json_lines, data);
  std::size_t at = 0;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const std::size_t end = text.find('\n', at);
    const auto line = nlohmann::json::parse(text.substr(at, end - at));
    at = end + 1;
    EXPECT_EQ(line["device"], data[i].device);
    EXPECT_EQ(line["time"], data[i].time_utc_ms);
    EXPECT_EQ(line["frame"], i + 1);
    if (data[i].has_value) {
      EXPECT_EQ(line["value"], (Decimal{data[i].mantissa, data[i].exponent}.to_string()));
    } else {
      EXPECT_TRUE(line["value"].is_null());
    }
    if (i == 5) {
      EXPECT_EQ(line["note"], "bad \xEF\xBF\xBD( \x01 \\ \"");
    } else if (!data[i].note.empty()) {
      EXPECT_EQ(line["note"], data[i].note);
    }
  }
  EXPECT_EQ(at, text.size());
}

TEST(ParquetWriter, IsReadBackByDuckDb) {
  const auto data = rows(2'000);
  const TemporaryFile file(file_of(TableFormat::parquet, data, {}, 333, true), "parquet");
  const auto types = ask_duckdb("DESCRIBE SELECT * FROM read_parquet('" + file.path() + "')");
  ASSERT_EQ(types.size(), 5U);
  EXPECT_EQ(types[0][1], "VARCHAR");
  EXPECT_EQ(types[1][1], "TIMESTAMP");
  EXPECT_EQ(types[2][1], "DECIMAL(38,4)");
  EXPECT_EQ(types[3][1], "BIGINT");
  const auto read =
      ask_duckdb("SELECT device, epoch_ms(time), value, frame, note FROM read_parquet('" + file.path() + "')");
  ASSERT_EQ(read.size(), data.size());
  for (std::size_t i = 0; i < data.size(); ++i) {
    EXPECT_EQ(read[i][0], data[i].device);
    EXPECT_EQ(read[i][1], std::to_string(data[i].time_utc_ms));
    EXPECT_EQ(read[i][3], std::to_string(i + 1));
    EXPECT_EQ(read[i][4], data[i].note.empty() ? "∅" : data[i].note);
    // With four digits after the point, as the column says.
    std::string value = "∅";
    if (data[i].has_value) {
      value = Decimal{data[i].mantissa, data[i].exponent}.to_string();
      if (data[i].exponent == 0) value += '.';
      value.append(static_cast<std::size_t>(4 + data[i].exponent), '0');
    }
    EXPECT_EQ(read[i][2], value) << i;
  }
}

TEST(ParquetWriter, EmptyFileHasItsColumns) {
  const TemporaryFile file(file_of(TableFormat::parquet, {}, {}, 10, false), "parquet");
  EXPECT_EQ(ask_duckdb("SELECT count(*) FROM read_parquet('" + file.path() + "')").at(0).at(0), "0");
  EXPECT_EQ(ask_duckdb("DESCRIBE SELECT * FROM read_parquet('" + file.path() + "')").size(), 5U);
}

TEST(ParquetWriter, WhatTheScaleCannotHoldIsNullNotWrong) {
  const std::vector<TestRow> data{
      {"a", 1, 12'345, -6, true, ""}, {"b", 2, 9, 40, true, ""}, {"c", 3, 120'000, -6, true, ""}};
  const TemporaryFile file(file_of(TableFormat::parquet, data, {}, 10, false), "parquet");
  const auto read = ask_duckdb("SELECT value FROM read_parquet('" + file.path() + "')");
  EXPECT_EQ(read, (TextRows{{"∅"}, {"∅"}, {"0.1200"}}));
}

TEST(XlsxWriter, IsReadBackByOpenpyxlOverSeveralSheets) {
  const auto data = rows(250);
  TableOptions options;
  options.sheet_rows_max = 101;
  options.sheet_name = "读数 & more";
  const TemporaryFile file(file_of(TableFormat::xlsx, data, options, 33, true), "xlsx");
  const nlohmann::json read = ask_openpyxl(file.path());
  ASSERT_EQ(read.size(), 3U);
  EXPECT_EQ(read[0]["name"], "读数 & more");
  EXPECT_EQ(read[2]["name"], "读数 & more 3");
  std::size_t at = 0;
  for (const auto& sheet : read) {
    EXPECT_EQ(sheet["rows"][0], (nlohmann::json{"device", "time", "value", "frame", "note"}));
    for (std::size_t line = 1; line < sheet["rows"].size(); ++line, ++at) {
      const auto& row = sheet["rows"][line];
      EXPECT_EQ(row[0], data[at].device);
      EXPECT_EQ(row[1], data[at].time_utc_ms);
      EXPECT_EQ(row[3], at + 1);
      const std::string exact = Decimal{data[at].mantissa, data[at].exponent}.to_string();
      if (!data[at].has_value) {
        EXPECT_TRUE(row[2].is_null());
      } else if (table_files::significant_digits(data[at].mantissa) > 15) {
        EXPECT_EQ(row[2], exact) << "what a double cannot hold is text";
      } else {
        EXPECT_DOUBLE_EQ(row[2].get<double>(), std::stod(exact));
      }
      // XML readers make one line end of CR LF; a lone CR is no character of ours.
      if (!data[at].note.empty() && data[at].note.find('\r') == std::string::npos) {
        EXPECT_EQ(row[4], data[at].note);
      }
    }
  }
  EXPECT_EQ(at, data.size());
}

TEST(TableCells, DecimalsAreExact) {
  const auto text = [](std::int64_t mantissa, std::int8_t exponent) {
    Bytes out;
    table_files::append_decimal(out, mantissa, exponent);
    return std::string{as_text(out)};
  };
  for (const std::int64_t mantissa : {0LL, 1LL, -1LL, 5LL, -50LL, 999LL, 123'456'789LL, 9'223'372'036'854'775'807LL,
                                      -9'223'372'036'854'775'807LL - 1}) {
    for (int exponent = -25; exponent <= 3; ++exponent) {
      const auto e = static_cast<std::int8_t>(exponent);
      EXPECT_EQ(text(mantissa, e), (Decimal{mantissa, e}.to_string()));
    }
  }
}

}  // namespace
}  // namespace duheng::store
