// The machine behind every import, with a kind that does as the test says. What the kinds do is tested beside them.
#include "platform/imports/file_imports.hpp"

#include <atomic>
#include <gtest/gtest.h>
#include <stdexcept>
#include <thread>

#include "base/simulated_disk.hpp"
#include "platform/devices/devices.hpp"
#include "platform/gateways/gateways.hpp"
#include "platform/imports/import_rows.hpp"
#include "platform/orders/order_service.hpp"
#include "platform/organisations/organisations.hpp"
#include "platform/people/people.hpp"
#include "platform/sites/sites.hpp"
#include "store/records/test_database.hpp"

namespace duheng::platform {
namespace {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// Makes a line of each row; "bad" is a fault, "throw" ends unexpectedly.
class WordsKind final : public ImportKind {
 public:
  explicit WordsKind(records::Database& database) : database_(database) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "words"; }
  [[nodiscard]] const ImportLimits& limits() const noexcept override { return limits_; }
  Result<ImportCheck> check(const ImportTask& task, ImportProgress& progress) override {
    ++checks;
    ImportCheck out;
    DUHENG_TRY(out.counts.lines, read_import_rows(
                                     task.file, limits_.lines_max, "malformed", progress, out.findings,
                                     [](const std::vector<std::string>&) { return Result<void>{}; },
                                     [&](const ImportRow& row) -> Result<void> {
                                       if (row.fields[0] == "throw") throw std::runtime_error("as asked");
                                       if (row.fields[0] == "bad")
                                         out.findings.push_back({row.line, "bad", true, "a", "is bad"});
                                       return {};
                                     }));
    out.counts.bad_lines = out.findings.size();
    out.counts.good_lines = out.counts.lines - out.counts.bad_lines;
    while (holds && !progress.is_cancelled()) std::this_thread::yield();
    if (progress.is_cancelled()) return fail(ErrorCode::cancelled, "cancelled");
    return out;
  }
  Result<void> commit(const ImportTask& task, CommitMode, ImportCommit& commit) override {
    seen_bad = commit.bad_lines();
    std::size_t made = commit.lines_made();
    for (; made < task.about.counts.good_lines; ++made) {
      if (commit.is_cancelled()) return fail(ErrorCode::cancelled, "cancelled");
      DUHENG_CHECK(database_.write([&](records::Transaction& t) { return commit.save(t, made + 1, {}); }));
      ++lines_made;
      while (holds && !commit.is_cancelled()) std::this_thread::yield();
    }
    return {};
  }
  [[nodiscard]] OperationEntry operation(const FileImport& about, const Author& author,
                                         std::int64_t now_utc_ms) const override {
    OperationEntry entry = operation_of(author, "import_words", now_utc_ms);
    entry.detail = std::to_string(about.lines_made);
    return entry;
  }
  [[nodiscard]] std::string template_csv() const override { return "a\r\n"; }

