// What a driver reads of three-phase meters is what stands in the meter's registers, to the last digit: active,
// reactive and apparent energy, import and export, total and by tariff (BM-4.1.1).
#include <array>
#include <charconv>
#include <gtest/gtest.h>
#include <map>

#include "device/meter/virtual_meter.hpp"
#include "tests/operations/device_line.hpp"

namespace duheng::operations {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t first_utc_ms = 1'763'692'965'000;  // 2025-11-21T10:42:45+08:00

/// The group of registers by DI2 of DL/T 645-2007 table A.1, and the tariff, 0 for the total.
struct Quantity {
  std::uint8_t number = 0;
  int tariff = 0;
};
constexpr std::array<std::pair<std::string_view, std::uint8_t>, 10> numbers{{{"energy_active_import", 1},
                                                                             {"energy_active_export", 2},
                                                                             {"energy_reactive_combined_1", 3},
                                                                             {"energy_reactive_combined_2", 4},
                                                                             {"energy_reactive_quadrant_1", 5},
                                                                             {"energy_reactive_quadrant_2", 6},
                                                                             {"energy_reactive_quadrant_3", 7},
                                                                             {"energy_reactive_quadrant_4", 8},
                                                                             {"energy_apparent_import", 9},
                                                                             {"energy_apparent_export", 10}}};
std::optional<Quantity> quantity_of(std::string_view name) {
  for (const auto& [prefix, number] : numbers) {
    if (!name.starts_with(prefix)) continue;
    const std::string_view rest = name.substr(prefix.size());
    if (rest == "_total") return Quantity{number, 0};
    int tariff = 0;
    constexpr std::string_view word = "_tariff_";
    if (!rest.starts_with(word)) continue;
    const std::string_view digits = rest.substr(word.size());
    if (std::from_chars(digits.begin(), digits.end(), tariff).ec == std::errc{}) return Quantity{number, tariff};
  }
  return std::nullopt;
}

class EnergyRegisters : public testing::TestWithParam<const char*> {};

TEST_P(EnergyRegisters, AreReadToTheLastDigit) {
  static const auto library = *drivers::ModelLibrary::load(std::string(DUHENG_SOURCE_DIR) + "/models");
  const auto model = library.find(GetParam());
  ASSERT_TRUE(model);
  constexpr std::uint64_t seed = 11;
  // The meter that both protocols show: same seed, same curve.
  const device::VirtualMeter meter(
      {.address = *dlt645::Address::parse("111111111111"), .seed = seed, .three_phase = true, .exports = true});
  const auto& registers = meter.quantities();
  for (const std::int64_t utc_ms : {first_utc_ms, first_utc_ms + 7 * hour_ms, first_utc_ms + 91 * 24 * hour_ms}) {
    DeviceLine line(model, utc_ms, seed);
    std::map<std::string, int> seen;
    std::map<std::string, std::int64_t> values;
    for (const auto& group : model->groups) {
      for (const auto& question : group.questions) {
        for (const auto& value : line.read(question)) {
          const auto& item = question.items.at(value.item);
          const auto quantity = quantity_of(item.register_name);
          if (!quantity) continue;
          const auto truth = registers.energy(utc_ms, quantity->number, quantity->tariff);
          ASSERT_TRUE(truth) << item.register_name;
          EXPECT_EQ(value.mantissa, *truth) << item.register_name;
          EXPECT_EQ(value.exponent, -2) << item.register_name;
          EXPECT_EQ(value.state, drivers::ItemState::good) << item.register_name;
          values[item.register_name] = *truth;
          ++seen[item.register_name];
        }
      }
    }
    for (const auto& [name, number] : numbers) {
      std::int64_t parts = 0;
      for (const char* part : {"_total", "_tariff_1", "_tariff_2", "_tariff_3", "_tariff_4"}) {
        const std::string whole_name = std::string(name) + part;
        EXPECT_EQ(seen[whole_name], 1) << whole_name;
        if (part != std::string_view("_total")) parts += values[whole_name];
      }
      const std::int64_t total = values[std::string(name) + "_total"];
      EXPECT_GT(total, 0) << name << ": a meter that counts nothing there shows little";
      // Each register drops what is below its last digit, four of them also a part of what was there at the beginning.
      EXPECT_LE(parts, total) << name;
      EXPECT_GE(parts, total - 7) << name;
    }
    EXPECT_EQ(seen.size(), numbers.size() * 5);
  }
}

INSTANTIATE_TEST_SUITE_P(ThreePhase, EnergyRegisters, testing::Values("dlt645-2007-three-phase", "dlt698-three-phase"),
                         [](const testing::TestParamInfo<const char*>& model) {
                           return std::string(model.param).substr(0, 6);
                         });

}  // namespace
}  // namespace duheng::operations
