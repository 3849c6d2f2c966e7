#include "codec/dlt698/explain.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

#include "codec/dlt698/frame.hpp"
#include "codec/dlt698/random_tree.hpp"
#include "codec/dlt698/test_vectors.hpp"

namespace duheng::dlt698 {
namespace {

using Fields = std::vector<ExplainedField>;

/// Leaves cover each octet once and in order, fields with parts span them, every field shows its octets and is named.
void expect_tree(ByteView octets, const Fields& fields) {
  std::vector<const ExplainedField*> open;
  std::size_t at = 0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto& field = fields[i];
    ASSERT_EQ(field.offset, at) << field.key;
    ASSERT_GT(field.size, 0U) << field.key;
    ASSERT_EQ(field.raw, to_hex(octets.subspan(at, field.size), ' ')) << field.key;
    while (open.size() > field.depth) {
      ASSERT_EQ(open.back()->offset + open.back()->size, at) << open.back()->key;
      open.pop_back();
    }
    ASSERT_EQ(open.size(), field.depth) << field.key;
    ASSERT_FALSE(field.key.empty());
    ASSERT_FALSE(field.label.english.empty()) << field.key;
    ASSERT_FALSE(field.label.chinese.empty()) << field.key;
    ASSERT_EQ(field.meaning.english.empty(), field.meaning.chinese.empty()) << field.key;
    ASSERT_FALSE(field.clause.empty()) << field.key;
    if (i + 1 < fields.size() && fields[i + 1].depth > field.depth) {
      open.push_back(&field);
    } else {
      at += field.size;
    }
  }
  for (const auto* field : open) ASSERT_EQ(field->offset + field->size, at) << field->key;
  ASSERT_EQ(at, octets.size());
}

bool has_fault(const Fields& fields) { return std::ranges::any_of(fields, &ExplainedField::is_fault); }

const ExplainedField& find(const Fields& fields, std::string_view key, std::size_t nth = 0) {
  static const ExplainedField none;
  for (const auto& field : fields) {
    if (field.key == key && nth-- == 0) return field;
  }
  ADD_FAILURE() << "no field " << key;
  return none;
}
Fields explain_hex(std::string_view hex) { return explain(from_hex(hex).value()); }
Fields explain_apdu_hex(std::string_view hex) { return explain_apdu(from_hex(hex).value()); }

class ExplainVectors : public testing::TestWithParam<TestVector> {
 protected:
  [[nodiscard]] static Fields explained(ByteView octets) {
    return GetParam().is_bare_apdu ? explain_apdu(octets) : explain(octets);
  }
};

TEST_P(ExplainVectors, CoversEveryOctetAndTellsFaults) {
  const TestVector& vector = GetParam();
  const auto fields = explained(vector.octets);
  expect_tree(vector.octets, fields);
  // The one valid vector with a fault holds a date that no calendar has.
  const bool has_bad_date = vector.name == "get_response_list_invalid_calendar_date";
  EXPECT_EQ(has_fault(fields), !vector.valid || has_bad_date);
  if (vector.valid) {
    EXPECT_TRUE(std::ranges::none_of(fields, [](const auto& field) { return field.key == "unread"; }));
  }
}

TEST_P(ExplainVectors, CoversEveryTruncationAndChange) {
  const TestVector& vector = GetParam();
  for (std::size_t cut = 0; cut < vector.octets.size(); ++cut) {
    const Bytes part(vector.octets.begin(), vector.octets.begin() + static_cast<std::ptrdiff_t>(cut));
    const auto fields = explained(part);
    expect_tree(part, fields);
    // An APDU cut behind a whole one would not be noticed; none of the vectors is such.
    if (vector.valid && cut > 0) {
      EXPECT_TRUE(has_fault(fields) || fields[0].key == "preamble") << cut;
    }
    expect_tree(part, explain_apdu(part));
  }
  for (std::size_t at = 0; at < vector.octets.size(); ++at) {
    for (const std::uint8_t change : {0x01, 0x10, 0x80, 0xFF}) {
      Bytes changed = vector.octets;
      changed[at] ^= change;
      expect_tree(changed, explained(changed));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Dlt69845Json, ExplainVectors, testing::ValuesIn(test_vectors()),
                         [](const auto& entry) { return entry.param.name; });

TEST(Explain, ShowsAReadingWithUnitAndRegister) {
  // 00100200: five energies, each as the meter sent it.
  const auto fields = explain_apdu_hex(
      "85 01 05 00 10 02 00 01 01 05 06 00 03 53 FB 06 00 00 BF EE 06 00 00 BF 76 06 00 00 E6 F4 06 00 00 BF E4 00 00");
  EXPECT_EQ(find(fields, "service").meaning.english, "GET-Response: read response");
  EXPECT_EQ(find(fields, "oad").value, "00100200");
  EXPECT_EQ(find(fields, "oad").meaning.chinese, "正向有功电能");
  EXPECT_EQ(find(fields, "data").label.english, "forward active energy");
  EXPECT_EQ(find(fields, "count").meaning.chinese, "数组，5个元素");
  const auto& total = find(fields, "value", 0);
  EXPECT_EQ(total.value, "2181.07");
  EXPECT_EQ(total.unit, "kWh");
  EXPECT_EQ(total.register_name, "energy_active_import_total");
  EXPECT_EQ(total.label.english, "total");
  const auto& second = find(fields, "value", 2);
  EXPECT_EQ(second.value, "490.14");
  EXPECT_EQ(second.register_name, "energy_active_import_tariff_2");
  EXPECT_EQ(second.label.chinese, "费率2");
  EXPECT_EQ(second.depth, find(fields, "data").depth + 1);
  EXPECT_FALSE(has_fault(fields));
}

TEST(Explain, ShowsSignsPhasesAndIndexes) {
  const auto power = explain_apdu_hex(
      "85 01 01 20 04 02 00 01 01 04 05 FF FF FF 38 05 00 00 00 00 05 00 00 00 0A 05 "
      "00 00 00 01 00 00");
  EXPECT_EQ(find(power, "value", 0).value, "-20.0");
  EXPECT_EQ(find(power, "value", 0).unit, "W");
  EXPECT_EQ(find(power, "value", 0).register_name, "power_active_total");
  EXPECT_EQ(find(power, "value", 3).register_name, "power_active_c");
  const auto voltage = explain_apdu_hex("85 01 01 20 00 02 02 01 12 08 9C 00 00");
  EXPECT_EQ(find(voltage, "value").value, "220.4");
  EXPECT_EQ(find(voltage, "value").register_name, "voltage_b");
  EXPECT_EQ(find(voltage, "value").label.chinese, "电压，B相");
  const auto demand = explain_apdu_hex("85 01 00 10 10 02 01 01 02 02 06 00 00 30 39 1C 07 EA 0A 05 0C 1E 00 00 00");
  EXPECT_EQ(find(demand, "value", 0).value, "1.2345");
  EXPECT_EQ(find(demand, "value", 0).register_name, "demand_active_import_total");
  EXPECT_EQ(find(demand, "value", 1).value, "2026-10-05 12:30:00");
  EXPECT_EQ(find(demand, "value", 1).register_name, "demand_active_import_total_time");
}

TEST(Explain, NamesPartsOfArraysAndStructures) {
  const auto fields = explain_apdu_hex(
      "85 01 00 30 07 0A 00 01 01 02 02 02 06 00 00 00 01 06 00 00 00 3C 02 02 06 00 00 00 "
      "00 06 00 00 00 00 00 00");
  EXPECT_EQ(find(fields, "data", 1).label.english, "total, count and time");
  EXPECT_EQ(find(fields, "data", 2).label.chinese, "A相，次数及累计时间");
  EXPECT_EQ(find(fields, "value", 1).label.english, "accumulated time");
  EXPECT_EQ(find(fields, "value", 1).value, "60");
  EXPECT_EQ(find(fields, "value", 1).unit, "s");
  EXPECT_EQ(find(fields, "value", 1).register_name, "");
}

TEST(Explain, ATypeTheTableDoesNotExpectGetsNoUnit) {
  const auto fields = explain_apdu_hex("85 01 01 20 00 02 00 01 12 00 DC 00 00");
  EXPECT_EQ(find(fields, "value").value, "220");
  EXPECT_EQ(find(fields, "value").unit, "");
  EXPECT_EQ(find(fields, "value").register_name, "");
}

TEST(Explain, NamesTheColumnsOfRecords) {
  const auto fields = explain_apdu_hex(
      "88 02 09 01 31 06 02 00 06 00 20 22 02 00 00 20 1E 02 00 00 20 20 02 00 00 20 24 02 00 00 33 00 02 00 00 33 09 "
      "02 06 01 01 06 00 00 00 18 1C 07 E9 04 0A 0B 1D 26 00 16 00 01 01 02 02 51 45 00 02 00 11 01 04 08 80 00 00");
  EXPECT_EQ(find(fields, "row").label.chinese, "记录行1");
  EXPECT_EQ(find(fields, "value", 0).label.english, "event record number");
  EXPECT_EQ(find(fields, "value", 0).value, "24");
  EXPECT_EQ(find(fields, "value", 1).label.chinese, "事件发生时间");
  EXPECT_EQ(find(fields, "value", 2).meaning.chinese, "空");
  EXPECT_EQ(find(fields, "value", 3).meaning.chinese, "停电");
  EXPECT_EQ(find(fields, "column", 5).label.english, "column 6");
  EXPECT_EQ(find(fields, "value", 4).label.english, "channel");
  EXPECT_EQ(find(fields, "value", 4).meaning.english, "public network module 1, communication settings");
  EXPECT_EQ(find(fields, "value", 5).label.english, "report state");
  EXPECT_EQ(find(fields, "value", 6).label.chinese, "停/上电事件记录单元，属性标志");
  EXPECT_EQ(find(fields, "value", 6).meaning.english, "8 bits, set: 0");
  EXPECT_EQ(find(fields, "time_tag").meaning.english, "absent");
}

TEST(Explain, TellsSelectorsMethodsAndRefusals) {
  const auto record = explain_apdu_hex(
      "05 03 00 50 02 02 00 02 20 21 02 00 1C 07 E3 01 0B 00 1E 00 1C 07 E3 01 0B 00 2C 3B 54 01 00 0F 01 00 20 21 02 "
      "00 00");
  EXPECT_EQ(find(record, "selector").meaning.english, "rows in a range of one column");
  EXPECT_EQ(find(record, "value", 0).value, "2019-01-11 00:30:00");
  EXPECT_EQ(find(record, "value", 0).label.english, "from, freeze time");
  EXPECT_EQ(find(record, "value", 1).label.chinese, "结束值，数据冻结时间");
  EXPECT_EQ(find(record, "value", 2).value, "15 min");
  EXPECT_EQ(find(record, "value", 2).label.english, "interval");
  const auto trip = explain_apdu_hex(
      "07 01 3B 80 00 81 00 01 01 02 04 51 F2 05 02 02 11 01 12 00 00 03 01 01 07 E2 09 0B 0A 13 15 01 00 C8");
  EXPECT_EQ(find(trip, "omd").meaning.chinese, "远程控制，跳闸");
  EXPECT_EQ(find(trip, "value", 0).label.english, "relay");
  EXPECT_EQ(find(trip, "value", 1).value, "1");
  EXPECT_EQ(find(trip, "value", 1).unit, "min");
  EXPECT_EQ(find(trip, "value", 3).meaning.chinese, "是");
  EXPECT_EQ(find(trip, "max_delay").value, "200 min");
  const auto refused = explain_apdu_hex("86 01 00 40 00 03 00 03 00 00");
  EXPECT_EQ(find(refused, "dar").meaning.chinese, "拒绝读写");
  EXPECT_FALSE(has_fault(refused));
  const auto vendor = explain_apdu_hex("87 01 01 FF FF 7F 00 06 00 00 00");
  EXPECT_EQ(find(vendor, "omd").meaning.english, "not in this release's tables");
}

TEST(Explain, OpensSecuredApdus) {
  const auto fields = explain_apdu_hex("10 00 08 05 01 01 40 01 02 00 00 01 04 01 02 03 04");
  EXPECT_EQ(find(fields, "service", 0).meaning.chinese, "安全请求");
  EXPECT_EQ(find(fields, "service", 1).meaning.chinese, "读取请求");
  EXPECT_EQ(find(fields, "oad").meaning.english, "communication address");
  EXPECT_GT(find(fields, "oad").depth, find(fields, "payload").depth);
  EXPECT_EQ(find(fields, "rn").value, "01020304");
  // An octet too many within: told, not refused.
  const auto longer = explain_apdu_hex("10 00 09 05 01 01 40 01 02 00 00 55 01 04 01 02 03 04");
  EXPECT_EQ(find(longer, "trailing").raw, "55");
  EXPECT_FALSE(has_fault(longer));
}

TEST(Explain, ShowsScrambledUserDataAsTheyTravelAndAsTheyMean) {
  const auto fields = explain_hex("68 17 00 4B 05 01 00 00 00 00 00 10 EC 89 38 34 34 73 34 35 33 33 EC DB 16");
  EXPECT_EQ(find(fields, "user_data").raw, "38 34 34 73 34 35 33 33");
  EXPECT_EQ(find(fields, "user_data").plain, "05 01 01 40 01 02 00 00");
  EXPECT_EQ(find(fields, "oad").raw, "73 34 35 33");
  EXPECT_EQ(find(fields, "oad").plain, "40 01 02 00");
  EXPECT_EQ(find(fields, "oad").value, "40010200");
  EXPECT_EQ(find(fields, "hcs").plain, "");
  EXPECT_FALSE(has_fault(fields));
}

TEST(Explain, ShowsTheLinkLayer) {
  const Bytes apdu = from_hex("05 01 01 40 01 02 00 00").value();
  const auto frame = encode(FrameFields{.server_address = ServerAddress::wildcard(),
                                        .client_address = 0x10,
                                        .user_data = apdu,
                                        .preamble_octets = 2})
                         .value();
  const auto fields = explain(frame);
  EXPECT_FALSE(has_fault(fields));
  EXPECT_EQ(find(fields, "preamble").size, 2U);
  EXPECT_EQ(find(fields, "length").value, "23");
  EXPECT_EQ(find(fields, "control").meaning.chinese, "客户机请求，用户数据");
  EXPECT_EQ(find(fields, "address_feature").meaning.english, "wildcard address of 6 octets, logical address 0");
  EXPECT_EQ(find(fields, "address").meaning.chinese, "通配地址");
  EXPECT_EQ(find(fields, "client_address").value, "10");
  const auto fragment = explain_hex("68 14 00 A3 05 02 00 00 00 00 00 10 76 75 05 01 05 01 15 D6 D1 16");
  EXPECT_EQ(find(fragment, "fragment_header").meaning.english, "first piece, number 261");
  EXPECT_EQ(find(fragment, "fragment_data").size, 3U);
}

TEST(Explain, MarksWhatIsWrong) {
  const auto bad_header = explain_hex("68 0E 00 41 01 07 08 09 AE C6 01 00 00 00 00 34 87 16");
  EXPECT_TRUE(find(bad_header, "hcs").is_fault);
  EXPECT_EQ(find(bad_header, "hcs").meaning.english, "wrong: the octets give 88 03");
  Bytes octets = from_hex("68 17 00 4B 05 01 00 00 00 00 00 10 EC 89 38 34 34 73 34 35 33 33 EC DB 16").value();
  octets[20] ^= 1;
  const auto bad_check = explain(octets);
  EXPECT_TRUE(find(bad_check, "fcs").is_fault);
  EXPECT_EQ(find(bad_check, "user_data").value, "");
  const auto bad_choice = explain_apdu_hex("85 01 01 40 01 02 00 02 00 00 00");
  EXPECT_EQ(find(bad_choice, "oad").value, "40010200");
  EXPECT_TRUE(find(bad_choice, "unread", 0).is_fault);
  EXPECT_EQ(find(bad_choice, "unread", 0).raw, "02");
  EXPECT_EQ(find(bad_choice, "unread", 0).meaning.chinese, "02H在此处无意义，位于“读取结果”");
  EXPECT_FALSE(find(bad_choice, "unread", 1).is_fault);
  const auto short_apdu = explain_apdu_hex("85 01 01 20 00 02 00 01 12 00");
  EXPECT_TRUE(find(short_apdu, "unread").is_fault);
  EXPECT_EQ(find(short_apdu, "unread").raw, "12 00");
  const auto no_apdu = explain_apdu_hex("77 01");
  EXPECT_TRUE(find(no_apdu, "unread").is_fault);
}

bool is_chinese(std::string_view text) {
  return std::ranges::any_of(text, [](char letter) { return (static_cast<unsigned char>(letter) & 0x80) != 0; });
}

TEST(Explain, EveryServiceIsReadWholeAndNamedInBothLanguages) {
  std::mt19937 random(698);
  for (int round = 0; round < 20'000; ++round) {
    Bytes choices(1 + random() % 200);
    for (auto& octet : choices) octet = static_cast<std::uint8_t>(random());
    const Node node = RandomTree(choices).make(types::apdu);
    const auto octets = encode_tree(types::apdu, node).value();
    const auto fields = explain_apdu(octets);
    ASSERT_NO_FATAL_FAILURE(expect_tree(octets, fields)) << to_hex(octets, ' ');
    // What a secured APDU carries is random here and mostly no APDU.
    const auto payload = std::ranges::find(fields, "payload", &ExplainedField::key);
    const std::size_t payload_end = payload == fields.end() ? 0 : payload->offset + payload->size;
    for (const auto& field : fields) {
      if (payload != fields.end() && field.offset >= payload->offset && field.offset < payload_end) continue;
      ASSERT_TRUE(!field.is_fault || field.meaning.english == "no such time") << to_hex(octets, ' ');
      ASSERT_NE(field.key, "unread");
      ASSERT_NE(field.key, "trailing") << to_hex(octets, ' ');
      // Names of values come from the object tables and may be Latin, e.g. "IMSI".
      if (field.key != "value" && field.key != "data") {
        ASSERT_TRUE(is_chinese(field.label.chinese)) << field.key;
        ASSERT_FALSE(is_chinese(field.label.english)) << field.key;
      }
    }
  }
}

TEST(Explain, BearsDeepAndLongInput) {
  const auto nested = [](std::size_t levels) {
    Bytes octets = from_hex("85 01 01 20 00 02 00 01").value();
    for (std::size_t i = 0; i < levels; ++i) octets.insert(octets.end(), {0x02, 0x01});
    return octets;
  };
  const auto deep = nested(100'000);
  const auto fields = explain_apdu(deep);
  EXPECT_TRUE(has_fault(fields));
  EXPECT_LT(fields.size(), 200U);
  const auto listed = [](std::size_t count) {
    Bytes octets = from_hex("85 01 01 20 00 02 00 01 01").value();
    octets.insert(octets.end(), {0x83, static_cast<std::uint8_t>(count >> 16), static_cast<std::uint8_t>(count >> 8),
                                 static_cast<std::uint8_t>(count)});
    for (std::size_t i = 0; i < count; ++i) octets.insert(octets.end(), {0x11, 0x01});
    octets.insert(octets.end(), {0x00, 0x00});
    return octets;
  };
  EXPECT_EQ(explain_apdu(listed(50'000)).size(), 50'000U + 10);
  // Frames that begin and never end.
  Bytes starts(20'000, 0x68);
  expect_tree(starts, explain(starts));
}

}  // namespace
}  // namespace duheng::dlt698
