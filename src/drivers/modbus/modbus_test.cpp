#include <algorithm>
#include <bit>
#include <gtest/gtest.h>

#include "codec/modbus/frame.hpp"
#include "codec/modbus/message.hpp"
#include "drivers/bus/session.hpp"
#include "drivers/modbus/dialect.hpp"
#include "drivers/modbus/driver.hpp"

namespace duheng::drivers {
namespace {

using modbus::Transport;

struct Log final : SessionOutput {
  void send(ByteView octets) override { sent.emplace_back(octets.begin(), octets.end()); }
  void deliver(const Exchange& e) override {
    outcomes.push_back(e.outcome);
    errors.push_back(e.error);
    payloads.emplace_back(e.payload.begin(), e.payload.end());
  }
  void reopen() override { ++reopened; }
  std::vector<Bytes> sent;
  std::vector<Outcome> outcomes;
  std::vector<std::uint32_t> errors;
  std::vector<Bytes> payloads;
  int reopened = 0;
};
Moment at(std::int64_t ms) { return {ms, 1'750'000'000'000 + ms}; }

Bytes answer(Transport transport, ByteView question, const std::vector<std::uint16_t>& values, std::uint8_t unit = 7) {
  const std::uint16_t transaction =
      transport == Transport::tcp ? static_cast<std::uint16_t>(question[0] << 8 | question[1]) : std::uint16_t{0};
  const auto pdu = modbus::registers_response(modbus::Function::read_holding_registers, values);
  return modbus::encode_frame(transport, transaction, unit, pdu->view())->to_bytes();
}

class ModbusSession : public testing::TestWithParam<Transport> {
 protected:
  ModbusSession() : session_(make_modbus_dialect(GetParam()), {}) {
    session_.add_meter(modbus_unit(7), {1'000, 1, 0});
    session_.opened(at(-60'000), log_);
    session_.advance(at(0), log_);
  }
  void read(std::uint16_t address, std::uint16_t quantity) {
    ASSERT_TRUE(session_.ask(0, modbus_read({modbus::Table::holding_registers, address, quantity, {}}), 0));
    session_.advance(at(0), log_);
  }
  Session session_;
  Log log_;
};

TEST_P(ModbusSession, AsksAndTakesTheAnswerInPieces) {
  read(100, 2);
  ASSERT_EQ(log_.sent.size(), 1U);
  const Bytes frame = answer(GetParam(), log_.sent[0], {0x0102, 0x0304});
  session_.octets(at(10), ByteView(frame).first(4), log_);
  EXPECT_TRUE(log_.outcomes.empty());
  session_.octets(at(12), ByteView(frame).subspan(4), log_);
  ASSERT_EQ(log_.outcomes, std::vector{Outcome::answered});
  EXPECT_EQ(log_.payloads[0], (Bytes{1, 2, 3, 4}));
}

TEST_P(ModbusSession, AnswersThatDoNotFitAreNotTaken) {
  read(100, 2);
  session_.octets(at(10), answer(GetParam(), log_.sent[0], {1}), log_);        // another quantity
  session_.octets(at(11), answer(GetParam(), log_.sent[0], {1, 2}, 8), log_);  // another unit
  EXPECT_TRUE(log_.outcomes.empty());
  EXPECT_EQ(session_.bus_counters().foreign_answers, 1U);
  session_.octets(at(12), answer(GetParam(), log_.sent[0], {3, 4}), log_);
  EXPECT_EQ(log_.outcomes, std::vector{Outcome::answered});
}

TEST_P(ModbusSession, ExceptionIsARefusal) {
  read(100, 2);
  const std::uint16_t transaction = GetParam() == Transport::tcp
                                        ? static_cast<std::uint16_t>(log_.sent[0][0] << 8 | log_.sent[0][1])
                                        : std::uint16_t{0};
  const auto pdu = modbus::exception_response(3, modbus::ExceptionCode::illegal_data_address);
  session_.octets(at(10), modbus::encode_frame(GetParam(), transaction, 7, pdu->view())->view(), log_);
  EXPECT_EQ(log_.outcomes, std::vector{Outcome::refused});
  EXPECT_EQ(log_.errors, std::vector<std::uint32_t>{2});
}

TEST_P(ModbusSession, WritesAreSentOnceAndConfirmedByTheirEcho) {
  Query write;
  write.operation = 6;
  write.body = {0x00, 0x10, 0x12, 0x34};
  write.at_most_once = true;
  ASSERT_TRUE(session_.ask(0, write, 0));
  session_.advance(at(0), log_);
  ASSERT_EQ(log_.sent.size(), 1U);
  session_.octets(at(5), log_.sent[0], log_);  // functions 5 and 6 answer with the question itself
  EXPECT_EQ(log_.outcomes, std::vector{Outcome::answered});
}

INSTANTIATE_TEST_SUITE_P(Transports, ModbusSession, testing::Values(Transport::rtu, Transport::ascii, Transport::tcp),
                         [](const auto& tested) { return std::string(modbus::to_string(tested.param)); });

TEST(ModbusAscii, FramesTravelAndAreKeptAsCharacters) {
  Session session(make_modbus_dialect(Transport::ascii), {});
  struct Keeper final : SessionOutput {
    void send(ByteView octets) override { sent.assign(octets.begin(), octets.end()); }
    void deliver(const Exchange& e) override {
      request = std::string(as_text(e.request));
      response = std::string(as_text(e.response));
      payload.assign(e.payload.begin(), e.payload.end());
    }
    void reopen() override {}
    Bytes sent;
    std::string request, response;
    Bytes payload;
  } kept;
  session.add_meter(modbus_unit(17), {1'000, 0, 0});
  session.opened(at(-60'000), kept);
  session.advance(at(0), kept);
  ASSERT_TRUE(session.ask(0, modbus_read({modbus::Table::holding_registers, 107, 3, {}}), 0));
  session.advance(at(0), kept);
  EXPECT_EQ(as_text(kept.sent), ":1103006B00037E\r\n");  // the example of V1.02, its sum computed apart
  // Noise, a frame broken off and begun anew, a foreign unit's answer, then ours; half a second between characters.
  std::int64_t ms = 10;
  for (const char character : std::string_view("\x01~:1103:120306000000000000E5\r\n:110306AE415652434049\x0D")) {
    const auto octet = static_cast<std::uint8_t>(character);
    session.octets(at(ms += 1), ByteView(&octet, 1), kept);
  }
  EXPECT_TRUE(kept.payload.empty()) << "that one has no checksum";
  const std::string answer =
      ":110306AE4156524340"
      "CC\r\n";
  session.octets(at(ms + 20), as_bytes(answer.substr(0, 9)), kept);
  session.octets(at(ms + 520), as_bytes(answer.substr(9)), kept);
  EXPECT_EQ(kept.payload, *from_hex("AE4156524340"));
  EXPECT_EQ(kept.request, ":1103006B00037E\r\n");
  EXPECT_EQ(kept.response, answer);
  EXPECT_EQ(session.bus_counters().foreign_answers, 1U);
}

TEST(ModbusEcho, OwnQuestionHeardBackOnAnEchoingLineIsNoAnswer) {
  Session session(make_modbus_dialect(Transport::rtu), {.line_echoes = true});
  Log log;
  session.add_meter(modbus_unit(7), {1'000, 0, 0});
  session.opened(at(-60'000), log);
  session.advance(at(0), log);
  Query write;
  write.operation = 6;
  write.body = {0x00, 0x10, 0x12, 0x34};
  ASSERT_TRUE(session.ask(0, write, 0));
  session.advance(at(0), log);
  const Bytes question = log.sent[0];
  session.octets(at(1), ByteView(question).first(3), log);
  session.octets(at(2), ByteView(question).subspan(3), log);
  EXPECT_TRUE(log.outcomes.empty());  // the line, not the device
  EXPECT_EQ(session.bus_counters().echoes, 1U);
  session.octets(at(3), question, log);
  EXPECT_EQ(log.outcomes, std::vector{Outcome::answered});
}

TEST(ModbusEcho, ALineThatDoesNotEchoAfterAllLosesNothing) {
  Session session(make_modbus_dialect(Transport::rtu), {.line_echoes = true});
  Log log;
  session.add_meter(modbus_unit(7), {1'000, 0, 0});
  session.opened(at(-60'000), log);
  session.advance(at(0), log);
  ASSERT_TRUE(session.ask(0, modbus_read({modbus::Table::holding_registers, 1, 1, {}}), 0));
  session.advance(at(0), log);
  const Bytes frame = answer(Transport::rtu, log.sent[0], {5});  // begins like the question: unit and function
  session.octets(at(1), ByteView(frame).first(1), log);
  session.octets(at(2), ByteView(frame).subspan(1), log);
  EXPECT_EQ(log.outcomes, std::vector{Outcome::answered});
}

std::vector<PlannedQuestion> plan(const std::string& items, std::vector<ItemShape>& shapes, std::string* problem) {
  const auto file = ConfigFile::parse("modbus: { gap_max: 4 }\nitems:\n" + items, "m.yaml");
  const auto planner = modbus_rtu_driver().planner(file->root());
  for (const auto& node : file->root().items("items")) {
    ItemShape shape;
    shape.register_name = node.text("register");
    planner->add(node, shape);
    shapes.push_back(shape);
  }
  auto out = planner->finish();
  const auto fine = file->finish();
  if (problem != nullptr) *problem = fine ? "" : fine.error().message;
  return out;
}

TEST(ModbusModel, OneReadHoldsNeighboursAndValuesAreExact) {
  std::vector<ItemShape> shapes;
  std::string problem;
  const auto questions = plan(
      "  - { register: energy, address: 0, type: uint32, word_order: low_first, exponent: -2, unit: kWh }\n"
      "  - { register: temperature, address: 4, type: int16, exponent: -1, unit: degC, no_value: -32768 }\n"
      "  - { register: flow, address: 5, type: float32, unit: m3/h }\n"
      "  - { register: pump, table: coil, address: 9 }\n"
      "  - { register: alarms, address: 7, type: bits, first_bit: 2, bit_count: 3 }\n",
      shapes, &problem);
  EXPECT_EQ(problem, "");
  ASSERT_EQ(questions.size(), 2U);
  EXPECT_EQ(shapes[2].kind, SeriesKind::ieee_bits);
  EXPECT_EQ(shapes[3].kind, SeriesKind::bit_set);
  const auto& holding = questions[questions[0].query.operation == 3 ? 0 : 1];
  const auto& coils = questions[questions[0].query.operation == 3 ? 1 : 0];
  EXPECT_EQ(holding.query.subject, 8U);  // registers 0 to 7 in one go: the gap of two is read along
  std::vector<ItemValue> values;
  // 0: 0x0001'86A1 low word first; 4: -12.5; 5: 1.5f; 7: bits 2 to 4 = 101.
  const Bytes payload = *from_hex("86A1 0001 0000 0000 FF83 3FC0 0000 0014");
  ASSERT_TRUE(holding.reader->read(payload, values));
  ASSERT_EQ(values.size(), 4U);
  const auto value_of = [&](std::uint32_t item) -> const ItemValue& {
    const auto place = std::ranges::find(holding.items, item) - holding.items.begin();
    return *std::ranges::find(values, static_cast<std::uint32_t>(place), &ItemValue::item);
  };
  EXPECT_EQ(value_of(0).mantissa, 100'001);
  EXPECT_EQ(value_of(0).exponent, -2);
  EXPECT_EQ(value_of(0).unit, "kWh");
  EXPECT_EQ(value_of(1).mantissa, -125);
  EXPECT_EQ(std::bit_cast<double>(value_of(2).mantissa), 1.5);
  EXPECT_EQ(value_of(4).mantissa, 5);
  values.clear();
  ASSERT_TRUE(coils.reader->read(Bytes{1}, values));
  EXPECT_EQ(values[0].mantissa, 1);
  values.clear();
  ASSERT_TRUE(holding.reader->read(*from_hex("86A1 0001 0000 0000 8000 7FC0 0000 0014"), values));
  EXPECT_EQ(value_of(1).state, ItemState::no_value);
  EXPECT_EQ(value_of(2).state, ItemState::no_value);  // not a number
  values.clear();
  EXPECT_FALSE(holding.reader->read(Bytes(15), values));
}

TEST(ModbusModel, RefusalsNameTheLineAndTheReason) {
  const auto error = [](const std::string& item) {
    std::vector<ItemShape> shapes;
    std::string problem;
    static_cast<void>(plan("  - { register: a, address: 1 }\n  - { register: b, " + item + " }\n", shapes, &problem));
    return problem;
  };
  EXPECT_EQ(error("address: 1"), "m.yaml:4: 'address' is read twice");
  EXPECT_EQ(error("address: 70000").substr(0, 18), "m.yaml:4: 'address");
  EXPECT_EQ(error("address: 3, type: text, registers: 4"), "m.yaml:4: 'type' is text, which no register can hold");
  EXPECT_EQ(error("address: 3, type: bcd, registers: 9").substr(0, 9), "m.yaml:4:");
  EXPECT_EQ(error("address: 65535, type: uint32").substr(0, 9), "m.yaml:4:");
}

TEST(ModbusDriver, EachTransportHasItsNameAndProtocol) {
  EXPECT_EQ(modbus_rtu_driver().name(), "modbus_rtu");
  EXPECT_EQ(modbus_ascii_driver().name(), "modbus_ascii");
  EXPECT_EQ(modbus_tcp_driver().name(), "modbus_tcp");
  EXPECT_EQ(modbus_rtu_driver().protocol(), Protocol::modbus_rtu);
  EXPECT_EQ(modbus_ascii_driver().protocol(), Protocol::modbus_ascii);
  EXPECT_EQ(modbus_tcp_driver().protocol(), Protocol::modbus_tcp);
}

TEST(ModbusDriver, UnitsAreCheckedByTransport) {
  EXPECT_TRUE(modbus_rtu_driver().address("247", 12));
  EXPECT_FALSE(modbus_rtu_driver().address("0", 12));
  EXPECT_FALSE(modbus_rtu_driver().address("248", 12));
  EXPECT_FALSE(modbus_ascii_driver().address("0", 12));
  EXPECT_TRUE(modbus_tcp_driver().address("255", 12));
  EXPECT_FALSE(modbus_tcp_driver().address("256", 12));
  EXPECT_FALSE(modbus_tcp_driver().address("7x", 12));
  EXPECT_FALSE(modbus_tcp_driver().address("", 12));
  EXPECT_EQ(modbus_rtu_driver().address_text(*modbus_rtu_driver().address("17", 12)), "17");
}

}  // namespace
}  // namespace duheng::drivers
