#pragma once
// The fields of what one freeze and one load record hold; private to this library.
#include "codec/dlt645/data_table.hpp"

namespace duheng::dlt645::table {

inline constexpr FieldFormat moment{FieldKind::date_hour_minute, 5, 0, Unit::none, FieldRole::time};
constexpr FieldFormat amount(FieldKind kind, std::uint8_t size, std::int8_t exponent, Unit unit) {
  return {kind, size, exponent, unit, FieldRole::value};
}
inline constexpr FieldFormat active_energy = amount(FieldKind::bcd, 4, -2, Unit::kilowatt_hour);
inline constexpr FieldFormat reactive_energy = amount(FieldKind::bcd, 4, -2, Unit::kilovar_hour);
inline constexpr FieldFormat combined_energy = amount(FieldKind::signed_bcd, 4, -2, Unit::kilovar_hour);
inline constexpr FieldFormat active_power = amount(FieldKind::signed_bcd, 3, -4, Unit::kilowatt);
inline constexpr FieldFormat reactive_power = amount(FieldKind::signed_bcd, 3, -4, Unit::kilovar);
inline constexpr FieldFormat any_voltage = amount(FieldKind::bcd, 2, -1, Unit::volt);
inline constexpr FieldFormat any_current = amount(FieldKind::signed_bcd, 3, -3, Unit::ampere);
inline constexpr FieldFormat any_factor = amount(FieldKind::signed_bcd, 2, -3, Unit::none);

/// Where the six classes of a load record begin in `load_record_fields`; field 0 is the time.
inline constexpr std::array<std::uint8_t, 7> load_record_classes{1, 8, 16, 20, 24, 28, 30};
inline constexpr std::array<FieldFormat, 30> load_record_fields{
    moment,          any_voltage,     any_voltage,     any_voltage,
    any_current,     any_current,     any_current,     amount(FieldKind::bcd, 2, -2, Unit::hertz),
    active_power,    active_power,    active_power,    active_power,
    reactive_power,  reactive_power,  reactive_power,  reactive_power,
    any_factor,      any_factor,      any_factor,      any_factor,
    active_energy,   active_energy,   combined_energy, combined_energy,
    reactive_energy, reactive_energy, reactive_energy, reactive_energy,
    active_power,    reactive_power};
inline constexpr std::array<FieldText, 30> load_record_texts{{
    {"time", {"time", "记录时刻"}},
    {"voltage_a", {"voltage, phase A", "A相电压"}},
    {"voltage_b", {"voltage, phase B", "B相电压"}},
    {"voltage_c", {"voltage, phase C", "C相电压"}},
    {"current_a", {"current, phase A", "A相电流"}},
    {"current_b", {"current, phase B", "B相电流"}},
    {"current_c", {"current, phase C", "C相电流"}},
    {"frequency", {"grid frequency", "电网频率"}},
    {"power_active_total", {"active power, total", "总有功功率"}},
    {"power_active_a", {"active power, phase A", "A相有功功率"}},
    {"power_active_b", {"active power, phase B", "B相有功功率"}},
    {"power_active_c", {"active power, phase C", "C相有功功率"}},
    {"power_reactive_total", {"reactive power, total", "总无功功率"}},
    {"power_reactive_a", {"reactive power, phase A", "A相无功功率"}},
    {"power_reactive_b", {"reactive power, phase B", "B相无功功率"}},
    {"power_reactive_c", {"reactive power, phase C", "C相无功功率"}},
    {"power_factor_total", {"power factor, total", "总功率因数"}},
    {"power_factor_a", {"power factor, phase A", "A相功率因数"}},
    {"power_factor_b", {"power factor, phase B", "B相功率因数"}},
    {"power_factor_c", {"power factor, phase C", "C相功率因数"}},
    {"energy_active_import_total", {"forward active energy", "正向有功总电能"}},
    {"energy_active_export_total", {"reverse active energy", "反向有功总电能"}},
    {"energy_reactive_combined_1_total", {"combined reactive energy 1", "组合无功1总电能"}},
    {"energy_reactive_combined_2_total", {"combined reactive energy 2", "组合无功2总电能"}},
    {"energy_reactive_quadrant_1_total", {"reactive energy quadrant 1", "第一象限无功总电能"}},
    {"energy_reactive_quadrant_2_total", {"reactive energy quadrant 2", "第二象限无功总电能"}},
    {"energy_reactive_quadrant_3_total", {"reactive energy quadrant 3", "第三象限无功总电能"}},
    {"energy_reactive_quadrant_4_total", {"reactive energy quadrant 4", "第四象限无功总电能"}},
    {"demand_active_present", {"present active demand", "当前有功需量"}},
    {"demand_reactive_present", {"present reactive demand", "当前无功需量"}},
}};

/// Fields of a freeze's data block: its time, eight energies with their tariffs, two demands with theirs, eight powers.
inline constexpr std::size_t freeze_demand_field = 9;
inline constexpr std::size_t freeze_power_field = 13;
inline constexpr std::array<FieldFormat, 21> freeze_block_fields{
    moment,          active_energy,
    active_energy,   combined_energy,
    combined_energy, reactive_energy,
    reactive_energy, reactive_energy,
    reactive_energy, amount(FieldKind::bcd, 3, -4, Unit::kilowatt),
    moment,          amount(FieldKind::bcd, 3, -4, Unit::kilowatt),
    moment,          active_power,
    active_power,    active_power,
    active_power,    reactive_power,
    reactive_power,  reactive_power,
    reactive_power};
inline constexpr std::array<FieldText, 21> freeze_block_texts{{
    {"time", {"time of the freeze", "冻结时间"}},
    {"energy_active_import", {"forward active energy", "正向有功电能"}},
    {"energy_active_export", {"reverse active energy", "反向有功电能"}},
    {"energy_reactive_combined_1", {"combined reactive energy 1", "组合无功1电能"}},
    {"energy_reactive_combined_2", {"combined reactive energy 2", "组合无功2电能"}},
    {"energy_reactive_quadrant_1", {"reactive energy quadrant 1", "第一象限无功电能"}},
    {"energy_reactive_quadrant_2", {"reactive energy quadrant 2", "第二象限无功电能"}},
    {"energy_reactive_quadrant_3", {"reactive energy quadrant 3", "第三象限无功电能"}},
    {"energy_reactive_quadrant_4", {"reactive energy quadrant 4", "第四象限无功电能"}},
    {"demand_active_import", {"forward active maximum demand", "正向有功最大需量"}},
    {"demand_active_import", {"time of the forward active maximum demand", "正向有功最大需量发生时间"}},
    {"demand_active_export", {"reverse active maximum demand", "反向有功最大需量"}},
    {"demand_active_export", {"time of the reverse active maximum demand", "反向有功最大需量发生时间"}},
    {"power_active_total", {"active power, total", "总有功功率"}},
    {"power_active_a", {"active power, phase A", "A相有功功率"}},
    {"power_active_b", {"active power, phase B", "B相有功功率"}},
    {"power_active_c", {"active power, phase C", "C相有功功率"}},
    {"power_reactive_total", {"reactive power, total", "总无功功率"}},
    {"power_reactive_a", {"reactive power, phase A", "A相无功功率"}},
    {"power_reactive_b", {"reactive power, phase B", "B相无功功率"}},
    {"power_reactive_c", {"reactive power, phase C", "C相无功功率"}},
}};

}  // namespace duheng::dlt645::table
