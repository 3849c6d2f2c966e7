#include "codec/json/dlt698_json.hpp"

#include <fstream>
#include <gtest/gtest.h>

#include "codec/dlt698/frame.hpp"

namespace duheng::codec {
namespace {

using Json = nlohmann::ordered_json;

std::vector<Json> all_vectors() {
  std::ifstream file(DUHENG_SOURCE_DIR "/tests/vectors/dlt69845.json");
  const Json vectors = Json::parse(file);
  return {vectors.begin(), vectors.end()};
}
bool is_bare_apdu(const Json& vector) { return vector.at("expect").value("layer", "") == "apdu"; }
std::vector<Json> valid_vectors(bool bare) {
  std::vector<Json> out;
  for (const Json& vector : all_vectors()) {
    if (vector.at("expect").at("valid") == true && is_bare_apdu(vector) == bare) out.push_back(vector);
  }
  return out;
}
std::vector<Json> valid_frames() { return valid_vectors(false); }
std::vector<Json> valid_apdus() { return valid_vectors(true); }
Bytes octets(const std::string& hex) { return from_hex(hex).value(); }
Bytes octets_of(const Json& vector) { return octets(vector.at("hex")); }
std::string name_of(const testing::TestParamInfo<Json>& info) { return info.param.at("name"); }
Json apdu_of(const std::string& hex) {
  const auto found = dlt698_apdu_to_json(octets(hex));
  EXPECT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].at("valid"), true) << found[0].dump();
  EXPECT_FALSE(found[0].contains("apdu_trailing")) << found[0].dump();
  return found[0].value("apdu", Json());
}

class Dlt698Vectors : public testing::TestWithParam<Json> {};

TEST_P(Dlt698Vectors, DecodesAsRecorded) {
  const Bytes input = octets_of(GetParam());
  const auto found = is_bare_apdu(GetParam()) ? dlt698_apdu_to_json(input) : dlt698_to_json(input);
  ASSERT_EQ(found.size(), 1U);
  for (const auto& [key, expected] : GetParam().at("expect").items()) {
    // Prose of whoever collected the vector, which no decoder could find in the octets.
    if (key == "note") continue;
    ASSERT_TRUE(found[0].contains(key)) << key << " in " << found[0].dump();
    EXPECT_EQ(found[0].at(key), expected) << key;
  }
}

class Dlt698ValidFrames : public testing::TestWithParam<Json> {};

Json content_of(Json object) {
  for (const char* key : {"preamble", "leading", "offset", "trailing"}) object.erase(key);
  return object;
}

TEST_P(Dlt698ValidFrames, EveryTruncationIsAnErrorWithFieldAndOffset) {
  const Bytes input = octets_of(GetParam());
  for (std::size_t cut = 0; cut < input.size(); ++cut) {
    const auto found = dlt698_to_json(ByteView(input).first(cut));
    ASSERT_EQ(found.size(), 1U) << cut;
    ASSERT_EQ(found[0].at("valid"), false) << cut << found[0].dump();
    EXPECT_EQ(found[0].at("error"), "truncated") << cut << found[0].dump();
    EXPECT_FALSE(found[0].at("error_field").get<std::string>().empty());
    EXPECT_LE(found[0].at("error_offset").get<std::size_t>(), cut);
  }
}

TEST_P(Dlt698ValidFrames, NoChangedOctetGivesAWrongValue) {
  const Bytes input = octets_of(GetParam());
  const Json whole = content_of(dlt698_to_json(input)[0]);
  const std::size_t step = input.size() > 60 ? 7 : 1;
  for (std::size_t at = 0; at < input.size(); ++at) {
    for (std::size_t change = 1; change < 256; change += step) {
      Bytes changed = input;
      changed[at] = static_cast<std::uint8_t>(changed[at] ^ change);
      for (const Json& object : dlt698_to_json(changed)) {
        if (object.at("valid") == true) {
          ASSERT_EQ(content_of(object), whole) << "octet " << at;
        } else {
          ASSERT_FALSE(object.at("error_field").get<std::string>().empty());
          ASSERT_LE(object.at("error_offset").get<std::size_t>(), changed.size());
        }
      }
    }
  }
}

class Dlt698ValidApdus : public testing::TestWithParam<Json> {};

TEST_P(Dlt698ValidApdus, EveryTruncationIsAnErrorWithFieldAndOffset) {
  const Bytes input = octets_of(GetParam());
  for (std::size_t cut = 0; cut < input.size(); ++cut) {
    const auto found = dlt698_apdu_to_json(Bytes(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(cut)));
    ASSERT_EQ(found[0].at("valid"), false) << cut << found[0].dump();
    EXPECT_EQ(found[0].at("error"), "apdu_malformed");
    EXPECT_EQ(found[0].at("error_code"), "truncated") << found[0].dump();
    EXPECT_FALSE(found[0].at("error_field").get<std::string>().empty());
    EXPECT_LE(found[0].at("error_offset").get<std::size_t>(), cut);
  }
}

