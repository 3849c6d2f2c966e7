#include "drivers/models/device_model.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <regex>
#include <set>
#include <sstream>

#include <nlohmann/json.hpp>

#include "base/config.hpp"

namespace duheng::drivers {
namespace {

const std::string source_directory = DUHENG_SOURCE_DIR;

// Holds every key there is.
constexpr std::string_view full = R"(model: test
title: { en: Test, zh-CN: 测试 }
manufacturer: nobody
protocol: dlt645_2007
proven: vectors
address_digits: 12
timing: { response_timeout_ms: 500, retries: 1, preamble_octets: 2 }
groups:
  - name: live
    interval_ms: 1000
    items:
      - register: voltage_b
        di: "0201FF00"
        element: 1
        unit: V
        exponent: -1
        range: { min: 0, max: 300.5 }
        rate_max_per_s: 50
        counts_up: false
      - { register: voltage_a, di: "0201FF00", element: 0 }
      - { register: energy_active_import_total, di: "00010000", counts_up: true }
zone_offset_minutes: 330
commands:
  - name: relay_trip
    title: { en: Trip, zh-CN: 拉闸 }
    danger: supply
    arguments:
      - { name: why, title: { en: Why, zh-CN: 原因 }, type: choice, choices: [{ value: debt, number: 3, title: { en: Debt, zh-CN: 欠费 } }], required: false, secret: true }
      - { name: count, title: { en: Count, zh-CN: 数 }, type: integer, unit: times, min: 1, max: 5 }
    operation: { does: relay, relay: trip, valid_for_ms: 60000, level: 4 }
    read_back:
      within_ms: 5000
      first_after_ms: 100
      items:
        - { register: status_word_3, di: "04000503", mask: "0010", value: "0010" }
  - { name: clock_set, title: { en: Set, zh-CN: 对时 }, operation: { does: clock_set } }
  - { name: clock_broadcast, title: { en: All, zh-CN: 广播 }, operation: { does: clock_broadcast } }
  - { name: event_reset, title: { en: Clear, zh-CN: 清零 }, danger: irreversible, operation: { does: clear_events, di: "FFFFFFFF" } }
parameters:
  - name: demand_period
    title: { en: Period, zh-CN: 周期 }
    danger: none
    item: { register: demand_period, di: "04000103" }
    value: { type: choice, choices: [{ value: short, number: 15, title: { en: Short, zh-CN: 短 } }, { value: long, number: 60, title: { en: Long, zh-CN: 长 } }] }
    write: { level: 2 }
  - { name: tariffs, title: { en: Tariffs, zh-CN: 费率数 }, item: { register: tariff_count, di: "04000204" } }
history:
  - name: load_profile
    title: { en: Profile, zh-CN: 曲线 }
    kind: profile
    interval_ms: 900000
    depth_days: 62
    fetch_interval_ms: 3600000
    records_max: 4
    record_class: 0
    items: [{ register: voltage_a }, { register: energy_active_import_total, unit: kWh }]
  - name: power_down
    title: { en: Down, zh-CN: 掉电 }
    kind: events
    depth_days: 62
    di: "03110001"
    items: [{ register: event_power_down, time_at: 0, code: 1 }]
clock:
  items: [{ register: clock_date, di: "04000101" }, { register: clock_time, di: "04000102" }]
  tolerance_ms: 1000
  broadcast_step_max_ms: 300000
  set_command: clock_set
  broadcast_command: clock_broadcast
  check_interval_ms: 3600000
)";

// Holds every further key that Modbus models have.
constexpr std::string_view full_modbus = R"(model: test
title: { en: Test, zh-CN: 测试 }
protocol: modbus_tcp
proven: bench
modbus: { registers_max: 100, bits_max: 16, gap_max: 2 }
groups:
  - name: live
    interval_ms: 1000
    interval_ms_min: 500
    interval_ms_max: 60000
    items:
      - { register: supply_temperature, table: input, address: 3, type: int16, octets_swapped: true, exponent: -2, no_value: -1 }
      - { register: energy_heat_total, address: 4, type: bcd, registers: 2, word_order: low_first, unit: kWh }
      - { register: alarm_bits, address: 6, type: bits, first_bit: 1, bit_count: 3 }
commands:
  - name: pump_start
    title: { en: Start, zh-CN: 启动 }
    operation: { does: write, table: coil, address: 0, value: 1, form: multiple }
    read_back: { items: [{ register: pump, table: coil, address: 0, value: "1" }] }
  - name: speed_change
    title: { en: Speed, zh-CN: 速率 }
    arguments: [{ name: speed, title: { en: Speed, zh-CN: 速率 }, type: integer }]
    operation: { does: change_speed, address: 20, codes: [{ speed: 2400, code: 1 }, { speed: 9600, code: 3 }] }
  - name: parity_change
    title: { en: Parity, zh-CN: 校验 }
    arguments:
      - { name: parity, title: { en: Parity, zh-CN: 校验 }, type: choice, choices: [{ value: none, number: 0, title: { en: none, zh-CN: 无 } }, { value: even, number: 1, title: { en: even, zh-CN: 偶 } }] }
    operation: { does: change_parity, address: 21, codes: [{ parity: none, code: 0 }, { parity: even, code: 1 }] }
  - name: level_set
    title: { en: Level, zh-CN: 液位 }
    arguments: [{ name: level, title: { en: Level, zh-CN: 液位 }, type: decimal, min: 0, max: 9.5 }]
    operation: { does: write, address: 9, value: 7 }
    read_back: { items: [{ register: level, address: 10, exponent: -1, argument: level, only_shown: false }] }
processing:
  - { from: supply_temperature, into: supply_smooth, unit: degC, exponent: -2, gain: 1.5, offset: -3, fail_below: -40, fail_above: 150, filter: { kind: mean, window: 3 }, dead_band: 0.1 }
  - { from: supply_temperature, into: supply_share, exponent: -3, line: { from_low: 4, from_high: 20, to_low: 0, to_high: 1 }, filter: { kind: first_order, coefficient: 0.25 } }
sensors:
  - { register: supply_temperature, quantity: temperature, accuracy_class: B, range: { min: 0, max: 150, unit: degC }, protection: IP65 }
)";

