#include "store/journal/journal_verify.hpp"

#include <gtest/gtest.h>

#include "base/simulated_disk.hpp"
#include "store/journal/journal_testing.hpp"

namespace duheng::store {
namespace {

TEST(JournalVerify, FindsEveryFlippedOctetInEveryFileAndEveryFileThatDoesNotBelong) {
  SimulatedDisk disk;
  SeededRandom random{1};
  crypto::LocalKeyProvider keys{crypto::SecretKey{}};
  {
    const auto journal =
        Journal::open(disk, random, keys, {.directory = "/journal", .segment_bytes_max = 1500}).value();
    testing::Sender sender(7, 1);
    for (int i = 0; i < 12; ++i) {
      const JournalRecord record = sender.next();
      ASSERT_TRUE(journal->commit({&record, 1}));
    }
    while (journal->index_frames().value()) {
    }
    ASSERT_TRUE(journal->set_backup_watermark(5));
  }
  const auto findings = [&] { return verify_journal_directory(disk, keys, "/journal").value().findings.size(); };
  ASSERT_EQ(findings(), 0U);
  std::size_t sidecars = 0;
  const std::vector<std::string> names = disk.list("/journal").value();
  for (const std::string& name : names) {
    if (name.ends_with(".fix")) ++sidecars;
    const std::string path = "/journal/" + name;
    const std::size_t size = read_file(disk, path)->size();
    for (std::size_t at = 0; at < size; at += 3) {
      ASSERT_TRUE(disk.flip_bit(path, at, at % 8));
      ASSERT_GT(findings(), 0U) << path << " " << at;
      ASSERT_TRUE(disk.flip_bit(path, at, at % 8));
    }
  }
  EXPECT_GT(sidecars, 1U);
  ASSERT_EQ(findings(), 0U);
  ASSERT_TRUE(write_file_atomically(disk, "/journal/stray", Bytes{1}));
  EXPECT_EQ(findings(), 1U);
}

}  // namespace
}  // namespace duheng::store
