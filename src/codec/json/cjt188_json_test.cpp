#include "codec/json/cjt188_json.hpp"

#include <fstream>
#include <gtest/gtest.h>

#include "codec/cjt188/message.hpp"

namespace duheng::codec {
namespace {

using Json = nlohmann::ordered_json;

Json read_vectors() {
  std::ifstream file(DUHENG_SOURCE_DIR "/tests/vectors/cjt188.json");
  return Json::parse(file);
}

std::vector<Json> all_vectors() {
  const Json vectors = read_vectors();
  return {vectors.begin(), vectors.end()};
}
std::vector<Json> valid_vectors() {
  std::vector<Json> out;
  for (const Json& vector : all_vectors()) {
    if (vector.at("expect").at("valid") == true) out.push_back(vector);
  }
  return out;
}
Bytes octets_of(const Json& vector) { return from_hex(vector.at("hex").get<std::string>()).value(); }
std::string name_of(const testing::TestParamInfo<Json>& info) { return info.param.at("name"); }

/// Remarks of whoever collected the vector, which no decoder could find in the octets: prose, and whether the collector
/// had to recompute a published checksum.
bool is_remark(const std::string& key) { return key == "note" || key == "derived"; }

class Cjt188Vectors : public testing::TestWithParam<Json> {};

TEST_P(Cjt188Vectors, DecodesAsRecorded) {
  const auto found = cjt188_to_json(octets_of(GetParam()));
  ASSERT_EQ(found.size(), 1U);
  for (const auto& [key, expected] : GetParam().at("expect").items()) {
    if (is_remark(key)) continue;
    ASSERT_TRUE(found[0].contains(key)) << key << " in " << found[0].dump();
    EXPECT_EQ(found[0].at(key), expected) << key;
  }
}

// Keeps the exemption above honest: "derived" must say no more than the vector's source does.
TEST_P(Cjt188Vectors, DerivedOnlyTellsTheSource) {
  const bool source_says_so = GetParam().at("source").get<std::string>().starts_with("derived from");
  EXPECT_EQ(GetParam().at("expect").contains("derived"), source_says_so);
}

class Cjt188ValidVectors : public testing::TestWithParam<Json> {};

// The content of the frame as an object, without where it stood.
Json content_of(Json object) {
  for (const char* key : {"leading_bytes", "offset", "trailing"}) object.erase(key);
  return object;
}

TEST_P(Cjt188ValidVectors, EveryTruncationIsAnErrorWithFieldAndOffset) {
  const Bytes octets = octets_of(GetParam());
  const Json whole = cjt188_to_json(octets)[0];
  const auto frame_end = whole.at("offset").get<std::size_t>() + 13 + whole.at("length").get<std::size_t>();
  for (std::size_t cut = 0; cut < octets.size(); ++cut) {
    const Bytes part(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(cut));
    for (const Json& object : cjt188_to_json(part)) {
      if (cut >= frame_end) {
        EXPECT_EQ(content_of(object), content_of(whole));
        continue;
      }
      ASSERT_EQ(object.at("valid"), false) << cut << object.dump();
      EXPECT_FALSE(object.at("error_field").get<std::string>().empty());
      EXPECT_LE(object.at("error_offset").get<std::size_t>(), cut);
    }
  }
}

TEST_P(Cjt188ValidVectors, NoChangedOctetGivesAWrongValue) {
  const Bytes octets = octets_of(GetParam());
  const Json whole = cjt188_to_json(octets)[0];
  for (std::size_t at = 0; at < octets.size(); ++at) {
    for (unsigned change = 1; change < 256; ++change) {
      Bytes changed = octets;
      changed[at] = static_cast<std::uint8_t>(changed[at] ^ change);
      for (const Json& object : cjt188_to_json(changed)) {
        if (object.at("valid") == true) {
          ASSERT_EQ(content_of(object), content_of(whole)) << "octet " << at;
        } else {
          ASSERT_NE(object.at("error_field"), "none");
          ASSERT_LE(object.at("error_offset").get<std::size_t>(), changed.size());
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cjt188Json, Cjt188Vectors, testing::ValuesIn(all_vectors()), name_of);
INSTANTIATE_TEST_SUITE_P(Cjt188Json, Cjt188ValidVectors, testing::ValuesIn(valid_vectors()), name_of);

TEST(Cjt188Json, HasAllVectors) {
  EXPECT_EQ(all_vectors().size(), 52U);
  EXPECT_EQ(valid_vectors().size(), 45U);
}

using namespace duheng::cjt188;

Json object_of(const BuiltFrame& frame) {
  const auto objects = cjt188_to_json(frame.value().view());
  EXPECT_EQ(objects.size(), 1U);
  return objects.at(0);
}
Bytes octets(const char* hex) { return from_hex(hex).value(); }

const Peer water{.meter_type = meter_types::cold_water, .address = *Address::parse("11223344")};
const Peer heat{.meter_type = meter_types::heat, .address = *Address::parse("11223344")};

TEST(Cjt188Json, HeatMeteringDataOf2018) {
  const Json object = object_of(
      read_reply(heat, identifiers::metering,
                 octets("12 00 00 00 05 34 12 00 00 11 45 23 01 17 67 45 23 35 89 67 00 00 2C 50 45 25 30 10 27 00 00"
                        "09 49 12 05 09 23 20 00 08")));
  EXPECT_EQ(object.at("settlement_energy"),
            Json::parse(R"({"raw":"12 00 00 00","value":"0.12","unit_code":"05","unit":"kWh"})"));
  EXPECT_EQ(object.at("current_energy").at("unit"), "GJ");
  EXPECT_EQ(object.at("power"), Json::parse(R"({"raw":"45 23 01","value":"123.45","unit_code":"17","unit":"kW"})"));
  EXPECT_EQ(object.at("flow").at("value"), "234.567");
  EXPECT_EQ(object.at("supply_temp_c"), "45.50");
  EXPECT_EQ(object.at("return_temp_c"), "30.25");
  EXPECT_EQ(object.at("work_hours"), "2710");
  EXPECT_EQ(object.at("time"), "2023-09-05 12:49:09");
}

TEST(Cjt188Json, MeteringData2WithCooling) {
  const Json object = object_of(read_reply(
      heat, identifiers::metering_2,
      octets("01 00 00 00 05 02 00 00 00 05 03 00 00 00 05 04 00 00 00 05 45 23 01 17 67 45 23 35 89 67 00 00 2C"
             "50 45 25 30 11 22 33 44 10 27 00 00 09 49 12 05 09 23 20 00 08")));
  EXPECT_EQ(object.at("settlement_cooling").at("value"), "0.02");
  EXPECT_EQ(object.at("current_energy").at("value"), "0.03");
  EXPECT_EQ(object.at("current_cooling").at("value"), "0.04");
  EXPECT_EQ(object.at("flow").at("value"), "23.4567");
  // Nobody says where the point of a pressure stands.
  EXPECT_EQ(object.at("supply_pressure_raw"), "11 22");
  EXPECT_EQ(object.at("st"), "00 08");
}

TEST(Cjt188Json, SettlementsAndFreezes) {
  const Json month = object_of(read_reply(water, {0xD12B}, octets("13 23 33 43 29")));
  EXPECT_EQ(month.at("months_ago"), 12);
  EXPECT_EQ(month.at("settlement").at("unit"), "L");
  const Json history = object_of(read_reply(heat, {0xD203}, octets("01 00 00 00 05 02 00 00 00 05 03 00 00 00 2C")));
  EXPECT_EQ(history.at("settlement_index"), 3);
  EXPECT_EQ(history.at("settlement_cooling").at("value"), "0.02");
  EXPECT_EQ(history.at("total_flow").at("unit"), "m3");
  const Json freeze = object_of(
      read_reply(water, {0xD301}, octets("09 49 12 05 09 23 20 03 00 00 00 2C 67 45 23 01 35 50 23 00 11 22 33")));
  EXPECT_EQ(freeze.at("time"), "2023-09-05 12:49:09");
  EXPECT_EQ(freeze.at("flow").at("value"), "123.4567");
  EXPECT_EQ(freeze.at("temp_c"), "23.50");
  EXPECT_EQ(freeze.at("pressure_raw"), "11 22 33");
}

TEST(Cjt188Json, ScaledAndMissingUnitsAreTold) {
  const Json object = object_of(read_reply(water, {0xD120}, octets("13 23 33 43 2D")));
  EXPECT_EQ(object.at("settlement").at("value"), "433323.13");
  EXPECT_EQ(object.at("settlement").at("unit"), "m3 x10");
  EXPECT_EQ(object_of(read_reply(water, {0xD120}, octets("13 23 33 43 77"))).at("settlement").at("unit"), nullptr);
  const Json none = object_of(read_reply(water, {0xD120}, octets("FF FF FF FF 2C")));
  EXPECT_EQ(none.at("settlement").at("value"), nullptr);
  EXPECT_FALSE(none.contains("value_error"));
}

TEST(Cjt188Json, BadContentIsNamedAndNotGuessed) {
  const Json digit = object_of(read_reply(water, {0xD120}, octets("13 2A 33 43 2C")));
  EXPECT_EQ(digit.at("settlement").at("value"), nullptr);
  EXPECT_EQ(digit.at("value_error"), "bad_bcd_digit");
  EXPECT_EQ(digit.at("value_error_offset"), 1);
  const Json length = object_of(read_reply(water, {0xD120}, octets("13 23 33")));
  EXPECT_EQ(length.at("value_error"), "length");
  EXPECT_EQ(length.at("value_error_offset"), 3);
  EXPECT_FALSE(length.contains("settlement"));
  const Json time = object_of(write_request(water, identifiers::write_clock, octets("61 50 12 16 07 15 20")));
  EXPECT_EQ(time.at("time"), nullptr);
  EXPECT_EQ(time.at("time_valid"), false);
}

TEST(Cjt188Json, Commands) {
  EXPECT_EQ(object_of(write_clock_request(water, {2015, 7, 16, 12, 50, 40})).at("time"), "2015-07-16 12:50:40");
  EXPECT_EQ(object_of(write_purchase_request(water, 7, 12'345)).at("purchase"),
            Json::parse(R"({"seq":"07","this_raw":"45 23 01 00"})"));
  EXPECT_EQ(object_of(write_settlement_day_request(water, 31)).at("day"), "31");
  EXPECT_EQ(object_of(write_reading_day_request(water, 1)).at("day"), "01");
  EXPECT_EQ(object_of(valve_request(water, ValveCommand::vendor_free_close)).at("valve_command"), "vendor free-close");
  const Json key = object_of(write_key_request(water, 3, {1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(key.at("key_version"), 3);
  const Json answer = object_of(write_reply(water, Function::write, identifiers::valve, octets("01 00")));
  EXPECT_EQ(answer.at("st"), "01 00");
  EXPECT_EQ(answer.at("valve_state"), "closed");
  const Json refused = object_of(short_error_reply(water, 4, 0x21));
  EXPECT_EQ(refused.at("st"), "21");
  EXPECT_EQ(refused.at("error_flag"), true);
  EXPECT_FALSE(refused.contains("di_wire"));
}

TEST(Cjt188Json, SeveralFramesAndWhatLiesBetween) {
  Bytes all = octets("01 02");
  const auto first = read_request(water, identifiers::metering).value();
  all.insert(all.end(), first.view().begin(), first.view().end());
  Bytes broken = first.to_bytes();
  broken[broken.size() - 2] ^= 1;
  all.insert(all.end(), broken.begin(), broken.end());
  all.insert(all.end(), first.view().begin(), first.view().end());
  all.push_back(0x55);
  const auto objects = cjt188_to_json(all);
  ASSERT_EQ(objects.size(), 3U);
  EXPECT_EQ(objects[0].at("leading_bytes"), "01 02 FE FE FE FE");
  EXPECT_EQ(objects[1].at("error"), "checksum");
  EXPECT_EQ(objects[2].at("valid"), true);
  EXPECT_EQ(objects[2].at("trailing"), "55");
  EXPECT_EQ(cjt188_to_json({}).at(0).at("error"), "truncated");
  EXPECT_EQ(cjt188_to_json(octets("01 02")).at(0).at("error"), "start");
}

}  // namespace
}  // namespace duheng::codec
