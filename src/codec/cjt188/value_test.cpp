#include "codec/cjt188/value.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "codec/cjt188/message.hpp"
#include "codec/cjt188/test_vectors.hpp"

namespace duheng::cjt188 {
namespace {

Bytes octets(const char* hex) { return from_hex(hex).value(); }

/// A payload with what it takes to read it.
struct Read {
  Bytes payload;
  const Layout* layout = nullptr;
  std::expected<void, DecodeError> result;
  ValueList values;
  Read(std::uint8_t type, DataIdentifier identifier, Bytes bytes, const Profile& profile = default_profile(),
       std::uint8_t control = 0x81)
      : payload(std::move(bytes)) {
    const Peer peer{.meter_type = type, .profile = &profile};
    const auto frame = build(peer, control, identifier, payload).value();
    const auto view = decode(frame.view()).value();
    layout = find_layout(parse_message(view, profile.identifier_order).value()).value();
    result = decode_values(*layout, payload, profile, values);
  }
  [[nodiscard]] std::string text(FieldRole role) const { return to_text(*values.find(role), payload); }
};

const char* heat_payload =
    "11 74 02 00 05 88 27 44 05 05 00 00 00 00 17 00 00 00 00 35 08 56 71 00 2C 79 26 00 64 26 00 66 47 07"
    "11 52 17 03 09 25 20 00 05";

TEST(Value, UnitsScaleExactly) {
  const Read litres(0x10, {0xD120}, octets("34 12 00 00 2B"));
  EXPECT_EQ(litres.values[0].decimal(), (Decimal{1234, 0}));  // 12.34 x 100 L
  EXPECT_EQ(litres.values[0].unit, Unit::litre);
  EXPECT_EQ(unit_text(litres.values[0]), "L x100");
  EXPECT_EQ(to_text(litres.values[0], litres.payload), "12.34");
  const Read metres(0x10, {0xD120}, octets("34 12 00 00 2C"));
  EXPECT_EQ(metres.values[0].decimal(), (Decimal{1234, -2}));
  const Read heat(0x20, identifiers::metering, octets(heat_payload));
  EXPECT_EQ(heat.values.find(FieldRole::flow)->decimal(), (Decimal{0, -4}));
  EXPECT_EQ(heat.values.find(FieldRole::current_energy)->decimal(), (Decimal{5'442'788, -2}));
  EXPECT_EQ(heat.text(FieldRole::supply_temperature), "26.79");
}

TEST(Value, UnitCodesGoBothWays) {
  for (unsigned code = 0; code < 256; ++code) {
    const ScaledUnit unit = unit_of(static_cast<std::uint8_t>(code));
    if (unit.unit == Unit::none) continue;
    EXPECT_EQ(code_of(unit), code);
    EXPECT_FALSE(to_string(unit.unit).empty());
    EXPECT_NE(quantity_of(unit.unit), Quantity::none);
  }
  EXPECT_EQ(unit_of(0x2D), (ScaledUnit{Unit::cubic_metre, 1}));
  EXPECT_EQ(unit_of(0x13), (ScaledUnit{Unit::gigajoule, 2}));
  EXPECT_EQ(unit_of(0x00).unit, Unit::none);
  EXPECT_EQ(unit_of(0x1D).unit, Unit::none);
  EXPECT_EQ(quantity_of(Unit::gigajoule), Quantity::energy);
  EXPECT_EQ(quantity_of(Unit::cubic_metre_per_hour), Quantity::flow);
}

TEST(Value, ProfileFillsUnitsTheMeterDoesNotSay) {
  const auto payload = octets("17 72 00 00 00 00 00 00 00 00 00 00 12 01 01 20 16 35 00");
  const Read unspoken(0x30, identifiers::metering, payload);
  EXPECT_EQ(unspoken.values[0].unit, Unit::none);
  const Read told(0x30, identifiers::metering, payload, *find_profile("gas_radio_module"));
  EXPECT_EQ(told.values[0].unit, Unit::cubic_metre);
  EXPECT_TRUE(told.values[0].unit_from_profile);
  EXPECT_EQ(told.values[0].unit_code, 0);
  EXPECT_EQ(told.values.find(FieldRole::time)->mantissa, 20'160'101'120'000);
}

TEST(Value, UnitsInFrontAreFoundOnlyWhereNothingElseFits) {
  const auto payload = octets(
      "05 19 28 53 00 05 19 28 53 00 17 00 00 00 00 35 00 00 00 00 2C 42 33 18 00 03 19 00 10 19 00 61 27 00"
      "26 57 23 31 03 15 20 03 01");
  const Read front(0x20, identifiers::metering, payload);
  EXPECT_TRUE(front.values[0].unit_in_front);
  EXPECT_EQ(front.text(FieldRole::total_flow), "1833.42");
  // One unit that is no energy, and the normal split is taken.
  Bytes other = payload;
  other[0] = 0x35;
  EXPECT_FALSE(Read(0x20, identifiers::metering, other).values[0].unit_in_front);
  // One unit behind, and it is taken, too.
  other = payload;
  other[4] = 0x05;
  EXPECT_FALSE(Read(0x20, identifiers::metering, other).values[0].unit_in_front);
  Profile behind = default_profile();
  behind.unit_position = UnitPosition::behind;
  EXPECT_FALSE(Read(0x20, identifiers::metering, payload, behind).values[0].unit_in_front);
  const Read forced(0x20, identifiers::metering, octets(heat_payload), *find_profile("heat_unit_in_front"));
  EXPECT_TRUE(forced.values[0].unit_in_front);
}

TEST(Value, FirstEnergyMayBeCooling) {
  const Read usual(0x25, identifiers::metering, octets(heat_payload));
  EXPECT_EQ(usual.values[0].role, FieldRole::settlement_energy);
  const Read cooling(0x25, identifiers::metering, octets(heat_payload), *find_profile("heat_with_cooling"));
  EXPECT_EQ(cooling.values[0].role, FieldRole::current_cooling);
}

TEST(Value, BadDigitsAreNamedAndNeighboursStayGood) {
  const Read read(0x10, identifiers::metering, octets("00 1A 00 00 2C 34 12 00 00 2C 00 00 00 00 00 00 00 00 00"));
  ASSERT_FALSE(read.result);
  EXPECT_EQ(read.result.error().code, ErrorCode::bad_bcd_digit);
  EXPECT_EQ(read.result.error().octet_offset, 1U);
  EXPECT_EQ(read.values[0].state, ValueState::invalid);
  EXPECT_EQ(read.values[1].state, ValueState::good);
  EXPECT_EQ(read.values[2].state, ValueState::no_value);
  EXPECT_EQ(read.values.size(), 4U);
  const Read none(0x10, {0xD120}, octets("FF FF FF FF 2C"));
  EXPECT_TRUE(none.result);
  EXPECT_EQ(none.values[0].state, ValueState::no_value);
  ValueList list;
  EXPECT_EQ(decode_values(*read.layout, Bytes(18), default_profile(), list).error().code, ErrorCode::malformed);
  EXPECT_TRUE(list.empty());
}

TEST(Value, EveryWrongDigitIsSeen) {
  for (std::size_t at = 0; at < 4; ++at) {
    for (unsigned octet = 0; octet < 256; ++octet) {
      Bytes payload = octets("12 34 56 78 2C");
      payload[at] = static_cast<std::uint8_t>(octet);
      const Read read(0x10, {0xD120}, payload);
      const bool good = (octet >> 4) <= 9 && (octet & 0x0F) <= 9;
      ASSERT_EQ(read.result.has_value(), good);
      if (!good) {
        EXPECT_EQ(read.result.error().octet_offset, at);
      }
    }
  }
}

TEST(Value, UnknownScalesAreNotGuessed) {
  const auto table = octets("45 23 01 10 00 00 90 12 00 20 00 00 00 50 02");
  const Read read(0x10, identifiers::price_table, table);
  EXPECT_EQ(read.values.find(FieldRole::price_1)->state, ValueState::unscaled);
  EXPECT_EQ(read.values.find(FieldRole::price_1)->mantissa, 12'345);
  Profile profile = default_profile();
  profile.price_exponent = {true, -4};
  const Read told(0x10, identifiers::price_table, table, profile);
  EXPECT_EQ(told.text(FieldRole::price_1), "1.2345");
  EXPECT_EQ(told.values.find(FieldRole::volume_1)->state, ValueState::unscaled);
}

TEST(Value, StatusIsReadByTheProfile) {
  EXPECT_EQ(read_status({}, 0x05, 0xFF), (StatusMeaning{ValveState::closed, true, true}));
  EXPECT_EQ(read_status({}, 0x03, 0x00), (StatusMeaning{ValveState::fault, true, false}));
  EXPECT_EQ(read_status({}, 0x02, 0x00).valve, ValveState::unknown);
  EXPECT_EQ(read_status({}, 0x00, 0x23), (StatusMeaning{ValveState::open, true, false}));
  const StatusProfile& top = find_profile("status_from_top")->status;
  EXPECT_EQ(read_status(top, 0x60, 0x00), (StatusMeaning{ValveState::closed, true, true}));
  const StatusProfile silent{.valve_octet = StatusProfile::not_told, .battery_octet = StatusProfile::not_told};
  EXPECT_EQ(read_status(silent, 0x07, 0x07), StatusMeaning{});
}

TEST(Layout, EveryIdentifierOfTheSheetHasOne) {
  const struct {
    std::uint8_t type;
    std::uint8_t control;
    DataIdentifier identifier;
    std::size_t size;
  } cases[] = {
      {0x10, 0x81, {0x901F}, 19}, {0x30, 0x81, {0x901F}, 19}, {0x20, 0x81, {0x901F}, 43}, {0x21, 0x81, {0x901F}, 40},
      {0xAA, 0x81, {0x901F}, 19}, {0xAA, 0x81, {0x901F}, 43}, {0x22, 0x81, {0x911F}, 54}, {0x20, 0x81, {0x903F}, 5},
      {0x20, 0x81, {0x903F}, 4},  {0x20, 0x81, {0x904F}, 3},  {0x20, 0x81, {0x905F}, 2},  {0x20, 0x81, {0x906F}, 4},
      {0x10, 0x81, {0x907F}, 7},  {0x10, 0x81, {0xD120}, 5},  {0x20, 0x81, {0xD12B}, 5},  {0x10, 0x81, {0xD200}, 5},
      {0x20, 0x81, {0xD2FF}, 15}, {0x10, 0x81, {0xD300}, 23}, {0x20, 0x81, {0xD4FF}, 23}, {0x10, 0x81, {0x8102}, 15},
      {0x10, 0x81, {0x8103}, 1},  {0x10, 0x81, {0x8104}, 1},  {0x10, 0x81, {0x8105}, 15}, {0x10, 0x89, {0x8106}, 1},
      {0x10, 0x83, {0x810A}, 0},  {0x10, 0x83, {0x810A}, 7},  {0x10, 0x04, {0xA010}, 16}, {0x10, 0x04, {0xA011}, 1},
      {0x10, 0x04, {0xA012}, 1},  {0x10, 0x04, {0xA013}, 5},  {0x10, 0x04, {0xA014}, 9},  {0x10, 0x04, {0xA015}, 7},
      {0x10, 0x16, {0xA016}, 5},  {0x10, 0x04, {0xA017}, 1},  {0x10, 0x04, {0xA017}, 2},  {0x10, 0x15, {0xA018}, 7},
      {0x10, 0x04, {0xA019}, 0},  {0x10, 0x84, {0xA010}, 2},  {0x10, 0x84, {0xA011}, 0},  {0x10, 0x84, {0xA013}, 3},
      {0x10, 0x84, {0xA014}, 1},  {0x10, 0x96, {0xA016}, 2},  {0x10, 0x84, {0xA017}, 2},  {0x10, 0x95, {0xA018}, 0},
  };
  for (const auto& each : cases) {
    const Peer peer{.meter_type = each.type};
    const auto frame = build(peer, each.control, each.identifier, Bytes(each.size)).value();
    const auto message = parse_message(decode(frame.view()).value()).value();
    const auto layout = find_layout(message);
    ASSERT_TRUE(layout) << each.identifier.to_string() << " " << each.size;
    EXPECT_EQ((*layout)->octets, each.size);
    EXPECT_NE(identifier_label(each.identifier).english, "a maker's own identifier");
  }
}

TEST(Layout, LengthsThatDoNotFitAreMalformedAndMakersOwnUnsupported) {
  const auto layout_of = [](std::uint8_t type, std::uint8_t control, DataIdentifier identifier, std::size_t size) {
    const auto frame = build({.meter_type = type}, control, identifier, Bytes(size)).value();
    return find_layout(parse_message(decode(frame.view()).value()).value());
  };
  EXPECT_EQ(layout_of(0x10, 0x81, {0x901F}, 43).error().code, ErrorCode::malformed);
  EXPECT_EQ(layout_of(0x20, 0x81, {0x901F}, 42).error().octet_offset, 43U);  // behind the 40-octet layout
  EXPECT_EQ(layout_of(0x10, 0x81, {0x901F}, 18).error().octet_offset, 21U);
  EXPECT_EQ(layout_of(0x10, 0x81, {0xBB19}, 4).error().code, ErrorCode::unsupported);
  EXPECT_EQ(layout_of(0x10, 0xA1, {0x901F}, 19).error().code, ErrorCode::unsupported);  // more follows
  EXPECT_EQ(layout_of(0x10, 0xAA, {0x901F}, 19).error().code, ErrorCode::unsupported);  // a maker's function
  EXPECT_EQ(layout_of(0x10, 0x81, {0x903F}, 5).error().code, ErrorCode::unsupported);   // only heat meters
  EXPECT_EQ(layout_of(0x10, 0x04, {0xA103}, 5).error().code, ErrorCode::unsupported);
}

TEST(ProfileTest, AllAreFoundByName) {
  for (const Profile& profile : known_profiles()) EXPECT_EQ(find_profile(profile.name), &profile);
  EXPECT_EQ(find_profile("nobody's"), nullptr);
  EXPECT_EQ(find_profile("standard_2018")->edition, Edition::edition_2018);
}

/// A payload of good digits by a layout, with units that leave no doubt where they stand.
Bytes random_payload(const Layout& layout) {
  Bytes payload;
  for (const FieldFormat& field : layout.fields()) {
    if (field.kind == FieldKind::time) {
      const DateTime time{static_cast<std::uint16_t>(2000 + *rc::gen::inRange(21, 50)),
                          *rc::gen::inRange<std::uint8_t>(1, 13),
                          *rc::gen::inRange<std::uint8_t>(1, 29),
                          *rc::gen::inRange<std::uint8_t>(0, 24),
                          *rc::gen::inRange<std::uint8_t>(0, 60),
                          *rc::gen::inRange<std::uint8_t>(0, 60)};
      const auto wire = encode_time(time, *rc::gen::element(TimeOrder::second_first, TimeOrder::year_first));
      payload.insert(payload.end(), wire.begin(), wire.end());
      continue;
    }
    const bool is_number = field.kind == FieldKind::number || field.kind == FieldKind::number_with_unit;
    for (std::size_t i = 0; i < field.size_octets; ++i) {
      payload.push_back(is_number ? static_cast<std::uint8_t>(*rc::gen::inRange(0, 10) * 16 + *rc::gen::inRange(0, 10))
                                  : *rc::gen::arbitrary<std::uint8_t>());
    }
    if (field.kind == FieldKind::number_with_unit) payload.push_back(*rc::gen::arbitrary<std::uint8_t>());
  }
  return payload;
}

RC_GTEST_PROP(ValueProperty, WhatIsDecodedEncodesTheSame, ()) {
  const auto [type, identifier, control, size] =
      *rc::gen::elementOf(std::vector<std::tuple<int, int, int, int>>{{0x10, 0x901F, 0x81, 19},
                                                                      {0x20, 0x901F, 0x81, 43},
                                                                      {0x20, 0x901F, 0x81, 40},
                                                                      {0x20, 0x911F, 0x81, 54},
                                                                      {0x10, 0xD300, 0x81, 23},
                                                                      {0x20, 0xD200, 0x81, 15},
                                                                      {0x10, 0x8105, 0x81, 15},
                                                                      {0x10, 0x8102, 0x81, 15},
                                                                      {0x10, 0xA010, 0x04, 16},
                                                                      {0x10, 0xA014, 0x04, 9}});
  const Peer peer{.meter_type = static_cast<std::uint8_t>(type)};
  const DataIdentifier wanted{static_cast<std::uint16_t>(identifier)};
  const auto control_octet = static_cast<std::uint8_t>(control);
  const auto shape = build(peer, control_octet, wanted, Bytes(static_cast<std::size_t>(size))).value();
  const Layout& layout = **find_layout(parse_message(decode(shape.view()).value()).value());
  const Bytes payload = random_payload(layout);

  const auto frame = build(peer, control_octet, wanted, payload).value();
  const auto view = decode(frame.view()).value();
  const auto message = parse_message(view).value();
  RC_ASSERT(message.identifier.identifier == wanted);
  ValueList values;
  RC_ASSERT(decode_values(layout, message.payload, default_profile(), values).has_value());
  Bytes again(layout.octets);
  RC_ASSERT(encode_values(layout, {values.begin(), values.end()}, payload, again).has_value());
  RC_ASSERT(again == payload);
}

TEST(Value, EncodingRefusesWhatDoesNotFit) {
  const Read read(0x10, {0xD120}, octets("34 12 00 00 2C"));
  Value value = read.values[0];
  Bytes out(5);
  value.mantissa = 99'999'999;
  EXPECT_TRUE(encode_values(*read.layout, {&value, 1}, {}, out));
  EXPECT_EQ(to_hex(out), "999999992C");
  value.mantissa = 100'000'000;
  EXPECT_EQ(encode_values(*read.layout, {&value, 1}, {}, out).error().code, ErrorCode::limit_exceeded);
  value.mantissa = -1;
  EXPECT_EQ(encode_values(*read.layout, {&value, 1}, {}, out).error().code, ErrorCode::limit_exceeded);
  Bytes small(4);
  EXPECT_EQ(encode_values(*read.layout, {&value, 1}, {}, small).error().code, ErrorCode::invalid_argument);
  value.state = ValueState::no_value;
  EXPECT_TRUE(encode_values(*read.layout, {&value, 1}, {}, out));
  EXPECT_EQ(to_hex(out), "FFFFFFFF2C");
}

}  // namespace
}  // namespace duheng::cjt188
