#include "store/backup/recovery_key.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "base/simulated_disk.hpp"

namespace duheng::store {
namespace {

constexpr RecoveryCost cheap{.memory_kib = 64, .passes = 1};
constexpr std::string_view passphrase = "four words nobody guesses";

class RecoveryKey : public ::testing::Test {
 protected:
  RecoveryKey() {
    (void)disk_.make_directories("/data");
    keys_ = std::move(crypto::LocalKeyProvider::open(disk_, random_, path_).value());
  }
  Bytes sealed() {
    return seal_recovery_key(read_key_files(disk_, path_).value(), mark_of_keys(*keys_).value(), passphrase, random_,
                             cheap)
        .value();
  }
  SimulatedDisk disk_;
  SeededRandom random_{5};
  const std::string path_ = "/data/master.key";
  std::unique_ptr<crypto::LocalKeyProvider> keys_;
};

TEST_F(RecoveryKey, GivesBackTheVeryKeys) {
  ASSERT_TRUE(crypto::LocalKeyProvider::add_version(disk_, random_, path_));
  keys_ = std::move(crypto::LocalKeyProvider::open(disk_, random_, path_).value());
  const Bytes octets = sealed();
  const auto opened = open_recovery_key(octets, passphrase);
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(*opened, read_key_files(disk_, path_).value());
  ASSERT_EQ(opened->size(), 2U);
  const auto again = keys_of(*opened);
  ASSERT_TRUE(again) << again.error().message;
  for (const std::uint32_t version : {1U, 2U})
    EXPECT_TRUE(
        std::ranges::equal((*again)->key("journal", version)->octets(), keys_->key("journal", version)->octets()));
}

TEST_F(RecoveryKey, HoldsNothingInTheClear) {
  const Bytes octets = sealed();
  const KeyFile file = read_key_files(disk_, path_).value().front();
  // No eight octets in a row of the key file, nor of the key that its digits say, stand in there.
  const auto holds = [&](ByteView part) { return !std::ranges::search(octets, part).empty(); };
  for (std::size_t at = 0; at + 8 <= file.octets.size(); ++at)
    EXPECT_FALSE(holds(ByteView(file.octets).subspan(at, 8))) << at;
  EXPECT_FALSE(holds(as_bytes(passphrase).first(8)));
  EXPECT_NE(sealed(), octets) << "another salt each time";
}

TEST_F(RecoveryKey, OpensForNoOtherPassphraseAndNoChangedOctet) {
  Bytes octets = sealed();
  EXPECT_EQ(open_recovery_key(octets, "four words nobody guessed").error().code, ErrorCode::unauthenticated);
  EXPECT_EQ(open_recovery_key(octets, "").error().code, ErrorCode::unauthenticated);
  for (std::size_t at = 0; at < octets.size(); ++at) {
    // The cost is the only part whose change would make the trial long; its high octets are refused at once.
    octets[at] ^= 1U;
    EXPECT_FALSE(open_recovery_key(octets, passphrase)) << at;
    octets[at] ^= 1U;
  }
  for (std::size_t size = 0; size < octets.size(); size += 7)
    EXPECT_FALSE(open_recovery_key(ByteView(octets).first(size), passphrase)) << size;
  EXPECT_TRUE(open_recovery_key(octets, passphrase));
}

TEST_F(RecoveryKey, WantsAPassphraseWorthTheName) {
  const auto files = read_key_files(disk_, path_).value();
  const KeyMark mark = mark_of_keys(*keys_).value();
  EXPECT_EQ(seal_recovery_key(files, mark, "too short", random_, cheap).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(seal_recovery_key(files, mark, std::string(1'025, 'x'), random_, cheap).error().code,
            ErrorCode::invalid_argument);
}

TEST_F(RecoveryKey, TellsWhenTheKeysHaveChangedSince) {
  const Bytes octets = sealed();
  EXPECT_EQ(mark_of_recovery_key(octets).value(), mark_of_keys(*keys_).value());
  ASSERT_TRUE(crypto::LocalKeyProvider::add_version(disk_, random_, path_));
  keys_ = std::move(crypto::LocalKeyProvider::open(disk_, random_, path_).value());
  EXPECT_NE(mark_of_recovery_key(octets).value(), mark_of_keys(*keys_).value());
}

TEST_F(RecoveryKey, TheUsualCostWorks) {
  const auto octets =
      seal_recovery_key(read_key_files(disk_, path_).value(), mark_of_keys(*keys_).value(), passphrase, random_);
  ASSERT_TRUE(octets) << octets.error().message;
  EXPECT_TRUE(open_recovery_key(*octets, passphrase));
}

}  // namespace
}  // namespace duheng::store
