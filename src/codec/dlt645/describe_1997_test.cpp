#include <gtest/gtest.h>
#include <map>

#include "codec/dlt645/answer.hpp"
#include "codec/dlt645/message.hpp"

namespace duheng::dlt645 {
namespace {

std::string read(std::uint16_t identifier, std::string_view hex) {
  const auto description = describe_1997(identifier);
  if (!description) return "unsupported";
  const Bytes payload = *from_hex(hex);
  ValueList values;
  const auto decoded = decode_values(*description, payload, values);
  std::string out;
  for (const Value& value : values) {
    if (!out.empty()) out += "; ";
    out += register_name(*description, value.element, value.field) + " = " + to_text(value, payload);
    if (value.unit != Unit::none) out.append(" ").append(to_string(value.unit));
  }
  return decoded ? out : out + " !" + std::string(to_string(decoded.error().code));
}

TEST(Identifier1997, EnergiesWithTariffsAndMonths) {
  EXPECT_EQ(read(0x9010, "78563412"), "energy_active_import_total = 123456.78 kWh");
  EXPECT_EQ(read(0x9011, "00010000"), "energy_active_import_tariff_1 = 1.00 kWh");
  EXPECT_EQ(read(0x9020, "01000000"), "energy_active_export_total = 0.01 kWh");
  EXPECT_EQ(read(0x9410, "00100000"), "energy_active_import_total_settlement_1 = 10.00 kWh");
  EXPECT_EQ(read(0x9814, "00100000"), "energy_active_import_tariff_4_settlement_2 = 10.00 kWh");
  EXPECT_EQ(read(0x9110, "00100000"), "energy_reactive_import_total = 10.00 kvarh");
  EXPECT_EQ(read(0x9140, "00100000"), "energy_reactive_quadrant_4_total = 10.00 kvarh");
  EXPECT_EQ(read(0x9150, "00100000"), "energy_reactive_quadrant_2_total = 10.00 kvarh");
  EXPECT_EQ(read(0x901F, "0300000001000000"),
            "energy_active_import_total = 0.03 kWh; energy_active_import_tariff_1 = 0.01 kWh");
  for (const std::uint16_t unknown : {0x9000, 0x9030, 0x9170, 0x9210, 0x9C10, 0x8010, 0xD010, 0x0000}) {
    EXPECT_FALSE(describe_1997(unknown)) << std::hex << unknown;
  }
}

TEST(Identifier1997, DemandsAndTheirTimes) {
  EXPECT_EQ(read(0xA010, "563412"), "demand_active_import_total = 12.3456 kW");
  EXPECT_EQ(read(0xB010, "45102811"), "demand_active_import_total_time = 11-28 10:45");
  EXPECT_EQ(read(0xB410, "45102811"), "demand_active_import_total_settlement_1_time = 11-28 10:45");
}

TEST(Identifier1997, VariablesAndParameters) {
  EXPECT_EQ(read(0xB611, "2002"), "voltage_a = 220 V");
  EXPECT_EQ(read(0xB61F, "200221022202"), "voltage_a = 220 V; voltage_b = 221 V; voltage_c = 222 V");
  EXPECT_EQ(read(0xB621, "5012"), "current_a = 12.50 A");
  EXPECT_EQ(read(0xB630, "563412"), "power_active_total = 12.3456 kW");
  EXPECT_EQ(read(0xB640, "3412"), "power_reactive_total = 12.34 kvar");
  EXPECT_EQ(read(0xB651, "8709"), "power_factor_a = 0.987");
  EXPECT_EQ(read(0xB212, "1200"), "event_programming_count = 12");
  EXPECT_EQ(read(0xB310, "0300"), "event_phase_break_count_total = 3");
  EXPECT_EQ(read(0xC010, "06281121"), "clock_date = 2021-11-28");
  EXPECT_EQ(read(0xC011, "301510"), "clock_time = 10:15:30");
  EXPECT_EQ(read(0xC030, "001600"), "active_constant = 1600 imp/kWh");
  EXPECT_EQ(read(0xC032, "563412907856"), "meter_number = 567890123456");
  EXPECT_EQ(read(0xC111, "15"), "demand_period = 15 min");
  EXPECT_EQ(read(0xC321, "010101"), "zone_entry_1 = 01-01 01");
  EXPECT_EQ(read(0xB611, "0A02"), "voltage_a = 0A 02 V !bad_bcd_digit");
  EXPECT_EQ(read(0xB611, "02"), " !malformed");
  EXPECT_EQ(read(0xB610, "2002"), "unsupported");
}

TEST(Identifier1997, TablesAreSound) {
  std::map<std::string, unsigned> registers;
  std::size_t known = 0;
  for (unsigned identifier = 0; identifier <= 0xFFFF; ++identifier) {
    const auto d = describe_1997(static_cast<std::uint16_t>(identifier));
    if (!d) continue;
    ++known;
    EXPECT_EQ(d->edition, Edition::edition_1997);
    EXPECT_EQ(d->identifier.value, identifier);
    EXPECT_FALSE(meaning_of(*d, Language::english).empty());
    EXPECT_FALSE(meaning_of(*d, Language::chinese).empty());
    EXPECT_GT(d->item_octets, 0);
    if (d->is_block()) continue;
    const auto [at, is_new] = registers.emplace(register_name(*d), identifier);
    EXPECT_TRUE(is_new) << std::hex << identifier << " and " << at->second << ": " << at->first;
  }
  EXPECT_GT(known, 800U);
}

TEST(Message1997, BuildsAndReads) {
  const auto address = *Address::parse("201708176934");
  const auto request = read_request_1997(address, 0x9010, 0);
  EXPECT_EQ(to_hex(request.view(), ' '), "68 34 69 17 08 17 20 68 01 02 43 C3 CC 16");
  EXPECT_EQ(decode(request.view())->edition(), Edition::edition_1997);
  const auto again = read_again_request_1997(address, 0x9010, 0);
  EXPECT_EQ(decode(again.view())->edition(), Edition::edition_1997);
  const auto following = read_following_request_1997(address, 0x901F, 0);
  EXPECT_EQ(decode(following.view())->function(), 0x02);
  const auto write = write_request_1997(address, 0xC111, {2, 0x11, 0x22, 0x33}, *from_hex("15"), 0);
  EXPECT_EQ(to_hex(decode(write->view())->plain_data().view(), ' '), "11 C1 02 11 22 33 15");
  const auto reply = read_reply_1997(address, 0x9010, *from_hex("78563412"), true);
  EXPECT_EQ(decode(reply->view())->control(), 0xA1);
}

}  // namespace
}  // namespace duheng::dlt645