  std::atomic<bool> holds = false;
  std::atomic<int> checks = 0;
  std::atomic<int> lines_made = 0;
  std::set<std::size_t> seen_bad;
  ImportLimits limits_{.lines_max = 1'000, .held_max = 3, .listed_max = 4};

 private:
  records::Database& database_;
};

class FileImportsTest : public testing::Test {
 protected:
  FileImportsTest() {
    database.clock.set_utc_ms(1'763'712'000'000);
    const Scope all = Scope::everything();
    for (auto* who : {&anna, &bert}) {
      NewUser user;
      user.name = who == &anna ? "anna" : "bert";
      user.password = "correct horse battery";
      *who = {must(people.create(all, user)), user.name, Role::operator_, all, "127.0.0.1"};
    }
    restart();
  }
  void restart() {
    imports.reset();
    imports =
        std::make_unique<FileImports>(FileImports::Parts{*database, disk, database.clock, random, keys, kind, "/in"});
    must(imports->open());
    imports->run();
  }
  FileImport settled(std::int64_t id) {
    for (int i = 0; i < 4'000; ++i) {
      const FileImport found = must(imports->get(anna, id));
      if (found.state != ImportState::checking && found.state != ImportState::committing) return found;
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    throw std::runtime_error("it does not end");
  }
  std::int64_t start(std::string_view text) { return must(imports->start(anna, "words.csv", as_bytes(text))).id; }
  void until(const std::function<bool()>& holds) {
    for (int i = 0; i < 4'000 && !holds(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds{5});
    ASSERT_TRUE(holds());
  }
  static PeopleOptions quick() {
    PeopleOptions options;
    options.password_cost = {.memory_kib = 64, .passes = 1};
    return options;
  }

  records::TestDatabase database{Organisations::migrations(), Sites::migrations(),  Gateways::migrations(),
                                 Devices::migrations(),       People::migrations(), OrderService::migrations(),
                                 FileImports::migrations()};
  SimulatedDisk disk;
  SeededRandom random{1};
  crypto::LocalKeyProvider keys{records::test_key()};
  People people{*database, database.clock, random, quick()};
  WordsKind kind{*database};
  Author anna, bert;
  std::unique_ptr<FileImports> imports;
};

TEST_F(FileImportsTest, AFileIsCheckedKeptAndMadeOnlyWhenSomebodySaysSo) {
  const auto id = start("a\none\nbad\ntwo\n");
  const FileImport checked = settled(id);
  EXPECT_EQ(checked.state, ImportState::checked);
  EXPECT_EQ(checked.format, "csv");
  EXPECT_EQ(checked.sha256.size(), 64U);
  EXPECT_EQ(checked.counts.good_lines, 2U);
  ASSERT_EQ(checked.findings.size(), 1U);
  EXPECT_EQ(checked.findings[0].line, 3U);
  EXPECT_EQ(disk.list("/in")->size(), 1U);
  EXPECT_EQ(kind.lines_made, 0);
  EXPECT_EQ(must(imports->report_csv(anna, id)), "\xEF\xBB\xBFline,kind,column,message\r\n3,bad,\"a\",\"is bad\"\r\n");
  EXPECT_EQ(imports->commit(anna, id, CommitMode::all_or_nothing).error().code, ErrorCode::conflict);
  must(imports->commit(anna, id, CommitMode::good_lines));
  const FileImport done = settled(id);
  EXPECT_EQ(done.state, ImportState::done);
  EXPECT_EQ(done.lines_made, 2U);
  EXPECT_EQ(kind.seen_bad, (std::set<std::size_t>{3}));
  EXPECT_TRUE(disk.list("/in")->empty());
  EXPECT_EQ(imports->commit(anna, id, CommitMode::good_lines).error().code, ErrorCode::conflict);
  EXPECT_EQ(imports->cancel(anna, id).error().code, ErrorCode::conflict);
  EXPECT_NE(must(imports->report_csv(anna, id)).find("is bad"), std::string::npos) << "the report stays";
}

TEST_F(FileImportsTest, ARestartBeginsACheckAgainAndGoesOnWithACommit) {
  kind.holds = true;
  const auto id = start("a\none\ntwo\nthree\n");
  until([&] { return kind.checks == 1; });
  restart();
  kind.holds = false;
  EXPECT_EQ(settled(id).state, ImportState::checked);
  EXPECT_EQ(kind.checks, 2);
  kind.holds = true;
  must(imports->commit(anna, id, CommitMode::all_or_nothing));
  until([&] { return kind.lines_made == 1; });
  restart();
  until([&] { return kind.lines_made == 2; });
  restart();
  kind.holds = false;
  EXPECT_EQ(settled(id).lines_made, 3U);
  EXPECT_EQ(kind.lines_made, 3) << "none twice";
  const auto log = must(operations(*database, Scope::everything(), 5));
  ASSERT_EQ(log.size(), 1U);
  EXPECT_EQ(log[0].action, "import_words");
  EXPECT_EQ(log[0].name, "anna");
}

TEST_F(FileImportsTest, WhatIsCancelledStaysCancelledAndWhatWasMadeIsTold) {
  kind.holds = true;
  const auto first = start("a\none\n");
  until([&] { return kind.checks == 1; });
  const auto waiting = start("a\ntwo\n");
  must(imports->cancel(anna, waiting));
  must(imports->cancel(anna, first));
  EXPECT_EQ(settled(first).state, ImportState::cancelled);
  EXPECT_EQ(settled(waiting).state, ImportState::cancelled);
  EXPECT_EQ(kind.checks, 1);
  kind.holds = false;
  const auto id = start("a\none\ntwo\n");
  settled(id);
  kind.holds = true;
  must(imports->commit(anna, id, CommitMode::all_or_nothing));
  until([&] { return kind.lines_made == 1; });
  must(imports->cancel(anna, id));
  const FileImport cancelled = settled(id);
  EXPECT_EQ(cancelled.state, ImportState::cancelled);
  EXPECT_EQ(cancelled.lines_made, 1U);
  EXPECT_EQ(must(operations(*database, Scope::everything(), 5)).at(0).detail, "1");
  EXPECT_TRUE(disk.list("/in")->empty());
}

TEST_F(FileImportsTest, OthersImportsDoNotExist) {
  const auto id = start("a\none\n");
  settled(id);
  EXPECT_EQ(imports->get(bert, id).error().code, ErrorCode::not_found);
  EXPECT_EQ(imports->report_csv(bert, id).error().code, ErrorCode::not_found);
  EXPECT_EQ(imports->commit(bert, id, CommitMode::good_lines).error().code, ErrorCode::not_found);
  EXPECT_EQ(imports->cancel(bert, id).error().code, ErrorCode::not_found);
  EXPECT_TRUE(must(imports->list(bert)).empty());
  EXPECT_EQ(must(imports->list(anna)).size(), 1U);
}

TEST_F(FileImportsTest, AnUploadThatWasBrokenOffAndFilesOfNobodyAreSweptAtTheStart) {
  const auto id = start("a\none\n");
  settled(id);
  imports.reset();
  must(database->write([&](records::Transaction& t) -> Result<void> {
    DUHENG_CHECK(t.execute("UPDATE file_imports SET pieces = 0, state = 1 WHERE id = ?1", {id}));
    return {};
  }));
  for (const char* name : {"/in/words-77.upload", "/in/others-1.upload", "/in/0af1.import"})
    must(must(disk.open(name, OpenMode::create_new))->append(as_bytes("x")));
  restart();
  const FileImport found = must(imports->get(anna, id));
  EXPECT_EQ(found.state, ImportState::failed);
  EXPECT_NE(found.reason.find("send it again"), std::string::npos);
  EXPECT_EQ(must(disk.list("/in")).size(), 2U) << "other kinds' and kept files stay";
}

TEST_F(FileImportsTest, AnExceptionEndsTheFileNotThePlatform) {
  EXPECT_EQ(settled(start("a\nthrow\n")).state, ImportState::failed);
  EXPECT_EQ(settled(start("a\nfine\n")).state, ImportState::checked);
}

TEST_F(FileImportsTest, AFileThatWasChangedOnTheDiskIsNotMade) {
  const auto id = start("a\none\n");
  settled(id);
  const std::string path = "/in/" + must(disk.list("/in")).at(0);
  const auto file = must(disk.open(path, OpenMode::append));
  must(file->truncate(must(file->size()) - 1));
  must(imports->commit(anna, id, CommitMode::all_or_nothing));
  EXPECT_EQ(settled(id).state, ImportState::failed);
  EXPECT_EQ(kind.lines_made, 0);
}

TEST_F(FileImportsTest, OnlySoManyAreHeldAndListed) {
  std::vector<std::int64_t> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(start("a\none\n"));
  EXPECT_EQ(imports->start(anna, "x", {}).error().code, ErrorCode::unavailable);
  for (const auto id : ids) settled(id);
  database.clock.advance_ms(kind.limits_.held_ms_max);
  const auto late = start("a\none\n");
  EXPECT_EQ(must(imports->get(anna, ids[0])).state, ImportState::cancelled);
  EXPECT_NE(must(imports->get(anna, ids[0])).reason.find("in time"), std::string::npos);
  settled(late);
  for (int i = 0; i < 6; ++i) must(imports->cancel(anna, settled(start("a\none\n")).id));
  EXPECT_EQ(imports->get(anna, ids[0]).error().code, ErrorCode::not_found) << "old ones are forgotten";
}

}  // namespace
}  // namespace duheng::platform
