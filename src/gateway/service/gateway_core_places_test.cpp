// Meters of other protocols than DL/T 645 that are given a new address or a new speed on a serial line.
#include <gtest/gtest.h>
#include <map>

#include "device/dlt698/dlt698_line.hpp"
#include "device/dlt698/virtual_dlt698_meter.hpp"
#include "device/modbus/behaviours.hpp"
#include "device/modbus/modbus_line.hpp"
#include "gateway/service/gateway_core.hpp"

namespace duheng::gateway {
namespace {

constexpr std::uint32_t planned_baud = 2'400;

const ModelLibrary& models() {
  static const ModelLibrary library = *ModelLibrary::load(std::string(DUHENG_SOURCE_DIR) + "/models");
  return library;
}

/// One serial line with virtual devices, around a real core; answers take their time on a clock that jumps.
class OneLine final : public GatewayOutput {
 public:
  OneLine(const device::LineProtocol& protocol, std::string model_id)
      : bus(protocol), port(bus), model(models().find(model_id)) {
    bus.set_speed(planned_baud);
    bus.set_parity(FieldParity::even);
  }
  void add(const std::string& uid, const std::string& address, std::shared_ptr<device::VirtualDevice> meter) {
    bus.add(std::move(meter));
    devices.push_back({uid, *model->driver->address(address, model->address_digits), model, 0, true});
  }
  void begin() {
    CoreOptions options;
    options.channels = {{"line", model->driver, {.reopen_after_timeout = false}, {500, 10'000}, planned_baud, true}};
    options.devices = devices;
    options.tasks = CoreTasks{};
    core = std::make_unique<GatewayCore>(clock, random, std::move(options));
    core->start(*this);
    run_ms(60'000);
  }
  void run_ms(std::int64_t ms) {
    const std::int64_t end_ms = clock.monotonic_ms() + ms;
    while (clock.monotonic_ms() < end_ms) {
      if (core->orders()->take_log_write()) core->orders()->written({});
      std::int64_t next_ms = std::min(core->next_wake_ms(), end_ms);
      if (!due.empty()) next_ms = std::min(next_ms, due.begin()->first);
      if (next_ms > clock.monotonic_ms()) clock.advance_ms(next_ms - clock.monotonic_ms());
      while (!due.empty() && due.begin()->first <= clock.monotonic_ms()) {
        const auto happens = std::move(due.begin()->second);
        due.erase(due.begin());
        happens();
      }
      core->tick(*this);
    }
  }
  void take(const std::string& uid, std::string name, std::vector<OrderArgument> arguments, std::string password = {}) {
    FieldOrder order;
    order.id[0] = ++orders;
    order.device_uid = uid;
    order.kind = OrderKind::command;
    order.name = std::move(name);
    order.arguments = std::move(arguments);
    order.password = std::move(password);
    order.lifetime_ms = 3'600'000;
    core->orders()->take(order);
  }
  /// Until that many orders are over; their last reports in the order they were given.
  std::vector<OrderReport> finish(std::size_t count = 1) {
    std::map<std::uint8_t, OrderReport> out;
    for (int i = 0; i < 900 && out.size() < count; ++i) {
      run_ms(1'000);
      for (auto& report : core->orders()->take_reports(10)) {
        core->orders()->received({&report.id, 1});
        if (is_final(report.state)) out[report.id[0]] = report;
      }
    }
    std::vector<OrderReport> all;
    for (auto& [number, report] : out) all.push_back(std::move(report));
    return all;
  }
  /// Readings of a minute from now.
  std::uint64_t readings_of_a_minute() {
    const auto before = core->statistics().readings;
    run_ms(60'000);
    return core->statistics().readings - before;
  }

  void open_channel(std::uint32_t) override {
    soon([this] {
      open = true;
      core->channel_opened(0, *this);
    });
  }
  void close_channel(std::uint32_t) override {
    open = false;
    ++connection;
    port.reset();
  }
  void send(std::uint32_t, ByteView octets) override {
    soon([this, question = Bytes(octets.begin(), octets.end())] {
      port.octets(
          clock.utc_ms(), question, [](ByteView) {},
          [this](const device::BusAnswer& answer) {
            soon([this, said = Bytes(answer.octets.begin(), answer.octets.end())] { core->octets(0, said, *this); });
          });
    });
  }
  void set_format(std::uint32_t, const drivers::LineFormat& format) override {
    baud = format.baud;
    parity = *format.parity;
    bus.set_speed(format.baud);
    bus.set_parity(*format.parity);
  }
  void store(ByteView) override {
    due.emplace(clock.monotonic_ms() + 2, [this] { core->stored({}, *this); });
  }

  ManualClock clock{1'763'712'000'000};
  SeededRandom random{7};
  device::DeviceBus bus;
  device::DeviceBusPort port;
  std::shared_ptr<const DeviceModel> model;
  std::vector<CoreDevice> devices;
  std::unique_ptr<GatewayCore> core;
  std::uint32_t baud = planned_baud;
  FieldParity parity = FieldParity::even;
  std::uint8_t orders = 0;

 private:
  void soon(std::function<void()> what) {
    due.emplace(clock.monotonic_ms() + 10, [this, of = connection, happens = std::move(what)] {
      if (of == connection) happens();
    });
  }
  std::multimap<std::int64_t, std::function<void()>> due;
  std::uint64_t connection = 0;
  bool open = false;
};

std::shared_ptr<device::VirtualDlt698Meter> meter_698(const std::string& address) {
  return std::make_shared<device::VirtualDlt698Meter>(
      device::Dlt698MeterOptions{.address = *dlt698::ServerAddress::parse(address), .seed = 3});
}
std::shared_ptr<device::VirtualModbusDevice> meter_modbus(std::uint8_t unit) {
  return std::make_shared<device::VirtualModbusDevice>(
      device::ModbusDeviceOptions{.uid = "m" + std::to_string(unit), .unit = unit},
      device::make_three_phase_behaviour({.seed = unit}));
}

TEST(GatewayPlaces, ADlt698MeterGetsANewSpeedAndItsLineFollows) {
  OneLine line(device::dlt698_line(), "dlt698-single-phase");
  const auto meter = meter_698("202611000001");
  line.add("a", "202611000001", meter);
  line.begin();
  ASSERT_GT(line.readings_of_a_minute(), 10U);
  line.take("a", "speed_change", {{"speed", "9600"}}, "00000000");
  const auto reports = line.finish();
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].state, OrderState::done) << reports[0].reason << " " << reports[0].detail;
  EXPECT_EQ(meter->line_speed(), 9'600U);
  EXPECT_EQ(line.baud, 9'600U);
  EXPECT_GT(line.readings_of_a_minute(), 10U);
}

TEST(GatewayPlaces, ADlt698MeterGetsANewAddressAmongOthers) {
  OneLine line(device::dlt698_line(), "dlt698-single-phase");
  const auto meter = meter_698("202611000001");
  line.add("a", "202611000001", meter);
  line.add("b", "202611000002", meter_698("202611000002"));
  line.begin();
  line.take("a", "address_write", {{"address", "202699000042"}}, "00000000");
  line.take("b", "address_write", {{"address", "202699000043"}}, "11111111");
  const auto reports = line.finish(2);
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_EQ(reports[0].state, OrderState::done) << reports[0].reason << " " << reports[0].detail;
  EXPECT_NE(reports[1].state, OrderState::done);
  EXPECT_EQ(reports[1].reason, "password_wrong");
  EXPECT_GT(line.readings_of_a_minute(), 20U);
  EXPECT_EQ(line.core->statistics().devices_answering, 2U);
}

TEST(GatewayPlaces, AModbusMeterGetsANewAddressAmongOthers) {
  OneLine line(device::modbus_rtu_line(), "modbus-three-phase-meter");
  const auto meter = meter_modbus(1);
  line.add("a", "1", meter);
  line.add("b", "2", meter_modbus(2));
  line.begin();
  line.take("a", "address_write", {{"address", "17"}});
  const auto reports = line.finish();
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].state, OrderState::done) << reports[0].reason << " " << reports[0].detail;
  EXPECT_EQ(meter->bus_key(), 17U);
  EXPECT_GT(line.readings_of_a_minute(), 20U);
  EXPECT_EQ(line.core->statistics().devices_answering, 2U);
}

TEST(GatewayPlaces, AWholeModbusLineChangesItsSpeed) {
  OneLine line(device::modbus_rtu_line(), "modbus-three-phase-meter");
  std::vector<std::shared_ptr<device::VirtualModbusDevice>> meters;
  for (std::uint8_t unit = 1; unit <= 3; ++unit) {
    meters.push_back(meter_modbus(unit));
    line.add("m" + std::to_string(unit), std::to_string(unit), meters.back());
  }
  line.begin();
  line.take("m1", "speed_change", {{"speed", "19200"}});
  EXPECT_EQ(line.finish().at(0).reason, "line_shared");
  for (std::uint8_t unit = 1; unit <= 3; ++unit)
    line.take("m" + std::to_string(unit), "speed_change", {{"speed", "19200"}, {"whole_line", "yes"}});
  const auto reports = line.finish(3);
  ASSERT_EQ(reports.size(), 3U);
  for (const auto& report : reports) EXPECT_EQ(report.state, OrderState::done) << report.reason << " " << report.detail;
  for (const auto& meter : meters) EXPECT_EQ(meter->line_speed(), 19'200U);
  EXPECT_EQ(line.baud, 19'200U);
  EXPECT_GT(line.readings_of_a_minute(), 30U);
  EXPECT_EQ(line.core->statistics().devices_answering, 3U);
}

TEST(GatewayPlaces, AModbusMeterAloneGetsANewParity) {
  OneLine line(device::modbus_rtu_line(), "modbus-three-phase-meter");
  const auto meter = meter_modbus(1);
  line.add("m1", "1", meter);
  line.begin();
  line.take("m1", "parity_change", {{"parity", "none"}});
  const auto reports = line.finish();
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].state, OrderState::done) << reports[0].reason << " " << reports[0].detail;
  EXPECT_EQ(meter->line_parity(), FieldParity::none);
  EXPECT_EQ(line.parity, FieldParity::none);
  EXPECT_EQ(line.baud, planned_baud);
  EXPECT_GT(line.readings_of_a_minute(), 10U);
}

TEST(GatewayPlaces, AWholeModbusLineChangesItsParity) {
  OneLine line(device::modbus_rtu_line(), "modbus-three-phase-meter");
  std::vector<std::shared_ptr<device::VirtualModbusDevice>> meters;
  for (std::uint8_t unit = 1; unit <= 3; ++unit) {
    meters.push_back(meter_modbus(unit));
    line.add("m" + std::to_string(unit), std::to_string(unit), meters.back());
  }
  line.begin();
  line.take("m1", "parity_change", {{"parity", "odd"}});
  EXPECT_EQ(line.finish().at(0).reason, "line_shared");
  for (std::uint8_t unit = 1; unit <= 3; ++unit)
    line.take("m" + std::to_string(unit), "parity_change", {{"parity", "odd"}, {"whole_line", "yes"}});
  const auto reports = line.finish(3);
  ASSERT_EQ(reports.size(), 3U);
  for (const auto& report : reports) EXPECT_EQ(report.state, OrderState::done) << report.reason << " " << report.detail;
  for (const auto& meter : meters) EXPECT_EQ(meter->line_parity(), FieldParity::odd);
  EXPECT_EQ(line.parity, FieldParity::odd);
  EXPECT_GT(line.readings_of_a_minute(), 30U);
  EXPECT_EQ(line.core->statistics().devices_answering, 3U);
}

TEST(GatewayPlaces, AWholeDlt698LineChangesItsSpeed) {
  OneLine line(device::dlt698_line(), "dlt698-three-phase");
  std::vector<std::shared_ptr<device::VirtualDlt698Meter>> meters;
  for (int i = 1; i <= 3; ++i) {
    const std::string address = "20261100000" + std::to_string(i);
    meters.push_back(meter_698(address));
    line.add("m" + std::to_string(i), address, meters.back());
  }
  line.begin();
  const std::vector<OrderArgument> whole{{"speed", "9600"}, {"whole_line", "yes"}};
  for (int i = 1; i <= 3; ++i) line.take("m" + std::to_string(i), "speed_change", whole, "00000000");
  const auto reports = line.finish(3);
  ASSERT_EQ(reports.size(), 3U);
  for (const auto& report : reports) EXPECT_EQ(report.state, OrderState::done) << report.reason << " " << report.detail;
  for (const auto& meter : meters) EXPECT_EQ(meter->line_speed(), 9'600U);
  EXPECT_EQ(line.baud, 9'600U);
  EXPECT_GT(line.readings_of_a_minute(), 30U);
}

TEST(GatewayPlaces, OneWrongPasswordTurnsAWholeDlt698LineBack) {
  OneLine line(device::dlt698_line(), "dlt698-three-phase");
  std::vector<std::shared_ptr<device::VirtualDlt698Meter>> meters;
  for (int i = 1; i <= 3; ++i) {
    const std::string address = "20261100000" + std::to_string(i);
    meters.push_back(meter_698(address));
    line.add("m" + std::to_string(i), address, meters.back());
  }
  line.begin();
  const std::vector<OrderArgument> whole{{"speed", "9600"}, {"whole_line", "yes"}};
  for (int i = 1; i <= 3; ++i)
    line.take("m" + std::to_string(i), "speed_change", whole, i == 3 ? "11111111" : "00000000");
  const auto reports = line.finish(3);
  ASSERT_EQ(reports.size(), 3U);
  EXPECT_EQ(reports[0].reason, "line_turned_back");
  EXPECT_EQ(reports[1].reason, "line_turned_back");
  EXPECT_EQ(reports[2].reason, "password_wrong");
  EXPECT_EQ(line.baud, planned_baud);
  for (const auto& meter : meters) EXPECT_TRUE(meter->line_speed() == 0 || meter->line_speed() == planned_baud);
  EXPECT_GT(line.readings_of_a_minute(), 30U);
}

TEST(GatewayPlaces, AModbusMeterThatHasNoSuchRegisterStaysWhereItIs) {
  OneLine line(device::modbus_rtu_line(), "modbus-three-phase-meter");
  line.add("a", "1",
           std::make_shared<device::VirtualModbusDevice>(device::ModbusDeviceOptions{.uid = "a", .unit = 1},
                                                         device::make_heat_station_behaviour({.seed = 1})));
  line.begin();
  line.take("a", "speed_change", {{"speed", "9600"}});
  const auto reports = line.finish();
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].state, OrderState::refused);
  EXPECT_EQ(reports[0].reason, "no_such_data");
  EXPECT_EQ(line.baud, planned_baud);
}

}  // namespace
}  // namespace duheng::gateway
