#include <gtest/gtest.h>

#include "codec/cjt188/frame.hpp"
#include "drivers/bus/session.hpp"
#include "drivers/cjt188/dialect.hpp"
#include "drivers/cjt188/driver.hpp"

namespace duheng::drivers {
namespace {

using cjt188::Address;

struct Log final : SessionOutput {
  void send(ByteView octets) override { sent.emplace_back(octets.begin(), octets.end()); }
  void deliver(const Exchange& e) override {
    outcomes.push_back(e.outcome);
    errors.push_back(e.error);
    payloads.emplace_back(e.payload.begin(), e.payload.end());
    newest = std::max(newest, e.number);
  }
  void reopen() override {}
  std::vector<Bytes> sent;
  std::vector<Outcome> outcomes;
  std::vector<std::uint32_t> errors;
  std::vector<Bytes> payloads;
  std::uint64_t newest = 0;
};
Moment at(std::int64_t ms) { return {ms, 1'750'000'000'000 + ms}; }
const Address meter_address = *Address::parse("78330011223344");
const Bytes water_payload = *from_hex("00 77 66 55 2C 00 77 66 55 2C 31 01 22 11 05 15 20 21 84");

class Cjt188Session : public testing::Test {
 protected:
  Cjt188Session() {
    session_.add_meter(bus_address(meter_address), {1'000, 1, 4});
    session_.opened(at(-60'000), log_);
    session_.advance(at(0), log_);
  }
  void ask() {
    ASSERT_TRUE(session_.ask(0, cjt188_read(0x10, cjt188::default_profile(), cjt188::identifiers::metering), 0));
    session_.advance(at(0), log_);
    ASSERT_FALSE(log_.sent.empty());
  }
  cjt188::Peer asker() const {
    const auto question = cjt188::parse_message(*cjt188::decode(log_.sent.back()));
    cjt188::Peer peer{0x10, meter_address, &cjt188::default_profile(), question->sequence};
    peer.identifier_order = question->identifier.order;
    return peer;
  }
  Session session_{make_cjt188_dialect(), {}};
  Log log_;
};

TEST_F(Cjt188Session, TakesTheAnswerWhoseSequenceAndIdentifierFit) {
  ask();
  auto peer = asker();
  ++peer.sequence;
  session_.octets(at(1), cjt188::read_reply(peer, cjt188::identifiers::metering, water_payload)->view(), log_);
  --peer.sequence;
  session_.octets(at(2), cjt188::read_reply(peer, {0xD120}, Bytes(5))->view(), log_);
  EXPECT_TRUE(log_.outcomes.empty());
  EXPECT_EQ(session_.counters(0).unasked_answers, 2U);
  // The type a meter answers with may be another than the one asked for, and so may the identifier's order.
  peer.meter_type = 0x11;
  peer.identifier_order = cjt188::IdentifierOrder::high_first;
  session_.octets(at(3), cjt188::read_reply(peer, cjt188::identifiers::metering, water_payload)->view(), log_);
  ASSERT_EQ(log_.outcomes, std::vector{Outcome::answered});
  EXPECT_EQ(log_.payloads[0], water_payload);
}

TEST_F(Cjt188Session, EveryQuestionHasASequenceOfItsOwnAndRepetitionsDoNot) {
  ask();
  const auto first = asker().sequence;
  session_.timer(at(1'000), log_);
  EXPECT_EQ(asker().sequence, first);
  session_.octets(at(1'001), cjt188::read_reply(asker(), cjt188::identifiers::metering, water_payload)->view(), log_);
  session_.stored_through(log_.newest, at(5'000), log_);
  ASSERT_TRUE(session_.ask(0, cjt188_read(0x10, cjt188::default_profile(), cjt188::identifiers::metering), 0));
  session_.timer(at(60'000), log_);
  session_.advance(at(60'000), log_);
  EXPECT_NE(asker().sequence, first);
}

TEST_F(Cjt188Session, RefusalsInBothForms) {
  ask();
  session_.octets(at(1), cjt188::error_reply(asker(), 0x01, {0x02, 0x01})->view(), log_);
  session_.stored_through(log_.newest, at(2), log_);
  ask();
  session_.octets(at(3), cjt188::short_error_reply(asker(), 0x01, 0x07)->view(), log_);
  EXPECT_EQ(log_.outcomes, (std::vector{Outcome::refused, Outcome::refused}));
  EXPECT_EQ(log_.errors, (std::vector<std::uint32_t>{0x0102, 0x07}));
}

struct Planned {
  std::vector<PlannedQuestion> questions;
  std::vector<ItemShape> shapes;
  std::string problem;
};
Planned plan(const std::string& settings, const std::string& items) {
  const auto file = ConfigFile::parse("cjt188: { " + settings + " }\nitems:\n" + items, "m.yaml");
  const auto planner = cjt188_driver().planner(file->root());
  Planned out;
  for (const auto& node : file->root().items("items")) {
    ItemShape shape;
    shape.register_name = node.text("register");
    planner->add(node, shape);
    out.shapes.push_back(shape);
  }
  out.questions = planner->finish();
  const auto fine = file->finish();
  out.problem = fine ? "" : fine.error().message;
  return out;
}

TEST(Cjt188Model, OneAnswerHoldsSeveralRegistersExactly) {
  const auto planned = plan("meter_type: \"10\"",
                            "  - { register: volume_total, unit: m3, exponent: -2 }\n"
                            "  - { register: volume_settlement, unit: m3, exponent: -2 }\n"
                            "  - { register: volume_settlement, di: D120, unit: m3, exponent: -2 }\n");
  ASSERT_EQ(planned.problem, "");
  ASSERT_EQ(planned.questions.size(), 2U);
  std::vector<ItemValue> values;
  ASSERT_TRUE(planned.questions[0].reader->read(water_payload, values));
  ASSERT_EQ(values.size(), 2U);
  EXPECT_EQ(values[0].mantissa, 55'667'700);
  EXPECT_EQ(values[0].exponent, -2);
  EXPECT_EQ(values[0].unit, "m3");
  values.clear();
  EXPECT_FALSE(planned.questions[0].reader->read(Bytes(7), values));
  // Litres times ten: the meter's own unit octet decides.
  Bytes other = water_payload;
  other[4] = 0x2A;
  ASSERT_TRUE(planned.questions[0].reader->read(other, values));
  EXPECT_EQ(values[0].unit, "L");
  EXPECT_EQ(values[0].exponent, -1);
  // A digit above nine spoils that value only.
  values.clear();
  other = water_payload;
  other[1] = 0xA7;
  ASSERT_TRUE(planned.questions[0].reader->read(other, values));
  EXPECT_EQ(values[0].state, ItemState::invalid);
  EXPECT_EQ(values[1].state, ItemState::good);
}

TEST(Cjt188Model, RefusalsNameTheLineAndTheReason) {
  EXPECT_EQ(plan("meter_type: \"77\"", "  - { register: volume_total }\n").problem.substr(0, 9), "m.yaml:1:");
  EXPECT_EQ(plan("meter_type: \"10\"", "  - { register: voltage_a }\n").problem,
            "m.yaml:3: 'register' 'voltage_a' is the name of no field of these meters");
  EXPECT_EQ(plan("meter_type: \"10\"", "  - { register: volume_total, di: XYZ }\n").problem,
            "m.yaml:3: 'di' must be four hexadecimal digits");
  EXPECT_EQ(plan("meter_type: \"10\"", "  - { register: volume_total }\n  - { register: volume_total }\n").problem,
            "m.yaml:4: 'register' reads the same place of the answer twice");
}

TEST(Cjt188Driver, AddressesHaveUpToFourteenDigits) {
  const auto address = cjt188_driver().address("78330011223344", 14);
  ASSERT_TRUE(address);
  EXPECT_EQ(cjt188_driver().address_text(*address), "78330011223344");
  EXPECT_FALSE(cjt188_driver().address("783300112233445", 14));
  EXPECT_FALSE(cjt188_driver().address("AAAAAAAAAAAAAA", 14));
  EXPECT_FALSE(cjt188_driver().address("", 14));
}

TEST(Cjt188Driver, AsksWhoIsThere) {
  const auto identification = cjt188_driver().identification();
  ASSERT_TRUE(identification);
  const auto dialect = make_cjt188_dialect();
  Bytes question;
  dialect->build(identification->address, identification->query, 0, 0, question);
  const auto frame = cjt188::decode(question);
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(frame->control(), 0x03);
  EXPECT_TRUE(frame->address().is_wildcard());
  cjt188::Peer peer{0x10, meter_address, &cjt188::default_profile(), cjt188::parse_message(*frame)->sequence};
  const auto reply = cjt188::read_address_reply(peer);
  const HeardFrame heard{reply->view(), bus_address(meter_address), true};
  EXPECT_EQ(dialect->judge(heard, identification->query, 0, question).fit, Fit::whole);
}

}  // namespace
}  // namespace duheng::drivers
