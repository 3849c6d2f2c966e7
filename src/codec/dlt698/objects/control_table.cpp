// 80xx control, 81xx load control of terminals, F0xx files, F1xx ESAM, F2xx inputs and outputs, F3xx display.
#include <array>

#include "codec/dlt698/objects/shapes.hpp"

namespace duheng::dlt698::objects::table {

namespace {

using enum Unit;
using enum Certainty;

constexpr Shape remote_parts[] = {u32("current limit for opening", "继电器拉闸电流门限值", -4, ampere),
                                  u16("delay above the limit", "超电流门限保护延时时间", 0, minute)};
constexpr Member remote_members[] = {
    {3, bits("relay outputs", "继电器输出状态")},
    {4, bits("alarms", "告警状态")},
    {5, bits("commands", "命令状态")},
};
constexpr Shape trip_parts[] = {oad("relay", "继电器"), u8("alarm delay", "告警延时", 0, minute),
                                u16("time limit", "限电时间", 0, minute), flag("closes by itself", "自动合闸")};
constexpr Shape trip = record("trip", "跳闸", trip_parts);
constexpr Choice close_commands[] = {{0, {"permit closing", "合闸允许"}}, {1, {"close at once", "直接合闸"}}};
constexpr Shape close_parts[] = {oad("relay", "继电器"), one_of("command", "命令", close_commands)};
constexpr Shape close = record("close", "合闸", close_parts);
constexpr Member remote_methods[] = {
    {127, nothing("alarm", "触发告警")},
    {128, nothing("end the alarm", "解除报警")},
    {129, list("trip", "跳闸", trip), {}, several_sources},
    {130, list("close", "合闸", close)},
};
constexpr Choice keep_states[] = {
    {0, {"ended", "解除"}}, {1, {"power kept", "保电"}}, {2, {"power kept automatically", "自动保电"}}};
constexpr Shape keep_hours_parts[] = {u8("from", "起始时间", 0, hour), u8("to", "结束时间", 0, hour)};
constexpr Shape keep_hours = record("hours", "自动保电时段", keep_hours_parts);
constexpr Member keep_members[] = {
    {3, u16("longest time without the master station", "允许与主站最大无通信时长", 0, minute)},
    {4, u16("time kept after power on", "上电自动保电时长", 0, minute)},
    {5, list("hours", "自动保电时段", keep_hours)},
};
constexpr Member keep_methods[] = {
    {127, nothing("keep power", "投入保电")},
    {128, nothing("end keeping power", "解除保电")},
    {129, nothing("end keeping power automatically", "解除自动保电")},
};
constexpr Choice alarm_states[] = {{0, {"no alarm", "未告警"}}, {1, {"alarm", "告警"}}};
constexpr Shape urging_parts[] = {octets("alarm hours", "告警时段"), characters("message", "告警信息")};
constexpr Member urging_methods[] = {{127, record("urge", "催费告警投入", urging_parts)},
                                     {128, nothing("end urging", "取消催费告警")}};
constexpr Shape note_parts[] = {u8("number", "序号"), moment("published", "发布时间"), flag("read", "已阅读标识"),
                                characters("text", "信息内容")};
constexpr Shape note = record("message", "中文信息", note_parts);
constexpr Shape new_note_parts[] = {u8("number", "序号"), moment("published", "发布时间"),
                                    characters("text", "信息内容")};
constexpr Member note_methods[] = {{127, record("add", "添加信息", new_note_parts)}, {128, u8("delete", "删除信息")}};

constexpr Shape hour_element = u8();
constexpr Shape minute_element = u8("", "", 0, minute);
constexpr Shape group = oi("total group", "总加组对象");
constexpr Shape setting_parts[] = {
    bits("periods", "时段号"),
    i64("period 1", "时段1功控定值", -1, watt),
    i64("period 2", "时段2功控定值", -1, watt),
    i64("period 3", "时段3功控定值", -1, watt),
    i64("period 4", "时段4功控定值", -1, watt),
    i64("period 5", "时段5功控定值", -1, watt),
    i64("period 6", "时段6功控定值", -1, watt),
    i64("period 7", "时段7功控定值", -1, watt),
    i64("period 8", "时段8功控定值", -1, watt),
};
constexpr Shape period_parts[] = {group,
                                  bits("schemes", "方案标识"),
                                  record("first set", "第一套定值", setting_parts),
                                  record("second set", "第二套定值", setting_parts),
                                  record("third set", "第三套定值", setting_parts),
                                  i8("floating factor", "时段功控定值浮动系数", 0, percent)};
constexpr Shape period = record("period power control", "时段功控配置单元", period_parts);
constexpr Shape rest_parts[] = {group, i64("power setting", "厂休控定值", -1, watt), moment("from", "限电起始时间"),
                                u16("duration", "限电延续时间", 0, minute), bits("days of the week", "每周限电日")};
constexpr Shape rest = record("rest day control", "厂休控配置单元", rest_parts);
constexpr Shape stop_parts[] = {group, moment("from", "报停起始时间"), moment("to", "报停结束时间"),
                                i64("power setting", "报停控功率定值", -1, watt)};
constexpr Shape stop = record("business stop control", "营业报停控配置单元", stop_parts);
constexpr Choice purchase_modes[] = {{0, {"added", "追加"}}, {1, {"replaced", "刷新"}}};
constexpr Choice purchase_kinds[] = {{0, {"energy", "电量"}}, {1, {"amount", "电费"}}};
constexpr Choice control_modes[] = {{0, {"local", "本地模式"}}, {1, {"remote", "远程模式"}}};
constexpr Shape purchase_parts[] = {
    group,
    u32("order", "购电单号"),
    one_of("mode", "追加/刷新标识", purchase_modes),
    one_of("kind", "购电类型", purchase_kinds),
    i64("bought", "购电量（费）值", -4),
    i64("alarm threshold", "报警门限值", -4),
    i64("trip threshold", "跳闸门限值", -4),
    one_of("control mode", "购电控模式", control_modes),
};
constexpr Shape purchase = record("purchase control", "购电控配置单元", purchase_parts);
constexpr Shape monthly_parts[] = {group, i64("energy setting", "月电量控定值", -4, kilowatt_hour),
                                   u8("alarm threshold", "报警门限值系数", 0, percent),
                                   i8("floating factor", "月电量控定值浮动系数", 0, percent)};
constexpr Shape monthly = record("monthly energy control", "月电控配置单元", monthly_parts);
constexpr Shape switch_scheme_parts[] = {bits("periods in use", "时段功控投入标识"),
                                         u8("scheme", "时段功控定值方案号")};
constexpr Shape switch_parts[] = {group, record("scheme", "控制方案", switch_scheme_parts)};
constexpr Member period_methods[] = {{3, record("add a control unit", "添加控制单元", period_parts)},
                                     {5, record("update a control unit", "更新控制单元", period_parts)},
                                     {127, record("switch the scheme", "时段功控方案切换", switch_parts)}};
constexpr Member rest_methods[] = {{3, record("add a control unit", "添加控制单元", rest_parts)},
                                   {5, record("update a control unit", "更新控制单元", rest_parts)}};
constexpr Member stop_methods[] = {{3, record("add a control unit", "添加控制单元", stop_parts)},
                                   {5, record("update a control unit", "更新控制单元", stop_parts)}};
constexpr Member purchase_methods[] = {{3, record("add a control unit", "添加控制单元", purchase_parts)},
                                       {5, record("update a control unit", "更新控制单元", purchase_parts)}};
constexpr Member monthly_methods[] = {{3, record("add a control unit", "添加控制单元", monthly_parts)},
                                      {5, record("update a control unit", "更新控制单元", monthly_parts)}};
constexpr Shape reduction_scheme_parts[] = {
    u8("slide time", "当前功率下浮控定值滑差时间", 0, minute),
    i8("floating factor", "当前功率下浮控定值浮动系数", 0, percent),
    u8("delay of the freeze", "控后总加有功功率冻结延时时间", 0, minute),
    u8("duration in half hours", "当前功率下浮控的控制时间（0.5小时）"),
    u8("alarm of round 1", "当前功率下浮控第1轮告警时间", 0, minute),
    u8("alarm of round 2", "当前功率下浮控第2轮告警时间", 0, minute),
    u8("alarm of round 3", "当前功率下浮控第3轮告警时间", 0, minute),
    u8("alarm of round 4", "当前功率下浮控第4轮告警时间", 0, minute),
};
constexpr Shape reduction_parts[] = {group, record("scheme", "控制方案", reduction_scheme_parts)};
constexpr Member reduction_methods[] = {{127, record("start", "投入", reduction_parts)}};
constexpr Shape all(const Shape& element) { return list("control schemes", "控制方案集", element); }

constexpr auto controls = objects_of({
    object(0x8000, 8, "remote control", "远程控制")
        .holds(record("settings", "配置参数", remote_parts))
        .with(remote_members)
        .does(remote_methods),
    object(0x8001, 8, "keep power", "保电")
        .holds(one_of("state", "保电状态", keep_states))
        .with(keep_members)
        .does(keep_methods),
    object(0x8002, 8, "urging of payment", "催费告警")
        .holds(one_of("state", "催费告警状态", alarm_states))
        .does(urging_methods),
    object(0x8003, 11, "ordinary Chinese messages", "一般中文信息").holds(list("", "", note)).does(note_methods),
    object(0x8004, 11, "important Chinese messages", "重要中文信息").holds(list("", "", note)).does(note_methods),
    object(0x8100, 8, "safety power of the terminal", "终端保安定值").holds(i64("", "", -1, watt)),
    object(0x8101, 8, "power control periods", "终端功控时段").holds(list("", "", hour_element)),
    object(0x8102, 8, "power control alarm times", "功控告警时间").holds(list("", "", minute_element)),
    object(0x8103, 13, "period power control", "时段功控").holds(all(period)).does(period_methods),
    object(0x8104, 13, "rest day control", "厂休控").holds(all(rest)).does(rest_methods),
    object(0x8105, 13, "business stop control", "营业报停控").holds(all(stop)).does(stop_methods),
    object(0x8106, 13, "reduction of the present power", "当前功率下浮控").does(reduction_methods),
    object(0x8107, 13, "purchase control", "购电控").holds(all(purchase)).does(purchase_methods),
    object(0x8108, 13, "monthly energy control", "月电控").holds(all(monthly)).does(monthly_methods),
    object(0x8109, 8, "period power control unit", "时段功控配置单元").is(period),
    object(0x810A, 8, "rest day control unit", "厂休控配置单元").is(rest),
    object(0x810B, 8, "business stop control unit", "营业报停控配置单元").is(stop),
    object(0x810C, 8, "purchase control unit", "购电控配置单元").is(purchase),
    object(0x810D, 8, "monthly energy control unit", "月电控配置单元").is(monthly),
    object(0x810E, 8, "control object", "控制对象"),
    object(0x810F, 8, "trip rounds", "跳闸轮次"),
    object(0x8110, 8, "energy control setting", "电控定值"),
});
static_assert(is_ordered(controls));

constexpr Member frame_file_members[] = {{4, octets("content", "文件内容")}, {5, u32("position", "当前指针", 0, byte)}};
constexpr Choice check_kinds[] = {
    {0, {"CRC", "CRC校验"}}, {1, {"MD5", "MD5校验"}}, {2, {"SHA-1", "SHA1校验"}}, {255, {"other", "其他"}}};
constexpr Choice file_kinds[] = {{0, {"terminal", "终端文件"}},
                                 {1, {"local module", "本地通信模块文件"}},
                                 {2, {"remote module", "远程通信模块文件"}},
                                 {3, {"collector", "采集器文件"}},
                                 {4, {"module of a slave node", "从节点通信模块文件"}},
                                 {255, {"other", "其它文件"}}};
constexpr Shape file_parts[] = {
    characters("source file", "源文件"), characters("target file", "目标文件"), u32("size", "文件大小", 0, byte),
    bits("attributes", "文件属性"),      characters("version", "文件版本"),     one_of("kind", "文件类别", file_kinds),
};
constexpr Shape check_parts[] = {one_of("kind", "校验类型", check_kinds), octets("value", "校验值")};
constexpr Shape start_parts[] = {record("file", "文件信息", file_parts), u16("block size", "传输块大小", 0, byte),
                                 record("check", "校验", check_parts)};
constexpr Shape write_parts[] = {u16("block", "块序号"), octets("data", "块数据")};
constexpr Shape read_parts[] = {u16("block", "块序号")};
constexpr Shape compare_parts[] = {u8("processor", "CPU编号"), u8("key", "密钥索引"),
                                   u32("address of the factor", "因子起始地址"),
                                   u32("address of the data", "数据起始地址"), u16("length", "待加密数据长度")};
constexpr Member block_file_members[] = {{4, bits("blocks received", "传输块状态字")}};
constexpr Member block_file_methods[] = {
    {7, record("start the transfer", "启动传输", start_parts)},
    {8, record("write a block", "写文件", write_parts)},
    {9, record("read a block", "读文件", read_parts)},
    {10, record("compare software", "软件比对", compare_parts)},
};
constexpr Shape server_parts[] = {octets("IP address", "IP地址"), u16("port", "端口"), characters("user", "用户名"),
                                  characters("password", "密码")};
constexpr Member extended_file_members[] = {{4, record("server", "服务器信息", server_parts)}};

constexpr Choice security_modes[] = {{0, {"off", "不启用安全模式参数"}}, {1, {"on", "启用安全模式参数"}}};
constexpr Shape security_parts[] = {oi("object", "对象标识"), u16("mode mask", "安全模式")};
constexpr Shape security = record("explicit mode", "显式安全模式参数", security_parts);
constexpr Member security_members[] = {{3, list("explicit modes", "显式安全模式参数", security)}};
constexpr Member security_methods[] = {{127, record("add an explicit mode", "增加显式安全模式参数", security_parts)},
                                       {128, oi("remove an explicit mode", "删除显式安全模式参数")},
                                       {129, list("add explicit modes", "批量增加显式安全模式参数", security)}};

constexpr Choice port_uses[] = {{0, {"to the master station", "上行通信"}},
                                {1, {"meter reading", "抄表"}},
                                {2, {"cascade", "级联"}},
                                {3, {"not used", "停用"}}};
constexpr Shape port_parts[] = {characters("port", "端口描述符"), comdcb("line settings", "端口参数"),
                                one_of("use", "端口功能", port_uses)};
constexpr Shape port = record("port", "端口", port_parts);
constexpr Shape port_setting_parts[] = {oad("port", "端口号"), comdcb("line settings", "端口参数"),
                                        one_of("use", "端口功能", port_uses)};
constexpr Member port_methods[] = {{127, record("set up a port", "配置端口", port_setting_parts)}};
constexpr Shape infrared_parts[] = {characters("port", "端口描述符"), comdcb("line settings", "端口参数")};
constexpr Shape infrared = record("port", "端口", infrared_parts);
constexpr Shape infrared_setting_parts[] = {oad("port", "端口号"), comdcb("line settings", "端口参数")};
constexpr Member infrared_methods[] = {{127, record("set up a port", "配置端口", infrared_setting_parts)}};
constexpr Shape input_parts[] = {u8("state", "状态ST"), u8("changed", "变位CD")};
constexpr Shape input = record("input", "开关量", input_parts);
constexpr Shape input_setting_parts[] = {bits("connected", "开关量接入标志"), bits("kinds", "开关量属性标志")};
constexpr Member input_members[] = {{4, record("settings", "配置参数", input_setting_parts)}};
constexpr Shape analog_parts[] = {i32("start of range", "量程起始值"), i32("end of range", "量程结束值"),
                                  scaler_unit("scale and unit", "换算及单位")};
constexpr Shape analog = record("range", "量程", analog_parts);
constexpr Shape analog_value = i32();
constexpr Member analog_members[] = {{4, list("ranges", "量程", analog)}};
constexpr Choice relay_states[] = {{0, {"closed, or no output", "合闸/未输出"}}, {1, {"open, or output", "跳闸/输出"}}};
constexpr Choice relay_kinds[] = {{0, {"pulse", "脉冲式"}}, {1, {"holding", "保持式"}}};
constexpr Choice wirings[] = {{0, {"connected", "接入"}}, {1, {"not connected", "未接入"}}};
constexpr Shape relay_parts[] = {characters("relay", "描述符"), one_of("state", "当前状态", relay_states),
                                 one_of("kind", "开关属性", relay_kinds), one_of("wiring", "接线状态", wirings)};
constexpr Shape relay = record("relay", "继电器", relay_parts);
constexpr Choice outputs[] = {{0, {"no output", "未输出"}}, {1, {"output", "输出"}}};
constexpr Shape output = one_of("output", "告警输出", outputs);
constexpr Choice terminal_uses[] = {
    {0, {"second pulses", "秒脉冲输出"}}, {1, {"demand period", "需量周期"}}, {2, {"period switch", "时段投切"}}};
constexpr Shape terminal_use = one_of("use", "工作模式", terminal_uses);
constexpr Shape sampling_parts[] = {characters("sampling port", "交采描述符")};
constexpr Shape sampling = record("sampling port", "交采接口", sampling_parts);
constexpr Shape module_version_parts[] = {characters("vendor code", "厂商代码"), characters("chip code", "芯片代码"),
                                          calendar_day("date", "版本日期"), u16("software version", "软件版本")};
constexpr Shape carrier_parts[] = {characters("port", "端口描述符"), comdcb("line settings", "通信参数"),
                                   record("version", "版本信息", module_version_parts)};
constexpr Shape carrier = record("port", "端口", carrier_parts);
constexpr Shape node = any("slave node", "从节点单元");
constexpr Member carrier_members[] = {{5, list("slave nodes", "从节点对象列表", node)},
                                      {6, ti("update interval of slave nodes", "从节点对象列表更新周期")}};
constexpr Shape forward_parts[] = {tsa("address", "通信地址"), u16("wait", "接收等待报文超时时间", 0, second),
                                   octets("command", "透明转发命令")};
constexpr Member carrier_methods[] = {{127, record("forward", "透明转发", forward_parts)},
                                      {128, record("set up a port", "配置端口参数", infrared_setting_parts)}};
constexpr Shape radio_parts[] = {characters("port", "端口描述符")};
constexpr Shape radio = record("port", "端口", radio_parts);
constexpr Shape field_strength = i8("", "", 0, decibel_microvolt);
constexpr Member radio_members[] = {{5, list("field strengths", "场强", field_strength)}};
constexpr Shape ports(const Shape& element) { return list("devices", "设备对象列表", element); }

constexpr auto devices = objects_of({
    object(0xF000, 18, "file transfer by frames", "文件分帧传输管理").with(frame_file_members),
    object(0xF001, 18, "file transfer by blocks", "文件分块传输管理").with(block_file_members).does(block_file_methods),
    object(0xF002, 18, "extended file transfer", "文件扩展传输管理").with(extended_file_members),
    object(0xF100, 21, "ESAM", "ESAM"),
    object(0xF101, 8, "security mode", "安全模式参数")
        .holds(one_of("security mode", "安全模式选择", security_modes))
        .with(security_members)
        .does(security_methods),
    object(0xF200, 22, "RS-232", "RS232").holds(ports(port)).does(port_methods),
    object(0xF201, 22, "RS-485", "RS485").holds(ports(port)).does(port_methods),
    object(0xF202, 22, "infrared", "红外").holds(ports(infrared)).does(infrared_methods),
    object(0xF203, 22, "switch inputs", "开关量输入").holds(ports(input)).with(input_members),
    object(0xF204, 22, "DC inputs", "直流模拟量").holds(ports(analog_value)).with(analog_members),
    object(0xF205, 22, "relay outputs", "继电器输出").holds(ports(relay)),
    object(0xF206, 22, "alarm outputs", "告警输出").holds(ports(output)),
    object(0xF207, 22, "multi-function terminals", "多功能端子").holds(ports(terminal_use)),
    object(0xF208, 22, "AC sampling", "交采接口").holds(ports(sampling)),
    object(0xF209, 22, "carrier and micro-power radio", "载波/微功率无线接口")
        .holds(ports(carrier))
        .with(carrier_members)
        .does(carrier_methods),
    object(0xF20A, 22, "pulse inputs", "脉冲输入设备").holds(ports(text_element)),
    object(0xF20B, 22, "Bluetooth", "蓝牙").holds(ports(infrared)).does(infrared_methods),
    object(0xF20C, 22, "230 MHz radio", "230M无线专网接口").holds(ports(radio)).with(radio_members),
    object(0xF20E, 22, "USB", "USB").sure(one_source),
    object(0xF20F, 22, "NFC", "NFC").sure(one_source),
    object(0xF210, 8, "slave node", "从节点单元"),
    object(0xF212, 8, "phase of a node", "节点相位信息单元").sure(one_source),
    object(0xF300, 17, "screens shown in turn", "自动轮显"),
    object(0xF301, 17, "screens shown by key", "按键轮显"),
});
static_assert(is_ordered(devices));

}  // namespace

std::span<const Object> control_objects() noexcept { return controls; }
std::span<const Object> device_objects() noexcept { return devices; }

}  // namespace duheng::dlt698::objects::table
