// What a driver reads of three-phase meters is what stands in the meter's registers, to the last digit: active,
// reactive and apparent energy, import and export, total and by tariff (BM-4.1.1).
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
std::optional<Quantity> quantity_of(std::string_view name) {
  static const std::map<std::string_view, std::uint8_t> numbers{
      {"energy_active_import", 1},       {"energy_active_export", 2},   {"energy_reactive_combined_1", 3},
      {"energy_reactive_combined_2", 4}, {"energy_apparent_import", 9}, {"energy_apparent_export", 10}};
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
    bool exports = false;
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
          exports = exports || (quantity->number == 2 && quantity->tariff == 0 && *truth > 0);
          ++seen[item.register_name];
        }
      }
    }
    EXPECT_TRUE(exports) << "a meter that exports nothing shows little";
    std::size_t wanted = 0;
    for (const char* kind : {"energy_active_import", "energy_active_export"}) {
      for (const char* part : {"_total", "_tariff_1", "_tariff_2", "_tariff_3", "_tariff_4"}) {
        EXPECT_EQ(seen[std::string(kind) + part], 1) << kind << part;
        ++wanted;
      }
    }
    for (const char* name : {"energy_reactive_combined_1_total", "energy_reactive_combined_2_total",
                             "energy_apparent_import_total", "energy_apparent_export_total"}) {
      EXPECT_EQ(seen[name], 1) << name;
      ++wanted;
    }
    EXPECT_EQ(seen.size(), wanted);
  }
}

INSTANTIATE_TEST_SUITE_P(ThreePhase, EnergyRegisters, testing::Values("dlt645-2007-three-phase", "dlt698-three-phase"),
                         [](const testing::TestParamInfo<const char*>& model) {
                           return std::string(model.param).substr(0, 6);
                         });

}  // namespace
}  // namespace duheng::operations
