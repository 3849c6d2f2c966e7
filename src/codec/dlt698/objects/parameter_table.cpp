// 40xx..48xx parameters and 50xx freezes.
#include <array>

#include "codec/dlt698/objects/shapes.hpp"

namespace duheng::dlt698::objects::table {

namespace {

using enum Unit;
using enum Certainty;

constexpr Choice clock_modes[] = {{0, {"master station", "主站授时"}},
                                  {1, {"terminal, precise", "终端精确校时"}},
                                  {2, {"satellite", "北斗/GPS"}},
                                  {255, {"other", "其它"}}};
constexpr Shape precise_clock_parts[] = {
    u8("heartbeats looked at", "最近心跳时间总个数"),
    u8("largest left out", "最大值剔除个数"),
    u8("smallest left out", "最小值剔除个数"),
    u8("delay threshold", "通讯延时阈值", 0, second),
    u8("fewest valid", "最少有效个数"),
};
constexpr Member clock_members[] = {
    {3, one_of("clock setting mode", "校时模式", clock_modes)},
    {4, record("precise clock setting", "精准校时参数", precise_clock_parts)},
};
constexpr Member clock_methods[] = {
    {127, moment("broadcast clock setting", "广播校时"), {}, general_knowledge},
};
constexpr Choice longitudes[] = {{0, {"east", "E"}}, {1, {"west", "W"}}};
constexpr Choice latitudes[] = {{0, {"south", "S"}}, {1, {"north", "N"}}};
constexpr Shape longitude_parts[] = {one_of("side", "方位", longitudes), u8("degrees", "度", 0, degree),
                                     u8("minutes", "分"), u8("seconds", "秒")};
constexpr Shape latitude_parts[] = {one_of("side", "方位", latitudes), u8("degrees", "度", 0, degree),
                                    u8("minutes", "分"), u8("seconds", "秒")};
constexpr Shape place_parts[] = {record("longitude", "经度", longitude_parts),
                                 record("latitude", "纬度", latitude_parts), u32("height", "高度", 0, centimetre)};
constexpr Choice clock_sources[] = {{0, {"internal", "内部"}},
                                    {1, {"clock chip", "时钟芯片"}},
                                    {2, {"internet", "互联网时钟"}},
                                    {3, {"satellite", "卫星时钟"}},
                                    {4, {"long wave", "长波时钟"}}};
constexpr Choice availability[] = {{0, {"available", "可用"}}, {1, {"not available", "不可用"}}};
constexpr Shape clock_source_parts[] = {one_of("source", "时钟源", clock_sources),
                                        one_of("state", "状态", availability)};
constexpr Member clock_source_methods[] = {{127, any("enable", "启用")}, {128, any("disable", "禁用")}};
constexpr Shape display_parts[] = {
    u8("full display at power on", "上电全显时间", 0, second),
    u16("backlight", "背光点亮时间", 0, second),
    u16("backlight when viewing", "显示查看背光点亮时间", 0, second),
    u16("longest stay without supply", "无电按键屏幕驻留最大时间", 0, second),
    u8("decimal places of energy", "显示电能小数位数"),
    u8("decimal places of power and demand", "显示功率（最大需量）小数位数"),
    u8("meaning of signs 1 and 2", "液晶①②字样意义"),
};
constexpr Shape count_parts[] = {
    u8("year time zones", "年时区数"), u8("day tables", "日时段表数"), u8("day periods", "日时段数"),
    u8("tariffs", "费率数"),           u8("holidays", "公共假日数"),
};
constexpr Shape holiday_parts[] = {calendar_day("date", "日期"), u8("day table", "日时段表号")};
constexpr Shape holiday = record("holiday", "公共假日", holiday_parts);
constexpr Shape zone_parts[] = {u8("month", "月"), u8("day", "日"), u8("day table", "日时段表号")};
constexpr Shape zone = record("time zone", "时区", zone_parts);
constexpr Shape period_parts[] = {u8("hour", "时"), u8("minute", "分"), u8("tariff", "费率号")};
constexpr Shape period = record("period", "时段", period_parts);
constexpr Shape day_table = list("day table", "日时段表", period);
constexpr Shape price = u32("", "", -4, yuan_per_kilowatt_hour);
constexpr Shape step = u32("", "", -2, kilowatt_hour);
constexpr Shape step_day_parts[] = {u8("month", "月"), u8("day", "日"), u8("hour", "时")};
constexpr Shape step_day = record("settlement day", "阶梯结算日", step_day_parts);
constexpr Shape step_parts[] = {list("steps", "阶梯值", step), list("step prices", "阶梯电价", price),
                                list("settlement days", "阶梯结算日", step_day)};
constexpr Shape steps = record("step parameters", "阶梯参数", step_parts);
constexpr Shape alarm_amount_parts[] = {u32("alarm amount 1", "报警金额限值1", -2, yuan),
                                        u32("alarm amount 2", "报警金额限值2", -2, yuan)};
constexpr Shape other_amount_parts[] = {u32("overdraft limit", "透支金额限值", -2, yuan),
                                        u32("hoarding limit", "囤积金额限值", -2, yuan),
                                        u32("limit to permit closing", "合闸允许金额限值", -2, yuan)};
constexpr Shape alarm_energy_parts[] = {u32("alarm energy 1", "报警电量限值1", -2, kilowatt_hour),
                                        u32("alarm energy 2", "报警电量限值2", -2, kilowatt_hour)};
constexpr Shape other_energy_parts[] = {u32("hoarding limit", "囤积电量限值", -2, kilowatt_hour),
                                        u32("overdraft limit", "透支电量限值", -2, kilowatt_hour),
                                        u32("limit to permit closing", "合闸允许电量限值", -2, kilowatt_hour)};
constexpr Choice exclusion[] = {{1, {"excluded", "剔除投入"}}, {2, {"not excluded", "剔除解除"}}};
constexpr Shape upgrade_parts[] = {
    u16("number", "序号"),
    tsa("collector", "采集器地址"),
    u8("result", "采集器升级结果标识"),
    moment("begin of resending", "补发开始时间"),
    moment("time of success", "升级成功时间"),
    u16("blocks by broadcast", "广播成功块数"),
    u16("blocks resent", "补发块数"),
    record("version before", "升级前采集器版本", version_parts),
    record("version after", "升级后采集器版本", version_parts),
};
constexpr Shape upgrade = record("upgrade result", "采集器升级结果", upgrade_parts);
constexpr Shape upgrade_setting_parts[] = {u8("broadcast rounds", "允许一次升级广播轮次数"),
                                           u8("days of resending", "允许一次升级点对点补发天数")};
constexpr Member upgrade_members[] = {{3, record("upgrade settings", "采集器升级控制参数", upgrade_setting_parts)}};
constexpr Shape voltage_quality_parts[] = {
    u16("assessment upper limit", "电压考核上限", -1, volt), u16("assessment lower limit", "电压考核下限", -1, volt),
    u16("quality upper limit", "电压合格上限", -1, volt), u16("quality lower limit", "电压合格下限", -1, volt)};
constexpr Shape phase_factor_parts[] = {i16("phase A", "A相", -3), i16("phase B", "B相", -3),
                                        i16("phase C", "C相", -3)};
constexpr Shape phase_factors = record("", "", phase_factor_parts);
constexpr Shape settlement_parts[] = {u8("day", "日"), u8("hour", "时")};
constexpr Shape settlement = record("settlement day", "结算日", settlement_parts);
constexpr Shape tsa_element = tsa();
constexpr Shape route_parts[] = {tsa("address", "通信地址"), list("parent nodes", "父节点集合", tsa_element)};
constexpr Shape route = record("route", "路由信息单元", route_parts);
constexpr Shape routes = list("routes", "路由信息", route);
constexpr Member route_methods[] = {{127, record("add", "添加", route_parts)},
                                    {128, list("add several", "批量添加", route)},
                                    {129, any("update", "更新")},
                                    {134, any("clear", "清空")}};
constexpr Shape cascade_parts[] = {
    flag("cascaded", "级联标志"),
    oad("port", "级联通信端口号"),
    u16("total wait", "总等待超时", 0, ten_milliseconds),
    u16("octet wait", "字节超时", 0, ten_milliseconds),
    u8("retries", "重发次数"),
    u8("patrol period", "巡测周期", 0, minute),
    u8("ports", "级联（被）端口数"),
    list("terminals", "级联（被）终端地址", tsa_element),
};
constexpr Shape broadcast_parts[] = {time_of_day("start", "终端广播校时启动时间"), flag("enabled", "是否启用")};
constexpr Shape single_parts[] = {i8("error threshold", "时钟误差阈值", 0, second),
                                  time_of_day("start", "终端广播校时启动时间"), flag("enabled", "是否启用")};
constexpr Member broadcast_members[] = {
    {3, record("clock setting of single addresses", "终端单地址广播校时参数", single_parts)}};
constexpr Choice valve_commands[] = {{0x55, {"open", "开阀"}}, {0x99, {"close", "关阀"}}};
constexpr Member valve_methods[] = {{127, any("enable as delivered", "出厂启用")},
                                    {128, one_of("valve control", "阀门控制", valve_commands)},
                                    {129, u32("synchronise register", "机电同步")}};
constexpr Shape heat_sync_parts[] = {u32("heat", "热量"), u32("flow", "热流量（水流量）")};
constexpr Member heat_methods[] = {{127, any("enable as delivered", "出厂启用")},
                                   {128, one_of("valve control", "阀门控制", valve_commands)},
                                   {129, record("synchronise register", "机电同步", heat_sync_parts)}};
constexpr Choice operators[] = {{0, {"China Mobile", "中国移动"}},
                                {1, {"China Telecom", "中国电信"}},
                                {2, {"China Unicom", "中国联通"}},
                                {255, {"unknown", "未知"}}};
constexpr Choice network_kinds[] = {
    {0, {"2G", "2G"}}, {1, {"3G", "3G"}}, {2, {"4G", "4G"}}, {255, {"unknown", "未知"}}};
constexpr Shape spare_parts[] = {
    one_of("operator", "运营商", operators),
    one_of("network", "网络类型", network_kinds),
    characters("APN", "APN"),
    characters("user", "用户名"),
    characters("password", "密码"),
    octets("proxy address", "代理服务器地址"),
    u16("proxy port", "代理端口"),
    list("master stations", "主站通信参数", host_port),
};
constexpr Shape spare = record("spare channel", "备用通道", spare_parts);

constexpr Line parameter(std::uint16_t identifier, Text english, Text chinese, const Shape& shape) {
  return object(identifier, 8, english, chinese).is(shape);
}

constexpr auto parameters = objects_of({
    parameter(0x4000, "date and time", "日期时间", moment()).with(clock_members).does(clock_methods),
    parameter(0x4001, "communication address", "通信地址", octets()).as("meter_address"),
    parameter(0x4002, "meter number", "表号", octets()).as("meter_number"),
    parameter(0x4003, "customer number", "客户编号", octets()),
    parameter(0x4004, "place of the device", "设备地理位置", record("", "", place_parts)),
    parameter(0x4005, "group addresses", "组地址", list("", "", octets_element)),
    parameter(0x4006, "clock source", "时钟源", record("", "", clock_source_parts)).does(clock_source_methods),
    parameter(0x4007, "display settings", "LCD参数", record("", "", display_parts)),
    parameter(0x4008, "switch time to the spare time-zone tables", "备用套时区表切换时间", moment()),
    parameter(0x4009, "switch time to the spare day tables", "备用套日时段表切换时间", moment()),
    parameter(0x400A, "switch time to the spare tariffs", "备用套分时费率切换时间", moment()),
    parameter(0x400B, "switch time to the spare steps", "备用套阶梯电价切换时间", moment()),
    parameter(0x400C, "numbers of zones, tables, periods, tariffs", "时区时段数", record("", "", count_parts)),
    parameter(0x400D, "number of steps", "阶梯数", u8()),
    parameter(0x400E, "harmonics analysed", "谐波分析次数", u8()).as("harmonic_count"),
    parameter(0x400F, "number of keys", "密钥总条数", u8()),
    parameter(0x4010, "measuring elements", "计量元件数", u8()),
    parameter(0x4011, "holidays", "公共假日表", list("", "", holiday)),
    parameter(0x4012, "weekend word", "周休日特征字", bits()).as("weekend_word"),
    parameter(0x4013, "day table on weekends", "周休日采用的日时段表号", u8()).as("weekend_day_table"),
    parameter(0x4014, "time-zone table in use", "当前套时区表", list("", "", zone)),
    parameter(0x4015, "spare time-zone table", "备用套时区表", list("", "", zone)),
    parameter(0x4016, "day tables in use", "当前套日时段表", list("", "", day_table)),
    parameter(0x4017, "spare day tables", "备用套日时段表", list("", "", day_table)),
    parameter(0x4018, "tariff prices in use", "当前套费率电价", list("", "", price)),
    parameter(0x4019, "spare tariff prices", "备用套费率电价", list("", "", price)),
    parameter(0x401A, "step prices in use", "当前套阶梯电价", steps),
    parameter(0x401B, "spare step prices", "备用套阶梯电价", steps),
    parameter(0x401C, "current transformer ratio", "电流互感器变比", u32("", "", -2)),
    parameter(0x401D, "voltage transformer ratio", "电压互感器变比", u32("", "", -2)),
    parameter(0x401E, "alarm amounts", "报警金额限值", record("", "", alarm_amount_parts)),
    parameter(0x401F, "other amount limits", "其它金额限值", record("", "", other_amount_parts)),
    parameter(0x4020, "alarm energies", "报警电量限值", record("", "", alarm_energy_parts)),
    parameter(0x4021, "other energy limits", "其它电量限值", record("", "", other_energy_parts)),
    object(0x4022, 6, "card state word", "插卡状态字").holds(bits()),
    parameter(0x4024, "exclusion", "剔除", one_of("", "", exclusion)),
    parameter(0x4025, "collector upgrade results", "采集器升级结果表", list("", "", upgrade)).with(upgrade_members),
    parameter(0x4026, "collector upgrade result", "采集器升级结果", upgrade),
    parameter(0x4030, "voltage quality limits", "电压合格率参数", record("", "", voltage_quality_parts)),
    object(0x4040, 8, "transformer module", "TA专用模块").sure(one_source),
    object(0x4041, 8, "current circuit watch", "电流回路监测使能").sure(one_source),
    parameter(0x4100, "demand period", "最大需量周期", u8("", "", 0, minute)).as("demand_period"),
    parameter(0x4101, "demand slide time", "滑差时间", u8("", "", 0, minute)).as("demand_slide"),
    parameter(0x4102, "calibration pulse width", "校表脉冲宽度", u8("", "", 0, millisecond)).as("pulse_width"),
    parameter(0x4103, "asset code", "资产管理编码", characters()).as("asset_code"),
    parameter(0x4104, "rated voltage", "额定电压", characters()).as("rated_voltage"),
    parameter(0x4105, "rated (base) current", "额定电流/基本电流", characters()).as("rated_current"),
    parameter(0x4106, "maximum current", "最大电流", characters()).as("maximum_current"),
    parameter(0x4107, "active accuracy class", "有功准确度等级", characters()).as("active_class"),
    parameter(0x4108, "reactive accuracy class", "无功准确度等级", characters()).as("reactive_class"),
    parameter(0x4109, "active meter constant", "电能表有功常数", u32("", "", 0, impulse_per_kilowatt_hour))
        .as("active_constant"),
    parameter(0x410A, "reactive meter constant", "电能表无功常数", u32("", "", 0, impulse_per_kilovar_hour))
        .as("reactive_constant"),
    parameter(0x410B, "meter model", "电能表型号", characters()).as("meter_model"),
    parameter(0x410C, "conductance factors", "ABC各相电导系数", phase_factors),
    parameter(0x410D, "reactance factors", "ABC各相电抗系数", phase_factors),
    parameter(0x410E, "resistance factors", "ABC各相电阻系数", phase_factors),
    parameter(0x410F, "susceptance factors", "ABC各相电纳系数", phase_factors),
    parameter(0x4110, "operation word 1", "电能表运行特征字1", bits()).sure(one_source),
    parameter(0x4111, "software record number", "软件备案号", characters()),
    parameter(0x4112, "active combination word", "有功组合方式特征字", bits()).as("active_combination_word"),
    parameter(0x4113, "reactive combination word 1", "无功组合方式1特征字", bits()).as("reactive_combination_word_1"),
    parameter(0x4114, "reactive combination word 2", "无功组合方式2特征字", bits()).as("reactive_combination_word_2"),
    parameter(0x4116, "settlement days", "结算日", list("settings", "配置参数", settlement)),
    parameter(0x4117, "freeze period of the period demand", "期间需量冻结周期", ti()),
    object(0x4200, 11, "routing table", "路由表").holds(routes).does(route_methods).sure(one_source),
    parameter(0x4201, "route", "路由信息单元", route).sure(one_source),
    parameter(0x4202, "cascade communication", "级联通信参数", record("", "", cascade_parts)),
    parameter(0x4204, "clock setting by the terminal", "终端广播校时", record("", "", broadcast_parts))
        .with(broadcast_members),
    object(0x4300, 19, "electrical device", "电气设备"),
    object(0x4307, 19, "water meter", "水表").does(valve_methods),
    object(0x4308, 19, "gas meter", "气表").does(valve_methods),
    object(0x4309, 19, "heat meter", "热表").does(heat_methods),
    object(0x4310, 19, "lock", "锁具设备").sure(one_source),
    object(0x4400, 20, "application association", "应用连接"),
    parameter(0x4401, "authentication password", "认证密码", characters("", "")),
    object(0x4500, 25, "public network module 1", "公网通信模块1"),
    object(0x4501, 25, "public network module 2", "公网通信模块2"),
    object(0x4510, 26, "Ethernet module 1", "以太网通信模块1"),
    object(0x4511, 26, "Ethernet module 2", "以太网通信模块2"),
    object(0x4512, 26, "Ethernet module 3", "以太网通信模块3"),
    object(0x4513, 26, "Ethernet module 4", "以太网通信模块4"),
    object(0x4514, 26, "Ethernet module 5", "以太网通信模块5"),
    object(0x4515, 26, "Ethernet module 6", "以太网通信模块6"),
    object(0x4516, 26, "Ethernet module 7", "以太网通信模块7"),
    object(0x4517, 26, "Ethernet module 8", "以太网通信模块8"),
    parameter(0x4520, "spare channels", "公网远程通信多接入点备用通道", list("", "", spare)),
    object(0x4800, 11, "set of appliances", "电器设备集合").sure(one_source),
});
static_assert(is_ordered(parameters));

constexpr auto freezes = objects_of({
    object(0x5000, 9, "instant freeze", "瞬时冻结"),
    object(0x5001, 9, "second freeze", "秒冻结"),
    object(0x5002, 9, "minute freeze", "分钟冻结"),
    object(0x5003, 9, "hourly freeze", "小时冻结"),
    object(0x5004, 9, "daily freeze", "日冻结"),
    object(0x5005, 9, "settlement day freeze", "结算日冻结"),
    object(0x5006, 9, "monthly freeze", "月冻结"),
    object(0x5007, 9, "yearly freeze", "年冻结"),
    object(0x5008, 9, "freeze at the switch of time-zone tables", "时区表切换冻结"),
    object(0x5009, 9, "freeze at the switch of day tables", "日时段表切换冻结"),
    object(0x500A, 9, "freeze at the switch of tariffs", "费率电价切换冻结"),
    object(0x500B, 9, "freeze at the switch of steps", "阶梯切换冻结"),
    object(0x5011, 9, "step settlement freeze", "阶梯结算冻结"),
});
static_assert(is_ordered(freezes));

}  // namespace

std::span<const Object> parameter_objects() noexcept { return parameters; }
std::span<const Object> freeze_objects() noexcept { return freezes; }

}  // namespace duheng::dlt698::objects::table
