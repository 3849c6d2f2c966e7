#include "tools/decode/decode.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <unistd.h>

#include <nlohmann/json.hpp>

namespace duheng::tools {
namespace {

using Json = nlohmann::ordered_json;

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
  [[nodiscard]] std::vector<Json> objects() const {
    std::vector<Json> list;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);) list.push_back(Json::parse(line));
    return list;
  }
};

Outcome run(const DecodeOptions& options, const std::string& input = "") {
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  Outcome outcome;
  outcome.code = run_decode(options, in, out, err);
  outcome.out = out.str();
  outcome.err = err.str();
  return outcome;
}
Outcome decode_words(std::vector<std::string> words) { return run({"dlt645", std::move(words), ""}); }
Json decode_one(const std::string& hex) {
  const auto outcome = decode_words({hex});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const auto objects = outcome.objects();
  EXPECT_EQ(objects.size(), 1U) << hex;
  return objects.front();
}

std::string vector_file(const std::string& name) { return DUHENG_SOURCE_DIR "/tests/vectors/" + name + ".json"; }

std::vector<Json> vectors(const std::string& name) {
  std::ifstream file(vector_file(name));
  return Json::parse(file).get<std::vector<Json>>();
}

/// A file in a folder of its own that goes with it.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content) {
    std::string pattern = (std::filesystem::temp_directory_path() / "duheng-decode-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    path_ = folder_ / "vectors.json";
    std::ofstream(path_) << content;
  }
  ~TemporaryFile() { std::filesystem::remove_all(folder_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path folder_;
  std::filesystem::path path_;
};

class DecodeVectors : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Files, DecodeVectors, testing::Values("dlt645", "cjt188", "dlt69845", "modbus", "gdw13762"),
                         [](const auto& tested) { return tested.param; });

TEST_P(DecodeVectors, Pass) {
  const auto outcome = run({"", {}, vector_file(GetParam())});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, std::to_string(vectors(GetParam()).size()) + " passed, 0 failed\n");
}

TEST_P(DecodeVectors, EveryWrongExpectationFails) {
  // Each expected key of each vector, altered or renamed, must turn the file red: no key is compared loosely.
  for (const Json& vector : vectors(GetParam())) {
    Json changed = Json::array({vector});
    for (const auto& [key, value] : vector.at("expect").items()) {
      // "layer" and "protocol" choose the decoder; the others are remarks of whoever collected the vector.
      if (key == "note" || key == "derived" || key == "protocol" || key == "layer") continue;
      Json altered = vector;
      altered["expect"][key] = "something else";
      Json renamed = vector;
      renamed["expect"][key + "_x"] = value;
      changed.push_back(std::move(altered));
      changed.push_back(std::move(renamed));
    }
    const TemporaryFile file(changed.dump());
    const auto outcome = run({"", {}, file.path()});
    const std::string summary = "1 passed, " + std::to_string(changed.size() - 1) + " failed\n";
    EXPECT_NE(outcome.out.find(summary), std::string::npos) << vector.at("name");
  }
}

TEST_P(DecodeVectors, WholeFramesAreRecognisedByThemselves) {
  for (const Json& vector : vectors(GetParam())) {
    const Json& expected = vector.at("expect");
    if (!expected.value("valid", false) || expected.value("layer", "") == "apdu") continue;
    const auto outcome = run({"auto", {vector.at("hex").get<std::string>()}, ""});
    const auto objects = outcome.objects();
    ASSERT_FALSE(objects.empty()) << vector.at("name");
    EXPECT_EQ(objects[0].value("protocol", "none"), expected.value("protocol", "")) << vector.at("name");
  }
}

TEST(Decode, AutoTellsWhatIsNoProtocolAndWhatIsOnlyNearlyOne) {
  const auto noise = run({"auto", {"01 02 03 04 05 06 07 08"}, ""}).objects();
  ASSERT_EQ(noise.size(), 1U);
  EXPECT_EQ(noise[0].at("valid"), false);
  const auto broken = run({"auto", {"68 12 90 78 56 34 12 68 91 08 33 33 34 33 89 67 45 33 55 16"}, ""}).objects();
  ASSERT_EQ(broken.size(), 1U);
  EXPECT_EQ(broken[0].at("error"), "checksum");
  EXPECT_EQ(broken[0].at("protocol"), "dlt645-2007");
}

TEST(Decode, ModbusAsciiIsTakenAsItStandsOnTheLine) {
  for (const char* protocol : {"modbus", "auto"}) {
    const auto objects = run({protocol, {}, ""}, ":1103006B00037E\r\n").objects();
    ASSERT_EQ(objects.size(), 1U) << protocol;
    EXPECT_EQ(objects[0].at("valid"), true) << objects[0].dump();
    EXPECT_EQ(objects[0].at("transport"), "ascii");
    EXPECT_EQ(objects[0].at("address"), 107);
  }
}

TEST(Decode, BareApdusAreForDlt698Only) {
  DecodeOptions options{"dlt698", {"05 01 01 40 00 02 00 00"}, ""};
  options.is_apdu = true;
  const auto outcome = run(options);
  EXPECT_EQ(outcome.code, 0);
  ASSERT_EQ(outcome.objects().size(), 1U);
  EXPECT_EQ(outcome.objects()[0].at("layer"), "apdu");
  options.protocol = "dlt645";
  EXPECT_EQ(run(options).code, 2);
}

TEST(Decode, VectorsThatAreNoneFail) {
  const TemporaryFile entries(R"([{"name":"a"},{"hex":"zz","expect":{"protocol":"dlt645-2007"}},3,
    {"hex":"68","expect":{"protocol":"unheard-of"}}])");
  EXPECT_NE(run({"", {}, entries.path()}).out.find("0 passed, 4 failed"), std::string::npos);
  const TemporaryFile text("not json");
  EXPECT_EQ(run({"", {}, text.path()}).code, 2);
  EXPECT_EQ(run({"", {}, "/nonexistent/vectors.json"}).code, 2);
}

