// Interface classes 1..26: what the attributes and methods of all their objects are.
#include <array>

#include "codec/dlt698/objects/shapes.hpp"

namespace duheng::dlt698::objects::table {

namespace {

using enum Unit;

constexpr Member name_1{1, octets("logical name", "逻辑名")};
constexpr Member reset_1{1, i8("reset", "复位")};
constexpr Member execute_2{2, any("execute", "执行")};
constexpr Shape any_element = any();
constexpr Member plain_methods[] = {reset_1, execute_2};

constexpr Member energy_members[] = {
    name_1,
    {2, any("energies, total and tariffs", "总及费率电能量数组")},
    {3, scaler_unit("scale and unit", "换算及单位")},
    {4, any("precise energies, total and tariffs", "高精度总及费率电能量数组")},
    {5, scaler_unit("precise scale and unit", "高精度换算及单位")},
};
constexpr Member demand_members[] = {
    name_1,
    {2, any("maximum demands, total and tariffs", "总及费率最大需量数组")},
    {3, scaler_unit("scale and unit", "换算及单位")},
};
constexpr Member phase_members[] = {
    name_1,
    {2, list("values by phase", "分相数值组", any_element, Layout::phases)},
    {3, scaler_unit("scale and unit", "换算及单位")},
};
constexpr Member total_phase_members[] = {
    name_1,
    {2, list("total and values by phase", "总及分相数值组", any_element, Layout::total_and_phases)},
    {3, scaler_unit("scale and unit", "换算及单位")},
};
constexpr Member harmonic_members[] = {
    name_1,
    {2, list("phase A", "A相n次数值组", any_element, Layout::harmonics)},
    {3, list("phase B", "B相n次数值组", any_element, Layout::harmonics)},
    {4, list("phase C", "C相n次数值组", any_element, Layout::harmonics)},
    {5, u8("number of harmonics", "谐波次数n")},
    {6, scaler_unit("scale and unit", "换算及单位")},
};
constexpr Member value_members[] = {
    name_1, {2, any("value", "数值")}, {3, scaler_unit("scale and unit", "换算及单位")}};

constexpr Shape current_value_parts[] = {any("source", "事件发生源"), occurrence};
constexpr Shape current_value = record("present value", "当前值记录", current_value_parts);
constexpr Choice report_kinds[] = {{0, {"not reported", "不上报"}},
                                   {1, {"at the begin", "事件发生上报"}},
                                   {2, {"at the end", "事件恢复上报"}},
                                   {3, {"at begin and end", "事件发生恢复均上报"}}};
constexpr Member event_members[] = {
    name_1,
    {2, list("event records", "事件记录表", event_record, Layout::records)},
    {3, list("linked attributes", "关联对象属性表", oad_element)},
    {4, u16("records now", "当前记录数")},
    {5, u16("records at most", "最大记录数")},
    {6, any("settings", "配置参数")},
    {7, list("present values", "当前值记录表", current_value)},
    {8, one_of("reporting", "上报标识", report_kinds)},
    {9, flag("valid", "有效标识")},
};
constexpr Shape trigger_parts[] = {any("source", "事件发生源"), u16("parameter", "参数")};
constexpr Member event_methods[] = {
    reset_1,
    execute_2,
    {3, record("record once", "触发一次记录", trigger_parts)},
    {4, oad("add a linked attribute", "添加一个事件关联对象属性")},
    {5, oad("remove a linked attribute", "删除一个事件关联对象属性")},
};
constexpr Member parameter_members[] = {name_1, {2, any("parameter", "参数")}};

constexpr Shape freeze_record_parts[] = {u32("record number", "冻结记录序号"), moment("freeze time", "冻结时间")};
constexpr Shape freeze_record = record("freeze record", "冻结记录", freeze_record_parts);
constexpr Shape freeze_link_parts[] = {u16("period", "冻结周期"), oad("linked attribute", "关联对象属性描述符"),
                                       u16("depth", "存储深度")};
constexpr Shape freeze_link = record("linked attribute", "关联对象属性", freeze_link_parts);
constexpr Member freeze_members[] = {
    name_1,
    {2, list("freeze records", "冻结数据表", freeze_record, Layout::records)},
    {3, list("linked attributes", "关联对象属性表", freeze_link)},
    {4, any("settings", "配置参数")},
};
constexpr Shape span_parts[] = {moment("from", "起始时间"), moment("to", "截止时间")};
constexpr Member freeze_methods[] = {
    reset_1,
    execute_2,
    {3, u16("freeze once", "触发一次冻结")},
    {4, record("add a linked attribute", "添加一个冻结对象属性", freeze_link_parts)},
    {5, oad("remove a linked attribute", "删除一个冻结对象属性")},
    {6, record("freeze what was missed", "触发数据补冻结", span_parts)},
    {7, list("add linked attributes", "批量添加冻结对象属性", freeze_link)},
    {8, any("clear the linked attributes", "清除关联对象属性表")},
};
constexpr Member task_members[] = {
    name_1,
    {2, list("configuration", "配置表", any_element)},
    {3, list("records", "记录表", any_element, Layout::records)},
};
constexpr Member task_methods[] = {reset_1, execute_2, {3, any("clear records", "清空记录表")}};
constexpr Member set_members[] = {
    name_1,
    {2, list("set", "集合", any_element)},
    {3, u16("elements now", "当前元素个数")},
    {4, u16("elements at most", "最大元素个数")},
};

constexpr Shape ratio_parts[] = {u16("voltage ratio", "PT"), u16("current ratio", "CT")};
constexpr Choice pulse_kinds[] = {{0, {"forward active", "正向有功"}},
                                  {1, {"forward reactive", "正向无功"}},
                                  {2, {"reverse active", "反向有功"}},
                                  {3, {"reverse reactive", "反向无功"}}};
constexpr Shape pulse_parts[] = {oad("input", "脉冲输入端口号"), one_of("kind", "脉冲属性", pulse_kinds),
                                 u16("constant k", "脉冲常数k")};
constexpr Shape pulse = record("pulse input", "脉冲配置单元", pulse_parts);
constexpr Shape tariff_count = u32();
constexpr Shape tariff_list(Text english, Text chinese) {
  return list(english, chinese, tariff_count, Layout::tariffs);
}
constexpr Member pulse_members[] = {
    name_1,
    {2, octets("communication address", "通信地址")},
    {3, record("transformer ratios", "互感器倍率", ratio_parts)},
    {4, list("pulse inputs", "脉冲配置", pulse)},
    {5, i32("active power", "有功功率")},
    {6, i32("reactive power", "无功功率")},
    {7, tariff_list("forward active energy today", "当日正向有功电量")},
    {8, tariff_list("forward active energy this month", "当月正向有功电量")},
    {9, tariff_list("reverse active energy today", "当日反向有功电量")},
    {10, tariff_list("reverse active energy this month", "当月反向有功电量")},
    {11, tariff_list("forward reactive energy today", "当日正向无功电量")},
    {12, tariff_list("forward reactive energy this month", "当月正向无功电量")},
    {13, tariff_list("reverse reactive energy today", "当日反向无功电量")},
    {14, tariff_list("reverse reactive energy this month", "当月反向无功电量")},
    {15, tariff_list("forward active reading", "正向有功电能示值")},
    {16, tariff_list("forward reactive reading", "正向无功电能示值")},
    {17, tariff_list("reverse active reading", "反向有功电能示值")},
    {18, tariff_list("reverse reactive reading", "反向无功电能示值")},
    {19, any("scales and units", "换算及单位")},
};
constexpr Member pulse_methods[] = {reset_1,
                                    execute_2,
                                    {3, any("add a pulse input", "添加脉冲输入单元")},
                                    {4, any("remove a pulse input", "删除脉冲输入单元")}};

constexpr Choice in_use[] = {{0, {"not in use", "未投入"}}, {1, {"in use", "投入"}}};
constexpr Choice alarm[] = {{0, {"no alarm", "未告警"}}, {1, {"alarm", "告警"}}};
constexpr Shape control_use_parts[] = {oi("total group", "总加组对象"), one_of("state", "投入状态", in_use)};
constexpr Shape control_output_parts[] = {oi("total group", "总加组对象"), bits("outputs", "控制输出状态")};
constexpr Shape control_alarm_parts[] = {oi("total group", "总加组对象"), one_of("alarm", "告警输出状态", alarm)};
constexpr Shape control_use = record("state of use", "控制投入状态", control_use_parts);
constexpr Shape control_output = record("output", "控制输出状态", control_output_parts);
constexpr Shape control_alarm = record("alarm", "越限告警状态", control_alarm_parts);
constexpr Member control_members[] = {
    name_1,
    {2, list("control schemes", "控制方案集", any_element)},
    {3, list("states of use", "控制投入状态", control_use)},
    {4, list("outputs", "控制输出状态", control_output)},
    {5, list("alarms", "越限告警状态", control_alarm)},
};
constexpr Member control_methods[] = {
    reset_1,
    execute_2,
    {3, any("add a control unit", "添加控制单元")},
    {4, oi("remove a control unit", "删除控制单元")},
    {5, any("update a control unit", "更新控制单元")},
    {6, oi("put control into use", "控制投入")},
    {7, oi("take control out of use", "控制解除")},
};

constexpr Shape section_parts[] = {u32("accumulated time", "累计时间"), u32("count", "累计次数")};
constexpr Shape section = record("section", "区间统计值", section_parts);
constexpr Shape statistic_parts[] = {oad("attribute", "对象属性描述符"), list("sections", "区间统计值", section)};
constexpr Shape statistic = record("statistic", "统计结果", statistic_parts);
constexpr Shape statistic_link_parts[] = {oad("attribute", "关联对象属性描述符"),
                                          list("limits", "越限判断参数", any_element), u8("period", "统计周期"),
                                          ti("interval", "统计频率")};
constexpr Shape statistic_link = record("linked attribute", "关联对象属性", statistic_link_parts);
constexpr Shape average_parts[] = {oad("attribute", "对象属性描述符"), any("sum", "累加和"), any("mean", "平均值")};
constexpr Shape average = record("average", "运算结果", average_parts);
constexpr Shape extreme_parts[] = {oad("attribute", "对象属性描述符"), any("maximum", "最大值"),
                                   moment("time of the maximum", "最大值发生时间"), any("minimum", "最小值"),
                                   moment("time of the minimum", "最小值发生时间")};
constexpr Shape extreme = record("extremes", "极值结果", extreme_parts);
constexpr Shape period_link_parts[] = {oad("attribute", "关联对象属性描述符"), u8("period", "统计周期"),
                                       ti("interval", "统计频率")};
constexpr Shape period_link = record("linked attribute", "关联对象属性", period_link_parts);
constexpr Member statistic_members[] = {name_1,
                                        {2, list("statistics", "统计结果表", statistic)},
                                        {3, list("linked attributes", "关联对象属性表", statistic_link)}};
constexpr Member statistic_methods[] = {
    reset_1,
    execute_2,
    {3, record("add an attribute", "添加一个统计对象属性", statistic_link_parts)},
    {4, oad("remove an attribute", "删除一个统计对象属性")},
};
constexpr Member average_members[] = {
    name_1, {2, list("averages", "运算结果", average)}, {3, list("linked attributes", "关联对象属性表", period_link)}};
constexpr Member extreme_members[] = {name_1,
                                      {2, list("extremes", "极值结果表", extreme)},
                                      {3, list("linked attributes", "关联对象属性表", period_link)}};
constexpr Member period_methods[] = {
    reset_1,
    execute_2,
    {3, record("add an attribute", "添加一个关联对象属性", period_link_parts)},
    {4, oad("remove an attribute", "删除一个关联对象属性")},
};

constexpr Shape screen_parts[] = {csd("object shown", "显示对象"), u8("screen", "屏序号")};
constexpr Shape screen = record("screen", "显示对象", screen_parts);
constexpr Shape screens_parts[] = {u8("objects now", "当前总对象数"), u8("objects at most", "允许最大对象数")};
constexpr Shape view_parts[] = {csd("column", "显示列信息"), u8("screen", "屏序号"), u16("time", "显示持续时间")};
constexpr Member display_members[] = {
    name_1,
    {2, list("objects shown", "显示对象列表", screen)},
    {3, u32("time of each screen", "显示时间", 0, second)},
    {4, record("display parameters", "显示参数", screens_parts)},
};
constexpr Member display_methods[] = {
    reset_1,
    execute_2,
    {3, nothing("next", "下翻")},
    {4, nothing("previous", "上翻")},
    {5, record("show", "显示查看", view_parts)},
    {6, u16("show all segments", "全显")},
};

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
constexpr Choice check_kinds[] = {
    {0, {"CRC", "CRC校验"}}, {1, {"MD5", "MD5校验"}}, {2, {"SHA-1", "SHA1校验"}}, {255, {"other", "其他"}}};
constexpr Shape check_parts[] = {one_of("kind", "校验类型", check_kinds), octets("value", "校验值")};
constexpr Choice file_results[] = {
    {100, {"done", "传输或执行操作成功"}},          {101, {"connecting", "正在建立连接"}},
    {102, {"logging in", "正在远程登录"}},          {103, {"executing", "正在执行文件"}},
    {104, {"no such file", "文件或目录不存在"}},    {105, {"not permitted", "操作不允许"}},
    {106, {"transfer broken off", "文件传输中断"}}, {107, {"check failed", "文件校验失败"}},
    {108, {"forwarding failed", "文件转发失败"}},   {109, {"fetching failed", "文件代收失败"}},
    {110, {"connection failed", "建立连接失败"}},   {111, {"login failed", "远程登录失败"}},
    {112, {"no space left", "存储空间不足"}},       {255, {"after a reset", "复位后默认值"}}};
constexpr Member file_members[] = {
    name_1,
    {2, record("file", "文件信息", file_parts)},
    {3, one_of("result, or progress in percent", "命令结果", file_results)},
};
constexpr Member file_methods[] = {
    reset_1,
    execute_2,
    {3, nothing("delete", "删除")},
    {4, record("check", "校验", check_parts)},
    {5, tsa("send on", "代发")},
    {6, tsa("fetch", "代收")},
    {7, any("upload", "上传")},
    {8, any("download", "下载")},
};

constexpr Shape oi_element = oi();
constexpr Member device_members[] = {
    name_1,
    {2, characters("device", "设备描述符")},
    {3, record("versions", "版本信息", version_parts)},
    {4, moment("production date", "生产日期")},
    {5, list("parts of the device", "子设备列表", oi_element)},
    {6, list("protocols", "支持规约列表", text_element)},
    {7, flag("follow reports allowed", "允许跟随上报")},
    {8, flag("own reports allowed", "允许主动上报")},
    {9, flag("talking to the master station allowed", "允许与主站通话")},
    {10, list("report channels", "上报通道", oad_element)},
};
constexpr Member device_methods[] = {
    {1, nothing("hardware reset", "硬件复位")},  execute_2,
    {3, any("initialise data", "数据初始化")},   {4, list("restore parameters", "恢复出厂参数", oad_element)},
    {5, any("initialise events", "事件初始化")}, {6, any("initialise demands", "需量初始化")},
};
constexpr Shape context_parts[] = {
    u16("protocol version", "协议版本信息"),
    u16("largest APDU received", "最大接收APDU尺寸", 0, byte),
    u16("largest APDU sent", "最大发送APDU尺寸", 0, byte),
    u16("largest APDU handled", "最大可处理APDU尺寸", 0, byte),
    bits("protocol conformance", "协议一致性块"),
    bits("function conformance", "功能一致性块"),
    u32("static timeout", "静态超时时间", 0, second),
};
constexpr Choice mechanisms[] = {{0, {"public", "公共连接"}},
                                 {1, {"password", "普通密码"}},
                                 {2, {"symmetric encryption", "对称加密"}},
                                 {3, {"signature", "数字签名"}}};
constexpr Member association_members[] = {
    name_1,
    {2, list("objects", "对象列表", any_element)},
    {3, record("context", "应用语境信息", context_parts)},
    {4, u8("address of the client", "当前连接的客户机地址")},
    {5, one_of("authentication", "身份验证机制", mechanisms)},
};

constexpr Shape counter_parts[] = {u32("negotiation counter", "单地址应用协商计数器"),
                                   u32("report counter", "主动上报计数器"),
                                   u32("broadcast counter", "应用广播通信序列号")};
constexpr Shape certificate_parts[] = {octets("terminal", "终端证书版本"), octets("master station", "主站证书版本")};
constexpr Member esam_members[] = {
    name_1,
    {2, octets("serial number", "ESAM序列号")},
    {3, octets("version", "ESAM版本号")},
    {4, octets("symmetric key version", "对称密钥版本")},
    {5, u32("session time limit", "会话时效门限", 0, minute)},
    {6, u32("session time left", "会话时效剩余时间", 0, minute)},
    {7, record("counters", "当前计数器", counter_parts)},
    {8, record("certificate versions", "证书版本", certificate_parts)},
    {9, octets("serial number of the terminal certificate", "终端证书序列号")},
    {10, octets("terminal certificate", "终端证书")},
    {11, octets("serial number of the master certificate", "主站证书序列号")},
    {12, octets("master certificate", "主站证书")},
    {13, list("objects kept in the ESAM", "ESAM安全存储对象列表", oad_element)},
};
constexpr Shape update_parts[] = {octets("content", "参数内容"), sid_mac("proof", "数据验证码")};
constexpr Shape wallet_parts[] = {i8("operation", "操作类型"),    u32("amount", "购电金额", -2, yuan),
                                  u32("purchases", "购电次数"),   octets("customer number", "户号"),
                                  sid_mac("proof", "数据验证码"), octets("meter number", "表号")};
constexpr Shape key_parts[] = {octets("encrypted keys", "密钥密文"), sid_mac("proof", "数据验证码")};
constexpr Shape new_certificate_parts[] = {octets("certificate", "证书内容"), sid("security identity", "安全标识")};
constexpr Shape session_parts[] = {octets("content", "参数内容"), sid("security identity", "安全标识")};
constexpr Shape wallet_start_parts[] = {u32("amount", "预置金额", -2, yuan), sid_mac("proof", "数据验证码")};
constexpr Member esam_methods[] = {
    reset_1,
    execute_2,
    {3, sid("read ESAM data", "ESAM数据读取")},
    {4, record("update data", "数据更新", update_parts)},
    {5, nothing("end the negotiation", "协商失效")},
    {6, record("wallet operation", "钱包操作", wallet_parts)},
    {7, record("update keys", "密钥更新", key_parts)},
    {8, record("update certificate", "证书更新", new_certificate_parts)},
    {9, record("set session time", "设置协商时效", session_parts)},
    {10, record("initialise wallet", "钱包初始化", wallet_start_parts)},
};
constexpr Member port_members[] = {
    name_1,
    {2, list("devices", "设备对象列表", any_element)},
    {3, u8("number of devices", "设备对象数量")},
    {4, any("settings", "配置参数")},
};

constexpr Choice directions[] = {{0, {"forward", "正向"}}, {1, {"reverse", "反向"}}};
constexpr Choice operations[] = {{0, {"add", "加"}}, {1, {"subtract", "减"}}};
constexpr Shape addend_parts[] = {tsa("address", "参与总加的分路通信地址"), one_of("direction", "总加标志", directions),
                                  one_of("operation", "运算符标志", operations)};
constexpr Shape addend = record("addend", "总加配置单元", addend_parts);
constexpr Shape group_number = i64();
constexpr Shape group_list(Text english, Text chinese) { return list(english, chinese, group_number, Layout::tariffs); }
constexpr Member group_members[] = {
    name_1,
    {2, list("addends", "总加配置表", addend)},
    {3, i64("total active power", "总加有功功率")},
    {4, i64("total reactive power", "总加无功功率")},
    {5, i64("mean active power of the slide time", "总加滑差时间内平均有功功率")},
    {6, i64("mean reactive power of the slide time", "总加滑差时间内平均无功功率")},
    {7, group_list("active energy today", "总加日有功电量")},
    {8, group_list("reactive energy today", "总加日无功电量")},
    {9, group_list("active energy this month", "总加月有功电量")},
    {10, group_list("reactive energy this month", "总加月无功电量")},
    {11, i64("energy or amount left", "总加剩余电量（费）")},
    {12, i64("active power frozen after control", "当前功率下浮控控后总加有功功率冻结值")},
    {13, u8("slide time", "总加组滑差时间周期", 0, minute)},
    {14, bits("power control rounds", "总加组功控轮次配置")},
    {15, bits("energy control rounds", "总加组电控轮次配置")},
    {16, any("control settings", "总加组控制设置状态")},
    {17, any("control states", "总加组当前控制状态")},
    {18, any("scales and units", "换算及单位")},
};
constexpr Member group_methods[] = {
    {1, nothing("clear the addends", "清空总加配置单元")},
    execute_2,
    {3, record("add an addend", "添加一个总加配置单元", addend_parts)},
    {4, list("add addends", "批量添加总加配置单元", addend)},
    {5, tsa("remove an addend", "删除一个总加配置单元")},
};

constexpr Shape table_count_parts[] = {u16("table 1", "记录表1当前记录数"), u16("table 2", "记录表2当前记录数"),
                                       u16("table 3", "记录表3当前记录数"), u16("table 4", "记录表4当前记录数")};
// Sources disagree on whether the source of the event follows.
constexpr Shape phase_event_parts[] = {u32("record number", "事件记录序号"), moment("begin", "事件发生时间"),
                                       moment("end", "事件结束时间")};
constexpr Shape phase_event = record("event record", "事件记录", phase_event_parts);
constexpr Choice record_tables[] = {{0, {"table 1", "事件记录1"}},
                                    {1, {"table 2", "事件记录2"}},
                                    {2, {"table 3", "事件记录3"}},
                                    {3, {"table 4", "事件记录4"}}};
constexpr Member phase_event_members[] = {
    name_1,
    {2, list("linked attributes", "关联对象属性表", oad_element)},
    {3, record("records now", "当前记录数", table_count_parts)},
    {4, u16("records at most", "最大记录数")},
    {5, any("settings", "配置参数")},
    {6, list("event records 1", "事件记录表1", phase_event, Layout::records)},
    {7, list("event records 2", "事件记录表2", phase_event, Layout::records)},
    {8, list("event records 3", "事件记录表3", phase_event, Layout::records)},
    {9, list("event records 4", "事件记录表4", phase_event, Layout::records)},
    {10, list("counts and times", "当前值记录表", occurrence, Layout::total_and_phases)},
    {11, one_of("reporting", "上报标识", report_kinds)},
    {12, flag("valid", "有效标识")},
};
constexpr Member phase_event_methods[] = {
    reset_1,
    execute_2,
    {3, one_of("record once", "触发一次记录", record_tables)},
    {4, oad("add a linked attribute", "添加一个事件关联对象属性")},
    {5, oad("remove a linked attribute", "删除一个事件关联对象属性")},
};

constexpr Choice work_modes[] = {
    {0, {"mixed", "混合模式"}}, {1, {"client", "客户机模式"}}, {2, {"server", "服务器模式"}}};
constexpr Choice online_modes[] = {{0, {"always online", "永久在线"}}, {1, {"woken", "被动激活"}}};
constexpr Choice connection_kinds[] = {{0, {"TCP", "TCP"}}, {1, {"UDP", "UDP"}}};
constexpr Choice connection_uses[] = {{0, {"main and spare", "主备模式"}}, {1, {"several at once", "多连接模式"}}};
constexpr Shape port_element = u16();
constexpr Shape mobile_parts[] = {
    one_of("work mode", "工作模式", work_modes),
    one_of("online mode", "在线方式", online_modes),
    one_of("connection", "连接方式", connection_kinds),
    one_of("use of connections", "连接应用方式", connection_uses),
    list("ports listened on", "侦听端口列表", port_element),
    characters("APN", "APN"),
    characters("user", "用户名"),
    characters("password", "密码"),
    octets("proxy address", "代理服务器地址"),
    u16("proxy port", "代理端口"),
    u8("timeout and retries", "超时时间及重发次数"),
    u16("heartbeat period", "心跳周期", 0, second),
};
constexpr Shape short_message_parts[] = {characters("message centre", "短信中心号码"),
                                         list("master stations", "主站号码", text_element),
                                         list("numbers notified", "短信通知目的号码", text_element)};
constexpr Member mobile_members[] = {
    name_1,
    {2, record("communication settings", "通信配置", mobile_parts)},
    {3, list("master stations", "主站通信参数表", host_port)},
    {4, record("short messages", "短信通信参数", short_message_parts)},
    {5, record("versions", "版本信息", version_parts)},
    {6, list("protocols", "支持规约列表", text_element)},
    {7, characters("ICCID of the SIM card", "SIM卡的ICCID")},
    {8, characters("IMSI", "IMSI")},
    {9, i16("signal strength", "信号强度", 0, decibel_milliwatt)},
    {10, characters("number of the SIM card", "SIM卡号码")},
    {11, octets("IP address", "拨号IP")},
};
constexpr Shape ethernet_parts[] = {
    one_of("work mode", "工作模式", work_modes),
    one_of("connection", "连接方式", connection_kinds),
    one_of("use of connections", "连接应用方式", connection_uses),
    list("ports listened on", "侦听端口列表", port_element),
    octets("proxy address", "代理服务器地址"),
    u16("proxy port", "代理端口"),
    u8("timeout and retries", "超时时间及重发次数"),
    u16("heartbeat period", "心跳周期", 0, second),
};
constexpr Choice address_modes[] = {{0, {"DHCP", "DHCP"}}, {1, {"static", "静态"}}, {2, {"PPPoE", "PPPoE"}}};
constexpr Shape internet_parts[] = {one_of("address mode", "IP配置方式", address_modes),
                                    octets("IP address", "IP地址"),
                                    octets("mask", "子网掩码"),
                                    octets("gateway", "网关地址"),
                                    characters("PPPoE user", "PPPoE用户名"),
                                    characters("PPPoE password", "PPPoE密码")};
constexpr Member ethernet_members[] = {
    name_1,
    {2, record("communication settings", "通信配置", ethernet_parts)},
    {3, list("master stations", "主站通信参数表", host_port)},
    {4, record("addresses of the terminal", "终端IP", internet_parts)},
    {5, octets("MAC address", "MAC地址")},
};
constexpr Member module_methods[] = {{1, nothing("reset", "复位")}, execute_2};

constexpr InterfaceClass classes[] = {
    {1, {"energy", "电能量接口类"}, energy_members, plain_methods},
    {2, {"maximum demand", "最大需量接口类"}, demand_members, plain_methods},
    {3, {"variables by phase", "分相变量接口类"}, phase_members, plain_methods},
    {4, {"power", "功率接口类"}, total_phase_members, plain_methods},
    {5, {"harmonics", "谐波变量接口类"}, harmonic_members, plain_methods},
    {6, {"data variable", "数据变量接口类"}, value_members, plain_methods},
    {7, {"event", "事件对象接口类"}, event_members, event_methods},
    {8, {"parameter", "参数变量接口类"}, parameter_members, plain_methods},
    {9, {"freeze", "冻结数据接口类"}, freeze_members, freeze_methods},
    {10, {"acquisition task", "采集监控接口类"}, task_members, task_methods},
    {11, {"set", "集合接口类"}, set_members, plain_methods},
    {12, {"pulse metering", "脉冲计量接口类"}, pulse_members, pulse_methods},
    {13, {"load control", "负荷控制对象接口类"}, control_members, control_methods},
    {14, {"interval statistics", "区间统计接口类"}, statistic_members, statistic_methods},
    {15, {"averages", "累加平均接口类"}, average_members, period_methods},
    {16, {"extremes", "极值工具接口类"}, extreme_members, period_methods},
    {17, {"display", "显示接口类"}, display_members, display_methods},
    {18, {"file transfer", "文件传输接口类"}, file_members, file_methods},
    {19, {"device", "设备管理接口类"}, device_members, device_methods},
    {20, {"application association", "应用连接接口类"}, association_members, plain_methods},
    {21, {"ESAM", "ESAM接口类"}, esam_members, esam_methods},
    {22, {"inputs and outputs", "输入输出设备接口类"}, port_members, plain_methods},
    {23, {"total group", "总加组接口类"}, group_members, group_methods},
    {24, {"event by phase", "分项事件对象接口类"}, phase_event_members, phase_event_methods},
    {25, {"public network module", "无线公网通信接口类"}, mobile_members, module_methods},
    {26, {"Ethernet module", "以太网通信接口类"}, ethernet_members, module_methods},
};

}  // namespace

std::span<const InterfaceClass> interface_classes() noexcept { return classes; }

}  // namespace duheng::dlt698::objects::table
