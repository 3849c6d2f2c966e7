#include "codec/dlt645/record_blocks.hpp"

#include <algorithm>
#include <gtest/gtest.h>

#include "codec/dlt645/status_word.hpp"

namespace duheng::dlt645 {
namespace {

struct Read {
  std::vector<std::string> lines;
  std::string error;
};
Read read(std::uint32_t identifier, ByteView payload) {
  const auto description = *describe(DataIdentifier{identifier});
  ValueList values;
  const auto decoded = decode_values(description, payload, values);
  Read out;
  for (const Value& v : values) {
    out.lines.push_back(register_name(description, v.element, v.field) + "=" + to_text(v, payload));
  }
  if (!decoded) out.error = to_string(decoded.error().code);
  return out;
}

constexpr std::string_view time_octets = "3010281121";
const std::string classes[6] = {"0022 0122 0222 000500 010500 020500 0050",
                                "000100 000200 000300 000400 000500 000600 000700 000880",
                                "0010 0090 0080 8089",
                                "00000100 01000000 02000000 03000080",
                                "04000000 05000000 06000000 07000000",
                                "000100 000200"};

Bytes record(const std::vector<int>& present) {
  std::string hex = "A0A060" + std::string(time_octets);
  for (int i = 0; i < 6; ++i) {
    if (std::ranges::find(present, i) != present.end()) hex += classes[i];
    hex += "AA";
  }
  std::erase(hex, ' ');
  return *from_hex(hex + "55E5");
}

TEST(LoadRecord, AllSixClasses) {
  const auto got = read(0x06000002, record({0, 1, 2, 3, 4, 5}));
  ASSERT_EQ(got.lines.size(), 30U);
  EXPECT_EQ(got.error, "");
  EXPECT_EQ(got.lines[0], "time_load_record=2021-11-28 10:30");
  EXPECT_EQ(got.lines[1], "voltage_a_load_record=220.0");
  EXPECT_EQ(got.lines[6], "current_c_load_record=0.502");
  EXPECT_EQ(got.lines[7], "frequency_load_record=50.00");
  EXPECT_EQ(got.lines[15], "power_reactive_c_load_record=-0.0800");
  EXPECT_EQ(got.lines[19], "power_factor_c_load_record=-0.980");
  EXPECT_EQ(got.lines[20], "energy_active_import_total_load_record=100.00");
  EXPECT_EQ(got.lines[23], "energy_reactive_combined_2_total_load_record=-0.03");
  EXPECT_EQ(got.lines[29], "demand_reactive_present_load_record=0.0200");
}

TEST(LoadRecord, AbsentClassesAndSeveralRecords) {
  Bytes two = record({3});
  const Bytes second = record({0});
  two.insert(two.end(), second.begin(), second.end());
  const auto got = read(0x06000001, two);
  ASSERT_EQ(got.lines.size(), 1U + 4U + 1U + 7U);
  EXPECT_EQ(got.lines[1], "energy_active_import_total_load_record=100.00");
  EXPECT_EQ(got.lines[6], "voltage_a_load_record=220.0");
}

TEST(LoadRecord, OneClassAlone) {
  const Bytes octets = *from_hex("A0A010" + std::string(time_octets) + "00000100010000000200000003000080" + "AA55E5");
  const auto got = read(0x06040002, octets);
  ASSERT_EQ(got.lines.size(), 5U);
  EXPECT_EQ(got.lines[1], "energy_active_import_total_load_record=100.00");
}

TEST(LoadRecord, EveryTruncationIsKeptRaw) {
  const Bytes whole = record({0, 3, 5});
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const auto got = read(0x06000000, ByteView(whole).first(size));
    ASSERT_EQ(got.lines.size(), 1U) << size;
    EXPECT_TRUE(got.lines[0].ends_with(to_hex(ByteView(whole).first(size), ' '))) << size;
  }
}

TEST(LoadRecord, BadDigitAndTooManyRecords) {
  Bytes bad = record({0});
  bad[9] = 0x2F;
  EXPECT_EQ(read(0x06000000, bad).error, "bad_bcd_digit");
  Bytes many;
  const Bytes one = record({0, 1, 2, 3, 4, 5});
  for (int i = 0; i < 9; ++i) many.insert(many.end(), one.begin(), one.end());
  const auto got = read(0x06000000, many);
  EXPECT_EQ(got.error, "limit_exceeded");
  EXPECT_TRUE(got.lines.empty());
}

Bytes freeze_block(std::size_t tariffs, bool parted) {
  Bytes out = *from_hex(std::string(time_octets));
  const auto separate = [&] {
    if (parted) out.push_back(0xAA);
  };
  for (int energy = 0; energy < 8; ++energy) {
    separate();
    for (std::size_t i = 0; i < tariffs; ++i) {
      const std::uint8_t octets[] = {static_cast<std::uint8_t>(energy), static_cast<std::uint8_t>(i), 0, 0};
      out.insert(out.end(), std::begin(octets), std::end(octets));
    }
  }
  for (int demand = 0; demand < 2; ++demand) {
    separate();
    for (std::size_t i = 0; i < tariffs; ++i) {
      const Bytes octets = *from_hex("000100" + std::string(time_octets));
      out.insert(out.end(), octets.begin(), octets.end());
    }
  }
  separate();
  for (int i = 0; i < 8; ++i) out.insert(out.end(), {0, static_cast<std::uint8_t>(i), 0});
  return out;
}

TEST(FreezeBlock, BothForms) {
  for (const bool parted : {false, true}) {
    const auto got = read(0x0506FF01, freeze_block(5, parted));
    EXPECT_EQ(got.error, "");
    ASSERT_EQ(got.lines.size(), 1U + 8 * 5 + 2 * 10 + 8) << parted;
    EXPECT_EQ(got.lines[0], "time_freeze_daily_1=2021-11-28 10:30");
    EXPECT_EQ(got.lines[1], "energy_active_import_total_freeze_daily_1=0.00");
    EXPECT_EQ(got.lines[2], "energy_active_import_tariff_1_freeze_daily_1=1.00");
    EXPECT_EQ(got.lines[6], "energy_active_export_total_freeze_daily_1=0.01");
    EXPECT_EQ(got.lines[41], "demand_active_import_total_freeze_daily_1=0.0100");
    EXPECT_EQ(got.lines[42], "demand_active_import_total_time_freeze_daily_1=2021-11-28 10:30");
    EXPECT_EQ(got.lines.back(), "power_reactive_c_freeze_daily_1=0.0700");
  }
}

TEST(FreezeBlock, OtherLengthsAreKeptRaw) {
  const Bytes whole = freeze_block(2, false);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const auto got = read(0x0500FF01, ByteView(whole).first(size));
    if (size == 5 + 24 + 48) continue;  // one tariff fits
    ASSERT_EQ(got.lines.size(), 1U) << size;
  }
}

