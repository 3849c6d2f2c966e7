#include "codec/json/dlt645_json.hpp"

#include <fstream>
#include <gtest/gtest.h>

#include "codec/dlt645/explain.hpp"
#include "codec/dlt645/message.hpp"

namespace duheng::codec {
namespace {

using namespace duheng::dlt645;
using Json = nlohmann::ordered_json;

Json one(ByteView octets) {
  const auto objects = dlt645_to_json(octets);
  EXPECT_EQ(objects.size(), 1U);
  return objects.front();
}
const Address meter = *Address::parse("201708176934");

TEST(Dlt645ToJson, EveryVectorGivesWhatItExpects) {
  std::ifstream file(DUHENG_SOURCE_DIR "/tests/vectors/dlt645.json");
  std::size_t compared = 0;
  for (const auto& entry : Json::parse(file)) {
    const Json got = dlt645_to_json(*from_hex(entry.at("hex").get<std::string>())).front();
    for (const auto& [key, value] : entry.at("expect").items()) {
      if (key == "note") continue;
      ASSERT_TRUE(got.contains(key)) << entry.at("name") << " " << key;
      EXPECT_EQ(got.at(key), value) << entry.at("name") << " " << key;
      ++compared;
    }
  }
  EXPECT_GT(compared, 500U);
}

/// An error names its field and its place; a frame that is said to be whole says the same as before.
TEST(Dlt645ToJson, EveryTruncationAndChangeOfAWholeFrameIsToldOrHarmless) {
  std::ifstream file(DUHENG_SOURCE_DIR "/tests/vectors/dlt645.json");
  for (const auto& entry : Json::parse(file)) {
    if (!entry.at("expect").at("valid").get<bool>()) continue;
    const Bytes octets = *from_hex(entry.at("hex").get<std::string>());
    const Json whole = dlt645_to_json(octets).front();
    const auto judge = [&](ByteView spoiled, std::size_t at) {
      const Json got = dlt645_to_json(spoiled).front();
      if (!got.at("valid").get<bool>()) {
        EXPECT_FALSE(got.at("error_field").get<std::string>().empty());
        EXPECT_LE(got.at("error_offset").get<std::size_t>(), spoiled.size());
        return;
      }
      ASSERT_EQ(got.at("data_minus_33"), whole.at("data_minus_33")) << entry.at("name") << " " << at;
      EXPECT_EQ(got.at("address"), whole.at("address"));
      EXPECT_EQ(got.at("control"), whole.at("control"));
      if (whole.contains("value")) {
        EXPECT_EQ(got.at("value"), whole.at("value"));
      }
    };
    for (std::size_t size = 0; size < octets.size(); ++size) judge(ByteView(octets).first(size), size);
    for (std::size_t at = 0; at < octets.size(); ++at) {
      for (const unsigned change : {1U, 2U, 4U, 8U, 16U, 32U, 64U, 128U, 255U}) {
        Bytes changed = octets;
        changed[at] = static_cast<std::uint8_t>(changed[at] ^ change);
        judge(changed, at);
      }
    }
  }
}

TEST(Dlt645ToJson, Answers1997AreDecoded) {
  const auto energy = one(read_reply_1997(meter, 0x9010, *from_hex("78563412"))->view());
  EXPECT_EQ(energy.at("protocol"), "dlt645-1997");
  EXPECT_EQ(energy.at("di"), "9010");
  EXPECT_EQ(energy.at("value"), "123456.78");
  EXPECT_EQ(energy.at("unit"), "kWh");
  EXPECT_EQ(energy.at("payload_raw"), "78 56 34 12");
  const auto block = one(read_reply_1997(meter, 0xB61F, *from_hex("20022102FFFF"))->view());
  EXPECT_EQ(block.at("values"), Json::parse(R"(["220","221",null])"));
  const auto follows = one(read_reply_1997(meter, 0x901F, *from_hex("78563412"), true)->view());
  EXPECT_FALSE(follows.contains("values"));
  const auto unknown = one(read_reply_1997(meter, 0xFFFE, *from_hex("78563412"))->view());
  EXPECT_FALSE(unknown.contains("value"));
  EXPECT_EQ(unknown.at("payload_raw"), "78 56 34 12");
  const auto write = one(write_request_1997(meter, 0xC111, {2, 1, 2, 3}, *from_hex("15"))->view());
  EXPECT_EQ(write.at("password_level"), "02");
  EXPECT_EQ(write.at("value"), "15");
}

TEST(Dlt645ToJson, StatusWordsBitByBit) {
  const auto word = one(read_reply(meter, {0x04000503}, *from_hex("5200"))->view());
  EXPECT_EQ(word.at("relay_open"), true);
  EXPECT_EQ(word.at("status_bits").at("relay_open"), "open");
  EXPECT_EQ(word.at("status_bits").at("supply"), "auxiliary");
  EXPECT_EQ(word.at("status_bits").at("trip_warning"), "no");
}

TEST(Dlt645ToJson, RecordsFieldByField) {
  const auto record = one(read_reply(meter, {0x06000002},
                                     *from_hex("A0A0203010281121"
                                               "002201220222000500010500020500"
                                               "0050AAAAAAAAAAAA11E5"))
                              ->view());
  EXPECT_EQ(record.at("readings").size(), 8U);
  EXPECT_EQ(record.at("readings")[1], Json::parse(R"({"record":0,"name":"voltage_a","value":"220.0","unit":"V"})"));
  const auto raw = one(read_reply(meter, {0x06000002}, *from_hex("A0A0"))->view());
  EXPECT_FALSE(raw.contains("readings"));
  EXPECT_EQ(raw.at("payload_raw"), "A0 A0");
}

TEST(Dlt645ToJson, SecurityDialogue) {
  const auto request = one(security_request(meter, {0x070000FF}, {1, 2, 3, 4}, *from_hex("AABB"))->view());
  EXPECT_EQ(request.at("di"), "070000FF");
  EXPECT_EQ(request.at("operator_wire"), "01 02 03 04");
  EXPECT_EQ(request.at("data"), "AA BB");
  const auto reply = one(security_reply(meter, {0x070000FF}, *from_hex("AABB"))->view());
  EXPECT_EQ(reply.at("data"), "AA BB");
  const auto refusal = one(security_error_reply(meter, 0x0008).view());
  EXPECT_EQ(refusal.at("error_word"), "0008");
  EXPECT_EQ(refusal.at("error_bits"), Json::parse(R"(["identity_authentication_failed"])"));
}

/// Fields cover every octet once, whatever the frame holds.
TEST(Dlt645Explained, NewContentsAreCoveredWithoutGap) {
  const std::vector<FrameBuffer> frames{*read_reply_1997(meter, 0x901F, *from_hex("7856341278563412")),
                                        *write_request_1997(meter, 0xC111, {2, 1, 2, 3}, *from_hex("15")),
                                        *read_reply(meter, {0x06000002},
                                                    *from_hex("A0A020301028112100220122022200050001050002050000"
                                                              "50AAAAAAAAAAAA11E5")),
                                        *security_request(meter, {0x070000FF}, {1, 2, 3, 4}, *from_hex("AABB")),
                                        *security_reply(meter, {0x070000FF}, {}),
                                        security_error_reply(meter, 0x0108),
                                        change_password_request(meter, {0x04000C02}, {2, 1, 2, 3}, {2, 3, 4, 5}),
                                        multi_function_output_request(meter, 2),
                                        read_records_request(meter, {0x06000001}, 3, DateTime{2021, 11, 28, 10, 30, 0}),
                                        *read_reply(meter, {0x04000503}, *from_hex("5200"))};
  for (const FrameBuffer& frame : frames) {
    std::size_t at = 0;
    for (const auto& field : dlt645::explain(frame.view())) {
      EXPECT_EQ(field.offset, at);
      EXPECT_FALSE(field.label.chinese.empty());
      EXPECT_FALSE(field.is_fault) << field.key;
      at += field.size;
    }
    EXPECT_EQ(at, frame.view().size());
  }
  const auto fields = dlt645::explain(frames.back().view());
  const auto word = std::ranges::find_if(fields, [](const auto& field) { return field.key == "value"; });
  ASSERT_NE(word, fields.end());
  EXPECT_NE(word->meaning.english.find("relay: open"), std::string::npos);
}

}  // namespace
}  // namespace duheng::codec
