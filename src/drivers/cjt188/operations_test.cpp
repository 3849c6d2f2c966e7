#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/random.hpp"
#include "codec/cjt188/message.hpp"
#include "drivers/cjt188/dialect.hpp"
#include "drivers/cjt188/driver.hpp"
#include "drivers/protocol/civil_time.hpp"
#include "drivers/protocol/history_check.hpp"
#include "drivers/protocol/inputs.hpp"

namespace duheng::drivers {
namespace {

const cjt188::Address meter_address = *cjt188::Address::parse("78330011223344");
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int32_t zone = 480;
constexpr std::int64_t now_utc_ms = 1'732'156'245'000;  // 2024-11-21T10:30:45+08:00

struct File {
  explicit File(const std::string& text)
      : file(*ConfigFile::parse("cjt188: { meter_type: \"10\", profile: standard_2004 }\n" + text, "m.yaml")) {}
  ConfigFile file;
  [[nodiscard]] ConfigNode section(const char* key) const { return file.root().section(key); }
};
std::shared_ptr<const Operation> command(const std::string& does) {
  const File file("operation: { does: " + does + " }\n");
  return cjt188_driver().command(file.file.root(), file.section("operation"));
}
std::shared_ptr<const Operation> day_writer(const std::string& di) {
  const File file("item: { register: settlement_day, di: \"8103\" }\nwrite: { di: " + di + " }\n");
  return cjt188_driver().writer(file.file.root(), file.section("item"), file.section("write"));
}
/// C, and DI, SER and content without SER, as the dialect sends them.
std::string sent(const Operation& operation, const OperationInputs& inputs) {
  const auto queries = operation.build(inputs);
  if (!queries) return queries.error().message;
  Bytes frame;
  make_cjt188_dialect()->build(bus_address(meter_address), queries->at(0), 0, 0, frame);
  const auto decoded = cjt188::decode(frame);
  if (!decoded || !queries->at(0).at_most_once) return "no frame";
  const auto message = cjt188::parse_message(*decoded);
  return to_hex(Bytes{decoded->meter_type(), decoded->control()}) + " " + message->identifier.identifier.to_string() +
         " " + to_hex(message->payload);
}

TEST(Cjt188Operation, WritesClockValveAndDays) {
  OperationInputs inputs;
  inputs.utc_ms = now_utc_ms;
  EXPECT_EQ(sent(*command("clock_set"), inputs), "1004 A015 45301021112420");
  EXPECT_EQ(sent(*command("valve_close"), inputs), "1004 A017 99");
  EXPECT_EQ(sent(*command("valve_open"), inputs), "1004 A017 55");
  EXPECT_FALSE(command("valve_open")->needs_password());
  inputs.arguments["value"] = "25";
  EXPECT_EQ(sent(*day_writer("A011"), inputs), "1004 A011 25");
  EXPECT_EQ(sent(*day_writer("A012"), inputs), "1004 A012 25");
  for (const char* wrong : {"0", "32", "1.5", "-3", ""}) {
    inputs.arguments["value"] = wrong;
    EXPECT_EQ(day_writer("A011")->build(inputs).error().code, ErrorCode::invalid_argument) << wrong;
  }
}

TEST(Cjt188Model, ReadsTheDaysByTheirOwnNames) {
  const File file(
      "items:\n  - { register: settlement_day, di: \"8103\" }\n  - { register: reading_day, di: \"8104\" }\n");
  const auto planner = cjt188_driver().planner(file.file.root());
  for (const auto& node : file.file.root().items("items")) {
    ItemShape shape;
    shape.register_name = node.text("register");
    planner->add(node, shape);
    EXPECT_EQ(shape.kind, SeriesKind::decimal);
  }
  const auto questions = planner->finish();
  ASSERT_TRUE(file.file.finish());
  ASSERT_EQ(questions.size(), 2U);
  std::vector<ItemValue> values;
  ASSERT_TRUE(questions[0].reader->read(Bytes{0x25}, values));
  EXPECT_EQ(values.at(0).mantissa, 25);
  const File wrong("items:\n  - { register: settlement_day, di: \"8104\" }\n");
  const auto other = cjt188_driver().planner(wrong.file.root());
  ItemShape shape;
  const auto nodes = wrong.file.root().items("items");
  shape.register_name = nodes[0].text("register");
  other->add(nodes[0], shape);
  EXPECT_FALSE(wrong.file.finish());
}

std::shared_ptr<const HistoryPlan> settlements() {
  const File file("history:\n  kind: monthly_freeze\n  items: [{ register: volume_total, unit: m3, exponent: -2 }]\n");
  const auto node = file.section("history");
  const auto items = node.items("items");
  std::vector<ItemShape> shapes{{items[0].text("register"), {}, 0, SeriesKind::decimal}};
  auto plan = cjt188_driver().history(file.file.root(), node, items, shapes);
  EXPECT_TRUE(file.file.finish());
  EXPECT_EQ(shapes[0].unit, "m3");
  return plan;
}

class Meter final : public HistoryAnswers {
 public:
  int day = 15;
  std::size_t kept = 12;
  [[nodiscard]] Answer answer(const Query& question) override {
    const auto identifier = static_cast<std::uint16_t>(question.subject);
    if (identifier == 0x8103) return {false, 0, Bytes{bcd(day)}};
    const std::size_t back = identifier - 0xD120U;
    if (back >= kept) return {true, 0x0100, {}};
    return {false, 0, Bytes{bcd(static_cast<int>(back) + 1), 0x00, 0x00, 0x00, 0x2C}};
  }
};

TEST(Cjt188Settlement, TimesFollowFromTheDay) {
  Meter meter;
  meter.kept = 3;
  const HistoryRange range{now_utc_ms - 200 * day_ms, now_utc_ms, now_utc_ms, zone};
  const auto outcome = run_history(*settlements(), range, meter, 100);
  EXPECT_TRUE(outcome.ended && outcome.kept_its_word);
  ASSERT_EQ(outcome.values.size(), 3U);
  EXPECT_EQ(outcome.values[0].time_utc_ms, *utc_ms_of({2024, 9, 15, 0, 0, 0}, zone));
  EXPECT_EQ(outcome.values[0].mantissa, 3);
  EXPECT_EQ(outcome.values[2].time_utc_ms, *utc_ms_of({2024, 11, 15, 0, 0, 0}, zone));
  EXPECT_EQ(outcome.values[2].unit, "m3");
  EXPECT_EQ(outcome.complete_through_utc_ms, now_utc_ms - 600'000);
  meter.day = 21;
  HistoryRange near = range;
  near.now_utc_ms = *utc_ms_of({2024, 11, 21, 0, 29, 0}, zone);
  near.to_utc_ms = near.now_utc_ms;
  EXPECT_TRUE(run_history(*settlements(), near, meter, 100).values.empty());
}

class RandomAnswers final : public HistoryAnswers {
 public:
  explicit RandomAnswers(SeededRandom& random) : random_(random) {}
  [[nodiscard]] Answer answer(const Query& question) override {
    if (random_.below(8) == 0) return {true, static_cast<std::uint32_t>(random_.below(256)), {}};
    meter_.day = static_cast<int>(random_.below(40));
    Answer out = meter_.answer(question);
    if (random_.below(3) == 0) out.payload.resize(random_.below(8));
    for (auto& octet : out.payload)
      if (random_.below(4) == 0) octet = static_cast<std::uint8_t>(random_.below(256));
    return out;
  }

 private:
  SeededRandom& random_;
  Meter meter_;
};

RC_GTEST_PROP(Cjt188HistoryProperty, AnyAnswersEndWithinTheRange, (std::uint64_t seed)) {
  SeededRandom random(seed);
  RandomAnswers answers(random);
  const std::int64_t from = now_utc_ms - static_cast<std::int64_t>(random.below(500 * day_ms));
  const HistoryRange range{from, from + static_cast<std::int64_t>(random.below(600 * day_ms)), now_utc_ms, zone};
  const auto outcome = run_history(*settlements(), range, answers, 200);
  RC_ASSERT(outcome.ended);
  RC_ASSERT(outcome.kept_its_word);
}

}  // namespace
}  // namespace duheng::drivers
