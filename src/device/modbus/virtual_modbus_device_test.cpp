#include "device/modbus/virtual_modbus_device.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "device/memory/ram_memory.hpp"
#include "device/modbus/behaviours.hpp"
#include "device/modbus/modbus_line.hpp"

namespace duheng::device {
namespace {

using modbus::ExceptionCode;
using modbus::Function;
using modbus::Role;
using modbus::Transport;

constexpr std::int64_t january = 1'768'620'600'000;  // 2026-01-17 11:30 in UTC+8
constexpr std::int64_t hour_ms = 3'600'000;

/// Asks as a gateway would; checks that the answer belongs to the question.
class Master {
 public:
  explicit Master(std::unique_ptr<ModbusBehaviour> behaviour, Transport transport = Transport::rtu)
      : device_({"dev-7", 7, transport}, std::move(behaviour)), transport_(transport) {}
  Bytes exchange(const modbus::BuiltPdu& pdu, std::int64_t at = january) {
    EXPECT_TRUE(pdu);
    const auto question = modbus::encode_frame(transport_, ++transaction_, 7, pdu->view());
    const auto said = device_.answer(at, question->view());
    EXPECT_TRUE(said);
    if (!said) return {};
    if (transport_ == Transport::tcp) {
      const auto frame = modbus::decode_tcp(said->octets, Role::response);
      EXPECT_TRUE(modbus::match_response(*modbus::decode_tcp(question->view(), Role::request), *frame));
      const auto octets = frame->pdu().octets();
      return {octets.begin(), octets.end()};
    }
    const auto frame = modbus::decode_rtu(said->octets, Role::response);
    EXPECT_TRUE(modbus::match_response(*modbus::decode_rtu(question->view(), Role::request), *frame));
    const auto octets = frame->pdu().octets();
    return {octets.begin(), octets.end()};
  }
  std::vector<std::uint16_t> read(Function function, std::uint16_t address, std::uint16_t quantity,
                                  std::int64_t at = january) {
    const Bytes octets = exchange(modbus::read_request(function, address, quantity), at);
    const auto pdu = modbus::decode_pdu(octets, Role::response);
    std::vector<std::uint16_t> out;
    for (std::size_t i = 0; i < pdu->register_count(); ++i) out.push_back(pdu->register_at(i));
    return out;
  }
  std::int64_t wide(Function function, std::uint16_t address, std::int64_t at = january) {
    const auto words = read(function, address, 2, at);
    return words.size() == 2 ? static_cast<std::int64_t>(words[0]) << 16 | words[1] : -1;
  }
  std::uint8_t exception(const modbus::BuiltPdu& pdu) {
    const Bytes octets = exchange(pdu);
    return modbus::decode_pdu(octets, Role::response)->exception_code();
  }
  VirtualModbusDevice& device() { return device_; }

