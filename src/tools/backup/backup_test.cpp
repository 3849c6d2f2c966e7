// The commands as an operator types them, on a platform's true data directory.
#include "tools/backup/backup.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <sstream>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "platform/administration/platform_data.hpp"
#include "store/backup/backup_object.hpp"
#include "store/journal/journal.hpp"
#include "store/journal/journal_testing.hpp"
#include "store/records/test_database.hpp"

namespace duheng::tools {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

class BackupCommands : public ::testing::Test {
 protected:
  BackupCommands() : paths_(folder_.file("data")) {
    fs::create_directories(folder_.file("second"));
    write("passphrase", "a passphrase in a safe\n");
    live(20);
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.file(name)) << text;
    ASSERT_EQ(::chmod(folder_.file(name).c_str(), 0600), 0);
  }
  void live(int batches) {
    SystemRandom random;
    const auto records = platform::PlatformRecords::open(paths_, disk_, clock_, random);
    ASSERT_TRUE(records) << records.error().message;
    ASSERT_TRUE(disk_.make_directories(paths_.journal()));
    const auto journal = store::Journal::open(disk_, random, (*records)->keys(), {.directory = paths_.journal()});
    ASSERT_TRUE(journal);
    for (int i = 0; i < batches; ++i) {
      const store::JournalRecord record = sender_.next();
      ASSERT_TRUE((*journal)->commit({&record, 1}));
    }
  }
  store::PlaceAddress place() const { return {folder_.file("second"), {}, {}}; }
  int back_up(const std::string& passphrase = "passphrase") {
    return told([&](auto& out, auto& err) {
      return run_backup({.data = paths_.root,
                         .place = place(),
                         .passphrase_file = passphrase.empty() ? "" : folder_.file(passphrase),
                         .product = "test",
                         .json = true},
                        out, err);
    });
  }
  int restore(const std::string& into, std::uint64_t set = 0, const std::string& passphrase = "passphrase") {
    return told([&](auto& out, auto& err) {
      return run_restore({.place = place(),
                          .into = folder_.file(into),
                          .set = set,
                          .passphrase_file = folder_.file(passphrase),
                          .key_file = {},
                          .json = true},
                         out, err);
    });
  }
  int drill() {
    return told([&](auto& out, auto& err) {
      return run_drill({.place = place(),
                        .set = 0,
                        .passphrase_file = folder_.file("passphrase"),
                        .key_file = {},
                        .scratch = folder_.file(""),
                        .json = true},
                       out, err);
    });
  }
  template <class Run>
  int told(Run&& run) {
    std::ostringstream out;
    std::ostringstream err;
    const int code = run(out, err);
    answer_ = Json::parse(out.str(), nullptr, false);
    errors_ = err.str();
    return code;
  }
  void flip_one() {
    const auto names = disk_.list(folder_.file("second/objects")).value();
    // Not the recovery key, which is small: without it nothing can be opened, which is told in another way.
    const auto larger = [&](const std::string& a, const std::string& b) {
      return fs::file_size(folder_.file("second/objects/" + a)) < fs::file_size(folder_.file("second/objects/" + b));
    };
    const std::string path = folder_.file("second/objects/" + *std::ranges::max_element(names, larger));
    Bytes octets = read_file(disk_, path).value();
    octets[octets.size() / 2] ^= 0x20U;
    ASSERT_TRUE(write_file_atomically(disk_, path, octets));
  }

  records::TemporaryFolder folder_;
  PosixDisk disk_;
  SystemClock clock_;
  const platform::PlatformPaths paths_;
  store::testing::Sender sender_{2, 1};
  Json answer_;
  std::string errors_;
};

