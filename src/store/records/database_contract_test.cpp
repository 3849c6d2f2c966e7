// What every Database must do. A second implementation adds one line to the list of makers at the end.
#include <atomic>
#include <gtest/gtest.h>
#include <limits>
#include <ostream>
#include <thread>

#include "store/records/test_database.hpp"

namespace duheng::records {
namespace {

struct Made {
  std::shared_ptr<void> keeper;
  Database* database = nullptr;
};
struct Maker {
  const char* name;
  Made (*make)();
};
/// The name in test reports instead of the octets of two pointers.
void PrintTo(const Maker& maker, std::ostream* out) { *out << maker.name; }

class DatabaseContract : public testing::TestWithParam<Maker> {
 protected:
  void SetUp() override {
    const auto made = database_.write([](Transaction& t) -> Result<void> {
      return t.run_script(
          "CREATE TABLE owner (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
          "CREATE TABLE thing (id INTEGER PRIMARY KEY, owner_id INTEGER REFERENCES owner (id), whole INTEGER,"
          " ratio REAL, words TEXT, octets BLOB CHECK (octets IS NULL OR length(octets) < 10))");
    });
    ASSERT_TRUE(made) << made.error().message;
  }
  Result<std::int64_t> add_owner(std::string_view name) {
    return database_.write(
        [&](Transaction& t) { return t.insert("INSERT INTO owner (name) VALUES (?1) RETURNING id", {name}); });
  }
  std::int64_t count_owners() {
    return database_.read([](Transaction& t) { return t.integer("SELECT count(*) FROM owner"); }).value().value();
  }

