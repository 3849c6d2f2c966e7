#include "store/clickhouse/clickhouse_dialect.hpp"

#include <gtest/gtest.h>

namespace duheng::store {
namespace {

TEST(ClickHouseDialect, ReadsVersions) {
  EXPECT_EQ(parse_clickhouse_version("18.16.1").value(), (ClickHouseVersion{18, 16, 1}));
  EXPECT_EQ(parse_clickhouse_version("24.8.4.13-stable").value(), (ClickHouseVersion{24, 8, 4}));
  EXPECT_LT((ClickHouseVersion{18, 16, 1}), (ClickHouseVersion{19, 3, 0}));
  for (const char* text : {"", "18", "18.16", "18.16.", "x.1.2", "18..1", "99999999999.1.1", "-1.2.3"}) {
    const auto parsed = parse_clickhouse_version(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::unsupported);
  }
}

TEST(ClickHouseDialect, UsesCodecsOnlyWhereTheServerHasThem) {
  for (const ColumnUse use :
       {ColumnUse::series, ColumnUse::time, ColumnUse::value, ColumnUse::flags, ColumnUse::reference}) {
    EXPECT_EQ(codec_clause({18, 16, 1}, use), "");
    EXPECT_EQ(codec_clause({19, 2, 99}, use), "");
    const std::string early = codec_clause({19, 3, 0}, use);
    EXPECT_NE(early.find("ZSTD"), std::string::npos);
    for (const char* later : {"DoubleDelta", "T64"}) EXPECT_EQ(early.find(later), std::string::npos);
    EXPECT_NE(codec_clause({24, 8, 4}, use).find("ZSTD"), std::string::npos);
  }
  EXPECT_EQ(codec_clause({20, 1, 0}, ColumnUse::time), " CODEC(DoubleDelta, ZSTD)");
  EXPECT_EQ(codec_clause({20, 1, 0}, ColumnUse::flags), " CODEC(T64, ZSTD)");
}

TEST(ClickHouseDialect, AsksForSynchronisedInsertsOnlyWhereTheServerCan) {
  EXPECT_FALSE(can_fsync_inserts({18, 16, 1}));
  EXPECT_TRUE(can_fsync_inserts({20, 12, 0}));
  const auto find = [](ClickHouseVersion version, std::string_view text) {
    std::size_t found = 0;
    for (const std::string& statement : create_table_statements(version, "d"))
      found += statement.find(text) != std::string::npos ? 1 : 0;
    return found;
  };
  EXPECT_EQ(find({18, 16, 1}, "fsync"), 0U);
  EXPECT_EQ(find({18, 16, 1}, "CODEC"), 0U);
  EXPECT_EQ(find({21, 3, 1}, "fsync_after_insert = 1"), table_names().size());
  for (const std::string_view name : table_names())
    EXPECT_EQ(find({21, 3, 1}, " d." + std::string(name) + " ("), 1U) << name;
}

TEST(ClickHouseDialect, DatabaseNamesAreSafeInSql) {
  for (const char* name : {"duheng", "_a1", "A"}) EXPECT_TRUE(check_database_name(name)) << name;
  for (const std::string& name :
       {std::string(), std::string("1a"), std::string("a-b"), std::string("a.b"), std::string("a`"), std::string("a;b"),
        std::string("d\0x", 3), std::string(64, 'a'), std::string("\xE5\xBA\xA6")}) {
    const auto checked = check_database_name(name);
    ASSERT_FALSE(checked) << name;
    EXPECT_EQ(checked.error().code, ErrorCode::invalid_argument);
  }
}

TEST(ClickHouseDialect, ErrorsSayWhatToDo) {
  const auto code = [](long status, std::string_view body) { return clickhouse_error(status, body).code; };
  EXPECT_EQ(code(500, "Code: 159, e.displayText() = DB::Exception: Timeout exceeded"), ErrorCode::timed_out);
  EXPECT_EQ(code(500, "Code: 394, e.displayText() = x"), ErrorCode::cancelled);
  EXPECT_EQ(code(500, "Code: 243, e.displayText() = x"), ErrorCode::storage_full);
  EXPECT_EQ(code(404, "Code: 60, e.displayText() = x"), ErrorCode::storage_corrupt);
  EXPECT_EQ(code(401, "Code: 193, e.displayText() = x"), ErrorCode::unauthenticated);
  EXPECT_EQ(code(500, "Code: 164, e.displayText() = x"), ErrorCode::forbidden);
  EXPECT_EQ(code(500, "Code: 252, e.displayText() = x"), ErrorCode::storage_failed);
  EXPECT_EQ(code(502, "<html>"), ErrorCode::storage_failed);
  EXPECT_EQ(code(403, ""), ErrorCode::unauthenticated);
}

TEST(ClickHouseDialect, WhatTheServerSaysStaysOneShortLine) {
  const Error error = clickhouse_error(
      500, "Code: 62, e.displayText() = DB::Exception: a\nb\x1b[31m\xFF" + std::string(1'000, 'x') + ", e.what() = y");
  EXPECT_LT(error.message.size(), 400U);
  for (const char c : error.message) EXPECT_TRUE(c >= 0x20 && c < 0x7F);
  EXPECT_EQ(clickhouse_error(500, "Code: 1, it broke, e.what() = DB::Exception").message,
            "ClickHouse answered 500: Code: 1, it broke");
}

}  // namespace
}  // namespace duheng::store
