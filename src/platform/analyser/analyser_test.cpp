#include "platform/analyser/analyser.hpp"

#include <algorithm>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace duheng::platform::analyser {
namespace {

using codec::hexlog::Direction;
using ::testing::HasSubstr;

const std::string request = "68 00 36 19 00 00 00 68 11 04 33 32 34 33 00 16";
const std::string reply =
    "68 00 36 19 00 00 00 68 91 18 33 32 34 33 63 69 33 33 89 35 33 33 4C 33 33 33 6B 33 33 33 4A 66 33 33 E9 16";

Analysis analysed(std::string_view text, std::string_view protocol = "auto", Limits limits = {}) {
  auto out = analyse({.text = text, .protocol = protocol, .limits = limits}, {});
  EXPECT_TRUE(out) << out.error().message;
  return out.value_or(Analysis{});
}

/// "dlt645 ok L1:1", "dlt645 bad L2:1", "gap L3:1 5", in their order.
std::vector<std::string> shown(const Analysis& analysis) {
  std::vector<std::string> out;
  for (const Item& item : analysis.items) {
    const std::string place = "L" + std::to_string(item.line) + ":" + std::to_string(item.column);
    if (item.protocol == nullptr) {
      out.push_back("gap " + place + " " + to_hex(item.octets));
    } else {
      out.push_back(std::string(item.protocol->name) + (item.is_valid ? " ok " : " bad ") + place);
    }
  }
  return out;
}
using Shown = std::vector<std::string>;

TEST(Analyser, TakesALogApart) {
  const auto analysis = analysed("2014-11-28 10:00:00 [I] TX -> FE " + request + "\n2014-11-28 10:00:01 [I] RX <- " +
                                 reply + "\nmeter online\n");
  EXPECT_EQ(shown(analysis), (Shown{"dlt645 ok L1:31", "dlt645 ok L2:31"}));
  EXPECT_EQ(analysis.frames, 2U);
  EXPECT_EQ(analysis.valid_frames, 2U);
  EXPECT_EQ(analysis.log.skipped_lines, 1U);
  const Item& sent = analysis.items.at(0);
  EXPECT_EQ(sent.direction, Direction::sent);
  EXPECT_EQ(sent.time_text, "2014-11-28 10:00:00");
  EXPECT_EQ(sent.address, "000000193600");
  EXPECT_THAT(sent.summary.english, HasSubstr("read data, question of the master"));
  EXPECT_THAT(sent.summary.chinese, HasSubstr("读数据"));
  EXPECT_FALSE(sent.has_fault);
  // The preamble belongs to the frame.
  EXPECT_EQ(sent.octets.size(), 17U);
  EXPECT_EQ(sent.fields->front().key, "preamble");
  const auto json = nlohmann::json::parse(sent.json);
  EXPECT_EQ(json["valid"], true);
  EXPECT_EQ(json["preamble"], 1);
  EXPECT_EQ(analysis.items.at(1).direction, Direction::received);
}

TEST(Analyser, FieldsCoverEveryOctetOnce) {
  for (const Item& item : analysed(request + "\n" + reply + "\n68 11 22").items) {
    ASSERT_TRUE(item.fields);
    std::size_t at = 0;
    for (std::size_t i = 0; i < item.fields->size(); ++i) {
      const auto& field = (*item.fields)[i];
      const bool has_parts = i + 1 < item.fields->size() && (*item.fields)[i + 1].depth > field.depth;
      if (has_parts) continue;
      EXPECT_EQ(field.offset, at);
      at += field.size;
    }
    EXPECT_EQ(at, item.octets.size());
  }
}

TEST(Analyser, ShowsWhatBelongsToNoFrame) {
  const auto analysis = analysed("01 02 03 " + request + " 55 AA");
  EXPECT_EQ(shown(analysis), (Shown{"gap L1:1 010203", "dlt645 ok L1:1", "gap L1:1 55AA"}));
  EXPECT_EQ(analysis.items.at(1).offset, 3U);
  EXPECT_EQ(analysis.gaps, 2U);
  EXPECT_EQ(analysis.gap_octets, 5U);
}

TEST(Analyser, SaysWhatIsWrongWithABrokenFrame) {
  std::string broken = request;
  broken.replace(broken.size() - 5, 2, "01");
  const auto analysis = analysed(request + "\n" + broken);
  EXPECT_EQ(shown(analysis), (Shown{"dlt645 ok L1:1", "dlt645 bad L2:1"}));
  const Item& item = analysis.items.at(1);
  EXPECT_TRUE(item.has_fault);
  EXPECT_EQ(item.fault.english, "checksum: wrong: the octets add up to 00");
  EXPECT_EQ(item.fault.chinese, "校验码：错误：应为00");
  EXPECT_EQ(nlohmann::json::parse(item.json)["error"], "checksum");
  EXPECT_EQ(analysis.valid_frames, 1U);
}

TEST(Analyser, MarksContentThatIsNoValueInAWholeFrame) {
  // Voltage of phase A with a digit above 9.
  const auto analysis = analysed("68 01 00 00 00 00 00 68 91 06 33 34 34 35 3F 55 CC 16");
  ASSERT_EQ(analysis.items.size(), 1U);
  ASSERT_TRUE(analysis.items[0].is_valid) << analysis.items[0].json;
  EXPECT_TRUE(analysis.items[0].has_fault);
}

TEST(Analyser, JoinsAFrameThatLinesCut) {
  const auto bare =
      analysed(reply.substr(0, 30) + "\n" + reply.substr(30, 30) + "\n" + reply.substr(60) + "\n" + request);
  EXPECT_EQ(shown(bare), (Shown{"dlt645 ok L1:1", "dlt645 ok L4:1"}));
  EXPECT_EQ(bare.items[0].last_line, 3U);
  const auto one_octet_a_line = [] {
    std::string text = reply;
    std::ranges::replace(text, ' ', '\n');
    return text;
  }();
  EXPECT_EQ(shown(analysed(one_octet_a_line)), (Shown{"dlt645 ok L1:1"}));
  const auto log = analysed("12:00:00 RX " + reply.substr(0, 30) + "\n12:00:01 RX " + reply.substr(30) + " 68 01\n");
  EXPECT_EQ(shown(log), (Shown{"dlt645 ok L1:13", "dlt645 bad L2:13"}));
  EXPECT_EQ(log.items[0].time_text, "12:00:00");
}

/// Whatever the text, its octets come out once and in order.
TEST(Analyser, LosesNoOctet) {
  const std::string pieces[] = {
      request,    reply,      reply.substr(0, 30), reply.substr(30),          "FE FE",         "68",
      "01 02 03", "68 10 AA", "16 68 68 68",       "11 03 00 6B 00 03 76 87", "3A 31 31 0D 0A"};
  std::uint32_t state = 7;
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (int i = 0; i < 12; ++i) {
      state = state * 1'664'525 + 1'013'904'223;
      text += pieces[(state >> 16) % std::size(pieces)] + ((state >> 28) % 2 == 0 ? "\n" : " ");
    }
    Bytes wanted = from_hex(text).value();
    Bytes found;
    std::size_t line = 0;
    for (const Item& item : analysed(text).items) {
      found.insert(found.end(), item.octets.begin(), item.octets.end());
      EXPECT_GE(item.line, line) << text;
      EXPECT_GE(item.last_line, item.line) << text;
      line = item.line;
    }
    ASSERT_EQ(to_hex(found), to_hex(wanted)) << text;
  }
}

