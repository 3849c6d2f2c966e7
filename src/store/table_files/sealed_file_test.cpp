#include "store/table_files/sealed_file.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "base/simulated_disk.hpp"

namespace duheng::store {
namespace {

crypto::SecretKey key() {
  std::array<std::uint8_t, crypto::SecretKey::size_bytes> octets{};
  octets.fill(9);
  return crypto::SecretKey{octets};
}

Bytes content(std::size_t size, std::uint8_t seed) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i * 31 / 7 + seed);
  return out;
}

class SealedFile : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(disk.make_directories("/x")); }

  Result<Bytes> read_all(std::uint64_t pieces) {
    DUHENG_TRY(SealedFileReader reader, SealedFileReader::open(disk, keys, "exports", path, pieces));
    Bytes out;
    while (true) {
      DUHENG_TRY(const std::optional<Bytes> piece, reader.next());
      if (!piece) return out;
      out.insert(out.end(), piece->begin(), piece->end());
    }
  }

  SimulatedDisk disk;
  SeededRandom random{5};
  crypto::LocalKeyProvider keys{key()};
  const std::string path = "/x/file.sealed";
};

TEST_F(SealedFile, HoldsWhatWasWrittenAndNoPlainText) {
  auto writer = SealedFileWriter::create(disk, random, keys, "exports", path);
  ASSERT_TRUE(writer) << writer.error().message;
  const Bytes large = content(3 * sealed_file::piece_bytes_max + 5, 1);
  const std::string secret = "the reading of meter 000000000001 is 224.40 kWh";
  ASSERT_TRUE(writer->append(large));
  ASSERT_TRUE(writer->append(as_bytes(secret)));
  ASSERT_TRUE(writer->sync());
  EXPECT_EQ(writer->position().pieces, 5U);
  EXPECT_EQ(writer->position().plain_bytes, large.size() + secret.size());
  const auto read = read_all(5);
  ASSERT_TRUE(read) << read.error().message;
  Bytes expected = large;
  expected.insert(expected.end(), secret.begin(), secret.end());
  EXPECT_EQ(*read, expected);
  const Bytes on_disk = *read_file(disk, path);
  EXPECT_EQ(on_disk.size(), writer->position().file_bytes);
  EXPECT_EQ(as_text(on_disk).find("000000000001"), std::string_view::npos);
  EXPECT_EQ(SealedFileWriter::create(disk, random, keys, "exports", path).error().code, ErrorCode::already_exists);
}

TEST_F(SealedFile, GoesOnWhereItStood) {
  SealedPosition stood;
  {
    auto writer = SealedFileWriter::create(disk, random, keys, "exports", path);
    ASSERT_TRUE(writer && writer->append(content(1'000, 1)) && writer->sync());
    stood = writer->position();
    // Written, but nobody noted it: as after a crash.
    ASSERT_TRUE(writer->append(content(2'000, 2)) && writer->sync());
  }
  auto writer = SealedFileWriter::resume(disk, random, keys, "exports", path, stood);
  ASSERT_TRUE(writer) << writer.error().message;
  ASSERT_TRUE(writer->append(content(3'000, 3)) && writer->sync());
  Bytes expected = content(1'000, 1);
  std::ranges::copy(content(3'000, 3), std::back_inserter(expected));
  EXPECT_EQ(read_all(2).value(), expected);
  stood.file_bytes = 1U << 30;
  EXPECT_EQ(SealedFileWriter::resume(disk, random, keys, "exports", path, stood).error().code,
            ErrorCode::storage_corrupt);
}

TEST_F(SealedFile, EveryFlippedBitIsFound) {
  auto writer = SealedFileWriter::create(disk, random, keys, "exports", path);
  ASSERT_TRUE(writer && writer->append(content(300, 1)) && writer->append(content(300, 2)) && writer->sync());
  const std::uint64_t size = writer->position().file_bytes;
  for (std::uint64_t offset = 0; offset < size; ++offset) {
    ASSERT_TRUE(disk.flip_bit(path, offset, offset % 8));
    EXPECT_FALSE(read_all(2)) << offset;
    ASSERT_TRUE(disk.flip_bit(path, offset, offset % 8));
  }
  ASSERT_TRUE(read_all(2));
  EXPECT_EQ(read_all(3).error().code, ErrorCode::storage_corrupt) << "an end that is missing";
}

TEST_F(SealedFile, FullDiskIsSaid) {
  auto writer = SealedFileWriter::create(disk, random, keys, "exports", path);
  ASSERT_TRUE(writer);
  disk.set_capacity_bytes(disk.used_bytes() + 40);
  const auto refused = writer->append(content(1U << 20, 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::storage_full);
  EXPECT_EQ(writer->position().pieces, 0U);
}

}  // namespace
}  // namespace duheng::store
