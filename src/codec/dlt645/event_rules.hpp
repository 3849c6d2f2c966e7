#pragma once
// The rules of events and load records. Included by describe.cpp only.
#include "codec/dlt645/data_rules.hpp"

namespace duheng::dlt645::table {

// Records whose layout is public knowledge; another length is kept raw.
constexpr FieldFormat field_of(FieldKind kind, std::uint8_t size, std::int8_t exponent, Unit unit, FieldRole role) {
  return {kind, size, exponent, unit, role};
}
inline constexpr FieldFormat begin_6 = field_of(date_time, 6, 0, none, FieldRole::begin);
inline constexpr FieldFormat end_6 = field_of(date_time, 6, 0, none, FieldRole::end);
inline constexpr FieldFormat time_6 = field_of(date_time, 6, 0, none, FieldRole::time);
inline constexpr FieldFormat operator_4 = field_of(raw, 4, 0, none, FieldRole::operator_code);
inline constexpr FieldFormat amount_kwh = one(bcd, 4, -2, kilowatt_hour);
inline constexpr FieldFormat amount_kvarh = one(bcd, 4, -2, kilovar_hour);
inline constexpr FieldFormat amount_kvarh_signed = one(signed_bcd, 4, -2, kilovar_hour);

/// Loss of voltage, under-voltage, over-voltage, phase break: 131 octets.
inline constexpr std::array phase_voltage_record = [] {
  std::array<FieldFormat, 37> fields{};
  std::size_t n = 0;
  const auto add = [&](const FieldFormat& format) { fields[n++] = format; };
  const auto add_energies = [&] {
    add(amount_kwh), add(amount_kwh), add(amount_kvarh_signed), add(amount_kvarh_signed);
  };
  add(begin_6), add(end_6);
  add_energies();
  for (int phase = 0; phase < 3; ++phase) {
    add_energies();
    add(one(bcd, 2, -1, volt)), add(one(signed_bcd, 3, -3, ampere)), add(one(signed_bcd, 3, -4, kilowatt));
    add(one(signed_bcd, 3, -4, kilovar)), add(one(signed_bcd, 2, -3));
  }
  for (int phase = 0; phase < 4; ++phase) add(one(bcd, 4, -2, ampere_hour));
  return fields;
}();
#define DUHENG_PHASE_TEXTS(letter, upper)                                                             \
  {"energy_active_import_increase_" letter,                                                           \
   {"forward active energy since, phase " upper, "期间" upper "相正向有功电能增量"}},                 \
      {"energy_active_export_increase_" letter,                                                       \
       {"reverse active energy since, phase " upper, "期间" upper "相反向有功电能增量"}},             \
      {"energy_reactive_combined_1_increase_" letter,                                                 \
       {"combined reactive energy 1 since, phase " upper, "期间" upper "相组合无功1电能增量"}},       \
      {"energy_reactive_combined_2_increase_" letter,                                                 \
       {"combined reactive energy 2 since, phase " upper, "期间" upper "相组合无功2电能增量"}},       \
      {"voltage_" letter, {"voltage then, phase " upper, "时刻" upper "相电压"}},                     \
      {"current_" letter, {"current then, phase " upper, "时刻" upper "相电流"}},                     \
      {"power_active_" letter, {"active power then, phase " upper, "时刻" upper "相有功功率"}},       \
      {"power_reactive_" letter, {"reactive power then, phase " upper, "时刻" upper "相无功功率"}}, { \
    "power_factor_" letter, {"power factor then, phase " upper, "时刻" upper "相功率因数"}            \
  }
inline constexpr std::array<FieldText, 37> phase_voltage_texts{{
    {"begin", {"begin", "发生时刻"}},
    {"end", {"end", "结束时刻"}},
    {"energy_active_import_increase", {"forward active energy since", "期间正向有功总电能增量"}},
    {"energy_active_export_increase", {"reverse active energy since", "期间反向有功总电能增量"}},
    {"energy_reactive_combined_1_increase", {"combined reactive energy 1 since", "期间组合无功1总电能增量"}},
    {"energy_reactive_combined_2_increase", {"combined reactive energy 2 since", "期间组合无功2总电能增量"}},
    DUHENG_PHASE_TEXTS("a", "A"),
    DUHENG_PHASE_TEXTS("b", "B"),
    DUHENG_PHASE_TEXTS("c", "C"),
    {"charge_total", {"ampere-hours since", "期间总安时数"}},
    {"charge_a", {"ampere-hours since, phase A", "期间A相安时数"}},
    {"charge_b", {"ampere-hours since, phase B", "期间B相安时数"}},
    {"charge_c", {"ampere-hours since, phase C", "期间C相安时数"}},
}};
#undef DUHENG_PHASE_TEXTS
static_assert(phase_voltage_record.back().size_octets == 4);

inline constexpr std::array all_phase_record{begin_6, one(signed_bcd, 3, -3, ampere), end_6};
inline constexpr std::array<FieldText, 3> all_phase_texts{
    {{"begin", {"begin", "发生时刻"}}, {"current", {"current then", "电流值"}}, {"end", {"end", "结束时刻"}}}};
/// Voltage or current in reversed sequence: 76 octets; unbalanced: 78, the highest rate stands behind the end. Energies
/// of the total and of each phase, as in the records of phases.
inline constexpr std::size_t sequence_fields = 18;
inline constexpr auto is_energy_field = [](std::size_t n) {
  return n >= 2 && (n < 6 || ((n - 6) % 9 < 4 && n < 6 + 3 * 9));
};
template <class Out, class From>
constexpr Out only_energies(const From& from, std::size_t gap) {
  Out out{};
  out[0] = from[0];
  out[1] = from[1];
  std::size_t place = 2 + gap;
  for (std::size_t n = 2; n < from.size(); ++n)
    if (is_energy_field(n)) out[place++] = from[n];
  return out;
}
inline constexpr auto sequence_record =
    only_energies<std::array<FieldFormat, sequence_fields>>(phase_voltage_record, 0);
inline constexpr auto sequence_texts = only_energies<std::array<FieldText, sequence_fields>>(phase_voltage_texts, 0);
inline constexpr auto unbalance_record = [] {
  auto fields = only_energies<std::array<FieldFormat, sequence_fields + 1>>(phase_voltage_record, 1);
  fields[2] = one(bcd, 2, -2, percent);
  return fields;
}();
inline constexpr auto unbalance_texts = [] {
  auto texts = only_energies<std::array<FieldText, sequence_fields + 1>>(phase_voltage_texts, 1);
  texts[2] = {"unbalance_most", {"highest unbalance meanwhile", "期间最大不平衡率"}};
  return texts;
}();
inline constexpr std::array over_limit_record{begin_6, end_6, one(bcd, 3, -4, kilowatt), moment};
inline constexpr std::array<FieldText, 4> over_limit_texts{
    {{"begin", {"begin", "发生时刻"}},
     {"end", {"end", "结束时刻"}},
     {"demand", {"maximum demand then", "期间最大需量"}},
     {"demand_time", {"time of that demand", "最大需量发生时间"}}}};
inline constexpr std::array voltage_quality{one(bcd, 3, 0, minute), one(bcd, 3, -2, percent), one(bcd, 3, -2, percent),
                                            one(bcd, 3, 0, minute), one(bcd, 3, 0, minute),   one(bcd, 2, -1, volt),
                                            one(month_day_time, 4), one(bcd, 2, -1, volt),    one(month_day_time, 4)};
inline constexpr std::array<FieldText, 9> voltage_quality_texts{
    {{"monitored_minutes", {"time monitored", "电压监测时间"}},
     {"good_share", {"share of good voltage", "电压合格率"}},
     {"bad_share", {"share beyond the limits", "电压超限率"}},
     {"over_minutes", {"time above the upper limit", "电压超上限时间"}},
     {"under_minutes", {"time below the lower limit", "电压超下限时间"}},
     {"voltage_highest", {"highest voltage", "最高电压"}},
     {"voltage_highest_time", {"time of the highest voltage", "最高电压出现时间"}},
     {"voltage_lowest", {"lowest voltage", "最低电压"}},
     {"voltage_lowest_time", {"time of the lowest voltage", "最低电压出现时间"}}}};

inline constexpr std::array event_clear_record{time_6, operator_4,
                                               field_of(identifier, 4, 0, none, FieldRole::identifier)};
inline constexpr std::array clock_set_record{operator_4, begin_6, end_6};
inline constexpr std::array<FieldText, 3> clock_set_texts{{{"operator", {"operator code", "操作者代码"}},
                                                           {"time_before", {"time before", "校时前时间"}},
                                                           {"time_after", {"time after", "校时后时间"}}}};
inline constexpr std::array word_programming_record{time_6, operator_4, one(bits, 1)};
inline constexpr std::array<FieldText, 3> word_programming_texts{{{"time", {"time", "编程时刻"}},
                                                                  {"operator", {"operator code", "操作者代码"}},
                                                                  {"word_before", {"word before", "编程前特征字"}}}};
inline constexpr std::array settlement_record{time_6, operator_4, one(day_hour, 2), one(day_hour, 2), one(day_hour, 2)};
inline constexpr std::array<FieldText, 5> settlement_texts{
    {{"time", {"time", "编程时刻"}},
     {"operator", {"operator code", "操作者代码"}},
     {"day_1_before", {"settlement day 1 before", "编程前第1结算日"}},
     {"day_2_before", {"settlement day 2 before", "编程前第2结算日"}},
     {"day_3_before", {"settlement day 3 before", "编程前第3结算日"}}}};

#define DUHENG_EVENT_COUNT(di, name, english, chinese)                                  \
  {di, exact, "event_" name "_count", {english " count", chinese "总次数"}, count_3}, { \
    di, any_di0, "", {english " record", chinese "记录"}, raw_rest, Layout::record      \
  }
#define DUHENG_EVENT_PHASES(di, name, english, chinese)                                     \
  {di,                                                                                      \
   exact,                                                                                   \
   "event_" name,                                                                           \
   {english " count and minutes, phases A,B,C", chinese "总次数及总累计时间（A、B、C相）"}, \
   count_and_minutes,                                                                       \
   Layout::phases},                                                                         \
  {                                                                                         \
    di, any_di1_di0, "", {english " record", chinese "记录"}, raw_rest, Layout::record      \
  }

inline constexpr DataRule event_table[] = {
    {0x03010000,
     exact,
     "event_loss_of_voltage",
     {"loss-of-voltage count and minutes, phases A,B,C", "失压总次数及总累计时间（A、B、C相）"},
     count_and_minutes,
     Layout::phases},
    {0x03020000,
     exact,
     "event_under_voltage",
     {"under-voltage count and minutes, phases A,B,C", "欠压总次数及总累计时间（A、B、C相）"},
     count_and_minutes,
     Layout::phases},
    {0x03030000,
     exact,
     "event_over_voltage",
     {"over-voltage count and minutes, phases A,B,C", "过压总次数及总累计时间（A、B、C相）"},
     count_and_minutes,
     Layout::phases},
    {0x03040000,
     exact,
     "event_phase_break",
     {"phase-break count and minutes, phases A,B,C", "断相总次数及总累计时间（A、B、C相）"},
     count_and_minutes,
     Layout::phases},
    {0x03010000,
     any_di1_di0,
     "event_loss_of_voltage",
     {"loss-of-voltage record", "失压记录"},
     phase_voltage_record,
     Layout::record,
     phase_voltage_texts},
    {0x03020000,
     any_di1_di0,
     "event_under_voltage",
     {"under-voltage record", "欠压记录"},
     phase_voltage_record,
     Layout::record,
     phase_voltage_texts},
    {0x03030000,
     any_di1_di0,
     "event_over_voltage",
     {"over-voltage record", "过压记录"},
     phase_voltage_record,
     Layout::record,
     phase_voltage_texts},
    {0x03040000,
     any_di1_di0,
     "event_phase_break",
     {"phase-break record", "断相记录"},
     phase_voltage_record,
     Layout::record,
     phase_voltage_texts},
    {0x03050000,
     exact,
     "event_all_phase_loss_of_voltage",
     {"all-phase loss-of-voltage count and minutes", "全失压总次数及总累计时间"},
     count_and_minutes},
    {0x03050000,
     any_di0,
     "event_all_phase_loss_of_voltage",
     {"all-phase loss-of-voltage record", "全失压记录"},
     all_phase_record,
     Layout::record,
     all_phase_texts},
    {0x03060000,
     exact,
     "event_auxiliary_supply_lost",
     {"auxiliary-supply-lost count and minutes", "辅助电源失电总次数及总累计时间"},
     count_and_minutes},
    {0x03060000, any_di0, "", {"auxiliary-supply-lost record", "辅助电源失电记录"}, from_to, Layout::record},
    {0x03070000,
     exact,
     "event_voltage_sequence",
     {"voltage-sequence-reversed count and minutes", "电压逆相序总次数及总累计时间"},
     count_and_minutes},
    {0x03070000,
     any_di0,
     "event_voltage_sequence",
     {"voltage-sequence-reversed record", "电压逆相序记录"},
     sequence_record,
     Layout::record,
     sequence_texts},
    {0x03080000,
     exact,
     "event_current_sequence",
     {"current-sequence-reversed count and minutes", "电流逆相序总次数及总累计时间"},
     count_and_minutes},
    {0x03080000,
     any_di0,
     "event_current_sequence",
     {"current-sequence-reversed record", "电流逆相序记录"},
     sequence_record,
     Layout::record,
     sequence_texts},
    {0x03100000,
     any_di1_di0,
     "voltage_quality",
     {"voltage qualification statistics", "电压合格率统计"},
     voltage_quality,
     Layout::record,
     voltage_quality_texts},
    {0x03300300, exact, "event_event_clear_count", {"event-clear count", "事件清零总次数"}, count_3},
    {0x03300300, any_di0, "", {"event-clear record", "事件清零记录"}, event_clear_record, Layout::record},
    {0x03300400, exact, "event_clock_set_count", {"clock-set count", "校时总次数"}, count_3},
    {0x03300400,
     any_di0,
     "event_clock_set",
     {"clock-set record", "校时记录"},
     clock_set_record,
     Layout::record,
     clock_set_texts},
    {0x03300D00, exact, "event_cover_open_count", {"cover-open count", "开表盖总次数"}, count_3},
    {0x03300D00, any_di0, "", {"cover-open record", "开表盖记录"}, cover_record, Layout::record},
    {0x03300E00, exact, "event_terminal_cover_open_count", {"terminal-cover-open count", "开端钮盖总次数"}, count_3},
    {0x03300E00, any_di0, "", {"terminal-cover-open record", "开端钮盖记录"}, cover_record, Layout::record},
    {0x03300000, exact, "event_programming_count", {"programming count", "编程总次数"}, count_3},
    {0x03300000, any_di0, "", {"programming record", "编程记录"}, programming_record, Layout::record},
    {0x03110000, exact, "event_power_down_count", {"power-down count", "掉电总次数"}, count_3},
    {0x03110000, any_di0, "", {"power-down record", "掉电记录"}, from_to, Layout::record},
    {0x03120000,
     exact,
     "event_demand_over_limit_count",
     {"demand-over-limit counts", "需量超限总次数"},
     count_3,
     Layout::entries},
    {0x03120000,
     any_di1_di0,
     "event_demand_over_limit",
     {"demand-over-limit record", "需量超限记录"},
     over_limit_record,
     Layout::record,
     over_limit_texts},
    {0x03090000,
     exact,
     "event_voltage_unbalance",
     {"voltage-unbalance count and minutes", "电压不平衡总次数及总累计时间"},
     count_and_minutes},
    {0x03090000,
     any_di0,
     "event_voltage_unbalance",
     {"voltage-unbalance record", "电压不平衡记录"},
     unbalance_record,
     Layout::record,
     unbalance_texts},
    {0x030A0000,
     exact,
     "event_current_unbalance",
     {"current-unbalance count and minutes", "电流不平衡总次数及总累计时间"},
     count_and_minutes},
    {0x030A0000,
     any_di0,
     "event_current_unbalance",
     {"current-unbalance record", "电流不平衡记录"},
     unbalance_record,
     Layout::record,
     unbalance_texts},
    DUHENG_EVENT_PHASES(0x030B0000, "loss_of_current", "loss-of-current", "失流"),
    DUHENG_EVENT_PHASES(0x030C0000, "over_current", "over-current", "过流"),
    DUHENG_EVENT_PHASES(0x030D0000, "current_break", "current-break", "断流"),
    DUHENG_EVENT_PHASES(0x030E0000, "reverse_flow", "reverse-flow", "潮流反向"),
    DUHENG_EVENT_PHASES(0x030F0000, "overload", "overload", "过载"),
    DUHENG_EVENT_COUNT(0x03300100, "meter_clear", "meter-clear", "电表清零"),
    DUHENG_EVENT_COUNT(0x03300200, "demand_clear", "demand-clear", "需量清零"),
    DUHENG_EVENT_COUNT(0x03300500, "day_table_programming", "day-table-programming", "时段表编程"),
    DUHENG_EVENT_COUNT(0x03300600, "zone_table_programming", "zone-table-programming", "时区表编程"),
    {0x03300700, exact, "event_weekend_programming_count", {"weekend-programming count", "周休日编程总次数"}, count_3},
    {0x03300700,
     any_di0,
     "event_weekend_programming",
     {"weekend-programming record", "周休日编程记录"},
     word_programming_record,
     Layout::record,
     word_programming_texts},
    DUHENG_EVENT_COUNT(0x03300800, "holiday_programming", "holiday-programming", "节假日编程"),
    {0x03300900,
     exact,
     "event_active_combination_programming_count",
     {"active-combination-programming count", "有功组合方式编程总次数"},
     count_3},
    {0x03300900,
     any_di0,
     "event_active_combination_programming",
     {"active-combination-programming record", "有功组合方式编程记录"},
     word_programming_record,
     Layout::record,
     word_programming_texts},
    {0x03300A00,
     exact,
     "event_reactive_combination_1_programming_count",
     {"reactive-combination-1-programming count", "无功组合方式1编程总次数"},
     count_3},
    {0x03300A00,
     any_di0,
     "event_reactive_combination_1_programming",
     {"reactive-combination-1-programming record", "无功组合方式1编程记录"},
     word_programming_record,
     Layout::record,
     word_programming_texts},
    {0x03300B00,
     exact,
     "event_reactive_combination_2_programming_count",
     {"reactive-combination-2-programming count", "无功组合方式2编程总次数"},
     count_3},
    {0x03300B00,
     any_di0,
     "event_reactive_combination_2_programming",
     {"reactive-combination-2-programming record", "无功组合方式2编程记录"},
     word_programming_record,
     Layout::record,
     word_programming_texts},
    {0x03300C00,
     exact,
     "event_settlement_day_programming_count",
     {"settlement-day-programming count", "结算日编程总次数"},
     count_3},
    {0x03300C00,
     any_di0,
     "event_settlement_day_programming",
     {"settlement-day-programming record", "结算日编程记录"},
     settlement_record,
     Layout::record,
     settlement_texts},
    DUHENG_EVENT_COUNT(0x03300F00, "tariff_table_programming", "tariff-table-programming", "费率参数表编程"),
    DUHENG_EVENT_COUNT(0x03301000, "step_table_programming", "step-table-programming", "阶梯表编程"),
    DUHENG_EVENT_COUNT(0x03301200, "key_update", "key-update", "密钥更新"),
    DUHENG_EVENT_COUNT(0x03350000, "magnetic_field", "constant-magnetic-field", "恒定磁场干扰"),
    DUHENG_EVENT_COUNT(0x03360000, "relay_misoperation", "relay-misoperation", "负荷开关误动作"),
    DUHENG_EVENT_COUNT(0x03370000, "supply_fault", "supply-fault", "电源异常"),
    {0x1D000001, exact, "event_trip_count", {"trip count", "跳闸次数"}, count_3},
    {0x1E000001, exact, "event_close_count", {"close count", "合闸次数"}, count_3},
    {0x1D000000, 0xFF000000, "", {"trip record", "跳闸记录"}, raw_rest, Layout::record},
    {0x1E000000, 0xFF000000, "", {"close record", "合闸记录"}, raw_rest, Layout::record},
};
#undef DUHENG_EVENT_COUNT
#undef DUHENG_EVENT_PHASES

// Groups 10H..1CH: DI3 names the event, DI2 the phase (1 A, 2 B, 3 C, 0 none), 00 01 the count, 00 02 the minutes.
#define DUHENG_PHASE_EVENT(di3, name, english, chinese)                                                     \
  {(di3##U << 24) | 1U, 0xFF00FFFF, "event_" name "_count", {english " count", chinese "总次数"}, count_3}, \
      {(di3##U << 24) | 2U,                                                                                 \
       0xFF00FFFF,                                                                                          \
       "event_" name "_minutes",                                                                            \
       {english " accumulated time", chinese "总累计时间"},                                                 \
       minutes_3},                                                                                          \
  {                                                                                                         \
    (di3##U << 24), 0xFF000000, "", {english " record", chinese "记录"}, raw_rest, Layout::record           \
  }
inline constexpr DataRule phase_event_table[] = {
    DUHENG_PHASE_EVENT(0x10, "loss_of_voltage", "loss-of-voltage", "失压"),
    DUHENG_PHASE_EVENT(0x11, "under_voltage", "under-voltage", "欠压"),
    DUHENG_PHASE_EVENT(0x12, "over_voltage", "over-voltage", "过压"),
    DUHENG_PHASE_EVENT(0x13, "phase_break", "phase-break", "断相"),
    DUHENG_PHASE_EVENT(0x14, "voltage_sequence", "voltage-sequence-reversed", "电压逆相序"),
    DUHENG_PHASE_EVENT(0x15, "current_sequence", "current-sequence-reversed", "电流逆相序"),
    DUHENG_PHASE_EVENT(0x16, "voltage_unbalance", "voltage-unbalance", "电压不平衡"),
    DUHENG_PHASE_EVENT(0x17, "current_unbalance", "current-unbalance", "电流不平衡"),
    DUHENG_PHASE_EVENT(0x18, "loss_of_current", "loss-of-current", "失流"),
    DUHENG_PHASE_EVENT(0x19, "over_current", "over-current", "过流"),
    DUHENG_PHASE_EVENT(0x1A, "current_break", "current-break", "断流"),
    DUHENG_PHASE_EVENT(0x1B, "reverse_flow", "reverse-flow", "潮流反向"),
    DUHENG_PHASE_EVENT(0x1C, "overload", "overload", "过载"),
};
#undef DUHENG_PHASE_EVENT

inline constexpr DataRule load_record_table[] = {
    {0x06000000,
     0xFF000000,
     "load_record",
     {"load record", "负荷记录"},
     load_record_fields,
     Layout::record,
     load_record_texts,
     Composition::load_records},
};

}  // namespace duheng::dlt645::table