TEST(Decode, SeveralFramesInOneLine) {
  const auto outcome =
      decode_words({"01 02 FE 68 61 01 00 00 00 00 68 11 04 33 33 34 33 14 16 A0 FE FE "
                    "68 61 01 00 00 00 00 68 91 08 33 33 34 33 59 33 33 33 8A 16 4F 00"});
  const auto objects = outcome.objects();
  ASSERT_EQ(objects.size(), 2U);
  EXPECT_EQ(objects[0].at("leading"), "01 02 FE");
  EXPECT_EQ(objects[0].at("preamble"), 1);
  EXPECT_EQ(objects[0].at("from_slave"), false);
  EXPECT_FALSE(objects[0].contains("trailing"));
  EXPECT_EQ(objects[1].at("leading"), "A0 FE FE");
  EXPECT_EQ(objects[1].at("preamble"), 2);
  EXPECT_EQ(objects[1].at("value"), "0.26");
  EXPECT_EQ(objects[1].at("trailing"), "4F 00");
}

TEST(Decode, BrokenBetweenWholeFrames) {
  const std::string good = "68 61 01 00 00 00 00 68 11 04 33 33 34 33 14 16 ";
  const std::string bad_sum = "68 12 90 78 56 34 12 68 91 08 33 33 34 33 89 67 45 33 55 16 ";
  const std::string cut_short = "FE FE 68 12 90 78 56 34 12 68 91 08 33 33 ";
  const auto objects = decode_words({good + bad_sum + good + cut_short + good + bad_sum}).objects();
  ASSERT_EQ(objects.size(), 6U);
  EXPECT_EQ(objects[1].at("error"), "checksum");
  EXPECT_EQ(objects[1].at("error_offset"), 34);
  EXPECT_EQ(objects[3].at("error"), "truncated");
  EXPECT_EQ(objects[3].at("preamble"), 2);
  EXPECT_EQ(objects[4].at("valid"), true);
  EXPECT_EQ(objects[5].at("error"), "checksum");
}

TEST(Decode, NothingIsPassedOverInSilence) {
  EXPECT_EQ(decode_one("01 02").at("error"), "start");
  EXPECT_EQ(decode_one("FE FE").at("error"), "truncated");
  EXPECT_EQ(decode_one("AA BB 68").at("error"), "truncated");
  EXPECT_EQ(decode_one("").at("valid"), false);
}

TEST(Decode, WordsAndLines) {
  EXPECT_EQ(decode_words({"68", "61", "01", "00", "00", "00", "00", "68", "13", "00", "45", "16"}).objects().size(),
            1U);
  const std::string line = "68 61 01 00 00 00 00 68 11 04 33 33 34 33 14 16";
  EXPECT_EQ(decode_words({line, line}).objects().size(), 2U);
  EXPECT_EQ(run({"dlt645", {}, ""}, line + "\n\n" + line + "\r\n").objects().size(), 2U);
  EXPECT_EQ(decode_words({"xyz"}).code, 2);
  EXPECT_EQ(decode_words({"681"}).code, 2);
  EXPECT_FALSE(decode_words({"xyz"}).err.empty());
  EXPECT_EQ(run({"modem", {"68"}, ""}).code, 2);
}

TEST(Decode, OtherFramesOfTheSameKinds) {
  const Json negative = decode_one("68 61 01 00 00 00 00 68 91 07 33 33 36 35 67 89 C5 50 16");
  EXPECT_EQ(negative.at("value"), "-12.5634");
  EXPECT_EQ(negative.at("unit"), "kW");
  const Json following = decode_one("68 61 01 00 00 00 00 68 B1 0C 34 40 63 36 43 44 45 46 47 48 49 4A 30 16");
  EXPECT_EQ(following.at("follow"), true);
  EXPECT_EQ(following.at("payload_raw"), "10 11 12 13 14 15 16 17");
  EXPECT_FALSE(following.contains("value"));
  const Json last = decode_one("68 61 01 00 00 00 00 68 92 09 34 40 63 36 63 64 65 66 35 A1 16");
  EXPECT_EQ(last.at("sequence"), 2);
  const Json write = decode_one("68 61 01 00 00 00 00 68 14 0D 36 34 33 37 35 89 67 45 AB 89 67 45 48 B9 16");
  EXPECT_EQ(write.at("data"), "15");
  EXPECT_EQ(write.at("value"), "15");
  EXPECT_EQ(write.at("unit"), "min");
  EXPECT_EQ(write.at("password_wire"), "56 34 12");
  const Json freeze = decode_one("68 99 99 99 99 99 99 68 16 04 33 33 34 CC E6 16");
  EXPECT_EQ(freeze.at("freeze_kind"), "monthly");
  const Json refused = decode_one("68 61 01 00 00 00 00 68 D4 01 37 3E 16");
  EXPECT_EQ(refused.at("error_word"), "04");
}

TEST(Decode, BadContentOfAWholeFrameIsNoValue) {
  const Json object = decode_one("68 61 01 00 00 00 00 68 91 07 33 34 36 35 67 E9 C5 B1 16");
  EXPECT_EQ(object.at("valid"), true);
  EXPECT_EQ(object.at("value"), nullptr);
  EXPECT_EQ(object.at("value_error"), "bad_bcd_digit");
  EXPECT_EQ(object.at("value_error_offset"), 1);
}

}  // namespace
}  // namespace duheng::tools
