#include "codec/json/gdw13762_json.hpp"

#include <fstream>
#include <gtest/gtest.h>

namespace duheng::codec {
namespace {

using Json = nlohmann::ordered_json;

const Json& vectors() {
  static const Json list = [] {
    std::ifstream file(DUHENG_SOURCE_DIR "/tests/vectors/gdw13762.json");
    return Json::parse(file);
  }();
  return list;
}

class Gdw13762Vectors : public testing::TestWithParam<std::size_t> {};

TEST_P(Gdw13762Vectors, SaysWhatIsExpected) {
  const Json& vector = vectors()[GetParam()];
  const auto found = gdw13762_to_json(from_hex(vector.at("hex").get<std::string>()).value());
  ASSERT_EQ(found.size(), 1U) << vector.at("name");
  for (const auto& [key, value] : vector.at("expect").items()) {
    ASSERT_TRUE(found[0].contains(key)) << vector.at("name") << " " << key << "\n" << found[0].dump();
    EXPECT_EQ(found[0].at(key), value) << vector.at("name") << " " << key << "\n" << found[0].dump();
  }
}

std::string vector_name(const testing::TestParamInfo<std::size_t>& info) {
  return vectors()[info.param].at("name").get<std::string>();
}
INSTANTIATE_TEST_SUITE_P(All, Gdw13762Vectors, testing::Range<std::size_t>(0, vectors().size()), vector_name);

TEST(Gdw13762Json, NothingIsPassedOverInSilence) {
  ASSERT_EQ(gdw13762_to_json({}).size(), 1U);
  EXPECT_EQ(gdw13762_to_json({}).front().at("valid"), false);
  const auto noise = gdw13762_to_json(from_hex("01 02 03").value());
  ASSERT_EQ(noise.size(), 1U);
  EXPECT_EQ(noise.front().at("error"), "start");
}

}  // namespace
}  // namespace duheng::codec
