#include "drivers/protocol/operations.hpp"

#include <gtest/gtest.h>

#include "drivers/modbus/driver.hpp"

namespace duheng::drivers {
namespace {

struct Made {
  std::shared_ptr<const Operation> operation;
  std::string problem;
};
Made command(const std::string& keys) {
  const auto file = ConfigFile::parse("operation: { does: write, " + keys + " }\n", "m.yaml");
  Made out{modbus_tcp_driver().command(file->root(), file->root().section("operation")), ""};
  if (const auto fine = file->finish(); !fine) out.problem = fine.error().message;
  return out;
}
Made writer(const std::string& item, const std::string& write = "form: shortest") {
  const auto file = ConfigFile::parse("item: { " + item + " }\nwrite: { " + write + " }\n", "m.yaml");
  Made out{modbus_tcp_driver().writer(file->root(), file->root().section("item"), file->root().section("write")), ""};
  if (const auto fine = file->finish(); !fine) out.problem = fine.error().message;
  return out;
}
/// The PDU of the one question.
std::string sent(const Made& made, const std::string& value = "0") {
  OperationInputs inputs;
  inputs.arguments["value"] = value;
  if (made.operation == nullptr) return made.problem;
  const auto queries = made.operation->build(inputs);
  if (!queries) return queries.error().message;
  EXPECT_TRUE(queries->size() == 1 && queries->front().at_most_once && !made.operation->needs_password());
  return to_hex(Bytes{static_cast<std::uint8_t>(queries->front().operation)}) + to_hex(queries->front().body);
}

Made moving(const std::string& keys) {
  const auto file = ConfigFile::parse("operation:\n  does: " + keys + "\n", "m.yaml");
  Made out{modbus_tcp_driver().command(file->root(), file->root().section("operation")), ""};
  if (const auto fine = file->finish(); !fine) out.problem = fine.error().message;
  return out;
}

TEST(ModbusOperation, ASpeedIsWrittenByItsCode) {
  const auto made = moving("change_speed\n  address: 101\n  codes: [{speed: 2400, code: 1}, {speed: 9600, code: 3}]");
  ASSERT_NE(made.operation, nullptr) << made.problem;
  OperationInputs inputs;
  inputs.arguments["speed"] = "9600";
  EXPECT_EQ(to_hex(made.operation->build(inputs)->front().body), "00650003");
  EXPECT_EQ(made.operation->build(inputs)->front().operation, 6);
  EXPECT_EQ(to_hex(made.operation->tell_format({2'400, {}}, inputs)->front().body), "00650001");
  EXPECT_EQ(made.operation->moves_to(inputs), (NewPlace{.address = {}, .baud = 9'600}));
  inputs.arguments["whole_line"] = "1";
  EXPECT_TRUE(made.operation->moves_to(inputs)->whole_line);
  inputs.arguments["speed"] = "4800";
  EXPECT_EQ(made.operation->build(inputs).error().code, ErrorCode::invalid_argument);
}

TEST(ModbusOperation, AParityIsWrittenByItsCode) {
  const auto made = moving("change_parity\n  address: 102\n  codes: [{parity: none, code: 0}, {parity: odd, code: 2}]");
  ASSERT_NE(made.operation, nullptr) << made.problem;
  OperationInputs inputs;
  inputs.arguments["parity"] = "2";
  EXPECT_EQ(to_hex(made.operation->build(inputs)->front().body), "00660002");
  EXPECT_EQ(to_hex(made.operation->tell_format({0, FieldParity::none}, inputs)->front().body), "00660000");
  EXPECT_EQ(made.operation->tell_format({9'600, {}}, inputs).error().code, ErrorCode::invalid_argument);
  NewPlace place{.address = {}, .baud = 0, .parity = FieldParity::odd};
  EXPECT_EQ(made.operation->moves_to(inputs), place);
  inputs.arguments["whole_line"] = "1";
  EXPECT_TRUE(made.operation->moves_to(inputs)->whole_line);
  for (const char* wrong : {"1", "3", "x"}) {  // no code for even
    inputs.arguments["parity"] = wrong;
    EXPECT_FALSE(made.operation->build(inputs)) << wrong;
  }
  EXPECT_NE(moving("change_parity\n  address: 102\n  codes: [{parity: odd, code: 2}, {parity: none, code: 2}]").problem,
            "");
}

TEST(ModbusOperation, AnAddressIsWrittenAndIsTheNewPlace) {
  const auto made = moving("write_address\n  address: 100\n  form: multiple");
  ASSERT_NE(made.operation, nullptr) << made.problem;
  OperationInputs inputs;
  inputs.arguments["address"] = "17";
  EXPECT_EQ(to_hex(made.operation->build(inputs)->front().body), "00640001020011");
  EXPECT_EQ(made.operation->moves_to(inputs), (NewPlace{.address = "17", .baud = 0}));
  for (const char* wrong : {"0", "248", "x"}) {
    inputs.arguments["address"] = wrong;
    EXPECT_FALSE(made.operation->build(inputs)) << wrong;
  }
}

TEST(ModbusOperation, AWrongCommunicationRegisterIsRefusedWithFileLineAndReason) {
  const auto problem = [](const std::string& keys) {
    const auto made = moving(keys);
    EXPECT_FALSE(made.problem.empty()) << keys;
    return made.problem;
  };
  EXPECT_EQ(problem("change_speed\n  address: 101"), "m.yaml:2: 'codes' must say which number stands for which speed");
  EXPECT_EQ(problem("change_speed\n  address: 101\n  codes:\n    - {speed: 9600, code: 70000}"),
            "m.yaml:5: 'code' does not fit the register");
  EXPECT_EQ(
      problem("change_speed\n  address: 101\n  codes:\n    - {speed: 9600, code: 1}\n    - {speed: 2400, code: 1}"),
      "m.yaml:6: 'code' stands above already");
  EXPECT_EQ(
      problem("change_speed\n  address: 101\n  codes:\n    - {speed: 9600, code: 1}\n    - {speed: 9600, code: 2}"),
      "m.yaml:6: 'speed' stands above already");
  EXPECT_EQ(problem("write_address\n  table: input\n  address: 100"), "m.yaml:3: 'table' can be read only");
  EXPECT_NE(problem("write_address\n  address: 100\n  exponent: -1").find("whole numbers"), std::string::npos);
  EXPECT_NE(problem("write_address\n  table: coil\n  address: 1").find("holding registers"), std::string::npos);
}

TEST(ModbusOperation, WritesOneOfAKindWithTheShortFunction) {
  EXPECT_EQ(sent(command("table: coil, address: 3, value: 1")), "050003FF00");
  EXPECT_EQ(sent(command("table: coil, address: 3, value: 0, form: multiple")), "0F000300010100");
  EXPECT_EQ(sent(command("address: 9, value: 300")), "060009012C");
  EXPECT_EQ(sent(command("address: 9, type: int16, value: -2, form: multiple")), "100009000102FFFE");
}

TEST(ModbusOperation, WritesWideValuesInTheirOrder) {
  EXPECT_EQ(sent(writer("address: 10, type: uint32, exponent: -2"), "1234567.89"), "10000A000204075BCD15");
  EXPECT_EQ(sent(writer("address: 10, type: uint32, word_order: low_first"), "123456789"), "10000A000204CD15075B");
  EXPECT_EQ(sent(writer("address: 10, type: uint16, octets_swapped: true"), "258"), "06000A0201");
  EXPECT_EQ(sent(writer("address: 10, type: bcd, registers: 2"), "12345678"), "10000A00020412345678");
}

TEST(ModbusOperation, WritesSomeBitsAndLeavesTheOthers) {
  // New = old and FFC7 or 0028 and not FFC7.
  EXPECT_EQ(sent(writer("address: 4, type: bits, first_bit: 3, bit_count: 3"), "5"), "160004FFC70028");
  EXPECT_EQ(sent(writer("address: 4, type: bits, first_bit: 3, bit_count: 3"), "8"),
            "argument 'value' does not fit the register");
}

TEST(ModbusOperation, RefusesWhatIsNotExactOrDoesNotFit) {
  const auto tenths = writer("address: 0, exponent: -1");
  EXPECT_EQ(sent(tenths, "42.5"), "06000001A9");
  EXPECT_EQ(sent(tenths, "42.55"), "argument 'value' is finer than 10^-1, or too large");
  EXPECT_EQ(sent(tenths, "6553.6"), "argument 'value' does not fit the register");
  EXPECT_EQ(sent(tenths, "-0.1"), "argument 'value' does not fit the register");
  EXPECT_EQ(sent(writer("table: coil, address: 0"), "2"), "argument 'value' does not fit the register");
  EXPECT_EQ(sent(command("table: coil, address: 0, value: 2")), "m.yaml:1: 'value' does not fit the register");
  EXPECT_EQ(sent(writer("table: input, address: 0")), "m.yaml:1: 'table' can be read only");
  EXPECT_EQ(sent(writer("table: discrete, address: 0")), "m.yaml:1: 'table' can be read only");
  EXPECT_EQ(sent(writer("address: 0, type: float32")),
            "m.yaml:1: 'type' cannot be written exactly: only whole numbers, bcd and bits can");
  EXPECT_EQ(sent(writer("address: 0, type: bits, registers: 2, bit_count: 20")),
            "m.yaml:1: 'bit_count' must lie in one register with its octets in order: function 22 writes no more");
}

TEST(ModbusRefusal, WordsForPeople) {
  EXPECT_EQ(modbus_tcp_driver().refusal_word(1), "not_supported");
  EXPECT_EQ(modbus_tcp_driver().refusal_word(2), "no_such_data");
  EXPECT_EQ(modbus_tcp_driver().refusal_word(3), "out_of_range");
  EXPECT_EQ(modbus_tcp_driver().refusal_word(6), "busy");
  EXPECT_EQ(modbus_tcp_driver().refusal_word(4), "refused");
}

}  // namespace
}  // namespace duheng::drivers
