#include "store/table_files/csv_reader.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace duheng::store {
namespace {

using Rows = std::vector<std::vector<std::string>>;

Rows read_all(std::string_view text) {
  CsvReader reader(text);
  Rows out;
  std::vector<std::string> fields;
  while (true) {
    const auto read = reader.next(fields);
    EXPECT_TRUE(read) << read.error().message;
    if (!read || !*read) return out;
    out.push_back(fields);
  }
}

TEST(Csv, ReadsWhatSpreadsheetsWrite) {
  EXPECT_EQ(read_all("a,b\r\n1,\"x, \"\"y\"\"\"\r\n\r\n,\r\n"), (Rows{{"a", "b"}, {"1", "x, \"y\""}, {"", ""}}));
  EXPECT_EQ(read_all("a;b\n1;2,5"), (Rows{{"a", "b"}, {"1", "2,5"}}));
  EXPECT_EQ(read_all("a\tb\r1\t2\r"), (Rows{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(read_all("\"two\r\nlines\",b\n"), (Rows{{"two\nlines", "b"}}));
  EXPECT_TRUE(read_all("").empty());
  EXPECT_TRUE(read_all("\n\n").empty());
}

TEST(Csv, AWrongLineIsToldWithItsNumberAndTheNextIsRead) {
  CsvReader reader("a,b\n1,\"open\n2,x\"y\n3,\"x\"y\n4,good\n");
  std::vector<std::string> fields;
  ASSERT_TRUE(*reader.next(fields));
  for (const std::size_t line : {2U, 3U, 4U}) {
    EXPECT_FALSE(reader.next(fields));
    EXPECT_EQ(reader.line(), line);
  }
  ASSERT_TRUE(*reader.next(fields));
  EXPECT_EQ(fields, (std::vector<std::string>{"4", "good"}));
  EXPECT_EQ(reader.line(), 5U);
}

TEST(Csv, DecodesUtf8AndGb18030) {
  EXPECT_EQ(*decode_text_file(as_bytes("\xEF\xBB\xBF表")), "表");
  EXPECT_EQ(*decode_text_file(as_bytes("表")), "表");
  EXPECT_EQ(*decode_text_file(Bytes{0xB1, 0xED, ',', '1'}), "表,1");  // GBK part
  EXPECT_EQ(*decode_text_file(Bytes{0x81, 0x39, 0xEF, 0x30}), "\xE3\x90\x81") << "four octets";
  EXPECT_EQ(decode_text_file(Bytes{0xFF, 0xFE, 'a', 0}).error().code, ErrorCode::unsupported);
  EXPECT_EQ(decode_text_file(Bytes{'P', 'K', 3, 4, 0}).error().code, ErrorCode::unsupported);
  EXPECT_EQ(decode_text_file(Bytes{0xB1, 0xFF}).error().code, ErrorCode::malformed);
}

TEST(Csv, FormulasAreDefused) {
  EXPECT_EQ(csv_field("=cmd()"), "\"'=cmd()\"");
  EXPECT_EQ(csv_field("say \"no\""), "\"say \"\"no\"\"\"");
}

RC_GTEST_PROP(Csv, WhatIsWrittenIsReadAgain, (const std::vector<std::vector<std::string>>& given)) {
  Rows rows;
  std::string text;
  for (const auto& row : given) {
    if (row.empty() || row.size() > csv_limits::fields_max) continue;
    rows.emplace_back();
    for (std::string field : row) {
      std::erase_if(field, [](char c) { return c == '\r'; });
      const auto written = csv_field(field);
      rows.back().push_back(written.starts_with("\"'") && (field.empty() || field.front() != '\'') ? "'" + field
                                                                                                   : field);
      text += written + ",";
    }
    text.back() = '\n';
  }
  RC_ASSERT(read_all(text) == rows);
}

}  // namespace
}  // namespace duheng::store
