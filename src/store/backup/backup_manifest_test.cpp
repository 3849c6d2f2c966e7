#include "store/backup/backup_manifest.hpp"

#include <gtest/gtest.h>

#include "store/backup/backup_object.hpp"

namespace duheng::store {
namespace {

crypto::Hash256 hash(std::uint8_t fill) {
  crypto::Hash256 out{};
  out.fill(fill);
  return out;
}

BackupManifest example() {
  BackupManifest out;
  out.number = 12;
  out.based_on = 11;
  out.product = "0.5.0 with blanks";
  out.begun_utc_ms = 1'750'000'000'000;
  out.ended_utc_ms = 1'750'000'009'000;
  out.journal_first = 1;
  out.journal_next = 4'711;
  out.recovery_key = hash(9);
  out.files.push_back({"authority/a b", 0, hash(1), std::nullopt, {}});
  out.files.push_back({"journal/00000000000000000001.seg", 70, hash(2), hash(3), {{hash(4), 60}, {hash(5), 82}}});
  return out;
}

class Manifest : public ::testing::Test {
 protected:
  crypto::LocalKeyProvider keys_{crypto::SecretKey{}};
};

TEST_F(Manifest, ComesBackAsItWasWritten) {
  for (BackupManifest wanted : {example(), BackupManifest{}}) {
    const Bytes octets = write_manifest(wanted, keys_).value();
    const auto found = read_manifest(octets, keys_);
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(*found, wanted);
  }
  EXPECT_EQ(example().content_bytes(), 70U);
  EXPECT_EQ(peek_recovery_key(write_manifest(example(), keys_).value()).value(), hash(9));
  EXPECT_EQ(peek_recovery_key(write_manifest({}, keys_).value()).error().code, ErrorCode::not_found);
}

TEST_F(Manifest, EveryFlippedBitAndEveryCutIsNoticed) {
  Bytes octets = write_manifest(example(), keys_).value();
  for (std::size_t at = 0; at < octets.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      octets[at] = static_cast<std::uint8_t>(octets[at] ^ (1U << bit));
      EXPECT_FALSE(read_manifest(octets, keys_)) << at;
      octets[at] = static_cast<std::uint8_t>(octets[at] ^ (1U << bit));
    }
    EXPECT_FALSE(read_manifest(ByteView(octets).first(at), keys_)) << at;
  }
  crypto::LocalKeyProvider others(crypto::SecretKey{hash(1)});
  EXPECT_EQ(read_manifest(octets, others).error().code, ErrorCode::storage_corrupt);
}

TEST_F(Manifest, HoldsNoPathThatLeadsOutOfTheDirectory) {
  for (const char* const path : {"", "/etc/passwd", "../a", "a/../b", "a//b", "a/.", "a\nb", "a/"}) {
    BackupManifest wrong = example();
    wrong.files = {{path, 0, hash(1), std::nullopt, {}}};
    EXPECT_EQ(write_manifest(wrong, keys_).error().code, ErrorCode::invalid_argument) << path;
  }
  BackupManifest disordered = example();
  std::swap(disordered.files[0], disordered.files[1]);
  EXPECT_FALSE(write_manifest(disordered, keys_));
}

TEST_F(Manifest, SetsAreNamedByNumber) {
  EXPECT_EQ(set_name(12), "sets/0000000012.set");
  EXPECT_EQ(number_in_set_name("0000000012.set"), 12U);
  for (const char* const name : {"12.set", "0000000012.sett", "00000000x2.set", ""})
    EXPECT_EQ(number_in_set_name(name), std::nullopt) << name;
}

TEST_F(Manifest, ObjectsAreTheSameForTheSameContentAndShowNothingOfIt) {
  const Bytes content(1'000, 0x41);
  const SealedObject one = seal_object(content, keys_).value();
  const SealedObject two = seal_object(content, keys_).value();
  EXPECT_EQ(one.octets, two.octets);
  EXPECT_EQ(one.octets.size(), content.size() + object_overhead_bytes);
  EXPECT_EQ(as_text(one.octets).find("AAAAAAAA"), std::string_view::npos);
  EXPECT_EQ(open_object(one.octets, one.name, keys_).value(), content);
  Bytes other = content;
  other[500] ^= 1U;
  EXPECT_NE(seal_object(other, keys_)->name, one.name);
  Bytes changed = one.octets;
  for (const std::size_t at : {std::size_t{0}, std::size_t{3}, std::size_t{5}, std::size_t{10}, changed.size() - 1}) {
    changed[at] ^= 4U;
    EXPECT_EQ(open_object(changed, one.name, keys_).error().code, ErrorCode::storage_corrupt);
    // Also when somebody gives it the name that fits: the tag does not.
    EXPECT_FALSE(open_object(changed, crypto::sha256(changed), keys_));
    changed[at] ^= 4U;
  }
}

}  // namespace
}  // namespace duheng::store
