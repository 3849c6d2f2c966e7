#include "codec/dlt645/status_word.hpp"

#include <array>

namespace duheng::dlt645 {

namespace {

constexpr Label good_or_fault[] = {{"good", "正常"}, {"fault", "故障"}};
constexpr Label good_or_low[] = {{"good", "正常"}, {"low", "欠压"}};
constexpr Label directions[] = {{"forward", "正向"}, {"reverse", "反向"}};
constexpr Label no_or_yes[] = {{"no", "无"}, {"yes", "有"}};
constexpr Label methods[] = {{"sliding", "滑差"}, {"block interval", "区间"}};
constexpr Label tables[] = {{"first set", "第一套"}, {"second set", "第二套"}};
constexpr Label supplies[] = {{"main", "主电源"}, {"auxiliary", "辅助电源"}, {"battery", "电池"}};
constexpr Label programming[] = {{"forbidden", "禁止"}, {"allowed", "许可"}};
constexpr Label relay[] = {{"closed", "通"}, {"open", "断"}};
constexpr Label relay_commands[] = {{"close", "通"}, {"open", "断"}};
constexpr Label payment[] = {
    {"post-paid", "非预付费表"}, {"prepaid energy", "电量型预付费表"}, {"prepaid money", "电费型预付费表"}};

constexpr StatusBit fault_bit(std::uint8_t bit, std::string_view name, Label label) {
  return {bit, 1, name, label, no_or_yes};
}
constexpr std::array word_1{
    StatusBit{1, 1, "demand_method", {"demand method", "需量积算方式"}, methods},
    StatusBit{2, 1, "clock_battery_low", {"clock battery", "时钟电池"}, good_or_low},
    StatusBit{3, 1, "reading_battery_low", {"stop-read battery", "停电抄表电池"}, good_or_low},
    StatusBit{4, 1, "active_power_reverse", {"direction of active power", "有功功率方向"}, directions},
    StatusBit{5, 1, "reactive_power_reverse", {"direction of reactive power", "无功功率方向"}, directions},
    StatusBit{8, 1, "control_loop_error", {"control loop", "控制回路"}, good_or_fault},
    StatusBit{9, 1, "esam_error", {"security module", "ESAM"}, good_or_fault},
    StatusBit{12, 1, "program_error", {"program", "内部程序"}, good_or_fault},
    StatusBit{13, 1, "memory_fault", {"memory", "存储器"}, good_or_fault},
    StatusBit{14, 1, "overdraft", {"overdraft", "透支状态"}, no_or_yes},
    StatusBit{15, 1, "clock_fault", {"clock", "时钟"}, good_or_fault},
};
constexpr std::array word_2{
    StatusBit{0, 1, "active_power_reverse_a", {"direction of active power, phase A", "A相有功功率方向"}, directions},
    StatusBit{1, 1, "active_power_reverse_b", {"direction of active power, phase B", "B相有功功率方向"}, directions},
    StatusBit{2, 1, "active_power_reverse_c", {"direction of active power, phase C", "C相有功功率方向"}, directions},
    StatusBit{
        4, 1, "reactive_power_reverse_a", {"direction of reactive power, phase A", "A相无功功率方向"}, directions},
    StatusBit{
        5, 1, "reactive_power_reverse_b", {"direction of reactive power, phase B", "B相无功功率方向"}, directions},
    StatusBit{
        6, 1, "reactive_power_reverse_c", {"direction of reactive power, phase C", "C相无功功率方向"}, directions},
};
constexpr std::array word_3{
    StatusBit{0, 1, "day_table_second", {"running day table", "当前运行时段"}, tables},
    StatusBit{1, 2, "supply", {"supply", "供电方式"}, supplies},
    StatusBit{3, 1, "programming_allowed", {"programming", "编程允许"}, programming},
    StatusBit{4, 1, "relay_open", {"relay", "继电器状态"}, relay},
    StatusBit{5, 1, "zone_table_second", {"running time-zone table", "当前运行时区"}, tables},
    StatusBit{6, 1, "relay_command_open", {"relay command", "继电器命令状态"}, relay_commands},
    StatusBit{7, 1, "trip_warning", {"warning before a trip", "预跳闸报警状态"}, no_or_yes},
    StatusBit{8, 2, "payment", {"kind of meter", "电能表类型"}, payment},
};
/// Words 4, 5 and 6 are alike, one for each phase.
constexpr std::array word_phase{
    fault_bit(0, "loss_of_voltage", {"loss of voltage", "失压"}),
    fault_bit(1, "under_voltage", {"under-voltage", "欠压"}),
    fault_bit(2, "over_voltage", {"over-voltage", "过压"}),
    fault_bit(3, "loss_of_current", {"loss of current", "失流"}),
    fault_bit(4, "over_current", {"over-current", "过流"}),
    fault_bit(5, "overload", {"overload", "过载"}),
    fault_bit(6, "reverse_flow", {"reverse flow", "潮流反向"}),
    fault_bit(7, "phase_break", {"phase break", "断相"}),
    fault_bit(8, "current_break", {"current break", "断流"}),
};
constexpr std::array word_7{
    fault_bit(0, "voltage_sequence", {"voltage sequence reversed", "电压逆相序"}),
    fault_bit(1, "current_sequence", {"current sequence reversed", "电流逆相序"}),
    fault_bit(2, "voltage_unbalance", {"voltage unbalance", "电压不平衡"}),
    fault_bit(3, "current_unbalance", {"current unbalance", "电流不平衡"}),
    fault_bit(4, "auxiliary_supply_lost", {"auxiliary supply lost", "辅助电源失电"}),
    fault_bit(5, "power_down", {"power down", "掉电"}),
    fault_bit(6, "demand_over_limit", {"demand over limit", "需量超限"}),
    fault_bit(7, "power_factor_low", {"total power factor low", "总功率因数超下限"}),
    fault_bit(8, "current_unbalance_severe", {"severe current unbalance", "电流严重不平衡"}),
};

}  // namespace

std::span<const StatusBit> status_bits(unsigned word_number) noexcept {
  switch (word_number) {
    case 1:
      return word_1;
    case 2:
      return word_2;
    case 3:
      return word_3;
    case 4:
    case 5:
    case 6:
      return word_phase;
    case 7:
      return word_7;
    default:
      return {};
  }
}

std::optional<unsigned> status_word_number(const DataDescription& description, std::size_t element) noexcept {
  constexpr std::uint32_t group = 0x04000500;
  if (description.edition != Edition::edition_2007 || (description.identifier.value & 0xFFFFFF00U) != group) return {};
  const unsigned number = description.is_block() ? static_cast<unsigned>(element) + 1 : description.identifier.di(0);
  if (number < 1 || number > 7) return {};
  return number;
}

}  // namespace duheng::dlt645
