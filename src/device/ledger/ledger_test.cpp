#include "device/ledger/ledger.hpp"

#include <filesystem>
#include <gtest/gtest.h>
#include <unistd.h>

namespace duheng::device {
namespace {

class Ledger : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "duheng-ledger-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    path_ = directory_ + "/ledger";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  PosixDisk disk_;
  std::string directory_;
  std::string path_;
};

const Bytes question_a{1, 2, 3};
const Bytes question_b{1, 2, 4};
const Bytes answer_a{9, 8, 7};

TEST_F(Ledger, ConfirmsByTheNextOtherQuestionOnTheSameConnection) {
  {
    auto writer = *LedgerWriter::open(disk_, path_);
    LedgerTrail trail(*writer);
    trail.question(question_a);
    ASSERT_TRUE(trail.answer("000000000001", 0x00010000, answer_a, 1'000));
    trail.question(question_a);  // asked again: the first answer may never have come
    ASSERT_TRUE(trail.answer("000000000001", 0x00010000, answer_a, 2'000));
    trail.question(question_b);
    ASSERT_TRUE(trail.answer("000000000001", 0x02010100, answer_a, 3'000));
    trail.cut();  // the master went away with the third answer
    trail.question(question_a);
    ASSERT_TRUE(trail.answer("000000000001", 0x00010000, answer_a, 4'000, true));
    ASSERT_TRUE(writer->flush());
  }
  const auto entries = *read_ledger(disk_, path_);
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[0].fate, AnswerFate::open);
  EXPECT_EQ(entries[1].fate, AnswerFate::confirmed);
  EXPECT_EQ(entries[2].fate, AnswerFate::open);
  EXPECT_EQ(entries[3].fate, AnswerFate::spoiled);
  EXPECT_EQ(entries[1].number, 2U);
  EXPECT_EQ(entries[1].octets, answer_a);
  EXPECT_EQ(entries[1].sent_utc_ms, 2'000);
  EXPECT_EQ(entries[2].di, 0x02010100U);
}

TEST_F(Ledger, GoesOnAfterATornRecordAtEveryLength) {
  {
    auto writer = *LedgerWriter::open(disk_, path_);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(writer->answer("000000000001", 1, answer_a, i));
  }
  const auto whole = *read_file(disk_, path_);
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    std::filesystem::remove(path_);
    {
      auto file = *disk_.open(path_, OpenMode::append);
      ASSERT_TRUE(file->append(ByteView(whole).first(size)));
    }
    const auto before = read_ledger(disk_, path_);
    ASSERT_TRUE(before);
    auto writer = LedgerWriter::open(disk_, path_);
    ASSERT_TRUE(writer) << size;
    ASSERT_EQ(*(*writer)->answer("000000000001", 1, answer_a, 9), before->size() + 1) << size;
    ASSERT_EQ(read_ledger(disk_, path_)->size(), before->size() + 1) << size;
  }
}

TEST_F(Ledger, StaysBoundedAndKeepsNumbersRising) {
  auto writer = *LedgerWriter::open(disk_, path_, 1'000);
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(writer->answer("000000000001", 1, answer_a, i));
  const auto entries = *read_ledger(disk_, path_);
  EXPECT_LT(entries.size(), 100U);
  EXPECT_EQ(entries.back().number, 500U);
  EXPECT_LT(std::filesystem::file_size(path_) + std::filesystem::file_size(path_ + ".old"), 2'200U);
  writer.reset();
  EXPECT_EQ(*(*LedgerWriter::open(disk_, path_, 1'000))->answer("000000000001", 1, answer_a, 1), 501U);
}

TEST_F(Ledger, ForeignFileIsRefused) {
  {
    auto file = *disk_.open(path_, OpenMode::append);
    ASSERT_TRUE(file->append(as_bytes("this is somebody's diary, not a ledger")));
  }
  const auto writer = LedgerWriter::open(disk_, path_);
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().code, ErrorCode::storage_corrupt);
}

LedgerCommand command(std::string address, std::uint64_t device_number) {
  LedgerCommand out;
  out.address = std::move(address);
  out.device_number = device_number;
  out.function = 0x1C;
  out.identifier = 0x1A;
  out.request_hash.fill(static_cast<std::uint8_t>(device_number));
  out.utc_ms = 1'000 + static_cast<std::int64_t>(device_number);
  return out;
}

TEST_F(Ledger, WritesACommandDownOnceAndTellsItApartFromAnswers) {
  {
    auto writer = *LedgerWriter::open(disk_, path_);
    ASSERT_TRUE(writer->answer("000000000001", 1, answer_a, 1));
    EXPECT_TRUE(*writer->command(command("000000000001", 1)));
    EXPECT_TRUE(*writer->command(command("000000000002", 1)));
    EXPECT_FALSE(*writer->command(command("000000000001", 1)));
    EXPECT_TRUE(*writer->command(command("000000000001", 2)));
    writer->confirm(1);
    ASSERT_TRUE(writer->flush());
  }
  auto writer = *LedgerWriter::open(disk_, path_);
  EXPECT_EQ(writer->command_count(), 3U);
  EXPECT_FALSE(*writer->command(command("000000000001", 2)));  // told again after a restart
  EXPECT_TRUE(*writer->command(command("000000000001", 3)));
  const auto commands = *read_ledger_commands(disk_, path_);
  ASSERT_EQ(commands.size(), 4U);
  auto expected = command("000000000001", 3);
  expected.number = 4;
  EXPECT_EQ(commands[3], expected);
  const auto entries = *read_ledger(disk_, path_);
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].fate, AnswerFate::confirmed);
}

TEST_F(Ledger, KnowsItsCommandsWhenTheirFilesAreGoneAndWhenKilledWhileStartingOne) {
  {
    auto writer = *LedgerWriter::open(disk_, path_, 1'000);
    for (std::uint64_t i = 1; i <= 5; ++i) ASSERT_TRUE(*writer->command(command("000000000001", i)));
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(writer->answer("000000000001", 1, answer_a, i));
  }
  EXPECT_TRUE(read_ledger_commands(disk_, path_)->empty());
  const auto whole = *read_file(disk_, path_);
  for (std::size_t size = 0; size <= 60; ++size) {
    std::filesystem::remove(path_);
    {
      auto file = *disk_.open(path_, OpenMode::append);
      ASSERT_TRUE(file->append(ByteView(whole).first(size)));
    }
    auto writer = *LedgerWriter::open(disk_, path_, 1'000);
    EXPECT_EQ(writer->command_count(), 5U) << size;
    EXPECT_FALSE(*writer->command(command("000000000001", 5))) << size;
    EXPECT_TRUE(*writer->command(command("000000000001", 6))) << size;
  }
}

TEST_F(Ledger, AnOldFileWithoutCommandsIsReadAndGoneOnWith) {
  // Written by a release that knew answers and their fates only.
  const auto old = *from_hex(
      "44484C454447310A01000000000000000118010C30303030303030303030303100000100E8070309"
      "0807A3E3389B0201010C8B7B5C");
  {
    auto file = *disk_.open(path_, OpenMode::append);
    ASSERT_TRUE(file->append(old));
  }
  auto writer = *LedgerWriter::open(disk_, path_);
  EXPECT_EQ(*writer->answer("000000000001", 1, answer_a, 9), 2U);
  EXPECT_TRUE(*writer->command(command("000000000001", 1)));
  const auto entries = *read_ledger(disk_, path_);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].octets, answer_a);
  EXPECT_EQ(entries[0].fate, AnswerFate::confirmed);
}

/// Frames of DL/T 645: 92H asks, B1H and B2H say that more follows, 92H as an answer is the last.
Bytes frame645(std::uint8_t control, std::uint8_t content) {
  return {0x68, 1, 0, 0, 0, 0, 0, 0x68, control, 1, content, 0x16};
}

TEST_F(Ledger, AnAnswerInSeveralFramesIsConfirmedAsAWholeOrNotAtAll) {
  for (const bool whole : {true, false}) {
    std::filesystem::remove(path_);
    auto writer = *LedgerWriter::open(disk_, path_);
    LedgerTrail trail(*writer);
    trail.question(frame645(0x11, 1));
    ASSERT_TRUE(trail.answer("000000000001", 1, frame645(0xB1, 1), 1));
    trail.question(frame645(0x12, 1));
    ASSERT_TRUE(trail.answer("000000000001", 1, frame645(0xB2, 2), 2));
    trail.question(frame645(0x12, 1));  // again: the master may have missed it
    ASSERT_TRUE(trail.answer("000000000001", 1, frame645(0xB2, 2), 3));
    trail.question(frame645(0x12, 2));
    if (whole) {
      ASSERT_TRUE(trail.answer("000000000001", 1, frame645(0x92, 3), 4));
    }
    trail.question(frame645(0x11, 2));
    ASSERT_TRUE(writer->flush());
    std::vector<bool> confirmed;
    const auto entries = read_ledger(disk_, path_);
    ASSERT_TRUE(entries);
    for (const auto& entry : *entries) confirmed.push_back(entry.fate == AnswerFate::confirmed);
    EXPECT_EQ(confirmed, whole ? (std::vector<bool>{true, false, true, true}) : std::vector<bool>(3));
  }
}

LedgerEntry entry(std::uint64_t number, Bytes octets, AnswerFate fate) {
  return {number, "000000000001", 1, std::move(octets), 0, fate};
}
ObservedFrame seen(Bytes octets) { return {"000000000001", std::move(octets), 0}; }

TEST(LedgerComparison, TellsLostDoubledAndUnknownApart) {
  const std::vector<LedgerEntry> ledger{entry(1, {1}, AnswerFate::confirmed), entry(2, {2}, AnswerFate::open),
                                        entry(3, {1}, AnswerFate::open), entry(4, {3}, AnswerFate::spoiled)};
  EXPECT_TRUE(compare_with_ledger(ledger, {seen({1})}).sound());
  EXPECT_TRUE(compare_with_ledger(ledger, {seen({1}), seen({1}), seen({2})}).sound());
  EXPECT_EQ(compare_with_ledger(ledger, {seen({2})}).lost, 1U);
  EXPECT_EQ(compare_with_ledger(ledger, {seen({1}), seen({1}), seen({1})}).doubled, 1U);
  EXPECT_EQ(compare_with_ledger(ledger, {seen({1}), seen({2}), seen({2})}).doubled, 1U);
  // An answer of several frames is observed as one; a mere likeness is not.
  EXPECT_TRUE(compare_with_ledger(ledger, {seen({2, 1})}).sound());
  EXPECT_EQ(compare_with_ledger(ledger, {seen({1}), seen({2, 9})}).unknown, 1U);
  const auto unknown = compare_with_ledger(ledger, {seen({1}), seen({3})});
  EXPECT_EQ(unknown.unknown, 1U);
  EXPECT_EQ(unknown.examples.size(), 1U);
}

}  // namespace
}  // namespace duheng::device