TEST(StatusWord, BitsHaveNames) {
  const auto bits = status_bits(3);
  const auto named = [&](std::string_view name) {
    const auto found = std::ranges::find_if(bits, [&](const StatusBit& bit) { return bit.name == name; });
    return found == bits.end() ? 99U : status_value(*found, 0x0252);
  };
  EXPECT_EQ(named("relay_open"), 1U);
  EXPECT_EQ(named("relay_command_open"), 1U);
  EXPECT_EQ(named("supply"), 1U);
  EXPECT_EQ(named("programming_allowed"), 0U);
  EXPECT_EQ(named("payment"), 2U);
  for (unsigned word = 1; word <= 7; ++word) {
    std::uint32_t taken = 0;
    ASSERT_FALSE(status_bits(word).empty());
    for (const StatusBit& bit : status_bits(word)) {
      const std::uint32_t mask = ((1U << bit.width) - 1) << bit.bit;
      EXPECT_EQ(taken & mask, 0U);
      EXPECT_LT(mask, 0x10000U);
      EXPECT_LE(bit.words.size(), 1U << bit.width);
      EXPECT_FALSE(bit.label.chinese.empty());
      taken |= mask;
    }
  }
  EXPECT_TRUE(status_bits(0).empty());
  EXPECT_TRUE(status_bits(8).empty());
  EXPECT_EQ(status_word_number(*describe(DataIdentifier{0x040005FF}), 2), 3U);
  EXPECT_EQ(status_word_number(*describe(DataIdentifier{0x04000507}), 0), 7U);
  EXPECT_FALSE(status_word_number(*describe(DataIdentifier{0x04000601}), 0));
}

}  // namespace
}  // namespace duheng::dlt645
