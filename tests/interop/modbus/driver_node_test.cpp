// The gateway's driver against the npm libraries' servers: values of every form, writes, refusals, and servers that are
// slow, silent, or hang up.
#include <atomic>
#include <bit>
#include <gtest/gtest.h>
#include <thread>

#include "drivers/bus/testing/session_on_line.hpp"
#include "drivers/modbus/dialect.hpp"
#include "drivers/modbus/driver.hpp"
#include "interop/modbus/node_peer.hpp"
#include "interop/modbus/register_device.hpp"
#include "link/testing/wait_for.hpp"

namespace duheng::interop {
namespace {

using drivers::Outcome;
using modbus::Table;

/// An npm server and our session with it.
class DriverOnNodeServer : public testing::Test {
 protected:
  void start(const std::string& server, const drivers::MeterTiming& timing) {
    peer_.emplace(std::vector<std::string>{"server", server});
    const auto ready = peer_->wait_ready();
    ASSERT_TRUE(ready) << peer_->output();
    line_.emplace(loop_,
                  link::make_tcp_client(loop_, {"127.0.0.1", static_cast<std::uint16_t>(std::stoi(*ready)), 5'000}),
                  drivers::modbus_tcp_driver().dialect(), drivers::SessionSettings{.reopen_after_timeout = true});
    line_->add_meter(drivers::modbus_unit(unit), timing);
    line_->open();
    ASSERT_TRUE(link::wait_for(loop_, [&] { return line_->opened() == 1; })) << peer_->output();
  }
  void read(Table table, std::uint16_t address, std::uint16_t quantity) {
    ASSERT_TRUE(line_->ask(0, drivers::modbus_read({table, address, quantity, {}})));
  }
  void write(modbus::Function function, const Bytes& body) {
    drivers::Query query;
    query.operation = static_cast<std::uint16_t>(function);
    query.body = body;
    query.at_most_once = true;
    ASSERT_TRUE(line_->ask(0, query));
  }
  /// Waits until so many questions have ended.
  void finish(std::size_t count) {
    ASSERT_TRUE(link::wait_for(loop_, [&] { return line_->ended().size() >= count; })) << peer_->output();
    ASSERT_EQ(line_->ended().size(), count);
  }
  [[nodiscard]] const drivers::Ended& ended(std::size_t index) const { return line_->ended().at(index); }
  [[nodiscard]] std::vector<Outcome> outcomes() const {
    std::vector<Outcome> out;
    for (const auto& one : line_->ended()) out.push_back(one.outcome);
    return out;
  }

  link::EventLoop loop_;
  std::optional<NodePeer> peer_;
  std::optional<drivers::SessionOnLine> line_;
};

constexpr drivers::MeterTiming patient{8'000, 0, 0};

Bytes octets_of(const std::vector<std::uint16_t>& registers, std::size_t first, std::size_t count) {
  Bytes out;
  for (std::size_t i = first; i < first + count; ++i) {
    out.push_back(static_cast<std::uint8_t>(registers.at(i) >> 8));
    out.push_back(static_cast<std::uint8_t>(registers.at(i)));
  }
  return out;
}

/// Reads of all four tables, and writes 5, 6, 15 and 16 that are read back.
class DriverOnNodeServers : public DriverOnNodeServer, public testing::WithParamInterface<const char*> {};

TEST_P(DriverOnNodeServers, ReadsAllTablesAndReadsBackWhatItWrote) {
  ASSERT_NO_FATAL_FAILURE(start(GetParam(), patient));
  const Memory memory = Memory::initial();
  read(Table::holding_registers, 10, 125);
  read(Table::input_registers, 159, 1);
  read(Table::coils, 3, 19);
  read(Table::discrete_inputs, 0, 64);
  write(modbus::Function::write_single_register, *from_hex("0014 BEEF"));
  write(modbus::Function::write_multiple_registers, *from_hex("0016 0003 06 0001 8000 FFFF"));
  write(modbus::Function::write_single_coil, *from_hex("0005 FF00"));
  write(modbus::Function::write_multiple_coils, *from_hex("001E 000B 02 8D 03"));
  read(Table::holding_registers, 19, 7);
  read(Table::coils, 5, 1);
  read(Table::coils, 30, 11);
  ASSERT_NO_FATAL_FAILURE(finish(11));
  EXPECT_EQ(outcomes(), std::vector<Outcome>(11, Outcome::answered)) << peer_->output();
  EXPECT_EQ(ended(0).payload, octets_of(memory.holding_registers, 10, 125));
  EXPECT_EQ(ended(1).payload, octets_of(memory.input_registers, 159, 1));
  for (int i = 0; i < 19; ++i)
    EXPECT_EQ(ended(2).payload.at(static_cast<std::size_t>(i) / 8) >> (i % 8) & 1,
              memory.coils[static_cast<std::size_t>(i) + 3])
        << i;
  for (int i = 0; i < 64; ++i)
    EXPECT_EQ(ended(3).payload.at(static_cast<std::size_t>(i) / 8) >> (i % 8) & 1,
              memory.discrete_inputs[static_cast<std::size_t>(i)])
        << i;
  auto registers = memory.holding_registers;
  registers[20] = 0xBEEF;
  registers[22] = 0x0001;
  registers[23] = 0x8000;
  registers[24] = 0xFFFF;
  EXPECT_EQ(ended(8).payload, octets_of(registers, 19, 7));
  EXPECT_EQ(ended(9).payload, Bytes{1});
  EXPECT_EQ(ended(10).payload, *from_hex("8D 03"));
  EXPECT_EQ(line_->reopened(), 0);
  EXPECT_EQ(line_->session().bus_counters().bad_frames, 0U);
}

INSTANTIATE_TEST_SUITE_P(Libraries, DriverOnNodeServers, testing::Values("modbus-serial-tcp", "jsmodbus-tcp"),
                         [](const auto& tested) {
                           return std::string(tested.param) == "jsmodbus-tcp" ? "jsmodbus" : "modbus_serial";
                         });

/// A model as a file would have it, against registers that Node's own Buffer wrote.
TEST_F(DriverOnNodeServer, AModelReadsFloatsAndWholeNumbersOfEveryWidth) {
  ASSERT_NO_FATAL_FAILURE(start("modbus-serial-plant", patient));
  const auto file = ConfigFile::parse(
      "modbus: { gap_max: 8 }\nitems:\n"
      "  - { register: a, table: input, address: 0, type: float32 }\n"
      "  - { register: b, table: input, address: 2, type: float32, word_order: low_first }\n"
      "  - { register: c, table: input, address: 4, type: float64 }\n"
      "  - { register: d, table: input, address: 8, type: int32, exponent: -2 }\n"
      "  - { register: e, table: input, address: 10, type: uint32 }\n"
      "  - { register: f, table: input, address: 12, type: int16, exponent: -1 }\n"
      "  - { register: g, table: input, address: 14, type: float32 }\n"
      "  - { register: h, table: input, address: 16, type: uint64 }\n",
      "plant.yaml");
  const auto planner = drivers::modbus_tcp_driver().planner(file->root());
  for (const auto& node : file->root().items("items")) {
    drivers::ItemShape shape;
    shape.register_name = node.text("register");
    planner->add(node, shape);
  }
  const auto questions = planner->finish();
  ASSERT_TRUE(file->finish());
  ASSERT_EQ(questions.size(), 1U);  // one read holds them all
  ASSERT_TRUE(line_->ask(0, questions[0].query));
  ASSERT_NO_FATAL_FAILURE(finish(1));
  ASSERT_EQ(ended(0).outcome, Outcome::answered) << peer_->output();
  std::vector<drivers::ItemValue> values;
  ASSERT_TRUE(questions[0].reader->read(ended(0).payload, values));
  ASSERT_EQ(values.size(), 8U);
  const auto real = [&](std::size_t i) { return std::bit_cast<double>(values[i].mantissa); };
  EXPECT_EQ(real(0), 21.5);
  EXPECT_EQ(real(1), static_cast<double>(-273.15F));
  EXPECT_EQ(real(2), 0.1);
  EXPECT_EQ(values[3].mantissa, -123'456);
  EXPECT_EQ(values[3].exponent, -2);
  EXPECT_EQ(values[4].mantissa, 4'000'000'000);
  EXPECT_EQ(values[5].mantissa, -125);
  EXPECT_EQ(values[6].state, drivers::ItemState::no_value);  // not a number
  EXPECT_EQ(values[7].mantissa, 9'007'199'254'740'993);      // 2^53 + 1: no double holds it
}

TEST_F(DriverOnNodeServer, ExceptionsAreRefusalsWithTheirCode) {
  ASSERT_NO_FATAL_FAILURE(start("modbus-serial-plant", patient));
  read(Table::input_registers, 5'000, 1);
  read(Table::input_registers, 1'003, 1);
  read(Table::input_registers, 1'004, 1);
  read(Table::input_registers, 12, 1);
  ASSERT_NO_FATAL_FAILURE(finish(4));
  using enum Outcome;
  EXPECT_EQ(outcomes(), (std::vector{refused, refused, refused, answered}));
  EXPECT_EQ(ended(0).error, 2U);  // illegal data address
  EXPECT_EQ(ended(1).error, 6U);  // busy
  EXPECT_EQ(ended(2).error, 4U);  // device failure
  EXPECT_EQ(ended(3).payload, *from_hex("FF83"));
}

TEST_F(DriverOnNodeServer, ASlowServerIsWaitedFor) {
  ASSERT_NO_FATAL_FAILURE(start("modbus-serial-plant", patient));
  read(Table::input_registers, 1'005, 1);
  ASSERT_NO_FATAL_FAILURE(finish(1));
  EXPECT_EQ(ended(0).outcome, Outcome::answered);
  EXPECT_EQ(ended(0).payload, *from_hex("000A"));
  EXPECT_EQ(line_->reopened(), 0);
}

TEST_F(DriverOnNodeServer, AnAnswerThatComesTooLateIsNeverTaken) {
  ASSERT_NO_FATAL_FAILURE(start("modbus-serial-plant", {500, 1, 0}));
  read(Table::input_registers, 1'001, 1);  // 7 after one and a half seconds, 8 at once when asked again
  ASSERT_NO_FATAL_FAILURE(finish(1));
  EXPECT_EQ(ended(0).outcome, Outcome::answered);
  EXPECT_EQ(ended(0).payload, *from_hex("0008"));
  EXPECT_EQ(line_->reopened(), 1);  // the connection on which the 7 may come is gone
  for (int i = 0; i < 5; ++i) {
    loop_.run_for_ms(300);  // the 7 is said meanwhile, into the former connection
    read(Table::input_registers, 12, 1);
    ASSERT_NO_FATAL_FAILURE(finish(static_cast<std::size_t>(i) + 2));
    EXPECT_EQ(line_->ended().back().payload, *from_hex("FF83"));
    EXPECT_FALSE(line_->ended().back().late);
  }
}

TEST_F(DriverOnNodeServer, AServerThatNeverAnswersIsGivenUpAndTheNextQuestionServed) {
  ASSERT_NO_FATAL_FAILURE(start("modbus-serial-plant", {400, 2, 0}));
  read(Table::input_registers, 1'000, 1);
  ASSERT_NO_FATAL_FAILURE(finish(1));
  EXPECT_EQ(ended(0).outcome, Outcome::timed_out);
  EXPECT_EQ(line_->session().counters(0).questions, 3U);
  EXPECT_EQ(line_->reopened(), 3);
  ASSERT_TRUE(link::wait_for(loop_, [&] { return line_->opened() == 4; }));
  read(Table::input_registers, 12, 1);
  ASSERT_NO_FATAL_FAILURE(finish(2));
  EXPECT_EQ(ended(1).outcome, Outcome::answered);
}

TEST_F(DriverOnNodeServer, AServerThatHangsUpIsCalledAgain) {
  ASSERT_NO_FATAL_FAILURE(start("modbus-serial-plant", patient));
  read(Table::input_registers, 12, 1);
  ASSERT_NO_FATAL_FAILURE(finish(1));
  read(Table::input_registers, 1'002, 1);
  ASSERT_TRUE(link::wait_for(loop_, [&] { return line_->opened() == 2; })) << peer_->output();
  EXPECT_EQ(line_->hung_up(), 1);
  EXPECT_EQ(line_->ended().size(), 1U);  // nobody knows; it is asked again in its next round
  read(Table::input_registers, 1'002, 1);
  ASSERT_NO_FATAL_FAILURE(finish(2));
  EXPECT_EQ(ended(1).outcome, Outcome::answered);
  EXPECT_EQ(ended(1).payload, *from_hex("0009"));
}

/// jsmodbus answers a read past the end of its tables with fewer registers than asked for.
TEST_F(DriverOnNodeServer, AShorterAnswerThanAskedForIsNoAnswer) {
  ASSERT_NO_FATAL_FAILURE(start("jsmodbus-tcp", {500, 0, 0}));
  read(Table::holding_registers, 158, 4);
  ASSERT_NO_FATAL_FAILURE(finish(1));
  EXPECT_EQ(ended(0).outcome, Outcome::timed_out);
  EXPECT_TRUE(ended(0).payload.empty());
  ASSERT_TRUE(link::wait_for(loop_, [&] { return line_->opened() == 2; }));
  read(Table::holding_registers, 158, 2);
  ASSERT_NO_FATAL_FAILURE(finish(2));
  EXPECT_EQ(ended(1).payload, octets_of(Memory::initial().holding_registers, 158, 2));
}

/// No independent ASCII server can be had. This one is ours, and modbus-serial's ASCII client reads it
/// (node_peers_test.cpp): so the driver is tried against a device that a stranger understands.
TEST(DriverAscii, ReadsAndWritesTheServerThatAForeignClientReads) {
  auto terminal = open_pseudo_terminal();
  ASSERT_TRUE(terminal);
  RegisterDevice device;
  Served served;
  std::atomic<bool> stop = false;
  Line device_side(std::move(terminal->master));
  std::thread server([&] { served = serve(device, device_side, modbus::Transport::ascii, stop); });
  link::EventLoop loop;
  drivers::SessionOnLine line(loop, link::make_serial(loop, {terminal->slave_path, 9'600, link::Parity::even, 1}),
                              drivers::modbus_ascii_driver().dialect(), {});
  line.add_meter(drivers::modbus_unit(unit), {2'000, 0, 0});
  line.open();
  EXPECT_TRUE(line.ask(0, drivers::modbus_read({Table::holding_registers, 10, 100, {}})));
  drivers::Query write;
  write.operation = static_cast<std::uint16_t>(modbus::Function::write_single_register);
  write.body = *from_hex("0014 BEEF");
  write.at_most_once = true;
  EXPECT_TRUE(line.ask(0, write));
  EXPECT_TRUE(line.ask(0, drivers::modbus_read({Table::holding_registers, 19, 2, {}})));
  EXPECT_TRUE(line.ask(0, drivers::modbus_read({Table::input_registers, 5'000, 1, {}})));
  EXPECT_TRUE(link::wait_for(loop, [&] { return line.ended().size() == 4; }));
  stop = true;
  server.join();
  ASSERT_EQ(line.ended().size(), 4U);
  const auto initial = Memory::initial().holding_registers;
  EXPECT_EQ(line.ended()[0].payload, octets_of(initial, 10, 100));
  EXPECT_EQ(line.ended()[1].outcome, Outcome::answered);
  auto written = initial;
  written[20] = 0xBEEF;
  EXPECT_EQ(line.ended()[2].payload, octets_of(written, 19, 2));
  EXPECT_EQ(line.ended()[3].outcome, Outcome::refused);
  EXPECT_EQ(line.ended()[3].error, 2U);
  EXPECT_EQ(device.memory.holding_registers, written);
  EXPECT_EQ(served.faults, 0U);
  EXPECT_EQ(line.session().bus_counters().bad_frames, 0U);
}

}  // namespace
}  // namespace duheng::interop
