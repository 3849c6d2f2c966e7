#include "platform/analyser/builder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "platform/analyser/analyser.hpp"

namespace duheng::platform::analyser {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string built(std::string_view protocol, std::string_view kind, const Arguments::Given& given) {
  const auto item = build(protocol, kind, given);
  if (!item) return std::string(to_string(item.error().code)) + ": " + item.error().message;
  EXPECT_TRUE(item->is_valid) << item->json;
  return to_hex(item->octets, ' ');
}

TEST(Builders, EveryKindBuildsAWholeFrameFromItsDefaults) {
  for (const Protocol& protocol : protocols()) {
    EXPECT_FALSE(protocol.builders.empty()) << protocol.name;
    for (const Builder& builder : protocol.builders) {
      SCOPED_TRACE(std::string(protocol.name) + " " + std::string(builder.kind));
      const auto item = build(protocol.name, builder.kind, {});
      ASSERT_TRUE(item) << item.error().message;
      EXPECT_TRUE(item->is_valid) << item->json;
      ASSERT_TRUE(item->fields);
      EXPECT_FALSE(item->fields->empty());
      EXPECT_FALSE(item->has_fault) << item->fault.english;
    }
  }
}

/// What the page makes its form from must be whole.
TEST(Builders, AreDescribedInBothLanguages) {
  for (const Protocol& protocol : protocols()) {
    std::set<std::string_view> kinds;
    for (const Builder& builder : protocol.builders) {
      SCOPED_TRACE(std::string(protocol.name) + " " + std::string(builder.kind));
      EXPECT_TRUE(kinds.insert(builder.kind).second) << "twice";
      EXPECT_FALSE(builder.label.english.empty() || builder.label.chinese.empty());
      std::set<std::string_view> names;
      for (const Parameter& parameter : builder.parameters) {
        SCOPED_TRACE(std::string(parameter.name));
        EXPECT_TRUE(names.insert(parameter.name).second) << "twice";
        EXPECT_FALSE(parameter.label.english.empty() || parameter.label.chinese.empty());
        EXPECT_EQ(parameter.help.english.empty(), parameter.help.chinese.empty());
        EXPECT_EQ(parameter.type == ParameterType::choice, !parameter.choices.empty());
        EXPECT_LE(parameter.minimum, parameter.maximum);
        const bool counts = parameter.type == ParameterType::hex || parameter.type == ParameterType::integer ||
                            parameter.type == ParameterType::text;
        EXPECT_EQ(counts, parameter.maximum > 0);
      }
    }
  }
}

TEST(Builders, MakeKnownFrames) {
  // From the vectors: request_single_fe_preamble and the like.
  EXPECT_EQ(built("dlt645", "read", {{"address", "193600"}, {"data_identifier", "0001FF00"}, {"preamble", "1"}}),
            "FE 68 00 36 19 00 00 00 68 11 04 33 32 34 33 00 16");
  EXPECT_EQ(built("dlt645", "read_reply", {{"address", "1"}, {"data_identifier", "02010100"}, {"values", "220.4"}}),
            "68 01 00 00 00 00 00 68 91 06 33 34 34 35 37 55 C4 16");
}

TEST(Builders, TakeSeveralValuesAndSigns) {
  const auto item =
      build("dlt645", "read_reply", {{"data_identifier", "0203FF00"}, {"values", "-1.0000, 2.5, 0.0001, -79.9999"}});
  ASSERT_TRUE(item) << item.error().message;
  std::vector<std::string> found;
  for (const auto& field : *item->fields) {
    if (field.key == "value") found.push_back(field.value + field.unit);
  }
  EXPECT_EQ(found, (std::vector<std::string>{"-1.0000kW", "2.5000kW", "0.0001kW", "-79.9999kW"}));
}

TEST(Builders, SayWhichParameterIsWrong) {
  EXPECT_THAT(built("dlt645", "read", {{"address", ""}}), StartsWith("invalid_argument: address: is missing"));
  EXPECT_THAT(built("dlt645", "read", {{"address", "12X"}}), StartsWith("invalid_argument: address: "));
  EXPECT_THAT(built("dlt645", "read", {{"data_identifier", "0001000G"}}), HasSubstr("data_identifier: "));
  EXPECT_THAT(built("dlt645", "read", {{"preamble", "9"}}), HasSubstr("preamble: an integer from 0 to 8"));
  EXPECT_THAT(built("dlt645", "read", {{"colour", "red"}}), HasSubstr("colour: this kind of frame has no such"));
  EXPECT_THAT(built("dlt645", "control", {{"command", "77"}}), HasSubstr("command: none of the choices"));
  EXPECT_THAT(built("dlt645", "control", {{"valid_until", "2026-02-30T00:00:00"}}), HasSubstr("valid_until: "));
  EXPECT_THAT(built("dlt645", "control", {{"valid_until", "1999-12-31T00:00:00"}}), HasSubstr("valid_until: "));
  EXPECT_THAT(built("dlt645", "read_reply", {{"values", "1.234"}}), HasSubstr("more than 2 digits"));
  EXPECT_THAT(built("dlt645", "read_reply", {{"values", "12345678"}}), HasSubstr("does not fit"));
  EXPECT_THAT(built("dlt645", "read_reply", {{"values", "1,2"}}), HasSubstr("more numbers"));
  EXPECT_THAT(built("dlt645", "read_reply", {{"values", "1"}, {"payload", "01"}}), HasSubstr("either"));
  EXPECT_THAT(built("dlt645", "read_reply", {{"values", "1"}, {"data_identifier", "0F0F0F0F"}}), HasSubstr("tables"));
  EXPECT_THAT(built("dlt645", "fly", {}), StartsWith("not_found"));
  EXPECT_THAT(built("fax", "read", {}), StartsWith("not_found"));
}

TEST(Builders, NeverRepeatASecret) {
  const auto item = build("dlt645", "clear_meter", {{"password", "5EC2E7"}, {"operator", "01"}});
  ASSERT_FALSE(item);
  EXPECT_THAT(item.error().message, Not(HasSubstr("5EC2E7")));
  const auto bad = build("dlt645", "clear_meter", {{"password", "hunter2"}});
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message, Not(HasSubstr("hunter2")));
}

TEST(LocalTimes, AreCalendarTimes) {
  for (const char* good : {"2026-11-21T09:12:55", "2024-02-29T00:00:00", "2026-11-21T09:12", "2026-11-21 09:12:55"}) {
    EXPECT_TRUE(parse_local_time(good)) << good;
  }
  for (const char* bad : {"", "2026-11-21", "2026-02-29T00:00:00", "2026-13-01T00:00:00", "2026-00-01T00:00:00",
                          "2026-11-21T24:00:00", "2026-11-21T09:60:00", "2026-11-2xT09:12:55", "2026-11-21X09:12:55"}) {
    EXPECT_FALSE(parse_local_time(bad)) << bad;
  }
}

}  // namespace
}  // namespace duheng::platform::analyser