TEST(Analyser, TellsGluedProtocolsApart) {
  const auto analysis = analysed("68 10 AA AA AA AA AA AA AA 01 03 90 1F 01 D2 16 FE " + request +
                                 " 68 17 00 43 05 01 00 00 00 00 00 10 26 F6 05 01 05 40 00 02 00 00 D1 0B 16");
  EXPECT_EQ(shown(analysis), (Shown{"cjt188 ok L1:1", "dlt645 ok L1:1", "dlt698 ok L1:1"}));
}

TEST(Analyser, DoesNotJoinWhatDifferentSpeakersSaid) {
  const auto log = analysed("RX " + reply.substr(0, 30) + "\nTX " + reply.substr(30) + "\n");
  EXPECT_EQ(log.valid_frames, 0U);
}

TEST(Analyser, AnswersABoundedNumberOfFramesAndCountsAll) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += request + "\n";
  const auto analysis = analysed(text, "dlt645", {.items_max = 20, .explained_frames_max = 5});
  EXPECT_EQ(analysis.frames, 50U);
  EXPECT_EQ(analysis.valid_frames, 50U);
  ASSERT_EQ(analysis.items.size(), 20U);
  EXPECT_TRUE(analysis.items[4].fields);
  EXPECT_FALSE(analysis.items[5].fields);
  EXPECT_FALSE(analysis.items[5].json.empty());
  const auto few_fields = analysed(text, "dlt645", {.explained_fields_max = 15});
  EXPECT_TRUE(few_fields.items[0].fields);
  EXPECT_FALSE(few_fields.items[1].fields);
}

