#pragma once
// The rules of Annex A as data: energies, demands, variables, parameters, freezes. Included by describe.cpp only, so
// that the table of frequent identifiers can be made from them by the compiler.
#include <array>

#include "codec/dlt645/data_table.hpp"
#include "codec/dlt645/record_rules.hpp"

namespace duheng::dlt645::table {

using enum FieldKind;
using enum Unit;

constexpr FieldFormat one(FieldKind kind, std::uint8_t size, std::int8_t exponent = 0, Unit unit = none) {
  return {kind, size, exponent, unit, FieldRole::value};
}

// Shared field lists. Names say kind, octets and, for amounts, the places after the point.
inline constexpr std::array count_3{FieldFormat{bcd, 3, 0, none, FieldRole::value}};
inline constexpr std::array minutes_3{FieldFormat{bcd, 3, 0, minute, FieldRole::value}};
inline constexpr std::array count_and_minutes{FieldFormat{bcd, 3, 0, none, FieldRole::count},
                                              FieldFormat{bcd, 3, 0, minute, FieldRole::duration}};
inline constexpr std::array from_to{FieldFormat{date_time, 6, 0, none, FieldRole::begin},
                                    FieldFormat{date_time, 6, 0, none, FieldRole::end}};
inline constexpr std::array number_1{one(bcd, 1)};
inline constexpr std::array number_2{one(bcd, 2)};
inline constexpr std::array minutes_1{one(bcd, 1, 0, minute)};
inline constexpr std::array minutes_2{one(bcd, 2, 0, minute)};
inline constexpr std::array minutes_4{one(bcd, 4, 0, minute)};
inline constexpr std::array seconds_1{one(bcd, 1, 0, second)};
inline constexpr std::array milliseconds_2{one(bcd, 2, 0, millisecond)};
inline constexpr std::array bits_1{one(bits, 1)};
inline constexpr std::array bits_2{one(bits, 2)};
inline constexpr std::array date_4{one(date_weekday, 4)};
inline constexpr std::array time_3{one(FieldKind::time, 3)};
inline constexpr std::array date_time_5{one(date_hour_minute, 5)};
inline constexpr std::array month_time_4{one(month_day_time, 4)};
inline constexpr std::array day_hour_2{one(day_hour, 2)};
inline constexpr std::array digits_6{one(digits, 6)};
inline constexpr std::array text_4{one(text, 4)};
inline constexpr std::array text_6{one(text, 6)};
inline constexpr std::array text_10{one(text, 10)};
inline constexpr std::array text_16{one(text, 16)};
inline constexpr std::array text_32{one(text, 32)};
inline constexpr std::array raw_4{one(raw, 4)};
inline constexpr std::array raw_rest{one(raw, 0)};
inline constexpr std::array zone_3{one(zone_entry, 3)};
inline constexpr std::array period_3{one(period_entry, 3)};
inline constexpr std::array holiday_4{one(holiday_entry, 4)};
inline constexpr std::array impulses_3{one(bcd, 3, 0, impulse_per_kilowatt_hour)};
inline constexpr std::array impulses_reactive_3{one(bcd, 3, 0, impulse_per_kilovar_hour)};
inline constexpr std::array kwh_4{one(bcd, 4, -2, kilowatt_hour)};
inline constexpr std::array kwh_4_signed{one(signed_bcd, 4, -2, kilowatt_hour)};
inline constexpr std::array kvarh_4{one(bcd, 4, -2, kilovar_hour)};
inline constexpr std::array kvarh_4_signed{one(signed_bcd, 4, -2, kilovar_hour)};
inline constexpr std::array kvah_4{one(bcd, 4, -2, kilovolt_ampere_hour)};
inline constexpr std::array yuan_4{one(bcd, 4, -2, yuan)};
inline constexpr std::array price_4{one(bcd, 4, -4, yuan_per_kilowatt_hour)};
inline constexpr std::array volt_2{one(bcd, 2, -1, volt)};
inline constexpr std::array battery_2{one(bcd, 2, -2, volt)};
inline constexpr std::array ampere_3{one(bcd, 3, -3, ampere)};
inline constexpr std::array ampere_3_signed{one(signed_bcd, 3, -3, ampere)};
inline constexpr std::array kw_3{one(bcd, 3, -4, kilowatt)};
inline constexpr std::array kw_3_signed{one(signed_bcd, 3, -4, kilowatt)};
inline constexpr std::array kvar_3_signed{one(signed_bcd, 3, -4, kilovar)};
inline constexpr std::array kva_3{one(bcd, 3, -4, kilovolt_ampere)};
inline constexpr std::array factor_2_signed{one(signed_bcd, 2, -3)};
inline constexpr std::array degree_2{one(bcd, 2, -1, degree)};
inline constexpr std::array percent_2{one(bcd, 2, -2, percent)};
inline constexpr std::array hertz_2{one(bcd, 2, -2, hertz)};
inline constexpr std::array celsius_2_signed{one(signed_bcd, 2, -1, celsius)};

constexpr std::array<FieldFormat, 2> demand_fields(FieldKind kind, Unit unit) {
  return {FieldFormat{kind, 3, -4, unit, FieldRole::value}, FieldFormat{date_hour_minute, 5, 0, none, FieldRole::time}};
}
inline constexpr std::array demand_kw = demand_fields(bcd, kilowatt);
inline constexpr std::array demand_kw_signed = demand_fields(signed_bcd, kilowatt);
inline constexpr std::array demand_kvar = demand_fields(bcd, kilovar);
inline constexpr std::array demand_kvar_signed = demand_fields(signed_bcd, kilovar);
inline constexpr std::array demand_kva = demand_fields(bcd, kilovolt_ampere);

inline constexpr std::array programming_record = [] {
  std::array<FieldFormat, 12> fields{};
  fields[0] = {date_time, 6, 0, none, FieldRole::time};
  fields[1] = {raw, 4, 0, none, FieldRole::operator_code};
  for (std::size_t i = 2; i < fields.size(); ++i) fields[i] = {identifier, 4, 0, none, FieldRole::identifier};
  return fields;
}();
inline constexpr std::array cover_record = [] {
  std::array<FieldFormat, 14> fields{};
  fields[0] = {date_time, 6, 0, none, FieldRole::begin};
  fields[1] = {date_time, 6, 0, none, FieldRole::end};
  for (std::size_t i = 2; i < fields.size(); ++i) fields[i] = {bcd, 4, -2, kilowatt_hour, FieldRole::energy};
  return fields;
}();
// Total active and reactive power with their phases, as one freeze holds them.
inline constexpr std::array freeze_powers = [] {
  std::array<FieldFormat, 8> fields{};
  for (std::size_t i = 0; i < 4; ++i) fields[i] = one(signed_bcd, 3, -4, kilowatt);
  for (std::size_t i = 4; i < 8; ++i) fields[i] = one(signed_bcd, 3, -4, kilovar);
  return fields;
}();

inline constexpr std::array<DataRule, quantity_count> energy_rules{{
    {0, 0, "energy_active_combined", {"combined active energy", "组合有功电能"}, kwh_4_signed},
    {0, 0, "energy_active_import", {"forward active energy", "正向有功电能"}, kwh_4},
    {0, 0, "energy_active_export", {"reverse active energy", "反向有功电能"}, kwh_4},
    {0, 0, "energy_reactive_combined_1", {"combined reactive energy 1", "组合无功1电能"}, kvarh_4_signed},
    {0, 0, "energy_reactive_combined_2", {"combined reactive energy 2", "组合无功2电能"}, kvarh_4_signed},
    {0, 0, "energy_reactive_quadrant_1", {"reactive energy quadrant 1", "第一象限无功电能"}, kvarh_4},
    {0, 0, "energy_reactive_quadrant_2", {"reactive energy quadrant 2", "第二象限无功电能"}, kvarh_4},
    {0, 0, "energy_reactive_quadrant_3", {"reactive energy quadrant 3", "第三象限无功电能"}, kvarh_4},
    {0, 0, "energy_reactive_quadrant_4", {"reactive energy quadrant 4", "第四象限无功电能"}, kvarh_4},
    {0, 0, "energy_apparent_import", {"forward apparent energy", "正向视在电能"}, kvah_4},
    {0, 0, "energy_apparent_export", {"reverse apparent energy", "反向视在电能"}, kvah_4},
}};
inline constexpr std::array<DataRule, quantity_count> demand_rules{{
    {0, 0, "demand_active_combined", {"combined active maximum demand", "组合有功最大需量"}, demand_kw_signed},
    {0, 0, "demand_active_import", {"forward active maximum demand", "正向有功最大需量"}, demand_kw},
    {0, 0, "demand_active_export", {"reverse active maximum demand", "反向有功最大需量"}, demand_kw},
    {0,
     0,
     "demand_reactive_combined_1",
     {"combined reactive maximum demand 1", "组合无功1最大需量"},
     demand_kvar_signed},
    {0,
     0,
     "demand_reactive_combined_2",
     {"combined reactive maximum demand 2", "组合无功2最大需量"},
     demand_kvar_signed},
    {0, 0, "demand_reactive_quadrant_1", {"reactive maximum demand quadrant 1", "第一象限无功最大需量"}, demand_kvar},
    {0, 0, "demand_reactive_quadrant_2", {"reactive maximum demand quadrant 2", "第二象限无功最大需量"}, demand_kvar},
    {0, 0, "demand_reactive_quadrant_3", {"reactive maximum demand quadrant 3", "第三象限无功最大需量"}, demand_kvar},
    {0, 0, "demand_reactive_quadrant_4", {"reactive maximum demand quadrant 4", "第四象限无功最大需量"}, demand_kvar},
    {0, 0, "demand_apparent_import", {"forward apparent maximum demand", "正向视在最大需量"}, demand_kva},
    {0, 0, "demand_apparent_export", {"reverse apparent maximum demand", "反向视在最大需量"}, demand_kva},
}};

inline constexpr std::array<DataRule, 9> variable_rules{{
    {0, 0, "voltage", {"voltage", "电压"}, volt_2, Layout::phases},
    {0, 0, "current", {"current", "电流"}, ampere_3_signed, Layout::phases},
    {0, 0, "power_active", {"active power", "瞬时有功功率"}, kw_3_signed, Layout::total_and_phases},
    {0, 0, "power_reactive", {"reactive power", "瞬时无功功率"}, kvar_3_signed, Layout::total_and_phases},
    {0, 0, "power_apparent", {"apparent power", "瞬时视在功率"}, kva_3, Layout::total_and_phases},
    {0, 0, "power_factor", {"power factor", "功率因数"}, factor_2_signed, Layout::total_and_phases},
    {0, 0, "phase_angle", {"phase angle", "相角"}, degree_2, Layout::phases},
    {0, 0, "voltage_distortion", {"voltage distortion", "电压波形失真度"}, percent_2, Layout::phases},
    {0, 0, "current_distortion", {"current distortion", "电流波形失真度"}, percent_2, Layout::phases},
}};
inline constexpr std::array<DataRule, 2> harmonic_rules{{
    {0, 0, "voltage_harmonic", {"voltage harmonic content", "电压谐波含量"}, percent_2},
    {0, 0, "current_harmonic", {"current harmonic content", "电流谐波含量"}, percent_2},
}};

inline constexpr std::uint32_t exact = 0xFFFFFFFF;
inline constexpr std::uint32_t any_di0 = 0xFFFFFF00;
inline constexpr std::uint32_t any_di1_di0 = 0xFFFF0000;

inline constexpr DataRule energy_table[] = {
    {0x00900100, exact, "energy_remaining", {"remaining energy", "剩余电量"}, kwh_4},
    {0x00900101, exact, "energy_overdraft", {"overdraft energy", "透支电量"}, kwh_4},
    {0x00900200, exact, "amount_remaining", {"remaining amount", "剩余金额"}, yuan_4},
    {0x00900201, exact, "amount_overdraft", {"overdraft amount", "透支金额"}, yuan_4},
};

inline constexpr DataRule variable_table[] = {
    {0x02800002, exact, "frequency", {"grid frequency", "电网频率"}, hertz_2},
    {0x02800001, exact, "current_neutral", {"neutral current", "零线电流"}, ampere_3},
    {0x02800003,
     exact,
     "power_active_mean_1min",
     {"one-minute mean active power", "一分钟有功总平均功率"},
     kw_3_signed},
    {0x02800004, exact, "demand_active_present", {"present active demand", "当前有功需量"}, kw_3_signed},
    {0x02800005, exact, "demand_reactive_present", {"present reactive demand", "当前无功需量"}, kvar_3_signed},
    {0x02800006, exact, "demand_apparent_present", {"present apparent demand", "当前视在需量"}, kva_3},
    {0x02800007, exact, "temperature_meter", {"temperature inside the meter", "表内温度"}, celsius_2_signed},
    {0x02800008, exact, "voltage_clock_battery", {"clock battery voltage", "时钟电池电压"}, battery_2},
    {0x02800009, exact, "voltage_reading_battery", {"stop-read battery voltage", "停电抄表电池电压"}, battery_2},
    {0x0280000A, exact, "battery_working_time", {"internal battery working time", "内部电池工作时间"}, minutes_4},
    {0x0280000B, exact, "price_step_present", {"present step price", "当前阶梯电价"}, price_4},
};

inline constexpr DataRule parameter_table[] = {
    {0x04000101, exact, "clock_date", {"date and weekday", "日期及星期"}, date_4},
    {0x04000102, exact, "clock_time", {"time", "时间"}, time_3},
    {0x04000501, exact, "status_word_1", {"status word 1", "电表运行状态字1"}, bits_2},
    {0x04000502, exact, "status_word_2", {"status word 2", "电表运行状态字2"}, bits_2},
    {0x04000503, exact, "status_word_3", {"status word 3", "电表运行状态字3"}, bits_2},
    {0x04000504, exact, "status_word_4", {"status word 4 (phase A faults)", "电表运行状态字4（A相故障状态）"}, bits_2},
    {0x04000505, exact, "status_word_5", {"status word 5 (phase B faults)", "电表运行状态字5（B相故障状态）"}, bits_2},
    {0x04000506, exact, "status_word_6", {"status word 6 (phase C faults)", "电表运行状态字6（C相故障状态）"}, bits_2},
    {0x04000507, exact, "status_word_7", {"status word 7", "电表运行状态字7（合相故障状态）"}, bits_2},
    {0x040005FF, exact, "status_word", {"status words 1..7", "电表运行状态字数据块"}, bits_2, Layout::entries},
    {0x04000103, exact, "demand_period", {"demand period", "最大需量周期"}, minutes_1},
    {0x04000104, exact, "demand_slide", {"demand slide time", "滑差时间"}, minutes_1},
    {0x04000105, exact, "pulse_width", {"calibration pulse width", "校表脉冲宽度"}, milliseconds_2},
    {0x04000106,
     exact,
     "zone_table_switch_time",
     {"switch time of the time-zone tables", "两套时区表切换时间"},
     date_time_5},
    {0x04000107,
     exact,
     "day_table_switch_time",
     {"switch time of the day tables", "两套日时段表切换时间"},
     date_time_5},
    {0x04000201, exact, "year_zone_count", {"number of year time zones", "年时区数"}, number_1},
    {0x04000202, exact, "day_table_count", {"number of day tables", "日时段表数"}, number_1},
    {0x04000203, exact, "day_period_count", {"number of day periods", "日时段数"}, number_1},
    {0x04000204, exact, "tariff_count", {"number of tariffs", "费率数"}, number_1},
    {0x04000205, exact, "holiday_count", {"number of holidays", "公共假日数"}, number_2},
    {0x04000206, exact, "harmonic_count", {"number of harmonics analysed", "谐波分析次数"}, number_1},
    {0x04000301, exact, "display_auto_screens", {"screens shown in turn", "自动循环显示屏数"}, number_1},
    {0x04000302, exact, "display_auto_time", {"time of each screen", "每屏显示时间"}, seconds_1},
    {0x04000303, exact, "display_energy_places", {"decimal places of energy", "显示电能小数位数"}, number_1},
    {0x04000304,
     exact,
     "display_power_places",
     {"decimal places of power and demand", "显示功率（最大需量）小数位数"},
     number_1},
    {0x04000305, exact, "display_key_screens", {"screens shown by key", "按键循环显示屏数"}, number_1},
    {0x04000401, exact, "meter_address", {"communication address", "通信地址"}, digits_6},
    {0x04000402, exact, "meter_number", {"meter number", "表号"}, digits_6},
    {0x04000403, exact, "asset_code", {"asset code", "资产管理编码"}, text_32},
    {0x04000404, exact, "rated_voltage", {"rated voltage", "额定电压"}, text_6},
    {0x04000405, exact, "rated_current", {"rated (base) current", "额定电流/基本电流"}, text_6},
    {0x04000406, exact, "maximum_current", {"maximum current", "最大电流"}, text_6},
    {0x04000407, exact, "active_class", {"active accuracy class", "有功准确度等级"}, text_4},
    {0x04000408, exact, "reactive_class", {"reactive accuracy class", "无功准确度等级"}, text_4},
    {0x04000409, exact, "active_constant", {"active meter constant", "电表有功常数"}, impulses_3},
    {0x0400040A, exact, "reactive_constant", {"reactive meter constant", "电表无功常数"}, impulses_reactive_3},
    {0x0400040B, exact, "meter_model", {"meter model", "电表型号"}, text_10},
    {0x0400040C, exact, "production_date", {"production date", "生产日期"}, text_10},
    {0x0400040D, exact, "protocol_version", {"protocol version", "协议版本号"}, text_16},
    {0x04000601, exact, "active_combination_word", {"active combination word", "有功组合方式特征字"}, bits_1},
    {0x04000602, exact, "reactive_combination_word_1", {"reactive combination word 1", "无功组合方式1特征字"}, bits_1},
    {0x04000603, exact, "reactive_combination_word_2", {"reactive combination word 2", "无功组合方式2特征字"}, bits_1},
    {0x04000700, any_di0, "port_speed_word", {"port speed word", "通信口速率特征字"}, bits_1},
    {0x04000801, exact, "weekend_word", {"weekend word", "周休日特征字"}, bits_1},
    {0x04000802, exact, "weekend_day_table", {"day table on weekends", "周休日采用的日时段表号"}, number_1},
    {0x04000901, exact, "load_record_mode", {"load record mode word", "负荷记录模式字"}, bits_1},
    {0x04000902, exact, "freeze_mode", {"freeze mode word", "冻结数据模式字"}, bits_1},
    {0x04000A01, exact, "load_record_start", {"load record start", "负荷记录起始时间"}, month_time_4},
    {0x04000A00, any_di0, "load_record_interval", {"load record interval of a class", "负荷记录间隔时间"}, minutes_2},
    {0x04000B00, any_di0, "settlement_day", {"settlement day", "每月结算日"}, day_hour_2},
    {0x04000C00, any_di0, "password", {"password (write only)", "密码"}, raw_4},
    {0x04000E01, exact, "active_power_limit_import", {"forward active power limit", "正向有功功率上限值"}, kw_3},
    {0x04000E02, exact, "active_power_limit_export", {"reverse active power limit", "反向有功功率上限值"}, kw_3},
    {0x04000E03, exact, "voltage_limit_upper", {"upper voltage limit", "电压上限值"}, volt_2},
    {0x04000E04, exact, "voltage_limit_lower", {"lower voltage limit", "电压下限值"}, volt_2},
    {0x04010000, exact, "zone_table_1", {"first set: time-zone table", "第一套时区表数据"}, zone_3, Layout::entries},
    {0x04010000, any_di0, "day_table_1", {"first set: day table", "第一套日时段表数据"}, period_3, Layout::entries},
    {0x04020000, exact, "zone_table_2", {"second set: time-zone table", "第二套时区表数据"}, zone_3, Layout::entries},
    {0x04020000, any_di0, "day_table_2", {"second set: day table", "第二套日时段表数据"}, period_3, Layout::entries},
    {0x04030000, any_di0, "holiday", {"holiday", "公共假日日期及日时段表号"}, holiday_4},
};

struct FreezeKind {
  std::string_view name;
  Label label;
};
inline constexpr std::array<FreezeKind, freeze_kinds> freezes{{
    {"timed", {"timed freeze", "定时冻结"}},
    {"instant", {"instant freeze", "瞬时冻结"}},
    {"zone_switch", {"zone-table-switch freeze", "两套时区表切换冻结"}},
    {"day_table_switch", {"day-table-switch freeze", "两套日时段表切换冻结"}},
    {"hourly", {"hourly freeze", "整点冻结"}},
    {"tariff_switch", {"tariff-switch freeze", "两套费率电价切换冻结"}},
    {"daily", {"daily freeze", "日冻结"}},
    {"step_switch", {"step-switch freeze", "两套阶梯切换冻结"}},
}};
inline constexpr DataRule freeze_time_entry{0, 0, "time", {"time", "时间"}, date_time_5};
inline constexpr DataRule freeze_powers_entry{
    0, 0, "power", {"active and reactive power", "有功、无功功率"}, freeze_powers, Layout::record};
inline constexpr DataRule freeze_block_entry{0,
                                             0,
                                             "",
                                             {"data block", "数据块"},
                                             freeze_block_fields,
                                             Layout::record,
                                             freeze_block_texts,
                                             Composition::freeze_block};

}  // namespace duheng::dlt645::table
