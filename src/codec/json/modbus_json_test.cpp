#include "codec/json/modbus_json.hpp"

#include <fstream>
#include <gtest/gtest.h>

namespace duheng::codec {
namespace {

using Json = nlohmann::ordered_json;

const Json& vectors() {
  static const Json list = [] {
    std::ifstream file(DUHENG_SOURCE_DIR "/tests/vectors/modbus.json");
    return Json::parse(file);
  }();
  return list;
}

class ModbusVectors : public testing::TestWithParam<std::size_t> {};

TEST_P(ModbusVectors, SaysWhatIsExpected) {
  const Json& vector = vectors()[GetParam()];
  const auto found = modbus_to_json(from_hex(vector.at("hex").get<std::string>()).value());
  ASSERT_EQ(found.size(), 1U) << vector.at("name");
  for (const auto& [key, value] : vector.at("expect").items()) {
    ASSERT_TRUE(found[0].contains(key)) << vector.at("name") << " " << key << "\n" << found[0].dump();
    EXPECT_EQ(found[0].at(key), value) << vector.at("name") << " " << key << "\n" << found[0].dump();
  }
}

std::string vector_name(const testing::TestParamInfo<std::size_t>& info) {
  return vectors()[info.param].at("name").get<std::string>();
}
INSTANTIATE_TEST_SUITE_P(All, ModbusVectors, testing::Range<std::size_t>(0, vectors().size()), vector_name);

TEST(ModbusJson, QuestionAndAnswerInOneLine) {
  const auto found = modbus_to_json(from_hex("11 03 00 6B 00 03 76 87 11 03 06 02 2B 00 00 00 64 C8 BA").value());
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].at("role"), "request");
  EXPECT_EQ(found[1].at("role"), "response");
  EXPECT_EQ(found[1].at("offset"), 8);
  EXPECT_EQ(found[1].at("values"), Json::parse("[555,0,100]"));
}

TEST(ModbusJson, TransportAndRoleCanBeGiven) {
  const Bytes octets = from_hex("01 01 03 00 00 20 3D 96").value();
  const auto either = modbus_to_json(octets);
  ASSERT_EQ(either.size(), 1U);
  EXPECT_EQ(either[0].at("role"), "either");
  EXPECT_EQ(either[0].at("as_response").at("byte_count"), 3);
  const auto answer = modbus_to_json(octets, modbus::Transport::rtu, modbus::Role::response);
  EXPECT_EQ(answer[0].at("role"), "response");
  EXPECT_EQ(answer[0].at("values").size(), 24U);
  const auto as_tcp = modbus_to_json(octets, modbus::Transport::tcp, std::nullopt);
  EXPECT_EQ(as_tcp[0].at("valid"), false);
  EXPECT_EQ(as_tcp[0].at("error"), "protocol_id");
}

TEST(ModbusJson, NothingIsPassedOverInSilence) {
  const auto nothing = modbus_to_json({});
  ASSERT_EQ(nothing.size(), 1U);
  EXPECT_EQ(nothing[0].at("valid"), false);
  EXPECT_EQ(nothing[0].at("error"), "truncated");
  const auto noise = modbus_to_json(from_hex("FF").value());
  ASSERT_EQ(noise.size(), 1U);
  EXPECT_EQ(noise[0].at("valid"), false);
  const auto trailing = modbus_to_json(from_hex("11 03 00 6B 00 03 76 87 FF FE FD").value());
  ASSERT_EQ(trailing.size(), 1U);
  EXPECT_EQ(trailing[0].at("trailing"), "FF FE FD");
}

}  // namespace
}  // namespace duheng::codec
