#include "codec/hexlog/hexlog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace duheng::codec::hexlog {
namespace {

using ::testing::ElementsAre;

struct Wanted {
  std::string octets;
  Direction direction = Direction::unknown;
  std::string time{};
  std::size_t line = 1;
  std::size_t column = 1;
};

struct Example {
  std::string name;
  std::string text;
  std::vector<Wanted> wanted;
  std::size_t skipped = 0;
};

std::ostream& operator<<(std::ostream& out, const Example& example) { return out << example.name; }

std::string shown(const Piece& piece) {
  return to_hex(piece.octets) + " " + std::string(to_string(piece.direction)) + " '" + piece.time_text + "' line " +
         std::to_string(piece.places.front().line) + " column " + std::to_string(piece.places.front().column);
}
std::string shown(const Wanted& wanted) {
  return wanted.octets + " " + std::string(to_string(wanted.direction)) + " '" + wanted.time + "' line " +
         std::to_string(wanted.line) + " column " + std::to_string(wanted.column);
}

class HexLogStyles : public ::testing::TestWithParam<Example> {};

TEST_P(HexLogStyles, ReadsTheOctets) {
  const Example& example = GetParam();
  const auto log = read(example.text);
  ASSERT_TRUE(log);
  std::vector<std::string> found;
  for (const Piece& piece : log->pieces) found.push_back(shown(piece));
  std::vector<std::string> wanted;
  for (const Wanted& one : example.wanted) wanted.push_back(shown(one));
  EXPECT_EQ(found, wanted) << example.text;
  EXPECT_EQ(log->skipped_lines, example.skipped) << example.text;
}

constexpr auto sent = Direction::sent;
constexpr auto received = Direction::received;
constexpr auto unknown = Direction::unknown;

const Example writings[] = {
    {"blanks", "68 11 04 16", {{"68110416"}}},
    {"packed", "68110416", {{"68110416"}}},
    {"lower_case", "fe fe ae", {{"FEFEAE"}}},
    {"one_octet", "68", {{"68"}}},
    {"words_of_four", "6811 0416", {{"68110416"}}},
    {"commas", "68,11,04,16", {{"68110416"}}},
    {"commas_and_blanks", "68, 11 ,04;16;", {{"68110416"}}},
    {"prefix", "0x68 0x11 0X04 0x16", {{"68110416"}}},
    {"single_digit_with_prefix", "0x68,0x1,0x4,0x16", {{"68010416"}}},
    {"escaped", R"("\x68\x11\x04" "\x16")", {{"68110416", unknown, "", 1, 2}}},
    {"suffix", "68H 11H FEH 16h", {{"6811FE16"}}},
    {"colons", "68:11:04:16", {{"68110416"}}},
    {"colons_like_a_time", "11:22:33:44:55", {{"1122334455"}}},
    {"dashes", "68-11-04-16", {{"68110416"}}},
    {"bars", "68|11|04|16", {{"68110416"}}},
    {"braces", "{0x68, 0x11, 0x04, 0x16};", {{"68110416", unknown, "", 1, 2}}},
    {"c_array", "const uint8_t frame[] = {0x68, 0x11, 0x04, 0x16};", {{"68110416", unknown, "", 1, 26}}},
    {"c_array_of_lines",
     "static const unsigned char f[4] = {\n  0x68, 0x11, // start\n  0x04, /* length */\n  0x16\n};\n",
     {{"68110416", unknown, "", 2, 3}},
     2},
    {"c_array_begun_in_the_line", "byte f[] = {0x68, 0x11,\n 0x04, 0x16};", {{"68110416", unknown, "", 1, 13}}},
    {"c_arrays_in_an_array",
     "x = {\n {0x68, 0x11},\n {0x04,\n 0x16}, {0x17}\n}",
     {{"6811", unknown, "", 2, 3}, {"0416", unknown, "", 3, 3}, {"17", unknown, "", 4, 10}},
     2},
    {"arrays_in_one_line",
     "{68 11 22 33}, {01 03 00 00}",
     {{"68112233", unknown, "", 1, 2}, {"01030000", unknown, "", 1, 17}}},
    {"lines", "68 11\n04 16\n", {{"6811"}, {"0416", unknown, "", 2, 1}}},
    {"windows_lines", "68 11\r\n\r\n04 16\r\n", {{"6811"}, {"0416", unknown, "", 3, 1}}},
    {"byte_order_mark",
     "\xEF\xBB\xBF"
     "68 11",
     {{"6811"}}},
    {"nothing", "", {}},
    {"blank_lines", "\n \n\t\n", {}},
};
INSTANTIATE_TEST_SUITE_P(Writings, HexLogStyles, ::testing::ValuesIn(writings),
                         [](const auto& test) { return test.param.name; });

const Example logs[] = {
    {"date_level_and_mark",
     "2026-11-21 12:00:01.123 [INFO] TX: 68 11 04 16",
     {{"68110416", sent, "2026-11-21 12:00:01.123", 1, 36}}},
    {"iso_time", "2026-11-21T12:00:01Z recv 68 11 04 16", {{"68110416", received, "2026-11-21T12:00:01Z", 1, 27}}},
    {"zone", "2026-11-21 12:00:01 +0800 RX 68 11 04 16", {{"68110416", received, "2026-11-21 12:00:01 +0800", 1, 30}}},
    {"time_in_brackets", "[12:00:01.123] -> 68 11 04 16", {{"68110416", sent, "12:00:01.123", 1, 19}}},
    {"comma_before_milliseconds", "12:00:01,123 <- 68110416", {{"68110416", received, "12:00:01,123", 1, 17}}},
    {"colon_before_milliseconds", "12:00:01:123 RX:68110416", {{"68110416", received, "12:00:01:123", 1, 17}}},
    {"month_and_day", "11-21 12:00:01 Recv: 68 11 04 16", {{"68110416", received, "11-21 12:00:01", 1, 22}}},
    {"packed_date", "20261121 12:00:01 68 11 04 16", {{"68110416", unknown, "20261121 12:00:01", 1, 19}}},
    {"packed_date_alone_is_octets", "20261121", {{"20261121"}}},
    {"time_without_octets", "16:00:01", {}, 1},
    {"chinese_marks",
     "发送：68 11 04 16\n接收：68 91 04 16",
     {{"68110416", sent, "", 1, 4}, {"68910416", received, "", 2, 4}}},
    {"chinese_arrows",
     "[12:00:01.123]发→◇68 11 04 16 □\n[12:00:01.321]收←◆68 91 04 16",
     {{"68110416", sent, "12:00:01.123", 1, 18}, {"68910416", received, "12:00:01.321", 2, 18}}},
    {"heading_over_octets",
     "[2026-11-21 12:00:01.123]# SEND HEX>\n68 11 04 16\n\n[2026-11-21 12:00:01.321]# RECV HEX>\n68 91 04 16\n",
     {{"68110416", sent, "2026-11-21 12:00:01.123", 2, 1}, {"68910416", received, "2026-11-21 12:00:01.321", 5, 1}},
     2},
    {"length_before_octets", "Recv(20): 68 11 04 16", {{"68110416", received, "", 1, 11}}},
    {"length_with_colon", "tx len 04: 68 11 04 16", {{"68110416", sent, "", 1, 12}}},
    {"address_before_octets",
     "addr=112233445566 TX 68 11 22 33 44 55 66 68",
     {{"112233445566", unknown, "", 1, 6}, {"6811223344556668", sent, "", 1, 22}}},
    {"both_directions_in_a_line",
     "TX 68 11 04 16 RX 68 91 04 16",
     {{"68110416", sent, "", 1, 4}, {"68910416", received, "", 1, 19}}},
    {"json",
     R"({"time":"2026-11-21T12:00:01Z","hex":"68110416"})",
     {{"68110416", unknown, "2026-11-21T12:00:01Z", 1, 39}}},
    {"mark_and_few_octets", "TX 01 03", {{"0103", sent, "", 1, 4}}},
    {"prose", "The bad face added a decade, as agreed.", {}, 1},
    {"error_number", "failed with code 0x8004 (dead)", {}, 1},
    {"odd_digits", "6811041\n68 1 04", {}, 2},
    {"arrow_of_a_longer_kind",
     "--> 68 11 04 16\n<-- 68 91 04 16\n>> 01 03\n<< 02 04",
     {{"68110416", sent, "", 1, 5},
      {"68910416", received, "", 2, 5},
      {"0103", sent, "", 3, 4},
      {"0204", received, "", 4, 4}}},
};
INSTANTIATE_TEST_SUITE_P(Logs, HexLogStyles, ::testing::ValuesIn(logs),
                         [](const auto& test) { return test.param.name; });

const std::string sixteen =
    "681122334455666811043333343"
    "3AE16";

const Example dumps[] = {
    {"hexdump",
     "00000000  68 11 22 33 44 55 66 68  11 04 33 33 34 33 ae 16  |h.\"3DUfh..33.3..|\n"
     "00000010  fe fe                                             |..|\n00000012\n",
     {{sixteen + "FEFE", unknown, "", 1, 11}}},
    {"xxd",
     "00000000: 6811 2233 4455 6668 1104 3333 3433 ae16  h.\"3DUfh..33.3..\n00000010: fefe  ab\n",
     {{sixteen + "FEFE", unknown, "", 1, 11}}},
    {"wireshark",
     "0000   68 11 22 33 44 55 66 68 11 04 33 33 34 33 ae 16   ab cd 12 34 56 78\n0010   fe fe   ..\n",
     {{sixteen + "FEFE", unknown, "", 1, 8}}},
    {"od",
     "0000000 68 11 22 33 44 55 66 68 11 04 33 33 34 33 ae 16\n0000020 fe fe\n0000022\n",
     {{sixteen + "FEFE", unknown, "", 1, 9}}},
    {"one_line_of_wireshark", "0000  68 11 04 16", {{"68110416", unknown, "", 1, 7}}},
    {"from_the_middle",
     "0040  68 11 22 33 44 55 66 68 11 04 33 33 34 33 ae 16\n0050  fe fe\n",
     {{sixteen + "FEFE", unknown, "", 1, 7}}},
    {"two_dumps",
     "12:00:01 TX\n0000  68 11 22 33 44 55 66 68 11 04 33 33 34 33 ae 16\n0010  fe\n12:00:02 RX\n0000  fe fe 16\n",
     {{sixteen + "FE", sent, "12:00:01", 2, 7}, {"FEFE16", received, "12:00:02", 5, 7}},
     2},
    {"zeros_are_octets_without_a_gap", "0000 6811 0416", {{"000068110416"}}},
    {"packed_words_are_no_dump",
     "68112233 44556668\n11043333 3433AE16\n",
     {{"6811223344556668"}, {"110433333433AE16", unknown, "", 2, 1}}},
};
INSTANTIATE_TEST_SUITE_P(Dumps, HexLogStyles, ::testing::ValuesIn(dumps),
                         [](const auto& test) { return test.param.name; });

TEST(HexLog, FramesThatTravelAsCharactersAreTakenAsCharacters) {
  const auto log = read(":1103006B00037E\n12:00:01.5 TX -> :1103006B00037E\n:1103006B00037\n11:22:33:44:55:66:77:88\n");
  ASSERT_TRUE(log);
  ASSERT_EQ(log->pieces.size(), 3U);
  const Bytes characters{':', '1', '1', '0', '3', '0', '0', '6', 'B', '0', '0', '0', '3', '7', 'E', '\r', '\n'};
  EXPECT_EQ(log->pieces[0].octets, characters);
  EXPECT_EQ(log->pieces[1].octets, characters);
  EXPECT_EQ(log->pieces[1].direction, Direction::sent);
  EXPECT_EQ(log->pieces[1].time_text, "12:00:01.5");
  EXPECT_EQ(log->pieces[1].places[0].column, 18U);
  EXPECT_EQ(log->pieces[2].octets, *from_hex("1122334455667788"));  // pairs between colons are octets
  EXPECT_EQ(log->skipped_lines, 1U);                                // a digit is missing
}

TEST(HexLog, KnowsWhereEachOctetStands) {
  const auto log = read("0000  68 11\n0002  22 33\n0004  44\n");
  ASSERT_TRUE(log);
  ASSERT_EQ(log->pieces.size(), 1U);
  const Piece& piece = log->pieces.front();
  EXPECT_EQ(piece.place_of(0).line, 1U);
  EXPECT_EQ(piece.place_of(1).line, 1U);
  EXPECT_EQ(piece.place_of(2).line, 2U);
  EXPECT_EQ(piece.place_of(4).line, 3U);
  EXPECT_EQ(piece.place_of(2).octet, 2U);
}

TEST(HexLog, CountsAndTellsWhatItSkipped) {
  const auto log = read("meter online\n68 11 04 16\n\n6811041\ncode 0x8004 of meter\n");
  ASSERT_TRUE(log);
  EXPECT_EQ(log->lines, 5U);
  EXPECT_EQ(log->blank_lines, 1U);
  EXPECT_EQ(log->octets, 4U);
  std::vector<std::pair<std::size_t, SkipReason>> found;
  for (const SkippedLine& line : log->skipped) found.emplace_back(line.line, line.reason);
  EXPECT_THAT(found, ElementsAre(std::pair(1U, SkipReason::no_hexadecimal), std::pair(4U, SkipReason::odd_digits),
                                 std::pair(5U, SkipReason::too_short)));
  EXPECT_EQ(log->skipped.front().excerpt, "meter online");
}

TEST(HexLog, TellsABoundedNumberOfSkippedLinesAndCutsThemAtACharacter) {
  std::string text;
  for (int i = 0; i < 500; ++i) text += std::string(79, 'x') + "度衡\n";
  const auto log = read(text);
  ASSERT_TRUE(log);
  EXPECT_EQ(log->skipped_lines, 500U);
  EXPECT_EQ(log->skipped.size(), limits::skipped_lines_told_max);
  EXPECT_EQ(log->skipped.front().excerpt, std::string(79, 'x'));
}

TEST(HexLog, RefusesMoreThanItsLimit) {
  EXPECT_TRUE(read(std::string(limits::text_bytes_max, ' ')));
  const auto log = read(std::string(limits::text_bytes_max + 1, ' '));
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, ErrorCode::limit_exceeded);
}

}  // namespace
}  // namespace duheng::codec::hexlog
