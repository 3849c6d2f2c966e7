#include "crypto/key_provider.hpp"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace duheng::crypto {
namespace {

class KeyFile : public testing::Test {
 protected:
  KeyFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "duheng_keys_XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    path_ = directory_ + "/master.key";
  }
  ~KeyFile() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  PosixDisk disk_;
  SystemRandom random_;
  std::string directory_;
  std::string path_;
};

Bytes octets(const SecretKey& key) { return {key.octets().begin(), key.octets().end()}; }

TEST_F(KeyFile, IsMadeOnceAndGivesTheSameKeysAfterwards) {
  const auto first = LocalKeyProvider::open(disk_, random_, path_);
  ASSERT_TRUE(first) << first.error().message;
  const auto second = LocalKeyProvider::open(disk_, random_, path_);
  ASSERT_TRUE(second) << second.error().message;
  const auto version = (*first)->current_version("journal");
  ASSERT_TRUE(version);
  EXPECT_EQ(octets((*first)->key("journal", *version).value()), octets((*second)->key("journal", *version).value()));
  struct stat status{};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(KeyFile, EveryPurposeAndEveryMasterKeyGivesAnotherKey) {
  const auto one = LocalKeyProvider::open(disk_, random_, path_);
  const auto other = LocalKeyProvider::open(disk_, random_, path_ + "2");
  ASSERT_TRUE(one && other);
  EXPECT_NE(octets((*one)->key("journal", 1).value()), octets((*one)->key("spool", 1).value()));
  EXPECT_NE(octets((*one)->key("journal", 1).value()), octets((*other)->key("journal", 1).value()));
}

TEST_F(KeyFile, UnknownVersionsAreMissing) {
  const auto provider = LocalKeyProvider::open(disk_, random_, path_);
  ASSERT_TRUE(provider);
  for (const std::uint32_t version : {0U, 2U, 0xFFFFFFFFU}) {
    const auto key = (*provider)->key("journal", version);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().code, ErrorCode::key_missing);
  }
}

TEST_F(KeyFile, ANewVersionIsCurrentAndOldOnesStay) {
  EXPECT_EQ(LocalKeyProvider::add_version(disk_, random_, path_).error().code, ErrorCode::not_found);
  const auto before = LocalKeyProvider::open(disk_, random_, path_);
  ASSERT_TRUE(before);
  EXPECT_EQ(LocalKeyProvider::add_version(disk_, random_, path_).value(), 2U);
  EXPECT_EQ(LocalKeyProvider::add_version(disk_, random_, path_).value(), 3U);
  const auto after = LocalKeyProvider::open(disk_, random_, path_);
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ((*before)->current_version("journal").value(), 1U);
  EXPECT_EQ((*after)->current_version("journal").value(), 3U);
  EXPECT_EQ(octets((*after)->key("journal", 1).value()), octets((*before)->key("journal", 1).value()));
  EXPECT_NE(octets((*after)->key("journal", 2).value()), octets((*after)->key("journal", 1).value()));
  EXPECT_NE(octets((*after)->key("journal", 2).value()), octets((*after)->key("journal", 3).value()));
  EXPECT_EQ((*after)->key("journal", 4).error().code, ErrorCode::key_missing);
  // A damaged later file is as bad as a damaged first one: what it opens would be lost in silence.
  std::filesystem::resize_file(path_ + ".2", 20);
  EXPECT_EQ(LocalKeyProvider::open(disk_, random_, path_).error().code, ErrorCode::storage_corrupt);
}

TEST_F(KeyFile, TheCipherStandsInTheVersionAndChangesTheKey) {
  const auto keys = LocalKeyProvider::open(disk_, random_, path_).value();
  EXPECT_EQ(keys->version_to_seal("journal").value(), 1U) << "AES-256-GCM is as it was";
  keys->seal_with(Cipher::sm4_gcm);
  const std::uint32_t version = keys->version_to_seal("journal").value();
  EXPECT_EQ(version, 0x0100'0001U);
  EXPECT_EQ(keys->current_version("journal").value(), 1U) << "engines with ciphers of their own";
  const SecretKey sm4 = keys->key("journal", version).value();
  const SecretKey aes = keys->key("journal", 1).value();
  EXPECT_EQ(sm4.cipher(), Cipher::sm4_gcm);
  EXPECT_EQ(aes.cipher(), Cipher::aes_256_gcm);
  EXPECT_NE(octets(sm4), octets(aes)) << "no key serves two ciphers";
  EXPECT_EQ(keys->key("journal", 0x0200'0001U).error().code, ErrorCode::key_missing);
  EXPECT_EQ(keys->key("journal", 0x0100'0002U).error().code, ErrorCode::key_missing);
  EXPECT_EQ(keys->key("journal", 0x0100'0000U).error().code, ErrorCode::key_missing);
  EXPECT_EQ(to_string(Cipher::sm4_gcm), "sm4_gcm");
  EXPECT_EQ(to_string(Cipher::aes_256_gcm), "aes_256_gcm");
}

TEST_F(KeyFile, ReadableByOthersIsRefused) {
  ASSERT_TRUE(LocalKeyProvider::open(disk_, random_, path_));
  ASSERT_EQ(chmod(path_.c_str(), 0640), 0);
  const auto opened = LocalKeyProvider::open(disk_, random_, path_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::storage_corrupt);
  ASSERT_EQ(chmod(path_.c_str(), 0600), 0);
  EXPECT_TRUE(LocalKeyProvider::open(disk_, random_, path_));
}

TEST_F(KeyFile, AnyDamageIsRefusedAndNeverReplacedByANewKey) {
  ASSERT_TRUE(LocalKeyProvider::open(disk_, random_, path_));
  const Bytes whole = read_file(disk_, path_).value();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    Bytes damaged = whole;
    damaged[at] = damaged[at] == '3' ? '4' : '3';
    ASSERT_TRUE(write_file_atomically(disk_, path_, damaged));
    const auto opened = LocalKeyProvider::open(disk_, random_, path_);
    ASSERT_FALSE(opened) << at;
    ASSERT_EQ(opened.error().code, ErrorCode::storage_corrupt);
    ASSERT_EQ(read_file(disk_, path_).value(), damaged);
  }
  ASSERT_TRUE(write_file_atomically(disk_, path_, {}));
  EXPECT_EQ(LocalKeyProvider::open(disk_, random_, path_).error().code, ErrorCode::storage_corrupt);
  ASSERT_TRUE(write_file_atomically(disk_, path_, Bytes(10'000, 'x')));
  EXPECT_EQ(LocalKeyProvider::open(disk_, random_, path_).error().code, ErrorCode::storage_corrupt);
}

TEST_F(KeyFile, AnUnwritableDirectoryIsAStorageFailure) {
  const auto opened = LocalKeyProvider::open(disk_, random_, directory_ + "/absent/master.key");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::storage_failed);
}

}  // namespace
}  // namespace duheng::crypto
