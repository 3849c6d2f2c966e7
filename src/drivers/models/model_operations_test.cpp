#include "drivers/models/model_operations.hpp"

#include <gtest/gtest.h>

#include "drivers/models/device_model.hpp"

namespace duheng::drivers {
namespace {

constexpr std::string_view meter = R"(model: test
title: { en: Test, zh-CN: 测试 }
protocol: dlt645_2007
proven: vectors
groups:
  - { name: live, interval_ms: 1000, items: [{ register: voltage_a, di: "02010100" }] }
commands:
  - name: relay_trip
    title: { en: Trip, zh-CN: 拉闸 }
    operation: { does: relay, relay: trip }
    read_back: { items: [{ register: status_word_3, di: "04000503", mask: "0050", value: "0010" }] }
parameters:
  - name: demand_period
    title: { en: Period, zh-CN: 周期 }
    item: { register: demand_period, di: "04000103" }
    value: { type: choice, choices: [{ value: short, number: 15, title: { en: S, zh-CN: 短 } }, { value: long, number: 60, title: { en: L, zh-CN: 长 } }] }
    write: {}
  - name: voltage_limit_upper
    title: { en: Limit, zh-CN: 上限 }
    item: { register: voltage_limit_upper, di: "04000E03" }
    value: { min: 0, max: 300 }
    write: {}
clock:
  items: [{ register: clock_date, di: "04000101" }, { register: clock_time, di: "04000102" }]
)";
DeviceModel model_of(std::string_view text) {
  auto model = parse_device_model(text, "test.yaml");
  EXPECT_TRUE(model) << model.error().message;
  return std::move(*model);
}
OperationInputs inputs_of(std::map<std::string, std::string, std::less<>> arguments) {
  OperationInputs inputs;
  inputs.arguments = std::move(arguments);
  inputs.password = "123456";
  return inputs;
}

TEST(ModelArgument, TakesWhatFitsAndRefusesTheRest) {
  ModelArgument argument;
  argument.name = "x";
  argument.minimum = Decimal{5, -1};
  argument.maximum = Decimal{20, 0};
  const auto takes = [&](ArgumentType type, std::string_view text) {
    argument.type = type;
    return check_argument(argument, text).has_value();
  };
  EXPECT_TRUE(takes(ArgumentType::decimal, "0.5"));
  EXPECT_TRUE(takes(ArgumentType::decimal, "20.000"));
  EXPECT_FALSE(takes(ArgumentType::decimal, "0.4999"));
  EXPECT_FALSE(takes(ArgumentType::decimal, "20.1"));
  EXPECT_FALSE(takes(ArgumentType::decimal, "1e1"));
  EXPECT_FALSE(takes(ArgumentType::decimal, "9223372036854775807"));
  EXPECT_FALSE(takes(ArgumentType::decimal, "-9223372036854775807"));
  EXPECT_TRUE(takes(ArgumentType::integer, "20"));
  EXPECT_FALSE(takes(ArgumentType::integer, "7.0"));
  EXPECT_TRUE(takes(ArgumentType::text, "a"));
  EXPECT_FALSE(takes(ArgumentType::text, ""));
  EXPECT_FALSE(takes(ArgumentType::text, std::string(21, 'a')));
  EXPECT_TRUE(takes(ArgumentType::time, "2024-02-29T23:59:59"));
  EXPECT_FALSE(takes(ArgumentType::time, "2023-02-29T00:00:00"));
  EXPECT_FALSE(takes(ArgumentType::time, "2024-02-29 23:59:59"));
  EXPECT_FALSE(takes(ArgumentType::choice, "a"));
}

TEST(ModelCommand, RefusesMissingUnknownAndWrongArguments) {
  const auto model = model_of(meter);
  const auto* period = find_parameter(model, "demand_period");
  ASSERT_NE(period, nullptr);
  const std::vector arguments{period->value};
  EXPECT_EQ(check_arguments(arguments, inputs_of({})).error().message, "argument 'value' is missing");
  EXPECT_EQ(check_arguments(arguments, inputs_of({{"value", "long"}, {"more", "1"}})).error().message,
            "there is no argument 'more'");
  EXPECT_EQ(check_arguments(arguments, inputs_of({{"value", "15"}})).error().message,
            "argument 'value' is none of its choices");
  EXPECT_TRUE(check_arguments(arguments, inputs_of({{"value", "short"}})));
  EXPECT_FALSE(period->write->build(inputs_of({{"value", "15"}})));
}

TEST(ModelParameter, WritesAChoiceAsItsNumberAndKnowsWhatMustComeBack) {
  const auto model = model_of(meter);
  const auto* period = find_parameter(model, "demand_period");
  const auto written = period->write->build(inputs_of({{"value", "long"}}));
  ASSERT_TRUE(written) << written.error().message;
  ASSERT_EQ(written->size(), 1U);
  EXPECT_EQ((*written)[0].body.back(), 0x60);
  const auto& item = period->question.items.at(period->item);
  EXPECT_EQ(*expected_mantissa(period->value, item, "long"), 60);
  const auto* limit = find_parameter(model, "voltage_limit_upper");
  const auto& volts = limit->question.items.at(limit->item);
  EXPECT_EQ(limit->value.unit, "V");
  EXPECT_EQ(*expected_mantissa(limit->value, volts, "253"), 2'530);
  EXPECT_FALSE(expected_mantissa(limit->value, volts, "253.05"));
  EXPECT_FALSE(expected_mantissa(limit->value, volts, "301"));
}

TEST(ReadBack, HoldsOnlyWhenEveryExpectationDoes) {
  const auto model = model_of(meter);
  const auto* trip = find_command(model, "relay_trip");
  ASSERT_TRUE(trip->read_back);
  const auto held = [&](std::vector<ItemValue> values) { return *holds(*trip->read_back, {}, {}, values); };
  EXPECT_TRUE(held({{0, ItemState::good, 0x0012, 0, {}}}));   // bit 1 is not looked at
  EXPECT_FALSE(held({{0, ItemState::good, 0x0052, 0, {}}}));  // bit 6 is
  EXPECT_FALSE(held({{0, ItemState::invalid, 0x0010, 0, {}}}));
  EXPECT_FALSE(held({}));
}

TEST(ReadBack, WhatIsOnlyShownIsReadAndNotCompared) {
  const auto gas = load_device_model(std::string(DUHENG_SOURCE_DIR) + "/models/cjt188-gas-valve.yaml");
  ASSERT_TRUE(gas) << gas.error().message;
  const auto* close = find_command(*gas, "valve_close");
  ASSERT_TRUE(close->read_back);
  EXPECT_EQ(close->read_back->question.items.size(), 2U);
  ASSERT_EQ(close->read_back->expectations.size(), 1U);
  const auto held = [&](std::int64_t word, std::int64_t volume) {
    return *holds(*close->read_back, {}, {},
                  std::vector<ItemValue>{{0, ItemState::good, word, 0, {}}, {1, ItemState::good, volume, -2, {}}});
  };
  EXPECT_TRUE(held(0x0201, 0));
  EXPECT_TRUE(held(0x0201, 12'345));
  EXPECT_FALSE(held(0x0200, 12'345));
}

TEST(ReadBack, ComparesWithAnArgumentWhateverTheExponent) {
  ModelArgument argument;
  argument.name = "level";
  argument.type = ArgumentType::decimal;
  ReadBack read_back;
  read_back.question.items.push_back({"level", "m", -2, SeriesKind::decimal, 0, {}});
  read_back.expectations.push_back({0, UINT64_MAX, 0, "level"});
  const auto held = [&](std::string text, ItemValue value) {
    return holds(read_back, std::vector{argument}, inputs_of({{"level", std::move(text)}}), std::vector{value});
  };
  EXPECT_TRUE(*held("1.5", {0, ItemState::good, 150, -2, {}}));
  EXPECT_TRUE(*held("1.5", {0, ItemState::good, 1'500, -3, {}}));
  EXPECT_FALSE(*held("1.5", {0, ItemState::good, 151, -2, {}}));
  EXPECT_EQ(held("1.555", {0, ItemState::good, 150, -2, {}}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(holds(read_back, {}, {}, std::vector<ItemValue>{{0, ItemState::good, 1, 0, {}}}).error().code,
            ErrorCode::invalid_argument);
}

TEST(ModelClock, TellsTheMomentFromDateAndTime) {
  const auto model = model_of(meter);
  ASSERT_TRUE(model.clock);
  const auto at = [&](std::int64_t date, std::int64_t time) {
    return device_utc_ms(*model.clock, std::vector<ClockPart>{{0, 0, date}, {1, 0, time}}, 480);
  };
  EXPECT_EQ(at(24'022'904, 120'000), 1'709'179'200'000);  // 2024-02-29T12:00:00+08:00
  EXPECT_FALSE(at(23'022'904, 120'000));                  // no such day
  EXPECT_FALSE(at(24'022'904, 246'000));
  EXPECT_FALSE(at(-1, 120'000));
  // Between the two answers the day may have changed.
  EXPECT_FALSE(at(24'022'904, 235'930));
  EXPECT_FALSE(at(24'022'904, 30));
  EXPECT_TRUE(at(24'022'904, 100));
  EXPECT_FALSE(device_utc_ms(*model.clock, std::vector<ClockPart>{{0, 0, 24'022'904}}, 480));
  EXPECT_FALSE(device_utc_ms(*model.clock, std::vector<ClockPart>{{7, 0, 1}}, 480));
}

TEST(ModelClock, TellsTheMomentFromOneRegister) {
  ModelClock clock;
  clock.questions.push_back({{}, nullptr, {{"clock", "", 0, SeriesKind::event, 0, {}}}});
  const auto at = [&](std::int64_t digits) { return device_utc_ms(clock, std::vector<ClockPart>{{0, 0, digits}}, 0); };
  EXPECT_EQ(at(20'240'229'235'959), 1'709'251'199'000);
  EXPECT_FALSE(at(20'240'230'000'000));
  EXPECT_FALSE(at(19'990'101'000'000));
  EXPECT_FALSE(at(INT64_MAX));
}

TEST(DeviceModelLookup, FindsRegistersOfGroupsParametersAndClock) {
  const auto model = model_of(meter);
  for (const char* name : {"voltage_a", "demand_period", "clock_time"}) {
    const auto place = find_register(model, name);
    ASSERT_TRUE(place) << name;
    EXPECT_EQ(place->question->items.at(place->item).register_name, name);
    EXPECT_LT(place->question->items.at(place->item).register_slot, model.register_count);
  }
  EXPECT_FALSE(find_register(model, "status_word_3"));  // asked for after a command only
  EXPECT_EQ(find_command(model, "dance"), nullptr);
  EXPECT_EQ(find_history(model, "load_profile"), nullptr);
}

TEST(DeviceModelItem, OneItemForTheRegisterBrowser) {
  const auto model = model_of(meter);
  const auto item = parse_item(model, R"({ di: "00010000" })");
  ASSERT_TRUE(item) << item.error().message;
  EXPECT_EQ(item->items.at(0).as_register(), (Register{"energy_active_import_total", "kWh", -2, SeriesKind::decimal}));
  EXPECT_EQ(item->items.at(0).register_slot, ModelItem::no_slot);
  EXPECT_EQ(item->query.subject, 0x00010000U);
  EXPECT_EQ(parse_item(model, R"({ di: "FFFFFFFF" })").error().message, "item:1: 'di' is not in the protocol's table");
  EXPECT_EQ(parse_item(model, R"({ di: "00010000", colour: red })").error().message, "item:1: unknown key 'colour'");
  EXPECT_FALSE(parse_item(model, "- 1"));
  EXPECT_EQ(parse_item(model, std::string(5'000, ' ')).error().code, ErrorCode::limit_exceeded);
}

TEST(DeviceModelItem, KnowsTheModelsOwnSettings) {
  const auto water = model_of(R"(model: test
title: { en: Test, zh-CN: 测试 }
protocol: cjt188
proven: vectors
cjt188: { meter_type: "10", profile: standard_2018 }
groups: [{ name: live, interval_ms: 1000, items: [{ register: volume_total }] }]
)");
  const auto item = parse_item(water, "{ register: volume_settlement, di: D121, unit: m3, exponent: -2 }");
  ASSERT_TRUE(item) << item.error().message;
  EXPECT_EQ(item->query.operation, 0x1001);
  EXPECT_EQ(item->query.subject & 0xFFFF, 0xD121U);
}

}  // namespace
}  // namespace duheng::drivers
