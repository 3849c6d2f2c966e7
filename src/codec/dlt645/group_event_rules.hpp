#pragma once
// The parts of one event in groups 10H..1CH: DI3 names the event, DI2 the phase (1 A, 2 B, 3 C), DI1 the part, DI0 the
// last but how many (1..10). Included by describe.cpp only.
// Source: DL/T 645-2007, Annex A, table of event records: loss of voltage, under-voltage, over-voltage and phase break
// have ampere-hours (21H..24H) before their end (25H), the events of currents have none (end 21H). Reversed sequences
// (14H, 15H) and unbalance (16H, 17H) are of no phase, DI2 is 0: energies alone, the end of a sequence at 12H, of an
// unbalance at 13H behind its highest rate. 14H stands so in public code; 15H is taken as 14H, and 16H and 17H follow
// from the order of the fields in the records of 03 09 and 03 0A: less certain.
#include "codec/dlt645/event_rules.hpp"

namespace duheng::dlt645::table {

inline constexpr std::array event_begin_6{begin_6};
inline constexpr std::array event_end_6{end_6};
inline constexpr std::array charge_4{one(bcd, 4, -2, ampere_hour)};

inline constexpr std::uint8_t group_event_records_max = 10;
inline constexpr std::size_t parts_at_begin = 0x20;  // time, four totals, nine values of each phase
inline constexpr std::size_t charge_parts = 4;
inline constexpr std::size_t parts_at_end = 17;  // time, four totals, four energies of each phase

constexpr DataRule part_rule(std::string_view name, Label label, std::span<const FieldFormat> fields) {
  return {0, 0, name, label, fields};
}

#define DUHENG_ENERGIES(when, english, chinese, suffix, upper_en, upper_zh)                                         \
  part_rule("event_" when "_energy_active_import" suffix,                                                           \
            {"forward active energy at its " english upper_en, chinese "时刻" upper_zh "正向有功电能"}, kwh_4),     \
      part_rule("event_" when "_energy_active_export" suffix,                                                       \
                {"reverse active energy at its " english upper_en, chinese "时刻" upper_zh "反向有功电能"}, kwh_4), \
      part_rule("event_" when "_energy_reactive_combined_1" suffix,                                                 \
                {"combined reactive energy 1 at its " english upper_en, chinese "时刻" upper_zh "组合无功1电能"},   \
                kvarh_4_signed),                                                                                    \
      part_rule("event_" when "_energy_reactive_combined_2" suffix,                                                 \
                {"combined reactive energy 2 at its " english upper_en, chinese "时刻" upper_zh "组合无功2电能"},   \
                kvarh_4_signed)
#define DUHENG_PHASE_VALUES(suffix, upper_en, upper_zh)                                                          \
  DUHENG_ENERGIES("begin", "beginning", "发生", suffix, upper_en, upper_zh),                                     \
      part_rule("event_begin_voltage" suffix, {"voltage at its beginning" upper_en, "发生时刻" upper_zh "电压"}, \
                volt_2),                                                                                         \
      part_rule("event_begin_current" suffix, {"current at its beginning" upper_en, "发生时刻" upper_zh "电流"}, \
                ampere_3_signed),                                                                                \
      part_rule("event_begin_power_active" suffix,                                                               \
                {"active power at its beginning" upper_en, "发生时刻" upper_zh "有功功率"}, kw_3_signed),        \
      part_rule("event_begin_power_reactive" suffix,                                                             \
                {"reactive power at its beginning" upper_en, "发生时刻" upper_zh "无功功率"}, kvar_3_signed),    \
      part_rule("event_begin_power_factor" suffix,                                                               \
                {"power factor at its beginning" upper_en, "发生时刻" upper_zh "功率因数"}, factor_2_signed)

inline constexpr std::array<DataRule, parts_at_begin> begin_parts{
    part_rule("event_begin", {"beginning", "发生时刻"}, event_begin_6),
    DUHENG_ENERGIES("begin", "beginning", "发生", "_total", ", total", "总"),
    DUHENG_PHASE_VALUES("_a", ", phase A", "A相"),
    DUHENG_PHASE_VALUES("_b", ", phase B", "B相"),
    DUHENG_PHASE_VALUES("_c", ", phase C", "C相"),
};
inline constexpr std::array<DataRule, charge_parts> event_charges{
    part_rule("event_charge_total", {"ampere-hours meanwhile, total", "期间总安时数"}, charge_4),
    part_rule("event_charge_a", {"ampere-hours meanwhile, phase A", "期间A相安时数"}, charge_4),
    part_rule("event_charge_b", {"ampere-hours meanwhile, phase B", "期间B相安时数"}, charge_4),
    part_rule("event_charge_c", {"ampere-hours meanwhile, phase C", "期间C相安时数"}, charge_4),
};
inline constexpr std::array<DataRule, parts_at_end> end_parts{
    part_rule("event_end", {"end", "结束时刻"}, event_end_6),
    DUHENG_ENERGIES("end", "end", "结束", "_total", ", total", "总"),
    DUHENG_ENERGIES("end", "end", "结束", "_a", ", phase A", "A相"),
    DUHENG_ENERGIES("end", "end", "结束", "_b", ", phase B", "B相"),
    DUHENG_ENERGIES("end", "end", "结束", "_c", ", phase C", "C相"),
};
inline constexpr std::size_t no_phase_parts_at_begin = 17;  // time, four totals, four energies of each phase
inline constexpr std::array<DataRule, no_phase_parts_at_begin> no_phase_begin_parts{
    part_rule("event_begin", {"beginning", "发生时刻"}, event_begin_6),
    DUHENG_ENERGIES("begin", "beginning", "发生", "_total", ", total", "总"),
    DUHENG_ENERGIES("begin", "beginning", "发生", "_a", ", phase A", "A相"),
    DUHENG_ENERGIES("begin", "beginning", "发生", "_b", ", phase B", "B相"),
    DUHENG_ENERGIES("begin", "beginning", "发生", "_c", ", phase C", "C相"),
};
inline constexpr std::array unbalance_rate_2{one(bcd, 2, -2, percent)};
inline constexpr std::array unbalance_parts{
    part_rule("event_unbalance_most", {"highest unbalance meanwhile", "期间最大不平衡率"}, unbalance_rate_2)};
#undef DUHENG_ENERGIES
#undef DUHENG_PHASE_VALUES

constexpr bool is_voltage_group(std::uint8_t group) noexcept { return group >= 0x10 && group <= 0x13; }
constexpr bool is_sequence_group(std::uint8_t group) noexcept { return group == 0x14 || group == 0x15; }
constexpr bool is_unbalance_group(std::uint8_t group) noexcept { return group == 0x16 || group == 0x17; }
/// Events of the meter, not of a phase.
constexpr bool is_no_phase_group(std::uint8_t group) noexcept {
  return is_sequence_group(group) || is_unbalance_group(group);
}
constexpr bool is_current_group(std::uint8_t group) noexcept { return group >= 0x18 && group <= 0x1C; }

/// The rule of a part, where there is one.
struct PartFound {
  const DataRule* rule;
  bool found;
};
constexpr PartFound no_phase_event_part(std::uint8_t group, std::uint8_t part) noexcept {
  const PartFound none{no_phase_begin_parts.data(), false};
  if (part == 0) return none;
  std::size_t place = part - std::size_t{1};
  if (place < no_phase_begin_parts.size()) return {&no_phase_begin_parts[place], true};
  place -= no_phase_begin_parts.size();
  if (is_unbalance_group(group) && place-- == 0) return {&unbalance_parts[0], true};
  return place < end_parts.size() ? PartFound{&end_parts[place], true} : none;
}
constexpr PartFound group_event_part(std::uint8_t group, std::uint8_t part) noexcept {
  if (is_no_phase_group(group)) return no_phase_event_part(group, part);
  const PartFound none{begin_parts.data(), false};
  if ((!is_voltage_group(group) && !is_current_group(group)) || part == 0) return none;
  std::size_t place = part - std::size_t{1};
  if (place < begin_parts.size()) return {&begin_parts[place], true};
  place -= begin_parts.size();
  if (is_voltage_group(group)) {
    if (place < event_charges.size()) return {&event_charges[place], true};
    place -= event_charges.size();
  }
  return place < end_parts.size() ? PartFound{&end_parts[place], true} : none;
}

}  // namespace duheng::dlt645::table