// Events whose parts are asked for one by one.
constexpr std::string_view full_groups = R"(model: test
title: { en: Test, zh-CN: 测试 }
protocol: dlt645_2007
proven: bench
groups:
  - name: live
    interval_ms: 1000
    items: [{ register: voltage_a, di: "02010100" }]
history:
  - name: loss_of_voltage
    title: { en: Lost, zh-CN: 失压 }
    kind: events
    depth_days: 62
    di: "10010101"
    items: [{ register: event_loss_of_voltage_a, part: "01", code: 1 }, { register: voltage_then, part: "0A" }]
)";

// What SNMP and ICMP models have.
constexpr std::string_view full_snmp = R"(model: test
title: { en: Test, zh-CN: 测试 }
protocol: snmp
proven: bench
groups:
  - name: health
    interval_ms: 1000
    items:
      - { register: processor_load, oid: "1.3.6.1.2.1.25.3.3.1.2", next: true, unit: "%" }
)";
constexpr std::string_view full_icmp = R"(model: test
title: { en: Test, zh-CN: 测试 }
protocol: icmp_echo
proven: bench
groups:
  - name: reach
    interval_ms: 1000
    items:
      - { register: round_trip, measure: round_trip, unit: ms, exponent: -3 }
)";

constexpr std::string_view full_cjt188 = R"(model: test
title: { en: Test, zh-CN: 测试 }
protocol: cjt188
proven: vectors
address_digits: 14
cjt188: { meter_type: "20", profile: standard_2004 }
groups:
  - name: metering
    interval_ms: 1000
    items:
      - { register: energy_heat_total, di: "901F", unit: kWh, exponent: -2 }
parameters:
  - { name: settlement_day, title: { en: Day, zh-CN: 结算日 }, item: { register: settlement_day, di: "8103" }, write: { di: A011 } }
history:
  - { name: months, title: { en: Months, zh-CN: 月结算 }, kind: monthly_freeze, depth_days: 366, items: [{ register: energy_heat_total, unit: kWh, exponent: -2 }] }
  - { name: event_log, title: { en: Log, zh-CN: 记录 }, kind: events, di: "E100", depth_days: 3660, items: [{ register: event_magnetic_field, event: 14, code: 1 }] }
)";

