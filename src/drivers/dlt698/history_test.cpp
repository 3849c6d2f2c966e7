#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <set>

#include "base/random.hpp"
#include "codec/dlt698/message.hpp"
#include "drivers/dlt698/driver.hpp"
#include "drivers/protocol/civil_time.hpp"
#include "drivers/protocol/history_check.hpp"

namespace duheng::drivers {
namespace {

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t quarter_ms = 15 * minute_ms;
constexpr std::int64_t day_ms = 1'440 * minute_ms;
constexpr std::int32_t zone = 480;
constexpr std::int64_t now_utc_ms = 1'732'156'245'000;  // 2024-11-21T10:30:45+08:00

std::shared_ptr<const HistoryPlan> plan(const std::string& keys, const std::string& items,
                                        std::vector<ItemShape>* shapes_out = nullptr, std::string* problem = nullptr) {
  const auto file = ConfigFile::parse("{ " + keys + ", items: [" + items + "] }", "m.yaml");
  const auto root = file->root();
  const auto nodes = root.items("items");
  std::vector<ItemShape> shapes;
  for (const auto& node : nodes) shapes.push_back({node.text("register"), {}, 0, SeriesKind::decimal});
  auto out = dlt698_driver().history(root, root, nodes, shapes);
  const auto fine = file->finish();
  if (problem != nullptr)
    *problem = fine ? "" : fine.error().message;
  else
    EXPECT_TRUE(fine) << fine.error().message;
  if (shapes_out != nullptr) *shapes_out = shapes;
  return out;
}
std::shared_ptr<const HistoryPlan> profile() {
  return plan("kind: profile, table: \"50020200\", interval_ms: 900000, depth_days: 366, records_max: 8",
              "{ register: energy_active_import_total, oad: \"00100201\" }, "
              "{ register: voltage_b, oad: \"20000200\", element: 1 }");
}

void put(Bytes& out, std::uint64_t number, std::size_t octets) {
  for (std::size_t i = 0; i < octets; ++i) out.push_back(static_cast<std::uint8_t>(number >> (8 * (octets - 1 - i))));
}
void put_moment(Bytes& out, std::int64_t utc_ms) {
  const CivilTime time = civil_time(utc_ms, zone);
  out.push_back(28);
  put(out, static_cast<std::uint64_t>(time.year), 2);
  for (const int part : {time.month, time.day, time.hour, time.minute, time.second})
    out.push_back(static_cast<std::uint8_t>(part));
}
std::int64_t moment_in(const dlt698::Node& node) {
  const auto time = dlt698::read_time(dlt698::Kind::date_time_s, node.content);
  return utc_ms_of({time->year, time->month, time->day, time->hour, time->minute, time->second}, zone).value();
}

/// A meter with freezes at some moments, which answers what lies within the range asked for; what does not fit into
/// one answer in blocks.
class FreezeMeter final : public HistoryAnswers {
 public:
  std::set<std::int64_t> stamps;
  std::size_t rows_max = 100;        ///< more come in blocks
  std::size_t forgets_block_of = 0;  ///< of so many it forgets one, as when another client asked something
  std::size_t blocks = 0;

  [[nodiscard]] Answer answer(const Query& question) override {
    Bytes apdu{static_cast<std::uint8_t>(question.operation)};
    apdu.insert(apdu.end(), question.body.begin(), question.body.end());
    const auto tree = dlt698::decode_tree(dlt698::types::apdu, apdu);
    EXPECT_TRUE(tree);
    const auto* record = tree->root.find("record");
    if (record == nullptr) return next_block(*tree->root.find("block"));
    // Range: column, start, end, interval.
    const auto& range = record->find("rsd")->children.at(0).children;
    rows_.assign(stamps.lower_bound(moment_in(range.at(1))), stamps.lower_bound(moment_in(range.at(2))));
    block_ = 0;
    if (rows_.size() > rows_max) return block();
    Answer out;
    out.payload = {0x85, 0x03, 0x00};
    put_rows(out.payload, rows_);
    out.payload.insert(out.payload.end(), {0, 0});
    return out;
  }

