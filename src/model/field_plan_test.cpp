#include "model/field_plan.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace duheng {
namespace {

FieldPlan example() {
  FieldPlan plan;
  plan.version = 7;
  plan.channels = {{"serial-1", FieldSerial{"/dev/ttyS1", 9'600, 8, FieldParity::even, 1}},
                   {"b-tcp", FieldTcp{"10.0.0.8", 4'001}},
                   {"a-udp", FieldUdp{"meter.example", 5'000}}};
  plan.devices = {{"meter-2", "dlt645-2007-three-phase", "000000000002", "b-tcp"},
                  {"meter-1", "cjt188-water-cold", "11111111111111", "serial-1"}};
  plan.sort();
  return plan;
}

/// No hash anybody should use; another for other octets is all these tests need.
FieldPlanHash toy_hash(ByteView octets) {
  std::uint64_t sum = 1'469'598'103'934'665'603ULL;
  for (const auto octet : octets) sum = (sum ^ octet) * 1'099'511'628'211ULL;
  FieldPlanHash out{};
  for (int i = 0; i < 8; ++i) out[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(sum >> (8 * i));
  return out;
}

TEST(FieldPlan, CanonicalOctetsAreTheSameForEver) {
  const auto plan = example();
  const auto octets = encode_field_plan(plan);
  // Written by hand from the format: a plan of today must keep its hash in every later release.
  EXPECT_EQ(to_hex(octets),
            "4448465001"  // DHFP, format 1
            "0703"        // plan 7, three channels
            "05612D75647001"
            "0D6D657465722E6578616D706C65"
            "8813"  // a-udp
            "05622D74637000"
            "0831302E302E302E38"
            "A10F"  // b-tcp
            "0873657269616C2D3102"
            "0A2F6465762F7474795331"
            "804B080101"  // serial-1, 9600 8E1
            "02"          // two devices
            "076D657465722D31"
            "11636A743138382D77617465722D636F6C64"
            "0E3131313131313131313131313131"
            "0873657269616C2D31"
            "076D657465722D32"
            "17646C743634352D323030372D74687265652D7068617365"
            "0C303030303030303030303032"
            "05622D746370");
  const auto back = parse_field_plan(octets);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, plan);
}

TEST(FieldPlan, OctetsThatAreNotCanonicalAreRefused) {
  const auto octets = encode_field_plan(example());
  for (std::size_t size = 0; size < octets.size(); ++size)
    EXPECT_FALSE(parse_field_plan(ByteView(octets).first(size))) << size;
  Bytes longer = octets;
  longer.push_back(0);
  EXPECT_FALSE(parse_field_plan(longer));
  Bytes later = octets;
  later[4] = 4;
  EXPECT_EQ(parse_field_plan(later).error().code, ErrorCode::unsupported);
  // The plan's number in two octets where one is enough.
  Bytes wide = octets;
  wide[5] = 0x87;
  wide.insert(wide.begin() + 6, 0x00);
  EXPECT_EQ(parse_field_plan(wide).error().code, ErrorCode::malformed);
}

TEST(FieldPlan, SaysWhatIsWrong) {
  auto plan = example();
  std::swap(plan.devices[0], plan.devices[1]);
  EXPECT_NE(check_field_plan(plan).error().message.find("meter-1"), std::string::npos);
  plan = example();
  plan.devices.push_back(plan.devices.back());
  EXPECT_FALSE(check_field_plan(plan));
  plan = example();
  plan.devices[0].address.clear();
  EXPECT_FALSE(check_field_plan(plan));
  plan = example();
  plan.devices[0].uid = "a\nb";
  EXPECT_FALSE(check_field_plan(plan));
  plan = example();
  std::get<FieldTcp>(plan.channels[1].way).port = 0;
  EXPECT_FALSE(check_field_plan(plan));
  plan = example();
  std::get<FieldSerial>(plan.channels[2].way).stop_bits = 3;
  EXPECT_FALSE(check_field_plan(plan));
}

TEST(FieldPlan, ACarrierModuleTravelsWithItsChannel) {
  auto plan = example();
  plan.channels[1].carrier = FieldCarrier{FieldCarrierKind::radio, "000000000001"};
  ASSERT_TRUE(std::holds_alternative<FieldTcp>(plan.channels[1].way));
  ASSERT_TRUE(check_field_plan(plan));
  const auto octets = encode_field_plan(plan);
  EXPECT_NE(octets, encode_field_plan(example()));
  EXPECT_EQ(parse_field_plan(octets).value(), plan);
  plan.channels[1].carrier->main_node = "1234567890123";
  EXPECT_FALSE(check_field_plan(plan));
  plan.channels[1].carrier->main_node = "12A";
  EXPECT_FALSE(check_field_plan(plan));
  plan = example();
  for (auto& channel : plan.channels)
    if (std::holds_alternative<FieldUdp>(channel.way)) channel.carrier.emplace();
  EXPECT_FALSE(check_field_plan(plan));
}

FieldPlan with_derivation() {
  FieldPlan plan;
  plan.version = 1;
  plan.rules = {{"m", "t2", "{}"}};
  plan.sums.resize(1);
  plan.sums[0].uid = "s";
  plan.sums[0].register_name = "e";
  plan.sums[0].exponent = -2;
  plan.sums[0].channel = "c";
  plan.sums[0].members = {"a", "b"};
  return plan;
}

TEST(FieldPlan, RulesAndSumsHaveCanonicalOctetsOfTheirOwn) {
  const auto plan = with_derivation();
  const auto octets = encode_field_plan(plan);
  EXPECT_EQ(to_hex(octets),
            "4448465003"  // DHFP, format 3
            "010000"      // plan 1, no channel, no device
            "01"
            "016D"
            "027432"
            "027B7D"  // one rule
            "01"
            "0173"
            "0165"
            "036B5768"
            "02"      // sum of e in 10^-2 kWh
            "A0F736"  // 900 s
            "00"
            "C0EE6D"  // waits 1800 s
            "0163"
            "02"
            "0161"
            "0162");
  EXPECT_EQ(parse_field_plan(octets).value(), plan);
  for (std::size_t size = 0; size < octets.size(); ++size)
    EXPECT_FALSE(parse_field_plan(ByteView(octets).first(size))) << size;
}

TEST(FieldPlan, SaysWhatIsWrongWithRulesAndSums) {
  const auto refused = [](auto change) {
    auto plan = with_derivation();
    EXPECT_TRUE(check_field_plan(plan));
    change(plan);
    return !check_field_plan(plan);
  };
  EXPECT_TRUE(refused([](FieldPlan& plan) { plan.rules.push_back(plan.rules[0]); }));
  EXPECT_TRUE(refused([](FieldPlan& plan) { plan.rules[0].text.assign(3'000, 'x'); }));
  EXPECT_TRUE(refused([](FieldPlan& plan) { plan.rules[0].device.clear(); }));
  EXPECT_TRUE(refused([](FieldPlan& plan) { plan.sums.push_back(plan.sums[0]); }));
  EXPECT_TRUE(refused([](FieldPlan& plan) { std::swap(plan.sums[0].members[0], plan.sums[0].members[1]); }));
  EXPECT_TRUE(refused([](FieldPlan& plan) { plan.sums[0].members = {"s"}; }));
  EXPECT_TRUE(refused([](FieldPlan& plan) { plan.sums[0].interval_ms = 7 * 60'000 + 1'000; }));
  EXPECT_TRUE(refused([](FieldPlan& plan) { plan.sums[0].tolerance_ms = plan.sums[0].interval_ms; }));
  EXPECT_TRUE(refused([](FieldPlan& plan) { plan.sums[0].wait_ms = 0; }));
  EXPECT_TRUE(refused([](FieldPlan& plan) { plan.sums[0].exponent = 1; }));
  EXPECT_TRUE(refused([](FieldPlan& plan) { plan.sums[0].register_name.assign(54, 'x'); }));
  EXPECT_TRUE(refused([](FieldPlan& plan) {
    plan.sums[0].channel.clear();
    plan.sums[0].members.clear();
  }));
  EXPECT_TRUE(refused([](FieldPlan& plan) {
    plan.sums[0].members.clear();
    for (int i = 0; i < 20'001; ++i) plan.sums[0].members.push_back(std::to_string(100'000 + i));
  }));
}

TEST(FieldPlan, AnEmptyPlanIsOnePart) {
  FieldPlan plan;
  plan.version = 3;
  const auto parts = split_field_plan(plan, toy_hash(encode_field_plan(plan)));
  ASSERT_EQ(parts.size(), 1U);
  FieldPlanAssembler assembler(toy_hash);
  const auto whole = assembler.add(parts[0]);
  ASSERT_TRUE(whole);
  EXPECT_EQ(**whole, plan);
}

TEST(FieldPlan, PartsOfDifferentPlansNeverMix) {
  const auto plan = example();
  auto newer = plan;
  newer.version = 8;
  newer.devices.pop_back();
  const auto old_parts = split_field_plan(plan, toy_hash(encode_field_plan(plan)), 2);
  const auto new_parts = split_field_plan(newer, toy_hash(encode_field_plan(newer)), 2);
  ASSERT_EQ(old_parts.size(), 3U);
  ASSERT_EQ(new_parts.size(), 2U);
  FieldPlanAssembler assembler(toy_hash);
  EXPECT_TRUE(assembler.add(old_parts[0]));
  EXPECT_FALSE(assembler.add(new_parts[1]));
  EXPECT_FALSE(assembler.add(old_parts[1])) << "what came before a wrong part is dropped";
  // The newer plan begins in the middle of the older one.
  EXPECT_TRUE(assembler.add(old_parts[0]));
  EXPECT_TRUE(assembler.add(new_parts[0]));
  const auto whole = assembler.add(new_parts[1]);
  ASSERT_TRUE(whole);
  EXPECT_EQ(**whole, newer);
  auto spoiled = old_parts;
  spoiled[2].devices[0].address = "000000000003";
  EXPECT_TRUE(assembler.add(spoiled[0]));
  EXPECT_TRUE(assembler.add(spoiled[1]));
  EXPECT_EQ(assembler.add(spoiled[2]).error().code, ErrorCode::malformed);
}

RC_GTEST_PROP(FieldPlan, AnyPlanComesBackFromItsOctetsAndItsParts, (const std::vector<std::uint16_t>& numbers)) {
  FieldPlan plan;
  plan.version = numbers.size();
  for (const auto number : numbers) {
    const auto text = std::to_string(number);
    if (number % 3 == 0)
      plan.channels.push_back({text, FieldTcp{"h" + text, static_cast<std::uint16_t>(number | 1)}});
    else
      plan.devices.push_back({text, "m" + text, text + text, "c"});
    if (number % 5 == 0) plan.rules.push_back({text, "x", "{" + text + "}"});
    if (number % 7 != 0) continue;
    plan.sums.emplace_back();
    plan.sums.back().uid = text;
    for (std::uint16_t i = 0; i <= number % 11; ++i) plan.sums.back().members.push_back("m" + std::to_string(i));
  }
  plan.sort();
  const auto [last_rule, rules_end] = std::ranges::unique(plan.rules, {}, &FieldRule::device);
  plan.rules.erase(last_rule, rules_end);
  const auto [last_sum, sums_end] = std::ranges::unique(plan.sums, {}, &FieldSum::uid);
  plan.sums.erase(last_sum, sums_end);
  const auto [last_channel, channels_end] = std::ranges::unique(plan.channels, {}, &FieldChannel::name);
  plan.channels.erase(last_channel, channels_end);
  const auto [last_device, devices_end] = std::ranges::unique(plan.devices, {}, &FieldDevice::uid);
  plan.devices.erase(last_device, devices_end);
  RC_ASSERT(check_field_plan(plan).has_value());
  const auto octets = encode_field_plan(plan);
  RC_ASSERT(*parse_field_plan(octets) == plan);
  const auto entries_max = *rc::gen::inRange<std::size_t>(1, 9);
  FieldPlanAssembler assembler(toy_hash);
  std::optional<FieldPlan> whole;
  for (auto& part : split_field_plan(plan, toy_hash(octets), entries_max)) {
    RC_ASSERT(!whole);
    RC_ASSERT(part.channels.size() + part.devices.size() + part.rules.size() + part.sums.size() <= entries_max);
    auto added = assembler.add(std::move(part));
    RC_ASSERT(added.has_value());
    whole = std::move(*added);
  }
  RC_ASSERT(whole == plan);
}

}  // namespace
}  // namespace duheng
