// 30xx meter events, 31xx terminal events, 32xx control events, 33xx record units. Class 24 keeps one record table per
// phase (attributes 6..9) and the counters in attribute 10; class 7 keeps records in attribute 2, counters in 7.
#include <array>

#include "codec/dlt698/objects/shapes.hpp"

namespace duheng::dlt698::objects::table {

namespace {

using enum Unit;
using enum Certainty;

constexpr Shape delay = u8("decision delay", "判定延时时间", 0, second);
constexpr Shape voltage_upper = u16("voltage trigger, upper limit", "电压触发上限", -1, volt);
constexpr Shape voltage_lower = u16("voltage trigger, lower limit", "电压触发下限", -1, volt);
constexpr Shape current_upper = i32("current trigger, upper limit", "电流触发上限", -4, ampere);
constexpr Shape current_lower = i32("current trigger, lower limit", "电流触发下限", -4, ampere);
constexpr Shape power_lower = i32("active power trigger, lower limit", "有功功率触发下限", -1, watt);

// Settings: attribute 5 in class 24, 6 in class 7.
#define DUHENG_SETTINGS(name, attribute, ...)     \
  constexpr Shape name##_parts[] = {__VA_ARGS__}; \
  constexpr Member name[] = {{attribute, record("settings", "配置参数", name##_parts)}}
constexpr Shape loss_of_voltage_parts[] = {
    voltage_upper, u16("voltage recovery, lower limit", "电压恢复下限", -1, volt), current_lower, delay};
constexpr Shape loss_of_voltage_total[] = {
    u32("count", "事件发生总次数"), u32("accumulated time", "事件总累计时间", 0, second),
    moment("latest begin", "最近一次失压发生时间"), moment("latest end", "最近一次失压结束时间")};
constexpr Member loss_of_voltage[] = {{5, record("settings", "配置参数", loss_of_voltage_parts)},
                                      {13, record("loss-of-voltage statistics", "失压统计", loss_of_voltage_total)}};
DUHENG_SETTINGS(under_voltage, 5, voltage_upper, delay);
DUHENG_SETTINGS(over_voltage, 5, voltage_lower, delay);
DUHENG_SETTINGS(phase_break, 5, voltage_upper, current_upper, delay);
DUHENG_SETTINGS(loss_of_current, 5, voltage_lower, current_upper, current_lower, delay);
DUHENG_SETTINGS(over_current, 5, current_lower, delay);
DUHENG_SETTINGS(current_break, 5, voltage_lower, current_upper, delay);
DUHENG_SETTINGS(reverse_power, 5, power_lower, delay);
DUHENG_SETTINGS(active_demand, 6, u32("trigger, lower limit", "触发下限", -4, kilowatt), delay);
DUHENG_SETTINGS(delay_only, 6, delay);
DUHENG_SETTINGS(factor_limit, 6, i16("lower limit", "下限阀值", -1, percent), delay);
DUHENG_SETTINGS(unbalance, 6, i16("limit", "限值", -2, percent), delay);
DUHENG_SETTINGS(clock_deviation, 6, u16("threshold", "异常判别阈值", 0, second), u8("task number", "关联采集任务号"));
DUHENG_SETTINGS(task_only, 6, u8("task number", "关联采集任务号"));
DUHENG_SETTINGS(percent_and_task, 6, u32("threshold", "阈值", 0, percent), u8("task number", "关联采集任务号"));
DUHENG_SETTINGS(interval_and_task, 6, ti("threshold", "阈值"), u8("task number", "关联采集任务号"));
DUHENG_SETTINGS(retries_and_task, 6, u8("retry rounds", "重试轮次"), u8("task number", "关联采集任务号"));
DUHENG_SETTINGS(traffic_limit, 6, u32("traffic threshold", "通信流量门限", 0, byte));
DUHENG_SETTINGS(online_delay, 6, u16("decision delay", "判定延时时间", 0, second));
DUHENG_SETTINGS(analog_upper, 6, i32("upper limit", "直流模拟量上限"));
DUHENG_SETTINGS(analog_lower, 6, i32("lower limit", "直流模拟量下限"));
#undef DUHENG_SETTINGS

constexpr Member demand_limit_reactive[] = {
    {5, record("settings", "配置参数", active_demand_parts)},
};
constexpr Shape tsa_element = tsa();
constexpr Shape outage_reading_parts[] = {
    bits("reading flags", "采集标志"),
    u8("reading interval", "停电事件抄读时间间隔", 0, hour),
    u8("reading time limit", "停电事件抄读时间限值", 0, minute),
    list("meters to read", "需要读取停电事件电能表", tsa_element),
};
constexpr Shape outage_limit_parts[] = {
    u16("shortest valid outage", "停电时间最小有效间隔", 0, minute),
    u16("longest valid outage", "停电时间最大有效间隔", 0, minute),
    u16("limit of begin and end deviation", "停电事件起止时间偏差限值", 0, minute),
    u16("limit of section deviation", "停电事件时间区段偏差限值", 0, minute),
    u16("voltage at which an outage begins", "停电发生电压限值", -1, volt),
    u16("voltage at which an outage ends", "停电恢复电压限值", -1, volt),
};
constexpr Shape outage_parts[] = {record("reading settings", "停电数据采集配置参数", outage_reading_parts),
                                  record("screening limits", "停电事件甄别限值参数", outage_limit_parts)};
constexpr Member outage[] = {{6, record("settings", "配置参数", outage_parts)}};

// Records: the standard one's five parts, then what is the event's own.
#define DUHENG_EVENT_RECORD(name, english, chinese, source, ...)          \
  constexpr Shape name##_parts[] = {u32("record number", "事件记录序号"), \
                                    moment("begin", "事件发生时间"),      \
                                    moment("end", "事件结束时间"),        \
                                    source,                               \
                                    report_states,                        \
                                    __VA_ARGS__};                         \
  constexpr Shape name = record(english, chinese, name##_parts)

constexpr Shape oad_source = oad("source", "事件发生源");
constexpr Shape oi_source = oi("source", "事件发生源");
constexpr Shape tsa_source = tsa("source", "事件发生源");
constexpr Shape no_source = nothing("source", "事件发生源");
constexpr Choice outage_sources[] = {{0, {"power lost", "停电"}}, {1, {"power back", "上电"}}};
constexpr Shape outage_source = one_of("source", "事件发生源", outage_sources);
constexpr Shape period_entry_parts[] = {u8("hour", "时"), u8("minute", "分"), u8("tariff", "费率号")};
constexpr Shape period_entry = record("period", "时段", period_entry_parts);
constexpr Shape holiday_parts[] = {calendar_day("date", "日期"), u8("day table", "日时段表号")};
constexpr Shape power_w = i64("", "", -1, watt);
constexpr Shape omd_element = omd("method", "对象方法描述符");
constexpr Shape network_change_parts[] = {tsa("meter", "电能表地址"), flag("on the network", "在网状态")};
constexpr Shape network_change = record("change", "状态变迁事件", network_change_parts);
constexpr Shape search_result = any("search result", "搜表结果");

DUHENG_EVENT_RECORD(programming_record, "programming record", "编程事件记录", no_source,
                    list("objects programmed", "编程对象列表", oad_element));
DUHENG_EVENT_RECORD(unknown_meter_record, "unknown meter record", "发现未知电能表事件记录", no_source,
                    list("search results", "搜表结果", search_result));
DUHENG_EVENT_RECORD(foreign_meter_record, "meter of another area record", "跨台区电能表事件记录", no_source,
                    list("search results of other areas", "跨台区搜表结果", search_result));
DUHENG_EVENT_RECORD(power_trip_record, "power control trip record", "功控跳闸记录", oi_source,
                    i64("power two minutes later", "事件发生后2分钟功率", -1, watt), oi("control object", "控制对象"),
                    bits("trip rounds", "跳闸轮次"), i64("power setting", "功控定值"),
                    i64("total active power before", "跳闸发生前总加有功功率"));
DUHENG_EVENT_RECORD(energy_trip_record, "energy control trip record", "电控跳闸记录", oi_source,
                    oi("control object", "控制对象"), bits("trip rounds", "跳闸轮次"),
                    i64("energy setting", "电控定值", -4, kilowatt_hour),
                    i64("total energy at the trip", "跳闸发生时总加电能量", -4));
DUHENG_EVENT_RECORD(energy_alarm_record, "energy control alarm record", "电控告警事件记录", oi_source,
                    oi("control object", "控制对象"), i64("energy setting", "电控定值", -4, kilowatt_hour));
DUHENG_EVENT_RECORD(demand_record, "demand over limit record", "需量超限事件记录", no_source,
                    u32("highest demand", "超限期间需量最大值", -4),
                    moment("time of it", "超限期间需量最大值发生时间"));
DUHENG_EVENT_RECORD(outage_record, "power lost or back record", "停/上电事件记录", outage_source,
                    bits("flags", "属性标志"));
DUHENG_EVENT_RECORD(remote_record, "remote control record", "遥控事件记录", oad_source,
                    list("total power two minutes later", "控后2分钟总加组功率", power_w));
DUHENG_EVENT_RECORD(difference_record, "energy difference record", "有功总电能量差动越限事件记录",
                    u8("source", "事件发生源"),
                    i64("energy of the compared group", "越限时对比总加组有功总电能量", -4, kilowatt_hour),
                    i64("energy of the reference group", "越限时参照总加组有功总电能量", -4, kilowatt_hour),
                    i8("relative difference", "越限时差动越限相对偏差值", 0, percent),
                    i64("absolute difference", "越限时差动越限绝对偏差值", -4, kilowatt_hour));
DUHENG_EVENT_RECORD(event_clear_record, "event clear record", "事件清零事件记录", no_source,
                    list("events cleared", "事件清零列表", omd_element));
DUHENG_EVENT_RECORD(meter_clock_record, "meter clock set by the terminal record", "终端对电表校时记录", tsa_source,
                    moment("clock before", "校时前时钟"), i8("clock error", "时钟误差", 0, second));
DUHENG_EVENT_RECORD(network_record, "network state record", "电能表在网状态切换事件记录", no_source,
                    list("changes", "状态变迁事件", network_change));
DUHENG_EVENT_RECORD(data_change_record, "data change record", "电能表数据变更监控记录", tsa_source,
                    csd("column watched", "监控数据对象"), any("before", "变化前数据"), any("after", "变化后数据"));
DUHENG_EVENT_RECORD(card_record, "abnormal card record", "异常插卡事件记录", no_source,
                    octets("card number", "卡序列号"), u8("error word", "插卡错误信息字"),
                    octets("command head", "插卡操作命令头"), u16("error response", "插卡错误响应状态"));
DUHENG_EVENT_RECORD(refund_record, "refund record", "退费事件记录", no_source, u32("amount", "退费金额", -2, yuan));
DUHENG_EVENT_RECORD(module_record, "module change record", "通信模块变更事件记录", oad_source,
                    octets("address of the module", "模块对应的通信地址"),
                    characters("module before", "变更前的模块描述符"),
                    characters("module after", "变更后的模块描述符"));
DUHENG_EVENT_RECORD(deviation_record, "clock deviation record", "电能表时钟超差记录", tsa_source,
                    moment("clock of the meter", "电能表时钟"), moment("clock of the terminal", "终端当前时钟"));
DUHENG_EVENT_RECORD(day_table_record, "day table programming record", "时段表编程事件记录", no_source,
                    oad("day table", "编程时段表对象"), list("before", "编程前时段表内容", period_entry));
DUHENG_EVENT_RECORD(holiday_record, "holiday programming record", "节假日编程事件记录", no_source,
                    oad("holiday", "编程节假日对象"), record("before", "编程前节假日内容", holiday_parts));
#undef DUHENG_EVENT_RECORD

constexpr Shape records_of(const Shape& element) {
  return list("event records", "事件记录表", element, Layout::records);
}
constexpr Line meter_event(std::uint16_t oi, Text english, Text chinese) { return object(oi, 7, english, chinese); }
constexpr Member new_event_members[] = {{3, list("events to be reported", "需上报事件对象列表", oad_element)}};
constexpr Member card_members[] = {{10, u32("number of illegal card insertions", "非法插卡总次数")}};

constexpr auto meter_events = objects_of({
    object(0x3000, 24, "loss of voltage", "电能表失压事件").with(loss_of_voltage),
    object(0x3001, 24, "under-voltage", "电能表欠压事件").with(under_voltage),
    object(0x3002, 24, "over-voltage", "电能表过压事件").with(over_voltage),
    object(0x3003, 24, "phase break", "电能表断相事件").with(phase_break),
    object(0x3004, 24, "loss of current", "电能表失流事件").with(loss_of_current),
    object(0x3005, 24, "over-current", "电能表过流事件").with(over_current),
    object(0x3006, 24, "break of current", "电能表断流事件").with(current_break),
    object(0x3007, 24, "power reversal", "电能表功率反向事件").with(reverse_power),
    object(0x3008, 24, "overload", "电能表过载事件").with(reverse_power),
    meter_event(0x3009, "forward active demand over limit", "电能表正向有功需量超限事件")
        .holds(records_of(demand_record))
        .with(active_demand),
    meter_event(0x300A, "reverse active demand over limit", "电能表反向有功需量超限事件")
        .holds(records_of(demand_record))
        .with(active_demand),
    object(0x300B, 24, "reactive demand over limit", "电能表无功需量超限事件").with(demand_limit_reactive),
    meter_event(0x300C, "power factor under limit", "电能表功率因数超下限事件").with(factor_limit),
    meter_event(0x300D, "all-phase loss of voltage", "电能表全失压事件"),
    meter_event(0x300E, "auxiliary supply lost", "电能表辅助电源掉电事件").with(delay_only),
    meter_event(0x300F, "voltage sequence reversed", "电能表电压逆相序事件").with(delay_only),
    meter_event(0x3010, "current sequence reversed", "电能表电流逆相序事件").with(delay_only),
    meter_event(0x3011, "power down", "电能表掉电事件").with(delay_only),
    meter_event(0x3012, "programming", "电能表编程事件").holds(records_of(programming_record)),
    meter_event(0x3013, "meter clear", "电能表清零事件"),
    meter_event(0x3014, "demand clear", "电能表需量清零事件"),
    meter_event(0x3015, "event clear", "电能表事件清零事件").holds(records_of(event_clear_record)),
    meter_event(0x3016, "clock set", "电能表校时事件"),
    meter_event(0x3017, "day table programmed", "电能表时段表编程事件").holds(records_of(day_table_record)),
    meter_event(0x3018, "time-zone table programmed", "电能表时区表编程事件"),
    meter_event(0x3019, "weekend programmed", "电能表周休日编程事件"),
    meter_event(0x301A, "settlement day programmed", "电能表结算日编程事件"),
    meter_event(0x301B, "cover open", "电能表开盖事件"),
    meter_event(0x301C, "terminal cover open", "电能表开端钮盖事件"),
    meter_event(0x301D, "voltage unbalance", "电能表电压不平衡事件").with(unbalance),
    meter_event(0x301E, "current unbalance", "电能表电流不平衡事件").with(unbalance),
    meter_event(0x301F, "trip", "电能表跳闸事件"),
    meter_event(0x3020, "close", "电能表合闸事件"),
    meter_event(0x3021, "holiday programmed", "电能表节假日编程事件").holds(records_of(holiday_record)),
    meter_event(0x3022, "active combination programmed", "电能表有功组合方式编程事件"),
    meter_event(0x3023, "reactive combination programmed", "电能表无功组合方式编程事件"),
    meter_event(0x3024, "tariff table programmed", "电能表费率参数表编程事件"),
    meter_event(0x3025, "step table programmed", "电能表阶梯表编程事件"),
    meter_event(0x3026, "key update", "电能表密钥更新事件"),
    meter_event(0x3027, "abnormal card", "电能表异常插卡事件").holds(records_of(card_record)).with(card_members),
    meter_event(0x3028, "purchase", "电能表购电记录"),
    meter_event(0x3029, "refund", "电能表退费记录").holds(records_of(refund_record)),
    meter_event(0x302A, "constant magnetic field interference", "电能表恒定磁场干扰事件").with(delay_only),
    meter_event(0x302B, "load switch misoperation", "电能表负荷开关误动作事件").with(delay_only),
    meter_event(0x302C, "supply fault", "电能表电源异常事件").with(delay_only),
    meter_event(0x302D, "severe current unbalance", "电能表电流严重不平衡事件").with(unbalance),
    meter_event(0x302E, "clock fault", "电能表时钟故障事件").with(delay_only),
    meter_event(0x302F, "metering chip fault", "电能表计量芯片故障事件").with(delay_only),
    meter_event(0x3030, "communication module changed", "通信模块变更事件")
        .holds(records_of(module_record))
        .with(delay_only),
    meter_event(0x3100, "terminal initialised", "终端初始化事件"),
    meter_event(0x3101, "terminal version changed", "终端版本变更事件"),
    meter_event(0x3104, "terminal input changed", "终端状态量变位事件"),
    meter_event(0x3105, "meter clock deviation", "电能表时钟超差事件")
        .holds(records_of(deviation_record))
        .with(clock_deviation),
    meter_event(0x3106, "terminal power lost or back", "终端停/上电事件").holds(records_of(outage_record)).with(outage),
    meter_event(0x3107, "DC input over limit", "终端直流模拟量越上限事件").with(analog_upper),
    meter_event(0x3108, "DC input under limit", "终端直流模拟量越下限事件").with(analog_lower),
    meter_event(0x3109, "message authentication error", "终端消息认证错误事件"),
    meter_event(0x310A, "equipment fault", "设备故障记录"),
    meter_event(0x310B, "meter reading decreased", "电能表示度下降事件").with(task_only),
    meter_event(0x310C, "energy deviation", "电能量超差事件").with(percent_and_task),
    meter_event(0x310D, "meter runs away", "电能表飞走事件").with(percent_and_task),
    meter_event(0x310E, "meter stands still", "电能表停走事件").with(interval_and_task),
    meter_event(0x310F, "meter reading failed", "终端抄表失败事件").with(retries_and_task),
    meter_event(0x3110, "monthly traffic over limit", "月通信流量超限事件").with(traffic_limit),
    meter_event(0x3111, "unknown meter found", "发现未知电能表事件").holds(records_of(unknown_meter_record)),
    meter_event(0x3112, "meter of another area", "跨台区电能表事件").holds(records_of(foreign_meter_record)),
    meter_event(0x3114, "terminal time synchronised", "终端对时事件"),
    meter_event(0x3115, "remote trip", "遥控跳闸记录").holds(records_of(remote_record)),
    meter_event(0x3116, "energy difference over limit", "有功总电能量差动越限事件记录")
        .holds(records_of(difference_record)),
    meter_event(0x3117, "output circuit connection changed", "输出回路接入状态变位事件记录"),
    meter_event(0x3118, "terminal programming", "终端编程记录").holds(records_of(programming_record)),
    meter_event(0x3119, "terminal current circuit fault", "终端电流回路异常事件"),
    meter_event(0x311A, "meter network state changed", "电能表在网状态切换事件")
        .holds(records_of(network_record))
        .with(online_delay),
    meter_event(0x311B, "meter clock set by the terminal", "终端对电表校时记录").holds(records_of(meter_clock_record)),
    meter_event(0x311C, "meter data changed", "电能表数据变更监控记录")
        .holds(records_of(data_change_record))
        .with(task_only),
    meter_event(0x311D, "meter online state changed", "电能表在线状态变化事件").sure(one_source),
    meter_event(0x3120, "current transformer fault", "电流互感器异常事件").sure(one_source),
    meter_event(0x3121, "transformer module condition", "TA专用模块工况事件").sure(one_source),
    meter_event(0x3140, "security event changed", "安全事件变更记录").sure(one_source),
    meter_event(0x3200, "power control trip", "功控跳闸记录").holds(records_of(power_trip_record)),
    meter_event(0x3201, "energy control trip", "电控跳闸记录").holds(records_of(energy_trip_record)),
    meter_event(0x3202, "purchase parameters set", "购电参数设置记录"),
    meter_event(0x3203, "energy control alarm", "电控告警事件记录").holds(records_of(energy_alarm_record)),
    object(0x3300, 8, "report states of the channels", "通道上报状态").holds(list("", "", report_state)),
    object(0x3301, 8, "standard event record", "标准事件记录单元").is(event_record),
    object(0x3302, 8, "programming event record", "编程记录事件单元").is(programming_record),
    object(0x3303, 8, "unknown meter event record", "发现未知电能表事件单元").is(unknown_meter_record),
    object(0x3304, 8, "meter of another area event record", "跨台区电能表事件单元").is(foreign_meter_record),
    object(0x3305, 8, "power control trip record", "功控跳闸记录单元").is(power_trip_record),
    object(0x3306, 8, "energy control trip record", "电控跳闸记录单元").is(energy_trip_record),
    object(0x3307, 8, "energy control alarm record", "电控告警事件单元").is(energy_alarm_record),
    object(0x3308, 8, "demand over limit record", "电能表需量超限事件单元").is(demand_record),
    object(0x3309, 8, "power lost or back record", "停/上电事件记录单元").is(outage_record),
    object(0x330A, 8, "remote control record", "遥控事件记录单元").is(remote_record),
    object(0x330B, 8, "energy difference record", "有功总电能量差动越限事件记录单元").is(difference_record),
    object(0x330C, 8, "event clear record", "事件清零事件记录单元").is(event_clear_record),
    object(0x330D, 8, "meter clock set record", "终端对电表校时记录单元").is(meter_clock_record),
    object(0x330E, 8, "network state record", "电能表在网状态切换事件单元").is(network_record),
    object(0x330F, 8, "data change record", "电能表数据变更监控记录单元").is(data_change_record),
    object(0x3310, 8, "abnormal card record", "异常插卡事件记录单元").is(card_record),
    object(0x3311, 8, "refund record", "退费事件记录单元").is(refund_record),
    object(0x3312, 8, "module change record", "通信模块变更事件单元").is(module_record),
    object(0x3313, 8, "clock deviation record", "电能表时钟超差记录单元").is(deviation_record),
    object(0x3314, 8, "day table programming record", "电能表时段表编程事件记录单元").is(day_table_record),
    object(0x3315, 8, "holiday programming record", "电能表节假日编程事件记录单元").is(holiday_record),
    object(0x3316, 8, "security event record", "安全事件变更记录单元").sure(one_source),
    object(0x3317, 8, "meter online state record", "电能表在线状态变化事件单元").sure(one_source),
    object(0x3318, 8, "current transformer fault record", "电流互感器异常事件单元").sure(one_source),
    // A capture holds OADs alone; one source also names a flag beside each.
    object(0x3320, 8, "list of new events", "新增事件列表").holds(list("", "", oad_element)).with(new_event_members),
});
static_assert(is_ordered(meter_events));

}  // namespace

std::span<const Object> event_objects() noexcept { return meter_events; }

}  // namespace duheng::dlt698::objects::table