 private:
  [[nodiscard]] Answer next_block(const dlt698::Node& received) {
    ++blocks;
    EXPECT_EQ(dlt698::read_unsigned(received.content), block_);
    if (forgets_block_of > 0 && blocks % forgets_block_of == 0) return {true, 22, {}};
    return block();
  }
  [[nodiscard]] Answer block() {
    const std::size_t count = std::min(rows_max, rows_.size());
    const std::vector<std::int64_t> now(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(count));
    rows_.erase(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(count));
    Answer out;
    out.payload = {0x85, 0x05, 0x00, static_cast<std::uint8_t>(rows_.empty() ? 1 : 0)};
    put(out.payload, ++block_, 2);
    out.payload.insert(out.payload.end(), {2, 1});
    put_rows(out.payload, now);
    out.payload.insert(out.payload.end(), {0, 0});
    return out;
  }
  static void put_rows(Bytes& out, const std::vector<std::int64_t>& rows) {
    put(out, 0x50020200, 4);
    out.push_back(3);
    for (const std::uint32_t oad : {0x20210200U, 0x00100201U, 0x20000200U}) {
      out.push_back(0);
      put(out, oad, 4);
    }
    out.insert(out.end(), {1, static_cast<std::uint8_t>(rows.size())});
    for (const std::int64_t stamp : rows) put_row(out, stamp);
  }
  static void put_row(Bytes& out, std::int64_t stamp) {
    put_moment(out, stamp);
    out.push_back(6);
    put(out, static_cast<std::uint64_t>(stamp / quarter_ms), 4);
    out.insert(out.end(), {1, 3});
    for (const int volt : {2'201, 2'202, 2'203}) {
      out.push_back(18);
      put(out, static_cast<std::uint64_t>(volt), 2);
    }
  }
  std::vector<std::int64_t> rows_;  ///< still to be sent
  std::uint16_t block_ = 0;
};

TEST(Dlt698History, ReadsRowsWithTheirOwnStamps) {
  FreezeMeter meter;
  const std::int64_t last = now_utc_ms / quarter_ms * quarter_ms - quarter_ms;
  for (int i = 0; i < 50; ++i) meter.stamps.insert(last - i * quarter_ms);
  const HistoryRange range{last - 20 * quarter_ms, now_utc_ms, now_utc_ms, zone};
  const auto outcome = run_history(*profile(), range, meter, 100);
  EXPECT_TRUE(outcome.ended && outcome.kept_its_word);
  EXPECT_EQ(outcome.values.size(), 40U);
  EXPECT_EQ(outcome.questions.size(), 3U);
  for (const auto& value : outcome.values) {
    EXPECT_EQ(value.mantissa, value.item == 0 ? value.time_utc_ms / quarter_ms : 2'202);
    EXPECT_EQ(value.unit, value.item == 0 ? "kWh" : "V");
  }
  EXPECT_EQ(outcome.complete_through_utc_ms, now_utc_ms - 10 * minute_ms);
}

RC_GTEST_PROP(Dlt698HistoryProperty, EveryRowComesOnceHoweverMuchFitsAnAnswer, (std::uint64_t seed)) {
  SeededRandom random(seed);
  FreezeMeter meter;
  meter.rows_max = 1 + random.below(10);
  meter.forgets_block_of = random.below(4);
  const std::int64_t last = (now_utc_ms - 10 * minute_ms) / quarter_ms * quarter_ms;
  for (std::int64_t i = 0; i < 400; ++i)
    if (random.below(100) < 60) meter.stamps.insert(last - i * quarter_ms);
  const std::int64_t from = now_utc_ms - static_cast<std::int64_t>(random.below(4 * day_ms));
  const std::int64_t to = from + static_cast<std::int64_t>(random.below(5 * day_ms));
  const auto outcome = run_history(*profile(), {from, to, now_utc_ms, zone}, meter, 5'000);
  RC_ASSERT(outcome.ended && outcome.kept_its_word);
  std::set<std::int64_t> found;
  for (const auto& value : outcome.values)
    if (value.item == 0) RC_ASSERT(found.insert(value.time_utc_ms).second);
  // The protocol counts in whole seconds.
  const std::int64_t end = std::min(to, now_utc_ms - 10 * minute_ms);
  std::set<std::int64_t> wanted;
  for (const std::int64_t stamp : meter.stamps)
    if (stamp > from && stamp <= end) wanted.insert(stamp);
  RC_ASSERT(found == wanted);
}

TEST(Dlt698History, WhatDoesNotFitIntoOneAnswerComesInBlocks) {
  FreezeMeter meter;
  meter.rows_max = 3;
  const std::int64_t last = now_utc_ms / quarter_ms * quarter_ms - quarter_ms;
  for (int i = 0; i < 8; ++i) meter.stamps.insert(last - i * quarter_ms);
  const HistoryRange range{last - 8 * quarter_ms, now_utc_ms, now_utc_ms, zone};
  const auto outcome = run_history(*profile(), range, meter, 100);
  EXPECT_TRUE(outcome.ended && outcome.kept_its_word);
  EXPECT_EQ(outcome.values.size(), 16U);
  EXPECT_EQ(meter.blocks, 2U);  // behind the first, of three, three and two rows
  EXPECT_EQ(outcome.questions.at(1).body, (Bytes{5, 0, 0, 1, 0}));
}

/// An event by phases: a table for each, asked for together.
class PhaseMeter final : public HistoryAnswers {
 public:
  [[nodiscard]] Answer answer(const Query& question) override {
    Bytes apdu{static_cast<std::uint8_t>(question.operation)};
    apdu.insert(apdu.end(), question.body.begin(), question.body.end());
    const auto tree = dlt698::decode_tree(dlt698::types::apdu, apdu);
    EXPECT_TRUE(tree);
    const auto* records = tree->root.find("records");
    EXPECT_NE(records, nullptr);
    for (const auto& one : records->children) asked.push_back(dlt698::read_oad(one.children[0].content).value());
    Answer out;
    out.payload = {0x85, 0x04, 0x00, 0x03};
    for (std::uint32_t phase = 0; phase < 3; ++phase) {
      put(out.payload, 0x30000600 + (phase << 8), 4);
      if (phase == 1) {  // it cannot tell of B
        out.payload.insert(out.payload.end(), {0, 0, 9});
        continue;
      }
      out.payload.push_back(2);
      for (const std::uint32_t oad : {0x201E0200U, 0x20200200U}) {
        out.payload.push_back(0);
        put(out.payload, oad, 4);
      }
      out.payload.insert(out.payload.end(), {1, 1});
      put_moment(out.payload, begin_utc_ms + phase * minute_ms);
      put_moment(out.payload, begin_utc_ms + (phase + 10) * minute_ms);
    }
    out.payload.insert(out.payload.end(), {0, 0});
    return out;
  }
  static constexpr std::int64_t begin_utc_ms = now_utc_ms - 5 * day_ms - 45'000;
  std::vector<std::uint32_t> asked;
};

TEST(Dlt698History, PhasesOfAnEventAreReadTogetherAndNotMixed) {
  const auto phases = plan("kind: events, depth_days: 20",
                           "{ register: a, table: \"30000600\", oad: \"201E0200\", code: 1 }, "
                           "{ register: a, table: \"30000600\", oad: \"20200200\", code: 0 }, "
                           "{ register: b, table: \"30000700\", oad: \"201E0200\", code: 1 }, "
                           "{ register: c, table: \"30000800\", oad: \"201E0200\", code: 1 }");
  PhaseMeter meter;
  const auto outcome = run_history(*phases, {now_utc_ms - 10 * day_ms, now_utc_ms, now_utc_ms, zone}, meter, 10);
  EXPECT_TRUE(outcome.ended && outcome.kept_its_word);
  EXPECT_EQ(meter.asked, (std::vector<std::uint32_t>{0x30000600, 0x30000700, 0x30000800}));
  ASSERT_EQ(outcome.values.size(), 3U);
  EXPECT_EQ(outcome.values[0].item, 0U);
  EXPECT_EQ(outcome.values[0].time_utc_ms, PhaseMeter::begin_utc_ms);
  EXPECT_EQ(outcome.values[1].item, 1U);
  EXPECT_EQ(outcome.values[1].time_utc_ms, PhaseMeter::begin_utc_ms + 10 * minute_ms);
  EXPECT_EQ(outcome.values[2].item, 3U);
  EXPECT_EQ(outcome.values[2].time_utc_ms, PhaseMeter::begin_utc_ms + 2 * minute_ms);
  std::string problem;
  static_cast<void>(plan("kind: events, table: \"30000200\"", "{ register: x, oad: \"201E0200\" }", nullptr, &problem));
  EXPECT_EQ(problem.substr(0, 17), "m.yaml:1: 'table'");
  static_cast<void>(plan("kind: events, table: \"30110600\"", "{ register: x, oad: \"201E0200\" }", nullptr, &problem));
  EXPECT_EQ(problem.substr(0, 17), "m.yaml:1: 'table'");
}

class RandomAnswers final : public HistoryAnswers {
 public:
  explicit RandomAnswers(SeededRandom& random) : random_(random) {}
  [[nodiscard]] Answer answer(const Query& question) override {
    if (random_.below(5) == 0)
      return {true, random_.below(2) == 0 ? 9U : static_cast<std::uint32_t>(random_.below(40)), {}};
    // A true answer with octets changed.
    meter_.stamps.insert(now_utc_ms - static_cast<std::int64_t>(random_.below(20 * day_ms)) / 1'000 * 1'000);
    Answer out = meter_.answer(question);
    for (std::size_t i = random_.below(4); i > 0 && !out.payload.empty(); --i)
      out.payload[random_.below(out.payload.size())] = static_cast<std::uint8_t>(random_.below(256));
    if (random_.below(6) == 0) out.payload.resize(random_.below(out.payload.size() + 1));
    return out;
  }

 private:
  SeededRandom& random_;
  FreezeMeter meter_;
};

RC_GTEST_PROP(Dlt698HistoryProperty, AnyAnswersEndWithinTheRange, (std::uint64_t seed)) {
  SeededRandom random(seed);
  RandomAnswers answers(random);
  const std::int64_t from = now_utc_ms - static_cast<std::int64_t>(random.below(20 * day_ms));
  const HistoryRange range{from, from + static_cast<std::int64_t>(random.below(25 * day_ms)), now_utc_ms, zone};
  const auto events = plan("kind: events, table: \"30110200\", depth_days: 100",
                           "{ register: e, oad: \"201E0200\", code: 1 }, { register: e, oad: \"20200200\", code: 0 }");
  for (const auto& planned : {profile(), events}) {
    const auto outcome = run_history(*planned, range, answers, 10'000);
    RC_ASSERT(outcome.ended);
    RC_ASSERT(outcome.kept_its_word);
  }
}

TEST(Dlt698History, RefusesWrongFilesByLine) {
  std::string problem;
  static_cast<void>(plan("kind: profile, table: \"5002\", interval_ms: 900000", "{ register: x, oad: \"00100201\" }",
                         nullptr, &problem));
  EXPECT_EQ(problem.substr(0, 17), "m.yaml:1: 'table'");
  static_cast<void>(plan("kind: events, table: \"30110200\"", "{ register: x, oad: \"00100201\" }", nullptr, &problem));
  EXPECT_EQ(
      problem,
      "m.yaml:1: 'oad' must be 201E0200 or 20200200, when the event began or ended, or a value with a feature, e.g. "
      "00102201");
  std::vector<ItemShape> shapes;
  static_cast<void>(plan("kind: daily_freeze, table: \"50040200\"",
                         "{ register: energy_active_import_tariff_1, oad: \"00100200\", element: 1 }", &shapes));
  EXPECT_EQ(shapes.at(0).unit, "kWh");
  EXPECT_EQ(shapes.at(0).exponent, -2);
}

}  // namespace
}  // namespace duheng::drivers
