#include "store/records/sqlite_database.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <sys/stat.h>

#include "store/records/test_database.hpp"

namespace duheng::records {
namespace {

constexpr std::string_view secret_words = "a very recognisable sentence about meter 000012345678";

Result<std::unique_ptr<SqliteDatabase>> open_with(const std::string& path, std::uint8_t fill,
                                                  std::int64_t busy_timeout_ms = 50) {
  crypto::LocalKeyProvider keys{test_key(fill)};
  return SqliteDatabase::open({.path = path, .readers_max = 2, .busy_timeout_ms = busy_timeout_ms}, keys);
}

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void overwrite(const std::string& path, std::size_t offset, std::string_view with) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(offset));
  file << with;
}

Result<void> fill_table(Database& database, int rows) {
  return database.write([&](Transaction& t) -> Result<void> {
    DUHENG_CHECK(t.execute("CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, words TEXT)"));
    for (int i = 0; i < rows; ++i) DUHENG_CHECK(t.execute("INSERT INTO note (words) VALUES (?1)", {secret_words}));
    return {};
  });
}

std::int64_t count_notes(Database& database) {
  return database.read([](Transaction& t) { return t.integer("SELECT count(words) FROM note"); }).value().value();
}

class SqliteDatabaseTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::string path_ = folder_.file("records.db");
};

TEST_F(SqliteDatabaseTest, NeitherFileNorLogHoldsPlainTextAndBothArePrivate) {
  const auto database = open_with(path_, 1).value();
  ASSERT_TRUE(fill_table(*database, 50));
  for (const char* suffix : {"", "-wal"}) {
    const std::string octets = content(path_ + suffix);
    ASSERT_GE(octets.size(), 4096U) << suffix;
    EXPECT_EQ(octets.find(secret_words), std::string::npos) << suffix;
    EXPECT_EQ(octets.find("CREATE TABLE"), std::string::npos) << suffix;
    struct stat status{};
    ASSERT_EQ(::stat((path_ + suffix).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U) << suffix;
  }
}

TEST_F(SqliteDatabaseTest, OpensAgainWithItsKeyOnly) {
  ASSERT_TRUE(fill_table(*open_with(path_, 1).value(), 3));
  const auto wrong = open_with(path_, 2);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::key_missing);
  EXPECT_EQ(count_notes(*open_with(path_, 1).value()), 3);
}

TEST_F(SqliteDatabaseTest, TriesOlderVersionsOfTheKey) {
  class Rotated final : public crypto::KeyProvider {
   public:
    Result<std::uint32_t> current_version(std::string_view) override { return 3; }
    Result<crypto::SecretKey> key(std::string_view purpose, std::uint32_t version) override {
      EXPECT_EQ(purpose, "records");
      return test_key(static_cast<std::uint8_t>(version));
    }
  } rotated;
  class First final : public crypto::KeyProvider {
   public:
    Result<std::uint32_t> current_version(std::string_view) override { return 1; }
    Result<crypto::SecretKey> key(std::string_view, std::uint32_t version) override {
      return test_key(static_cast<std::uint8_t>(version));
    }
  } first;
  ASSERT_TRUE(fill_table(*SqliteDatabase::open({.path = path_}, first).value(), 2));
  const auto opened = SqliteDatabase::open({.path = path_}, rotated);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(count_notes(**opened), 2);
}

TEST_F(SqliteDatabaseTest, AMissingFolderIsAStorageFailure) {
  const auto opened = open_with(folder_.file("none/records.db"), 1);
  EXPECT_EQ(opened.error().code, ErrorCode::storage_failed);
}

TEST_F(SqliteDatabaseTest, AnAlteredPageIsFoundAndNeverRead) {
  ASSERT_TRUE(fill_table(*open_with(path_, 1).value(), 500));
  ASSERT_GT(content(path_).size(), 6U * 4096);
  overwrite(path_, 4 * 4096 + 100, "x");
  const auto database = open_with(path_, 1).value();
  const auto integrity = database->check_integrity();
  ASSERT_FALSE(integrity);
  EXPECT_EQ(integrity.error().code, ErrorCode::storage_corrupt) << integrity.error().message;
  const auto counted = database->read([](Transaction& t) { return t.integer("SELECT count(words) FROM note"); });
  ASSERT_FALSE(counted);
  EXPECT_EQ(counted.error().code, ErrorCode::storage_corrupt) << counted.error().message;
}

TEST_F(SqliteDatabaseTest, ASoundFilePassesTheCheck) {
  const auto database = open_with(path_, 1).value();
  ASSERT_TRUE(fill_table(*database, 500));
  const auto integrity = database->check_integrity();
  EXPECT_TRUE(integrity) << integrity.error().message;
}

TEST_F(SqliteDatabaseTest, WaitsForATurnAndThenSaysUnavailable) {
  const auto database = open_with(path_, 1).value();
  ASSERT_TRUE(fill_table(*database, 1));
  const auto writer = database->begin_write().value();
  EXPECT_EQ(database->begin_write().error().code, ErrorCode::unavailable);
  const auto first = database->begin_read().value();
  const auto second = database->begin_read().value();
  EXPECT_EQ(database->begin_read().error().code, ErrorCode::unavailable);
}

TEST_F(SqliteDatabaseTest, AnotherProcessWritingMakesItUnavailable) {
  const auto one = open_with(path_, 1).value();
  const auto other = open_with(path_, 1).value();
  const auto writer = one->begin_write().value();
  EXPECT_EQ(other->begin_write().error().code, ErrorCode::unavailable);
  ASSERT_TRUE(writer->commit());
  EXPECT_TRUE(other->begin_write());
}

TEST_F(SqliteDatabaseTest, AValueBeyondTheLimitIsRefused) {
  const auto database = open_with(path_, 1).value();
  const std::string large((64U << 20) + 1, 'x');
  const auto outcome = database->write([&](Transaction& t) { return t.integer("SELECT length(?1)", {large}); });
  EXPECT_EQ(outcome.error().code, ErrorCode::limit_exceeded);
}

TEST_F(SqliteDatabaseTest, AFullDiskTakesTheWholeTransactionBack) {
  const auto database = open_with(path_, 1).value();
  ASSERT_TRUE(fill_table(*database, 1));
  // The engine's own page limit stands for the disk's: the same error comes out of it.
  {
    const auto limited = database->begin_write().value();
    ASSERT_TRUE(limited->integer("PRAGMA max_page_count = 8"));
    ASSERT_TRUE(limited->commit());
  }
  const auto outcome = fill_table(*database, 2000);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::storage_full) << outcome.error().message;
  EXPECT_EQ(count_notes(*database), 1);
  ASSERT_TRUE(fill_table(*database, 1));
  EXPECT_EQ(count_notes(*database), 2);
}

TEST_F(SqliteDatabaseTest, BackupIsACompleteEncryptedCopy) {
  const auto database = open_with(path_, 1).value();
  ASSERT_TRUE(fill_table(*database, 200));
  const std::string copy = folder_.file("copy.db");
  const auto done = database->backup_to(copy);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(database->backup_to(copy).error().code, ErrorCode::already_exists);
  ASSERT_TRUE(fill_table(*database, 1));
  EXPECT_EQ(content(copy).find(secret_words), std::string::npos);
  EXPECT_EQ(open_with(copy, 2).error().code, ErrorCode::key_missing);
  const auto opened = open_with(copy, 1).value();
  EXPECT_EQ(count_notes(*opened), 200);
  EXPECT_TRUE(opened->check_integrity());
}

}  // namespace
}  // namespace duheng::records
