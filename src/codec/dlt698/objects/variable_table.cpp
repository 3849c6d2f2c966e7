// 20xx..25xx variables: instantaneous values, states, record columns, statistics.
#include <array>

#include "codec/dlt698/objects/shapes.hpp"

namespace duheng::dlt698::objects::table {

namespace {

using enum Unit;
using enum Certainty;

constexpr Shape volt_1 = u16("", "", -1, Unit::volt);
constexpr Shape ampere_3 = i32("", "", -3, ampere);
constexpr Shape degree_1 = u16("", "", -1, degree);
constexpr Shape watt_1 = i32("", "", -1, watt);
constexpr Shape var_1 = i32("", "", -1, var);
constexpr Shape volt_ampere_1 = i32("", "", -1, volt_ampere);
constexpr Shape factor = i16("", "", -3);
constexpr Shape percent_signed = i16("", "", -2, percent);
constexpr Shape status_word = bits();

constexpr Member current_members[] = {
    {4, i32("neutral current", "零线电流", -3, ampere), "current_neutral", several_sources},
};
constexpr Shape phases(const Shape& element) { return list("", "", element, Layout::phases); }
constexpr Shape with_total(const Shape& element) { return list("", "", element, Layout::total_and_phases); }

constexpr Shape harmonics_a = list("phase A", "A相", percent_signed, Layout::harmonics);
constexpr Member harmonic_members[] = {
    {3, list("phase B", "B相", percent_signed, Layout::harmonics)},
    {4, list("phase C", "C相", percent_signed, Layout::harmonics)},
};

constexpr Shape wallet_parts[] = {u32("remaining amount", "剩余金额", -2, yuan), u32("purchases", "购电次数")};
constexpr Shape ampere_hours = u32("", "", -2, ampere_hour);
constexpr Shape voltage_quality_parts[] = {
    u32("monitored time", "电压监测时间", 0, minute),         u16("within limits", "电压合格率", -2, percent),
    u16("beyond limits", "电压超限率", -2, percent),          u32("time above the limit", "电压超上限时间", 0, minute),
    u32("time below the limit", "电压超下限时间", 0, minute),
};
constexpr Shape voltage_quality_pair[] = {record("today", "当日电压合格率", voltage_quality_parts),
                                          record("this month", "当月电压合格率", voltage_quality_parts)};
constexpr Shape voltage_quality = record("voltage quality", "电压合格率数据", voltage_quality_pair);
constexpr Shape peak_power_parts[] = {u32("maximum power", "最大功率值", -4, kilowatt), moment("time", "发生时间")};
constexpr Shape peak_power = record("", "", peak_power_parts);
constexpr Shape traffic_parts[] = {u32("today", "当日通信流量", 0, byte), u32("this month", "当月通信流量", 0, byte)};
constexpr Shape supply_parts[] = {u32("today", "日供电累计时间", 0, minute),
                                  u32("this month", "月供电累计时间", 0, minute)};
constexpr Shape resets_parts[] = {u16("today", "日复位累计次数"), u16("this month", "月复位累计次数")};
constexpr Shape water_temperature_parts[] = {u32("supply temperature", "供水温度", -2, celsius),
                                             u32("return temperature", "回水温度", -2, celsius)};
constexpr Choice valve_states[] = {
    {0, {"open", "开"}}, {1, {"closed", "关"}}, {2, {"reserved", "保留"}}, {3, {"faulty", "异常"}}};
constexpr Choice battery_states[] = {{0, {"normal", "正常"}}, {1, {"low", "欠压"}}};
constexpr Shape instrument_parts[] = {one_of("valve", "阀门状态", valve_states),
                                      one_of("battery", "电池电压", battery_states)};

constexpr auto variables = objects_of({
    object(0x2000, 3, "voltage", "电压").holds(phases(volt_1)).as("voltage"),
    object(0x2001, 3, "current", "电流").holds(phases(ampere_3)).with(current_members).as("current"),
    object(0x2002, 3, "voltage angle", "电压相角").holds(phases(degree_1)),
    object(0x2003, 3, "angle between voltage and current", "电压电流相角").holds(phases(degree_1)).as("phase_angle"),
    object(0x2004, 4, "active power", "有功功率").holds(with_total(watt_1)).as("power_active"),
    object(0x2005, 4, "reactive power", "无功功率").holds(with_total(var_1)).as("power_reactive"),
    object(0x2006, 4, "apparent power", "视在功率").holds(with_total(volt_ampere_1)).as("power_apparent"),
    object(0x2007, 4, "one-minute mean active power", "一分钟平均有功功率").holds(with_total(watt_1)),
    object(0x2008, 4, "one-minute mean reactive power", "一分钟平均无功功率").holds(with_total(var_1)),
    object(0x2009, 4, "one-minute mean apparent power", "一分钟平均视在功率").holds(with_total(volt_ampere_1)),
    object(0x200A, 4, "power factor", "功率因数").holds(with_total(factor)).as("power_factor"),
    object(0x200B, 3, "voltage distortion", "电压波形失真度").holds(phases(percent_signed)).as("voltage_distortion"),
    object(0x200C, 3, "current distortion", "电流波形失真度").holds(phases(percent_signed)).as("current_distortion"),
    object(0x200D, 5, "voltage harmonic content", "电压谐波含有量").holds(harmonics_a).with(harmonic_members),
    object(0x200E, 5, "current harmonic content", "电流谐波含有量").holds(harmonics_a).with(harmonic_members),
    object(0x200F, 6, "grid frequency", "电网频率").holds(u16("", "", -2, hertz)).as("frequency"),
    object(0x2010, 6, "temperature inside the meter", "表内温度")
        .holds(i16("", "", -1, celsius))
        .as("temperature_meter"),
    object(0x2011, 6, "clock battery voltage", "时钟电池电压")
        .holds(u16("", "", -2, Unit::volt))
        .as("voltage_clock_battery"),
    object(0x2012, 6, "stop-read battery voltage", "停电抄表电池电压")
        .holds(u16("", "", -2, Unit::volt))
        .as("voltage_reading_battery"),
    object(0x2013, 6, "clock battery working time", "时钟电池工作时间")
        .holds(u32("", "", 0, minute))
        .as("battery_working_time"),
    object(0x2014, 6, "meter status words", "电能表运行状态字")
        .holds(list("", "", status_word, Layout::numbered))
        .as("status_word"),
    object(0x2015, 6, "follow-report status word", "电能表跟随上报状态字").holds(bits()),
    object(0x2017, 6, "present active demand", "当前有功需量")
        .holds(i32("", "", -4, kilowatt))
        .as("demand_active_present"),
    object(0x2018, 6, "present reactive demand", "当前无功需量")
        .holds(i32("", "", -4, kilovar))
        .as("demand_reactive_present"),
    object(0x2019, 6, "present apparent demand", "当前视在需量")
        .holds(i32("", "", -4, kilovolt_ampere))
        .as("demand_apparent_present"),
    object(0x201A, 6, "present price", "当前电价").holds(u32("", "", -4, yuan_per_kilowatt_hour)),
    object(0x201B, 6, "present tariff price", "当前费率电价").holds(u32("", "", -4, yuan_per_kilowatt_hour)),
    object(0x201C, 6, "present step price", "当前阶梯电价")
        .holds(u32("", "", -4, yuan_per_kilowatt_hour))
        .as("price_step_present"),
    object(0x201E, 8, "time the event began", "事件发生时间").holds(moment()),
    object(0x2020, 8, "time the event ended", "事件结束时间").holds(moment()),
    object(0x2021, 8, "freeze time", "数据冻结时间").holds(moment()),
    object(0x2022, 8, "event record number", "事件记录序号").holds(u32()),
    object(0x2023, 8, "freeze record number", "冻结记录序号").holds(u32()),
    object(0x2024, 8, "source of the event", "事件发生源"),
    object(0x2025, 8, "present count and time of the event", "事件当前值").is(occurrence),
    object(0x2026, 6, "voltage unbalance", "电压不平衡率").holds(u16("", "", -2, percent)),
    object(0x2027, 6, "current unbalance", "电流不平衡率").holds(u16("", "", -2, percent)),
    object(0x2028, 6, "load rate", "负载率").holds(u16("", "", -2, percent)),
    object(0x2029, 6, "ampere-hours", "安时值").holds(list("", "", ampere_hours)),
    object(0x202A, 8, "address of the target server", "目标服务器地址").holds(tsa()),
    object(0x202C, 8, "wallet file", "钱包文件").holds(record("", "", wallet_parts)),
    object(0x202D, 6, "overdraft amount", "透支金额").holds(u32("", "", -2, yuan)).as("amount_overdraft"),
    object(0x202E, 6, "accumulated purchase amount", "累计购电金额").holds(u32("", "", -2, yuan)),
    object(0x2031, 6, "energy used this month", "月度用电量").holds(u32("", "", -2, kilowatt_hour)),
    object(0x2032, 6, "energy used in the step settlement period", "阶梯结算用电量")
        .holds(u32("", "", -2, kilowatt_hour)),
    object(0x2033, 9, "electrical appliance", "电器设备").sure(one_source),
    object(0x2040, 6, "control command execution word", "控制命令执行状态字").holds(bits()),
    object(0x2041, 6, "control command error word", "控制命令错误状态字").holds(bits()),
    object(0x2050, 6, "state of the current circuits", "电流回路状态").sure(one_source),
    object(0x2100, 14, "interval statistics by minutes", "分钟区间统计"),
    object(0x2101, 14, "interval statistics by hours", "小时区间统计"),
    object(0x2102, 14, "interval statistics by days", "日区间统计"),
    object(0x2103, 14, "interval statistics by months", "月区间统计"),
    object(0x2104, 14, "interval statistics by years", "年区间统计"),
    object(0x2110, 15, "averages by minutes", "分钟平均"),
    object(0x2111, 15, "averages by hours", "小时平均"),
    object(0x2112, 15, "averages by days", "日平均"),
    object(0x2113, 15, "averages by months", "月平均"),
    object(0x2114, 15, "averages by years", "年平均"),
    object(0x2120, 16, "extremes by minutes", "分钟极值"),
    object(0x2121, 16, "extremes by hours", "小时极值"),
    object(0x2122, 16, "extremes by days", "日极值"),
    object(0x2123, 16, "extremes by months", "月极值"),
    object(0x2124, 16, "extremes by years", "年极值"),
    object(0x2130, 6, "voltage quality, total", "总电压合格率").is(voltage_quality).sure(one_source),
    object(0x2131, 6, "voltage quality, phase A", "A相电压合格率").is(voltage_quality),
    object(0x2132, 6, "voltage quality, phase B", "B相电压合格率").is(voltage_quality),
    object(0x2133, 6, "voltage quality, phase C", "C相电压合格率").is(voltage_quality),
    object(0x2140, 2, "highest active power of the day", "日最大有功功率及发生时间").holds(with_total(peak_power)),
    object(0x2141, 2, "highest active power of the month", "月最大有功功率及发生时间").holds(with_total(peak_power)),
    object(0x2200, 6, "data traffic", "通信流量").holds(record("", "", traffic_parts)),
    object(0x2203, 6, "time with supply", "供电时间").holds(record("", "", supply_parts)),
    object(0x2204, 6, "number of resets", "复位次数").holds(record("", "", resets_parts)),
    object(0x2301, 23, "total group 1", "总加组1"),
    object(0x2302, 23, "total group 2", "总加组2"),
    object(0x2303, 23, "total group 3", "总加组3"),
    object(0x2304, 23, "total group 4", "总加组4"),
    object(0x2305, 23, "total group 5", "总加组5"),
    object(0x2306, 23, "total group 6", "总加组6"),
    object(0x2307, 23, "total group 7", "总加组7"),
    object(0x2308, 23, "total group 8", "总加组8"),
    object(0x2401, 12, "pulse metering 1", "脉冲计量1"),
    object(0x2402, 12, "pulse metering 2", "脉冲计量2"),
    object(0x2403, 12, "pulse metering 3", "脉冲计量3"),
    object(0x2404, 12, "pulse metering 4", "脉冲计量4"),
    object(0x2405, 12, "pulse metering 5", "脉冲计量5"),
    object(0x2406, 12, "pulse metering 6", "脉冲计量6"),
    object(0x2407, 12, "pulse metering 7", "脉冲计量7"),
    object(0x2408, 12, "pulse metering 8", "脉冲计量8"),
    object(0x2500, 6, "accumulated water (heat) flow", "累计水（热）流量").holds(u32("", "", -4, cubic_metre)),
    object(0x2501, 6, "accumulated gas flow", "累计气流量").holds(u32("", "", -4, cubic_metre)),
    object(0x2502, 6, "accumulated heat", "累计热量").holds(u32("", "", -2, joule)),
    object(0x2503, 6, "heat power", "热功率").holds(u32("", "", -2, joule_per_hour)),
    object(0x2504, 6, "accumulated working time", "累计工作时间").holds(u32("", "", 0, hour)),
    object(0x2505, 6, "water temperature", "水温").holds(record("", "", water_temperature_parts)),
    object(0x2506, 6, "state of the instrument", "仪表状态ST").holds(record("", "", instrument_parts)),
});
static_assert(is_ordered(variables));

}  // namespace

std::span<const Object> variable_objects() noexcept { return variables; }

}  // namespace duheng::dlt698::objects::table
