#include "codec/dlt645/data_table.hpp"

namespace duheng::dlt645 {

namespace {

using enum FieldKind;
using enum Unit;

constexpr std::string_view clause_identifiers = "DL/T 645-1997, Annex A";

constexpr FieldFormat one(FieldKind kind, std::uint8_t size, std::int8_t exponent = 0, Unit unit = none) {
  return {kind, size, exponent, unit, FieldRole::value};
}
constexpr std::array kwh_4{one(bcd, 4, -2, kilowatt_hour)};
constexpr std::array kvarh_4{one(bcd, 4, -2, kilovar_hour)};
constexpr std::array kwh_4_tenth{one(bcd, 4, -1, kilowatt_hour)};
constexpr std::array kvarh_4_tenth{one(bcd, 4, -1, kilovar_hour)};
constexpr std::array kw_3{one(bcd, 3, -4, kilowatt)};
constexpr std::array kvar_3{one(bcd, 3, -4, kilovar)};
constexpr std::array kw_2{one(bcd, 2, -2, kilowatt)};
constexpr std::array kvar_2{one(bcd, 2, -2, kilovar)};
constexpr std::array volt_2{one(bcd, 2, 0, volt)};
constexpr std::array ampere_2{one(bcd, 2, -2, ampere)};
constexpr std::array factor_2{one(bcd, 2, -3)};
constexpr std::array month_time_4{FieldFormat{month_day_time, 4, 0, none, FieldRole::time}};
constexpr std::array start_time_4{one(month_day_time, 4)};
constexpr std::array date_4{one(date_weekday, 4)};
constexpr std::array time_3{one(FieldKind::time, 3)};
constexpr std::array number_1{one(bcd, 1)};
constexpr std::array number_2{one(bcd, 2)};
constexpr std::array minutes_1{one(bcd, 1, 0, minute)};
constexpr std::array minutes_2{one(bcd, 2, 0, minute)};
constexpr std::array minutes_3{one(bcd, 3, 0, minute)};
constexpr std::array seconds_1{one(bcd, 1, 0, second)};
constexpr std::array milliseconds_2{one(bcd, 2, 0, millisecond)};
constexpr std::array bits_1{one(bits, 1)};
constexpr std::array digits_6{one(digits, 6)};
constexpr std::array raw_4{one(raw, 4)};
constexpr std::array impulses_3{one(bcd, 3, 0, impulse_per_kilowatt_hour)};
constexpr std::array impulses_reactive_3{one(bcd, 3, 0, impulse_per_kilovar_hour)};
constexpr std::array day_hour_2{one(day_hour, 2)};
constexpr std::array zone_3{one(zone_entry, 3)};
constexpr std::array period_3{one(period_entry, 3)};

/// Energies, demands and their times are one scheme: DI1 = group and month and active or reactive, the high half of
/// DI0 = quantity, the low half = tariff.
struct Quantity {
  std::uint8_t reactive;  ///< lowest bit of DI1
  std::uint8_t code;      ///< high half of DI0
  DataRule energy;
  DataRule demand;
  DataRule demand_time;
};
constexpr Quantity quantities[] = {
    {0,
     1,
     {0, 0, "energy_active_import", {"forward active energy", "正向有功电能"}, kwh_4},
     {0, 0, "demand_active_import", {"forward active maximum demand", "正向有功最大需量"}, kw_3},
     {0,
      0,
      "demand_active_import",
      {"time of the forward active maximum demand", "正向有功最大需量发生时间"},
      month_time_4}},
    {0,
     2,
     {0, 0, "energy_active_export", {"reverse active energy", "反向有功电能"}, kwh_4},
     {0, 0, "demand_active_export", {"reverse active maximum demand", "反向有功最大需量"}, kw_3},
     {0,
      0,
      "demand_active_export",
      {"time of the reverse active maximum demand", "反向有功最大需量发生时间"},
      month_time_4}},
    {1,
     1,
     {0, 0, "energy_reactive_import", {"forward reactive energy", "正向无功电能"}, kvarh_4},
     {0, 0, "demand_reactive_import", {"forward reactive maximum demand", "正向无功最大需量"}, kvar_3},
     {0,
      0,
      "demand_reactive_import",
      {"time of the forward reactive maximum demand", "正向无功最大需量发生时间"},
      month_time_4}},
    {1,
     2,
     {0, 0, "energy_reactive_export", {"reverse reactive energy", "反向无功电能"}, kvarh_4},
     {0, 0, "demand_reactive_export", {"reverse reactive maximum demand", "反向无功最大需量"}, kvar_3},
     {0,
      0,
      "demand_reactive_export",
      {"time of the reverse reactive maximum demand", "反向无功最大需量发生时间"},
      month_time_4}},
    {1,
     3,
     {0, 0, "energy_reactive_quadrant_1", {"reactive energy quadrant 1", "一象限无功电能"}, kvarh_4},
     {0, 0, "demand_reactive_quadrant_1", {"reactive maximum demand quadrant 1", "一象限无功最大需量"}, kvar_3},
     {0,
      0,
      "demand_reactive_quadrant_1",
      {"time of the reactive maximum demand quadrant 1", "一象限无功最大需量发生时间"},
      month_time_4}},
    {1,
     4,
     {0, 0, "energy_reactive_quadrant_4", {"reactive energy quadrant 4", "四象限无功电能"}, kvarh_4},
     {0, 0, "demand_reactive_quadrant_4", {"reactive maximum demand quadrant 4", "四象限无功最大需量"}, kvar_3},
     {0,
      0,
      "demand_reactive_quadrant_4",
      {"time of the reactive maximum demand quadrant 4", "四象限无功最大需量发生时间"},
      month_time_4}},
    {1,
     5,
     {0, 0, "energy_reactive_quadrant_2", {"reactive energy quadrant 2", "二象限无功电能"}, kvarh_4},
     {0, 0, "demand_reactive_quadrant_2", {"reactive maximum demand quadrant 2", "二象限无功最大需量"}, kvar_3},
     {0,
      0,
      "demand_reactive_quadrant_2",
      {"time of the reactive maximum demand quadrant 2", "二象限无功最大需量发生时间"},
      month_time_4}},
    {1,
     6,
     {0, 0, "energy_reactive_quadrant_3", {"reactive energy quadrant 3", "三象限无功电能"}, kvarh_4},
     {0, 0, "demand_reactive_quadrant_3", {"reactive maximum demand quadrant 3", "三象限无功最大需量"}, kvar_3},
     {0,
      0,
      "demand_reactive_quadrant_3",
      {"time of the reactive maximum demand quadrant 3", "三象限无功最大需量发生时间"},
      month_time_4}},
};

/// Variables by phase: DI0 = x0 total, x1..x3 phase A..C, xF all of them.
struct PhaseRule {
  std::uint16_t base;
  bool has_total;
  DataRule rule;
};
constexpr PhaseRule phase_rules[] = {
    {0xB310, true, {0, 0, "event_phase_break_count", {"phase-break count", "断相次数"}, number_2}},
    {0xB320, true, {0, 0, "event_phase_break_minutes", {"accumulated phase-break time", "断相时间累计值"}, minutes_3}},
    {0xB330,
     true,
     {0, 0, "event_phase_break_begin", {"begin of the last phase break", "最近一次断相起始时刻"}, start_time_4}},
    {0xB340,
     true,
     {0, 0, "event_phase_break_end", {"end of the last phase break", "最近一次断相结束时刻"}, start_time_4}},
    {0xB610, false, {0, 0, "voltage", {"voltage", "电压"}, volt_2}},
    {0xB620, false, {0, 0, "current", {"current", "电流"}, ampere_2}},
    {0xB630, true, {0, 0, "power_active", {"active power", "瞬时有功功率"}, kw_3}},
    {0xB640, true, {0, 0, "power_reactive", {"reactive power", "瞬时无功功率"}, kvar_2}},
    {0xB650, true, {0, 0, "power_factor", {"power factor", "功率因数"}, factor_2}},
};

constexpr std::uint32_t exact = 0xFFFF;
constexpr std::uint32_t any_entry = 0xFFF0;
constexpr DataRule single_rules[] = {
    {0xB210, exact, "event_programming_last", {"time of the last programming", "最近一次编程时间"}, start_time_4},
    {0xB211,
     exact,
     "event_demand_clear_last",
     {"time of the last demand clear", "最近一次最大需量清零时间"},
     start_time_4},
    {0xB212, exact, "event_programming_count", {"programming count", "编程次数"}, number_2},
    {0xB213, exact, "event_demand_clear_count", {"demand-clear count", "最大需量清零次数"}, number_2},
    {0xB214, exact, "battery_working_time", {"battery working time", "电池工作时间"}, minutes_3},
    {0xB634, exact, "active_power_limit_import", {"forward active power limit", "正向有功功率上限值"}, kw_2},
    {0xB635, exact, "active_power_limit_export", {"reverse active power limit", "反向有功功率上限值"}, kw_2},
    {0xC010, exact, "clock_date", {"date and weekday", "日期及周次"}, date_4},
    {0xC011, exact, "clock_time", {"time", "时间"}, time_3},
    {0xC020, exact, "meter_status_word", {"meter status word", "电表运行状态字"}, bits_1},
    {0xC021, exact, "grid_status_word", {"grid status word", "电网状态字"}, bits_1},
    {0xC022, exact, "weekend_word", {"weekend word", "周休日状态字"}, bits_1},
    {0xC030, exact, "active_constant", {"active meter constant", "电表常数（有功）"}, impulses_3},
    {0xC031, exact, "reactive_constant", {"reactive meter constant", "电表常数（无功）"}, impulses_reactive_3},
    {0xC032, exact, "meter_number", {"meter number", "表号"}, digits_6},
    {0xC033, exact, "user_number", {"user number", "用户号"}, digits_6},
    {0xC034, exact, "equipment_code", {"equipment code", "设备码"}, digits_6},
    {0xC111, exact, "demand_period", {"demand period", "最大需量周期"}, minutes_1},
    {0xC112, exact, "demand_slide", {"demand slide time", "滑差时间"}, minutes_1},
    {0xC113, exact, "display_auto_time", {"time of each screen", "循显时间"}, seconds_1},
    {0xC114, exact, "display_stop_time", {"time the display stays", "停显时间"}, seconds_1},
    {0xC115, exact, "display_energy_places", {"decimal places of energy", "显示电能小数位数"}, number_1},
    {0xC116,
     exact,
     "display_power_places",
     {"decimal places of power and demand", "显示功率（最大需量）小数位数"},
     number_1},
    {0xC117, exact, "settlement_day", {"day of the automatic reading", "自动抄表日期"}, day_hour_2},
    {0xC118, exact, "load_representative_day", {"load representative day", "负荷代表日"}, number_1},
    {0xC119, exact, "energy_active_start", {"starting value of active energy", "有功电能起始读数"}, kwh_4_tenth},
    {0xC11A, exact, "energy_reactive_start", {"starting value of reactive energy", "无功电能起始读数"}, kvarh_4_tenth},
    {0xC211, exact, "pulse_width", {"pulse width", "输出脉冲宽度"}, milliseconds_2},
    {0xC212, exact, "password", {"password and level (write only)", "密码权限及密码"}, raw_4},
    {0xC310, exact, "year_zone_count", {"number of year time zones", "年时区数"}, number_1},
    {0xC311, exact, "day_table_count", {"number of day tables", "日时段表数"}, number_1},
    {0xC312, exact, "day_period_count", {"number of day periods", "日时段（每日切换数）"}, number_1},
    {0xC313, exact, "tariff_count", {"number of tariffs", "费率数"}, number_1},
    {0xC314, exact, "holiday_count", {"number of holidays", "公共假日数"}, number_1},
    {0xC320, any_entry, "zone_entry", {"year time zone", "时区起始日期及日时段表号"}, zone_3},
    {0xC330, any_entry, "day_table_1_entry", {"day table 1: period", "第1日时段表时段起始时间及费率号"}, period_3},
    {0xC340, any_entry, "day_table_2_entry", {"day table 2: period", "第2日时段表时段起始时间及费率号"}, period_3},
    {0xC350, any_entry, "day_table_3_entry", {"day table 3: period", "第3日时段表时段起始时间及费率号"}, period_3},
    {0xC360, any_entry, "day_table_4_entry", {"day table 4: period", "第4日时段表时段起始时间及费率号"}, period_3},
    {0xC370, any_entry, "day_table_5_entry", {"day table 5: period", "第5日时段表时段起始时间及费率号"}, period_3},
    {0xC380, any_entry, "day_table_6_entry", {"day table 6: period", "第6日时段表时段起始时间及费率号"}, period_3},
    {0xC390, any_entry, "day_table_7_entry", {"day table 7: period", "第7日时段表时段起始时间及费率号"}, period_3},
    {0xC3A0, any_entry, "day_table_8_entry", {"day table 8: period", "第8日时段表时段起始时间及费率号"}, period_3},
    {0xC410, any_entry, "holiday", {"holiday and its day table", "公共假日日期及日时段表号"}, zone_3},
    {0xC421, exact, "weekend_day_table", {"day table on weekends", "周休日采用的日时段表号"}, number_1},
    {0xC510, exact, "load_record_start", {"load record start", "负荷记录起始时间"}, start_time_4},
    {0xC511, exact, "load_record_interval", {"load record interval", "负荷记录间隔时间"}, minutes_2},
};

DataDescription from_rule(std::uint16_t identifier, DataGroup group, const DataRule& rule) noexcept {
  DataDescription d;
  d.identifier = {identifier};
  d.group = group;
  d.layout = rule.layout;
  d.rule = &rule;
  d.field_list = rule.fields.data();
  d.field_count = static_cast<std::uint8_t>(rule.fields.size());
  d.item_octets = rule.item_octets;
  d.edition = Edition::edition_1997;
  return d;
}

std::unexpected<DecodeError> unsupported() noexcept {
  return std::unexpected(DecodeError{ErrorCode::unsupported, Field::data_identifier, 0, 0, 0, clause_identifiers});
}

/// 9xxx, Axxx and the times among Bxxx.
std::expected<DataDescription, DecodeError> describe_quantity(std::uint16_t identifier) noexcept {
  const unsigned group = identifier >> 12U;
  // This month, last month, the month before it: as the settlements of 2007.
  const unsigned month = identifier >> 10U & 3U;
  const bool is_spare = (identifier >> 9U & 1U) != 0;
  const unsigned reactive = identifier >> 8U & 1U;
  const unsigned code = identifier >> 4U & 0xFU;
  const unsigned tariff = identifier & 0xFU;
  if (month > 2 || is_spare) return unsupported();
  for (const Quantity& quantity : quantities) {
    if (quantity.reactive != reactive || quantity.code != code) continue;
    const DataRule& rule = group == 9 ? quantity.energy : group == 0xA ? quantity.demand : quantity.demand_time;
    DataDescription d = from_rule(identifier, group == 9 ? DataGroup::energy : DataGroup::demand, rule);
    d.settlement = static_cast<std::uint8_t>(month);
    if (tariff == 0xF) {
      d.layout = Layout::tariffs;
    } else {
      d.tariff = static_cast<std::uint8_t>(tariff);
    }
    return d;
  }
  return unsupported();
}

std::expected<DataDescription, DecodeError> describe_by_rule(std::uint16_t identifier) noexcept {
  const DataGroup group = identifier >= 0xC000 ? DataGroup::parameter : DataGroup::variable;
  const unsigned part = identifier & 0xFU;
  for (const PhaseRule& entry : phase_rules) {
    if ((identifier & 0xFFF0U) != entry.base || (part > 3 && part != 0xF) || (part == 0 && !entry.has_total)) continue;
    DataDescription d = from_rule(identifier, (identifier >> 8) == 0xB3 ? DataGroup::event : group, entry.rule);
    if (part == 0xF) {
      d.layout = entry.has_total ? Layout::total_and_phases : Layout::phases;
    } else {
      d.phase = static_cast<Phase>(part);
      d.in_total = part == 0;
    }
    return d;
  }
  for (const DataRule& rule : single_rules) {
    if ((identifier & rule.mask) != rule.match) continue;
    DataDescription d = from_rule(identifier, (identifier >> 8) == 0xB2 ? DataGroup::event : group, rule);
    if (rule.mask == exact) return d;
    if (part == 0xF) {
      d.layout = Layout::entries;
    } else if (part == 0) {
      return unsupported();
    } else {
      d.ordinal = static_cast<std::uint8_t>(part);
    }
    return d;
  }
  return unsupported();
}

}  // namespace

std::expected<DataDescription, DecodeError> describe_1997(std::uint16_t identifier) noexcept {
  const unsigned group = identifier >> 12U;
  const bool is_demand_time = group == 0xB && (identifier >> 8 & 2U) == 0;
  if (group == 9 || group == 0xA || is_demand_time) return describe_quantity(identifier);
  return describe_by_rule(identifier);
}

}  // namespace duheng::dlt645