constexpr std::string_view full_dlt698 = R"(model: test
title: { en: Test, zh-CN: 测试 }
protocol: dlt698_45
proven: vectors
dlt698: { objects_max: 4 }
groups:
  - name: live
    interval_ms: 1000
    items:
      - { register: voltage_b, oad: "20000200", element: 1 }
commands:
  - name: relay_trip
    title: { en: Trip, zh-CN: 拉闸 }
    operation: { does: trip, relay: "F2050201", alarm_minutes: 1, limit_minutes: 2, closes_itself: true, password: false }
history:
  - { name: days, title: { en: Days, zh-CN: 日冻结 }, kind: daily_freeze, table: "50040200", depth_days: 366, items: [{ register: energy_active_import_total, oad: "00100201" }] }
)";

std::string replaced(std::string_view what, std::string_view with) {
  std::string text(full);
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}
std::string error_of(const std::string& text) {
  const auto model = parse_device_model(text, "test.yaml");
  return model ? "" : model.error().message;
}

TEST(DeviceModel, ReadsEverything) {
  const auto model = parse_device_model(full, "folder/test.yaml");
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(model->title_chinese, "测试");
  EXPECT_EQ(model->response_timeout_ms, 500);
  ASSERT_EQ(model->groups.size(), 1U);
  const auto& group = model->groups[0];
  ASSERT_EQ(group.questions.size(), 2U);  // both voltages come in one answer
  ASSERT_EQ(group.questions[0].items.size(), 2U);
  const auto& voltage = group.questions[0].items[0];
  EXPECT_EQ(voltage.as_register(), (Register{"voltage_b", "V", -1, SeriesKind::decimal}));
  EXPECT_EQ(*voltage.rule.maximum, 3'005);
  EXPECT_EQ(*voltage.rule.rate_max_per_s, (Decimal{50, 0}));
  EXPECT_TRUE(group.questions[1].items[0].rule.counts_up);
  EXPECT_EQ(group.questions[0].items[0].register_slot, 0);
  EXPECT_EQ(model->zone_offset_minutes, 330);
  // voltage_b, voltage_a, energy, status word, demand period, tariff count, event, two of the clock.
  EXPECT_EQ(model->register_count, 9);
}

TEST(DeviceModel, EveryRefusalNamesFileLineAndReason) {
  const auto expect = [](std::string_view what, std::string_view with, const std::string& error) {
    EXPECT_EQ(error_of(replaced(what, with)), error);
  };
  expect("model: test", "model: other", "test.yaml:1: 'model' is 'other', but the file is called 'test.yaml'");
  expect("protocol: dlt645_2007", "protocol: morse",
         "test.yaml:4: 'protocol' must be one of: cjt188, dlt645_2007, dlt698_45, icmp_echo, modbus_ascii, modbus_rtu, "
         "modbus_tcp, snmp");
  expect("interval_ms: 1000", "interval_ms: 1",
         "test.yaml:10: 'interval_ms' must be a whole number from 100 to 2678400000");
  expect("di: \"0201FF00\"", "di: \"02ZZ\"", "test.yaml:13: 'di' must be eight hexadecimal digits, DI3 first");
  expect("di: \"0201FF00\"", "di: \"02EE0000\"", "test.yaml:13: 'di' is not in the protocol's table");
  expect("element: 1", "element: 7", "test.yaml:14: 'element' is beyond the block's last");
  expect("unit: V", "unit: kV", "test.yaml:15: 'unit' is 'kV', but the protocol's table has 'V'");
  expect("exponent: -1", "exponent: 0", "test.yaml:16: 'exponent' is 0, but the protocol's table has -1");
  expect("register: voltage_b", "register: voltage_c",
         "test.yaml:12: 'register' is 'voltage_c', but this place of the data identifier is 'voltage_b'");
  expect("max: 300.5", "max: 300.55", "test.yaml:17: 'max' is finer than the register, whose last digit is 10^-1");
  expect("min: 0", "min: 301", "test.yaml:17: 'range' has its min above its max");
  expect("rate_max_per_s: 50", "rate_max_per_s: 0", "test.yaml:18: 'rate_max_per_s' must be above 0");
  expect("rate_max_per_s: 50", "rate_max_per_s: fast", "test.yaml:18: 'rate_max_per_s' must be a number");
  expect("counts_up: false", "count_up: false", "test.yaml:19: unknown key 'count_up'");
  expect("register: voltage_a, di: \"0201FF00\", element: 0", "register: voltage_b, di: \"0201FF00\", element: 1",
         "test.yaml:20: 'register' reads the same place of the answer twice");
  expect("di: \"00010000\", counts_up: true", "di: \"04000403\"",
         "test.yaml:21: 'di' holds text or raw octets, which no register can hold");
  expect("di: \"00010000\", counts_up: true", "di: \"01010000\"",
         "test.yaml:21: 'di' has several fields in one item, which no register can hold");
  EXPECT_EQ(error_of("model: ["), parse_device_model("model: [", "test.yaml").error().message);
  EXPECT_NE(error_of(""), "");
}

TEST(DeviceModel, RefusesWrongOperationsByFileLineAndReason) {
  const auto expect = [](std::string_view what, std::string_view with, const std::string& error) {
    EXPECT_EQ(error_of(replaced(what, with)), error);
  };
  expect(
      "{ does: clear_events, di: \"FFFFFFFF\" }", "{ does: dance }",
      "test.yaml:38: 'does' must be one of: relay, clock_set, clock_broadcast, freeze, freeze_broadcast, clear_demand, "
      "clear_meter, clear_events, change_password, "
      "change_speed, change_speed_bcd, write_address");
  expect("valid_for_ms: 60000", "valid_for_ms: 1",
         "test.yaml:30: 'valid_for_ms' must be a whole number from 1000 to 86400000");
  expect("name: clock_broadcast", "name: relay_trip", "test.yaml:37: 'name' stands above already");
  expect("mask: \"0010\", value: \"0010\"", "mask: \"0010\", value: \"0030\"",
         "test.yaml:35: 'value' has bits that the mask leaves out");
  expect("mask: \"0010\", value: \"0010\"", "argument: nothing",
         "test.yaml:35: 'argument' is none of the command's arguments");
  expect("mask: \"0010\", value: \"0010\"", "only_shown: true",
         "test.yaml:35: 'items' compares nothing: whatever is read back would be right");
  expect("mask: \"0010\", value: \"0010\"", "value: up", "test.yaml:35: 'value' must be hexadecimal digits");
  expect("type: integer, unit: times", "type: choice, unit: times",
         "test.yaml:29: 'choices' must be given for the type choice, and for no other");
  expect("di: \"04000204\" } }", "di: \"04000403\" } }",
         "test.yaml:46: 'di' holds text or raw octets, which no register can hold");
  expect("item: { register: demand_period, di: \"04000103\" }",
         "item: { register: zone_table_switch_time, di: \"04000106\", element: 1 }",
         "test.yaml:43: 'element' is beyond the block's last");
  expect("register: voltage_a }, { register: energy_active_import_total, unit: kWh }", "register: colour }",
         "test.yaml:56: 'register' is no part of a load record");
  expect("    interval_ms: 900000\n", "",
         "test.yaml:48: 'interval_ms' must be given for the kind profile, and for no other");
  expect("di: \"03110001\"", "di: \"03110002\"",
         "test.yaml:61: 'di' must be eight hexadecimal digits, DI3 first, of the last record: it ends in 01");
  expect("di: \"03110001\"", "di: \"00010001\"", "test.yaml:61: 'di' is no event record");
  expect("set_command: clock_set", "set_command: clock_get",
         "test.yaml:67: 'set_command' is none of the model's commands");
  expect("  broadcast_command: clock_broadcast\n", "",
         "test.yaml:64: 'broadcast_command' and broadcast_step_max_ms belong together");
  expect("[{ register: clock_date, di: \"04000101\" }, ", "[",
         "test.yaml:64: 'items' must be clock, or clock_date and clock_time");
}

TEST(DeviceModel, ReadsWhatIsMadeOfValuesAndWhatPlatesSay) {
  const auto model = parse_device_model(full_modbus, "test.yaml");
  ASSERT_TRUE(model) << model.error().message;
  ASSERT_EQ(model->processing.size(), 2U);
  EXPECT_EQ(model->processing[0].gain, (Decimal{15, -1}));
  EXPECT_EQ(model->processing[0].window, 3U);
  EXPECT_EQ(model->processing[1].coefficient.denominator, 100);
  ASSERT_EQ(model->sensors.size(), 1U);
  EXPECT_EQ(model->sensors[0].range_high, (Decimal{150, 0}));
  const auto error_with = [](std::string_view what, std::string_view with) {
    std::string text(full_modbus);
    text.replace(text.find(what), what.size(), with);
    const auto wrong = parse_device_model(text, "test.yaml");
    return wrong ? std::string() : wrong.error().message;
  };
  EXPECT_EQ(error_with("from: supply_temperature, into: supply_smooth", "from: nothing, into: supply_smooth"),
            "test.yaml:35: 'from' is no register that the model reads");
  EXPECT_EQ(error_with("into: supply_smooth", "into: energy_heat_total"),
            "test.yaml:35: 'into' is a register that the model reads");
  EXPECT_EQ(error_with("into: supply_share", "into: supply_smooth"), "test.yaml:36: 'into' stands above already");
  EXPECT_EQ(error_with("register: supply_temperature, quantity", "register: nothing, quantity"),
            "test.yaml:38: 'register' is none that the model reads");
}

TEST(DeviceModel, ShippedModelsLoadAndCoverWhatTheProductPromises) {
  const auto library = ModelLibrary::load(source_directory + "/models");
  ASSERT_TRUE(library);
  for (const auto& error : library->errors()) ADD_FAILURE() << error.message;
  const std::vector<std::string> everywhere{"energy_active_import_total",
                                            "energy_active_export_total",
                                            "voltage_a",
                                            "current_a",
                                            "power_active_total",
                                            "power_factor_total",
                                            "frequency",
                                            "clock_date",
                                            "clock_time",
                                            "status_word_3"};
  for (const char* id : {"dlt645-2007-single-phase", "dlt645-2007-three-phase"}) {
    const auto model = library->find(id);
    ASSERT_TRUE(model) << id;
    std::set<std::string> names;
    for (const auto& group : model->groups)
      for (const auto& question : group.questions)
        for (const auto& item : question.items) names.insert(item.register_name);
    for (const auto& name : everywhere) EXPECT_TRUE(names.contains(name)) << id << " " << name;
    EXPECT_LE(names.size(), model->register_count);
  }
  EXPECT_FALSE(library->find("no-such-model"));
}

TEST(ModelLibrary, LeavesOutABadFileAndKeepsTheOthers) {
  std::string name = (std::filesystem::temp_directory_path() / "duheng-models-XXXXXX").string();
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  std::ofstream(name + "/test.yaml") << full;
  std::ofstream(name + "/bad.yaml") << "model: bad\ngroups: 7\n";
  std::ofstream(name + "/note.txt") << "not a model";
  const auto library = ModelLibrary::load(name);
  ASSERT_TRUE(library);
  EXPECT_EQ(library->ids(), std::vector<std::string>{"test"});
  ASSERT_EQ(library->errors().size(), 1U);
  EXPECT_NE(library->errors()[0].message.find("bad.yaml:"), std::string::npos) << library->errors()[0].message;
  std::filesystem::remove_all(name);
  EXPECT_EQ(ModelLibrary::load(name).error().code, ErrorCode::not_found);
}

/// All keys with their paths; what is defined once and used often is followed where it is used.
void schema_paths(const nlohmann::json& schema, const nlohmann::json& node, const std::string& prefix,
                  std::set<std::string>& out) {
  if (node.contains("$ref")) {
    const std::string where = node["$ref"];
    ASSERT_TRUE(where.starts_with("#/$defs/")) << where;
    schema_paths(schema, schema["$defs"][where.substr(8)], prefix, out);
  }
  if (node.contains("properties"))
    for (const auto& [key, child] : node["properties"].items()) {
      const std::string path = prefix.empty() ? key : prefix + "." + key;
      out.insert(path);
      schema_paths(schema, child, path, out);
    }
  if (node.contains("items")) schema_paths(schema, node["items"], prefix + "[]", out);
}
std::string last_of(const std::string& path) { return path.substr(path.find_last_of('.') + 1); }

TEST(DeviceModel, WrongPartsOfEventsAreRefusedWithFileLineAndReason) {
  const auto error_with = [](std::string_view what, std::string_view with) {
    std::string text(full_groups);
    text.replace(text.find(what), what.size(), with);
    return error_of(text);
  };
  constexpr std::string_view of_part =
      "test.yaml:15: 'part' must be two hexadecimal digits, DI1 of a part that events of this group have";
  EXPECT_EQ(error_with("part: \"0A\"", "part: \"36\""), of_part);
  EXPECT_EQ(error_with("part: \"0A\"", "part: \"00\""), of_part);
  EXPECT_EQ(error_with("part: \"0A\"", "part: \"0\""), of_part);
  EXPECT_EQ(error_with("part: \"0A\"", "part: \"0A\", unit: kWh"),
            "test.yaml:15: 'unit' is 'kWh', but the protocol's table has 'V'");
  EXPECT_EQ(error_with("10010101", "10010201"),
            "test.yaml:14: 'di' must name the beginning of the last event, e.g. 10010101, or 14000101 where it has no "
            "phase");
  EXPECT_NE(error_with("10010101", "14010101"), "");
}

TEST(ModelSchema, NamesExactlyTheKeysTheLoaderTakes) {
  std::ifstream in(source_directory + "/models/model.schema.json");
  const auto schema = nlohmann::json::parse(in);
  std::set<std::string> paths;
  schema_paths(schema, schema, "", paths);
  // Everything in the schema stands in `full`, which the strict loader takes ...
  std::set<std::string> schema_keys;
  for (const auto& path : paths) {
    schema_keys.insert(last_of(path));
    EXPECT_NE((std::string(full) + std::string(full_modbus) + std::string(full_cjt188) + std::string(full_dlt698) +
               std::string(full_snmp) + std::string(full_icmp) + std::string(full_groups))
                  .find(last_of(path) + ":"),
              std::string::npos)
        << path << " is not tried by this test";
  }
  ASSERT_EQ(error_of(std::string(full)), "");
  ASSERT_EQ(error_of(std::string(full_modbus)), "");
  ASSERT_EQ(error_of(std::string(full_cjt188)), "");
  ASSERT_EQ(error_of(std::string(full_dlt698)), "");
  ASSERT_EQ(error_of(std::string(full_snmp)), "");
  ASSERT_EQ(error_of(std::string(full_icmp)), "");
  ASSERT_EQ(error_of(std::string(full_groups)), "");
  // ... and every key that the loader's source asks for stands in the schema.
  std::stringstream text;
  for (const char* folder : {"models", "cjt188", "dlt645", "dlt698", "icmp", "modbus"}) {
    for (const auto& entry : std::filesystem::directory_iterator(source_directory + "/src/drivers/" + folder)) {
      const std::string name = entry.path().filename();
      if (name.ends_with("_test.cpp") || !name.ends_with(".cpp")) continue;
      std::ifstream source(entry.path());
      text << source.rdbuf();
    }
  }
  const std::string code = text.str();
  const std::regex asked(
      R"re((?:(?:node|root|item|items\[[i0]\]|range|model|limits|title|timing|settings|write|command)\.(?:text|integer|choice|number|flag|section|items|has)\(|(?:limit_of|read_name|read_decimal|read_hexadecimal|read_command_name|list_of)\((?:reader, )?[a-z.]+, )"([^"]+)")re");
  std::set<std::string> code_keys;
  for (std::sregex_iterator match(code.begin(), code.end(), asked), end; match != end; ++match)
    code_keys.insert((*match)[1]);
  EXPECT_GE(code_keys.size(), 60U);
  for (const auto& key : code_keys) EXPECT_TRUE(schema_keys.contains(key)) << key << " is missing in the schema";
}

}  // namespace
}  // namespace duheng::drivers
