#include "codec/dlt645/value.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <rapidcheck/gtest.h>
#include <set>

namespace duheng::dlt645 {
namespace {

ValueList decoded(std::uint32_t identifier, const char* payload_hex) {
  ValueList values;
  const auto description = describe(DataIdentifier{identifier});
  EXPECT_TRUE(description);
  const auto payload = from_hex(payload_hex).value();
  const auto result = decode_values(*description, payload, values);
  EXPECT_TRUE(result) << to_error(result.error()).message;
  return values;
}
std::string text(std::uint32_t identifier, const char* payload_hex, std::size_t index = 0) {
  const auto values = decoded(identifier, payload_hex);
  return to_text(values[index], from_hex(payload_hex).value());
}
std::string name(std::uint32_t identifier, std::size_t element = 0, std::size_t field = 0) {
  return register_name(*describe(DataIdentifier{identifier}), element, field);
}
std::string english(std::uint32_t identifier) {
  return meaning_of(*describe(DataIdentifier{identifier}), Language::english);
}
DecodeError refused(std::uint32_t identifier, const Bytes& payload) {
  ValueList values;
  return decode_values(*describe(DataIdentifier{identifier}), payload, values).error();
}

TEST(Value, ExactNumbersWithSign) {
  EXPECT_EQ(text(0x00010000, "78 06 00 00"), "6.78");
  EXPECT_EQ(text(0x00000000, "64 02 75 80"), "-7502.64");
  EXPECT_EQ(text(0x02030000, "34 56 92"), "-12.5634");
  EXPECT_EQ(text(0x02060100, "50 89"), "-0.950");
  EXPECT_EQ(text(0x02800002, "03 50"), "50.03");
  EXPECT_EQ(text(0x02800007, "55 80"), "-5.5");
  EXPECT_EQ(text(0x00900200, "56 98 01 00"), "198.56");
  EXPECT_EQ(text(0x00010000, "99 99 99 99"), "999999.99");
  // Minus nothing is nothing.
  EXPECT_EQ(decoded(0x02030000, "00 00 80")[0].mantissa, 0);
}

TEST(Value, TopBitOfUnsignedIsADigit) {
  EXPECT_EQ(text(0x00010000, "00 00 00 80"), "800000.00");
  EXPECT_EQ(text(0x02050000, "00 00 80"), "80.0000");
}

TEST(Value, AbsentPhaseIsNoValue) {
  const auto values = decoded(0x0201FF00, "56 22 FF FF FF FF");
  ASSERT_EQ(values.size(), 3U);
  EXPECT_EQ(values[0].state, ValueState::good);
  EXPECT_EQ(values[0].decimal(), (Decimal{2256, -1}));
  EXPECT_EQ(values[1].state, ValueState::no_value);
  EXPECT_EQ(values[2].state, ValueState::no_value);
  EXPECT_EQ(decoded(0x02020100, "FF FF FF")[0].state, ValueState::no_value);
}

TEST(Value, BadDigitNamesItsOctetAndSparesTheOthers) {
  ValueList values;
  const Bytes payload{0x56, 0x22, 0x01, 0x2C, 0x00, 0x23};
  const auto result = decode_values(*describe(DataIdentifier{0x0201FF00}), payload, values);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::bad_bcd_digit);
  EXPECT_EQ(result.error().octet_offset, 3U);
  ASSERT_EQ(values.size(), 3U);
  EXPECT_EQ(values[0].state, ValueState::good);
  EXPECT_EQ(values[1].state, ValueState::invalid);
  EXPECT_EQ(values[2].mantissa, 2300);
}

TEST(Value, EveryNonDecimalOctetIsRefused) {
  for (unsigned octet = 0; octet < 256; ++octet) {
    for (std::size_t at = 0; at < 4; ++at) {
      Bytes payload{0x12, 0x34, 0x56, 0x78};
      payload[at] = static_cast<std::uint8_t>(octet);
      ValueList values;
      const bool good = (octet & 0x0F) <= 9 && (octet >> 4) <= 9;
      const auto result = decode_values(*describe(DataIdentifier{0x00010000}), payload, values);
      EXPECT_EQ(result.has_value(), good);
      if (!good) {
        EXPECT_EQ(result.error().octet_offset, at);
      }
    }
  }
}

TEST(Value, WrongLengthIsRefused) {
  EXPECT_EQ(refused(0x00010000, Bytes(3)).code, ErrorCode::malformed);
  EXPECT_EQ(refused(0x00010000, Bytes(5)).code, ErrorCode::malformed);
  EXPECT_EQ(refused(0x00010000, Bytes(8)).code, ErrorCode::malformed);
  EXPECT_EQ(refused(0x00010000, {}).code, ErrorCode::malformed);
  EXPECT_EQ(refused(0x0201FF00, Bytes(5)).code, ErrorCode::malformed);
  EXPECT_EQ(refused(0x0201FF00, Bytes(8)).code, ErrorCode::malformed);
  EXPECT_EQ(refused(0x0201FF00, {}).code, ErrorCode::malformed);
}

TEST(Value, ShortBlocksAreTakenAsTheyCome) {
  EXPECT_EQ(decoded(0x0201FF00, "30 22").size(), 1U);
  EXPECT_EQ(decoded(0x0203FF00, "00 00 01 00 00 01").size(), 2U);
  const auto tariffs = decoded(0x0001FF00, "89 03 00 00 00 00 00 00");
  ASSERT_EQ(tariffs.size(), 2U);
  EXPECT_EQ(tariffs[1].element, 1U);
  EXPECT_EQ(tariffs[1].offset, 4U);
}

TEST(Value, DemandHasItsTime) {
  const auto values = decoded(0x01010000, "34 12 00 30 08 05 06 17");
  ASSERT_EQ(values.size(), 2U);
  EXPECT_EQ(values[0].decimal().to_string(), "0.1234");
  EXPECT_EQ(values[0].unit, Unit::kilowatt);
  EXPECT_EQ(text(0x01010000, "34 12 00 30 08 05 06 17", 1), "2017-06-05 08:30");
  EXPECT_EQ(decoded(0x0101FF00, "34 12 00 30 08 05 06 17 01 00 00 00 09 05 06 17").size(), 4U);
}

TEST(Value, TimesAreDigitsInOneNumber) {
  EXPECT_EQ(decoded(0x04000101, "01 05 06 17")[0].mantissa, 17060501);
  EXPECT_EQ(text(0x04000101, "01 05 06 17"), "2017-06-05");
  EXPECT_EQ(decoded(0x04000102, "25 09 16")[0].mantissa, 160925);
  EXPECT_EQ(text(0x04000102, "25 09 16"), "16:09:25");
  EXPECT_EQ(text(0x05060001, "00 00 09 10 15"), "2015-10-09 00:00");
  EXPECT_FALSE(is_calendar_valid(decoded(0x04000102, "60 09 16")[0]));
  EXPECT_FALSE(is_calendar_valid(decoded(0x04000101, "01 30 02 17")[0]));
  EXPECT_TRUE(is_calendar_valid(decoded(0x04000101, "01 29 02 16")[0]));
}

TEST(Value, WordsTextsAndRecords) {
  EXPECT_EQ(text(0x04000503, "50 00"), "0050");
  EXPECT_EQ(decoded(0x040005FF, "01 00 02 00 03 00 04 00 05 00 06 00 07 00").size(), 7U);
  EXPECT_EQ(text(0x04000401, "61 10 01 30 12 15"), "151230011061");
  EXPECT_EQ(text(0x04000404, "56 30 32 32 00 00"), "220V");
  EXPECT_EQ(text(0x04010001, "01 00 00 02 30 08", 1), "08:30 02");
  EXPECT_EQ(text(0x03300D00, "27 00 00"), "27");
  EXPECT_EQ(decoded(0x03110001, "00 00 08 05 06 17 00 10 08 05 06 17").size(), 2U);
  // A record of another length than known is kept whole.
  const auto unknown = decoded(0x03110001, "01 02 03");
  ASSERT_EQ(unknown.size(), 1U);
  EXPECT_EQ(unknown[0].kind, FieldKind::raw);
  EXPECT_EQ(unknown[0].size_octets, 3U);
}

TEST(Value, FreezesHoldEnergiesOrDemands) {
  EXPECT_EQ(decoded(0x05060101, "89 03 00 00 00 00 00 00 00 00 00 00 89 03 00 00 00 00 00 00").size(), 5U);
  EXPECT_EQ(decoded(0x05060901, "34 12 00 30 08 05 06 17").size(), 2U);
  // Two energies under the same identifier: the "time" does not exist, so nothing is claimed.
  EXPECT_EQ(decoded(0x05060901, "34 12 00 00 78 99 99 45")[0].kind, FieldKind::raw);
}

TEST(Identifier, NamesAreTheProductsOwn) {
  EXPECT_EQ(name(0x00010000), "energy_active_import_total");
  EXPECT_EQ(name(0x00020000), "energy_active_export_total");
  EXPECT_EQ(name(0x00010200), "energy_active_import_tariff_2");
  EXPECT_EQ(name(0x0001FF00, 0), "energy_active_import_total");
  EXPECT_EQ(name(0x0001FF00, 4), "energy_active_import_tariff_4");
  EXPECT_EQ(name(0x00010003), "energy_active_import_total_settlement_3");
  EXPECT_EQ(name(0x00440000), "energy_reactive_quadrant_4_c");
  EXPECT_EQ(name(0x01010000), "demand_active_import_total");
  EXPECT_EQ(name(0x01010000, 0, 1), "demand_active_import_total_time");
  EXPECT_EQ(name(0x02010100), "voltage_a");
  EXPECT_EQ(name(0x0201FF00, 1), "voltage_b");
  EXPECT_EQ(name(0x0202FF00, 2), "current_c");
  EXPECT_EQ(name(0x02030000), "power_active_total");
  EXPECT_EQ(name(0x0203FF00, 0), "power_active_total");
  EXPECT_EQ(name(0x0203FF00, 3), "power_active_c");
  EXPECT_EQ(name(0x02040000), "power_reactive_total");
  EXPECT_EQ(name(0x02060200), "power_factor_b");
  EXPECT_EQ(name(0x02800002), "frequency");
  EXPECT_EQ(name(0x020A0203), "voltage_harmonic_b_3");
  EXPECT_EQ(name(0x04000101), "clock_date");
  EXPECT_EQ(name(0x04000102), "clock_time");
  EXPECT_EQ(name(0x04000503), "status_word_3");
  EXPECT_EQ(name(0x040005FF, 2), "status_word_3");
  EXPECT_EQ(name(0x05060102, 0), "energy_active_import_total_freeze_daily_2");
  EXPECT_EQ(name(0x03300D00), "event_cover_open_count");
  EXPECT_EQ(name(0x10020001), "event_loss_of_voltage_count_b");
  EXPECT_EQ(name(0x0201FF00, 3), "");
}

TEST(Identifier, EventsOfGroupsHaveTheirPartsInTheOrderOfTheTable) {
  const std::vector<unsigned> totals{4, 4, 4, 4};
  const std::vector<unsigned> of_phase{4, 4, 4, 4, 2, 3, 3, 3, 2};
  const auto add = [](std::vector<unsigned>& to, const std::vector<unsigned>& more) {
    to.insert(to.end(), more.begin(), more.end());
  };
  std::vector<unsigned> begin{6};
  add(begin, totals);
  for (int phase = 0; phase < 3; ++phase) add(begin, of_phase);
  std::vector<unsigned> end{6};
  for (int i = 0; i < 4; ++i) add(end, totals);
  for (const std::uint32_t group : {0x10U, 0x11U, 0x12U, 0x13U, 0x18U, 0x19U, 0x1AU, 0x1BU, 0x1CU}) {
    std::vector<unsigned> parts = begin;
    if (group <= 0x13) add(parts, totals);  // ampere-hours
    add(parts, end);
    EXPECT_EQ(parts.size(), group <= 0x13 ? 0x35U : 0x31U);
    for (std::uint32_t part = 1; part <= parts.size(); ++part)
      for (const std::uint32_t last : {1U, 10U}) {
        const auto what = describe(DataIdentifier{group << 24 | 0x00020000U | part << 8 | last});
        ASSERT_TRUE(what) << std::hex << group << " " << part;
        EXPECT_EQ(what->item_octets, parts[part - 1]) << std::hex << group << " " << part;
        EXPECT_EQ(what->ordinal, last);
        EXPECT_EQ(what->phase, Phase::b);
      }
    const auto beyond = static_cast<std::uint32_t>(parts.size()) + 1;
    EXPECT_EQ(describe(DataIdentifier{group << 24 | 0x00020001U | beyond << 8})->item_octets, 0U);  // kept raw
  }
  EXPECT_EQ(english(0x10010A01), "voltage at its beginning, phase A, phase A 1");
}

TEST(Identifier, MeaningsInWords) {
  EXPECT_EQ(english(0x00010000), "forward active energy, total");
  EXPECT_EQ(english(0x00010201), "forward active energy, tariff 2, last settlement 1");
  EXPECT_EQ(english(0x00900200), "remaining amount");
  EXPECT_EQ(english(0x03300D00), "cover-open count");
  EXPECT_EQ(english(0x1D000001), "trip count");
  EXPECT_EQ(english(0x0201FF00), "voltage, phases A,B,C");
  EXPECT_EQ(meaning_of(*describe(DataIdentifier{0x02010200}), Language::chinese), "电压，B相");
  EXPECT_EQ(element_label(*describe(DataIdentifier{0x0001FF00}), 3, Language::chinese), "费率3");
}

TEST(Identifier, UnknownOnesAreUnsupported) {
  for (const std::uint32_t identifier : {0x00500000U, 0x00014000U, 0x0001000DU, 0x0001FFFFU, 0x02010000U, 0x02010101U,
                                         0x02010400U, 0x020C0000U, 0x04A20200U, 0x05080001U, 0x05060000U, 0x07000000U,
                                         0x01900100U, 0x020A0400U, 0x020A0116U, 0x0D000000U, 0xFFFFFFFFU}) {
    const auto description = describe(DataIdentifier{identifier});
    ASSERT_FALSE(description) << std::hex << identifier;
    EXPECT_EQ(description.error().code, ErrorCode::unsupported);
  }
}

/// Every identifier of a coarse sweep over the whole number space that the tables know.
std::vector<DataDescription> all_known() {
  std::vector<DataDescription> known;
  static constexpr std::uint8_t low[] = {0, 1, 2, 3, 4, 5, 9, 10, 12, 15, 63, 0xFF};
  for (unsigned di3 = 0; di3 < 0x40; ++di3) {
    for (unsigned di2 = 0; di2 < 256; ++di2) {
      for (const unsigned di1 : low) {
        for (const unsigned di0 : low) {
          if (const auto d = describe(DataIdentifier{di3 << 24 | di2 << 16 | di1 << 8 | di0})) known.push_back(*d);
        }
      }
    }
  }
  return known;
}

TEST(Identifier, TablesAreSound) {
  const auto known = all_known();
  EXPECT_GT(known.size(), 3000U);
  std::map<std::string, std::uint32_t> singles;
  for (const auto& d : known) {
    const auto id = d.identifier.to_string();
    ASSERT_NE(d.rule, nullptr) << id;
    ASSERT_FALSE(d.fields().empty()) << id;
    EXPECT_FALSE(meaning_of(d, Language::english).empty()) << id;
    EXPECT_FALSE(meaning_of(d, Language::chinese).empty()) << id;
    unsigned octets = 0;
    for (const auto& field : d.fields()) {
      octets += field.size_octets;
      const bool is_amount = field.kind == FieldKind::bcd || field.kind == FieldKind::signed_bcd;
      EXPECT_TRUE(is_amount || (field.unit == Unit::none && field.exponent == 0)) << id;
      if (field.size_octets == 0) {
        EXPECT_EQ(d.field_count, 1) << id;
      }
    }
    // Composed records say themselves how long they are.
    const bool is_composed = d.rule->composition != Composition::plain;
    EXPECT_EQ(is_composed ? 0 : octets, d.item_octets) << id;
    if (d.is_block()) {
      EXPECT_GT(d.item_octets, 0) << id;
    }
    // One register, one identifier; blocks repeat what single identifiers give.
    if (d.is_block() || is_composed || d.group == DataGroup::event) continue;
    for (std::size_t field = 0; field < d.field_count; ++field) {
      const auto register_of = register_name(d, 0, field);
      if (register_of.empty()) continue;
      const auto [at, is_new] = singles.emplace(register_of, d.identifier.value);
      EXPECT_TRUE(is_new || at->second == d.identifier.value)
          << id << " and " << std::hex << at->second << ": " << register_of;
    }
  }
}

TEST(Identifier, NumbersOfEveryFormatEncodeAndDecodeTheSame) {
  std::set<std::tuple<FieldKind, int, int>> tried;
  for (const auto& d : all_known()) {
    if (d.field_count != 1 || d.item_octets == 0) continue;
    const FieldFormat& format = d.fields()[0];
    if (format.kind == FieldKind::text || format.kind == FieldKind::raw) continue;
    if (!tried.emplace(format.kind, format.size_octets, format.exponent).second) continue;
    std::int64_t limit = 1;
    for (int i = 0; i < format.size_octets; ++i) limit *= format.kind == FieldKind::bits ? 256 : 100;
    const bool is_signed = format.kind == FieldKind::signed_bcd;
    if (is_signed) limit = limit / 100 * 80;
    for (const std::int64_t mantissa :
         {std::int64_t{0}, std::int64_t{1}, limit / 3, limit - 1, is_signed ? -limit / 7 : 0}) {
      Bytes payload(format.size_octets);
      ASSERT_TRUE(encode_value(format, mantissa, payload));
      // The largest bit set is all FFH, which for words is a value like any other.
      ValueList values;
      ASSERT_TRUE(decode_values(d, payload, values)) << d.identifier.to_string();
      EXPECT_EQ(values[0].mantissa, mantissa) << d.identifier.to_string();
      EXPECT_EQ(values[0].exponent, format.exponent);
    }
    Bytes payload(format.size_octets);
    EXPECT_FALSE(encode_value(format, limit, payload)) << d.identifier.to_string();
    if (!is_signed) {
      EXPECT_FALSE(encode_value(format, -1, payload));
    }
    Bytes longer(format.size_octets + 1U);
    EXPECT_FALSE(encode_value(format, 0, longer));
  }
  EXPECT_GT(tried.size(), 15U);
}

RC_GTEST_PROP(ValueProperty, SignedNumbersReturn, ()) {
  const auto mantissa = *rc::gen::inRange<std::int64_t>(-799'999, 800'000);
  const FieldFormat format{FieldKind::signed_bcd, 3, -4, Unit::kilowatt, FieldRole::value};
  std::array<std::uint8_t, 3> payload{};
  RC_ASSERT(encode_value(format, mantissa, payload).has_value());
  ValueList values;
  RC_ASSERT(decode_values(*describe(DataIdentifier{0x02030000}), payload, values).has_value());
  RC_ASSERT(values[0].mantissa == mantissa);
}

RC_GTEST_PROP(ValueProperty, NoPayloadBreaksAnyIdentifier, (std::uint32_t low, Bytes payload)) {
  static const auto known = all_known();
  const auto& d = known[low % known.size()];
  ValueList values;
  const auto result = decode_values(d, payload, values);
  std::size_t covered = 0;
  for (const Value& value : values) {
    RC_ASSERT(value.offset == covered);
    covered += value.size_octets;
    static_cast<void>(to_text(value, payload));
  }
  RC_ASSERT(covered == (values.empty() ? 0 : payload.size()));
  RC_ASSERT(result.has_value() || values.empty() || result.error().code == ErrorCode::bad_bcd_digit);
}

TEST(DateTimeTest, TravelsAndReturns) {
  const DateTime time{2017, 6, 5, 10, 40, 25};
  EXPECT_EQ(to_hex(encode_date_time(time), ' '), "25 40 10 05 06 17");
  EXPECT_EQ(*decode_date_time(encode_date_time(time)), time);
  EXPECT_EQ(weekday_of(time), 1);
  EXPECT_EQ(weekday_of({2024, 2, 29, 0, 0, 0}), 4);
  EXPECT_EQ(weekday_of({2023, 1, 1, 0, 0, 0}), 0);
  EXPECT_EQ(to_digits(time, FieldKind::date_weekday), 17060501);
  EXPECT_EQ(to_digits(time, FieldKind::time), 104025);
  EXPECT_EQ(decode_date_time(Bytes(5)).error().code, ErrorCode::truncated);
  EXPECT_EQ(decode_date_time(Bytes{0, 0x6A, 0, 0, 0, 0}).error().octet_offset, 1U);
  EXPECT_FALSE(is_valid({2023, 2, 29, 0, 0, 0}));
  EXPECT_FALSE(is_valid({2023, 13, 1, 0, 0, 0}));
  EXPECT_FALSE(is_valid({2023, 1, 0, 0, 0, 0}));
  EXPECT_FALSE(is_valid({2023, 1, 1, 24, 0, 0}));
}

}  // namespace
}  // namespace duheng::dlt645
