// What the meter shows, against the DL/T 645 meter of the same seed.
#include <cmath>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <regex>

#include "device/dlt698/calendar.hpp"
#include "device/dlt698/test_client.hpp"
#include "device/dlt698/virtual_dlt698_meter.hpp"
#include "device/meter/virtual_meter.hpp"

namespace duheng::device {
namespace {

using namespace testing;

const dlt698::ServerAddress own = *dlt698::ServerAddress::parse("202611000001");
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t now_utc_ms = 1'763'000'123'456;  // 2025-11-13 in China

struct Pair {
  explicit Pair(std::uint64_t seed, bool three_phase, bool exports = false)
      : old({.address = *dlt645::Address::parse("202611000001"),
             .seed = seed,
             .three_phase = three_phase,
             .exports = exports,
             .clock_offset_ms = 7'000,
             .clock_drift_ppm = 12}),
        meter({.address = own,
               .seed = seed,
               .three_phase = three_phase,
               .exports = exports,
               .clock_offset_ms = 7'000,
               .clock_drift_ppm = 12}),
        client(meter, own) {
    client.now_utc_ms = now_utc_ms;
  }
  VirtualMeter old;
  VirtualDlt698Meter meter;
  TestClient client;
};

std::vector<std::int64_t> numbers(const std::optional<Node>& data) {
  std::vector<std::int64_t> out;
  EXPECT_TRUE(data && data->type == &types::array);
  if (data)
    for (const auto& element : data->children) out.push_back(TestClient::number(element));
  return out;
}
template <class Values>
std::vector<std::int64_t> first(const Values& values, std::size_t from, std::size_t count) {
  return {values.begin() + static_cast<std::ptrdiff_t>(from),
          values.begin() + static_cast<std::ptrdiff_t>(from + count)};
}

TEST(Dlt698Registers, EqualThoseOfTheDlt645MeterOfTheSameSeed) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const bool three_phase = seed % 2 == 0;
    Pair pair(seed, three_phase, seed % 3 == 0);
    const std::size_t phases = three_phase ? 3 : 1;
    for (const std::int64_t later_ms : {std::int64_t{0}, std::int64_t{777}, 5 * day_ms + 40'000'000}) {
      const std::int64_t at = now_utc_ms + later_ms;
      pair.client.now_utc_ms = at;
      for (int tariff = 0; tariff <= 4; ++tariff) {
        const auto index = static_cast<std::uint32_t>(tariff + 1);
        const std::int64_t forward = pair.old.energy_centikwh(at, false, tariff);
        const std::int64_t reverse = pair.old.energy_centikwh(at, true, tariff);
        EXPECT_EQ(pair.client.number(0x00100200 + index), forward);
        EXPECT_EQ(pair.client.number(0x00200200 + index), reverse);
        EXPECT_EQ(pair.client.number(0x00000200 + index), forward + reverse);
        for (std::uint8_t quantity = 0; quantity <= 8; ++quantity)
          EXPECT_EQ(pair.client.number((static_cast<std::uint32_t>(quantity) << 20 | 0x200) + index),
                    pair.old.quantities().energy(at, quantity, tariff));
        EXPECT_EQ(pair.client.number(0x00100400 + index) / 100, forward);
        EXPECT_EQ(pair.client.number(0x00200400 + index) / 100, reverse);
      }
      const auto measured = pair.old.measure(at);
      EXPECT_EQ(numbers(pair.client.get(0x20000200)), first(measured.voltage_decivolt, 0, phases));
      EXPECT_EQ(numbers(pair.client.get(0x20010200)), first(measured.current_ma, 0, phases));
      EXPECT_EQ(numbers(pair.client.get(0x20040200)), first(measured.power_active_deciwatt, 0, phases + 1));
      EXPECT_EQ(numbers(pair.client.get(0x20050200)), first(measured.power_reactive_decivar, 0, phases + 1));
      EXPECT_EQ(numbers(pair.client.get(0x200A0200)), first(measured.power_factor_per_mille, 0, phases + 1));
      EXPECT_EQ(pair.client.number(0x200F0200), measured.frequency_centihertz);
      const auto apparent = numbers(pair.client.get(0x20060200));
      for (std::size_t i = 0; i <= phases; ++i)
        EXPECT_GE(apparent[i], std::abs(measured.power_active_deciwatt[i])) << i;
      for (std::uint32_t number = 1; number <= 7; ++number) {
        const auto word = pair.client.get(0x20140200 + number);
        EXPECT_EQ(word->count, 16U);
        std::int64_t bits = 0;
        for (std::size_t bit = 0; bit < 16; ++bit)
          if ((word->content[bit / 8] & 0x80 >> bit % 8) != 0) bits |= 1 << bit;
        EXPECT_EQ(bits, pair.old.quantities().status_word(at, number, false));
      }
      EXPECT_EQ(pair.client.number(0x20170200), pair.old.quantities().present_demand_deciwatt(at));
      EXPECT_EQ(pair.client.number(0x20180200), pair.old.quantities().present_demand_decivar(at));
    }
  }
}

