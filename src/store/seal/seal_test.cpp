#include "store/seal/seal.hpp"

#include <gtest/gtest.h>

#include "base/simulated_disk.hpp"

namespace duheng::store {
namespace {

class SealTest : public ::testing::Test {
 protected:
  SealTest() {
    put("/data/a.txt", "one");
    put("/data/deep/b.bin", std::string(2'500'000, 'b'));
    put("/data/deep/er/c", "");
    put("/data/journal/1.seg", "left to its own checks");
  }
  void put(const std::string& path, const std::string& text) {
    ASSERT_TRUE(disk_.make_directories(path.substr(0, path.rfind('/'))));
    ASSERT_TRUE(write_file_atomically(disk_, path, as_bytes(text)));
  }
  static bool left_out(std::string_view path) { return path.starts_with("journal/"); }
  std::vector<std::string> findings() {
    const auto check = check_seal(disk_, keys_, "/data", left_out);
    EXPECT_TRUE(check) << check.error().message;
    EXPECT_TRUE(check->sealed);
    std::vector<std::string> found;
    for (const SealFinding& finding : check->findings) found.push_back(finding.file);
    return found;
  }
  SimulatedDisk disk_;
  crypto::LocalKeyProvider keys_{crypto::SecretKey{}};
};

TEST_F(SealTest, FindsWhatWasChangedRemovedOrAdded) {
  EXPECT_FALSE(check_seal(disk_, keys_, "/data", left_out)->sealed);
  EXPECT_EQ(seal_directory(disk_, keys_, "/data", left_out)->size(), 3U);
  EXPECT_TRUE(findings().empty());
  put("/data/journal/1.seg", "changed");
  EXPECT_TRUE(findings().empty());
  ASSERT_TRUE(disk_.flip_bit("/data/deep/b.bin", 2'499'999, 7));
  EXPECT_EQ(findings(), std::vector<std::string>{"deep/b.bin"});
  ASSERT_TRUE(disk_.flip_bit("/data/deep/b.bin", 2'499'999, 7));
  put("/data/deep/er/c", "x");
  EXPECT_EQ(findings(), std::vector<std::string>{"deep/er/c"});
  put("/data/deep/er/c", "");
  ASSERT_TRUE(disk_.remove("/data/a.txt"));
  put("/data/z", "new");
  EXPECT_EQ(findings(), (std::vector<std::string>{"z", "a.txt"}));
  ASSERT_TRUE(break_seal(disk_, "/data"));
  EXPECT_FALSE(check_seal(disk_, keys_, "/data", left_out)->sealed);
  EXPECT_TRUE(break_seal(disk_, "/data"));
}

TEST_F(SealTest, EveryFlippedOctetOfTheSealItselfIsFound) {
  ASSERT_TRUE(seal_directory(disk_, keys_, "/data", left_out));
  const std::size_t size = read_file(disk_, "/data/seal")->size();
  for (std::size_t at = 0; at < size; ++at) {
    ASSERT_TRUE(disk_.flip_bit("/data/seal", at, at % 8));
    const auto check = check_seal(disk_, keys_, "/data", left_out);
    ASSERT_TRUE(!check || !check->findings.empty()) << at;
    ASSERT_TRUE(disk_.flip_bit("/data/seal", at, at % 8));
  }
  EXPECT_TRUE(findings().empty());
  crypto::LocalKeyProvider others{crypto::SecretKey{std::array<std::uint8_t, 32>{1}}};
  EXPECT_FALSE(check_seal(disk_, others, "/data", left_out)->findings.empty());
}

TEST_F(SealTest, LargeFilesAreLeftToTheirFormat) {
  const Seal seal = seal_directory(disk_, keys_, "/data", left_out, 1'000'000).value();
  EXPECT_EQ(seal.at("deep/b.bin"), (SealedFile{2'500'000, {}}));
  EXPECT_TRUE(findings().empty());
  EXPECT_EQ(check_seal(disk_, keys_, "/data", left_out)->unhashed, std::vector<std::string>{"deep/b.bin"});
  put("/data/deep/b.bin", "shorter");
  EXPECT_EQ(findings(), std::vector<std::string>{"deep/b.bin"});
}

TEST_F(SealTest, ComesBackAndDamageIsRefused) {
  const Seal seal = {{"with blanks in it", {7, crypto::Hash256{1}}}, {"x", {0, crypto::Hash256{2}}}};
  const Bytes bytes = write_seal(seal, keys_).value();
  EXPECT_EQ(read_seal(bytes, keys_).value(), seal);
  EXPECT_TRUE(read_seal(write_seal({}, keys_).value(), keys_)->empty());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    ASSERT_FALSE(read_seal(ByteView(bytes).first(size), keys_)) << size;
  EXPECT_FALSE(write_seal({{"a\nb", {}}}, keys_));
}

}  // namespace
}  // namespace duheng::store