TEST(Analyser, StopsWhenAsked) {
  int asked = 0;
  const auto stop = [&asked] { return ++asked > 3; };
  const auto analysis = analyse({.text = "68\n68\n68\n68\n68\n68\n", .protocol = "auto"}, stop);
  ASSERT_FALSE(analysis);
  EXPECT_EQ(analysis.error().code, ErrorCode::cancelled);
  EXPECT_EQ(asked, 4);
}

TEST(Analyser, RefusesWhatItCannotDo) {
  const auto code_of = [](const Question& question) { return analyse(question, {}).error().code; };
  EXPECT_EQ(code_of({.text = "68", .protocol = "fax"}), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of({.text = "68", .protocol = "dlt645", .is_apdu = true}), ErrorCode::invalid_argument);
  EXPECT_EQ(code_of({.text = std::string((1 << 20) + 1, ' '), .protocol = "auto"}), ErrorCode::limit_exceeded);
}

TEST(Analyser, FindsNothingInNothing) {
  const auto analysis = analysed("nothing here\n\n");
  EXPECT_TRUE(analysis.items.empty());
  EXPECT_EQ(analysis.log.lines, 2U);
  EXPECT_EQ(analysis.log.skipped_lines, 1U);
}

/// Each row's own example is recognised by itself and gives whole frames only.
TEST(Protocols, ExamplesAreRecognised) {
  for (const Protocol& protocol : protocols()) {
    SCOPED_TRACE(std::string(protocol.name));
    const auto analysis = analysed(protocol.example);
    ASSERT_FALSE(analysis.items.empty());
    for (const Item& item : analysis.items) {
      ASSERT_NE(item.protocol, nullptr) << to_hex(item.octets);
      EXPECT_EQ(item.protocol->name, protocol.name);
      EXPECT_TRUE(item.is_valid) << item.json;
      EXPECT_FALSE(item.has_fault) << item.fault.english;
      EXPECT_NE(item.summary.english, "");
      EXPECT_NE(item.summary.chinese, "");
      EXPECT_NE(item.address, "");
    }
    if (protocol.apdu_to_json == nullptr) continue;
    const auto apdu = analyse({.text = protocol.apdu_example, .protocol = protocol.name, .is_apdu = true}, {});
    ASSERT_TRUE(apdu);
    ASSERT_EQ(apdu->items.size(), 1U);
    EXPECT_TRUE(apdu->items[0].is_valid) << apdu->items[0].json;
  }
}

/// Every whole frame of the vectors is recognised without being told its protocol, and explained as the vector says.
TEST(Protocols, VectorsAreRecognised) {
  const std::pair<std::string, std::string> files[] = {
      {"dlt645.json", "dlt645"}, {"cjt188.json", "cjt188"}, {"dlt69845.json", "dlt698"}, {"modbus.json", "modbus"}};
  for (const auto& [file, protocol] : files) {
    std::ifstream stream(std::string(DUHENG_SOURCE_DIR) + "/tests/vectors/" + file);
    const auto vectors = nlohmann::json::parse(stream);
    std::size_t tried = 0;
    for (const auto& vector : vectors) {
      const auto& expected = vector.at("expect");
      if (!expected.value("valid", false) || expected.value("layer", "") == "apdu") continue;
      SCOPED_TRACE(file + " " + vector.value("name", ""));
      ++tried;
      const auto analysis = analysed(vector.at("hex").get<std::string>());
      // Noise before an RTU frame may look like the beginning of another.
      const auto found = std::ranges::find_if(analysis.items, [](const Item& item) { return item.is_valid; });
      ASSERT_NE(found, analysis.items.end());
      const std::string transport = expected.value("transport", "");
      EXPECT_EQ(found->protocol->name, transport.empty() ? protocol : protocol + "_" + transport);
      EXPECT_EQ(analysis.valid_frames, 1U);
    }
    EXPECT_GT(tried, 30U) << file;
  }
}

}  // namespace
}  // namespace duheng::platform::analyser