TEST(Dlt698Registers, ClockDriftsLikeThatOfTheDlt645Meter) {
  Pair pair(3, false);
  const auto shown = pair.client.get(0x40000200);
  ASSERT_TRUE(shown);
  const auto time = dlt698::read_time(dlt698::Kind::date_time_s, shown->content);
  const auto expected = pair.old.clock(now_utc_ms);
  EXPECT_EQ(time->year, expected.year);
  EXPECT_EQ(time->month, expected.month);
  EXPECT_EQ(time->day, expected.day);
  EXPECT_EQ(time->hour, expected.hour);
  EXPECT_EQ(time->minute, expected.minute);
  EXPECT_EQ(time->second, expected.second);
}

/// What a three-phase meter shows at one moment must fit together, whatever computed it. Powers in 0.1 W and 0.1 var,
/// factors in per mille, voltages in 0.1 V, currents in mA, energies in 0.01 kWh, kvarh and kVAh.
void expect_physically_sound(const std::map<std::string, std::int64_t>& shown) {
  const auto of = [&](const std::string& name) { return static_cast<double>(shown.at(name)); };
  for (const char* const power : {"power_active_", "power_reactive_"}) {
    const std::string name = power;
    EXPECT_EQ(shown.at(name + "total"), shown.at(name + "a") + shown.at(name + "b") + shown.at(name + "c"));
    EXPECT_NE(shown.at(name + "total"), 0);
  }
  for (const std::string phase : {"a", "b", "c"}) {
    const double apparent = std::hypot(of("power_active_" + phase), of("power_reactive_" + phase));
    // 0.1 V x 1 mA = 10^-3 of 0.1 W; current, power and factor are rounded each.
    EXPECT_NEAR(of("voltage_" + phase) * of("current_" + phase) / 1'000, apparent, apparent / 200 + 10) << phase;
  }
  for (const std::string part : {"total", "a", "b", "c"}) {
    const double apparent = std::hypot(of("power_active_" + part), of("power_reactive_" + part));
    EXPECT_NEAR(of("power_factor_" + part), 1'000 * of("power_active_" + part) / apparent, 3) << part;
  }
  for (const std::string direction : {"import", "export"}) {
    const std::string name = "energy_active_" + direction + "_tariff_";
    std::int64_t sum = 0;
    for (const char* const tariff : {"1", "2", "3", "4"}) sum += shown.at(name + tariff);
    // Each of the four is cut to whole hundredths, and so is a quarter of what stood there at first.
    EXPECT_LE(sum, shown.at("energy_active_" + direction + "_total"));
    EXPECT_GE(sum + 8, shown.at("energy_active_" + direction + "_total"));
  }
  EXPECT_GT(shown.at("energy_active_import_total"), 0);
  EXPECT_GE(shown.at("energy_reactive_combined_1_total"), 0);
  EXPECT_GE(shown.at("energy_reactive_combined_2_total"), 0);
}

TEST(Dlt698Registers, EveryObjectOfTheShippedModelsIsAnswered) {
  for (const bool three_phase : {false, true}) {
    const std::string name = three_phase ? "dlt698-three-phase" : "dlt698-single-phase";
    std::ifstream in(std::string(DUHENG_SOURCE_DIR) + "/models/" + name + ".yaml");
    std::string text((std::istreambuf_iterator<char>(in)), {});
    const std::string rest = text.substr(std::min(text.find("\ncommands:"), text.size()));
    text.resize(text.size() - rest.size());
    static const std::regex item("register: ([a-z_0-9]+), oad: \"([0-9A-F]{8})\"(?:, element: ([0-9]+))?");
    Pair pair(8, three_phase);
    const auto measured = pair.old.measure(now_utc_ms);
    std::map<std::string, std::int64_t> expected{
        {"energy_active_import_total", pair.old.energy_centikwh(now_utc_ms, false, 0)},
        {"energy_active_export_total", pair.old.energy_centikwh(now_utc_ms, true, 0)},
        {"frequency", measured.frequency_centihertz}};
    const char* const phases[] = {"total", "a", "b", "c"};
    for (std::size_t i = 0; i < 4; ++i) {
      expected[std::string("power_active_") + phases[i]] = measured.power_active_deciwatt[i];
      expected[std::string("power_reactive_") + phases[i]] = measured.power_reactive_decivar[i];
      expected[std::string("power_factor_") + phases[i]] = measured.power_factor_per_mille[i];
      if (i == 0) continue;
      expected[std::string("voltage_") + phases[i]] = measured.voltage_decivolt[i - 1];
      expected[std::string("current_") + phases[i]] = measured.current_ma[i - 1];
    }
    const auto& quantities = pair.old.quantities();
    const char* const energies[] = {"active_import",       "active_export",       "reactive_combined_1",
                                    "reactive_combined_2", "reactive_quadrant_1", "reactive_quadrant_2",
                                    "reactive_quadrant_3", "reactive_quadrant_4", "apparent_import",
                                    "apparent_export"};
    for (std::uint8_t quantity = 1; quantity <= std::size(energies); ++quantity)
      for (int tariff = 0; tariff <= 4; ++tariff)
        expected[std::string("energy_") + energies[quantity - 1] +
                 (tariff == 0 ? "_total" : "_tariff_" + std::to_string(tariff))] =
            *quantities.energy(now_utc_ms, quantity, tariff);
    std::map<std::string, std::int64_t> shown;
    for (std::sregex_iterator at(text.begin(), text.end(), item), end; at != end; ++at) {
      const auto oad = static_cast<std::uint32_t>(std::stoul((*at)[2], nullptr, 16));
      const auto data = pair.client.get(oad);
      ASSERT_TRUE(data) << (*at)[0];
      if ((*at)[1] == "clock") continue;
      const Node& leaf = (*at)[3].matched ? data->children.at(std::stoul((*at)[3])) : *data;
      ASSERT_TRUE(expected.contains((*at)[1])) << (*at)[1];
      EXPECT_EQ(TestClient::number(leaf), expected[(*at)[1]]) << (*at)[0];
      EXPECT_TRUE(shown.emplace((*at)[1], TestClient::number(leaf)).second) << (*at)[0];
    }
    EXPECT_EQ(shown.size(), three_phase ? 69U : 7U) << name;
    if (three_phase) expect_physically_sound(shown);
    // What commands are checked by, parameters, and the columns of tables.
    static const std::regex other("(table|oad): \"([0-9A-F]{8})\"");
    for (std::sregex_iterator at(rest.begin(), rest.end(), other), end; at != end; ++at) {
      const auto oad = static_cast<std::uint32_t>(std::stoul((*at)[2], nullptr, 16));
      const bool has_feature = (oad >> 13 & 7) != 0;
      if (oad == 0x201E0200 || oad == 0x20200200 || has_feature) continue;  // columns only
      if ((*at)[1] == "table") {
        static_cast<void>(pair.client.records(oad, make::select_last(1), {}));
        EXPECT_EQ(pair.client.dar, 0) << (*at)[0];
      } else {
        EXPECT_TRUE(pair.client.get(oad)) << (*at)[0];
      }
    }
  }
}

TEST(Dlt698Registers, DemandIsTheHighestMeanSinceTheSettlement) {
  Pair pair(6, true, true);
  pair.client.now_utc_ms = now_utc_ms;
  const std::int64_t month_utc_ms = 1'761'926'400'000;  // 2025-11-01 in China
  for (const bool reverse : {false, true}) {
    const auto shown = pair.client.get(reverse ? 0x10200201 : 0x10100201);
    ASSERT_TRUE(shown && shown->children.size() == 2);
    std::int64_t most = 0;
    std::int64_t end = 0;
    constexpr std::int64_t period_ms = 900'000;
    for (std::int64_t at = month_utc_ms; at + period_ms <= now_utc_ms; at += period_ms) {
      const auto begin_energy = pair.old.quantities().curve().energy(at + 8 * 3'600'000);
      const auto end_energy = pair.old.quantities().curve().energy(at + period_ms + 8 * 3'600'000);
      const auto energy = reverse ? end_energy.export_mw_ns - begin_energy.export_mw_ns
                                  : end_energy.import_mw_ns - begin_energy.import_mw_ns;
      const auto deciwatt = static_cast<std::int64_t>(energy / (period_ms * 1'000'000) / 100);
      if (deciwatt > most) end = at + period_ms;
      most = std::max(most, deciwatt);
    }
    EXPECT_GT(most, 0);
    EXPECT_EQ(TestClient::number(shown->children[0]), most);
    EXPECT_EQ(meter698::local_ms_in(shown->children[1]), end + 8 * 3'600'000);
  }
}

TEST(Dlt698Registers, NamesScalesAndAddresses) {
  Pair pair(4, true);
  EXPECT_EQ(pair.client.get(0x00100100)->content, (Bytes{0x00, 0x10}));
  EXPECT_EQ(pair.client.get(0x00100300)->content, (Bytes{0xFE, 33}));  // 10^-2 kWh
  EXPECT_EQ(pair.client.get(0x00100500)->content, (Bytes{0xFC, 33}));
  EXPECT_EQ(pair.client.get(0x20000300)->content, (Bytes{0xFF, 38}));  // 10^-1 V
  EXPECT_EQ(pair.client.get(0x40010200)->content, (Bytes{0x20, 0x26, 0x11, 0x00, 0x00, 0x01}));
  EXPECT_EQ(pair.client.get(0x40020200)->content, (Bytes{0x20, 0x26, 0x11, 0x00, 0x00, 0x01}));
  EXPECT_EQ(pair.client.get(0xF2050201)->children.size(), 4U);
  EXPECT_EQ(pair.client.get(0x43000300)->children.size(), 6U);
  EXPECT_EQ(pair.client.identifier, 0x43000300U);
}

TEST(Dlt698Registers, RefusalsTellWhy) {
  Pair pair(4, false);
  const auto refused = [&](std::uint32_t oad) {
    EXPECT_FALSE(pair.client.get(oad)) << std::hex << oad;
    return pair.client.dar;
  };
  EXPECT_EQ(refused(0x00110200), 6);  // no energy by phase
  EXPECT_EQ(refused(0x00300400), 4);  // nothing precise of reactive energy
  EXPECT_EQ(refused(0xFFFF0200), 6);
  EXPECT_EQ(refused(0x00100600), 4);  // no such attribute
  EXPECT_EQ(refused(0x00102200), 4);  // no snapshots
  EXPECT_EQ(refused(0x20000202), 8);  // phase B of a single-phase meter
  EXPECT_EQ(refused(0x00100206), 8);  // tariff 5
  EXPECT_EQ(refused(0x40000201), 8);  // no array
  EXPECT_EQ(refused(0x44010200), 3);  // the password
  EXPECT_EQ(refused(0x50040200), 9);  // a whole year at once
}

}  // namespace
}  // namespace duheng::device