TEST_P(Dlt698ValidApdus, AnyChangedOctetIsReadOrRefused) {
  Bytes input = octets_of(GetParam());
  for (auto& octet : input) {
    for (unsigned change = 1; change < 256; ++change) {
      octet = static_cast<std::uint8_t>(octet ^ change);
      // Must be text, too: nothing a device sends may break the output.
      EXPECT_FALSE(dlt698_apdu_to_json(input)[0].dump().empty());
      octet = static_cast<std::uint8_t>(octet ^ change);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Dlt698Json, Dlt698Vectors, testing::ValuesIn(all_vectors()), name_of);
INSTANTIATE_TEST_SUITE_P(Dlt698Json, Dlt698ValidFrames, testing::ValuesIn(valid_frames()), name_of);
INSTANTIATE_TEST_SUITE_P(Dlt698Json, Dlt698ValidApdus, testing::ValuesIn(valid_apdus()), name_of);

TEST(Dlt698Json, HasAllVectors) {
  EXPECT_EQ(all_vectors().size(), 86U);
  EXPECT_EQ(valid_frames().size() + valid_apdus().size(), 79U);
}

// The frames the fact sheet constructs.
TEST(Dlt698Json, ScrambledUserDataIsShownPlain) {
  const auto found =
      dlt698_to_json(octets("68 17 00 4B 05 01 00 00 00 00 00 10 EC 89 38 34 34 73 34 35 33 33 EC DB 16"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].at("valid"), true);
  EXPECT_EQ(found[0].at("control").at("sc"), true);
  EXPECT_EQ(found[0].at("user_data"), "05 01 01 40 01 02 00 00");
  EXPECT_EQ(found[0].at("user_data_wire"), "38 34 34 73 34 35 33 33");
  EXPECT_EQ(found[0].at("apdu").at("oad"), "40010200");
}

TEST(Dlt698Json, ConstructedFramesOfTheSheet) {
  const auto connect = dlt698_to_json(
      octets("68 38 00 43 05 01 00 00 00 00 00 10 E0 08 02 00 00 10 FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
             "04 00 04 00 01 04 00 00 00 00 64 00 00 DB 79 16"))[0];
  EXPECT_EQ(connect.at("apdu").at("mechanism"), 0);
  EXPECT_EQ(connect.at("apdu").at("timeout_s"), 100);
  const auto release = dlt698_to_json(octets("68 12 00 43 05 01 00 00 00 00 00 10 E2 FD 03 05 00 AB 5E 16"))[0];
  EXPECT_EQ(release.at("apdu").at("service"), "RELEASE-Request");
  const auto released = dlt698_to_json(octets("68 14 00 C3 05 01 00 00 00 00 00 10 42 CC 83 05 00 00 00 BE 75 16"))[0];
  EXPECT_EQ(released.at("apdu").at("result"), 0);
  const auto error = dlt698_to_json(octets("68 14 00 C3 05 01 00 00 00 00 00 10 42 CC EE 05 02 00 00 C1 1D 16"))[0];
  EXPECT_EQ(error.at("apdu").at("type"), 2);
  const auto block = dlt698_to_json(octets(
      "68 21 00 C3 05 01 00 00 00 00 00 10 49 54 85 05 05 00 00 01 01 01 20 00 02 00 01 12 08 FC 00 00 89 83 16"))[0];
  EXPECT_EQ(block.at("apdu").at("last"), false);
  EXPECT_EQ(block.at("apdu").at("block"), 1);
  EXPECT_EQ(block.at("apdu").at("results"), Json::parse(R"([{"oad":"20000200","data":{"long-unsigned":2300}}])"));
  const auto next = dlt698_to_json(octets("68 15 00 43 05 01 00 00 00 00 00 10 04 5D 05 05 05 00 01 00 2F C6 16"))[0];
  EXPECT_EQ(next.at("apdu").at("block"), 1);
  const auto confirmed =
      dlt698_to_json(octets("68 18 00 03 05 11 11 11 11 11 11 A0 CE 79 08 02 09 01 31 06 02 00 00 D4 1F 16"))[0];
  EXPECT_EQ(confirmed.at("apdu").at("oads"), Json::parse(R"(["31060200"])"));
}

TEST(Dlt698Json, EveryTypeOfData) {
  const Json apdu = apdu_of(
      "85 01 00 FFF0 02 00 01 02 21"
      "00 03 02 04 0A FFC0 05 FFFFFFFF 06 FFFFFFFF 0F 80 10 8000 14 8000000000000000 15 FFFFFFFFFFFFFFFF 16 07"
      "17 3FC00000 18 3FF8000000000000 19 07E0090C0100001F02AB 1A 07E0090C01 1B 17 3B 3A 50 4000 51 40000200"
      "52 50040200 01 20210200 53 80008100 54 01000F 55 03 01 1234 56 01AB 57 02ABCD 58 02 1100 1105 59 FF 26"
      "5A 09 03 5B 01 50040200 00 5C 02 02 01 02 5D 00000001 01FF 5E 00000001 00 04 01020304 5F 0602080100"
      "60 02 00 20210200 00 00100200 0C 03 E5BAA6"
      "00 00");
  const Json expected = Json::parse(R"json([null, {"bool": true},
    {"bit-string": "FFC0", "bits": 10}, {"double-long": -1}, {"double-long-unsigned": 4294967295}, {"integer": -128},
    {"long": -32768}, {"long64": -9223372036854775808}, {"long64-unsigned": 18446744073709551615}, {"enum": 7},
    {"float32": 1.5}, {"float64": 1.5}, {"date_time": "2016-09-12(dow 1) 00:00:31.683"},
    {"date": "2016-09-12(dow 1)"}, {"time": "23:59:58"}, {"OI": "4000"}, {"OAD": "40000200"},
    {"ROAD": {"oad": "50040200", "oads": ["20210200"]}}, {"OMD": "80008100"}, {"TI": "15 min"},
    {"TSA": {"af": "01", "address": "1234"}}, {"MAC": "AB"}, {"RN": "ABCD"},
    {"Region": {"kind": 2, "start": {"unsigned": 0}, "end": {"unsigned": 5}}}, {"Scaler_Unit": {"scaler": -1, "unit": 38}},
    {"RSD": {"selector": 9, "last_n": 3}}, {"CSD": {"oad": "50040200", "oads": []}}, {"MS": {"user_types": [1, 2]}},
    {"SID": {"id": 1, "data": "FF"}}, {"SID_MAC": {"sid": {"id": 1, "data": ""}, "mac": "01020304"}},
    {"COMDCB": [6, 2, 8, 1, 0]}, {"RCSD": ["20210200", "00100200"]}, {"UTF8-string": "度"}])json");
  EXPECT_EQ(apdu.at("result").at("data").at("structure"), expected);
}

TEST(Dlt698Json, RemainingServices) {
  EXPECT_EQ(apdu_of("02 01 0010 FFFFFFFFFFFFFFFF FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF 0400 0400 01 0400 00000064"
                    "01 04 31323334 00")
                .at("password"),
            "1234");
  const Json secured = apdu_of(
      "02 01 0010 FFFFFFFFFFFFFFFF FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF 0400 0400 01 0400 00000064 02 02AABB 01CC 00");
  EXPECT_EQ(secured.at("mechanism"), 2);
  EXPECT_EQ(secured.at("cipher"), "AABB");
  EXPECT_EQ(secured.at("signature"), "CC");
  const Json ended = apdu_of("84 05 07E00101000000 07E00101000A00 00 00");
  EXPECT_EQ(ended.at("established_time"), "2016-01-01 00:00:00");
  EXPECT_EQ(ended.at("current_time"), "2016-01-01 00:10:00");
  const Json list = apdu_of("05 04 01 02 5004 02 00 09 01 01 00 20210200 5002 02 00 00 00 00");
  EXPECT_EQ(list.at("records"), Json::parse(R"([{"oad":"50040200","rsd":{"selector":9,"last_n":1},"rcsd":["20210200"]},
                            {"oad":"50020200","rsd":{"selector":0},"rcsd":[]}])"));
  EXPECT_EQ(apdu_of("85 06 01 4001 02 00 01 02 ABCD 00 00").at("result"),
            Json::parse(R"({"oad":"40010200","md5":"ABCD"})"));
  EXPECT_EQ(apdu_of("85 06 01 4001 02 00 00 04 00 00").at("result"), Json::parse(R"({"oad":"40010200","dar":4})"));
  EXPECT_EQ(apdu_of("85 05 01 01 0002 00 06 00 00").at("dar"), 6);
  EXPECT_EQ(apdu_of("06 03 01 01 4000 02 00 11 05 4000 02 00 0A 00").at("set"),
            Json::parse(R"([{"oad":"40000200","data":{"unsigned":5},"get":"40000200","delay":10}])"));
  EXPECT_EQ(apdu_of("87 02 01 01 8000 81 00 00 01 00 00 00").at("results"),
            Json::parse(R"([{"omd":"80008100","dar":0,"data":null}])"));
  EXPECT_EQ(apdu_of("09 02 01 003C 03 01 1234 5004 02 00 09 01 00 00").at("record").at("oad"), "50040200");
  EXPECT_EQ(apdu_of("09 05 01 003C 01 03 01 1234 000A 01 8000 81 00 00 00").at("targets"),
            Json::parse(R"([{"tsa":{"af":"01","address":"1234"},"timeout_s":10,
                             "actions":[{"omd":"80008100","data":null}]}])"));
  EXPECT_EQ(apdu_of("89 06 01 01 03 01 1234 01 8000 81 00 00 00 2000 02 00 01 12 00DC 00 00").at("targets"),
            Json::parse(R"([{"tsa":{"af":"01","address":"1234"},"results":[{"omd":"80008100","dar":0,
                             "get":{"oad":"20000200","data":{"long-unsigned":220}}}]}])"));
  EXPECT_EQ(apdu_of("89 07 01 F201 02 00 01 02 ABCD 00 00").at("data"), "ABCD");
  const Json check = apdu_of("10 00 04 03 05 00 00 00 00000001 01FF 04 01020304");
  EXPECT_EQ(check.at("check_kind"), "SID_MAC");
  EXPECT_EQ(check.at("check"), Json::parse(R"({"sid":{"id":1,"data":"FF"},"mac":"01020304"})"));
  EXPECT_EQ(check.at("inner").at("trailing"), "00");
  EXPECT_EQ(apdu_of("10 01 01 AA 02 01BB 01CC").at("check"), Json::parse(R"({"rn":"BB","mac":"CC"})"));
}