 private:
  VirtualModbusDevice device_;
  Transport transport_;
  std::uint16_t transaction_ = 0;
};

constexpr auto holding = Function::read_holding_registers;
constexpr auto input = Function::read_input_registers;
std::uint8_t code(ExceptionCode exception) { return static_cast<std::uint8_t>(exception); }

TEST(VirtualModbusDevice, ThreePhaseMeterFitsTogether) {
  Master master(make_three_phase_behaviour({.seed = 3}));
  const auto words = master.read(holding, 0, 24);
  ASSERT_EQ(words.size(), 24U);
  const auto number = [&](std::size_t at) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(words[at]) << 16 | words[at + 1]);
  };
  double apparent = 0;
  for (std::size_t phase = 0; phase < 3; ++phase) {
    EXPECT_NEAR(words[phase], 2'200, 250);
    apparent += words[phase] / 10.0 * std::abs(number(4 + 2 * phase)) / 1'000.0;
  }
  const double p = number(10) / 10.0;
  const double q = number(12) / 10.0;
  EXPECT_NEAR(apparent, std::sqrt(p * p + q * q), 0.02 * apparent + 2);
  EXPECT_NEAR(words[15], 5'000, 10);
  EXPECT_GT(master.wide(holding, 20, january + 24 * hour_ms), master.wide(holding, 20));
}

TEST(VirtualModbusDevice, HeatStationOverTcpFitsTogether) {
  Master master(make_heat_station_behaviour({.seed = 4}), Transport::tcp);
  const auto words = master.read(input, 0, 24);
  ASSERT_EQ(words.size(), 24U);
  const double flow = (words[10] << 16 | words[11]) / 1'000.0;
  const double difference = (static_cast<std::int16_t>(words[0]) - static_cast<std::int16_t>(words[1])) / 100.0;
  const double power = (words[14] << 16 | words[15]) / 10.0;
  EXPECT_GT(power, 100);
  EXPECT_NEAR(power, flow * difference * 1.163, 0.15);
  EXPECT_GT(words[0], words[2]);
  EXPECT_GT(words[2], words[3]);
  // What an hour adds is the mean power, which the curve keeps within some ten percent.
  const double hour = static_cast<double>(master.wide(input, 20, january + hour_ms) - master.wide(input, 20)) / 10.0;
  EXPECT_NEAR(hour, power, 0.5 * power);
}

TEST(VirtualModbusDevice, HeatFollowsTheValveAndNeverGoesBack) {
  Master master(make_heat_station_behaviour({.seed = 4}));
  const auto usual = master.wide(input, 14);
  const auto energy = master.wide(input, 20);
  master.exchange(modbus::write_register_request(0, 300));
  EXPECT_EQ(master.read(holding, 0, 1).front(), 300);
  EXPECT_NEAR(static_cast<double>(master.wide(input, 14)), static_cast<double>(usual) / 2, 2);
  EXPECT_EQ(master.wide(input, 20), energy);
  const auto later = master.wide(input, 20, january + hour_ms);
  EXPECT_GT(later, energy);
  master.exchange(modbus::write_coil_request(0, false), january + hour_ms);
  EXPECT_EQ(master.wide(input, 14, january + 5 * hour_ms), 0);
  EXPECT_EQ(master.wide(input, 20, january + 5 * hour_ms), later);
  const Bytes discrete = master.exchange(modbus::read_request(Function::read_discrete_inputs, 0, 5));
  EXPECT_FALSE(modbus::decode_pdu(discrete, Role::response)->bit_at(0));
  master.exchange(modbus::write_coils_request(0, 1, Bytes{1}), january + 5 * hour_ms);
  const std::array<std::uint16_t, 2> both{1'000, 5'000};
  master.exchange(modbus::write_registers_request(0, both), january + 5 * hour_ms);
  EXPECT_EQ(master.read(holding, 0, 2), (std::vector<std::uint16_t>{1'000, 5'000}));
  EXPECT_GT(master.wide(input, 20, january + 6 * hour_ms), later);
}

TEST(VirtualModbusDevice, RefusesInTheProtocolsOwnWay) {
  Master master(make_heat_station_behaviour({.seed = 4}));
  EXPECT_EQ(master.exception(modbus::read_request(input, 23, 2)), code(ExceptionCode::illegal_data_address));
  EXPECT_EQ(master.exception(modbus::read_request(holding, 2, 1)), code(ExceptionCode::illegal_data_address));
  EXPECT_EQ(master.exception(modbus::write_register_request(0, 1'001)), code(ExceptionCode::illegal_data_value));
  EXPECT_EQ(master.exception(modbus::write_register_request(9, 1)), code(ExceptionCode::illegal_data_address));
  EXPECT_EQ(master.exception(modbus::write_coil_request(1, true)), code(ExceptionCode::illegal_data_address));
  EXPECT_EQ(master.exception(modbus::mask_write_request(0, 1, 1)), code(ExceptionCode::illegal_function));
  // A write of many that fails in its second register leaves the first as it was.
  const std::array<std::uint16_t, 2> half{100, 6'001};
  EXPECT_EQ(master.exception(modbus::write_registers_request(0, half)), code(ExceptionCode::illegal_data_value));
  EXPECT_EQ(master.read(holding, 0, 1).front(), 600);
  Master sensor(make_temperature_behaviour({.seed = 4}));
  EXPECT_EQ(sensor.exception(modbus::write_register_request(0, 1)), code(ExceptionCode::illegal_data_address));
  EXPECT_EQ(sensor.exception(modbus::read_request(holding, 0, 1)), code(ExceptionCode::illegal_data_address));
}

/// A heat station with that memory; asked by hand, because without power it does not answer.
struct Station {
  explicit Station(std::shared_ptr<RamMemory> memory)
      : device({.uid = "dev-7", .unit = 7, .memory = std::move(memory)}, make_heat_station_behaviour({.seed = 4})) {}
  std::optional<DeviceAnswer> ask(const modbus::BuiltPdu& pdu, std::int64_t at = january) {
    return device.answer(at, modbus::encode_frame(Transport::rtu, 0, 7, pdu->view())->view());
  }
  std::vector<Bytes> seen() {
    std::vector<Bytes> out;
    for (const std::int64_t at : {january + hour_ms, january + 4 * hour_ms}) {
      out.push_back(ask(modbus::read_request(holding, 0, 2), at)->octets);
      out.push_back(ask(modbus::read_request(input, 0, 24), at)->octets);
      out.push_back(ask(modbus::read_request(Function::read_coils, 0, 1), at)->octets);
    }
    return out;
  }
  VirtualModbusDevice device;
};

TEST(VirtualModbusDevice, KeepsWhatWasWrittenOverARestartAndAPowerCutAtEveryWrite) {
  const auto started = std::make_shared<RamMemory>();
  ASSERT_TRUE(Station(started).ask(modbus::write_register_request(0, 300), january - hour_ms));
  const std::array<std::uint16_t, 2> both{900, 5'000};
  const auto change = modbus::write_registers_request(0, both);
  Station before(std::make_shared<RamMemory>(*started));
  const auto old_view = before.seen();
  const auto done = std::make_shared<RamMemory>(*started);
  ASSERT_TRUE(Station(done).ask(change));
  const auto new_view = Station(done).seen();
  ASSERT_NE(old_view, new_view);
  EXPECT_EQ(Station(done).device.last_command()->number, 2U);
  bool finished = false;
  for (std::uint64_t octets = 0; !finished; ++octets) {
    const auto memory = std::make_shared<RamMemory>(*started);
    {
      Station station(memory);
      memory->cut_after(octets);
      finished = station.ask(change).has_value();
    }
    memory->restart();
    ASSERT_EQ(Station(memory).seen(), finished ? new_view : old_view) << octets;
  }
}

TEST(VirtualModbusDevice, SaysWhatItIs) {
  Master master(make_heat_station_behaviour({.seed = 4}));
  std::vector<std::string> objects;
  const Bytes octets = master.exchange(modbus::identification_request(1, 0));
  modbus::decode_pdu(octets, Role::response)->for_each_object([&](const modbus::IdentificationObject& object) {
    objects.emplace_back(as_text(object.value));
  });
  EXPECT_EQ(objects, (std::vector<std::string>{"Duheng", "DHG-HS1", "1.0"}));
  const Bytes one = master.exchange(modbus::identification_request(4, 1));
  EXPECT_EQ(modbus::decode_pdu(one, Role::response)->object_count(), 1);
  EXPECT_EQ(master.exception(modbus::identification_request(4, 9)), code(ExceptionCode::illegal_data_address));
}

using HappeningKind = DeviceHappening::Kind;

/// What a register shows before, during and after something that befalls the device.
template <class Read>
std::array<std::int64_t, 3> around(Master& master, HappeningKind kind, std::int64_t during, std::int64_t after,
                                   Read&& read) {
  std::array<std::int64_t, 3> out{};
  out[0] = read();
  master.device().happen(january, {kind, during});
  out[1] = read();
  master.device().happen(january, {kind, after});
  out[2] = read();
  return out;
}
using Three = std::array<std::int64_t, 3>;

TEST(VirtualModbusDevice, ThePowerMeterShowsLowAndLostVoltageCoverAndMagnet) {
  Master master(make_three_phase_behaviour({.seed = 3}));
  const auto word = [&] { return std::int64_t{master.read(holding, 30, 1).front()}; };
  const auto voltage = [&] { return std::int64_t{master.read(holding, 1, 1).front()}; };
  EXPECT_EQ(around(master, HappeningKind::voltage, 850, 1'000, word), (Three{0, 1, 0}));
  EXPECT_EQ(around(master, HappeningKind::voltage, 500, 1'000, word), (Three{0, 2, 0}));
  EXPECT_EQ(around(master, HappeningKind::voltage, 1'200, 1'000, word), (Three{0, 4, 0}));
  EXPECT_EQ(around(master, HappeningKind::cover, 1, 0, word), (Three{0, 8, 0}));
  EXPECT_EQ(around(master, HappeningKind::magnetic_field, 1, 0, word), (Three{0, 16, 0}));
  const auto sagging = around(master, HappeningKind::voltage, 850, 1'000, voltage);
  EXPECT_LT(sagging[1] * 10, sagging[0] * 9);
  EXPECT_EQ(sagging[2], sagging[0]);
}

TEST(VirtualModbusDevice, ABrokenSensorOrAWeakSupplyShowsNoMeasurementInsteadOfAWrongOne) {
  for (auto make : {make_temperature_behaviour, make_pressure_behaviour}) {
    Master master(make({.seed = 5}));
    const auto value = [&] { return std::int64_t{static_cast<std::int16_t>(master.read(input, 0, 1).front())}; };
    const std::int64_t sound = value();
    EXPECT_NE(sound, -32'768);
    EXPECT_EQ(around(master, HappeningKind::sensor, 1, 0, value), (Three{sound, -32'768, sound}));
    EXPECT_EQ(around(master, HappeningKind::voltage, 600, 1'000, value), (Three{sound, -32'768, sound}));
    EXPECT_EQ(around(master, HappeningKind::voltage, 800, 1'000, value), (Three{sound, sound, sound}));
  }
}

TEST(VirtualModbusDevice, TheFlowSensorSaysWhatBefellIt) {
  Master master(make_flow_behaviour({.seed = 5}));
  const auto faults = [&] { return std::int64_t{master.read(input, 6, 1).front()}; };
  EXPECT_EQ(around(master, HappeningKind::sensor, 1, 0, faults), (Three{0, 1, 0}));
  EXPECT_EQ(around(master, HappeningKind::voltage, 500, 1'000, faults), (Three{0, 2, 0}));
  EXPECT_EQ(around(master, HappeningKind::cover, 1, 0, faults), (Three{0, 4, 0}));
  EXPECT_EQ(around(master, HappeningKind::magnetic_field, 1, 0, faults), (Three{0, 8, 0}));
  EXPECT_EQ(around(master, HappeningKind::reverse, 1, 0, faults), (Three{0, 16, 0}));
  const auto flow = [&] { return std::bit_cast<float>(static_cast<std::uint32_t>(master.wide(input, 0))); };
  const float sound = flow();
  const std::int64_t volume = master.wide(input, 4);
  master.device().happen(january, {HappeningKind::reverse, 1});
  EXPECT_EQ(flow(), -sound);
  master.device().happen(january, {HappeningKind::sensor, 1});
  EXPECT_TRUE(std::isnan(flow()));
  EXPECT_EQ(master.wide(input, 4), volume);
}

TEST(VirtualModbusDevice, TheHeatStationStandsStillWithoutMainsAndSaysThatItsDoorIsOpen) {
  Master master(make_heat_station_behaviour({.seed = 9}));
  const auto bit = [&](std::uint16_t address) {
    const Bytes octets = master.exchange(modbus::read_request(Function::read_discrete_inputs, address, 1));
    return std::int64_t{modbus::decode_pdu(octets, Role::response)->bit_at(0)};
  };
  EXPECT_EQ(around(master, HappeningKind::cover, 1, 0, [&] { return bit(2); }), (Three{0, 1, 0}));
  EXPECT_EQ(around(master, HappeningKind::voltage, 0, 1'000, [&] { return bit(4); }), (Three{0, 1, 0}));
  EXPECT_EQ(around(master, HappeningKind::voltage, 0, 1'000, [&] { return bit(0); }), (Three{1, 0, 1}));
  const auto secondary = [&] { return std::int64_t{static_cast<std::int16_t>(master.read(input, 2, 1).front())}; };
  const std::int64_t sound = secondary();
  EXPECT_EQ(around(master, HappeningKind::sensor, 1, 0, secondary), (Three{sound, -32'768, sound}));
  // No heat is counted while the mains are away, and none is lost or made up afterwards.
  const std::int64_t before = master.wide(input, 20, january);
  master.device().happen(january, {HappeningKind::voltage, 0});
  EXPECT_EQ(master.wide(input, 20, january + 24 * hour_ms), before);
  master.device().happen(january + 24 * hour_ms, {HappeningKind::voltage, 1'000});
  EXPECT_EQ(master.wide(input, 20, january + 24 * hour_ms), before);
  EXPECT_GT(master.wide(input, 20, january + 48 * hour_ms), before);
}

RC_GTEST_PROP(VirtualModbusDeviceProperty, SensorsStayInTheirRangesAndCountersNeverGoDown,
              (std::uint64_t seed, std::uint32_t offset)) {
  const std::int64_t at = 1'735'700'000'000 + static_cast<std::int64_t>(offset) * 7;  // 2025
  Master temperature(make_temperature_behaviour({.seed = seed}));
  const auto degrees = static_cast<std::int16_t>(temperature.read(input, 0, 1, at).front());
  RC_ASSERT(degrees > -250 && degrees < 420);
  Master pressure(make_pressure_behaviour({.seed = seed}));
  const auto kpa = pressure.read(input, 0, 1, at).front();
  RC_ASSERT(kpa > 200 && kpa < 700);
  Master flow(make_flow_behaviour({.seed = seed}));
  const auto words = flow.read(input, 0, 7, at);
  const auto rate = std::bit_cast<float>(static_cast<std::uint32_t>(words[0]) << 16 | words[1]);
  RC_ASSERT(rate >= 0.0F && rate < 20.0F);
  RC_ASSERT(flow.wide(input, 4, at + hour_ms) >= flow.wide(input, 4, at));
  Master station(make_heat_station_behaviour({.seed = seed}));
  RC_ASSERT(station.wide(input, 20, at + hour_ms) >= station.wide(input, 20, at));
}

/// Octet by octet, over either serial transport.
void expect_only_the_unit_meant_answers(Transport transport) {
  DeviceBus bus(transport == Transport::ascii ? modbus_ascii_line() : modbus_rtu_line());
  for (const std::uint8_t unit : {std::uint8_t{1}, std::uint8_t{2}})
    bus.add(std::make_shared<VirtualModbusDevice>(ModbusDeviceOptions{"line-" + std::to_string(unit), unit, transport},
                                                  make_heat_station_behaviour({.seed = unit})));
  DeviceBusPort port(bus);
  std::vector<std::string> names;
  const auto say = [&](std::uint8_t unit, const modbus::BuiltPdu& pdu) {
    const auto frame = modbus::encode_frame(transport, 0, unit, pdu->view());
    for (const std::uint8_t octet : frame->view())
      port.octets(
          january, {&octet, 1}, [](ByteView) {},
          [&](const BusAnswer& answer) {
            names.push_back(answer.address.to_string());
            EXPECT_FALSE(answer.collision);
            EXPECT_EQ(answer.identifier.value >> 16, 3U);
          });
  };
  say(2, modbus::read_request(holding, 0, 2));
  say(3, modbus::read_request(holding, 0, 2));
  EXPECT_EQ(names, std::vector<std::string>{"line-2"});
  say(0, modbus::write_register_request(0, 123));
  EXPECT_EQ(names.size(), 1U);
  say(1, modbus::read_request(holding, 0, 1));
  EXPECT_EQ(names.size(), 2U);
}
TEST(VirtualModbusDevice, OnALineOnlyTheUnitMeantAnswersAndABroadcastIsCarriedOut) {
  expect_only_the_unit_meant_answers(Transport::rtu);
}
TEST(VirtualModbusDevice, TheSameOnAnAsciiLine) { expect_only_the_unit_meant_answers(Transport::ascii); }

/// Writes one register as the unit `unit` is told to; the exception, 0: taken, nothing: silence.
std::optional<int> write_as(VirtualDevice& device, std::uint8_t unit, std::uint16_t address, std::uint16_t value) {
  const auto question =
      modbus::encode_frame(Transport::rtu, 0, unit, modbus::write_register_request(address, value)->view());
  const auto said = device.answer(january, question->view());
  if (!said) return std::nullopt;
  const auto frame = modbus::decode_rtu(said->octets, Role::response);
  EXPECT_EQ(frame->unit_id(), unit);
  return frame->pdu().exception_code();
}

TEST(VirtualModbusDevice, ANewAddressAndSpeedHoldFromTheAnswerOnAndOutliveARestart) {
  const auto memory = std::make_shared<RamMemory>();
  const auto make = [&] {
    return std::make_shared<VirtualModbusDevice>(ModbusDeviceOptions{.uid = "m", .unit = 7, .memory = memory},
                                                 make_three_phase_behaviour({.seed = 3}));
  };
  auto meter = make();
  EXPECT_EQ(meter->line_speed(), 0U);
  DeviceBus bus(modbus_rtu_line());
  bus.add(meter);
  EXPECT_EQ(write_as(*meter, 7, 101, 3), 0);
  EXPECT_EQ(meter->line_speed(), 9'600U);
  int heard = 0;
  const auto ask = [&](std::uint8_t unit, std::uint16_t address, std::uint16_t value) {
    const auto question =
        modbus::encode_frame(Transport::rtu, 0, unit, modbus::write_register_request(address, value)->view());
    heard = 0;
    bus.question(january, question->view(), [&](const BusAnswer&) { ++heard; });
    return heard;
  };
  bus.set_speed(2'400);
  EXPECT_EQ(ask(7, 101, 3), 0);
  bus.set_speed(9'600);
  EXPECT_EQ(ask(7, 100, 42), 1);  // answers as 7
  EXPECT_EQ(ask(7, 101, 3), 0);   // and is 42
  EXPECT_EQ(ask(42, 101, 3), 1);
  bus.set_parity(FieldParity::even);
  EXPECT_EQ(ask(42, 102, 2), 1);  // never set to one, it answers as the line speaks
  EXPECT_EQ(ask(42, 101, 3), 0);
  bus.set_parity(FieldParity::odd);
  EXPECT_EQ(ask(42, 101, 3), 1);
  memory->restart();
  meter = make();
  EXPECT_EQ(meter->bus_key(), 42U);
  EXPECT_EQ(meter->line_speed(), 9'600U);
  EXPECT_EQ(meter->line_parity(), FieldParity::odd);
  EXPECT_FALSE(write_as(*meter, 7, 101, 1));
}

TEST(VirtualModbusDevice, CommunicationRegistersTakeOnlyWhatTheyCanMean) {
  Master master(make_three_phase_behaviour({.seed = 3}));
  auto& meter = master.device();
  EXPECT_EQ(master.read(holding, 100, 3), (std::vector<std::uint16_t>{7, 3, 1}));
  for (const auto& [address, value] : {std::pair<int, int>{100, 0}, {100, 248}, {101, 5}, {102, 3}})
    EXPECT_EQ(write_as(meter, 7, static_cast<std::uint16_t>(address), static_cast<std::uint16_t>(value)),
              code(ExceptionCode::illegal_data_value));
  EXPECT_EQ(write_as(meter, 7, 103, 1), code(ExceptionCode::illegal_data_address));
  EXPECT_FALSE(meter.line_parity());
  EXPECT_EQ(write_as(meter, 7, 102, 0), 0);
  EXPECT_EQ(meter.line_parity(), FieldParity::none);
  EXPECT_EQ(master.read(holding, 100, 3), (std::vector<std::uint16_t>{7, 3, 0}));
  EXPECT_EQ(meter.line_speed(), 0U);
  EXPECT_EQ(meter.bus_key(), 7U);
}

}  // namespace
}  // namespace duheng::device