TEST_F(BackupCommands, BackedUpDestroyedRestoredIdentical) {
  ASSERT_EQ(back_up(), backup_sound) << errors_;
  EXPECT_EQ(answer_["set"], 1);
  EXPECT_EQ(answer_["journal_next"], 21);
  EXPECT_EQ(answer_["recovery_key"], true);
  std::map<std::string, Bytes> before;
  const auto segments = disk_.list(paths_.journal()).value();
  for (const std::string& name : segments)
    if (name.ends_with(".seg")) before[name] = read_file(disk_, paths_.journal() + "/" + name).value();
  const Bytes key = read_file(disk_, paths_.master_key()).value();
  std::map<std::string, Bytes> authority;
  const auto names = disk_.list(paths_.authority()).value();
  for (const std::string& name : names) authority[name] = read_file(disk_, paths_.authority() + "/" + name).value();
  fs::remove_all(paths_.root);

  ASSERT_EQ(restore("data"), backup_sound) << errors_;
  EXPECT_EQ(answer_["journal_next"], 21);
  EXPECT_FALSE(fs::exists(folder_.file("data.restoring")));
  EXPECT_EQ(read_file(disk_, paths_.master_key()).value(), key);
  for (const auto& [name, octets] : before) EXPECT_EQ(read_file(disk_, paths_.journal() + "/" + name).value(), octets);
  for (const auto& [name, octets] : authority)
    EXPECT_EQ(read_file(disk_, paths_.authority() + "/" + name).value(), octets) << name;
  // It goes on, and the next set stands on the first.
  live(5);
  ASSERT_EQ(back_up(""), backup_sound) << errors_;
  EXPECT_EQ(answer_["set"], 2);
  EXPECT_EQ(answer_["journal_next"], 26);
  EXPECT_EQ(answer_["recovery_key"], true) << "sealed once, kept in the data directory";
}

TEST_F(BackupCommands, AFlippedOctetIsFoundBeforeAnythingIsWritten) {
  ASSERT_EQ(back_up(), backup_sound) << errors_;
  ASSERT_EQ(drill(), backup_sound) << errors_;
  EXPECT_EQ(answer_["sound"], true);
  EXPECT_EQ(answer_["journal_records"], 20);
  EXPECT_GE(answer_["recovery_ms"].get<int>(), 0);
  flip_one();
  EXPECT_EQ(restore("new"), backup_damaged);
  EXPECT_EQ(answer_["sound"], false) << answer_;
  EXPECT_GE(answer_["findings"].size(), 1U);
  EXPECT_FALSE(fs::exists(folder_.file("new")));
  EXPECT_FALSE(fs::exists(folder_.file("new.restoring")));
  EXPECT_EQ(drill(), backup_damaged);
  EXPECT_EQ(answer_["damaged_objects"].size(), 1U);
}

TEST_F(BackupCommands, SaysWhatIsMissing) {
  EXPECT_EQ(restore("new"), backup_unusable) << "no backup was made";
  ASSERT_EQ(back_up(""), backup_sound);
  EXPECT_NE(errors_.find("no passphrase protects the keys"), std::string::npos);
  EXPECT_EQ(restore("new"), backup_unusable);
  EXPECT_NE(errors_.find("holds no recovery key"), std::string::npos) << errors_;
  ASSERT_EQ(back_up(), backup_sound);
  write("wrong", "another passphrase here\n");
  EXPECT_EQ(restore("new", 0, "wrong"), backup_unusable);
  EXPECT_NE(errors_.find("passphrase"), std::string::npos);
  EXPECT_EQ(errors_.find("another passphrase here"), std::string::npos);
  EXPECT_EQ(restore("data"), backup_unusable) << "not over what is there";
  EXPECT_EQ(restore("new", 7), backup_unusable) << "no such set";
  ASSERT_EQ(::chmod(folder_.file("passphrase").c_str(), 0644), 0);
  EXPECT_EQ(restore("new"), backup_unusable) << "others can read the passphrase";
}

TEST_F(BackupCommands, ACopyOfTheKeyFileOpensItToo) {
  ASSERT_EQ(back_up(""), backup_sound);
  fs::copy_file(paths_.master_key(), folder_.file("kept"));
  const int code = told([&](auto& out, auto& err) {
    return run_restore({.place = place(),
                        .into = folder_.file("new"),
                        .set = 1,
                        .passphrase_file = {},
                        .key_file = folder_.file("kept"),
                        .json = true},
                       out, err);
  });
  ASSERT_EQ(code, backup_sound) << errors_;
  EXPECT_EQ(read_file(disk_, folder_.file("new/keys/master.key")).value(),
            read_file(disk_, paths_.master_key()).value());
}

}  // namespace
}  // namespace duheng::tools