TEST(Dlt698Json, MomentsThatDoNotExistAreFlagged) {
  const auto found = dlt698_apdu_to_json(octets("85 01 00 2021 02 00 01 1C 07E2 11 28 00 00 00 00 00"))[0];
  EXPECT_EQ(found.at("apdu").at("result").at("data"), Json::parse(R"({"date_time_s":"2018-17-40 00:00:00"})"));
  EXPECT_EQ(found.at("invalid_times"), Json::parse(R"(["07 E2 11 28 00 00 00"])"));
}

TEST(Dlt698Json, RowsWithoutColumnsStayRaw) {
  const Json apdu = apdu_of("85 03 00 5004 02 00 00 01 02 1100 1101 00 00");
  EXPECT_EQ(apdu.at("record"), Json::parse(R"({"oad":"50040200","columns":[],"rows_raw":"02110011010000"})"));
}

TEST(Dlt698Json, TextThatIsNoneIsToldInHex) {
  const Json apdu = apdu_of("85 01 00 FFF0 02 00 01 0A 02 B5C4 00 00");
  EXPECT_EQ(apdu.at("result").at("data"), Json::parse(R"({"visible-string":"B5C4","encoding":"hex"})"));
}

TEST(Dlt698Json, AWholeFrameWithABrokenApduIsNotValid) {
  const Bytes user_data = octets("85 01 01 40 01 02 00 02 00 00 00");
  const auto frame = dlt698::encode({.control = 0xC3, .user_data = user_data}).value();
  const auto found = dlt698_to_json(frame)[0];
  EXPECT_EQ(found.at("valid"), false);
  EXPECT_EQ(found.at("error"), "apdu_malformed");
  EXPECT_EQ(found.at("error_field"), "Get-Result");
  EXPECT_EQ(found.at("error_offset"), 9 + 7);
  EXPECT_EQ(found.at("user_data"), "85 01 01 40 01 02 00 02 00 00 00");
}

