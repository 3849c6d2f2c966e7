#include "store/records/migration.hpp"

#include <gtest/gtest.h>

#include "store/records/test_database.hpp"

namespace duheng::records {
namespace {

constexpr Migration tree_first[] = {
    {"nodes", "CREATE TABLE node (id INTEGER PRIMARY KEY); CREATE TABLE leaf (id INTEGER)"}};
constexpr Migration tree_both[] = {tree_first[0], {"names", "ALTER TABLE node ADD COLUMN name TEXT"}};
constexpr Migration tree_altered[] = {{"nodes", "CREATE TABLE node (id INTEGER PRIMARY KEY, extra TEXT)"}};
constexpr Migration faulty[] = {{"good", "CREATE TABLE good (id INTEGER)"}, {"bad", "CREATE TABLE good (id INTEGER)"}};

std::int64_t count(Database& database, std::string_view sql) {
  return database.read([&](Transaction& t) { return t.integer(sql); }).value().value();
}

TEST(Migration, AppliesEachStepOnceAndRemembersWhen) {
  TestDatabase database;
  const Capability first[] = {{"tree", tree_first}};
  const Capability both[] = {{"tree", tree_both}};
  ASSERT_TRUE(migrate(*database, database.clock, first));
  const auto applied_at = database.clock.utc_ms();
  database.clock.advance_ms(1000);
  ASSERT_TRUE(migrate(*database, database.clock, both));
  ASSERT_TRUE(migrate(*database, database.clock, both));
  EXPECT_EQ(count(*database, "SELECT count(*) FROM schema_migrations"), 2);
  EXPECT_EQ(count(*database, "SELECT applied_at_ms FROM schema_migrations WHERE version = 1"), applied_at);
  EXPECT_EQ(count(*database, "SELECT applied_at_ms FROM schema_migrations WHERE version = 2"), applied_at + 1000);
  EXPECT_EQ(count(*database, "SELECT count(name) FROM node"), 0);
}

TEST(Migration, RefusesAnAlteredStep) {
  TestDatabase database{Capability{"tree", tree_first}};
  const Capability altered[] = {{"tree", tree_altered}};
  const auto refused = migrate(*database, database.clock, altered);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::conflict);
}

TEST(Migration, RefusesAFileOfANewerRelease) {
  TestDatabase database{Capability{"tree", tree_both}};
  const Capability older[] = {{"tree", tree_first}};
  EXPECT_EQ(migrate(*database, database.clock, older).error().code, ErrorCode::unsupported);
  const Capability other[] = {{"pond", faulty}};
  EXPECT_EQ(migrate(*database, database.clock, other).error().code, ErrorCode::unsupported);
}

TEST(Migration, AFailedStepLeavesNothing) {
  TestDatabase database;
  const Capability list[] = {{"tree", tree_first}, {"faulty", faulty}};
  const auto failed = migrate(*database, database.clock, list);
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message.find("migration 2 of faulty (bad)"), std::string::npos) << failed.error().message;
  EXPECT_EQ(count(*database, "SELECT count(*) FROM sqlite_schema WHERE name IN ('node', 'good')"), 0);
  EXPECT_EQ(count(*database, "SELECT count(*) FROM schema_migrations"), 0);
}

}  // namespace
}  // namespace duheng::records
