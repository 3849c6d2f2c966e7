// A real session, a real ledger and virtual devices over a line on which everything goes wrong.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/scenario/scenario_field.hpp"

namespace duheng::test {
namespace {

using device::ScenarioRule;
using drivers::Outcome;
using Kind = ScenarioRule::Kind;

/// Every kind of fault on the line. Late answers come before the master may ask something else (README of
/// device/scenario): later ones no protocol without sequence numbers can tell from fresh ones.
constexpr const char* all_faults[] = {
    "{ kind: noise, place: before, octets: { min: 1, max: 60 }",
    "{ kind: noise, place: within, octets: { min: 1, max: 9 }",
    "{ kind: noise, place: after, octets: { min: 1, max: 60 }",
    "{ kind: wrong_checksum",
    "{ kind: delay, delay_ms: 5, jitter_ms: 400",
    "{ kind: delay, delay_ms: 900, jitter_ms: 900",
    "{ kind: silence",
    "{ kind: half_frame",
    "{ kind: duplicate_answer",
    "{ kind: wrong_address",
    "{ kind: echo",
    "{ kind: slow_octets, gap_ms: 7",
    "{ kind: garbage, octets: { min: 1, max: 80 }",
    "{ kind: garbage, devices: [\"202600000002\"], from_ms: 20000, until_ms: 40000, every_ms: 90",
};

FieldSetup setup_of(std::uint64_t number) {
  switch (number % 4) {
    case 0:
      return dlt645_field();
    case 1:
      return cjt188_field();
    case 2:
      return modbus_rtu_field();
    default:
      return modbus_tcp_field();
  }
}

/// Any mix: each fault is there or not, from rare to certain.
std::string draw_rules(Random& random, const FieldSetup& setup) {
  std::string out = "  - { kind: power_cut, fraction: 0.3, from_ms: 15000, until_ms: 45000 }\n";
  for (const std::string fault : all_faults) {
    const std::uint64_t share = random.below(3) == 0 ? 0 : 1 + random.below(random.below(8) == 0 ? 99 : 15);
    if (share == 0) continue;
    std::string text = fault;
    if (const auto at = text.find("202600000002"); at != std::string::npos)
      text.replace(at, 12, setup.devices[1].device->uid());
    out += "  - " + text + ", probability: 0." + (share < 10 ? "0" : "") + std::to_string(share) + " }\n";
  }
  return out;
}

RC_GTEST_PROP(SessionOverScenario, NothingIsLostDoubledOrMixed, (std::uint64_t seed)) {
  SeededRandom random(seed);
  const auto setup = setup_of(random.below(4));
  // Modbus TCP exists only over connections of its own.
  const bool is_connection = !setup.protocol->has_checksum() || random.below(2) == 0;
  const auto rules = draw_rules(random, setup);
  ScenarioField field(setup, {.seed = seed, .reopen_after_timeout = is_connection, .rules = rules});
  field.run(150);
  const auto comparison = field.comparison();
  RC_LOG() << rules << (comparison.examples.empty() ? "" : comparison.examples[0]) << std::endl;
  RC_ASSERT(comparison.lost == 0U);
  RC_ASSERT(comparison.doubled == 0U);
  RC_ASSERT(comparison.unknown == 0U);

  // What a device said to one question never counts as its answer to another.
  std::multimap<std::pair<std::string, Bytes>, std::uint32_t> identifiers;
  for (const auto& entry : field.ledger()) identifiers.emplace(std::pair{entry.address, entry.octets}, entry.di);
  std::map<std::pair<std::uint32_t, std::size_t>, std::uint32_t> asked;
  for (const auto& heard : field.heard()) {
    if (heard.response.empty() || heard.outcome != Outcome::answered) continue;
    const auto found = identifiers.find({field.uid(heard.meter), heard.response});
    RC_ASSERT(found != identifiers.end());
    const auto [known, is_new] = asked.emplace(std::pair{heard.meter, heard.query}, found->second);
    RC_ASSERT(is_new || known->second == found->second);
  }
}

/// Every question ends in an exchange, and every exchange is in the counters.
RC_GTEST_PROP(SessionOverScenario, EverythingIsCounted, (std::uint64_t seed)) {
  SeededRandom random(seed);
  const auto setup = setup_of(random.below(3));
  ScenarioField field(setup, {.seed = seed, .rules = draw_rules(random, setup)});
  field.run(100);
  drivers::MeterCounters total;
  for (std::uint32_t meter = 0; meter < 4; ++meter) {
    const auto& counters = field.session().counters(meter);
    total.questions += counters.questions;
    total.answers += counters.answers;
    total.refusals += counters.refusals;
    total.time_outs += counters.time_outs;
    total.late_answers += counters.late_answers;
  }
  std::uint64_t answered = 0;
  std::uint64_t timed_out = 0;
  std::uint64_t late = 0;
  for (const auto& heard : field.heard()) {
    if (heard.late)
      ++late;
    else
      ++(heard.outcome == Outcome::answered ? answered : timed_out);
  }
  RC_ASSERT(total.answers == answered);
  RC_ASSERT(total.time_outs + total.refusals == timed_out);
  RC_ASSERT(total.late_answers == late);
  RC_ASSERT(total.answers + total.refusals + total.time_outs == 100U);
  // Nobody can answer more often than asked.
  RC_ASSERT(total.questions >= total.answers + total.late_answers);
  RC_ASSERT(total.questions <= 200U);
}

/// One kind of fault alone, at every answer or every second: the counter that belongs to it tells how often.
class OneFault : public testing::Test {
 protected:
  ScenarioField& field(const std::string& rule, const FieldSetup& setup = dlt645_field()) {
    field_ = std::make_unique<ScenarioField>(setup, ScenarioField::Options{.seed = 5, .rules = "  - " + rule + "\n"});
    field_->run(200);
    EXPECT_TRUE(field_->comparison().sound());
    return *field_;
  }
  std::uint64_t sum(std::uint64_t drivers::MeterCounters::* which) const {
    std::uint64_t out = 0;
    for (std::uint32_t meter = 0; meter < 4; ++meter) out += field_->session().counters(meter).*which;
    return out;
  }
  drivers::BusCounters bus() const { return field_->session().bus_counters(); }
  std::uint64_t applied(Kind kind) const { return field_->scenario().applied(kind); }
  std::unique_ptr<ScenarioField> field_;
};

using Counters = drivers::MeterCounters;

TEST_F(OneFault, EchoesAreCountedAndTheAnswersStand) {
  field("{ kind: echo }");
  EXPECT_EQ(bus().echoes, 200U);
  EXPECT_EQ(sum(&Counters::answers), 200U);
  EXPECT_EQ(sum(&Counters::bad_frames) + sum(&Counters::noise_octets), 0U);  // the line's way, no meter's fault
}

TEST_F(OneFault, BrokenChecksumsAreCountedAndAskedAgain) {
  for (const auto& setup : {dlt645_field(), cjt188_field(), modbus_rtu_field()}) {
    field("{ kind: wrong_checksum, probability: 0.3 }", setup);
    EXPECT_GE(bus().bad_frames, applied(Kind::wrong_checksum));
    EXPECT_EQ(sum(&Counters::bad_frames) + bus().stray_bad_frames, bus().bad_frames);
    EXPECT_GE(sum(&Counters::bad_frames), applied(Kind::wrong_checksum));  // each at the meter that was asked
    EXPECT_GT(applied(Kind::wrong_checksum), 40U);
    EXPECT_GT(field_->comparison().confirmed, 30U);  // the ledger proves something all the same
    EXPECT_EQ(sum(&Counters::questions), 200 + applied(Kind::wrong_checksum) - sum(&Counters::time_outs));
    EXPECT_EQ(sum(&Counters::answers) + sum(&Counters::time_outs), 200U);
  }
}

TEST_F(OneFault, SilentMetersTimeOut) {
  field("{ kind: silence }");
  EXPECT_EQ(sum(&Counters::time_outs), 200U);
  EXPECT_EQ(sum(&Counters::questions), 400U);
  EXPECT_EQ(field_->comparison().answers, 0U);
}

TEST_F(OneFault, HalfAnAnswerThenSilenceIsNoAnswer) {
  for (const auto& setup : {dlt645_field(), cjt188_field(), modbus_rtu_field()}) {
    field("{ kind: half_frame }", setup);
    EXPECT_EQ(sum(&Counters::time_outs), 200U);
    EXPECT_GE(sum(&Counters::bad_frames), 400U);  // each question, asked twice, got half an answer
    EXPECT_EQ(sum(&Counters::answers), 0U);
  }
}

TEST_F(OneFault, TheSecondOfTwoEqualAnswersIsDropped) {
  for (const auto& setup : {dlt645_field(), cjt188_field()}) {
    field("{ kind: duplicate_answer }", setup);
    EXPECT_EQ(sum(&Counters::answers), 200U);
    EXPECT_EQ(sum(&Counters::unasked_answers), 200U);
    EXPECT_EQ(field_->comparison().observed, 200U);
  }
}

TEST_F(OneFault, AnotherMetersAnswerIsNobodysAnswer) {
  for (const auto& setup : {dlt645_field(), cjt188_field(), modbus_rtu_field()}) {
    field("{ kind: wrong_address, probability: 0.2 }", setup);
    EXPECT_GT(applied(Kind::wrong_address), 20U);
    EXPECT_GT(sum(&Counters::unasked_answers), 10U);
    EXPECT_EQ(sum(&Counters::answers) + sum(&Counters::time_outs), 200U);
  }
}

TEST_F(OneFault, AnswersInTimeAreAnswersAndLateOnesAreLate) {
  field("{ kind: delay, delay_ms: 900 }");
  EXPECT_EQ(sum(&Counters::answers), 200U);
  EXPECT_EQ(sum(&Counters::late_answers), 0U);
  field("{ kind: delay, delay_ms: 2500, probability: 0.5 }");
  EXPECT_GT(sum(&Counters::late_answers), 20U);
  EXPECT_LT(sum(&Counters::time_outs), 100U);
}

TEST_F(OneFault, GarbageWithoutEndStopsNobodyElseForEver) {
  field(
      "{ kind: garbage, devices: [\"202600000002\"], from_ms: 5000, until_ms: 60000, every_ms: 50, octets: { min: 30, "
      "max: 90 } }");
  EXPECT_GT(bus().noise_octets, 1'000U);
  EXPECT_GT(sum(&Counters::noise_octets), 500U);
  EXPECT_EQ(sum(&Counters::noise_octets) + bus().stray_noise_octets, bus().noise_octets);
  EXPECT_GT(sum(&Counters::answers), 50U);
  EXPECT_EQ(sum(&Counters::answers) + sum(&Counters::time_outs), 200U);
}

TEST_F(OneFault, NoiseIsCounted) {
  field("{ kind: noise, place: before, octets: { min: 5, max: 5 } }");
  EXPECT_GT(bus().noise_octets + bus().bad_frames, 200U);
  EXPECT_GT(sum(&Counters::noise_octets) + sum(&Counters::bad_frames), 200U);
  EXPECT_GT(sum(&Counters::answers), 190U);
}

}  // namespace
}  // namespace duheng::test