TEST(Dlt698Json, SeveralFramesAndWhatLiesBetween) {
  const Bytes first = octets("68 12 00 43 05 01 00 00 00 00 00 10 E2 FD 03 05 00 AB 5E 16");
  Bytes all = octets("01 02 FE FE");
  all.insert(all.end(), first.begin(), first.end());
  Bytes broken = first;
  broken[15] ^= 1;
  all.insert(all.end(), broken.begin(), broken.end());
  all.insert(all.end(), first.begin(), first.end());
  all.push_back(0x55);
  const auto objects = dlt698_to_json(all);
  ASSERT_EQ(objects.size(), 3U);
  EXPECT_EQ(objects[0].at("leading"), "01 02 FE FE");
  EXPECT_EQ(objects[0].at("preamble"), 2);
  EXPECT_EQ(objects[1].at("error"), "fcs");
  EXPECT_EQ(objects[1].at("fcs_found"), "AB 5E");
  EXPECT_EQ(objects[2].at("valid"), true);
  EXPECT_EQ(objects[2].at("trailing"), "55");
  EXPECT_EQ(dlt698_to_json({}).at(0).at("error"), "truncated");
  EXPECT_EQ(dlt698_to_json(octets("01 02")).at(0).at("error"), "start");
}

}  // namespace
}  // namespace duheng::codec
