#include <gtest/gtest.h>

#include "codec/dlt698/fragment.hpp"
#include "codec/dlt698/frame.hpp"
#include "codec/dlt698/message.hpp"
#include "drivers/bus/session.hpp"
#include "drivers/dlt698/dialect.hpp"
#include "drivers/dlt698/driver.hpp"

namespace duheng::drivers {
namespace {

using dlt698::Node;
using dlt698::Oad;
using dlt698::ServerAddress;
namespace make = dlt698::make;
namespace types = dlt698::types;

struct Log final : SessionOutput {
  void send(ByteView octets) override { sent.emplace_back(octets.begin(), octets.end()); }
  void deliver(const Exchange& e) override {
    outcomes.push_back(e.outcome);
    errors.push_back(e.error);
    unasked.push_back(e.unasked);
    payloads.emplace_back(e.payload.begin(), e.payload.end());
  }
  void reopen() override {}
  std::vector<Bytes> sent;
  std::vector<Outcome> outcomes;
  std::vector<std::uint32_t> errors;
  std::vector<Bytes> payloads;
  std::vector<bool> unasked;
};
Moment at(std::int64_t ms) { return {ms, 1'750'000'000'000 + ms}; }
const ServerAddress meter = *ServerAddress::parse("000000000161");
constexpr Oad voltage{0x2000, 2, 0};
constexpr Oad energy{0x0010, 2, 0};

Bytes frame_of(ByteView user_data, std::uint8_t control = dlt698::control_codes::server_reply,
               const ServerAddress& from = meter) {
  dlt698::FrameFields fields;
  fields.control = control;
  fields.server_address = from;
  fields.user_data = user_data;
  return *dlt698::encode(fields);
}

class Dlt698Session : public testing::Test {
 protected:
  Dlt698Session() {
    session_.add_meter(bus_address(meter), {1'000, 1, 4});
    session_.opened(at(-60'000), log_);
    session_.advance(at(0), log_);
  }
  void ask(std::vector<Oad> oads) {
    ASSERT_TRUE(session_.ask(0, dlt698_get(oads), 0));
    session_.advance(at(0), log_);
    ASSERT_FALSE(log_.sent.empty());
  }
  std::uint8_t piid() const {
    const auto frame = dlt698::decode(log_.sent.back());
    return frame->wire_user_data()[2];
  }
  static Bytes apdu_of(const Node& node) { return *dlt698::encode_tree(types::apdu, node); }
  Session session_{make_dlt698_dialect(), {}};
  Log log_;
};

/// What a terminal told of a power failure, and the confirmation it waits for, as public sources have them.
TEST_F(Dlt698Session, AReportIsTakenUnaskedAndConfirmedOnlyWhenItIsDurable) {
  session_.add_meter(bus_address(*ServerAddress::parse("111111111111")), {1'000, 1, 4});
  const Bytes report = *from_hex(
      "68 58 00 83 05 11 11 11 11 11 11 A0 1C 70 88 02 09 01 31 06 02 00 06 00 20 22 02 00 00 20 1E 02 00 00 20 20 02 "
      "00 00 20 24 02 00 00 33 00 02 00 00 33 09 02 06 01 01 06 00 00 00 18 1C 07 E9 04 0A 0B 1D 26 00 16 00 01 01 02 "
      "02 51 45 00 02 00 11 01 04 08 80 00 00 1B C2 16");
  ask({energy});
  session_.octets(at(1), report, log_);
  ASSERT_EQ(log_.payloads.size(), 1U);
  EXPECT_TRUE(log_.unasked[0]);
  EXPECT_EQ(log_.payloads[0][0], 0x88);
  EXPECT_EQ(session_.counters(1).reports, 1U);
  EXPECT_EQ(session_.counters(1).unasked_answers, 0U);
  // The question under way is answered all the same; both are stored; only then is the report confirmed.
  session_.octets(at(2),
                  frame_of(apdu_of(dlt698::get_response(piid(), energy, make::number(types::double_long_unsigned, 1)))),
                  log_);
  ASSERT_EQ(log_.payloads.size(), 2U);
  EXPECT_FALSE(log_.unasked[1]);
  EXPECT_EQ(log_.sent.size(), 1U);
  session_.stored_through(1, at(3), log_);
  EXPECT_EQ(log_.sent.size(), 1U);
  session_.stored_through(2, at(4), log_);
  ASSERT_EQ(log_.sent.size(), 2U);
  EXPECT_EQ(log_.sent[1], *from_hex("68 18 00 03 05 11 11 11 11 11 11 A0 CE 79 08 02 09 01 31 06 02 00 00 D4 1F 16"));
  // Once more: the device has not heard it.
  session_.octets(at(5), report, log_);
  session_.stored_through(3, at(6), log_);
  EXPECT_EQ(log_.sent.size(), 3U);
  EXPECT_EQ(session_.counters(1).reports, 2U);
}

TEST_F(Dlt698Session, WhatIsNoReportIsNotConfirmed) {
  using dlt698::control_codes::server_report;
  session_.octets(at(1), frame_of(Bytes{0x88, 0x02, 0x09, 0x01}, server_report), log_);              // cut short
  session_.octets(at(2), frame_of(Bytes{0x88, 0x07, 0x09, 0x00, 0x00, 0x00}, server_report), log_);  // no such kind
  session_.octets(at(3), frame_of(Bytes{0x85, 0x01, 0x09, 0x00, 0x10, 0x02}, server_report), log_);  // an answer
  session_.octets(at(4), frame_of(Bytes{}, server_report), log_);
  EXPECT_TRUE(log_.payloads.empty());
  EXPECT_TRUE(log_.sent.empty());
  EXPECT_EQ(session_.counters(0).reports, 0U);
}

TEST_F(Dlt698Session, TakesTheAnswerWithItsOwnPiid) {
  ask({energy});
  const Bytes right = apdu_of(dlt698::get_response(piid(), energy, make::number(types::double_long_unsigned, 12'345)));
  Bytes wrong = right;
  ++wrong[2];
  session_.octets(at(1), frame_of(wrong), log_);
  session_.octets(at(2), frame_of(right, dlt698::control_codes::server_reply, *ServerAddress::parse("000000000162")),
                  log_);
  EXPECT_TRUE(log_.outcomes.empty());
  EXPECT_EQ(session_.bus_counters().foreign_answers, 1U);
  session_.octets(at(3), frame_of(right), log_);
  ASSERT_EQ(log_.outcomes, std::vector{Outcome::answered});
  EXPECT_EQ(log_.payloads[0], right);
}

TEST_F(Dlt698Session, ScrambledAnswersAreRead) {
  ask({energy});
  const Bytes right = apdu_of(dlt698::get_response(piid(), energy, make::number(types::double_long_unsigned, 7)));
  session_.octets(at(1), frame_of(right, dlt698::control_codes::server_reply | dlt698::control_bits::scrambled), log_);
  ASSERT_EQ(log_.outcomes, std::vector{Outcome::answered});
  EXPECT_EQ(log_.payloads[0], right);
}

TEST_F(Dlt698Session, RefusalTellsTheDataAccessResult) {
  ask({energy});
  session_.octets(at(1), frame_of(apdu_of(dlt698::get_refusal(piid(), energy, 6))), log_);
  EXPECT_EQ(log_.outcomes, std::vector{Outcome::refused});
  EXPECT_EQ(log_.errors, std::vector<std::uint32_t>{6});
}

TEST_F(Dlt698Session, PiecesAreConfirmedAndJoined) {
  ask({energy});
  std::vector<Node> tariffs;
  for (int i = 0; i < 20; ++i) tariffs.push_back(make::number(types::double_long_unsigned, 1'000 + i));
  const Bytes whole = apdu_of(dlt698::get_response(piid(), energy, make::array(std::move(tariffs))));
  dlt698::FragmentSender sender(whole, 40, 7);
  const std::uint8_t control = dlt698::control_codes::server_reply | dlt698::control_bits::fragment;
  std::size_t confirmations = 0;
  while (true) {
    Bytes piece(64);
    piece.resize(*sender.write_piece(piece));
    const std::size_t before = log_.sent.size();
    session_.octets(at(10), frame_of(piece, control), log_);
    if (!log_.outcomes.empty()) break;
    ASSERT_EQ(log_.sent.size(), before + 1);
    const auto confirmation = dlt698::decode(log_.sent.back());
    ASSERT_TRUE(confirmation.has_value());
    const auto header = dlt698::decode_fragment_header(confirmation->wire_user_data());
    ASSERT_EQ(header->kind, dlt698::FragmentKind::confirm);
    ++confirmations;
    ASSERT_NE(sender.on_confirmation(*header), dlt698::FragmentSender::Outcome::ignored);
  }
  EXPECT_EQ(confirmations, whole.size() / 40);
  ASSERT_EQ(log_.outcomes, std::vector{Outcome::answered});
  EXPECT_EQ(log_.payloads[0], whole);
}

struct Planned {
  std::vector<PlannedQuestion> questions;
  std::vector<ItemShape> shapes;
  std::string problem;
};
Planned plan(const std::string& items, const std::string& settings = "") {
  const auto file = ConfigFile::parse("dlt698: { " + settings + " }\nitems:\n" + items, "m.yaml");
  const auto planner = dlt698_driver().planner(file->root());
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

TEST(Dlt698Model, OneQuestionAsksSeveralObjectsAndValuesAreExact) {
  const auto planned = plan(
      "  - { register: energy_active_import_total, oad: \"00100201\" }\n"
      "  - { register: voltage_a, oad: \"20000200\", element: 0, unit: V, exponent: -1 }\n"
      "  - { register: voltage_b, oad: \"20000200\", element: 1 }\n"
      "  - { register: clock, oad: \"40000200\" }\n");
  ASSERT_EQ(planned.problem, "");
  ASSERT_EQ(planned.questions.size(), 1U);
  EXPECT_EQ(planned.shapes[0].unit, "kWh");
  EXPECT_EQ(planned.shapes[0].exponent, -2);
  EXPECT_EQ(planned.shapes[3].kind, SeriesKind::event);
  // One by one, as a meter that answers a list would.
  const auto answer = [](Oad oad, Node data) {
    return *dlt698::encode_tree(types::apdu, dlt698::get_response(1, oad, std::move(data)));
  };
  std::vector<ItemValue> values;
  ASSERT_TRUE(planned.questions[0].reader->read(
      answer(Oad::from(0x00100201), make::number(types::double_long_unsigned, 1'234'567)), values));
  ASSERT_EQ(values.size(), 1U);
  EXPECT_EQ(values[0].mantissa, 1'234'567);
  EXPECT_EQ(values[0].unit, "kWh");
  values.clear();
  ASSERT_TRUE(planned.questions[0].reader->read(
      answer(voltage, make::array({make::number(types::long_unsigned, 2'204), make::null()})), values));
  ASSERT_EQ(values.size(), 2U);
  EXPECT_EQ(values[0].mantissa, 2'204);
  EXPECT_EQ(values[1].state, ItemState::no_value);
  values.clear();
  dlt698::CalendarTime time{2026, 11, 21, dlt698::CalendarTime::not_given, 14, 5, 9, 0};
  ASSERT_TRUE(planned.questions[0].reader->read(answer(Oad{0x4000, 2, 0}, make::date_time_s(time)), values));
  ASSERT_EQ(values.size(), 1U);
  EXPECT_EQ(values[0].mantissa, 20'261'121'140'509);
  values.clear();
  time.month = 13;
  ASSERT_TRUE(planned.questions[0].reader->read(answer(Oad{0x4000, 2, 0}, make::date_time_s(time)), values));
  EXPECT_EQ(values[0].state, ItemState::invalid);
  values.clear();
  EXPECT_FALSE(planned.questions[0].reader->read(Bytes{0x85, 0x01}, values));
}

TEST(Dlt698Model, QuestionsAreSplitAndRefusalsNameTheLine) {
  EXPECT_EQ(plan("  - { register: voltage_a, oad: \"20000201\" }\n  - { register: current_a, oad: \"20010201\" }\n",
                 "objects_max: 1")
                .questions.size(),
            2U);
  EXPECT_EQ(plan("  - { register: voltage_b, oad: \"20000201\" }\n").problem,
            "m.yaml:3: 'register' is 'voltage_b', but this place of the object is 'voltage_a'");
  EXPECT_EQ(plan("  - { register: a, oad: \"2000\" }\n").problem,
            "m.yaml:3: 'oad' must be eight hexadecimal digits: OI, attribute, index");
  EXPECT_EQ(plan("  - { register: voltage_a, oad: \"20000201\", unit: kV }\n").problem,
            "m.yaml:3: 'unit' is 'kV', but the protocol's table has 'V'");
}

TEST(Dlt698Driver, AddressesAndWhoIsThere) {
  const auto address = dlt698_driver().address("000000000161", 12);
  ASSERT_TRUE(address);
  EXPECT_EQ(dlt698_driver().address_text(*address), "000000000161");
  EXPECT_FALSE(dlt698_driver().address("AAAAAAAAAAAA", 12));
  EXPECT_FALSE(dlt698_driver().address("", 12));
  const auto identification = dlt698_driver().identification();
  ASSERT_TRUE(identification);
  const auto dialect = make_dlt698_dialect();
  Bytes question;
  dialect->build(identification->address, identification->query, 0, 0, question);
  const auto asked = dlt698::decode(question);
  ASSERT_TRUE(asked.has_value());
  EXPECT_EQ(asked->server_address().type(), dlt698::AddressType::wildcard);
  const Bytes apdu =
      *dlt698::encode_tree(types::apdu, dlt698::get_response(asked->wire_user_data()[2], Oad{0x4001, 2, 0},
                                                             make::octet_string(Bytes{0, 0, 0, 0, 1, 0x61})));
  const Bytes frame = frame_of(apdu);
  const HeardFrame heard{frame, bus_address(meter), true};
  EXPECT_EQ(dialect->judge(heard, identification->query, 0, question).fit, Fit::whole);
}

}  // namespace
}  // namespace duheng::drivers