  Made made_ = GetParam().make();
  Database& database_ = *made_.database;
};

TEST_P(DatabaseContract, KeepsEveryKindOfValueExactly) {
  const std::string words = std::string("表\0' OR 1=1 --", 15);
  const Bytes octets{0, 255, 10, 0};
  const auto written = database_.write([&](Transaction& t) {
    return t.insert("INSERT INTO thing (whole, ratio, words, octets) VALUES (?1, ?2, ?3, ?4) RETURNING id",
                    {std::numeric_limits<std::int64_t>::min(), 0.1, words, octets});
  });
  ASSERT_TRUE(written) << written.error().message;
  const auto seen = database_.read([&](Transaction& t) -> Result<int> {
    int rows = 0;
    DUHENG_CHECK(t.each("SELECT whole, ratio, words, octets, owner_id FROM thing WHERE id = ?1", {*written},
                        [&](const Row& row) {
                          ++rows;
                          EXPECT_EQ(row.integer(0), std::numeric_limits<std::int64_t>::min());
                          EXPECT_EQ(row.real(1), 0.1);
                          EXPECT_EQ(row.text(2), words);
                          EXPECT_EQ(row.blob(3), octets);
                          EXPECT_TRUE(row.is_null(4));
                          EXPECT_EQ(row.optional_integer(4), std::nullopt);
                        }));
    return rows;
  });
  EXPECT_EQ(seen.value(), 1);
}

TEST_P(DatabaseContract, EmptyTextAndBlobAreNotNullButNoIdIs) {
  ASSERT_TRUE(database_.write([](Transaction& t) {
    return t.execute("INSERT INTO thing (owner_id, words, octets, whole) VALUES (?1, ?2, ?3, ?4)",
                     {OrganisationId{}, std::string_view{}, ByteView{}, std::optional<std::int64_t>{}});
  }));
  const auto nulls = database_.read([](Transaction& t) {
    return t.first("SELECT owner_id IS NULL, words IS NULL, octets IS NULL, whole IS NULL FROM thing", {},
                   [](const Row& row) {
                     return std::vector<bool>{row.boolean(0), row.boolean(1), row.boolean(2), row.boolean(3)};
                   });
  });
  EXPECT_EQ(nulls.value().value(), (std::vector<bool>{true, false, false, true}));
}

TEST_P(DatabaseContract, AColumnOfAnotherTypeReadsAsZeroOrEmpty) {
  const auto seen = database_.read([](Transaction& t) {
    return t.first("SELECT 5, 'five'", {}, [](const Row& row) {
      return row.text(0).empty() && row.blob_view(0).empty() && row.integer(1) == 0 && row.real(1) == 0;
    });
  });
  EXPECT_TRUE(seen.value().value());
}

TEST_P(DatabaseContract, SaysHowManyRowsChanged) {
  ASSERT_TRUE(add_owner("a"));
  ASSERT_TRUE(add_owner("b"));
  const auto changed = database_.write([](Transaction& t) { return t.execute("UPDATE owner SET name = name || '!'"); });
  EXPECT_EQ(changed.value(), 2);
  const auto none =
      database_.write([](Transaction& t) { return t.execute("DELETE FROM owner WHERE name = ?1", {"nobody"}); });
  EXPECT_EQ(none.value(), 0);
}

TEST_P(DatabaseContract, UniqueViolationIsAConflictAndTheTransactionGoesOn) {
  ASSERT_TRUE(add_owner("a"));
  const auto transaction = database_.begin_write().value();
  const auto again = transaction->execute("INSERT INTO owner (name) VALUES (?1)", {"a"});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::conflict);
  ASSERT_TRUE(transaction->execute("INSERT INTO owner (name) VALUES (?1)", {"b"}));
  ASSERT_TRUE(transaction->commit());
  EXPECT_EQ(count_owners(), 2);
}

TEST_P(DatabaseContract, BrokenReferencesChecksAndNotNullAreInvalid) {
  const auto code = [&](std::string_view sql) {
    const auto outcome = database_.write([&](Transaction& t) { return t.execute(sql); });
    return outcome ? std::optional<ErrorCode>{} : outcome.error().code;
  };
  EXPECT_EQ(code("INSERT INTO thing (owner_id) VALUES (99)"), ErrorCode::invalid_argument);
  EXPECT_EQ(code("INSERT INTO thing (octets) VALUES (x'00112233445566778899')"), ErrorCode::invalid_argument);
  EXPECT_EQ(code("INSERT INTO owner (name) VALUES (NULL)"), ErrorCode::invalid_argument);
}

TEST_P(DatabaseContract, WhatIsNotCommittedIsGone) {
  {
    const auto transaction = database_.begin_write().value();
    ASSERT_TRUE(transaction->execute("INSERT INTO owner (name) VALUES ('a')"));
  }
  EXPECT_EQ(count_owners(), 0);
  const auto failed = database_.write([](Transaction& t) -> Result<void> {
    DUHENG_CHECK(t.execute("INSERT INTO owner (name) VALUES ('a')"));
    return fail(ErrorCode::cancelled, "changed our mind");
  });
  EXPECT_EQ(failed.error().code, ErrorCode::cancelled);
  EXPECT_EQ(count_owners(), 0);
}

TEST_P(DatabaseContract, NothingRunsAfterCommit) {
  const auto transaction = database_.begin_write().value();
  ASSERT_TRUE(transaction->commit());
  EXPECT_EQ(transaction->execute("INSERT INTO owner (name) VALUES ('a')").error().code, ErrorCode::internal);
  EXPECT_EQ(transaction->commit().error().code, ErrorCode::internal);
  EXPECT_EQ(transaction->run_script("SELECT 1").error().code, ErrorCode::internal);
}

TEST_P(DatabaseContract, WrongStatementsAreOurOwnFault) {
  const auto code = [&](std::string_view sql, std::initializer_list<Parameter> parameters) {
    const auto outcome = database_.write([&](Transaction& t) { return t.execute(sql, parameters); });
    return outcome ? std::optional<ErrorCode>{} : outcome.error().code;
  };
  EXPECT_EQ(code("SELEKT 1", {}), ErrorCode::internal);
  EXPECT_EQ(code("", {}), ErrorCode::internal);
  EXPECT_EQ(code("INSERT INTO owner (name) VALUES ('a'); DROP TABLE owner", {}), ErrorCode::internal);
  EXPECT_EQ(code("SELECT ?1", {}), ErrorCode::internal);
  EXPECT_EQ(code("SELECT ?1", {1, 2}), ErrorCode::internal);
  EXPECT_EQ(count_owners(), 0);
  const auto nothing =
      database_.write([](Transaction& t) { return t.insert("UPDATE owner SET id = 1 RETURNING id", {}); });
  EXPECT_EQ(nothing.error().code, ErrorCode::internal);
}

TEST_P(DatabaseContract, ReadersCannotWrite) {
  const auto outcome =
      database_.read([](Transaction& t) { return t.execute("INSERT INTO owner (name) VALUES ('a')"); });
  EXPECT_EQ(outcome.error().code, ErrorCode::internal);
  EXPECT_EQ(count_owners(), 0);
}

TEST_P(DatabaseContract, ReadersKeepTheirStateWhileAWriterCommits) {
  const auto reader = database_.begin_read().value();
  EXPECT_EQ(reader->integer("SELECT count(*) FROM owner").value(), 0);
  ASSERT_TRUE(add_owner("a"));
  EXPECT_EQ(reader->integer("SELECT count(*) FROM owner").value(), 0);
  EXPECT_EQ(count_owners(), 1);
}

TEST_P(DatabaseContract, VisitorsMayUseTheSameStatementAndStopIt) {
  ASSERT_TRUE(add_owner("a"));
  ASSERT_TRUE(add_owner("b"));
  const auto transaction = database_.begin_read().value();
  int pairs = 0;
  const auto walk = transaction->each("SELECT name FROM owner", {}, [&](const Row&) -> Result<void> {
    return transaction->each("SELECT name FROM owner", {}, [&](const Row&) { ++pairs; });
  });
  ASSERT_TRUE(walk);
  EXPECT_EQ(pairs, 4);
  int seen = 0;
  const auto stopped = transaction->each("SELECT name FROM owner", {}, [&](const Row&) -> Result<void> {
    ++seen;
    return fail(ErrorCode::cancelled, "enough");
  });
  EXPECT_EQ(stopped.error().code, ErrorCode::cancelled);
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(
      transaction->all("SELECT name FROM owner ORDER BY name", {}, [](const Row& r) { return r.text(0); }).value(),
      (std::vector<std::string>{"a", "b"}));
}

TEST_P(DatabaseContract, ManyThreadsWriteAndReadAtOnce) {
  constexpr int threads_count = 8;
  constexpr int rounds = 25;
  std::atomic<int> failures{0};
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < threads_count; ++thread) {
      threads.emplace_back([&, thread] {
        for (int round = 0; round < rounds; ++round) {
          if (!add_owner(std::to_string(thread) + "/" + std::to_string(round))) ++failures;
          const auto same = database_.read([](Transaction& t) -> Result<bool> {
            DUHENG_TRY(const auto before, t.integer("SELECT count(*) FROM owner"));
            DUHENG_TRY(const auto after, t.integer("SELECT count(*) FROM owner"));
            return before == after;
          });
          if (!same || !*same) ++failures;
        }
      });
    }
  }
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(count_owners(), threads_count * rounds);
}

INSTANTIATE_TEST_SUITE_P(Databases, DatabaseContract,
                         testing::Values(Maker{"sqlite",
                                               [] {
                                                 auto keeper = std::make_shared<TestDatabase>();
                                                 return Made{keeper, &**keeper};
                                               }}),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace duheng::records
